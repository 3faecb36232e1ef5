/* Codes of an app: RFC 6238's own vectors, the steps beside the present one, and
 * a QR code that is drawn whole. */
#include <string.h>

#include "access/totp.h"
#include "base/arena.h"
#include "base/qr.h"
#include "base/text.h"
#include "unit.h"

/* RFC 6238 appendix B: "12345678901234567890", the last six of its digits. */
#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static const struct {
    int64_t at;
    const char *code;
} vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
               {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

START_TEST(the_codes_of_the_rfc_are_known)
{
    ck_assert_int_eq(totp_step(SECRET, vectors[_i].code, vectors[_i].at), vectors[_i].at / 30);
}
END_TEST

START_TEST(a_code_is_known_in_its_step_and_the_ones_beside_it_alone)
{
    for (int64_t steps = -3; steps <= 3; steps++) {
        int64_t found = totp_step(SECRET, "005924", 1234567890 + steps * TOTP_STEP_S);
        ck_assert_int_eq(found, steps >= -1 && steps <= 1 ? 1234567890 / TOTP_STEP_S : 0);
    }
}
END_TEST

START_TEST(what_is_no_code_or_no_secret_is_refused)
{
    ck_assert_int_eq(totp_step(SECRET, "5924", 1234567890), 0);
    ck_assert_int_eq(totp_step(SECRET, "", 1234567890), 0);
    ck_assert_int_eq(totp_step("not base32!", "005924", 1234567890), 0);
    ck_assert_str_eq(totp_digits(arena, " 005 924 "), "005924");
    ck_assert_ptr_null(totp_digits(arena, "00592"));
    ck_assert_ptr_null(totp_digits(arena, "0059240"));
    ck_assert_ptr_null(totp_digits(arena, "00592a"));
}
END_TEST

START_TEST(new_secrets_are_long_and_differ)
{
    const char *one = totp_new_secret(arena), *two = totp_new_secret(arena);
    ck_assert_uint_eq(strlen(one), 32);
    ck_assert_str_ne(one, two);
}
END_TEST

START_TEST(the_address_names_service_and_account_whatever_stands_in_them)
{
    ck_assert_str_eq(totp_address(arena, SECRET, "Club & Co", "a@b.test"),
                     "otpauth://totp/Club%20%26%20Co:a%40b.test?secret=" SECRET
                     "&issuer=Club%20%26%20Co&algorithm=SHA1&digits=6&period=30");
}
END_TEST

START_TEST(a_text_becomes_a_picture_and_one_that_is_too_long_none)
{
    char *many = arena_alloc(arena, 5001);
    memset(many, 'x', 5000);
    many[5000] = 0;
    ck_assert(text_starts(qr_picture(arena, "otpauth://totp/x"), "data:image/svg+xml;base64,"));
    ck_assert_ptr_null(qr_picture(arena, many));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("totp");
    TCase *cases = tcase_create("totp");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, the_codes_of_the_rfc_are_known, 0, (int)COUNT(vectors));
    tcase_add_test(cases, a_code_is_known_in_its_step_and_the_ones_beside_it_alone);
    tcase_add_test(cases, what_is_no_code_or_no_secret_is_refused);
    tcase_add_test(cases, new_secrets_are_long_and_differ);
    tcase_add_test(cases, the_address_names_service_and_account_whatever_stands_in_them);
    tcase_add_test(cases, a_text_becomes_a_picture_and_one_that_is_too_long_none);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN(make_suite)
