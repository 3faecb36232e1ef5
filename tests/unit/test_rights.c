/* What rights add up to, and how what changes elsewhere reaches us. */
#include "gate.h"

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

static Suite *rights_suite(void)
{
    Suite *suite = suite_create("rights");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, rights_add_up_over_roles_and_what_they_inherit);
    tcase_add_test(core, before_the_keys_are_there_tokens_are_not_called_bad);
    tcase_add_test(core, a_change_on_another_machine_reaches_this_one);
    tcase_add_test(core, a_changed_role_reaches_those_who_have_it_and_those_who_inherit_it);
    tcase_add_test(core, a_new_machine_learns_what_was_revoked_lately);
    tcase_add_test(core, a_new_key_verifies_before_it_signs);
    suite_add_tcase(suite, core);
    return suite;
}

GATE_MAIN(rights_suite)
