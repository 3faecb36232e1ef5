/* text: UTF-8, names, numbers, escapes. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "unit.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

START_TEST(texts_are_compared)
{
    ck_assert(text_equal("a", "a") && text_equal(NULL, NULL) && text_equal("", ""));
    ck_assert(!text_equal("a", "b") && !text_equal("a", NULL) && !text_equal(NULL, "") &&
              !text_equal("a", "aa"));
    ck_assert(text_starts("abc", "") && text_starts("abc", "ab") && text_starts("abc", "abc"));
    ck_assert(!text_starts("abc", "abcd") && !text_starts("abc", "b") && !text_starts("", "a"));
    ck_assert(text_ends("abc", "") && text_ends("abc", "bc") && text_ends("abc", "abc"));
    ck_assert(!text_ends("abc", "zabc") && !text_ends("abc", "b") && !text_ends("", "a"));
}
END_TEST

/* Unicode 15, table 3-7: every lead with every second byte. */
static bool pair_may_begin(unsigned lead, unsigned next)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return next >= 0x80 && next <= 0xbf;
    if (lead == 0xe0)
        return next >= 0xa0 && next <= 0xbf;
    if (lead == 0xed)
        return next >= 0x80 && next <= 0x9f;
    if (lead >= 0xe1 && lead <= 0xef)
        return next >= 0x80 && next <= 0xbf;
    if (lead == 0xf0)
        return next >= 0x90 && next <= 0xbf;
    if (lead >= 0xf1 && lead <= 0xf3)
        return next >= 0x80 && next <= 0xbf;
    return lead == 0xf4 && next >= 0x80 && next <= 0x8f;
}

START_TEST(sequences_are_well_formed_by_table_3_7)
{
    for (unsigned lead = 0x80; lead <= 0xff; lead++)
        for (unsigned next = 0; next <= 0xff; next++) {
            size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
            char bytes[5] = {(char)lead, (char)next, (char)0x80, (char)0xbf, 0};
            bool good = pair_may_begin(lead, next);
            ck_assert_msg(text_is_utf8(bytes, len) == good, "%02x %02x", lead, next);
            for (size_t cut = 1; cut < len; cut++)
                ck_assert_msg(!text_is_utf8(bytes, cut), "%02x %02x cut", lead, next);
            for (size_t at = 2; good && at < len; at++) {
                char broken[5];
                memcpy(broken, bytes, sizeof broken);
                broken[at] = 'a';
                ck_assert(!text_is_utf8(broken, len));
                broken[at] = (char)0xc0;
                ck_assert(!text_is_utf8(broken, len));
            }
        }
}
END_TEST

START_TEST(single_bytes_are_ascii_but_nul)
{
    for (unsigned byte = 0; byte <= 0xff; byte++) {
        char c = (char)byte;
        ck_assert_int_eq(text_is_utf8(&c, 1), byte > 0 && byte < 0x80);
    }
    ck_assert(text_is_utf8("", 0) && text_is_utf8(NULL, 0));
}
END_TEST

/* Wherever the bad byte stands: the check takes several bytes at once. */
START_TEST(the_first_bad_byte_is_found_at_every_place)
{
    char bytes[64];
    static const char bad[] = {'\0', '\x80', '\xff', '\xc3'};
    for (size_t len = 1; len < sizeof bytes; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < sizeof bad; i++) {
                memset(bytes, 'a', len);
                bytes[at] = bad[i];
                ck_assert(!text_is_utf8(bytes, len));
                ck_assert_uint_eq(text_utf8_len(bytes, len), at);
            }
    memset(bytes, 'a', sizeof bytes);
    ck_assert_uint_eq(text_utf8_len(bytes, sizeof bytes), sizeof bytes);
    ck_assert_uint_eq(text_utf8_len("a\xe2\x82\xac\xe2\x82", 6), 4);
}
END_TEST

START_TEST(code_points_are_counted)
{
    ck_assert_uint_eq(text_count(""), 0);
    ck_assert_uint_eq(text_count("abc"), 3);
    ck_assert_uint_eq(text_count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x94"), 4);
}
END_TEST

static const struct {
    const char *snake, *camel, *title;
} names[] = {{"created_at", "createdAt", "Created at"},
             {"id", "id", "Id"},
             {"expected_close_date", "expectedCloseDate", "Expected close date"},
             {"a_b_c", "aBC", "A b c"},
             {"", "", ""}};

START_TEST(names_change_between_sql_json_and_labels)
{
    ck_assert_str_eq(text_camel(arena, names[_i].snake), names[_i].camel);
    ck_assert_str_eq(text_snake(arena, names[_i].camel), names[_i].snake);
    ck_assert_str_eq(text_title(arena, names[_i].snake), names[_i].title);
}
END_TEST

START_TEST(only_ascii_letters_are_lowered)
{
    ck_assert_str_eq(text_lower(arena, "AZaz09@[`{"), "azaz09@[`{");
    ck_assert_str_eq(text_lower(arena, "\xc3\x89"), "\xc3\x89");
    ck_assert_str_eq(text_lower(arena, ""), "");
}
END_TEST

START_TEST(titles_are_small_within_a_sentence_but_for_acronyms)
{
    ck_assert_str_eq(text_in_sentence(arena, "Sign-in attempts"), "sign-in attempts");
    ck_assert_str_eq(text_in_sentence(arena, "API keys"), "API keys");
    ck_assert_str_eq(text_in_sentence(arena, "A"), "a");
    ck_assert_str_eq(text_in_sentence(arena, "\xc3\x89"), "\xc3\x89");
    ck_assert_str_eq(text_in_sentence(arena, ""), "");
}
END_TEST

START_TEST(white_space_goes_at_both_ends)
{
    ck_assert_str_eq(text_trim(arena, " \t\n\v\f\ra b \r\n"), "a b");
    ck_assert_str_eq(text_trim(arena, "ab"), "ab");
    ck_assert_str_eq(text_trim(arena, " \n "), "");
    ck_assert_str_eq(text_trim(arena, ""), "");
}
END_TEST

static const struct {
    const char *text;
    int64_t min, max;
    bool good;
    int64_t value;
} whole[] = {{"0", 0, 0, true, 0},
             {"-12", -20, 20, true, -12},
             {"007", 0, 9, true, 7},
             {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
             {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
             {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
             {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
             {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
             {"10", 0, 9, false, 0},
             {"-1", 0, 9, false, 0},
             {"", 0, 9, false, 0},
             {"-", -9, 9, false, 0},
             {"+1", 0, 9, false, 0},
             {" 1", 0, 9, false, 0},
             {"1 ", 0, 9, false, 0},
             {"- 1", -9, 9, false, 0},
             {"--1", -9, 9, false, 0},
             {"1.0", 0, 9, false, 0},
             {"1e1", 0, 99, false, 0},
             {"0x1", 0, 9, false, 0},
             {"a", 0, 9, false, 0},
             {NULL, 0, 9, false, 0}};

START_TEST(nouns_become_names_plurals_and_have_their_article)
{
    static const struct {
        const char *noun, *name, *plural, *article;
    } nouns[] = {
        {"lead", "Lead", "leads", "a"},
        {"API key", "ApiKey", "API keys", "an"},
        {"SSO provider", "SsoProvider", "SSO providers", "an"},
        {"network rule", "NetworkRule", "network rules", "a"},
        {"sign-in attempt", "SignInAttempt", "sign-in attempts", "a"},
        {"entry", "Entry", "entries", "an"},
        {"day", "Day", "days", "a"},
        {"match", "Match", "matches", "a"},
        {"user import", "UserImport", "user imports", "a"},
        {"URL", "Url", "URLs", "a"},
        {"", "", "s", "a"},
    };
    for (size_t i = 0; i < COUNT(nouns); i++) {
        ck_assert_str_eq(text_pascal(arena, nouns[i].noun), nouns[i].name);
        ck_assert_str_eq(text_plural(arena, nouns[i].noun), nouns[i].plural);
        ck_assert_str_eq(text_article(nouns[i].noun), nouns[i].article);
    }
}
END_TEST

START_TEST(whole_numbers_are_read_strictly)
{
    int64_t value = 77;
    ck_assert_int_eq(text_to_int(whole[_i].text, whole[_i].min, whole[_i].max, &value),
                     whole[_i].good);
    ck_assert_int_eq(value, whole[_i].good ? whole[_i].value : 77);
}
END_TEST

START_TEST(html_is_escaped_wherever_it_stands)
{
    struct buf out;
    buf_init(&out, arena);
    text_html(&out, "&<>\"'", 5);
    ck_assert_str_eq(out.data, "&amp;&lt;&gt;&quot;&#39;");
    buf_clear(&out);
    text_html(&out, "a<b\xc3\xa9>c", 7);
    ck_assert_str_eq(out.data, "a&lt;b\xc3\xa9&gt;c");
    buf_clear(&out);
    text_html(&out, "plain", 5);
    text_html(&out, "", 0);
    ck_assert_str_eq(out.data, "plain");
}
END_TEST

START_TEST(every_byte_survives_a_url)
{
    for (unsigned first = 1; first < 0x80; first++) {
        char text[2] = {(char)first, 0};
        struct buf out;
        buf_init(&out, arena);
        text_url(&out, text);
        bool plain = (first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z') ||
                     (first >= 'a' && first <= 'z') || strchr("-._~", (int)first);
        ck_assert_uint_eq(out.len, plain ? 1 : 3);
        ck_assert_str_eq(text_url_decode(arena, out.data, out.len, false), text);
        ck_assert_str_eq(text_url_decode(arena, out.data, out.len, true), text);
    }
    struct buf out;
    buf_init(&out, arena);
    text_url(&out, "a b/\xc3\xa9~");
    ck_assert_str_eq(out.data, "a%20b%2F%C3%A9~");
}
END_TEST

static const struct {
    const char *data;
    bool plus;
    const char *text;
} decoded[] = {{"", true, ""},
               {"a%20b+c", true, "a b c"},
               {"a%20b+c", false, "a b+c"},
               {"%2B", true, "+"},
               {"%c3%A9", false, "\xc3\xa9"},
               {"\xc3\xa9", false, "\xc3\xa9"},
               {"%25%32%35", false, "%25"},
               {"%", false, NULL},
               {"%4", false, NULL},
               {"a%", false, NULL},
               {"%4g", false, NULL},
               {"%g4", false, NULL},
               {"%%41", false, NULL},
               {"% 1", false, NULL},
               {"%+1", true, NULL},
               {"%00", false, NULL},
               {"a%00b", false, NULL},
               {"%ff", false, NULL},
               {"%c3", false, NULL},
               {"%c0%af", false, NULL},
               {"%ed%a0%80", false, NULL},
               {"\xc3", false, NULL}};

START_TEST(urls_are_decoded_strictly)
{
    const char *data = decoded[_i].data;
    char *text = text_url_decode(arena, data, strlen(data), decoded[_i].plus);
    if (decoded[_i].text)
        ck_assert_str_eq(text, decoded[_i].text);
    else
        ck_assert_msg(text == NULL, "%s", data);
    ck_assert_ptr_null(text_url_decode(arena, "a\0b", 3, false));
    ck_assert_str_eq(text_url_decode(arena, "%41%42", 3, false), "A"); /* not beyond len */
}
END_TEST

START_TEST(secrets_are_compared_whole)
{
    ck_assert(text_equal_secret("", "") && text_equal_secret("abc", "abc"));
    ck_assert(!text_equal_secret("abc", "abd") && !text_equal_secret("abc", "ab") &&
              !text_equal_secret("", "a"));
}
END_TEST

/* The examples of FIPS 180-4's test vectors. */
START_TEST(sha256_is_that_of_fips_180_4)
{
    char out[65];
    text_sha256("", 0, out);
    ck_assert_str_eq(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    text_sha256("abc", 3, out);
    ck_assert_str_eq(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    text_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
    ck_assert_str_eq(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(random_text_is_url_safe_and_differs)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t bytes = 1; bytes < 70; bytes++) {
        char *text = text_random(arena, bytes);
        ck_assert_uint_eq(strlen(text), (bytes * 4 + 2) / 3);
        ck_assert_uint_eq(strspn(text, letters), strlen(text));
    }
    ck_assert_str_ne(text_random(arena, 16), text_random(arena, 16));
}
END_TEST

static Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, texts_are_compared);
    tcase_add_test(tests, sequences_are_well_formed_by_table_3_7);
    tcase_add_test(tests, single_bytes_are_ascii_but_nul);
    tcase_add_test(tests, the_first_bad_byte_is_found_at_every_place);
    tcase_add_test(tests, code_points_are_counted);
    tcase_add_loop_test(tests, names_change_between_sql_json_and_labels, 0, COUNT(names));
    tcase_add_test(tests, only_ascii_letters_are_lowered);
    tcase_add_test(tests, white_space_goes_at_both_ends);
    tcase_add_test(tests, titles_are_small_within_a_sentence_but_for_acronyms);
    tcase_add_test(tests, nouns_become_names_plurals_and_have_their_article);
    tcase_add_loop_test(tests, whole_numbers_are_read_strictly, 0, COUNT(whole));
    tcase_add_test(tests, html_is_escaped_wherever_it_stands);
    tcase_add_test(tests, every_byte_survives_a_url);
    tcase_add_loop_test(tests, urls_are_decoded_strictly, 0, COUNT(decoded));
    tcase_add_test(tests, secrets_are_compared_whole);
    tcase_add_test(tests, sha256_is_that_of_fips_180_4);
    tcase_add_test(tests, random_text_is_url_safe_and_differs);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(text_suite)
