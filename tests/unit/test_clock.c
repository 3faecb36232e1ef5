/* clock: instants and dates, at every edge of the calendar. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "unit.h"

static struct arena *arena;
static const int64_t second = 1000000, day = 86400LL * 1000000;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Counts day by day from year 1 to 9999, so that no day is left out. */
START_TEST(every_day_of_the_calendar_is_the_one_behind_the_last)
{
    int64_t us;
    ck_assert(clock_parse("0001-01-01T00:00:00Z", &us));
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++)
            for (int date = 1; date <= days_in(year, month); date++, us += day) {
                char expected[32], text[32];
                int64_t again;
                snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z", year, month, date);
                clock_format(us, text);
                if (strcmp(text, expected) != 0 || !clock_parse(text, &again) || again != us)
                    ck_abort_msg("%s, not %s", text, expected);
            }
    int64_t last;
    ck_assert(clock_parse("9999-12-31T23:59:59.999999Z", &last) && last == us - 1);
}
END_TEST

START_TEST(every_month_ends_where_it_should)
{
    static const int years[] = {1,    4,    100,  400,  1582, 1600, 1700, 1900, 1970,
                                1999, 2000, 2023, 2024, 2026, 2100, 2400, 9996, 9999};
    for (size_t y = 0; y < sizeof years / sizeof years[0]; y++)
        for (int month = 1; month <= 12; month++) {
            char text[32];
            int last = days_in(years[y], month);
            snprintf(text, sizeof text, "%04d-%02d-%02d", years[y], month, last);
            ck_assert_msg(clock_is_date(text), "%s", text);
            snprintf(text, sizeof text, "%04d-%02d-%02d", years[y], month, last + 1);
            ck_assert_msg(!clock_is_date(text), "%s", text);
        }
}
END_TEST

static const char *const no_dates[] = {
    "",           "2026",       "2026-11",     "2026-11-2",   "2026-11-211", "2026-13-01",
    "2026-00-01", "2026-01-00", "0000-01-01",  "-001-01-01",  "26-01-01",    "2026/01/01",
    "2026-1-01",  "2026-01-1 ", " 2026-01-01", "2026-01-01 ", "2026-01-01T", "20260101",
    "2026-02-29", "2100-02-29", "+026-01-01",  "12026-01-01", "2026-+1-01",  "2026-01-0x"};

START_TEST(what_is_no_date_is_refused)
{
    ck_assert_msg(!clock_is_date(no_dates[_i]), "%s", no_dates[_i]);
    ck_assert(!clock_is_date(NULL));
}
END_TEST

static const struct {
    const char *text, *utc;
} instants[] = {
    {"2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z"},
    {"2026-11-21t09:30:00z", "2026-11-21T09:30:00Z"},
    {"2026-11-21 09:30:00Z", "2026-11-21T09:30:00Z"},
    {"2026-11-21T10:30:00+01:00", "2026-11-21T09:30:00Z"},
    {"2026-11-21T04:00:00-05:30", "2026-11-21T09:30:00Z"},
    {"2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00Z"},
    {"2023-12-31T23:59:59-00:01", "2024-01-01T00:00:59Z"},
    {"2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"},
    {"2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00Z"},
    {"2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500000Z"},
    {"2026-11-21T09:30:00.000001Z", "2026-11-21T09:30:00.000001Z"},
    {"2026-11-21T09:30:00.000000Z", "2026-11-21T09:30:00Z"},
    {"2026-11-21T09:30:00.1234569999Z", "2026-11-21T09:30:00.123456Z"},
    {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
    {"1900-02-28T23:59:59Z", "1900-02-28T23:59:59Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"}, /* a leap second */
    {"2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250000Z"},
    {"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"},
};

START_TEST(times_are_read_with_any_offset)
{
    int64_t us;
    char text[32];
    ck_assert_msg(clock_parse(instants[_i].text, &us), "%s", instants[_i].text);
    clock_format(us, text);
    ck_assert_str_eq(text, instants[_i].utc);
}
END_TEST

static const char *const no_times[] = {
    "",
    "2026-11-21",
    "2026-11-21T",
    "2026-11-21T09",
    "2026-11-21T09:30",
    "2026-11-21T09:30Z",
    "2026-11-21T09:30:00",
    "2026-11-21T09:30:00+0100",
    "2026-11-21T09:30:00+01",
    "2026-11-21T09:30:00+01:0",
    "2026-11-21T09:30:00+24:00",
    "2026-11-21T09:30:00+01:60",
    "2026-11-21T09:30:00.Z",
    "2026-11-21T09:30:00,5Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T09:60:00Z",
    "2026-11-21T09:30:60Z",
    "2026-11-21T23:59:60Z", /* leap seconds end a month */
    "2026-11-30T23:59:61Z",
    "2026-11-21T23:59:60+01:00",
    "2026-02-29T00:00:00Z",
    "2026-11-21T09:30:00Zx",
    "2026-11-21T09:30:00 Z",
    " 2026-11-21T09:30:00Z",
    "2026-11-21X09:30:00Z",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+00:01", /* in the year 0 */
    "9999-12-31T23:59:59-00:01", /* in the year 10000 */
    "9999-12-31T23:59:60Z",
};

START_TEST(what_is_no_time_is_refused)
{
    int64_t us = 77;
    ck_assert_msg(!clock_parse(no_times[_i], &us), "%s", no_times[_i]);
    ck_assert_int_eq(us, 77);
    ck_assert(!clock_parse(NULL, &us));
}
END_TEST

START_TEST(instants_outside_the_four_digit_years_show_the_nearest)
{
    char text[32];
    clock_format(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999999Z");
    clock_format(INT64_MIN, text);
    ck_assert_str_eq(text, "0001-01-01T00:00:00Z");
    clock_format(0, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
    clock_format(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999999Z");
}
END_TEST

static const struct {
    const char *database, *text;
} rows[] = {
    {"2026-11-21 09:30:00+00", "2026-11-21T09:30:00Z"},
    {"2026-11-21 09:30:00.1+00", "2026-11-21T09:30:00.100000Z"},
    {"2026-11-21 09:30:00.12+00", "2026-11-21T09:30:00.120000Z"},
    {"2026-11-21 09:30:00.00012+00", "2026-11-21T09:30:00.000120Z"},
    {"2026-11-21 09:30:00.123456+00", "2026-11-21T09:30:00.123456Z"},
    {"0001-01-01 00:00:00+00", "0001-01-01T00:00:00Z"},
};

START_TEST(the_databases_times_become_rfc_3339)
{
    char text[32];
    int64_t us;
    ck_assert(clock_from_database(rows[_i].database, text));
    ck_assert_str_eq(text, rows[_i].text);
    ck_assert(clock_parse(text, &us));
}
END_TEST

static const char *const no_rows[] = {"",
                                      "infinity",
                                      "-infinity",
                                      "2026-11-21",
                                      "2026-11-21 09:30:00",
                                      "2026-11-21 09:30:00.123456",
                                      "2026-11-21T09:30:00+00",
                                      "2026-11-21 09:30:00+01",
                                      "2026-11-21 09:30:00+05:30",
                                      "2026-11-21 09:30:00-00",
                                      "0044-03-15 12:00:00+00 BC",
                                      "12026-11-21 09:30:00+00",
                                      "2026-11-21 09:30:00.+00",
                                      "2026-11-21 09:30:00.1234567+00",
                                      "2026-11-21 09:30:0012+00",
                                      "Sat Nov 21 09:30:00+00",
                                      "21/11/2026 09:30:00+00"};

START_TEST(what_the_database_does_not_write_is_refused)
{
    char text[32];
    ck_assert_msg(!clock_from_database(no_rows[_i], text), "%s", no_rows[_i]);
    ck_assert(!clock_from_database(NULL, text));
}
END_TEST

static int64_t at(const char *text)
{
    int64_t us;
    ck_assert(clock_parse(text, &us));
    return us;
}

START_TEST(people_see_the_time_of_their_zone)
{
    int64_t winter = at("2026-11-21T09:30:00Z"), summer = at("2026-06-30T22:30:00Z");
    ck_assert_str_eq(clock_show(arena, winter, "Europe/Madrid"), "21 Nov 2026, 10:30");
    ck_assert_str_eq(clock_show(arena, summer, "Europe/Madrid"), "1 Jul 2026, 00:30");
    ck_assert_str_eq(clock_show(arena, winter, "Asia/Kolkata"), "21 Nov 2026, 15:00");
    ck_assert_str_eq(clock_show(arena, winter, "America/New_York"), "21 Nov 2026, 04:30");
    ck_assert_str_eq(clock_show(arena, winter, "UTC"), "21 Nov 2026, 09:30");
    ck_assert_str_eq(clock_show(arena, -1, "UTC"), "31 Dec 1969, 23:59");
}
END_TEST

/* The hour that Madrid skips and the one that it has twice. */
START_TEST(the_change_of_the_clocks_is_known)
{
    ck_assert_str_eq(clock_show(arena, at("2026-03-29T00:59:59Z"), "Europe/Madrid"),
                     "29 Mar 2026, 01:59");
    ck_assert_str_eq(clock_show(arena, at("2026-03-29T01:00:00Z"), "Europe/Madrid"),
                     "29 Mar 2026, 03:00");
    ck_assert_str_eq(clock_show(arena, at("2026-10-25T00:30:00Z"), "Europe/Madrid"),
                     "25 Oct 2026, 02:30");
    ck_assert_str_eq(clock_show(arena, at("2026-10-25T01:30:00Z"), "Europe/Madrid"),
                     "25 Oct 2026, 02:30");
}
END_TEST

static const char *const no_zones[] = {NULL,
                                       "",
                                       "Nowhere/X",
                                       "Nowhere-5",
                                       "XXX-14",
                                       "../../etc/passwd",
                                       "Europe",
                                       "europe/madrid",
                                       "/etc/localtime",
                                       "Europe/Madrid ",
                                       "Europe/../UTC",
                                       ":UTC",
                                       "<+05>-5",
                                       "tzdata.zi",
                                       "Zone\nX",
                                       "EST5EDT4,M3.2.0,M11.1.0"};

START_TEST(unknown_zones_are_told_and_show_utc)
{
    ck_assert(!clock_zone_exists(no_zones[_i]));
    ck_assert_str_eq(clock_show(arena, at("2026-11-21T09:30:00Z"), "Asia/Tokyo"),
                     "21 Nov 2026, 18:30");
    ck_assert_str_eq(clock_show(arena, at("2026-11-21T09:30:00Z"), no_zones[_i]),
                     "21 Nov 2026, 09:30");
}
END_TEST

START_TEST(real_zones_exist)
{
    static const char *const zones[] = {"UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires",
                                        "Etc/GMT+5", "Asia/Kolkata"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        ck_assert_msg(clock_zone_exists(zones[i]), "%s", zones[i]);
}
END_TEST

/* Where midnight is left out (São Paulo until 2018) the day begins at one; where an hour
 * is repeated around it, when the day first comes. */
static const struct {
    const char *zone, *date;
    int later;
    const char *begins;
} day_cases[] = {
    {"UTC", "2026-03-29", 0, "2026-03-29T00:00:00Z"},
    {"UTC", "2026-12-31", 1, "2027-01-01T00:00:00Z"},
    {"UTC", "1969-12-31", 0, "1969-12-31T00:00:00Z"},
    {"Europe/Madrid", "2026-03-29", 0, "2026-03-28T23:00:00Z"},
    {"Europe/Madrid", "2026-03-29", 1, "2026-03-29T22:00:00Z"},
    {"Europe/Madrid", "2026-10-25", 1, "2026-10-25T23:00:00Z"},
    {"America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T03:00:00Z"},
    {"America/Sao_Paulo", "2018-02-18", 0, "2018-02-18T03:00:00Z"},
    {"Pacific/Kiritimati", "2026-01-01", 0, "2025-12-31T10:00:00Z"},
    {"Pacific/Apia", "2011-12-30", 0, "2011-12-30T10:00:00Z"}, /* a day that was not */
    {"no/such", "2026-01-01", 0, "2026-01-01T00:00:00Z"},
};

START_TEST(days_begin_by_the_clocks_of_their_zone)
{
    char text[32], last[11];
    int64_t us;
    ck_assert(clock_day_begins(day_cases[_i].date, day_cases[_i].later, day_cases[_i].zone, &us));
    clock_format(us, text);
    ck_assert_str_eq(text, day_cases[_i].begins);
    clock_day_of(us - 1, day_cases[_i].zone, last);
    ck_assert_msg(day_cases[_i].later || strcmp(last, day_cases[_i].date) < 0, "%s", last);
    ck_assert_msg(day_cases[_i].later != 1 || strcmp(last, day_cases[_i].date) == 0, "%s", last);
}
END_TEST

static const struct {
    const char *zone, *shown, *instant, *again; /* NULL: shown as it was given */
} local_cases[] = {
    {"UTC", "2026-11-21T09:30", "2026-11-21T09:30:00Z", NULL},
    {"Europe/Madrid", "2026-11-21T09:30:15", "2026-11-21T08:30:15Z", NULL},
    {"Europe/Madrid", "2026-03-29T01:59", "2026-03-29T00:59:00Z", NULL},
    {"Europe/Madrid", "2026-03-29T02:30", "2026-03-29T01:30:00Z", "2026-03-29T03:30"},
    {"Europe/Madrid", "2026-03-29T03:00", "2026-03-29T01:00:00Z", NULL},
    {"Europe/Madrid", "2026-10-25T02:30", "2026-10-25T00:30:00Z", NULL},
    {"Europe/Madrid", "2026-10-25T03:00", "2026-10-25T02:00:00Z", NULL},
    {"America/Sao_Paulo", "2018-11-04T00:30", "2018-11-04T03:30:00Z", "2018-11-04T01:30"},
    {"Pacific/Kiritimati", "2026-01-01T00:00", "2025-12-31T10:00:00Z", NULL},
};

START_TEST(times_are_read_by_the_clocks_of_a_zone)
{
    char text[32], shown[20];
    int64_t us;
    ck_assert(clock_read_local(local_cases[_i].shown, local_cases[_i].zone, &us));
    clock_format(us, text);
    ck_assert_str_eq(text, local_cases[_i].instant);
    clock_show_local(us, local_cases[_i].zone, shown);
    ck_assert_str_eq(shown, local_cases[_i].again ? local_cases[_i].again : local_cases[_i].shown);
}
END_TEST

START_TEST(what_no_clock_shows_is_refused)
{
    int64_t us;
    static const char *const wrong[] = {NULL,
                                        "",
                                        "2026-11-21",
                                        "2026-11-21T24:00",
                                        "2026-02-30T10:00",
                                        "2026-11-21T09:30Z",
                                        "2026-11-21T09:30:00Z",
                                        "2026-11-21T09:3a"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert(!clock_read_local(wrong[i], "Europe/Madrid", &us));
}
END_TEST

START_TEST(what_is_no_day_does_not_begin)
{
    int64_t us = 42;
    ck_assert(!clock_day_begins(NULL, 0, "UTC", &us));
    ck_assert(!clock_day_begins("", 0, "UTC", &us));
    ck_assert(!clock_day_begins("2026-02-30", 0, "UTC", &us));
    ck_assert(!clock_day_begins("2026-02-03T00:00:00Z", 0, "UTC", &us));
    ck_assert_int_eq(us, 42);
}
END_TEST

START_TEST(the_clocks_run)
{
    int64_t wall = clock_now_us(), steady = clock_monotonic_us();
    ck_assert_int_gt(wall, 1700000000LL * second);
    for (int i = 0; i < 1000; i++) {
        int64_t next = clock_monotonic_us();
        ck_assert_int_ge(next, steady);
        steady = next;
    }
}
END_TEST

static Suite *clock_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_day_of_the_calendar_is_the_one_behind_the_last);
    tcase_add_test(tests, every_month_ends_where_it_should);
    tcase_add_loop_test(tests, what_is_no_date_is_refused, 0, sizeof no_dates / sizeof *no_dates);
    tcase_add_loop_test(tests, times_are_read_with_any_offset, 0,
                        sizeof instants / sizeof instants[0]);
    tcase_add_loop_test(tests, what_is_no_time_is_refused, 0, sizeof no_times / sizeof *no_times);
    tcase_add_test(tests, instants_outside_the_four_digit_years_show_the_nearest);
    tcase_add_loop_test(tests, the_databases_times_become_rfc_3339, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(tests, what_the_database_does_not_write_is_refused, 0,
                        sizeof no_rows / sizeof *no_rows);
    tcase_add_test(tests, people_see_the_time_of_their_zone);
    tcase_add_test(tests, the_change_of_the_clocks_is_known);
    tcase_add_loop_test(tests, unknown_zones_are_told_and_show_utc, 0,
                        sizeof no_zones / sizeof *no_zones);
    tcase_add_test(tests, real_zones_exist);
    tcase_add_loop_test(tests, days_begin_by_the_clocks_of_their_zone, 0,
                        sizeof day_cases / sizeof *day_cases);
    tcase_add_test(tests, what_is_no_day_does_not_begin);
    tcase_add_loop_test(tests, times_are_read_by_the_clocks_of_a_zone, 0,
                        sizeof local_cases / sizeof *local_cases);
    tcase_add_test(tests, what_no_clock_shows_is_refused);
    tcase_add_test(tests, the_clocks_run);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(clock_suite)
