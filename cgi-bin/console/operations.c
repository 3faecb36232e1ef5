/* operations: whether the platform can serve, and its figures. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/metrics.h"
#include "base/config.h"
#include "base/text.h"
#include "console.h"
#include "db/db.h"
#include "http/cx.h"
#include "resource/areas.h"

enum { ANSWER_MAX = 1 << 20 };

static const char *area_name(size_t index)
{
    json_object *areas = NULL, *name = NULL;
    json_object_object_get_ex(areas_all(), "areas", &areas);
    if (index >= json_object_array_length(areas))
        return NULL;
    json_object_object_get_ex(json_object_array_get_idx(areas, index), "name", &name);
    return json_object_get_string(name);
}

/* A local socket accepts at once or not at all: this does not wait. */
static bool area_accepts(struct cx *cx, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path =
        arena_printf(cx->arena, "%s/run/%s.sock", config_text(CONFIG_TULOU_VAR), name);
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool accepts = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return accepts;
}

static bool readyz(struct cx *cx)
{
    const char *name;
    if (!db_ready())
        return fail(cx, 503, "not_ready", "The database does not answer.");
    for (size_t i = 0; (name = area_name(i)) != NULL; i++)
        if (!area_accepts(cx, name))
            return fail(cx, 503, "not_ready", "The area %s does not answer.", name);
    cx->response.status = 200;
    cx->response.type = "text/plain";
    buf_puts(&cx->response.body, "ready\n");
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
    const char *name;
    if (!metrics_allowed(cx))
        return fail(cx, 403, "forbidden", "Metrics are for this machine, or with the token.");
    cx->response.status = 200;
    cx->response.type = "text/plain; version=0.0.4";
    buf_puts(&cx->response.body, "# HELP tulou_area_up Whether an area accepts requests.\n"
                                 "# TYPE tulou_area_up gauge\n");
    for (size_t i = 0; (name = area_name(i)) != NULL; i++)
        buf_printf(&cx->response.body, "tulou_area_up{area=\"%s\"} %d\n", name,
                   area_accepts(cx, name));
    metrics_write(&cx->response.body);
    return true;
}

const struct route operation_routes[] = {
    ROUTE(GET, "/readyz", PUBLIC(NONE), readyz, "Whether every part can serve.",
          .answer = ANSWER_FILE),
    ROUTE(GET, "/metrics", PUBLIC(NONE), metrics, "Figures for Prometheus.", .answer = ANSWER_FILE),
    {.path = NULL},
};
