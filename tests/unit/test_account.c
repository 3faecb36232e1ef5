/* Accounts that are made, and what a sign-in writes down of them. */
#include "account/account.h"
#include "visit.h"

static struct visit account_visit(void)
{
    struct visit visit = visit_begin(NULL, "club.localhost", NULL);
    db_init(&visit.cx->db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    return visit;
}

static int account_has_hash(const char *hash)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "select count(*) from everyone.users where id = '" OWNER_ID "' and password_hash = "
             "'%s'",
             hash);
    return database_count(sql);
}

IN_WORLD(a_better_hash_does_not_bring_an_old_password_back)
{
    struct visit visit = account_visit();
    database_sql("update everyone.users set password_hash = 'old' where id = '" OWNER_ID "'");
    ck_assert(account_rehash(&visit.cx->db, CLUB_ID, OWNER_ID, "old", "old, better"));
    ck_assert_int_eq(account_has_hash("old, better"), 1);
    database_sql("update everyone.users set password_hash = 'chosen' where id = '" OWNER_ID "'");
    ck_assert(account_rehash(&visit.cx->db, CLUB_ID, OWNER_ID, "old, better", "old, best"));
    ck_assert_int_eq(account_has_hash("chosen"), 1);
    visit_end(&visit);
}

IN_WORLD(an_address_that_changed_meanwhile_is_not_verified)
{
    struct visit visit = account_visit();
    bool still;
    ck_assert(account_verify(&visit.cx->db, CLUB_ID, OWNER_ID, "other@club.test", &still));
    ck_assert(!still);
    ck_assert(account_verify(&visit.cx->db, CLUB_ID, OWNER_ID, "owner@club.test", &still));
    ck_assert(still);
    visit_end(&visit);
}

IN_WORLD(an_account_of_another_tenant_cannot_be_opened)
{
    struct visit visit = account_visit();
    char id[UUID_SIZE];
    uuid_new(id);
    const struct account_new account = {.tenant_id = OTHER_ID,
                                        .id = id,
                                        .email = "new@other.test",
                                        .name = "New",
                                        .kind = "staff",
                                        .role = "owner"};
    ck_assert(!account_open(&visit.cx->db, &account));
    ck_assert_int_eq(visit.cx->db.error.status, DB_DENIED);
    visit_end(&visit);
}

static Suite *account_suite(void)
{
    Suite *suite = suite_create("account");
    TCase *core = tcase_create("core");
    database_begin();
    tcase_add_test(core, a_better_hash_does_not_bring_an_old_password_back);
    tcase_add_test(core, an_address_that_changed_meanwhile_is_not_verified);
    tcase_add_test(core, an_account_of_another_tenant_cannot_be_opened);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(account_suite)
