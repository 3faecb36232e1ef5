#include "api/request_log.h"

#include <unistd.h>

#include "access/session.h"
#include "access/tenant.h"
#include "api/area.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/loop/loop.h"
#include "http/cx.h"

static const size_t flush_bytes = 16384;
static const int64_t flush_us = 50000;

static struct {
    struct buf lines;
    struct timer *timer;
} pending;

void request_log_flush(void)
{
    size_t written = 0;
    while (written < pending.lines.len) {
        ssize_t count =
            write(STDERR_FILENO, pending.lines.data + written, pending.lines.len - written);
        if (count <= 0)
            break; /* nobody reads our log: requests go on */
        written += (size_t)count;
    }
    if (pending.lines.len > 0)
        buf_clear(&pending.lines);
}

static void flush_later(void *unused)
{
    (void)unused;
    pending.timer = NULL;
    request_log_flush();
}

void request_log(const struct cx *cx, int64_t took_us)
{
    char now[32];
    struct json json;
    clock_format(clock_now_us(), now);
    json_start(&json, &pending.lines);
    json_open_object(&json);
    json_pair(&json, "time", now);
    json_pair(&json, "level", cx->response.status >= 500 ? "error" : "info");
    json_pair(&json, "area", cx->area->name);
    json_pair(&json, "message", "request");
    json_pair(&json, "requestId", cx->request_id);
    json_pair(&json, "method", method_name(cx->request.method));
    json_pair(&json, "route", cx->route ? cx->route->path : "-");
    json_pair_int(&json, "status", cx->response.status);
    json_pair_int(&json, "us", took_us);
    if (cx->tenant)
        json_pair(&json, "tenant", cx->tenant->slug);
    if (cx->session)
        json_pair(&json, "user", cx->session->user_id);
    if (cx->session && cx->session->kind == SESSION_API_KEY)
        json_pair(&json, "apiKey", cx->session->id);
    if (cx->failure.code)
        json_pair(&json, "code", cx->failure.code);
    json_close_object(&json);
    buf_putc(&pending.lines, '\n');
    if (pending.lines.len >= flush_bytes)
        request_log_flush();
    else if (!pending.timer)
        pending.timer = timer_add(flush_us, flush_later, NULL);
}
