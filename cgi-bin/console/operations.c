/* operations: whether the platform can serve, and its figures. */
#include "api/metrics.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/text.h"
#include "console.h"
#include "http/cx.h"
#include "liveness.h"

/* Of a second in which an answer is due; the rest is for the way. */
static const int64_t patience_us = 800000;

/* Each part that did not answer is a line of what is said. */
static bool readyz(struct cx *cx)
{
    struct liveness all[AREAS_MAX];
    struct buf *out = &cx->response.body;
    int64_t until_us = clock_monotonic_us() + patience_us;
    size_t count = liveness_begin(cx, all);
    bool ready = liveness_of_database(until_us);
    if (!ready)
        buf_puts(out, "not ready: the database does not answer\n");
    liveness_end(all, count, until_us);
    for (size_t i = 0; i < count; i++)
        if (!all[i].alive) {
            ready = false;
            buf_printf(out, "not ready: the area %s does not answer\n", all[i].area);
        }
    if (ready)
        buf_puts(out, "ready\n");
    cx->response.status = ready ? 200 : 503;
    cx->response.type = "text/plain; charset=utf-8";
    return true;
}

static bool is_loopback(const char *address)
{
    return text_starts(address, "127.") || text_equal(address, "::1") ||
           text_equal(address, "unix:");
}

/* What a proxy on this machine passes on comes from elsewhere. */
static bool metrics_allowed(struct cx *cx)
{
    const char *token = config_text(CONFIG_TULOU_METRICS_TOKEN);
    const char *given = request_header(&cx->request, "Authorization");
    if (is_loopback(cx->request.remote) && !request_header(&cx->request, "X-Forwarded-For"))
        return true;
    return *token && given && text_starts(given, "Bearer ") && text_equal_secret(given + 7, token);
}

static bool metrics(struct cx *cx)
{
    struct liveness all[AREAS_MAX];
    if (!metrics_allowed(cx))
        return fail(cx, 403, "forbidden", "Metrics are for this machine, or with the token.");
    cx->response.status = 200;
    cx->response.type = "text/plain; version=0.0.4";
    size_t count = liveness_begin(cx, all);
    liveness_end(all, count, clock_monotonic_us() + patience_us);
    buf_puts(&cx->response.body, "# HELP tulou_area_up Whether an area answers requests.\n"
                                 "# TYPE tulou_area_up gauge\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(&cx->response.body, "tulou_area_up{area=\"%s\"} %d\n", all[i].area,
                   all[i].alive);
    metrics_write(&cx->response.body);
    return true;
}

const struct route operation_routes[] = {
    ROUTE(GET, "/readyz", PUBLIC(NONE), readyz, "Whether every part can serve.",
          .answer = ANSWER_FILE, .flags = ROUTE_BARE),
    ROUTE(GET, "/metrics", PUBLIC(NONE), metrics, "Figures for Prometheus.", .answer = ANSWER_FILE,
          .flags = ROUTE_BARE),
    {.path = NULL},
};
