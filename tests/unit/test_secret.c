/* secret: keys for purposes, and texts sealed for one. */
#include <string.h>

#include "base/arena.h"
#include "base/secret.h"
#include "unit.h"

static struct arena *arena;
static const unsigned char root[SECRET_BYTES] = {1, 2, 3}, other[SECRET_BYTES] = {1, 2, 4};

static void setup(void)
{
    arena = arena_new();
    secret_set_root(root);
}

static void teardown(void)
{
    arena_free(arena);
}

START_TEST(each_purpose_has_a_key_of_its_own)
{
    unsigned char a[SECRET_BYTES], b[SECRET_BYTES], again[SECRET_BYTES];
    secret_derive("token", a);
    secret_derive("csrf", b);
    secret_derive("token", again);
    ck_assert_mem_ne(a, b, SECRET_BYTES);
    ck_assert_mem_eq(a, again, SECRET_BYTES);
    secret_set_root(other);
    secret_derive("token", again);
    ck_assert_mem_ne(a, again, SECRET_BYTES);
}
END_TEST

START_TEST(what_was_sealed_opens_for_its_purpose_alone)
{
    /* Those of one letter may stand in what was sealed by chance; the long ones never do. */
    static const char *const texts[] = {"", "x", "JBSWY3DPEHPK3PXP", "\xc3\xa9 and a longer one"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *sealed = secret_seal(arena, "totp", texts[i]);
        ck_assert(strlen(texts[i]) < 16 || strstr(sealed, texts[i]) == NULL);
        ck_assert_str_ne(sealed, secret_seal(arena, "totp", texts[i]));
        ck_assert_str_eq(secret_open(arena, "totp", sealed), texts[i]);
        ck_assert_ptr_null(secret_open(arena, "oidc", sealed));
        secret_set_root(other);
        ck_assert_ptr_null(secret_open(arena, "totp", sealed));
        secret_set_root(root);
    }
}
END_TEST

START_TEST(what_was_changed_does_not_open)
{
    char *sealed = secret_seal(arena, "totp", "JBSWY3DPEHPK3PXP");
    for (size_t i = 0; sealed[i]; i++) {
        char kept = sealed[i];
        sealed[i] = kept == 'A' ? 'B' : 'A';
        ck_assert_ptr_null(secret_open(arena, "totp", sealed));
        sealed[i] = kept;
    }
    ck_assert_ptr_null(secret_open(arena, "totp", NULL));
    ck_assert_ptr_null(secret_open(arena, "totp", ""));
    ck_assert_ptr_null(secret_open(arena, "totp", "not base64!"));
    sealed[strlen(sealed) - 4] = '\0';
    ck_assert_ptr_null(secret_open(arena, "totp", sealed));
}
END_TEST

static Suite *secret_suite(void)
{
    Suite *suite = suite_create("secret");
    TCase *tests = tcase_create("secret");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_purpose_has_a_key_of_its_own);
    tcase_add_test(tests, what_was_sealed_opens_for_its_purpose_alone);
    tcase_add_test(tests, what_was_changed_does_not_open);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(secret_suite)
