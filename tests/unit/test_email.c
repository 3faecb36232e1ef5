/* email: what is taken can be mailed, and stands in one form. */
#include <string.h>

#include "base/arena.h"
#include "base/email.h"
#include "base/text.h"
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

static const struct {
    const char *typed, *normal;
} taken[] = {
    {"ada@example.test", "ada@example.test"},
    {" Ada.B+c@Mail.Example.TEST\n", "ada.b+c@mail.example.test"},
    {"\xc2\xa0"
     "ada@example.test\xe2\x80\x8b",
     "ada@example.test"},
    {"o'neil@x-y.test", "o'neil@x-y.test"},
    {"{}@example.test", "{}@example.test"},
    {"max@m\xc3\xbcller.example", "max@xn--mller-kva.example"},
    {"max@mu\xcc\x88ller.example", "max@xn--mller-kva.example"},
    {"max@M\xc3\x9cLLER.example", "max@xn--mller-kva.example"},
    {"max@xn--mller-kva.example", "max@xn--mller-kva.example"},
    {"a@stra\xc3\x9f"
     "e.example",
     "a@xn--strae-oqa.example"},
    {"a@\xe4\xbe\x8b\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95", "a@xn--fsq.xn--0zwm56d"},
    {"a@a--b.test", "a@a--b.test"},
    {"a@1.2.test", "a@1.2.test"},
};

START_TEST(addresses_have_one_form)
{
    const char *email = email_read(arena, taken[_i].typed);
    ck_assert_msg(email != NULL, "%s", taken[_i].typed);
    ck_assert_str_eq(email, taken[_i].normal);
    ck_assert(email_is(email) && email_may_send(email));
}
END_TEST

static const char *const refused[] = {"",
                                      "@",
                                      "a@",
                                      "@b.test",
                                      "plain",
                                      "a@b",
                                      "a@localhost",
                                      "a..b@c.test",
                                      ".a@b.test",
                                      "a.@b.test",
                                      "a@.b.test",
                                      "a@b..test",
                                      "a@b.test.",
                                      "a@b.test@c.test",
                                      "a b@c.test",
                                      "a@b c.test",
                                      "a@b.test>",
                                      "<a@b.test>",
                                      "a,b@c.test",
                                      "\"a\"@b.test",
                                      "a\r\nb@c.test",
                                      "a@b.test\r\nRCPT TO:<c@d.test>",
                                      "a@-b.test",
                                      "a@b-.test",
                                      "a@b_c.test",
                                      "a@[127.0.0.1]",
                                      "a@127.0.0.1",
                                      "a@b.1",
                                      "\xc3\xa4@b.test",
                                      "a@m\xc3\xbcller",
                                      "a@m\xc3\xbc_ller.test",
                                      "a@xn--\x80.test",
                                      "a@xn--a-ecp.ru\xff"};

START_TEST(others_are_refused)
{
    ck_assert_msg(!email_read(arena, refused[_i]), "%s", refused[_i]);
    ck_assert_msg(!email_is(refused[_i]), "%s", refused[_i]);
}
END_TEST

START_TEST(lengths_are_those_of_rfc_5321)
{
    char *email = arena_alloc(arena, 400);
    memset(email, 'a', 64);
    strcpy(email + 64, "@b.test");
    ck_assert(email_read(arena, email) != NULL);
    memset(email, 'a', 65);
    strcpy(email + 65, "@b.test");
    ck_assert(!email_read(arena, email));
    strcpy(email, "a@");
    for (int i = 0; i < 4; i++)
        strcat(email, "b23456789012345678901234567890123456789012345678901234567890.");
    strcat(email, "test"); /* 250 */
    ck_assert(email_read(arena, email) != NULL);
    strcat(email, "longer");
    ck_assert(!email_read(arena, email));
    strcpy(email, "a@");
    memset(email + 2, 'b', 64);
    strcpy(email + 66, ".test");
    ck_assert(!email_read(arena, email));
}
END_TEST

START_TEST(senders_may_be_an_own_host)
{
    ck_assert(email_may_send("no-reply@localhost") && email_may_send("Post@House.test"));
    ck_assert(!email_may_send("no-reply") && !email_may_send("a..b@localhost") &&
              !email_may_send("a@b@") && !email_may_send(NULL) && !email_is(NULL));
    ck_assert(!email_is("Ada@example.test") && !email_is(" ada@example.test"));
}
END_TEST

static Suite *email_suite(void)
{
    Suite *suite = suite_create("email");
    TCase *tests = tcase_create("email");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, addresses_have_one_form, 0, COUNT(taken));
    tcase_add_loop_test(tests, others_are_refused, 0, COUNT(refused));
    tcase_add_test(tests, lengths_are_those_of_rfc_5321);
    tcase_add_test(tests, senders_may_be_an_own_host);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(email_suite)
