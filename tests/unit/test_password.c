/* Argon2id on the helper threads. */
#include <sodium.h>
#include <string.h>

#include "access/password.h"
#include "base/arena.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "unit.h"

static struct arena *arena;
static loop_function *body;

static void run_body(void *unused)
{
    body(unused);
    loop_stop();
}

static void run(loop_function *function)
{
    body = function;
    arena = arena_new();
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert(loop_init());
    ck_assert(coroutine_start(run_body, NULL));
    loop_run();
    loop_end();
    arena_free(arena);
}

#define IN_LOOP(name)                                                                              \
    static void name##_body(void *unused);                                                         \
    START_TEST(name)                                                                               \
    {                                                                                              \
        run(name##_body);                                                                          \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name##_body(void *unused)

IN_LOOP(the_right_password_is_told_from_others)
{
    (void)unused;
    char *hash = password_hash(arena, "correct horse battery staple");
    ck_assert_ptr_nonnull(hash);
    ck_assert(password_verify(hash, "correct horse battery staple"));
    ck_assert(!password_verify(hash, "correct horse battery stapl"));
    ck_assert(!password_verify(hash, "correct horse battery staple "));
    ck_assert(!password_verify(hash, ""));
}

/* The hash of a decomposed "passé"… as it was made before passwords had one form. */
IN_LOOP(a_password_is_one_whatever_keyboard_typed_it)
{
    (void)unused;
    static const char composed[] = "pass\xc3\xa9 par ici", decomposed[] = "passe\xcc\x81 par ici",
                      no_break[] = "pass\xc3\xa9\xc2\xa0par ici";
    char old[crypto_pwhash_STRBYTES], *hash = password_hash(arena, decomposed);
    ck_assert(password_verify(hash, composed) && password_verify(hash, decomposed) &&
              password_verify(hash, no_break));
    ck_assert(!password_verify(hash, "passe par ici"));
    ck_assert_int_eq(crypto_pwhash_str(old, decomposed, strlen(decomposed), 1, 8192), 0);
    ck_assert(password_verify(old, decomposed));
}

IN_LOOP(hashes_are_salted_and_of_todays_costs)
{
    (void)unused;
    char *one = password_hash(arena, "same"), *two = password_hash(arena, "same");
    ck_assert_str_ne(one, two);
    ck_assert(text_starts(one, "$argon2id$v=19$m=19456,t=2,p=1$"));
    ck_assert(!password_is_old(one));
}

IN_LOOP(other_costs_are_noticed_and_still_verify)
{
    char old[crypto_pwhash_STRBYTES];
    (void)unused;
    ck_assert_int_eq(
        crypto_pwhash_str_alg(old, "pass", 4, 1, 8 * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13), 0);
    ck_assert(password_is_old(old));
    ck_assert(password_verify(old, "pass"));
}

IN_LOOP(no_account_has_no_password)
{
    (void)unused;
    ck_assert(!password_verify(NULL, ""));
    ck_assert(!password_verify(NULL, "anything"));
    ck_assert(!password_verify("", "anything"));
    ck_assert(!password_verify("$argon2id$broken", "anything"));
}

IN_LOOP(a_hash_that_is_too_long_is_nobodys)
{
    (void)unused;
    char *hash = arena_alloc(arena, 1001);
    memset(hash, '$', 1000);
    ck_assert(!password_verify(hash, "anything"));
}

/* Of crypt_blowfish's own tests (wrapper.c). */
IN_LOOP(bcrypt_of_other_systems_is_verified_and_old)
{
    static const char digits[] = "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    static const char *const kinds[] = {"$2a", "$2b", "$2y"};
    (void)unused;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *hash = arena_printf(arena, "%s%s", kinds[i], digits);
        ck_assert(password_verify(hash, "U*U"));
        ck_assert(!password_verify(hash, "U*U*"));
        ck_assert(!password_verify(hash, ""));
        ck_assert(password_is_old(hash));
        ck_assert_msg(!password_hash_is_known(hash), "of so low a cost it is not taken over");
    }
    ck_assert(
        password_hash_is_known("$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

IN_LOOP(a_hash_that_is_none_is_neither_taken_nor_right)
{
    static const char *const bad[] = {
        "",
        "U*U",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW!",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC:E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
        "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(!password_hash_is_known(bad[i]), "%s", bad[i]);
        ck_assert_msg(i + 1 == COUNT(bad) || !password_verify(bad[i], "U*U"), "%s", bad[i]);
    }
    ck_assert(password_hash_is_known(password_hash(arena, "taken over")));
}

struct one {
    int *left;
    const char *hash, *password;
    bool right;
};

static void verify_one(void *arg)
{
    struct one *one = arg;
    one->right = password_verify(one->hash, one->password);
    if (--*one->left == 0)
        loop_stop();
}

START_TEST(many_at_once_each_get_their_own_answer)
{
    enum { MANY = 12 };
    struct one ones[MANY];
    char hash[crypto_pwhash_STRBYTES];
    int left = MANY;
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_int_eq(
        crypto_pwhash_str_alg(hash, "pass", 4, 1, 8 * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13),
        0);
    ck_assert(loop_init());
    for (int i = 0; i < MANY; i++) {
        ones[i] = (struct one){&left, i % 3 == 2 ? NULL : hash, i % 3 == 0 ? "pass" : "no", false};
        ck_assert(coroutine_start(verify_one, &ones[i]));
    }
    loop_run();
    loop_end();
    for (int i = 0; i < MANY; i++)
        ck_assert(ones[i].right == (i % 3 == 0));
}
END_TEST

static Suite *password_suite(void)
{
    Suite *suite = suite_create("password");
    TCase *core = tcase_create("core");
    tcase_add_test(core, the_right_password_is_told_from_others);
    tcase_add_test(core, a_password_is_one_whatever_keyboard_typed_it);
    tcase_add_test(core, hashes_are_salted_and_of_todays_costs);
    tcase_add_test(core, other_costs_are_noticed_and_still_verify);
    tcase_add_test(core, no_account_has_no_password);
    tcase_add_test(core, a_hash_that_is_too_long_is_nobodys);
    tcase_add_test(core, bcrypt_of_other_systems_is_verified_and_old);
    tcase_add_test(core, a_hash_that_is_none_is_neither_taken_nor_right);
    tcase_add_test(core, many_at_once_each_get_their_own_answer);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(password_suite)
