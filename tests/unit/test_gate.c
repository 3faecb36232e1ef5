/* What is asked besides who somebody is: forms, how often, from where. */
#include "gate.h"

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
    tenant_changed(NULL, CLUB_ID);
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

static Suite *gate_suite(void)
{
    Suite *suite = suite_create("gate");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, changes_by_cookie_need_the_sessions_own_token);
    tcase_add_test(core, sign_in_forms_need_the_token_of_their_cookie);
    tcase_add_test(core, too_many_requests_of_one_user_are_refused);
    tcase_add_test(core, all_of_a_tenant_share_its_limit);
    tcase_add_test(core, sign_in_has_a_limit_of_its_own);
    tcase_add_test(core, strangers_who_keep_guessing_are_slowed_down);
    tcase_add_test(core, only_origins_of_the_tenants_settings_may_call);
    tcase_add_test(core, a_preflight_is_answered_for_the_hosts_tenant);
    suite_add_tcase(suite, core);
    return suite;
}

GATE_MAIN(gate_suite)
