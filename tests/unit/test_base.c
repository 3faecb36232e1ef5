/* base: arena, buffers, text, time, ids, money. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/money.h"
#include "base/text.h"
#include "base/uuid.h"
#include "unit.h"

static struct arena *arena;
static int undone[4], undone_count;

static void setup(void)
{
    arena = arena_new();
    undone_count = 0;
}

static void teardown(void)
{
    arena_free(arena);
}

static void note(void *arg)
{
    undone[undone_count++] = *(int *)arg;
}

START_TEST(an_arena_zeroes_aligns_and_undoes_in_opposite_order)
{
    static int one = 1, two = 2;
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        char *memory = arena_alloc(arena, size);
        ck_assert_uint_eq((size_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_int_eq(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_defer(arena, note, &one);
    arena_defer(arena, note, &two);
    arena_reset(arena);
    ck_assert_int_eq(undone_count, 2);
    ck_assert_int_eq(undone[0], 2);
    ck_assert_uint_eq(arena_used(arena), 0);
}
END_TEST

START_TEST(a_buffer_grows_and_stays_terminated)
{
    struct buf heap = {0}, own;
    buf_init(&own, arena);
    for (int i = 0; i < 10000; i++) {
        buf_int(&heap, i);
        buf_printf(&own, "%d", i);
    }
    ck_assert_uint_eq(heap.len, own.len);
    ck_assert_str_eq(heap.data, own.data);
    buf_clear(&heap);
    buf_int(&heap, INT64_MIN);
    ck_assert_str_eq(heap.data, "-9223372036854775808");
    buf_free(&heap);
    ck_assert_ptr_null(heap.data);
}
END_TEST

static const struct {
    const char *text;
    bool good;
} utf8[] = {{"", true},
            {"a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x94", true},
            {"\x80", false},
            {"\xc1\x81", false},
            {"\xe0\x80\x80", false},
            {"\xed\xa0\x80", false},
            {"\xf4\x90\x80\x80", false},
            {"\xf5\x80\x80\x80", false},
            {"\xe2\x82", false}};

START_TEST(only_well_formed_utf8_is_text)
{
    ck_assert_int_eq(text_is_utf8(utf8[_i].text, strlen(utf8[_i].text)), utf8[_i].good);
    ck_assert(!text_is_utf8("a\0b", 3));
}
END_TEST

START_TEST(names_change_between_sql_and_json)
{
    ck_assert_str_eq(text_camel(arena, "created_at"), "createdAt");
    ck_assert_str_eq(text_snake(arena, "expectedCloseDate"), "expected_close_date");
    ck_assert_str_eq(text_title(arena, "expected_close"), "Expected close");
    ck_assert_str_eq(text_trim(arena, " \t a b\n"), "a b");
}
END_TEST

START_TEST(whole_numbers_are_read_strictly)
{
    int64_t value = 7;
    ck_assert(text_to_int("-12", -20, 20, &value) && value == -12);
    ck_assert(text_to_int("9223372036854775807", 0, INT64_MAX, &value));
    ck_assert(!text_to_int("9223372036854775808", 0, INT64_MAX, &value));
    ck_assert(!text_to_int("", 0, 9, &value) && !text_to_int("1 ", 0, 9, &value));
    ck_assert(!text_to_int("+1", 0, 9, &value) && !text_to_int("0x1", 0, 9, &value) &&
              !text_to_int(NULL, 0, 9, &value));
}
END_TEST

START_TEST(escapes_fit_their_place)
{
    struct buf out;
    buf_init(&out, arena);
    text_html(&out, "<a href='x'>&\"", 14);
    ck_assert_str_eq(out.data, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    buf_clear(&out);
    text_url(&out, "a b/\xc3\xa9~");
    ck_assert_str_eq(out.data, "a%20b%2F%C3%A9~");
    ck_assert_str_eq(text_url_decode(arena, "a%20b+c", 7, true), "a b c");
    ck_assert_str_eq(text_url_decode(arena, "a+c", 3, false), "a+c");
    ck_assert_ptr_null(text_url_decode(arena, "%", 1, false));
    ck_assert_ptr_null(text_url_decode(arena, "%4", 2, false));
    ck_assert_ptr_null(text_url_decode(arena, "%zz", 3, false));
    ck_assert_ptr_null(text_url_decode(arena, "%00", 3, false));
    ck_assert_ptr_null(text_url_decode(arena, "%ff", 3, false));
}
END_TEST

START_TEST(every_month_end_is_a_date_and_the_day_after_is_not)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const int years[] = {1900, 1999, 2000, 2023, 2024, 2100, 2400};
    for (size_t y = 0; y < sizeof years / sizeof years[0]; y++)
        for (int month = 1; month <= 12; month++) {
            bool leap = (years[y] % 4 == 0 && years[y] % 100 != 0) || years[y] % 400 == 0;
            int last = days[month - 1] + (month == 2 && leap);
            char text[32], again[32];
            int64_t us, next;
            ck_assert(clock_is_date(arena_printf(arena, "%04d-%02d-%02d", years[y], month, last)));
            ck_assert(
                !clock_is_date(arena_printf(arena, "%04d-%02d-%02d", years[y], month, last + 1)));
            snprintf(text, sizeof text, "%04d-%02d-%02dT23:59:59.000001Z", years[y], month, last);
            ck_assert(clock_parse(text, &us));
            clock_format(us, again);
            ck_assert_str_eq(again, text);
            clock_format(us + 999999, again);
            ck_assert(clock_parse(again, &next) && next == us + 999999);
        }
}
END_TEST

START_TEST(times_are_read_with_any_offset)
{
    int64_t a, b;
    char text[32];
    ck_assert(clock_parse("2026-11-21T10:30:00+01:00", &a) &&
              clock_parse("2026-11-21T09:30:00Z", &b) && a == b);
    ck_assert(!clock_parse("2026-11-21T24:00:00Z", &a) && !clock_parse("2026-11-21", &a) &&
              !clock_parse("2026-11-21T09:30:00", &a));
    ck_assert(clock_from_database("2026-11-21 09:30:00.12+00", text));
    ck_assert_str_eq(text, "2026-11-21T09:30:00.120000Z");
    ck_assert(clock_from_database("2026-11-21 09:30:00+00", text));
    ck_assert_str_eq(text, "2026-11-21T09:30:00Z");
    ck_assert(clock_zone_exists("Europe/Madrid") && !clock_zone_exists("../etc/passwd") &&
              !clock_zone_exists("Nowhere/X"));
    ck_assert(clock_parse("2026-06-30T22:30:00Z", &a));
    ck_assert_str_eq(clock_show(arena, a, "Europe/Madrid"), "1 Jul 2026, 00:30");
    ck_assert_str_eq(clock_show(arena, a, "UTC"), "30 Jun 2026, 22:30");
}
END_TEST

START_TEST(ids_are_version_seven_and_always_grow)
{
    char last[UUID_SIZE] = "", next[UUID_SIZE];
    for (int i = 0; i < 100000; i++) {
        uuid_new(next);
        ck_assert(uuid_is(next) && next[14] == '7' && strchr("89ab", next[19]));
        ck_assert_int_gt(strcmp(next, last), 0);
        memcpy(last, next, UUID_SIZE);
    }
    ck_assert(!uuid_is("") && !uuid_is(NULL) && !uuid_is("01a1fc30-19fe-74cc-bfd1-e408edb75d4") &&
              !uuid_is("01a1fc30-19fe-74cc-bfd1-e408edb75d4g"));
}
END_TEST

START_TEST(amounts_are_exact)
{
    int64_t amount;
    ck_assert(money_parse("1234.5", "EUR", &amount) && amount == 123450);
    ck_assert(money_parse("-0.01", "EUR", &amount) && amount == -1);
    ck_assert(money_parse("7", "JPY", &amount) && amount == 7);
    ck_assert(money_parse("1.234", "KWD", &amount) && amount == 1234);
    ck_assert(!money_parse("1.234", "EUR", &amount) && !money_parse("1.", "EUR", &amount) &&
              !money_parse("1,0", "EUR", &amount));
    ck_assert(!money_parse("92233720368547758.08", "EUR", &amount) &&
              !money_parse("1", "XXA", &amount));
    ck_assert_str_eq(money_show(arena, -123456789, "EUR"), "-1,234,567.89 EUR");
    ck_assert_str_eq(money_show(arena, 1000, "JPY"), "1,000 JPY");
    ck_assert(money_is_currency("EUR") && !money_is_currency("eur") && !money_is_currency("E R") &&
              !money_is_currency("EURO"));
    ck_assert(money_share(25, 5000, &amount) && amount == 12); /* 12.5 to even */
    ck_assert(money_share(35, 5000, &amount) && amount == 18); /* 17.5 to even */
    ck_assert(money_share(-35, 5000, &amount) && amount == -18);
    ck_assert(!money_share(INT64_MAX, 20000, &amount));
}
END_TEST

static Suite *base_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_arena_zeroes_aligns_and_undoes_in_opposite_order);
    tcase_add_test(tests, a_buffer_grows_and_stays_terminated);
    tcase_add_loop_test(tests, only_well_formed_utf8_is_text, 0, sizeof utf8 / sizeof utf8[0]);
    tcase_add_test(tests, names_change_between_sql_and_json);
    tcase_add_test(tests, whole_numbers_are_read_strictly);
    tcase_add_test(tests, escapes_fit_their_place);
    tcase_add_test(tests, every_month_end_is_a_date_and_the_day_after_is_not);
    tcase_add_test(tests, times_are_read_with_any_offset);
    tcase_add_test(tests, ids_are_version_seven_and_always_grow);
    tcase_add_test(tests, amounts_are_exact);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(base_suite)
