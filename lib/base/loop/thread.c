/* thread: heavy sums on two helper threads, so that the loop goes on. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop/internal.h"

enum { THREADS = 2 };

struct call {
    loop_function *function;
    void *arg;
    struct coroutine *caller;
    bool done;
    struct call *next;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct call *first, *last; /* waiting for a thread */
    struct call *finished;
    pthread_t threads[THREADS];
    int started;
    bool ending;
    int event;
    struct watch *watch;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .event = -1};

static struct call *next_call(void)
{
    while (!pool.first && !pool.ending)
        pthread_cond_wait(&pool.more, &pool.lock);
    struct call *call = pool.first;
    if (call) {
        pool.first = call->next;
        if (!pool.first)
            pool.last = NULL;
    }
    return call;
}

static void *help(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&pool.lock);
    for (struct call *call; (call = next_call()) != NULL;) {
        pthread_mutex_unlock(&pool.lock);
        call->function(call->arg);
        pthread_mutex_lock(&pool.lock);
        call->next = pool.finished;
        pool.finished = call;
        eventfd_write(pool.event, 1);
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

static void wake_callers(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    eventfd_t count;
    eventfd_read(pool.event, &count);
    pthread_mutex_lock(&pool.lock);
    struct call *call = pool.finished;
    pool.finished = NULL;
    pthread_mutex_unlock(&pool.lock);
    for (struct call *next; call; call = next) {
        next = call->next;
        coroutine_wake_for(call->caller, &call->done);
    }
}

/* Signals are the loop's: the helpers block them all. What one attempt made
 * serves the next. */
static bool start_threads(void)
{
    sigset_t all, before;
    if (pool.started > 0)
        return true;
    if (pool.event < 0)
        pool.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (pool.event >= 0 && !pool.watch)
        pool.watch = watch_add(pool.event, EPOLLIN, wake_callers, NULL);
    if (!pool.watch)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (pool.started < THREADS &&
           pthread_create(&pool.threads[pool.started], NULL, help, NULL) == 0)
        pool.started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool.started > 0;
}

void thread_call(loop_function *function, void *arg)
{
    struct call call = {.function = function, .arg = arg, .caller = coroutine_current()};
    if (!start_threads()) {
        log_warn("no helper thread could start; working in the loop");
        function(arg);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    if (pool.last)
        pool.last->next = &call;
    else
        pool.first = &call;
    pool.last = &call;
    pthread_cond_signal(&pool.more);
    pthread_mutex_unlock(&pool.lock);
    coroutine_shield(true);
    coroutine_wait_for(&call.done);
    coroutine_shield(false);
}

/* What is in hand is done first; its callers are abandoned, so nobody is woken. */
void threads_end(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.ending = true;
    pthread_cond_broadcast(&pool.more);
    pthread_mutex_unlock(&pool.lock);
    while (pool.started > 0)
        pthread_join(pool.threads[--pool.started], NULL);
    pool.finished = NULL;
    watch_remove(pool.watch);
    pool.watch = NULL;
    if (pool.event >= 0)
        close(pool.event);
    pool.event = -1;
    pool.ending = false;
}
