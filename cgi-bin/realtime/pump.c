/* pump: libwebsockets waits through libuv, and libuv's loop turns inside ours.
 * Its descriptor is readable whenever it has something to do (libuv, "Embedding
 * libuv's event loop"), its timers are a timer of ours. So a connection and a
 * coroutine that waits for the database live in one thread. */
#include <sys/epoll.h>
#include <uv.h>

#include "base/loop/loop.h"
#include "realtime.h"

static struct {
    uv_loop_t loop;
    struct watch *watch; /* of what that waits for */
    struct timer *timer;
    bool soon;
} pump;

static void on_timer(void *unused);

static void arm(void)
{
    int ms = uv_backend_timeout(&pump.loop);
    timer_remove(pump.timer);
    pump.timer = ms < 0 ? NULL : timer_add((int64_t)ms * 1000, on_timer, NULL);
}

static void turn(void)
{
    pump.soon = false;
    uv_run(&pump.loop, UV_RUN_NOWAIT);
    arm();
}

static void on_timer(void *unused)
{
    (void)unused;
    pump.timer = NULL;
    turn();
}

static void on_ready(void *unused, uint32_t events)
{
    (void)unused;
    (void)events;
    turn();
}

/* libuv tells the kernel of changes when it turns. */
void pump_soon(void)
{
    if (pump.soon)
        return;
    pump.soon = true;
    timer_remove(pump.timer);
    pump.timer = timer_add(0, on_timer, NULL);
}

bool pump_open(void)
{
    if (uv_loop_init(&pump.loop) != 0)
        return false;
    pump.watch = watch_add(uv_backend_fd(&pump.loop), EPOLLIN, on_ready, NULL);
    return pump.watch != NULL;
}

void *pump_loop(void)
{
    return &pump.loop;
}
