/* Lock-out: growing, the same for accounts that do not exist, and not to be
 * outrun by guessing at once. Time passes by moving what was written down. */
#include "access/lockout.h"
#include "visit.h"

static struct visit attempt_from(const char *address)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    visit.cx->request.remote = arena_text(visit.arena, address);
    db_init(&visit.cx->db, visit.arena, DB_PLATFORM, NULL, "everyone");
    return visit;
}

static void note(const char *tenant_id, const char *email, const char *address, bool succeeded)
{
    struct visit visit = attempt_from(address);
    ck_assert(lockout_record(visit.cx, tenant_id, email, succeeded));
    visit_end(&visit);
}

static void fails(const char *tenant_id, const char *email, int times)
{
    for (int i = 0; i < times; i++)
        note(tenant_id, email, "198.51.100.1", false);
}

/* Seconds to wait; 0: none. */
static int wait_from(const char *tenant_id, const char *email, const char *address)
{
    int64_t wait = 0;
    struct visit visit = attempt_from(address);
    if (!lockout_check(visit.cx, tenant_id, email)) {
        visit_failed(&visit, 429, "locked_out");
        ck_assert(text_to_int(visit_header(&visit, "Retry-After"), 1, 900, &wait));
    }
    visit_end(&visit);
    return (int)wait;
}

static int wait_of(const char *tenant_id, const char *email)
{
    return wait_from(tenant_id, email, "203.0.113.1");
}

static void pass_time(int seconds)
{
    database_sql("update everyone.login_attempts set created_at = created_at - interval '%d s'",
                 seconds);
}

#define OWNER "owner@club.test"

IN_WORLD(the_first_mistakes_cost_nothing)
{
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
    fails(CLUB_ID, OWNER, 4);
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
}

IN_WORLD(then_the_delay_doubles_up_to_a_quarter_of_an_hour)
{
    int before = 1;
    fails(CLUB_ID, OWNER, 4);
    for (int i = 0; i < 8; i++) {
        fails(CLUB_ID, OWNER, 1);
        int wait = wait_of(CLUB_ID, OWNER);
        ck_assert_msg(wait > before && wait <= 2 << i, "%d: %d", i, wait);
        before = wait;
    }
    fails(CLUB_ID, OWNER, 20);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 850);
    ck_assert_int_le(wait_of(CLUB_ID, OWNER), 900);
}

IN_WORLD(the_delay_passes)
{
    fails(CLUB_ID, OWNER, 8);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 0);
    pass_time(17);
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
    fails(CLUB_ID, OWNER, 1); /* and is longer the next time */
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 17);
    pass_time(24 * 3600);
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
    fails(CLUB_ID, OWNER, 4);
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
}

IN_WORLD(a_success_forgives_what_was_before)
{
    fails(CLUB_ID, OWNER, 8);
    pass_time(17);
    note(CLUB_ID, OWNER, "203.0.113.9", true);
    fails(CLUB_ID, OWNER, 4);
    ck_assert_int_eq(wait_of(CLUB_ID, OWNER), 0);
}

IN_WORLD(strangers_do_not_lock_out_who_signed_in_from_here)
{
    note(CLUB_ID, OWNER, "203.0.113.9", true);
    fails(CLUB_ID, OWNER, 12);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 0);
    ck_assert_int_eq(wait_from(CLUB_ID, OWNER, "203.0.113.9"), 0);
    for (int i = 0; i < 6; i++)
        note(CLUB_ID, OWNER, "203.0.113.9", false);
    ck_assert_int_gt(wait_from(CLUB_ID, OWNER, "203.0.113.9"), 0); /* their own count */
}

IN_WORLD(where_one_signed_in_long_ago_is_a_stranger_again)
{
    note(CLUB_ID, OWNER, "203.0.113.9", true);
    pass_time(31 * 24 * 3600);
    fails(CLUB_ID, OWNER, 12);
    ck_assert_int_gt(wait_from(CLUB_ID, OWNER, "203.0.113.9"), 0);
}

IN_WORLD(accounts_that_do_not_exist_are_locked_the_same)
{
    static const char *const tenants[] = {CLUB_ID, NULL};
    for (int i = 0; i < 2; i++) {
        fails(tenants[i], OWNER, 7);
        fails(tenants[i], "nobody@club.test", 7);
        int real = wait_of(tenants[i], OWNER), none = wait_of(tenants[i], "nobody@club.test");
        ck_assert_int_gt(real, 0);
        ck_assert_msg(real - none <= 1 && none - real <= 1, "%d %d", real, none);
        database_sql("delete from everyone.login_attempts");
    }
}

IN_WORLD(one_account_costs_another_nothing)
{
    fails(CLUB_ID, OWNER, 10);
    ck_assert_int_eq(wait_of(CLUB_ID, "staff@club.test"), 0);
    ck_assert_int_eq(wait_of(OTHER_ID, OWNER), 0);
    ck_assert_int_eq(wait_of(OTHER_ID, "owner@other.test"), 0);
}

IN_WORLD(guesses_at_the_bare_domain_count_where_the_account_is)
{
    fails(NULL, OWNER, 7);
    ck_assert_int_gt(wait_of(NULL, OWNER), 0);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 0);
    ck_assert_int_eq(
        database_count("select count(*) from everyone.login_attempts where tenant_id = '" CLUB_ID
                       "'"),
        7);
}

/* Who has an account of the same address in a tenant of their own signs in to
 * that as often as they like: it forgives no guess at the other one. */
IN_WORLD(a_success_in_one_tenant_forgives_nothing_in_another)
{
    database_sql("insert into everyone.users (tenant_id, email, name) values ('" OTHER_ID
                 "', '" OWNER "', 'Eve')");
    fails(NULL, OWNER, 7);
    pass_time(9);
    note(OTHER_ID, OWNER, "203.0.113.1", true);
    fails(CLUB_ID, OWNER, 1);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 0);
    ck_assert_int_gt(wait_of(NULL, OWNER), 0);
    ck_assert_int_eq(wait_of(OTHER_ID, OWNER), 0);
}

IN_WORLD(a_clock_that_is_set_back_prolongs_nothing)
{
    fails(CLUB_ID, OWNER, 8);
    pass_time(-3600);
    ck_assert_int_gt(wait_of(CLUB_ID, OWNER), 0);
    ck_assert_int_le(wait_of(CLUB_ID, OWNER), 16);
}

IN_WORLD(an_address_that_tries_many_accounts_must_wait)
{
    database_sql("insert into everyone.login_attempts (tenant_id, email, ip, succeeded) "
                 "select '" CLUB_ID "', 'user' || n || '@club.test', '198.51.100.1', false "
                 "from generate_series(1, 199) n");
    ck_assert_int_eq(wait_from(CLUB_ID, OWNER, "198.51.100.1"), 0);
    fails(OTHER_ID, "x@other.test", 1);
    ck_assert_int_gt(wait_from(CLUB_ID, OWNER, "198.51.100.1"), 0);
    ck_assert_int_eq(wait_from(CLUB_ID, OWNER, "198.51.100.2"), 0);
    pass_time(15 * 60);
    ck_assert_int_eq(wait_from(CLUB_ID, OWNER, "198.51.100.1"), 0);
}

/* All were let in before any was known to be wrong. */
IN_WORLD(the_right_guess_among_many_at_once_is_refused)
{
    struct visit right = attempt_from("203.0.113.1");
    ck_assert(lockout_check(right.cx, CLUB_ID, OWNER));
    fails(CLUB_ID, OWNER, 6);
    ck_assert(!lockout_record(right.cx, CLUB_ID, OWNER, true));
    visit_failed(&right, 429, "locked_out");
    visit_end(&right);
    ck_assert_int_eq(database_count("select count(*) from everyone.login_attempts "
                                    "where succeeded"),
                     0);
}

IN_WORLD(attempts_are_written_down_for_the_security_page)
{
    struct visit visit = visit_begin(NULL, "localhost", "HTTP_USER_AGENT", "Tester", NULL);
    db_init(&visit.cx->db, visit.arena, DB_PLATFORM, NULL, "everyone");
    ck_assert(lockout_record(visit.cx, CLUB_ID, OWNER, true));
    visit_end(&visit);
    ck_assert_int_eq(
        database_count("select count(*) from everyone.login_attempts where tenant_id = '" CLUB_ID
                       "' and email = '" OWNER "' and ip = '192.0.2.1' and user_agent = 'Tester' "
                       "and succeeded"),
        1);
}

static Suite *lockout_suite(void)
{
    Suite *suite = suite_create("lockout");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 30);
    tcase_add_test(core, the_first_mistakes_cost_nothing);
    tcase_add_test(core, then_the_delay_doubles_up_to_a_quarter_of_an_hour);
    tcase_add_test(core, the_delay_passes);
    tcase_add_test(core, a_clock_that_is_set_back_prolongs_nothing);
    tcase_add_test(core, a_success_forgives_what_was_before);
    tcase_add_test(core, strangers_do_not_lock_out_who_signed_in_from_here);
    tcase_add_test(core, where_one_signed_in_long_ago_is_a_stranger_again);
    tcase_add_test(core, accounts_that_do_not_exist_are_locked_the_same);
    tcase_add_test(core, one_account_costs_another_nothing);
    tcase_add_test(core, guesses_at_the_bare_domain_count_where_the_account_is);
    tcase_add_test(core, a_success_in_one_tenant_forgives_nothing_in_another);
    tcase_add_test(core, an_address_that_tries_many_accounts_must_wait);
    tcase_add_test(core, the_right_guess_among_many_at_once_is_refused);
    tcase_add_test(core, attempts_are_written_down_for_the_security_page);
    suite_add_tcase(suite, core);
    return suite;
}

static Suite *lockout_suite_with_database(void)
{
    database_begin();
    return lockout_suite();
}

UNIT_MAIN(lockout_suite_with_database)
