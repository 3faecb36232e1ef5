/* The rules of passwords that need no tenant: common ones, personal ones. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "access/common.h"
#include "access/policy.h"
#include "base/text.h"
#include "unit.h"

static void load(void)
{
    ck_assert(common_load("build/share/passwords.bin"));
}

START_TEST(common_passwords_are_known_in_any_case)
{
    static const char *const common[] = {"password",   "PASSWORD",    "qwertyuiop",
                                         "Q1w2e3r4t5", "password123", "iloveyou"};
    for (size_t i = 0; i < COUNT(common); i++)
        ck_assert_msg(common_password(common[i]), "%s", common[i]);
}
END_TEST

START_TEST(a_few_signs_make_a_common_password_no_better)
{
    ck_assert(common_password("basketball!"));
    ck_assert(common_password("Manchester2026"));
    ck_assert(common_password("#1Basketball#"));
    ck_assert(!common_password("basketball#81754"));
}
END_TEST

START_TEST(others_are_not_common)
{
    static const char *const good[] = {
        "correct horse battery",    "tulou-demo-2026", "a new long password", "", "1", "2026!",
        "8 rainy tuesdays in Porto"};
    char longest[1025];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(!common_password(good[i]), "%s", good[i]);
    ck_assert(!common_password(longest));
}
END_TEST

START_TEST(a_list_that_cannot_be_read_is_refused_and_the_old_one_stays)
{
    char path[] = "/tmp/tulou-common-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert(!common_load(path)); /* empty */
    ck_assert_int_eq(write(fd, "1234567", 7), 7);
    ck_assert(!common_load(path));
    close(fd);
    unlink(path);
    ck_assert(!common_load(path));
    ck_assert(common_password("password"));
}
END_TEST

START_TEST(what_is_made_of_the_owners_words_is_personal)
{
    static const char *const words[] = {"ana.ruiz@northside.test", "ruiz", "northside"};
    static const char *const bad[] = {"ana.ruiz@northside.test", "Northside2026!", "RuizRuizRuiz",
                                      "northside-ruiz"};
    static const char *const good[] = {"northside is by the river", "correct horse battery", ""};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(password_is_personal(bad[i], words, COUNT(words)), "%s", bad[i]);
    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(!password_is_personal(good[i], words, COUNT(words)), "%s", good[i]);
    ck_assert(!password_is_personal("short", words, 0));
}
END_TEST

static Suite *policy_suite(void)
{
    Suite *suite = suite_create("policy");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, load, NULL);
    tcase_add_test(core, common_passwords_are_known_in_any_case);
    tcase_add_test(core, a_few_signs_make_a_common_password_no_better);
    tcase_add_test(core, others_are_not_common);
    tcase_add_test(core, a_list_that_cannot_be_read_is_refused_and_the_old_one_stays);
    tcase_add_test(core, what_is_made_of_the_owners_words_is_personal);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(policy_suite)
