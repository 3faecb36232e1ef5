/* realtime: what happens in a tenant, told to those who may see it while it
 * happens, by server-sent events and by WebSocket. One process serves all of
 * them: a room is in one memory. */
#include "realtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"

static const int64_t second_us = 1000000;

static void sweep(void *unused)
{
    rooms_sweep();
    if (!timer_add(second_us, sweep, unused))
        log_out_of_memory();
}

/* nginx leads to this socket whatever is answered as a stream. */
static void begin(void)
{
    char path[108];
    int len =
        snprintf(path, sizeof path, "%s/run/realtime.stream.sock", config_text(CONFIG_TULOU_VAR));
    if (len >= (int)sizeof path || !pump_open() || !server_open(path)) {
        log_error("the socket for streams cannot be made", "path", path);
        _exit(EXIT_FAILURE);
    }
    reader_start();
    watch_start();
    sweep(NULL);
}

static const struct area realtime = {
    .name = "realtime",
    .title = "Realtime",
    .about = "What happens, while it happens: server-sent events and WebSocket.",
    .routes = realtime_routes,
    .begin = begin,
    .workers = 1,
    .platform = true,
};

AREA_MAIN(realtime)
