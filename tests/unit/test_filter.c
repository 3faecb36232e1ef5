/* filter: the form of filter=, and the days that are meant relative to today. */
#include <string.h>

#include "base/arena.h"
#include "base/period.h"
#include "base/text.h"
#include "resource/filter_text.h"
#include "unit.h"

static const char *const same[] = {
    "status:new",
    "status[in]:(new,lost)",
    "name[in]:(\"a, (b)\",c)",
    "and(status:new,or(valueAmount[gte]:100,not(email[null]:true)))",
    "createdAt[gte]:2026-11-21T10:30:00Z",
    "custom.p_text:a b",
    "name:\"a, \"\"b\"\"\"",
    "name:\"\"",
    "name:\"(a)\"",
    "and:1",
};

START_TEST(a_filter_is_written_as_it_was_read)
{
    struct arena *arena = arena_new();
    struct filter_error error;
    const struct filter_node *filter = filter_parse(arena, same[_i], &error);
    ck_assert_msg(filter, "%s: %s", same[_i], filter ? "" : error.message);
    ck_assert_str_eq(filter_print(arena, filter), same[_i]);
    arena_free(arena);
}
END_TEST

static const struct {
    const char *text, *code;
    size_t at;
} refused[] = {
    {"", "filter_syntax", 0},
    {"status", "filter_syntax", 6},
    {"status:", "filter_syntax", 7},
    {"and()", "filter_syntax", 4},
    {"and(status:new", "filter_syntax", 14},
    {"and(status:new,)", "filter_syntax", 15},
    {"status:new,name:b", "filter_syntax", 10},
    {"name:\"a", "filter_syntax", 5},
    {"name:\"a\"b", "filter_syntax", 5},
    {"name[in]:(a", "filter_syntax", 9},
    {"not(a:1,b:2)", "filter_syntax", 11},
    {"xor(a:1)", "filter_syntax", 3},
    {"and(and(and(and(and(and(a:1))))))", "filter_too_deep", 23},
    {"and(a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1)",
     "filter_too_large", 85},
};

START_TEST(what_is_none_is_refused_with_its_place)
{
    struct arena *arena = arena_new();
    struct filter_error error;
    ck_assert_msg(!filter_parse(arena, refused[_i].text, &error), "%s", refused[_i].text);
    ck_assert_str_eq(error.code, refused[_i].code);
    ck_assert_msg(error.at == refused[_i].at, "%s: at %zu", refused[_i].text, error.at);
    arena_free(arena);
}
END_TEST

START_TEST(five_groups_in_each_other_are_enough)
{
    struct arena *arena = arena_new();
    struct filter_error error;
    ck_assert(filter_parse(arena, "and(or(and(or(and(a:1)))))", &error));
    char *text = arena_alloc(arena, FILTER_TEXT_MAX + 2);
    memset(text, 'x', FILTER_TEXT_MAX + 1);
    memcpy(text, "name:", 5);
    text[FILTER_TEXT_MAX] = '\0';
    ck_assert(filter_parse(arena, text, &error));
    text[FILTER_TEXT_MAX] = 'x';
    text[FILTER_TEXT_MAX + 1] = '\0';
    ck_assert(!filter_parse(arena, text, &error));
    ck_assert_str_eq(error.code, "filter_too_large");
    arena_free(arena);
}
END_TEST

/* 2026-11-29 is a Sunday. */
static const struct {
    const char *word, *today, *from, *until;
} periods[] = {
    {"today", "2026-11-29", "2026-11-29", "2026-11-30"},
    {"yesterday", "2026-01-01", "2025-12-31", "2026-01-01"},
    {"tomorrow", "2026-12-31", "2027-01-01", "2027-01-02"},
    {"this-week", "2026-11-29", "2026-11-23", "2026-11-30"},
    {"this-week", "2026-11-30", "2026-11-30", "2026-12-07"},
    {"last-week", "2026-11-30", "2026-11-23", "2026-11-30"},
    {"next-week", "2026-11-29", "2026-11-30", "2026-12-07"},
    {"this-month", "2026-02-28", "2026-02-01", "2026-03-01"},
    {"last-month", "2026-01-15", "2025-12-01", "2026-01-01"},
    {"next-month", "2026-12-15", "2027-01-01", "2027-02-01"},
    {"this-quarter", "2026-12-15", "2026-10-01", "2027-01-01"},
    {"last-quarter", "2026-02-15", "2025-10-01", "2026-01-01"},
    {"next-quarter", "2026-12-15", "2027-01-01", "2027-04-01"},
    {"this-year", "2024-02-29", "2024-01-01", "2025-01-01"},
    {"last-year", "2026-01-01", "2025-01-01", "2026-01-01"},
    {"next-year", "2026-01-01", "2027-01-01", "2028-01-01"},
    {"last-7-days", "2026-03-03", "2026-02-25", "2026-03-04"},
    {"last-1-days", "2026-03-03", "2026-03-03", "2026-03-04"},
    {"next-30-days", "2026-12-15", "2026-12-15", "2027-01-14"},
    {"past", "2026-12-15", "", "2026-12-15"},
    {"future", "2026-12-31", "2027-01-01", ""},
};

START_TEST(a_period_is_days_around_today)
{
    struct period period;
    ck_assert(period_read(periods[_i].word, periods[_i].today, &period));
    ck_assert_str_eq(period.from, periods[_i].from);
    ck_assert_str_eq(period.until, periods[_i].until);
}
END_TEST

START_TEST(other_words_are_no_period)
{
    static const char *const none[] = {"",
                                       "week",
                                       "this-day",
                                       "last-0-days",
                                       "last--days",
                                       "this-7-days",
                                       "last-3651-days",
                                       "last-7-weeks",
                                       "last-x-days",
                                       "next-12345678-days"};
    struct period period;
    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_msg(!period_read(none[i], "2026-11-21", &period), "%s", none[i]);
    ck_assert(!period_read("today", "2026-11-31", &period));
    ck_assert(!period_read("tomorrow", "9999-12-31", &period));
    ck_assert(!period_read("last-year", "0001-05-05", &period));
    for (const struct period_word *it = period_words; it->word; it++)
        ck_assert_msg(period_read(it->word, "2026-11-21", &period), "%s", it->word);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("filter");
    TCase *cases = tcase_create("filter");
    tcase_add_loop_test(cases, a_filter_is_written_as_it_was_read, 0, (int)COUNT(same));
    tcase_add_loop_test(cases, what_is_none_is_refused_with_its_place, 0, (int)COUNT(refused));
    tcase_add_test(cases, five_groups_in_each_other_are_enough);
    tcase_add_loop_test(cases, a_period_is_days_around_today, 0, (int)COUNT(periods));
    tcase_add_test(cases, other_words_are_no_period);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN(make_suite)
