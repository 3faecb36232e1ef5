/* cron: what an expression names, in zones whose clocks jump. */
#include <stdio.h>

#include "base/clock.h"
#include "job/cron.h"
#include "unit.h"

static const char *const refused[] = {
    "",
    "*",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * 32 * *",
    "* * * 0 *",
    "* * * 13 *",
    "* * * * 8",
    "-1 * * * *",
    "5-1 * * * *",
    "*/0 * * * *",
    "1, * * * *",
    ",1 * * * *",
    "1-/2 * * * *",
    "1/ * * * *",
    "99999999999 * * * *",
    "* * * janu *",
    "* * * * sund",
    "* * * mon *",
    "* * mon * *",
    "@daily",
    "1.5 * * * *",
    "* * * * *;",
};

START_TEST(what_is_no_expression_is_refused)
{
    struct cron cron;
    ck_assert_msg(!cron_parse(refused[_i], &cron), "%s", refused[_i]);
}
END_TEST

/* Each with the first instants after one, in UTC. */
static const struct {
    const char *cron, *zone, *after, *next[3];
} cases[] = {
    {"* * * * *",
     NULL,
     "2026-11-21T10:00:00Z",
     {"2026-11-21T10:01:00Z", "2026-11-21T10:02:00Z", "2026-11-21T10:03:00Z"}},
    {"* * * * *", NULL, "2026-11-21T10:00:59.999999Z", {"2026-11-21T10:01:00Z"}},
    {"0 3 * * *", NULL, "2026-11-21T03:00:00Z", {"2026-11-22T03:00:00Z"}},
    {"  */20\t8-9 * * *  ",
     NULL,
     "2026-11-21T08:30:00Z",
     {"2026-11-21T08:40:00Z", "2026-11-21T09:00:00Z", "2026-11-21T09:20:00Z"}},
    {"50/5 * * * *",
     NULL,
     "2026-11-21T10:00:00Z",
     {"2026-11-21T10:50:00Z", "2026-11-21T10:55:00Z", "2026-11-21T11:50:00Z"}},
    {"0-30/10,45 1 * * *",
     NULL,
     "2026-11-21T01:20:00Z",
     {"2026-11-21T01:30:00Z", "2026-11-21T01:45:00Z", "2026-11-22T01:00:00Z"}},
    {"0 0 1 JAN,jul *",
     NULL,
     "2026-11-21T00:00:00Z",
     {"2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z", "2028-01-01T00:00:00Z"}},
    {"30 9 * * mon-fri",
     NULL,
     "2026-11-20T09:30:00Z",
     {"2026-11-23T09:30:00Z", "2026-11-24T09:30:00Z", "2026-11-25T09:30:00Z"}},
    {"0 0 * * 7", NULL, "2026-11-21T00:00:00Z", {"2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"}},
    {"0 0 * * 0", NULL, "2026-11-21T00:00:00Z", {"2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"}},
    {"0 0 * * 5-7",
     NULL,
     "2026-11-19T00:00:00Z",
     {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"}},
    /* both days: either; a day that begins with *: both */
    {"0 0 13 * fri",
     NULL,
     "2026-11-12T00:00:00Z",
     {"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"}},
    {"0 0 */2 * mon",
     NULL,
     "2026-11-21T00:00:00Z",
     {"2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z", "2026-12-21T00:00:00Z"}},
    {"0 0 31 * *",
     NULL,
     "2026-11-21T00:00:00Z",
     {"2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-03-31T00:00:00Z"}},
    {"0 12 29 2 *", NULL, "2096-02-29T12:00:00Z", {"2104-02-29T12:00:00Z"}},
    /* Madrid: 2 becomes 3 on 29 March 2026, 3 becomes 2 on 25 October */
    {"0 3 * * *",
     "Europe/Madrid",
     "2026-03-27T12:00:00Z",
     {"2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"}},
    {"30 2 * * *",
     "Europe/Madrid",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"15,45 2 * * *",
     "Europe/Madrid",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z", "2026-03-30T00:45:00Z"}},
    {"30 2 * * *",
     "Europe/Madrid",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    {"*/30 * * * *",
     "Europe/Madrid",
     "2026-10-25T00:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"}},
    {"*/30 * * * *",
     "Europe/Madrid",
     "2026-03-29T00:30:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"}},
    /* half an hour, and a day that never was */
    {"15 2 * * *",
     "Australia/Lord_Howe",
     "2026-10-03T00:00:00Z",
     {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
    {"0 9 30 12 *",
     "Pacific/Apia",
     "2010-12-31T00:00:00Z",
     {"2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"}},
    {"0 0 * * *", "America/New_York", "2026-11-01T04:00:00Z", {"2026-11-02T05:00:00Z"}},
    {"0 0 * * *", "Asia/Kathmandu", "2026-11-21T00:00:00Z", {"2026-11-21T18:15:00Z"}},
    {"* * * * *", "Asia/Kathmandu", "2026-11-21T10:00:00Z", {"2026-11-21T10:01:00Z"}},
    {"10 * * * *", "Asia/Kathmandu", "2026-11-21T10:00:00Z", {"2026-11-21T10:25:00Z"}},
    {"0 3 * * *", NULL, "1969-12-31T03:00:00.5Z", {"1970-01-01T03:00:00Z"}},
};

START_TEST(the_next_instants)
{
    struct cron cron;
    int64_t at, expected;
    char shown[32];
    ck_assert(cron_parse(cases[_i].cron, &cron));
    ck_assert(clock_parse(cases[_i].after, &at));
    for (int k = 0; k < 3 && cases[_i].next[k]; k++) {
        ck_assert(cron_next(&cron, cases[_i].zone, at, &at));
        ck_assert(clock_parse(cases[_i].next[k], &expected));
        clock_format(at, shown);
        ck_assert_msg(at == expected, "%s in %s: %s, not %s", cases[_i].cron, cases[_i].zone, shown,
                      cases[_i].next[k]);
    }
}
END_TEST

START_TEST(a_day_that_never_comes_is_never)
{
    struct cron cron;
    int64_t at = 0;
    ck_assert(cron_parse("0 0 31 2 *", &cron));
    ck_assert(!cron_next(&cron, NULL, 0, &at));
    ck_assert(cron_parse("* * 30 feb *", &cron));
    ck_assert(!cron_next(&cron, "Europe/Madrid", 0, &at));
}
END_TEST

static const char *const zones[] = {"Europe/Madrid", "America/New_York", "Australia/Lord_Howe",
                                    "Africa/Casablanca", "UTC"};

/* Whatever the clocks do: once on each day, and the hours of the day all come. */
START_TEST(a_daily_one_comes_once_a_day)
{
    struct cron cron;
    for (int hour = 0; hour < 24; hour++) {
        char text[32];
        int64_t at = 1767225600000000, count = 0; /* 2026 begins */
        snprintf(text, sizeof text, "30 %d * * *", hour);
        ck_assert(cron_parse(text, &cron));
        while (cron_next(&cron, zones[_i], at, &at) && at < 1798761600000000)
            count++;
        ck_assert_msg(count == 365, "%s in %s: %d", text, zones[_i], (int)count);
    }
}
END_TEST

START_TEST(an_hourly_one_comes_once_an_hour)
{
    struct cron cron;
    int64_t at = 1767225600000000, count = 0;
    ck_assert(cron_parse("0 * * * *", &cron));
    while (cron_next(&cron, "Europe/Madrid", at, &at) && at < 1798761600000000)
        count++;
    ck_assert_int_eq(count, 365 * 24 - 1);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("cron");
    TCase *tests = tcase_create("cron");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_is_no_expression_is_refused, 0,
                        (int)(sizeof refused / sizeof *refused));
    tcase_add_loop_test(tests, the_next_instants, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tests, a_day_that_never_comes_is_never);
    tcase_add_loop_test(tests, a_daily_one_comes_once_a_day, 0,
                        (int)(sizeof zones / sizeof *zones));
    tcase_add_test(tests, an_hourly_one_comes_once_an_hour);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(make_suite)
