/* Rules of the tables of users and roles, which hold whoever asks and however
 * many at once. */
#include "access/roles.h"
#include "visit.h"

STATEMENT(set_status,
          "update users\n"
          "set status = $2\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and id = $1::uuid\n"
          "returning version",
          DB_WRITES);
STATEMENT(take_role,
          "delete from user_roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid\n"
          "and user_id = $1::uuid and role_key = $2\n"
          "returning id",
          DB_WRITES);
STATEMENT(change_role,
          "update user_roles\n"
          "set role_key = $2\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and user_id = $1::uuid\n"
          "returning id",
          DB_WRITES);
STATEMENT(give_role,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "values (current_setting('app.tenant_id')::uuid, $1::uuid, $2)\n"
          "returning id",
          DB_WRITES);
STATEMENT(drop_user,
          "delete from users\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and id = $1::uuid\n"
          "returning id",
          DB_WRITES);
STATEMENT(add_user,
          "insert into users (tenant_id, email, name)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, 'X')\n"
          "returning id",
          DB_WRITES);
STATEMENT(rename_user,
          "update users\n"
          "set name = $2, last_login_at = now()\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and id = $1::uuid\n"
          "returning version",
          DB_WRITES);
STATEMENT(see_login,
          "update users\n"
          "set last_login_at = now()\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and id = $1::uuid\n"
          "returning version",
          DB_WRITES);
STATEMENT(drop_role,
          "delete from roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and key = $1\n"
          "returning id",
          DB_WRITES);

static struct arena *arena;

static struct db in(const char *tenant_id)
{
    struct db db;
    db_init(&db, arena, DB_TENANT, tenant_id, "shared");
    return db;
}

static void raised(struct db *db, struct rows *rows, const char *text)
{
    ck_assert(!rows);
    ck_assert_msg(db->error.status == DB_RAISED && text_starts(db->error.message, text), "%s",
                  db->error.message);
}

static void done(const struct db *db, const struct rows *rows)
{
    ck_assert_msg(rows && rows_count(rows) == 1, "%s", db->error.message ? db->error.message : "");
}

/* ---- the last owner ---- */

IN_WORLD(the_last_owner_stays)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    raised(&db, db_get(&db, &set_status, OWNER_ID, "inactive"), "409 last_owner: ");
    raised(&db, db_get(&db, &set_status, OWNER_ID, "suspended"), "409 last_owner: ");
    raised(&db, db_get(&db, &take_role, OWNER_ID, "owner"), "409 last_owner: ");
    raised(&db, db_get(&db, &change_role, OWNER_ID, "admin"), "409 last_owner: ");
    raised(&db, db_get(&db, &drop_user, OWNER_ID), "409 last_owner: ");
    done(&db, db_get(&db, &give_role, OWNER_ID, "staff"));
    done(&db, db_get(&db, &take_role, OWNER_ID, "staff"));
    done(&db, db_get(&db, &set_status, STAFF_ID, "inactive"));
    done(&db, db_get(&db, &drop_user, STAFF_ID));
    arena_free(arena);
}

IN_WORLD(with_another_owner_the_first_may_go)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    done(&db, db_get(&db, &give_role, STAFF_ID, "owner"));
    done(&db, db_get(&db, &set_status, STAFF_ID, "inactive"));
    raised(&db, db_get(&db, &drop_user, OWNER_ID),
           "409 last_owner: "); /* the other cannot come in */
    done(&db, db_get(&db, &set_status, STAFF_ID, "active"));
    done(&db, db_get(&db, &drop_user, OWNER_ID));
    raised(&db, db_get(&db, &take_role, STAFF_ID, "owner"), "409 last_owner: ");
    arena_free(arena);
}

IN_WORLD(each_kind_of_tenant_keeps_its_own_highest_role)
{
    arena = arena_new();
    struct db platform = in(PLATFORM_ID), reseller = in(RESELLER_ID);
    raised(&platform, db_get(&platform, &set_status, SUPERADMIN_ID, "inactive"),
           "409 last_owner: The last superadmin");
    raised(&reseller, db_get(&reseller, &take_role, HARBOR_ID, "reseller_admin"),
           "409 last_owner: The last reseller_admin");
    arena_free(arena);
}

struct goer {
    const char *user_id;
    bool by_role, gone;
};

static void go(void *arg)
{
    struct goer *goer = arg;
    struct arena *own = arena_new();
    struct db db;
    db_init(&db, own, DB_TENANT, CLUB_ID, "shared");
    goer->gone = db_begin(&db) &&
                 (goer->by_role ? db_get(&db, &take_role, goer->user_id, "owner")
                                : db_get(&db, &set_status, goer->user_id, "inactive")) &&
                 wait_us(20000) && /* the others come to the lock meanwhile */
                 db_commit(&db);
    db_rollback(&db);
    arena_free(own);
}

/* Two owners at once, each no longer the last when it looks. */
IN_WORLD(of_two_last_owners_who_go_at_once_one_stays)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    done(&db, db_get(&db, &give_role, STAFF_ID, "owner"));
    struct goer goers[] = {{OWNER_ID, false, false}, {STAFF_ID, true, false}};
    together(go, goers, sizeof *goers, 2);
    ck_assert_int_eq(goers[0].gone + goers[1].gone, 1);
    ck_assert_int_eq(database_count("select count(*) from everyone.user_roles r "
                                    "join everyone.users u on u.id = r.user_id "
                                    "where r.tenant_id = '" CLUB_ID
                                    "' and r.role_key = 'owner' and u.status = 'active'"),
                     1);
    arena_free(arena);
}

START_TEST(a_tenant_goes_with_its_last_owner)
{
    world_end();
    world_make();
    database_sql("insert into everyone.roles (tenant_id, key, name) values ('" CLUB_ID
                 "', 'desk', 'Desk'); insert into everyone.user_roles (tenant_id, user_id, "
                 "role_key) values ('" CLUB_ID "', '" STAFF_ID "', 'desk')");
    database_sql("delete from tenants where slug = 'club'");
    ck_assert_int_eq(
        database_count("select (select count(*) from everyone.users where tenant_id = '" CLUB_ID
                       "') + (select count(*) from everyone.roles where tenant_id = '" CLUB_ID
                       "')"),
        0);
}
END_TEST

/* ---- the quota of users ---- */

static void set_quota(const char *most)
{
    database_sql("update everyone.tenant_quotas set most = %s where tenant_id = '" CLUB_ID
                 "' and key = 'users'",
                 most);
}

IN_WORLD(users_are_counted_and_their_quota_is_kept)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    static const char used[] =
        "select used from everyone.tenant_quotas where tenant_id = '" CLUB_ID "' and key = 'users'";
    ck_assert_int_eq(database_count(used), 2);
    set_quota("3");
    done(&db, db_get(&db, &add_user, "c@club.test"));
    raised(&db, db_get(&db, &add_user, "d@club.test"), "403 quota_exceeded: ");
    ck_assert_int_eq(database_count(used), 3);
    done(&db, db_get(&db, &drop_user, STAFF_ID));
    done(&db, db_get(&db, &add_user, "d@club.test"));
    set_quota("1"); /* lowered below what there is: none goes, none comes */
    raised(&db, db_get(&db, &add_user, "e@club.test"), "403 quota_exceeded: ");
    set_quota("null");
    done(&db, db_get(&db, &add_user, "e@club.test"));
    struct db other = in(OTHER_ID);
    done(&other, db_get(&other, &add_user, "c@club.test"));
    arena_free(arena);
}

struct comer {
    int number;
    bool in;
};

static void come(void *arg)
{
    struct comer *comer = arg;
    struct arena *own = arena_new();
    struct db db;
    db_init(&db, own, DB_TENANT, CLUB_ID, "shared");
    comer->in = db_begin(&db) &&
                db_get(&db, &add_user, arena_printf(own, "n%d@club.test", comer->number)) &&
                wait_us(2000) && db_commit(&db);
    db_rollback(&db);
    arena_free(own);
}

IN_WORLD(users_made_at_once_do_not_pass_the_quota)
{
    enum { MANY = 20 };
    struct comer comers[MANY];
    int came = 0;
    set_quota("7");
    for (int i = 0; i < MANY; i++)
        comers[i] = (struct comer){i, false};
    together(come, comers, sizeof *comers, MANY);
    for (int i = 0; i < MANY; i++)
        came += comers[i].in;
    ck_assert_int_eq(came, 5);
    ck_assert_int_eq(
        database_count("select count(*) from everyone.users where tenant_id = '" CLUB_ID "'"), 7);
}

/* ---- users ---- */

IN_WORLD(an_address_is_lower_case_and_one_users)
{
    arena = arena_new();
    struct db db = in(CLUB_ID), other = in(OTHER_ID);
    ck_assert_ptr_null(db_get(&db, &add_user, "Upper@club.test"));
    ck_assert_int_eq(db.error.status, DB_CHECK);
    ck_assert_ptr_null(db_get(&db, &add_user, "owner@club.test"));
    ck_assert_int_eq(db.error.status, DB_UNIQUE);
    ck_assert_str_eq(db.error.constraint, "users_email_key");
    done(&other, db_get(&other, &add_user, "owner@club.test"));
    arena_free(arena);
}

IN_WORLD(a_users_version_counts_its_changes)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    ck_assert_int_eq(rows_int(db_get(&db, &rename_user, STAFF_ID, "Benno"), 0, 0), 2);
    ck_assert_int_eq(rows_int(db_get(&db, &set_status, STAFF_ID, "inactive"), 0, 0), 3);
    ck_assert_int_eq(rows_int(db_get(&db, &see_login, STAFF_ID), 0, 0), 3);
    arena_free(arena);
}

/* ---- roles ---- */

static void make_role(const char *key, const char *inherits)
{
    database_sql("insert into everyone.roles (tenant_id, key, name, inherits) values ('" CLUB_ID
                 "', '%s', 'R', %s)",
                 key, inherits);
}

IN_WORLD(a_role_that_somebody_needs_stays)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    make_role("desk", "null");
    make_role("lead", "'desk'");
    done(&db, db_get(&db, &give_role, STAFF_ID, "lead"));
    raised(&db, db_get(&db, &drop_role, "desk"), "409 role_in_use: ");
    raised(&db, db_get(&db, &drop_role, "lead"), "409 role_in_use: ");
    done(&db, db_get(&db, &take_role, STAFF_ID, "lead"));
    done(&db, db_get(&db, &drop_role, "lead"));
    done(&db, db_get(&db, &drop_role, "desk"));
    arena_free(arena);
}

struct role_user {
    bool gives, did;
};

static void use_role(void *arg)
{
    struct role_user *it = arg;
    struct arena *own = arena_new();
    struct db db;
    db_init(&db, own, DB_TENANT, CLUB_ID, "shared");
    struct rows *rows = NULL;
    if (db_begin(&db))
        rows =
            it->gives ? db_get(&db, &give_role, STAFF_ID, "desk") : db_get(&db, &drop_role, "desk");
    it->did = rows && rows_count(rows) == 1 && wait_us(20000) && db_commit(&db);
    db_rollback(&db);
    arena_free(own);
}

/* Given while it goes: either it was given first and stays, or it is gone and
 * nobody has it. */
IN_WORLD(a_role_does_not_go_while_it_is_given)
{
    make_role("desk", "null");
    struct role_user users[] = {{true, false}, {false, false}};
    together(use_role, users, sizeof *users, 2);
    ck_assert_int_eq(users[0].did + users[1].did, 1);
    ck_assert_int_eq(database_count("select count(*) from everyone.roles where key = 'desk'"),
                     users[0].did);
    ck_assert_int_eq(
        database_count("select count(*) from everyone.user_roles where role_key = 'desk'"),
        users[0].did);
}

IN_WORLD(only_roles_that_there_are_can_be_given)
{
    arena = arena_new();
    struct db db = in(CLUB_ID), other = in(OTHER_ID);
    make_role("desk", "null");
    done(&db, db_get(&db, &give_role, STAFF_ID, "desk"));
    done(&db, db_get(&db, &give_role, STAFF_ID, "customer"));
    raised(&db, db_get(&db, &give_role, STAFF_ID, "nothing"), "422 unknown_role: ");
    raised(&other, db_get(&other, &give_role, OTHER_OWNER_ID, "desk"), "422 unknown_role: ");
    arena_free(arena);
}

STATEMENT(add_role,
          "insert into roles (tenant_id, key, name)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, 'X')\n"
          "returning id",
          DB_WRITES);

IN_WORLD(the_tables_know_the_same_built_in_roles_as_the_program)
{
    arena = arena_new();
    struct db db = in(CLUB_ID);
    int count = 0;
    for (const struct builtin_role *role = builtin_roles; role->key; role++, count++) {
        ck_assert_ptr_null(db_get(&db, &add_role, role->key));
        ck_assert_int_eq(db.error.status, DB_CHECK);
    }
    ck_assert_int_eq(
        database_count("select regexp_count(pg_get_functiondef('house.is_builtin_role'::regproc), "
                       "'''\\w+''')"),
        count);
    arena_free(arena);
}

static Suite *identity_suite(void)
{
    Suite *suite = suite_create("identity");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 30);
    tcase_add_test(core, the_last_owner_stays);
    tcase_add_test(core, with_another_owner_the_first_may_go);
    tcase_add_test(core, each_kind_of_tenant_keeps_its_own_highest_role);
    tcase_add_test(core, of_two_last_owners_who_go_at_once_one_stays);
    tcase_add_test(core, a_tenant_goes_with_its_last_owner);
    tcase_add_test(core, users_are_counted_and_their_quota_is_kept);
    tcase_add_test(core, users_made_at_once_do_not_pass_the_quota);
    tcase_add_test(core, an_address_is_lower_case_and_one_users);
    tcase_add_test(core, a_users_version_counts_its_changes);
    tcase_add_test(core, a_role_that_somebody_needs_stays);
    tcase_add_test(core, a_role_does_not_go_while_it_is_given);
    tcase_add_test(core, only_roles_that_there_are_can_be_given);
    tcase_add_test(core, the_tables_know_the_same_built_in_roles_as_the_program);
    suite_add_tcase(suite, core);
    return suite;
}

static Suite *identity_suite_with_database(void)
{
    database_begin();
    return identity_suite();
}

UNIT_MAIN(identity_suite_with_database)
