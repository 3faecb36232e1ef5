/* json: the strict reader and the writer. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "unit.h"

static struct arena *arena;
static bool is_null;
static struct json_problem problem;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

static json_object *read_text(const char *text)
{
    return json_read(arena, text, strlen(text), NULL, &is_null, &problem);
}

START_TEST(well_formed_values_are_read)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       "0",
                                       "-1.5e-3",
                                       "\"\\u00e9\\ud83e\\udd94\"",
                                       " true ",
                                       "{\"a\":[1,{\"b\":null}]}",
                                       "9223372036854775807",
                                       "-9223372036854775808"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(read_text(good[i]) != NULL, "%s: %s", good[i], problem.code);
    ck_assert(read_text("null") == NULL && is_null);
}
END_TEST

static const struct {
    const char *text, *code;
} refused[] = {
    {"", "json_syntax"},
    {"{", "json_syntax"},
    {"[1,]", "json_syntax"},
    {"{\"a\":1,}", "json_syntax"},
    {"01", "json_syntax"},
    {"+1", "json_syntax"},
    {"1.", "json_syntax"},
    {"'a'", "json_syntax"},
    {"nul", "json_syntax"},
    {"1 2", "json_syntax"},
    {"\"a\nb\"", "json_syntax"},
    {"\"\\x\"", "json_syntax"},
    {"NaN", "json_syntax"},
    {"{\"a\":1,\"a\":2}", "json_duplicate_key"},
    {"{\"a\":1,\"\\u0061\":2}", "json_duplicate_key"},
    {"\"\\u0000\"", "json_utf8"},
    {"\"\\ud800\"", "json_utf8"},
    {"\"\\udc00\"", "json_utf8"},
    {"\"\xc3\"", "json_utf8"},
    {"\"\xc0\x80\"", "json_utf8"},
    {"9223372036854775808", "json_number_range"},
    {"1e999", "json_number_range"},
};

START_TEST(malformed_text_is_refused_by_code)
{
    ck_assert(read_text(refused[_i].text) == NULL && !is_null);
    ck_assert_msg(problem.code && strcmp(problem.code, refused[_i].code) == 0, "%s: %s",
                  refused[_i].text, problem.code ? problem.code : "no code");
}
END_TEST

START_TEST(depth_and_size_are_bounded)
{
    char deep[200] = "";
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    ck_assert(read_text(deep) == NULL);
    ck_assert_str_eq(problem.code, "json_depth");
    ck_assert(read_text(deep + 1) == NULL); /* one bracket too many at the end */
    ck_assert_str_eq(problem.code, "json_syntax");
    struct json_limits limits = {.max_members = 3};
    ck_assert(json_read(arena, "[1,2,3,4]", 9, &limits, &is_null, &problem) == NULL);
    ck_assert_str_eq(problem.code, "json_too_large");
}
END_TEST

START_TEST(the_writer_escapes_and_puts_commas)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair(&json, "a", "q\"\\\n\x01");
    json_key(&json, "b");
    json_open_array(&json);
    json_put_int(&json, INT64_MIN);
    json_put_bool(&json, false);
    json_put_null(&json);
    json_open_object(&json);
    json_close_object(&json);
    json_close_array(&json);
    json_pair(&json, "c", NULL);
    json_close_object(&json);
    ck_assert_str_eq(
        out.data,
        "{\"a\":\"q\\\"\\\\\\n\\u0001\",\"b\":[-9223372036854775808,false,null,{}],\"c\":null}");
}
END_TEST

static Suite *json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, well_formed_values_are_read);
    tcase_add_loop_test(tests, malformed_text_is_refused_by_code, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, depth_and_size_are_bounded);
    tcase_add_test(tests, the_writer_escapes_and_puts_commas);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(json_suite)
