/* multi: libcurl's multi interface on our loop. Its work is done in the loop's
 * callbacks; a coroutine only adds its transfer, waits, and takes it away. */
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/loop/loop.h"
#include "client/client.h"
#include "client/internal.h"

enum { KEPT_CONNECTIONS = 32 };

struct pool {
    CURLM *multi;
    struct timer *timer;
};

static struct pool pools[POOLS];

struct descriptor {
    struct pool *pool;
    curl_socket_t fd;
    struct watch *watch;
};

struct transfer {
    struct coroutine *owner;
    bool done;
    CURLcode result;
};

static void collect(struct pool *pool)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(pool->multi, &left)) != NULL;) {
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct transfer *transfer = (struct transfer *)private;
        transfer->result = message->data.result;
        transfer->done = true;
        coroutine_wake(transfer->owner);
    }
}

static void on_ready(void *arg, uint32_t events)
{
    const struct descriptor *descriptor = arg;
    struct pool *pool = descriptor->pool; /* the descriptor may go meanwhile */
    int what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    int running;
    curl_multi_socket_action(pool->multi, descriptor->fd, what, &running);
    collect(pool);
}

static int forget(struct pool *pool, curl_socket_t fd, struct descriptor *descriptor)
{
    if (descriptor) {
        watch_remove(descriptor->watch);
        free(descriptor);
    }
    curl_multi_assign(pool->multi, fd, NULL);
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *own)
{
    struct pool *pool = arg;
    struct descriptor *descriptor = own;
    (void)easy;
    if (what == CURL_POLL_REMOVE)
        return forget(pool, fd, descriptor);
    uint32_t events =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (descriptor) {
        watch_change(descriptor->watch, events);
        return 0;
    }
    descriptor = malloc(sizeof *descriptor);
    if (!descriptor)
        return -1;
    *descriptor = (struct descriptor){.pool = pool, .fd = fd};
    descriptor->watch = watch_add(fd, events, on_ready, descriptor);
    if (!descriptor->watch) {
        free(descriptor);
        return -1;
    }
    curl_multi_assign(pool->multi, fd, descriptor);
    return 0;
}

static void on_due(void *arg)
{
    struct pool *pool = arg;
    int running;
    pool->timer = NULL;
    curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(pool);
}

static int on_timer(CURLM *multi, long delay_ms, void *arg)
{
    struct pool *pool = arg;
    (void)multi;
    timer_remove(pool->timer);
    pool->timer = NULL;
    if (delay_ms >= 0 && !(pool->timer = timer_add(delay_ms * 1000, on_due, pool)))
        return -1;
    return 0;
}

bool curl_ready(void)
{
    static bool ready;
    if (!ready)
        ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return ready;
}

static struct pool *pool_of(enum client_pool which)
{
    struct pool *pool = &pools[which];
    if (pool->multi)
        return pool;
    if (!curl_ready() || !(pool->multi = curl_multi_init()))
        return NULL;
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    return pool;
}

bool multi_perform(enum client_pool which, CURL *easy, CURLcode *result)
{
    struct transfer transfer = {.owner = coroutine_current()};
    struct pool *pool = pool_of(which);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    if (!pool || curl_multi_add_handle(pool->multi, easy) != CURLM_OK)
        return false;
    while (!transfer.done && coroutine_wait())
        ;
    curl_multi_remove_handle(pool->multi, easy);
    *result = transfer.result;
    return transfer.done;
}

void client_end(void)
{
    for (int i = 0; i < POOLS; i++) {
        curl_multi_cleanup(pools[i].multi);
        timer_remove(pools[i].timer);
        pools[i] = (struct pool){0};
    }
    senders_end();
}
