/* The way of a request through access: who, where, what, how often. */
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
static const struct route read_leads = API(GET, MAY(TENANT, "crm.leads:read"));
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
static const struct route account_page = {.method = HTTP_GET,
                                          .path = "/account/password",
                                          .access = SIGNED_IN(TENANT),
                                          .answer = ANSWER_PAGE};

struct who {
    const char *host, *token, *cookie, *slug;
};

static struct arena *keep;

static const char *session_of(const char *tenant_id, const char *user_id, enum session_kind kind)
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

static struct visit visit_by(const struct route *route, struct who who)
{
    return visit_begin(route, who.host ? who.host : "club.localhost", "HTTP_AUTHORIZATION",
                       who.token ? arena_printf(keep, "Bearer %s", who.token) : NULL, "HTTP_COOKIE",
                       who.cookie ? arena_printf(keep, "tulou_session=%s", who.cookie) : NULL,
                       "HTTP_X_TENANT_SLUG", who.slug, NULL);
}

static void allowed(const struct route *route, struct who who)
{
    struct visit visit = visit_by(route, who);
    ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
    visit_end(&visit);
}

static void refused(const struct route *route, struct who who, int status, const char *code)
{
    struct visit visit = visit_by(route, who);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, status, code);
    if (status == 401 && !visit.cx->is_page)
        ck_assert(text_starts(visit_header(&visit, "WWW-Authenticate"), "Bearer"));
    visit_end(&visit);
}

#define BY(...) ((struct who){__VA_ARGS__})
#define TOKEN_OF(tenant, user) session_of(tenant, user, SESSION_TOKEN)
#define COOKIE_OF(tenant, user) session_of(tenant, user, SESSION_COOKIE)

/* ---- who may ---- */

IN_WORLD(public_routes_are_open)
{
    keep = arena_new();
    allowed(&public_route, BY(.token = NULL));
    allowed(&public_route, BY(.token = "nonsense"));
    allowed(&public_route, BY(.cookie = "nonsense"));
    arena_free(keep);
}

IN_WORLD(nobody_comes_in_without_a_session)
{
    keep = arena_new();
    refused(&signed_in, BY(.token = NULL), 401, "not_signed_in");
    refused(&signed_in, BY(.cookie = "nonsense"), 401, "not_signed_in");
    refused(&signed_in, BY(.token = "nonsense"), 401, "token_malformed");
    refused(&page, BY(.token = NULL), 401, "not_signed_in");
    struct visit visit =
        visit_begin(&signed_in, "club.localhost", "HTTP_AUTHORIZATION", "Basic YTpi", NULL);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, 401, "token_malformed");
    visit_end(&visit);
    arena_free(keep);
}

IN_WORLD(a_bad_token_is_not_made_good_by_a_good_cookie)
{
    keep = arena_new();
    const char *cookie = COOKIE_OF(CLUB_ID, OWNER_ID);
    allowed(&signed_in, BY(.cookie = cookie));
    refused(&signed_in, BY(.cookie = cookie, .token = "nonsense"), 401, "token_malformed");
    arena_free(keep);
}

IN_WORLD(a_route_asks_for_its_permission)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    allowed(&read_leads, BY(.token = owner));
    allowed(&delete_leads, BY(.token = owner));
    allowed(&read_leads, BY(.token = staff));
    refused(&delete_leads, BY(.token = staff), 403, "permission_missing");
    allowed(&for_owner, BY(.token = owner));
    refused(&for_owner, BY(.token = staff), 403, "role_missing");
    arena_free(keep);
}

IN_WORLD(each_audience_has_its_own_routes)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *root = TOKEN_OF(PLATFORM_ID, SUPERADMIN_ID),
               *harbor = TOKEN_OF(RESELLER_ID, HARBOR_ID);
    allowed(&for_platform, BY("localhost", root));
    refused(&for_platform, BY("club.localhost", owner), 403, "wrong_audience");
    refused(&for_platform, BY("localhost", owner), 403, "wrong_audience");
    refused(&for_platform, BY("harbor.localhost", harbor), 403, "wrong_audience");
    refused(&read_leads, BY("club.localhost", root), 403, "tenant_mismatch");
    refused(&read_leads, BY("localhost", root, .slug = "club"), 403, "tenant_mismatch");
    arena_free(keep);
}

IN_WORLD(a_token_is_of_one_tenant)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    allowed(&read_leads, BY("localhost", owner)); /* the bare domain says nothing */
    allowed(&read_leads, BY("localhost", owner, .slug = "club"));
    refused(&read_leads, BY("other.localhost", owner), 403, "tenant_mismatch");
    refused(&read_leads, BY("localhost", owner, .slug = "other"), 403, "tenant_mismatch");
    refused(&read_leads, BY("nobody.localhost", owner), 404, "tenant_unknown");
    refused(&public_route, BY("other.localhost", owner), 403, "tenant_mismatch");
    arena_free(keep);
}

/* Whoever has a token of one workspace signs in to another. */
IN_WORLD(signing_in_takes_no_notice_of_a_token)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    struct visit visit = visit_by(&sign_in_route, BY("localhost", owner));
    ck_assert(access_check(visit.cx));
    ck_assert_str_eq(visit.cx->tenant->slug, "platform");
    ck_assert_ptr_null(visit.cx->session);
    visit_end(&visit);
    allowed(&sign_in_route, BY("other.localhost", owner));
    allowed(&sign_in_route, BY("other.localhost", "nonsense"));
    arena_free(keep);
}

IN_WORLD(built_in_roles_of_another_kind_of_tenant_give_nothing)
{
    keep = arena_new();
    database_sql("insert into everyone.user_roles (tenant_id, user_id, role_key) values "
                 "('" CLUB_ID "', '" STAFF_ID "', 'superadmin')");
    const char *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    struct visit visit = visit_by(&read_leads, BY(.token = staff));
    ck_assert(access_check(visit.cx));
    ck_assert_str_eq(visit.cx->session->role, "staff");
    ck_assert(!may(visit.cx, "crm.leads:delete"));
    ck_assert(!may(visit.cx, "platform.tenants:read"));
    visit_end(&visit);
    arena_free(keep);
}

/* ---- whose data ---- */

static void pointed(const struct route *route, struct who who, enum db_role role,
                    const char *tenant_id, const char *schema)
{
    struct visit visit = visit_by(route, who);
    ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
    ck_assert_int_eq(visit.cx->db.role, role);
    ck_assert_str_eq(visit.cx->db.tenant_id, tenant_id);
    ck_assert_str_eq(visit.cx->db.schema, schema);
    visit_end(&visit);
}

IN_WORLD(the_scope_says_through_which_role_data_is_seen)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *root = TOKEN_OF(PLATFORM_ID, SUPERADMIN_ID);
    pointed(&read_leads, BY(.token = owner), DB_TENANT, CLUB_ID, "shared");
    pointed(&for_either, BY(.token = owner), DB_TENANT, CLUB_ID, "shared");
    pointed(&for_either, BY("localhost", root), DB_PLATFORM, "", "everyone");
    pointed(&for_platform, BY("localhost", root), DB_PLATFORM, "", "everyone");
    pointed(&read_leads, BY("localhost", root), DB_TENANT, PLATFORM_ID, "shared");
    pointed(&public_route, BY(.token = NULL), DB_TENANT, CLUB_ID, "shared");
    pointed(&sign_in_route, BY(.token = NULL), DB_PLATFORM, "", "everyone");
    arena_free(keep);
}

IN_WORLD(events_say_who_acted)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    struct visit visit = visit_begin(&change, "club.localhost", "HTTP_AUTHORIZATION",
                                     arena_printf(keep, "Bearer %s", owner), "HTTP_USER_AGENT",
                                     "Tester \"1\"", NULL);
    ck_assert(access_check(visit.cx));
    ck_assert(event_append(&visit.cx->db, "test.done", "thing", "7", "{\"after\": {\"x\": 1}}"));
    ck_assert_int_eq(
        database_count(arena_printf(
            keep,
            "select count(*) from everyone.events where tenant_id = '" CLUB_ID "' and action = "
            "'test.done' and actor_kind = 'user' and actor_id = '" OWNER_ID "' and actor_name = "
            "'Ana' and ip = '192.0.2.1' and user_agent = 'Tester \"1\"' and request_id = '%s' "
            "and resource_type = 'thing' and resource_id = '7'",
            visit.cx->request_id)),
        1);
    visit_end(&visit);
    arena_free(keep);
}

/* ---- suspended and inactive tenants ---- */

static void set_status(const char *status)
{
    database_sql("update tenants set status = '%s' where slug = 'club'", status);
    tenant_changed(CLUB_ID);
}

IN_WORLD(a_suspended_tenant_is_read_only_for_its_owner_alone)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID),
               *cookie = COOKIE_OF(CLUB_ID, STAFF_ID);
    allowed(&change, BY(.token = owner));
    set_status("suspended");
    allowed(&read_leads, BY(.token = owner));
    allowed(&pay, BY(.token = owner));
    allowed(&public_route, BY(.token = NULL));
    allowed(&sign_in_route, BY(.token = NULL));
    refused(&change, BY(.token = owner), 403, "tenant_suspended");
    refused(&delete_leads, BY(.token = owner), 403, "tenant_suspended");
    refused(&read_leads, BY(.token = staff), 403, "tenant_suspended");
    refused(&pay, BY(.token = staff), 403, "tenant_suspended");
    refused(&page, BY(.cookie = cookie), 403, "tenant_suspended");
    set_status("active");
    allowed(&change, BY(.token = staff));
    arena_free(keep);
}

IN_WORLD(an_inactive_tenant_is_closed_to_all)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    set_status("inactive");
    refused(&read_leads, BY(.token = owner), 403, "tenant_inactive");
    refused(&pay, BY(.token = owner), 403, "tenant_inactive");
    arena_free(keep);
}

/* ---- networks ---- */

IN_WORLD(an_allow_list_of_networks_binds_a_tenants_users)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    database_sql("insert into everyone.ip_rules (tenant_id, network) values ('" CLUB_ID
                 "', '198.51.100.0/24'), ('" CLUB_ID "', '2001:db8::/32')");
    tenant_changed(CLUB_ID);
    refused(&read_leads, BY(.token = owner), 403, "network_denied");
    allowed(&public_route, BY(.token = NULL));
    database_sql("insert into everyone.ip_rules (tenant_id, network) values ('" CLUB_ID
                 "', '192.0.2.0/28')");
    tenant_changed(CLUB_ID);
    allowed(&read_leads, BY(.token = owner));
    arena_free(keep);
}

/* ---- passwords that must be changed ---- */

IN_WORLD(pages_ask_for_a_password_of_ones_own_first)
{
    keep = arena_new();
    const char *cookie = COOKIE_OF(CLUB_ID, OWNER_ID), *token = TOKEN_OF(CLUB_ID, OWNER_ID);
    database_sql("update everyone.users set must_change_password = true where id = '" OWNER_ID "'");
    refused(&page, BY(.cookie = cookie), 403, "password_change_required");
    allowed(&account_page, BY(.cookie = cookie));
    allowed(&signed_in, BY(.token = token)); /* by API it works until it was changed */
    arena_free(keep);
}

/* ---- forms ---- */

static struct visit submit(const struct route *route, const char *cookies, const char *csrf,
                           bool in_header)
{
    struct visit visit = visit_begin(route, "club.localhost", "HTTP_COOKIE", cookies,
                                     "HTTP_X_CSRF_TOKEN", in_header ? csrf : NULL, NULL);
    if (csrf && !in_header) {
        visit.cx->request.form = arena_alloc(visit.arena, sizeof *visit.cx->request.form);
        *visit.cx->request.form = (struct parameter){.name = "_csrf", .value = csrf};
    }
    return visit;
}

static void submitted(const struct route *route, const char *cookies, const char *csrf)
{
    for (int in_header = 0; in_header < 2; in_header++) {
        struct visit visit = submit(route, cookies, csrf, in_header);
        ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
        visit_end(&visit);
    }
}

static void not_submitted(const struct route *route, const char *cookies, const char *csrf)
{
    for (int in_header = 0; in_header < 2; in_header++) {
        struct visit visit = submit(route, cookies, csrf, in_header);
        ck_assert(!access_check(visit.cx));
        visit_failed(&visit, 403, "csrf_invalid");
        visit_end(&visit);
    }
}

static const char *csrf_of(const char *cookies)
{
    struct visit visit = submit(&page, cookies, NULL, false);
    ck_assert(access_check(visit.cx));
    const char *token = arena_text(keep, access_csrf(visit.cx));
    visit_end(&visit);
    return token;
}

IN_WORLD(changes_by_cookie_need_the_sessions_own_token)
{
    keep = arena_new();
    const char *one = arena_printf(keep, "tulou_session=%s", COOKIE_OF(CLUB_ID, OWNER_ID));
    const char *two = arena_printf(keep, "tulou_session=%s", COOKIE_OF(CLUB_ID, OWNER_ID));
    ck_assert_str_ne(csrf_of(one), csrf_of(two));
    submitted(&form, one, csrf_of(one));
    submitted(&change, one, csrf_of(one)); /* the API too, when a cookie opens it */
    not_submitted(&form, one, csrf_of(two));
    not_submitted(&form, one, NULL);
    not_submitted(&form, one, "");
    not_submitted(&change, one, NULL);
    not_submitted(&delete_leads, one, NULL);
    allowed(&change, BY(.token = TOKEN_OF(CLUB_ID, OWNER_ID)));
    arena_free(keep);
}

IN_WORLD(sign_in_forms_need_the_token_of_their_cookie)
{
    keep = arena_new();
    struct visit visit = visit_begin(&login_form, "club.localhost", NULL);
    ck_assert(tenant_resolve(visit.cx, NULL));
    const char *token = arena_text(keep, access_csrf(visit.cx));
    const char *set = visit_header(&visit, "Set-Cookie");
    ck_assert(text_starts(set, "tulou_before="));
    const char *cookie = arena_copy(keep, set, strcspn(set, ";"));
    visit_end(&visit);
    submitted(&login_form, cookie, token);
    not_submitted(&login_form, cookie, "x");
    not_submitted(&login_form, "tulou_before=another", token);
    not_submitted(&login_form, NULL, token);
    arena_free(keep);
}

/* ---- limits ---- */

static void limits(const char *api, const char *tenant, const char *auth)
{
    const char *problem;
    setenv("TULOU_RATE_API", api, 1);
    setenv("TULOU_RATE_TENANT", tenant, 1);
    setenv("TULOU_RATE_AUTH", auth, 1);
    ck_assert(config_load(&problem));
}

IN_WORLD(too_many_requests_of_one_user_are_refused)
{
    keep = arena_new();
    limits("3", "1000", "2");
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    for (int i = 0; i < 3; i++) {
        struct visit visit = visit_by(&signed_in, BY(.token = owner));
        ck_assert(access_check(visit.cx));
        ck_assert_str_eq(visit_header(&visit, "RateLimit-Policy"), "\"api\";q=3;w=60");
        ck_assert(text_starts(visit_header(&visit, "RateLimit"),
                              arena_printf(keep, "\"api\";r=%d;t=", 2 - i)));
        ck_assert_ptr_null(visit_header(&visit, "Retry-After"));
        visit_end(&visit);
    }
    struct visit visit = visit_by(&signed_in, BY(.token = owner));
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, 429, "rate_limited");
    ck_assert_ptr_nonnull(visit_header(&visit, "Retry-After"));
    visit_end(&visit);
    allowed(&signed_in, BY(.token = staff));
    arena_free(keep);
}

IN_WORLD(all_of_a_tenant_share_its_limit)
{
    keep = arena_new();
    limits("100", "2", "2");
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    const char *other = TOKEN_OF(OTHER_ID, OTHER_OWNER_ID);
    allowed(&signed_in, BY(.token = owner));
    allowed(&signed_in, BY(.token = staff));
    refused(&signed_in, BY(.token = staff), 429, "rate_limited");
    allowed(&signed_in, BY("other.localhost", other));
    arena_free(keep);
}

IN_WORLD(sign_in_has_a_limit_of_its_own)
{
    keep = arena_new();
    limits("100", "100", "2");
    allowed(&sign_in_route, BY(.token = NULL));
    allowed(&sign_in_route, BY("other.localhost"));
    refused(&sign_in_route, BY(.token = NULL), 429, "rate_limited"); /* by address */
    allowed(&public_route, BY(.token = NULL));
    arena_free(keep);
}

IN_WORLD(strangers_who_keep_guessing_are_slowed_down)
{
    keep = arena_new();
    limits("3", "100", "2");
    for (int i = 0; i < 3; i++)
        refused(&signed_in, BY(.token = "nonsense"), 401, "token_malformed");
    refused(&signed_in, BY(.token = "nonsense"), 429, "rate_limited");
    refused(&signed_in, BY("nobody.localhost"), 429, "rate_limited");
    arena_free(keep);
}

/* ---- other origins ---- */

static struct visit from_origin(const char *origin)
{
    struct visit visit = visit_begin(&public_route, "club.localhost", "HTTP_ORIGIN", origin, NULL);
    ck_assert(access_check(visit.cx));
    cors_answer(visit.cx);
    return visit;
}

IN_WORLD(only_origins_of_the_tenants_settings_may_call)
{
    keep = arena_new();
    struct visit visit = from_origin("https://app.example");
    ck_assert_ptr_null(visit_header(&visit, "Access-Control-Allow-Origin"));
    ck_assert_str_eq(visit_header(&visit, "Vary"), "Origin");
    visit_end(&visit);
    database_sql("update tenants set settings = '{\"api\": {\"allowedOrigins\": "
                 "[\"https://app.example\", 7]}}' where slug = 'club'");
    tenant_changed(CLUB_ID);
    visit = from_origin("https://app.example");
    ck_assert_str_eq(visit_header(&visit, "Access-Control-Allow-Origin"), "https://app.example");
    ck_assert_ptr_null(visit_header(&visit, "Access-Control-Allow-Credentials"));
    visit_end(&visit);
    static const char *const others[] = {"https://app.example.evil", "http://app.example", "null",
                                         "7", "https://app.example:8443"};
    for (size_t i = 0; i < COUNT(others); i++) {
        visit = from_origin(others[i]);
        ck_assert_ptr_null(visit_header(&visit, "Access-Control-Allow-Origin"));
        visit_end(&visit);
    }
    arena_free(keep);
}

IN_WORLD(a_preflight_is_answered_for_the_hosts_tenant)
{
    struct visit visit =
        visit_begin(NULL, "club.localhost", "HTTP_ORIGIN", "https://app.example", NULL);
    cors_preflight(visit.cx, "GET, POST");
    ck_assert_str_eq(visit_header(&visit, "Access-Control-Allow-Methods"), "GET, POST");
    ck_assert_str_eq(visit.cx->tenant->slug, "club");
    visit_end(&visit);
    visit = visit_begin(NULL, "nobody.localhost", "HTTP_ORIGIN", "https://app.example", NULL);
    cors_preflight(visit.cx, "GET, POST");
    ck_assert_ptr_null(visit_header(&visit, "Access-Control-Allow-Methods"));
    ck_assert_int_eq(visit.cx->failure.status, 0);
    visit_end(&visit);
}

/* ---- granting ---- */

struct granter {
    const char *tenant_id;
    int rank;
    bool is_operator;
    const char *const *grants;
    size_t count;
};

static void granting(const struct granter *who, const char *in_tenant, const char *role,
                     const char *code)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session session = {.rank = who->rank,
                              .is_operator = who->is_operator,
                              .permissions = {who->grants, who->count}};
    struct db db;
    strcpy(session.tenant_id, who->tenant_id);
    visit.cx->session = &session;
    db_init(&db, visit.arena, DB_TENANT, in_tenant, "shared");
    bool may_grant = role_may_grant(visit.cx, &db, role);
    ck_assert_msg(may_grant == (code == NULL), "%s: %s", role,
                  visit.cx->failure.code ? visit.cx->failure.code : "granted");
    if (code && strcmp(code, "unknown_role") != 0)
        ck_assert_str_eq(visit.cx->failure.code, code);
    visit_end(&visit);
}

IN_WORLD(nobody_grants_what_they_lack)
{
    static const char *const all[] = {"*"}, *const some[] = {"users.*", "crm.leads:read"};
    const struct granter owner = {CLUB_ID, 90, false, all, 1};
    const struct granter helper = {CLUB_ID, 80, false, some, 2};
    database_sql(
        "insert into everyone.roles (tenant_id, key, name, rank, permissions, inherits) values "
        "('" CLUB_ID "', 'desk', 'Desk', 10, '[\"crm.leads:read\"]', null), "
        "('" CLUB_ID "', 'seller', 'Seller', 10, '[\"crm.*\"]', null), "
        "('" CLUB_ID "', 'sneaky', 'Sneaky', 10, '[]', 'owner'), "
        "('" CLUB_ID "', 'twice', 'Twice', 10, '[]', 'seller'), "
        "('" CLUB_ID "', 'round', 'Round', 10, '[]', 'round')");
    granting(&owner, CLUB_ID, "admin", NULL);
    granting(&owner, CLUB_ID, "sneaky", NULL);
    granting(&owner, CLUB_ID, "superadmin", "rank_too_high");
    granting(&owner, CLUB_ID, "auditor", "permission_lacking");
    granting(&owner, CLUB_ID, "reseller_admin", "permission_lacking");
    granting(&owner, CLUB_ID, "nobody", "unknown_role");
    granting(&helper, CLUB_ID, "owner", "rank_too_high");
    granting(&helper, CLUB_ID, "admin", "permission_lacking");
    granting(&helper, CLUB_ID, "desk", NULL);
    granting(&helper, CLUB_ID, "round", NULL);
    granting(&helper, CLUB_ID, "seller", "permission_lacking");
    granting(&helper, CLUB_ID, "twice", "permission_lacking");
    granting(&helper, CLUB_ID, "sneaky", "rank_too_high");
    granting(&helper, OTHER_ID, "desk", "unknown_role"); /* it is the club's */
}

IN_WORLD(those_above_a_tenant_grant_its_roles_within_their_rank)
{
    static const char *const few[] = {"users.*", "platform.tenants:*"};
    const struct granter support = {PLATFORM_ID, 50, true, few, 1};
    const struct granter reseller = {RESELLER_ID, 90, false, few, 2};
    granting(&support, CLUB_ID, "staff", NULL);
    granting(&support, CLUB_ID, "admin", "rank_too_high");
    granting(&support, CLUB_ID, "auditor", "permission_lacking");
    granting(&reseller, CHILD_ID, "owner", NULL);
    granting(&reseller, RESELLER_ID, "admin", "permission_lacking"); /* its own house */
}

IN_WORLD(rights_add_up_over_roles_and_what_they_inherit)
{
    struct arena *arena = arena_new();
    struct db db;
    struct rights rights;
    database_sql(
        "insert into everyone.roles (tenant_id, key, name, rank, permissions, inherits) values "
        "('" CLUB_ID "', 'desk', 'Desk', 5, '[\"checkin.desk:open\"]', 'lead'), "
        "('" CLUB_ID "', 'lead', 'Lead', 40, '[\"crm.*\", \"not a grant\"]', 'staff'), "
        "('" CLUB_ID "', 'ring_a', 'A', 6, '[\"a.a:a\"]', 'ring_b'), "
        "('" CLUB_ID "', 'ring_b', 'B', 6, '[\"b.b:b\"]', 'ring_a');"
        "insert into everyone.user_roles (tenant_id, user_id, role_key) values "
        "('" CLUB_ID "', '" STAFF_ID "', 'desk'), ('" CLUB_ID "', '" STAFF_ID "', 'ring_a');"
        "delete from everyone.user_roles where user_id = '" STAFF_ID "' and role_key = 'staff'");
    db_init(&db, arena, DB_TENANT, CLUB_ID, "shared");
    ck_assert(rights_load(&db, CLUB_ID, STAFF_ID, &rights));
    ck_assert_str_eq(rights.role, "ring_a"); /* the highest of those given */
    ck_assert_int_eq(rights.rank, 40);       /* the highest of all */
    ck_assert(permissions_allow(&rights.permissions, "checkin.desk:open"));
    ck_assert(permissions_allow(&rights.permissions, "crm.leads:delete"));
    ck_assert(permissions_allow(&rights.permissions, "support.tickets:answer"));
    ck_assert(permissions_allow(&rights.permissions, "b.b:b"));
    ck_assert(!permissions_allow(&rights.permissions, "users.users:read"));
    ck_assert(rights_load(&db, OTHER_ID, STAFF_ID, &rights));
    ck_assert_uint_eq(rights.permissions.count, 0);
    ck_assert_str_eq(rights.role, "");
    arena_free(arena);
}

/* ---- what happens elsewhere ---- */

/* Another machine's change reaches us by NOTIFY; waits for it, 20 s at most. */
static bool comes_true(bool (*question)(void *arg), void *arg)
{
    for (int i = 0; i < 20000; i++) {
        if (question(arg))
            return true;
        if (!wait_us(1000))
            return false;
    }
    return false;
}

static bool keys_are_there(void *unused)
{
    (void)unused;
    return token_ready();
}

static bool is_stale(void *token)
{
    struct visit visit = visit_by(&signed_in, BY(.token = token));
    bool stale = !access_check(visit.cx) && (text_equal(visit.cx->failure.code, "token_stale") ||
                                             text_equal(visit.cx->failure.code, "session_revoked"));
    visit_end(&visit);
    return stale;
}

static bool is_suspended(void *token)
{
    struct visit visit = visit_by(&change, BY(.token = token));
    bool suspended =
        !access_check(visit.cx) && text_equal(visit.cx->failure.code, "tenant_suspended");
    visit_end(&visit);
    return suspended;
}

static char folder[64];

static void start_worker(void)
{
    const char *problem;
    char run[96];
    keep = arena_new();
    limits("0", "0", "0");
    strcpy(folder, "/tmp/tulou-access-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(run, sizeof run, "%s/run", folder);
    ck_assert_int_eq(mkdir(run, 0700), 0);
    setenv("TULOU_VAR", folder, 1);
    ck_assert(config_load(&problem));
    token_set_keys(NULL, 0);
    shared_close();
    ck_assert(access_start());
}

static void end_worker(void)
{
    nftw(folder, database_unlink, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(keep);
}

IN_WORLD(before_the_keys_are_there_tokens_are_not_called_bad)
{
    keep = arena_new();
    const char *token = TOKEN_OF(CLUB_ID, OWNER_ID), *const key = "another";
    token_set_keys(NULL, 0);
    refused(&signed_in, BY(.token = token), 503, "not_ready");
    token_set_keys(&key, 1);
    refused(&signed_in, BY(.token = token), 401, "token_key");
    arena_free(keep);
}

IN_WORLD(a_change_on_another_machine_reaches_this_one)
{
    start_worker();
    ck_assert(comes_true(keys_are_there, NULL));
    char *owner = (char *)TOKEN_OF(CLUB_ID, OWNER_ID), *staff = (char *)TOKEN_OF(CLUB_ID, STAFF_ID);
    allowed(&change, BY(.token = owner));
    database_sql("update tenants set status = 'suspended' where slug = 'club'");
    ck_assert(comes_true(is_suspended, owner));
    database_sql("update tenants set status = 'active' where slug = 'club'");
    database_sql("update everyone.sessions set revoked_at = now() where user_id = '" OWNER_ID "'");
    ck_assert(comes_true(is_stale, owner));
    ck_assert(!is_stale(staff));
    database_sql("update everyone.users set status = 'inactive' where id = '" STAFF_ID "'");
    ck_assert(comes_true(is_stale, staff));
    end_worker();
}

IN_WORLD(a_changed_role_reaches_those_who_have_it_and_those_who_inherit_it)
{
    start_worker();
    ck_assert(comes_true(keys_are_there, NULL));
    database_sql("insert into everyone.roles (tenant_id, key, name, permissions, inherits) values "
                 "('" CLUB_ID "', 'base', 'Base', '[\"crm.*\"]', null), "
                 "('" CLUB_ID "', 'top', 'Top', '[]', 'base'); "
                 "insert into everyone.user_roles (tenant_id, user_id, role_key) values "
                 "('" CLUB_ID "', '" STAFF_ID "', 'top')");
    char *staff = (char *)TOKEN_OF(CLUB_ID, STAFF_ID), *owner = (char *)TOKEN_OF(CLUB_ID, OWNER_ID);
    ck_assert(!is_stale(staff));
    database_sql("update everyone.roles set permissions = '[]' where key = 'base'");
    ck_assert(comes_true(is_stale, staff));
    ck_assert(!is_stale(owner));
    end_worker();
}

/* What was heard of before a restart stays known, also without the file. */
IN_WORLD(a_new_machine_learns_what_was_revoked_lately)
{
    start_worker();
    ck_assert(comes_true(keys_are_there, NULL));
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    database_sql("update everyone.sessions set revoked_at = now() where user_id = '" OWNER_ID "'");
    database_sql("update everyone.user_roles set role_key = 'admin' where user_id = '" STAFF_ID
                 "'");
    const char *fresh = NULL;
    struct arena *kept = keep;
    nftw(folder, database_unlink, 16, FTW_DEPTH | FTW_PHYS);
    start_worker();
    arena_free(keep);
    keep = kept;
    ck_assert(comes_true(keys_are_there, NULL));
    refused(&signed_in, BY(.token = owner), 401, "session_revoked");
    refused(&signed_in, BY(.token = staff), 401, "token_stale");
    fresh = TOKEN_OF(CLUB_ID, OWNER_ID);
    allowed(&signed_in, BY(.token = fresh));
    end_worker();
}

IN_WORLD(a_new_key_verifies_before_it_signs)
{
    struct arena *arena = arena_new();
    struct claims claims = {.user_id = OWNER_ID,
                            .tenant_id = CLUB_ID,
                            .session_id = STAFF_ID,
                            .email = "",
                            .role = "owner",
                            .issued_us = clock_now_us(),
                            .expires_at = clock_now_us() / 1000000 + 60};
    database_sql("delete from signing_keys; insert into signing_keys (id, created_at) values "
                 "('old', now() - interval '1 day'), ('new', now())");
    start_worker();
    ck_assert(comes_true(keys_are_there, NULL));
    const char *by_old = token_sign(arena, &claims);
    static const char *const only[] = {"new"}, *const both[] = {"new", "old"};
    token_set_keys(only, 1);
    const char *by_new = token_sign(arena, &claims);
    struct claims out;
    ck_assert_str_eq(token_verify(arena, by_old, &out), "token_key");
    token_set_keys(both, 2);
    ck_assert_ptr_null(token_verify(arena, by_old, &out));
    ck_assert_ptr_null(token_verify(arena, by_new, &out));
    arena_free(arena);
    end_worker();
}

static Suite *access_suite(void)
{
    Suite *suite = suite_create("access");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, public_routes_are_open);
    tcase_add_test(core, nobody_comes_in_without_a_session);
    tcase_add_test(core, a_bad_token_is_not_made_good_by_a_good_cookie);
    tcase_add_test(core, a_route_asks_for_its_permission);
    tcase_add_test(core, each_audience_has_its_own_routes);
    tcase_add_test(core, a_token_is_of_one_tenant);
    tcase_add_test(core, signing_in_takes_no_notice_of_a_token);
    tcase_add_test(core, built_in_roles_of_another_kind_of_tenant_give_nothing);
    tcase_add_test(core, the_scope_says_through_which_role_data_is_seen);
    tcase_add_test(core, events_say_who_acted);
    tcase_add_test(core, a_suspended_tenant_is_read_only_for_its_owner_alone);
    tcase_add_test(core, an_inactive_tenant_is_closed_to_all);
    tcase_add_test(core, an_allow_list_of_networks_binds_a_tenants_users);
    tcase_add_test(core, pages_ask_for_a_password_of_ones_own_first);
    tcase_add_test(core, changes_by_cookie_need_the_sessions_own_token);
    tcase_add_test(core, sign_in_forms_need_the_token_of_their_cookie);
    tcase_add_test(core, too_many_requests_of_one_user_are_refused);
    tcase_add_test(core, all_of_a_tenant_share_its_limit);
    tcase_add_test(core, sign_in_has_a_limit_of_its_own);
    tcase_add_test(core, strangers_who_keep_guessing_are_slowed_down);
    tcase_add_test(core, only_origins_of_the_tenants_settings_may_call);
    tcase_add_test(core, a_preflight_is_answered_for_the_hosts_tenant);
    tcase_add_test(core, nobody_grants_what_they_lack);
    tcase_add_test(core, those_above_a_tenant_grant_its_roles_within_their_rank);
    tcase_add_test(core, rights_add_up_over_roles_and_what_they_inherit);
    tcase_add_test(core, before_the_keys_are_there_tokens_are_not_called_bad);
    tcase_add_test(core, a_change_on_another_machine_reaches_this_one);
    tcase_add_test(core, a_changed_role_reaches_those_who_have_it_and_those_who_inherit_it);
    tcase_add_test(core, a_new_machine_learns_what_was_revoked_lately);
    tcase_add_test(core, a_new_key_verifies_before_it_signs);
    suite_add_tcase(suite, core);
    return suite;
}

static Suite *access_suite_with_database(void)
{
    database_begin();
    return access_suite();
}

UNIT_MAIN(access_suite_with_database)
