/* loop: epoll, timers and signals. */
#include "base/loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop/internal.h"

enum { EVENTS_AT_ONCE = 256, SIGNALS = 8, ROUNDS_AT_ONCE = 16 };

struct watch {
    int fd;
    watch_function *function; /* NULL: removed, freed after this round */
    void *arg;
    struct watch *next_dead;
};

struct timer {
    int64_t due_us;
    uint64_t order; /* of two due at once, the first added comes first */
    size_t at;      /* place in the heap, from 1 */
    loop_function *function;
    void *arg;
};

static struct {
    int epoll;
    bool stopping;
    struct watch *dead;
    struct timer **heap; /* from 1: children of i are 2i and 2i+1 */
    size_t timers, room;
    uint64_t order;
    int signal_fd;
    struct watch *signal_watch;
    sigset_t signals;
    struct {
        int signal;
        loop_function *function;
        void *arg;
    } handlers[SIGNALS];
    size_t handler_count;
} loop = {.epoll = -1, .signal_fd = -1};

bool loop_init(void)
{
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    loop.stopping = false;
    loop.signal_fd = -1;
    loop.handler_count = 0;
    sigemptyset(&loop.signals);
    coroutines_init();
    return loop.epoll >= 0;
}

/* ---- watches ---- */

struct watch *watch_add(int fd, uint32_t events, watch_function *function, void *arg)
{
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return NULL;
    *watch = (struct watch){.fd = fd, .function = function, .arg = arg};
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(watch);
        return NULL;
    }
    return watch;
}

void watch_change(struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    epoll_ctl(loop.epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

/* An event for it may already be in hand, so it is freed after the round. */
void watch_remove(struct watch *watch)
{
    if (!watch || !watch->function)
        return;
    epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->function = NULL;
    watch->next_dead = loop.dead;
    loop.dead = watch;
}

static void bury(void)
{
    while (loop.dead) {
        struct watch *watch = loop.dead;
        loop.dead = watch->next_dead;
        free(watch);
    }
}

/* ---- timers: a binary heap ---- */

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void place(struct timer *timer, size_t at)
{
    loop.heap[at] = timer;
    timer->at = at;
}

static void sift_up(struct timer *timer)
{
    size_t at = timer->at;
    for (; at > 1 && earlier(timer, loop.heap[at / 2]); at /= 2)
        place(loop.heap[at / 2], at);
    place(timer, at);
}

static void sift_down(struct timer *timer)
{
    size_t at = timer->at;
    for (size_t child; (child = at * 2) <= loop.timers; at = child) {
        if (child < loop.timers && earlier(loop.heap[child + 1], loop.heap[child]))
            child++;
        if (!earlier(loop.heap[child], timer))
            break;
        place(loop.heap[child], at);
    }
    place(timer, at);
}

struct timer *timer_add(int64_t delay_us, loop_function *function, void *arg)
{
    if (loop.timers + 2 > loop.room) {
        size_t room = loop.room ? loop.room * 2 : 64;
        struct timer **heap = realloc(loop.heap, room * sizeof *heap);
        if (!heap)
            return NULL;
        loop.heap = heap;
        loop.room = room;
    }
    struct timer *timer = malloc(sizeof *timer);
    if (!timer)
        return NULL;
    *timer = (struct timer){.due_us = clock_monotonic_us() + delay_us,
                            .order = loop.order++,
                            .at = ++loop.timers,
                            .function = function,
                            .arg = arg};
    sift_up(timer);
    return timer;
}

void timer_remove(struct timer *timer)
{
    if (!timer)
        return;
    struct timer *last = loop.heap[loop.timers--];
    if (last != timer) {
        place(last, timer->at);
        sift_up(last);
        sift_down(last);
    }
    free(timer);
}

static void run_timers(void)
{
    int64_t now = clock_monotonic_us();
    while (loop.timers > 0 && loop.heap[1]->due_us <= now) {
        struct timer *timer = loop.heap[1];
        loop_function *function = timer->function;
        void *arg = timer->arg;
        timer_remove(timer);
        function(arg);
    }
}

/* Milliseconds until the next timer, rounded up so that it is then due. */
static int patience(void)
{
    if (loop.timers == 0)
        return -1;
    int64_t left = loop.heap[1]->due_us - clock_monotonic_us();
    if (left <= 0)
        return 0;
    return left > 3600000000LL ? 3600000 : (int)((left + 999) / 1000);
}

/* ---- signals ---- */

static void on_signal(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    struct signalfd_siginfo info;
    while (read(loop.signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        for (size_t i = 0; i < loop.handler_count; i++)
            if (loop.handlers[i].signal == (int)info.ssi_signo)
                loop.handlers[i].function(loop.handlers[i].arg);
}

bool loop_on_signal(int signal, loop_function *function, void *arg)
{
    if (loop.handler_count == SIGNALS)
        return false;
    loop.handlers[loop.handler_count].signal = signal;
    loop.handlers[loop.handler_count].function = function;
    loop.handlers[loop.handler_count++].arg = arg;
    sigaddset(&loop.signals, signal);
    if (sigprocmask(SIG_BLOCK, &loop.signals, NULL) != 0)
        return false;
    loop.signal_fd = signalfd(loop.signal_fd, &loop.signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop.signal_fd >= 0 && !loop.signal_watch)
        loop.signal_watch = watch_add(loop.signal_fd, EPOLLIN, on_signal, NULL);
    return loop.signal_watch != NULL;
}

/* ---- running ---- */

static void run_events(int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(loop.epoll, events, EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch->function)
            watch->function(watch->arg, events[i].events);
    }
    bury();
}

/* Coroutines that wake each other without end do not keep events from the rest. */
void loop_run(void)
{
    for (;;) {
        bool more = true;
        for (int round = 0; more && round < ROUNDS_AT_ONCE; round++)
            more = coroutines_run_ready();
        if (loop.stopping && coroutine_count() == 0)
            return;
        run_events(more ? 0 : patience());
        run_timers();
    }
}

void loop_stop(void)
{
    loop.stopping = true;
}

bool loop_stopping(void)
{
    return loop.stopping;
}

void loop_end(void)
{
    while (loop.timers > 0)
        timer_remove(loop.heap[1]); /* NOLINT(clang-analyzer-unix.Malloc): another each time */
    free(loop.heap);
    loop.heap = NULL;
    loop.room = 0;
    threads_end();
    coroutines_end();
    watch_remove(loop.signal_watch);
    loop.signal_watch = NULL;
    bury();
    if (loop.signal_fd >= 0)
        close(loop.signal_fd);
    if (loop.epoll >= 0)
        close(loop.epoll);
    loop.epoll = loop.signal_fd = -1;
}
