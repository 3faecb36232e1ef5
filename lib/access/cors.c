#include "access/cors.h"

#include <string.h>

#include "access/tenant.h"
#include "base/origin.h"
#include "base/text.h"
#include "http/cx.h"

/* What is stored from before it was checked is read as it is today. */
static bool is_origin(struct arena *arena, json_object *item, const char *origin)
{
    const char *stored =
        json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
    return text_equal(origin_read(arena, stored), origin);
}

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
        allowed = is_origin(cx->arena, json_object_array_get_idx(origins, i), origin);
    return allowed;
}

/* Whose answer it is where it was refused before that was asked: a bad token, an address or a
 * method that there is not. A browser hides an answer without these headers from its page, which
 * then cannot know that it should refresh its token. */
static bool find_tenant(struct cx *cx)
{
    struct failure why = cx->failure;
    if (!cx->tenant && cx->request.host && why.status != 503)
        tenant_resolve(cx, NULL);
    cx->failure = why;
    return cx->tenant != NULL;
}

void cors_answer(struct cx *cx)
{
    const char *origin = request_header(&cx->request, "Origin");
    if (!origin || cx->is_page)
        return;
    response_header(cx, "Vary", "Origin");
    if (!find_tenant(cx) || !origin_allowed(cx, origin))
        return;
    response_header_set(cx, "Access-Control-Allow-Origin", arena_text(cx->arena, origin));
    response_header_set(cx, "Access-Control-Expose-Headers",
                        "Deprecation, ETag, Idempotency-Replayed, Location, RateLimit, "
                        "RateLimit-Policy, Retry-After, Sunset, Tulou-Version, X-Request-Id");
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
                        "Tulou-Version, X-Tenant-Slug, X-Tenant-Id");
    response_header_set(cx, "Access-Control-Max-Age", "600");
}
