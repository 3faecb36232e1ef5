/* json: the strict reader and the writer. */
#include <stdio.h>
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
    {"-9223372036854775809", "json_number_range"},
    {"123456789012345678901234567890", "json_number_range"},
    {"1e999", "json_number_range"},
    {"-1.0e309", "json_number_range"},
    {" ", "json_syntax"},
    {"-", "json_syntax"},
    {".5", "json_syntax"},
    {"1e", "json_syntax"},
    {"1e+", "json_syntax"},
    {"-01", "json_syntax"},
    {"0x10", "json_syntax"},
    {"Infinity", "json_syntax"},
    {"True", "json_syntax"},
    {"nullx", "json_syntax"},
    {"[1 2]", "json_syntax"},
    {"[", "json_syntax"},
    {"[,1]", "json_syntax"},
    {"[1}", "json_syntax"},
    {"{\"a\"}", "json_syntax"},
    {"{\"a\":}", "json_syntax"},
    {"{a:1}", "json_syntax"},
    {"{1:1}", "json_syntax"},
    {"{,}", "json_syntax"},
    {"{\"a\":1 \"b\":2}", "json_syntax"},
    {"\"a", "json_syntax"},
    {"\"a\\\"", "json_syntax"},
    {"\"\\u12g4\"", "json_syntax"},
    {"\"\\u12", "json_syntax"},
    {"\"\t\"", "json_syntax"},
    {"/* a */ 1", "json_syntax"},
    {"1 // a", "json_syntax"},
    {"\xef\xbb\xbf{}", "json_syntax"},
    {"{}{}", "json_syntax"},
    {"\"\\ud83e\\ud83e\"", "json_utf8"},
    {"\"\\ud83ex\"", "json_utf8"},
    {"\"\\ud83e\\n\"", "json_utf8"},
    {"\"\xed\xa0\x80\"", "json_utf8"},
    {"{\"a\\u0000\":1}", "json_utf8"},
    {"[{\"x\":{\"\":1,\"\":2}}]", "json_duplicate_key"},
    {"{\"\\ud83e\\udd94\":1,\"\xf0\x9f\xa6\x94\":2}", "json_duplicate_key"},
    {"{\"a/b\":1,\"a\\/b\":2}", "json_duplicate_key"},
};

START_TEST(malformed_text_is_refused_by_code)
{
    ck_assert(read_text(refused[_i].text) == NULL && !is_null);
    ck_assert_msg(problem.code && strcmp(problem.code, refused[_i].code) == 0, "%s: %s",
                  refused[_i].text, problem.code ? problem.code : "no code");
}
END_TEST

/* The byte of the problem, for a person who looks for it. */
static const struct {
    const char *text, *code;
    size_t offset;
} places[] = {
    {"{\"a\":1,}", "json_syntax", 7},
    {"[1,2,x]", "json_syntax", 5},
    {"[\"a\xff\"]", "json_utf8", 3},
    {"{\"name\":\"\xc3\xa9\xc3\"}", "json_utf8", 11},
    {"{\"b\":1,\"a\":2,\"b\":3,\"c\":4}", "json_duplicate_key", 13},
    {"{\"b\":1,\"a\":2,\"b\":3,\"a\":4}", "json_duplicate_key", 13},
    {"{\"\\u0061\":1,\"a\":2}", "json_duplicate_key", 12},
    {"{\"a\\x\":1}", "json_syntax", 4},
    {"[\"\\u12g4\"]", "json_syntax", 6},
    {"[\"a\\u0000\"]", "json_utf8", 3},
    {"[\"a\\ud800x\"]", "json_utf8", 3},
    {"[1,99999999999999999999]", "json_number_range", 3},
    {"[1] 2", "json_syntax", 4},
};

START_TEST(a_problem_tells_its_byte)
{
    ck_assert(read_text(places[_i].text) == NULL);
    ck_assert_str_eq(problem.code, places[_i].code);
    ck_assert_uint_eq(problem.offset, places[_i].offset);
}
END_TEST

START_TEST(a_duplicate_is_named_whole)
{
    ck_assert(read_text("{\"first\":1,\"firs\":2,\"first\":3}") == NULL);
    ck_assert_str_eq(problem.message, "The key \"first\" stands twice.");
}
END_TEST

START_TEST(keys_that_only_begin_alike_differ)
{
    ck_assert_ptr_nonnull(read_text("{\"a\":1,\"aa\":2,\"\":3,\"A\":4,\"a \":5}"));
    ck_assert_ptr_nonnull(read_text("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}"));
}
END_TEST

/* 19,999 keys in falling order and one twice: still found, and at no great cost. */
START_TEST(one_duplicate_among_many_is_found)
{
    struct buf text;
    buf_init(&text, arena);
    buf_putc(&text, '{');
    for (int i = 19998; i >= 0; i--)
        buf_printf(&text, "\"key%d\":0,", i);
    size_t distinct = text.len;
    buf_puts(&text, "\"last\":0}");
    ck_assert_ptr_nonnull(json_read(arena, text.data, text.len, NULL, &is_null, &problem));
    text.len = distinct;
    buf_puts(&text, "\"key9999\":0}");
    ck_assert(json_read(arena, text.data, text.len, NULL, &is_null, &problem) == NULL);
    ck_assert_str_eq(problem.code, "json_duplicate_key");
    ck_assert_uint_eq(problem.offset, distinct);
}
END_TEST

/* A request may be 64 KiB of keys: reading them may not take many times that. */
START_TEST(many_keys_take_little_memory)
{
    struct buf text;
    buf_init(&text, NULL);
    buf_putc(&text, '{');
    for (int i = 0; i < 10000; i++)
        buf_printf(&text, "%s\"k%04d\":{}", i ? "," : "", i);
    buf_putc(&text, '}');
    ck_assert_ptr_nonnull(json_read(arena, text.data, text.len, NULL, &is_null, &problem));
    ck_assert_uint_lt(arena_used(arena), 10 * text.len);
    buf_free(&text);
}
END_TEST

START_TEST(values_keep_their_worth)
{
    json_object *value =
        read_text("{\"min\":-9223372036854775808,\"half\":0.5,\"big\":1.7976931348623157e308,"
                  "\"tiny\":1e-999,\"text\":\"\\u00e9\\ud83e\\udd94\\/\\b\\f\\n\\r\\t\","
                  "\"none\":null,\"yes\":true}");
    ck_assert_ptr_nonnull(value);
    ck_assert(json_object_get_int64(json_object_object_get(value, "min")) == INT64_MIN);
    ck_assert(json_object_get_double(json_object_object_get(value, "half")) == 0.5);
    ck_assert(json_object_get_double(json_object_object_get(value, "big")) ==
              1.7976931348623157e308);
    ck_assert(json_object_get_double(json_object_object_get(value, "tiny")) == 0);
    ck_assert_str_eq(json_object_get_string(json_object_object_get(value, "text")),
                     "\xc3\xa9\xf0\x9f\xa6\x94/\b\f\n\r\t");
    json_object *none = value;
    ck_assert(json_object_object_get_ex(value, "none", &none) && none == NULL);
    ck_assert(json_object_get_boolean(json_object_object_get(value, "yes")));
}
END_TEST

START_TEST(nothing_at_all_is_refused)
{
    ck_assert(json_read(arena, NULL, 0, NULL, &is_null, &problem) == NULL && !is_null);
    ck_assert_str_eq(problem.code, "json_syntax");
    ck_assert(json_read(arena, "1\0", 2, NULL, &is_null, &problem) == NULL);
    ck_assert_str_eq(problem.code, "json_utf8");
    ck_assert_uint_eq(problem.offset, 1);
    ck_assert(json_read(arena, "12", 1, NULL, &is_null, &problem) != NULL); /* not beyond len */
}
END_TEST

START_TEST(limits_are_exact)
{
    struct json_limits limits = {.depth = 2, .max_members = 3};
    ck_assert(json_read(arena, "[[1]]", 5, &limits, &is_null, &problem) != NULL);
    ck_assert(json_read(arena, "[[[]]]", 6, &limits, &is_null, &problem) == NULL);
    ck_assert_str_eq(problem.code, "json_depth");
    ck_assert(json_read(arena, "[1,2,3]", 7, &limits, &is_null, &problem) != NULL);
    ck_assert(json_read(arena, "{\"a\":[1,2,3]}", 13, &limits, &is_null, &problem) == NULL);
    ck_assert_str_eq(problem.code, "json_too_large");
    char deep[65] = "";
    memset(deep, '[', 32);
    memset(deep + 32, ']', 32);
    ck_assert_ptr_nonnull(read_text(deep));
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

/* Every control character and quote, at every place of a string. */
/* The writer looks at eight bytes at a time: each byte at each place of two such words. */
START_TEST(every_byte_is_escaped_wherever_it_stands)
{
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 19; at++) {
            char text[19], expected[32], code[8];
            struct buf out;
            struct json json;
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            bool named = c && strchr("\b\f\n\r\t\"\\", c);
            snprintf(code, sizeof code, "\\u%04x", c);
            buf_init(&out, arena);
            json_start(&json, &out);
            json_put_text_len(&json, text, sizeof text);
            size_t grown = named ? 1 : c < 0x20 ? 5 : 0;
            ck_assert_uint_eq(out.len, sizeof text + 2 + grown);
            snprintf(expected, sizeof expected, "\"%.*s", (int)at, "xxxxxxxxxxxxxxxxxxx");
            ck_assert_int_eq(memcmp(out.data, expected, at + 1), 0);
            ck_assert_int_eq(out.data[at + 1], grown ? '\\' : (char)c);
            if (grown == 5)
                ck_assert_int_eq(memcmp(out.data + at + 1, code, 6), 0);
        }
}
END_TEST

START_TEST(written_text_reads_back_the_same)
{
    for (int c = 1; c < 0x80; c++)
        for (size_t at = 0; at < 12; at++) {
            char text[13] = "abcdefghijkl";
            struct buf out;
            struct json json;
            text[at] = (char)c;
            buf_init(&out, arena);
            json_start(&json, &out);
            json_open_object(&json);
            json_pair(&json, text, text);
            json_close_object(&json);
            json_object *value = json_read(arena, out.data, out.len, NULL, &is_null, &problem);
            ck_assert_msg(value != NULL, "%s", out.data);
            ck_assert_str_eq(json_object_get_string(json_object_object_get(value, text)), text);
        }
}
END_TEST

START_TEST(the_writer_takes_nul_and_raw_json)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_array(&json);
    json_put_text_len(&json, "a\0b", 3);
    json_put_text_len(&json, "", 0);
    json_put_raw(&json, "{\"x\":1}", 7);
    json_put_text(&json, NULL);
    json_put_text(&json, "\x7f\xc3\xa9/");
    json_close_array(&json);
    ck_assert_str_eq(out.data, "[\"a\\u0000b\",\"\",{\"x\":1},null,\"\x7f\xc3\xa9/\"]");
}
END_TEST

START_TEST(commas_are_right_at_sixty_levels)
{
    struct buf out, expected;
    struct json json;
    buf_init(&out, arena);
    buf_init(&expected, arena);
    json_start(&json, &out);
    for (int i = 0; i < 60; i++) {
        json_open_array(&json);
        json_put_int(&json, i);
        buf_printf(&expected, i ? ",[%d" : "[%d", i);
    }
    for (int i = 0; i < 60; i++) {
        json_put_bool(&json, true);
        json_close_array(&json);
        buf_puts(&expected, ",true]");
    }
    ck_assert_str_eq(out.data, expected.data);
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
    tcase_add_loop_test(tests, a_problem_tells_its_byte, 0, sizeof places / sizeof places[0]);
    tcase_add_test(tests, a_duplicate_is_named_whole);
    tcase_add_test(tests, keys_that_only_begin_alike_differ);
    tcase_add_test(tests, one_duplicate_among_many_is_found);
    tcase_add_test(tests, many_keys_take_little_memory);
    tcase_add_test(tests, values_keep_their_worth);
    tcase_add_test(tests, nothing_at_all_is_refused);
    tcase_add_test(tests, limits_are_exact);
    tcase_add_test(tests, depth_and_size_are_bounded);
    tcase_add_test(tests, the_writer_escapes_and_puts_commas);
    tcase_add_test(tests, every_byte_is_escaped_wherever_it_stands);
    tcase_add_test(tests, written_text_reads_back_the_same);
    tcase_add_test(tests, the_writer_takes_nul_and_raw_json);
    tcase_add_test(tests, commas_are_right_at_sixty_levels);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(json_suite)
