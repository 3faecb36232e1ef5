/* API keys: their form, so that what is no key is told at once. */
#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "access/api_key.h"
#include "base/arena.h"
#include "base/text.h"
#include "unit.h"

#define TENANT "0193aaaa-0000-7000-8000-00000000000c"

static struct arena *arena;

static void set_up(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

START_TEST(a_new_key_says_whose_it_is)
{
    struct api_key key;
    char hash[65];
    const char *text = api_key_make(arena, TENANT);
    ck_assert_uint_eq(strlen(text), API_KEY_LENGTH);
    ck_assert(text_starts(text, "tulou_"));
    ck_assert(api_key_is_meant(text));
    ck_assert(api_key_parse(text, &key));
    ck_assert_str_eq(key.tenant_id, TENANT);
    ck_assert_uint_eq(strlen(key.shown), API_KEY_SHOWN);
    ck_assert(text_starts(text, key.shown));
    text_sha256(text, strlen(text), hash);
    ck_assert_str_eq(key.hash, hash);
}
END_TEST

START_TEST(no_two_keys_are_the_same)
{
    ck_assert_str_ne(api_key_make(arena, TENANT), api_key_make(arena, TENANT));
}
END_TEST

/* The sum by another program: zlib's crc32 of the first 70 characters. */
START_TEST(the_checksum_is_that_of_others)
{
    struct api_key key;
    ck_assert(api_key_parse("tulou_00000000000000000000000000000000"
                            "0193aaaa00007000800000000000000c"
                            "0yB71O",
                            &key));
    ck_assert_str_eq(key.tenant_id, TENANT);
}
END_TEST

START_TEST(a_slip_of_the_pen_is_noticed_anywhere)
{
    struct api_key key;
    for (size_t i = 0; i < API_KEY_LENGTH; i++) {
        char *text = api_key_make(arena, TENANT);
        text[i] = text[i] == 'a' ? 'b' : 'a';
        ck_assert_msg(!api_key_parse(text, &key), "at %zu: %s", i, text);
    }
    for (size_t i = 0; i + 1 < API_KEY_LENGTH; i++) {
        char *text = api_key_make(arena, TENANT), kept = text[i];
        if (kept == text[i + 1])
            continue;
        text[i] = text[i + 1];
        text[i + 1] = kept;
        ck_assert_msg(!api_key_parse(text, &key), "swapped at %zu: %s", i, text);
    }
}
END_TEST

START_TEST(what_is_shorter_or_longer_is_none)
{
    struct api_key key;
    char *text = api_key_make(arena, TENANT);
    ck_assert(!api_key_parse(arena_printf(arena, "%sa", text), &key));
    ck_assert(!api_key_parse(arena_printf(arena, "%s ", text), &key));
    ck_assert(!api_key_parse(arena_printf(arena, " %s", text), &key));
    for (size_t len = 0; len < API_KEY_LENGTH; len++)
        ck_assert(!api_key_parse(arena_copy(arena, text, len), &key));
}
END_TEST

START_TEST(other_tokens_do_not_mean_to_be_keys)
{
    static const char *const others[] = {"", "tulou", "Tulou_x", "eyJhbGciOiJIUzI1NiJ9.e30.x"};
    struct api_key key;
    for (size_t i = 0; i < COUNT(others); i++) {
        ck_assert(!api_key_is_meant(others[i]));
        ck_assert(!api_key_parse(others[i], &key));
    }
    ck_assert(api_key_is_meant("tulou_"));
    ck_assert(!api_key_parse("tulou_", &key));
}
END_TEST

static Suite *api_key_suite(void)
{
    Suite *suite = suite_create("api_key");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_add_test(core, a_new_key_says_whose_it_is);
    tcase_add_test(core, no_two_keys_are_the_same);
    tcase_add_test(core, the_checksum_is_that_of_others);
    tcase_add_test(core, a_slip_of_the_pen_is_noticed_anywhere);
    tcase_add_test(core, what_is_shorter_or_longer_is_none);
    tcase_add_test(core, other_tokens_do_not_mean_to_be_keys);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(api_key_suite)
