/* limit: rate limits by class of address. The headers are those of the IETF's
 * draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers):
 * the policy (q: quota, w: window in seconds) and what is left (r: remaining, t:
 * seconds until it is full). */
#include <string.h>

#include "access/internal.h"
#include "access/network.h"
#include "access/quota.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "base/config.h"
#include "http/cx.h"

static void tell(struct cx *cx, const char *name, int64_t quota, const struct limit_state *state)
{
    response_header_set(cx, "RateLimit-Policy",
                        arena_printf(cx->arena, "\"%s\";q=%lld;w=60", name, (long long)quota));
    response_header_set(cx, "RateLimit",
                        arena_printf(cx->arena, "\"%s\";r=%lld;t=%lld", name,
                                     (long long)state->remaining, (long long)state->reset_s));
}

/* Clients are told of the class that they can do something about; of the
 * tenant's only when it is used up. */
static bool pass(struct cx *cx, const char *name, const char *id, enum config_key rate)
{
    struct limit_state state;
    int64_t quota = config_int(rate);
    char key[128];
    if (quota == 0)
        return true;
    snprintf(key, sizeof key, "%s:%s", name, id);
    bool passed = shared_limit(key, quota, quota, &state);
    if (!cx->is_page && (!passed || rate != CONFIG_TULOU_RATE_TENANT))
        tell(cx, name, quota, &state);
    if (passed)
        return true;
    response_header_set(
        cx, "Retry-After",
        arena_printf(cx->arena, "%lld", (long long)(state.retry_s ? state.retry_s : 1)));
    return fail(cx, 429, "rate_limited", "Too many requests; try again in a moment.");
}

static bool pass_address(struct cx *cx, const char *name, enum config_key rate)
{
    char network[64];
    network_of(cx->request.remote, network, sizeof network);
    return pass(cx, name, network, rate);
}

bool limit_check_stranger(struct cx *cx)
{
    return pass_address(cx, "api", CONFIG_TULOU_RATE_API);
}

bool limit_check(struct cx *cx)
{
    if (cx->route->flags & ROUTE_AUTH_LIMIT)
        return pass_address(cx, "sign-in", CONFIG_TULOU_RATE_AUTH);
    bool by_key = cx->session && cx->session->kind == SESSION_API_KEY;
    bool passed = cx->session ? pass(cx, by_key ? "api-key" : "api", session_actor(cx->session),
                                     CONFIG_TULOU_RATE_API)
                              : limit_check_stranger(cx);
    passed = passed && pass(cx, "tenant", cx->tenant->id, CONFIG_TULOU_RATE_TENANT);
    /* A stranger uses nothing up of what a tenant has. */
    return passed && (cx->is_page || !cx->session || quota_count_call(cx));
}
