/* coroutine: functions that wait without blocking the loop. */
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/loop/internal.h"
#include "base/sanitize.h"

struct coroutine {
    struct context *context;
    struct stack stack;
    loop_function *function;
    void *arg;
    int64_t deadline_us; /* 0: none */
    struct timer *deadline;
    struct coroutine *next_ready;
    struct coroutine *next, **back; /* in the list of all */
    int shields;
    bool waiting, ready, woken, cancelled, done, background;
};

static struct {
    struct context *loop; /* the loop's own side */
    struct coroutine *current, *first_ready, *last_ready, *all;
    unsigned count;
} running;

static void forget(struct coroutine *coroutine)
{
    *coroutine->back = coroutine->next;
    if (coroutine->next)
        coroutine->next->back = coroutine->back;
    stack_give(&coroutine->stack);
    context_free(coroutine->context);
    free(coroutine);
}

void coroutines_init(void)
{
    if (!running.loop)
        running.loop = context_new();
    running.current = running.first_ready = running.last_ready = running.all = NULL;
    running.count = 0;
}

/* Those that still wait (the ones in the background) are abandoned there. What is
 * reached from their stacks is not leaked, so where leaks are looked for these stay. */
void coroutines_end(void)
{
    while (running.all) {
        if (SANITIZE_ON)
            running.all->stack.memory = NULL;
        forget(running.all);
    }
    stacks_end();
    context_free(running.loop);
    running.loop = NULL;
}

static void enqueue(struct coroutine *coroutine)
{
    if (coroutine->ready)
        return;
    coroutine->ready = true;
    coroutine->next_ready = NULL;
    if (running.last_ready)
        running.last_ready->next_ready = coroutine;
    else
        running.first_ready = coroutine;
    running.last_ready = coroutine;
}

static void begin(void)
{
    struct coroutine *self = running.current;
    context_entered();
    self->function(self->arg);
    self->done = true;
    context_switch(self->context, running.loop, true);
}

static void finish(struct coroutine *coroutine)
{
    timer_remove(coroutine->deadline);
    if (!coroutine->background)
        running.count--;
    forget(coroutine);
}

static void resume(struct coroutine *coroutine)
{
    running.current = coroutine;
    context_switch(running.loop, coroutine->context, false);
    running.current = NULL;
    if (coroutine->done)
        finish(coroutine);
}

bool coroutine_start(loop_function *function, void *arg)
{
    struct coroutine *coroutine = calloc(1, sizeof *coroutine);
    if (!coroutine)
        return false;
    coroutine->context = context_new();
    if (!coroutine->context || !stack_take(&coroutine->stack)) {
        context_free(coroutine->context);
        free(coroutine);
        return false;
    }
    coroutine->function = function;
    coroutine->arg = arg;
    context_prepare(coroutine->context, &coroutine->stack, begin);
    coroutine->next = running.all;
    coroutine->back = &running.all;
    if (coroutine->next)
        coroutine->next->back = &coroutine->next;
    running.all = coroutine;
    running.count++;
    /* A switch back always leads to the loop's side, so one that is started by
     * another runs when that one waits. */
    if (running.current)
        enqueue(coroutine);
    else
        resume(coroutine);
    return true;
}

bool coroutines_run_ready(void)
{
    struct coroutine *batch = running.first_ready;
    running.first_ready = running.last_ready = NULL;
    for (struct coroutine *next; batch; batch = next) {
        next = batch->next_ready;
        batch->ready = false;
        resume(batch);
    }
    return running.first_ready != NULL;
}

struct coroutine *coroutine_current(void)
{
    return running.current;
}

unsigned coroutine_count(void)
{
    return running.count;
}

void coroutine_background(void)
{
    if (!running.current->background)
        running.count--;
    running.current->background = true;
}

static void interrupt(struct coroutine *coroutine)
{
    if (coroutine->waiting && coroutine->shields == 0)
        enqueue(coroutine);
}

static void deadline_passed(void *arg)
{
    struct coroutine *coroutine = arg;
    coroutine->deadline = NULL;
    interrupt(coroutine);
}

void coroutine_set_deadline(int64_t monotonic_us)
{
    struct coroutine *self = running.current;
    timer_remove(self->deadline);
    self->deadline = NULL;
    self->deadline_us = monotonic_us;
    if (monotonic_us)
        self->deadline = timer_add(monotonic_us - clock_monotonic_us(), deadline_passed, self);
}

int64_t coroutine_deadline(void)
{
    return running.current->deadline_us;
}

void coroutine_cancel(struct coroutine *coroutine)
{
    coroutine->cancelled = true;
    interrupt(coroutine);
}

bool coroutine_cancelled(void)
{
    const struct coroutine *self = running.current;
    if (!self || self->shields > 0)
        return false;
    return self->cancelled || (self->deadline_us != 0 && clock_monotonic_us() >= self->deadline_us);
}

void coroutine_shield(bool on)
{
    running.current->shields += on ? 1 : -1;
}

/* Waits for one's own reason, so that a wake meant for another wait neither
 * ends this one nor is lost. */
bool coroutine_wait_for(bool *reason)
{
    struct coroutine *self = running.current;
    while (!*reason && !coroutine_cancelled()) {
        self->waiting = true;
        context_switch(self->context, running.loop, false);
        self->waiting = false;
    }
    bool came = *reason;
    *reason = false;
    return came;
}

void coroutine_wake_for(struct coroutine *coroutine, bool *reason)
{
    *reason = true;
    if (coroutine->waiting)
        enqueue(coroutine);
}

bool coroutine_wait(void)
{
    return coroutine_wait_for(&running.current->woken);
}

void coroutine_wake(struct coroutine *coroutine)
{
    coroutine_wake_for(coroutine, &coroutine->woken);
}

/* ---- waiting for descriptors and time ---- */

struct pause {
    struct coroutine *coroutine;
    struct timer *timer;
    bool over;
};

static void end_by_event(void *arg, uint32_t events)
{
    struct pause *pause = arg;
    (void)events;
    coroutine_wake_for(pause->coroutine, &pause->over);
}

static bool wait_for(int fd, uint32_t events)
{
    struct pause pause = {.coroutine = running.current};
    struct watch *watch = watch_add(fd, events | EPOLLONESHOT, end_by_event, &pause);
    if (!watch)
        return false;
    bool came = coroutine_wait_for(&pause.over);
    watch_remove(watch);
    return came;
}

bool wait_readable(int fd)
{
    return wait_for(fd, EPOLLIN);
}

bool wait_writable(int fd)
{
    return wait_for(fd, EPOLLOUT);
}

static void end_by_time(void *arg)
{
    struct pause *pause = arg;
    pause->timer = NULL;
    coroutine_wake_for(pause->coroutine, &pause->over);
}

bool wait_us(int64_t delay_us)
{
    struct pause pause = {.coroutine = running.current};
    pause.timer = timer_add(delay_us, end_by_time, &pause);
    if (!pause.timer)
        return false;
    bool came = coroutine_wait_for(&pause.over);
    timer_remove(pause.timer);
    return came;
}
