/* Sessions: opened, recognised, rotated, revoked. */
#include "access/internal.h"
#include "visit.h"

static const struct route page = {
    .method = HTTP_GET, .path = "/x", .access = SIGNED_IN(TENANT), .answer = ANSWER_PAGE};
static const struct route call = {
    .method = HTTP_GET, .path = "/api/x", .access = SIGNED_IN(TENANT)};

static bool open_in(const char *tenant_id, const char *user_id, enum session_kind kind,
                    struct session_tokens *out, struct arena *keep)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct db db;
    ck_assert(tenant_resolve(visit.cx, NULL));
    db_init(&db, visit.arena, DB_TENANT, tenant_id, "shared");
    bool opened = session_open(visit.cx, &db, user_id, kind, out);
    out->access = arena_text(keep, out->access);
    out->refresh = arena_text(keep, out->refresh);
    out->cookie = arena_text(keep, out->cookie);
    visit_end(&visit);
    return opened;
}

static struct session_tokens open_club(struct arena *keep, const char *user_id)
{
    struct session_tokens tokens;
    ck_assert(open_in(CLUB_ID, user_id, SESSION_TOKEN, &tokens, keep));
    return tokens;
}

static struct visit with_token(const struct session_tokens *tokens)
{
    struct arena *arena = arena_new();
    struct visit visit = visit_begin(&call, "club.localhost", "HTTP_AUTHORIZATION",
                                     arena_printf(arena, "Bearer %s", tokens->access), NULL);
    arena_free(arena);
    return visit;
}

static void good(const struct session_tokens *tokens)
{
    struct visit visit = with_token(tokens);
    ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
    visit_end(&visit);
}

static void bad(const struct session_tokens *tokens, int status, const char *code)
{
    struct visit visit = with_token(tokens);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, status, code);
    visit_end(&visit);
}

static bool rotate(const char *refresh, struct session_tokens *out, struct arena *keep,
                   const char **code)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    ck_assert(tenant_resolve(visit.cx, NULL));
    bool done = session_refresh(visit.cx, refresh, out);
    out->access = arena_text(keep, out->access);
    out->refresh = arena_text(keep, out->refresh);
    *code = arena_text(keep, visit.cx->failure.code);
    visit_end(&visit);
    return done;
}

static struct session_tokens rotated(const char *refresh, struct arena *keep)
{
    struct session_tokens out;
    const char *code;
    ck_assert_msg(rotate(refresh, &out, keep, &code), "%s", code);
    return out;
}

static void not_rotated(const char *refresh, const char *expected, struct arena *keep)
{
    struct session_tokens out;
    const char *code;
    ck_assert(!rotate(refresh, &out, keep, &code));
    ck_assert_str_eq(code, expected);
}

/* ---- opened and recognised ---- */

IN_WORLD(a_token_tells_who_asks)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID);
    ck_assert_int_eq(tokens.expires_in, 900);
    ck_assert_ptr_null(tokens.cookie);
    struct visit visit = with_token(&tokens);
    ck_assert(access_check(visit.cx));
    const struct session *session = visit.cx->session;
    ck_assert_int_eq(session->kind, SESSION_TOKEN);
    ck_assert_str_eq(session->user_id, OWNER_ID);
    ck_assert_str_eq(session->tenant_id, CLUB_ID);
    ck_assert_str_eq(session->id, tokens.session_id);
    ck_assert_str_eq(session->email, "owner@club.test");
    ck_assert_str_eq(session->name, "Ana");
    ck_assert_str_eq(session->role, "owner");
    ck_assert_int_eq(session->rank, 90);
    ck_assert(!session->is_operator);
    ck_assert(may(visit.cx, "crm.leads:delete"));
    ck_assert(!may(visit.cx, "platform.tenants:read"));
    visit_end(&visit);
    arena_free(keep);
}

static struct visit with_cookie(const char *host, const char *cookie)
{
    struct arena *arena = arena_new();
    struct visit visit = visit_begin(&page, host, "HTTP_COOKIE",
                                     arena_printf(arena, "tulou_session=%s", cookie), NULL);
    arena_free(arena);
    return visit;
}

IN_WORLD(a_cookie_is_good_in_its_own_tenant_only)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens;
    ck_assert(open_in(CLUB_ID, STAFF_ID, SESSION_COOKIE, &tokens, keep));
    ck_assert_ptr_null(tokens.refresh);
    struct visit visit = with_cookie("club.localhost", tokens.cookie);
    ck_assert(access_check(visit.cx));
    ck_assert_int_eq(visit.cx->session->kind, SESSION_COOKIE);
    ck_assert_str_eq(visit.cx->session->user_id, STAFF_ID);
    ck_assert_str_eq(visit.cx->session->role, "staff");
    ck_assert_str_eq(visit.cx->session->csrf, access_csrf(visit.cx));
    visit_end(&visit);
    static const char *const elsewhere[] = {"other.localhost", "localhost"};
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        visit = with_cookie(elsewhere[i], tokens.cookie);
        ck_assert(!access_check(visit.cx));
        visit_failed(&visit, 401, "not_signed_in");
        visit_end(&visit);
    }
    arena_free(keep);
}

IN_WORLD(neither_cookies_nor_refresh_tokens_are_stored)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID), cookie;
    ck_assert(open_in(CLUB_ID, OWNER_ID, SESSION_COOKIE, &cookie, keep));
    const char *secret = strchr(tokens.refresh, '.') + 1;
    ck_assert_int_eq(database_count(arena_printf(
                         keep,
                         "select count(*) from everyone.sessions s "
                         "where to_jsonb(s)::text like '%%%s%%' or to_jsonb(s)::text like '%%%s%%'",
                         secret, cookie.cookie)),
                     0);
    arena_free(keep);
}

IN_WORLD(cookies_of_users_who_may_not_sign_in_are_nobodys)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens;
    ck_assert(open_in(CLUB_ID, STAFF_ID, SESSION_COOKIE, &tokens, keep));
    database_sql("update everyone.users set status = 'inactive' where id = '" STAFF_ID "'");
    struct visit visit = with_cookie("club.localhost", tokens.cookie);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, 401, "not_signed_in");
    visit_end(&visit);
    arena_free(keep);
}

/* ---- rotation ---- */

IN_WORLD(a_refresh_token_gives_a_new_pair)
{
    struct arena *keep = arena_new();
    struct session_tokens first = open_club(keep, OWNER_ID);
    struct session_tokens second = rotated(first.refresh, keep);
    ck_assert_str_ne(second.refresh, first.refresh);
    ck_assert_str_eq(second.session_id, first.session_id);
    good(&first); /* an access token lives until it ends */
    good(&second);
    struct session_tokens third = rotated(second.refresh, keep);
    good(&third);
    arena_free(keep);
}

IN_WORLD(refresh_token_reuse_revokes_family)
{
    struct arena *keep = arena_new();
    struct session_tokens first = open_club(keep, OWNER_ID);
    struct session_tokens other = open_club(keep, OWNER_ID);
    struct session_tokens second = rotated(first.refresh, keep);
    struct session_tokens third = rotated(second.refresh, keep);
    not_rotated(first.refresh, "refresh_token_reused", keep);
    bad(&first, 401, "session_revoked");
    bad(&third, 401, "session_revoked");
    not_rotated(third.refresh, "refresh_token_invalid", keep);
    good(&other); /* another family */
    ck_assert_int_eq(database_count("select count(*) from everyone.sessions "
                                    "where revoked_why = 'refresh token used twice'"),
                     1);
    arena_free(keep);
}

struct attempt {
    const char *refresh;
    struct arena *keep;
    struct session_tokens out;
    const char *code;
    bool done;
};

static void attempt(void *arg)
{
    struct attempt *it = arg;
    it->done = rotate(it->refresh, &it->out, it->keep, &it->code);
}

IN_WORLD(of_parallel_uses_of_one_refresh_token_by_one_client_there_is_one_successor)
{
    enum { MANY = 12 };
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID);
    struct attempt attempts[MANY];
    for (int i = 0; i < MANY; i++)
        attempts[i] = (struct attempt){.refresh = tokens.refresh, .keep = keep};
    together(attempt, attempts, sizeof *attempts, MANY);
    for (int i = 0; i < MANY; i++) {
        ck_assert_msg(attempts[i].done, "%s", attempts[i].code);
        ck_assert_str_eq(attempts[i].out.refresh, attempts[0].out.refresh);
        good(&attempts[i].out);
    }
    ck_assert_int_eq(database_count("select count(*) from everyone.used_tokens"), 1);
    database_sql("update everyone.used_tokens set created_at = now() - interval '11 seconds'");
    not_rotated(tokens.refresh, "refresh_token_reused", keep);
    not_rotated(attempts[0].out.refresh, "refresh_token_invalid", keep);
    bad(&tokens, 401, "session_revoked");
    arena_free(keep);
}

IN_WORLD(what_is_no_refresh_token_is_refused)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID);
    const char *secret = strchr(tokens.refresh, '.');
    not_rotated("", "refresh_token_invalid", keep);
    not_rotated("nonsense", "refresh_token_invalid", keep);
    not_rotated(CLUB_ID ".nonsense", "refresh_token_invalid", keep);
    not_rotated(arena_printf(keep, "%s%s", OTHER_ID, secret), "refresh_token_invalid", keep);
    not_rotated(secret, "refresh_token_invalid", keep);
    not_rotated(tokens.access, "refresh_token_invalid", keep);
    rotated(tokens.refresh, keep); /* none of it cost the good one anything */
    arena_free(keep);
}

IN_WORLD(a_refresh_token_is_of_its_tenants_host)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID), out;
    struct visit visit = visit_begin(NULL, "other.localhost", NULL);
    ck_assert(tenant_resolve(visit.cx, NULL));
    ck_assert(!session_refresh(visit.cx, tokens.refresh, &out));
    visit_failed(&visit, 403, "tenant_mismatch");
    visit_end(&visit);
    rotated(tokens.refresh, keep);
    arena_free(keep);
}

IN_WORLD(an_expired_session_is_over)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, OWNER_ID), cookie;
    ck_assert(open_in(CLUB_ID, OWNER_ID, SESSION_COOKIE, &cookie, keep));
    database_sql("update everyone.sessions set expires_at = now()");
    not_rotated(tokens.refresh, "refresh_token_invalid", keep);
    struct visit visit = with_cookie("club.localhost", cookie.cookie);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, 401, "not_signed_in");
    visit_end(&visit);
    arena_free(keep);
}

IN_WORLD(sessions_live_as_long_as_their_tenant_says)
{
    struct arena *keep = arena_new();
    static const char life[] = "select round(extract(epoch from expires_at - created_at) / 86400) "
                               "from everyone.sessions";
    open_club(keep, OWNER_ID);
    ck_assert_int_eq(database_count(life), 7);
    database_sql("delete from everyone.sessions; update tenants set settings = "
                 "'{\"security\": {\"sessionDays\": 2}}' where slug = 'club'");
    tenant_changed(NULL, CLUB_ID);
    open_club(keep, OWNER_ID);
    ck_assert_int_eq(database_count(life), 2);
    arena_free(keep);
}

/* ---- revoked ---- */

static void revoke_one(const char *session_id)
{
    struct visit visit = visit_begin(NULL, "club.localhost", NULL);
    struct db db;
    ck_assert(tenant_resolve(visit.cx, NULL));
    db_init(&db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    ck_assert(session_revoke(visit.cx, &db, session_id, "test"));
    visit_end(&visit);
}

IN_WORLD(a_revoked_session_is_over_at_once)
{
    struct arena *keep = arena_new();
    struct session_tokens one = open_club(keep, OWNER_ID), two = open_club(keep, OWNER_ID);
    revoke_one(one.session_id);
    bad(&one, 401, "session_revoked");
    not_rotated(one.refresh, "refresh_token_invalid", keep);
    good(&two);
    arena_free(keep);
}

IN_WORLD(a_revoked_session_stays_over_when_the_clock_was_set_back)
{
    struct arena *keep = arena_new();
    struct session_tokens one = open_club(keep, OWNER_ID);
    revoke_one(one.session_id);
    ck_assert(shared_revoked(one.session_id, clock_now_us() + 10 * 60000000LL));
    arena_free(keep);
}

STATEMENT(end_by_the_way, "select s from house.session_end($1::uuid, 'test') s", DB_WRITES);

IN_WORLD(a_session_that_a_trigger_ends_is_over_with_the_commit)
{
    struct arena *keep = arena_new();
    struct session_tokens one = open_club(keep, OWNER_ID), two = open_club(keep, OWNER_ID);
    struct visit visit = visit_begin(NULL, "club.localhost", NULL);
    struct db db;
    ck_assert(tenant_resolve(visit.cx, NULL));
    db_init(&db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    ck_assert(db_begin(&db));
    ck_assert_ptr_nonnull(db_get(&db, &end_by_the_way, one.session_id));
    ck_assert(session_void_ended(visit.cx, &db));
    ck_assert(!shared_revoked(one.session_id, 1));
    ck_assert(db_commit(&db));
    ck_assert(shared_revoked(one.session_id, 1)); /* before any notice could come round */
    visit_end(&visit);
    bad(&one, 401, "session_revoked");
    good(&two);
    arena_free(keep);
}

IN_WORLD(a_session_of_another_tenant_is_not_revoked)
{
    struct arena *keep = arena_new();
    struct session_tokens other, mine = open_club(keep, OWNER_ID);
    ck_assert(open_in(OTHER_ID, OTHER_OWNER_ID, SESSION_TOKEN, &other, keep));
    revoke_one(other.session_id);
    ck_assert(!shared_revoked(other.session_id, 1));
    rotated(other.refresh, keep);
    good(&mine);
    arena_free(keep);
}

IN_WORLD(all_sessions_of_a_user_end_but_the_one_kept)
{
    struct arena *keep = arena_new();
    struct session_tokens one = open_club(keep, OWNER_ID), two = open_club(keep, OWNER_ID),
                          staff = open_club(keep, STAFF_ID);
    struct visit visit = visit_begin(NULL, "club.localhost", NULL);
    struct db db;
    ck_assert(tenant_resolve(visit.cx, NULL));
    db_init(&db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    ck_assert(session_revoke_user(visit.cx, &db, OWNER_ID, two.session_id, "test"));
    visit_end(&visit);
    bad(&one, 401, "session_revoked");
    good(&two);
    good(&staff);
    arena_free(keep);
}

IN_WORLD(an_operator_ends_its_own_session_from_the_platforms_side)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens;
    ck_assert(open_in(PLATFORM_ID, SUPERADMIN_ID, SESSION_TOKEN, &tokens, keep));
    static const struct route out = {
        .method = HTTP_POST, .path = "/api/out", .access = SIGNED_IN(EITHER)};
    struct visit visit = visit_begin(&out, "localhost", "HTTP_AUTHORIZATION",
                                     arena_printf(keep, "Bearer %s", tokens.access), NULL);
    ck_assert(access_check(visit.cx));
    ck_assert_int_eq(visit.cx->db.role, DB_PLATFORM);
    ck_assert(session_revoke(visit.cx, &visit.cx->db, visit.cx->session->id, "test"));
    visit_end(&visit);
    ck_assert(shared_revoked(tokens.session_id, clock_now_us() - 60000000));
    not_rotated(tokens.refresh, "refresh_token_invalid", keep);
    arena_free(keep);
}

/* ---- rights that change ---- */

IN_WORLD(tokens_are_stale_once_rights_have_changed)
{
    struct arena *keep = arena_new();
    struct session_tokens old = open_club(keep, STAFF_ID), owner = open_club(keep, OWNER_ID);
    database_sql("update everyone.user_roles set role_key = 'admin' where user_id = '" STAFF_ID
                 "'");
    session_rights_changed(NULL, STAFF_ID);
    bad(&old, 401, "token_stale");
    good(&owner);
    struct session_tokens fresh = rotated(old.refresh, keep);
    struct visit visit = with_token(&fresh);
    ck_assert(access_check(visit.cx));
    ck_assert_str_eq(visit.cx->session->role, "admin");
    visit_end(&visit);
    arena_free(keep);
}

IN_WORLD(a_change_of_a_tenants_roles_makes_all_its_tokens_stale)
{
    struct arena *keep = arena_new();
    struct session_tokens club = open_club(keep, OWNER_ID), other;
    ck_assert(open_in(OTHER_ID, OTHER_OWNER_ID, SESSION_TOKEN, &other, keep));
    session_rights_changed(NULL, CLUB_ID);
    bad(&club, 401, "token_stale");
    struct visit visit = visit_begin(&call, "other.localhost", "HTTP_AUTHORIZATION",
                                     arena_printf(keep, "Bearer %s", other.access), NULL);
    ck_assert(access_check(visit.cx));
    visit_end(&visit);
    arena_free(keep);
}

IN_WORLD(who_may_not_sign_in_gets_no_new_token_then_or_later)
{
    struct arena *keep = arena_new();
    struct session_tokens tokens = open_club(keep, STAFF_ID);
    database_sql("update everyone.users set status = 'suspended' where id = '" STAFF_ID "'");
    not_rotated(tokens.refresh, "refresh_token_invalid", keep);
    database_sql("update everyone.users set status = 'active' where id = '" STAFF_ID "'");
    not_rotated(tokens.refresh, "refresh_token_invalid", keep);
    arena_free(keep);
}

IN_WORLD(of_a_suspended_tenant_only_the_owner_gets_new_tokens)
{
    struct arena *keep = arena_new();
    struct session_tokens staff = open_club(keep, STAFF_ID), owner = open_club(keep, OWNER_ID);
    database_sql("update tenants set status = 'suspended' where slug = 'club'");
    tenant_changed(NULL, CLUB_ID);
    not_rotated(staff.refresh, "tenant_suspended", keep);
    owner = rotated(owner.refresh, keep);
    database_sql("update tenants set status = 'inactive' where slug = 'club'");
    tenant_changed(NULL, CLUB_ID);
    not_rotated(owner.refresh, "tenant_inactive", keep);
    arena_free(keep);
}

static Suite *session_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 30);
    tcase_add_test(core, a_token_tells_who_asks);
    tcase_add_test(core, a_cookie_is_good_in_its_own_tenant_only);
    tcase_add_test(core, neither_cookies_nor_refresh_tokens_are_stored);
    tcase_add_test(core, cookies_of_users_who_may_not_sign_in_are_nobodys);
    tcase_add_test(core, a_refresh_token_gives_a_new_pair);
    tcase_add_test(core, refresh_token_reuse_revokes_family);
    tcase_add_test(core,
                   of_parallel_uses_of_one_refresh_token_by_one_client_there_is_one_successor);
    tcase_add_test(core, what_is_no_refresh_token_is_refused);
    tcase_add_test(core, a_refresh_token_is_of_its_tenants_host);
    tcase_add_test(core, an_expired_session_is_over);
    tcase_add_test(core, sessions_live_as_long_as_their_tenant_says);
    tcase_add_test(core, a_revoked_session_is_over_at_once);
    tcase_add_test(core, a_revoked_session_stays_over_when_the_clock_was_set_back);
    tcase_add_test(core, a_session_that_a_trigger_ends_is_over_with_the_commit);
    tcase_add_test(core, a_session_of_another_tenant_is_not_revoked);
    tcase_add_test(core, all_sessions_of_a_user_end_but_the_one_kept);
    tcase_add_test(core, an_operator_ends_its_own_session_from_the_platforms_side);
    tcase_add_test(core, tokens_are_stale_once_rights_have_changed);
    tcase_add_test(core, a_change_of_a_tenants_roles_makes_all_its_tokens_stale);
    tcase_add_test(core, who_may_not_sign_in_gets_no_new_token_then_or_later);
    tcase_add_test(core, of_a_suspended_tenant_only_the_owner_gets_new_tokens);
    suite_add_tcase(suite, core);
    return suite;
}

static Suite *session_suite_with_database(void)
{
    database_begin();
    return session_suite();
}

UNIT_MAIN(session_suite_with_database)
