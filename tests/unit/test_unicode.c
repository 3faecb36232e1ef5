/* unicode: one form, what can be seen, what turns the direction. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unicode.h"
#include "unit.h"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

START_TEST(texts_are_composed)
{
    const char *plain = "Nora", *composed = "Jos\xc3\xa9";
    ck_assert_ptr_eq(unicode_nfc(arena, plain), plain);
    ck_assert_ptr_eq(unicode_nfc(arena, composed), composed);
    ck_assert_str_eq(unicode_nfc(arena, "Jose\xcc\x81"), composed);
    ck_assert_str_eq(unicode_nfc(arena, "\xe2\x84\xab"), "\xc3\x85");     /* angstrom is a letter */
    ck_assert_str_eq(unicode_nfc(arena, "\xef\xac\x81"), "\xef\xac\x81"); /* a ligature stays */
    ck_assert_str_eq(unicode_nfc(arena, ""), "");
}
END_TEST

START_TEST(passwords_have_one_form)
{
    const char *plain = "four plain words here";
    ck_assert_ptr_eq(unicode_password(arena, plain), plain);
    ck_assert_str_eq(unicode_password(arena, "p\xc2\xa0"
                                             "e\xcc\x81\xe3\x80\x80x"),
                     "p \xc3\xa9 x");
}
END_TEST

static const char *const invisible[] = {
    "",
    " ",
    "\t\n",
    "\xc2\xa0",         /* no-break space */
    "\xe2\x80\x8b",     /* zero-width space */
    "\xe2\x80\x8d",     /* zero-width joiner */
    "\xe2\x81\xa0",     /* word joiner */
    "\xef\xbb\xbf",     /* zero-width no-break space */
    "\xe3\x85\xa4",     /* Hangul filler */
    "\xef\xbe\xa0",     /* its half-width form */
    "\xe1\x85\x9f",     /* and that of a first consonant */
    "\xe2\xa0\x80",     /* Braille without dots */
    "\xc2\xad",         /* soft hyphen */
    "\xe3\x80\x80",     /* ideographic space */
    "\xe2\x80\xae",     /* right-to-left override */
    "\xef\xb8\x8f",     /* a variation selector */
    "\xf3\xa0\x80\xa0", /* a tag */
    "\xee\x80\x80",     /* private use: what it shows as nobody knows */
    " \xe2\x80\x8b\xc2\xa0",
};

START_TEST(blank_texts_show_nothing)
{
    ck_assert_msg(!unicode_is_visible(invisible[_i]), "%d", _i);
}
END_TEST

START_TEST(any_letter_shows)
{
    ck_assert(unicode_is_visible("a") && unicode_is_visible(".") &&
              unicode_is_visible("\xe2\x80\x8b\xc3\xa9") && unicode_is_visible("\xe6\x9d\x8e") &&
              unicode_is_visible("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"));
}
END_TEST

START_TEST(controls_and_overrides_are_told)
{
    ck_assert(unicode_has_control("a\x01", true) && unicode_has_control("a\x7f", true) &&
              unicode_has_control("a\xc2\x85", true) && unicode_has_control("\xef\xbf\xbf", true));
    ck_assert(!unicode_has_control("a\r\n\tb\xe2\x80\xa8", true));
    ck_assert(unicode_has_control("a\nb", false) && unicode_has_control("a\xe2\x80\xa8", false));
    ck_assert(!unicode_has_control("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", false));
    for (unsigned char last = 0xaa; last <= 0xae; last++) {
        const char text[] = {'a', (char)0xe2, (char)0x80, (char)last, '\0'};
        ck_assert(unicode_has_override(text));
    }
    ck_assert(unicode_has_override("\xe2\x81\xa6x\xe2\x81\xa9"));
    ck_assert(!unicode_has_override("\xe2\x80\x8f\xd7\xa9\xe2\x80\x8e")); /* marks are plain */
}
END_TEST

START_TEST(blanks_go_at_both_ends)
{
    ck_assert_str_eq(text_trim(arena, "\xc2\xa0 Trim \xe2\x80\x8b\xe3\x80\x80"), "Trim");
    ck_assert_str_eq(text_trim(arena, "a\xc2\xa0"
                                      "b"),
                     "a\xc2\xa0"
                     "b");
    ck_assert_str_eq(text_trim(arena, "\xef\xbb\xbf"), "");
    ck_assert_str_eq(text_trim(arena, "\xff\xfe x \x80"),
                     "\xff\xfe x \x80"); /* no text: as it is */
}
END_TEST

static json_object *read_json(const char *text)
{
    bool is_null;
    struct json_problem problem;
    json_object *value = json_read(arena, text, strlen(text), NULL, &is_null, &problem);
    ck_assert(value != NULL);
    return value;
}

START_TEST(texts_within_json_are_composed)
{
    json_object *value = read_json("{\"a\":[\"e\\u0301\",{\"b\":\"e\\u0301x\"}],\"n\":1}");
    json_in_one_form(arena, value);
    ck_assert_str_eq(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
                     "{\"a\":[\"\xc3\xa9\",{\"b\":\"\xc3\xa9x\"}],\"n\":1}");
}
END_TEST

static const struct {
    const char *json;
    bool is_whole;
    int64_t number;
} whole[] = {
    {"1", true, 1},
    {"-0", true, 0},
    {"1.0", true, 1},
    {"-1.00", true, -1},
    {"1e3", true, 1000},
    {"1E+3", true, 1000},
    {"1.25e2", true, 125},
    {"1000e-3", true, 1},
    {"0.0", true, 0},
    {"0e99", true, 0},
    {"0.001e3", true, 1},
    {"9007199254740993.0", true, 9007199254740993},
    {"9223372036854775807.0", true, INT64_MAX},
    {"-9223372036854775808.0", true, INT64_MIN},
    {"9223372036854775808.0", false, 0},
    {"1e19", false, 0},
    {"1e18", true, 1000000000000000000},
    {"1.5", false, 0},
    {"1e-1", false, 0},
    {"0.1", false, 0},
    {"9007199254740992.5", false, 0},
    {"\"1\"", false, 0},
    {"true", false, 0},
};

START_TEST(whole_numbers_are_those_of_json_schema)
{
    int64_t number = 0;
    bool is = json_whole_number(arena, read_json(whole[_i].json), &number);
    ck_assert_msg(is == whole[_i].is_whole, "%s", whole[_i].json);
    ck_assert_int_eq(number, whole[_i].number);
    ck_assert(!json_whole_number(arena, NULL, &number));
}
END_TEST

static Suite *unicode_suite(void)
{
    Suite *suite = suite_create("unicode");
    TCase *tests = tcase_create("unicode");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, texts_are_composed);
    tcase_add_test(tests, passwords_have_one_form);
    tcase_add_loop_test(tests, blank_texts_show_nothing, 0, COUNT(invisible));
    tcase_add_test(tests, any_letter_shows);
    tcase_add_test(tests, controls_and_overrides_are_told);
    tcase_add_test(tests, blanks_go_at_both_ends);
    tcase_add_test(tests, texts_within_json_are_composed);
    tcase_add_loop_test(tests, whole_numbers_are_those_of_json_schema, 0, COUNT(whole));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(unicode_suite)
