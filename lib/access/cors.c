#include "access/cors.h"

#include <string.h>

#include "access/tenant.h"
#include "http/cx.h"

static bool is_text(json_object *item, const char *text)
{
    return json_object_is_type(item, json_type_string) &&
           strcmp(json_object_get_string(item), text) == 0;
}

/* "null" is what sandboxed frames and local files of anybody send: it names nobody. */
static bool origin_allowed(struct cx *cx, const char *origin)
{
    json_object *section, *origins;
    bool allowed = false;
    if (strcmp(origin, "null") == 0 ||
        !json_object_object_get_ex(cx->tenant->settings, "api", &section) ||
        !json_object_object_get_ex(section, "allowedOrigins", &origins) ||
        !json_object_is_type(origins, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(origins) && !allowed; i++)
        allowed = is_text(json_object_array_get_idx(origins, i), origin);
    return allowed;
}

void cors_answer(struct cx *cx)
{
    const char *origin = request_header(&cx->request, "Origin");
    if (!origin || !cx->tenant || cx->is_page)
        return;
    response_header(cx, "Vary", "Origin");
    if (!origin_allowed(cx, origin))
        return;
    response_header_set(cx, "Access-Control-Allow-Origin", arena_text(cx->arena, origin));
    response_header_set(cx, "Access-Control-Expose-Headers",
                        "Deprecation, ETag, Idempotency-Replayed, Location, RateLimit, "
                        "RateLimit-Policy, Retry-After, Sunset, X-Request-Id");
}

void cors_preflight(struct cx *cx, const char *allow)
{
    if (!request_header(&cx->request, "Origin") || (!cx->tenant && !tenant_resolve(cx, NULL))) {
        cx->failure = (struct failure){.status = 0};
        return;
    }
    response_header_set(cx, "Access-Control-Allow-Methods", allow);
    response_header_set(cx, "Access-Control-Allow-Headers",
                        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "
                        "X-Tenant-Slug, X-Tenant-Id");
    response_header_set(cx, "Access-Control-Max-Age", "600");
}
