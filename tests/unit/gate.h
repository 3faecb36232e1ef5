/* gate: requests of somebody, and what access says to them. */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include "access/cors.h"
#include "access/event.h"
#include "access/internal.h"
#include "access/roles.h"
#include "visit.h"

#define API(verb, scope_access, ...)                                                               \
    {                                                                                              \
        .method = HTTP_##verb, .path = "/api/x", .access = scope_access, __VA_ARGS__               \
    }

static const struct route public_route = API(GET, PUBLIC(TENANT));
static const struct route sign_in_route = API(POST, PUBLIC(PLATFORM), .flags = ROUTE_AUTH_LIMIT);
static const struct route signed_in = API(GET, SIGNED_IN(TENANT));
static const struct route change = API(POST, SIGNED_IN(TENANT));
static const struct route pay = API(POST, SIGNED_IN(TENANT), .flags = ROUTE_SUSPENDED);
static const struct route read_leads =
    API(GET, MAY(TENANT, "crm.leads:read"), .flags = ROUTE_KEEPS_SIGHT);
static const struct route count_leads = API(GET, MAY(TENANT, "crm.leads:read"));
static const struct route delete_leads = API(DELETE, MAY(TENANT, "crm.leads:delete"));
static const struct route for_owner = API(GET, HAS_ROLE(TENANT, "owner"));
static const struct route for_platform = API(GET, MAY(PLATFORM, "platform.tenants:read"));
static const struct route for_either = API(GET, MAY(EITHER, "crm.leads:read"));
static const struct route page = {
    .method = HTTP_GET, .path = "/x", .access = SIGNED_IN(TENANT), .answer = ANSWER_PAGE};
static const struct route form = {.method = HTTP_POST,
                                  .path = "/x",
                                  .access = SIGNED_IN(TENANT),
                                  .answer = ANSWER_PAGE,
                                  .flags = ROUTE_FORM};
static const struct route login_form = {.method = HTTP_POST,
                                        .path = "/login",
                                        .access = PUBLIC(PLATFORM),
                                        .answer = ANSWER_PAGE,
                                        .flags = ROUTE_FORM};
static const struct route account_page = {
    .method = HTTP_GET, .path = "/account", .access = SIGNED_IN(TENANT), .answer = ANSWER_PAGE};
static const struct route password_route = {.method = HTTP_GET,
                                            .path = "/account/password",
                                            .access = SIGNED_IN(TENANT),
                                            .flags = ROUTE_FIRST_PASSWORD,
                                            .answer = ANSWER_PAGE};

struct who {
    const char *host, *token, *cookie, *slug;
};

static struct arena *keep;

static DATABASE_UNUSED const char *session_of(const char *tenant_id, const char *user_id,
                                              enum session_kind kind)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session_tokens tokens;
    struct db db;
    ck_assert(tenant_resolve(visit.cx, NULL));
    db_init(&db, visit.arena, DB_TENANT, tenant_id, "shared");
    ck_assert(session_open(visit.cx, &db, user_id, kind, &tokens));
    const char *out = arena_text(keep, kind == SESSION_COOKIE ? tokens.cookie : tokens.access);
    visit_end(&visit);
    return out;
}

static DATABASE_UNUSED struct visit visit_by(const struct route *route, struct who who)
{
    return visit_begin(route, who.host ? who.host : "club.localhost", "HTTP_AUTHORIZATION",
                       who.token ? arena_printf(keep, "Bearer %s", who.token) : NULL, "HTTP_COOKIE",
                       who.cookie ? arena_printf(keep, "tulou_session=%s", who.cookie) : NULL,
                       "HTTP_X_TENANT_SLUG", who.slug, NULL);
}

static DATABASE_UNUSED void allowed(const struct route *route, struct who who)
{
    struct visit visit = visit_by(route, who);
    ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
    visit_end(&visit);
}

static DATABASE_UNUSED void refused(const struct route *route, struct who who, int status,
                                    const char *code)
{
    struct visit visit = visit_by(route, who);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, status, code);
    visit_end(&visit);
}

#define BY(...) ((struct who){__VA_ARGS__})
#define TOKEN_OF(tenant, user) session_of(tenant, user, SESSION_TOKEN)
#define COOKIE_OF(tenant, user) session_of(tenant, user, SESSION_COOKIE)

/* Requests a minute: of a user, of a tenant, at sign-in. */
static DATABASE_UNUSED void limits(const char *api, const char *tenant, const char *auth)
{
    const char *problem;
    setenv("TULOU_RATE_API", api, 1);
    setenv("TULOU_RATE_TENANT", tenant, 1);
    setenv("TULOU_RATE_AUTH", auth, 1);
    ck_assert(config_load(&problem));
}

#define GATE_MAIN(make_suite)                                                                      \
    static Suite *make_suite##_with_database(void)                                                 \
    {                                                                                              \
        database_begin();                                                                          \
        return make_suite();                                                                       \
    }                                                                                              \
    UNIT_MAIN(make_suite##_with_database)

#endif
