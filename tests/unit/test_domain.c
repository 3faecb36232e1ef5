/* Names that tenants may claim. */
#include "access/domain.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/text.h"
#include "unit.h"

static struct arena *arena;

static void set_up(void)
{
    const char *problem;
    setenv("TULOU_DOMAIN", "houses.example.net", 1);
    setenv("TULOU_PUBLIC_URL", "https://www.houses.example.org:8443", 1);
    ck_assert(config_load(&problem));
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static void becomes(const char *typed, const char *expected)
{
    struct domain_problem problem = {0};
    const char *domain = domain_read(arena, typed, &problem);
    ck_assert_msg(domain != NULL, "%s: %s", typed, problem.code);
    ck_assert_str_eq(domain, expected);
}

static void is_refused(const char *typed, const char *code)
{
    struct domain_problem problem = {0};
    const char *domain = domain_read(arena, typed, &problem);
    ck_assert_msg(domain == NULL, "%s: %s", typed, domain);
    ck_assert_str_eq(problem.code, code);
    ck_assert_ptr_nonnull(problem.message);
}

START_TEST(a_name_has_one_form)
{
    becomes(" Club.Example.COM. ", "club.example.com");
    becomes("b\xc3\xbc"
            "cher.example.de",
            "xn--bcher-kva.example.de");
    becomes("xn--bcher-kva.example.de", "xn--bcher-kva.example.de");
    becomes("stra\xc3\x9f"
            "e.de",
            "xn--strae-oqa.de");
    becomes("club\xe3\x80\x82"
            "example\xe3\x80\x82"
            "com",
            "club.example.com");
    becomes("example.co.uk", "example.co.uk");
    ck_assert_str_eq(domain_shown(arena, "xn--bcher-kva.example.de"), "b\xc3\xbc"
                                                                      "cher.example.de");
    ck_assert_str_eq(domain_shown(arena, "club.example.com"), "club.example.com");
}
END_TEST

START_TEST(what_is_no_host_is_refused)
{
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "club",
                                      "a..example.com",
                                      "-a.example.com",
                                      "a-.example.com",
                                      "a b.example.com",
                                      "a_b.example.com",
                                      "*.example.com",
                                      "https://example.com",
                                      "example.com/",
                                      "example.com:80",
                                      "192.0.2.1",
                                      "1.2",
                                      "0x7f.0x1",
                                      "[::1]",
                                      "::1",
                                      "com",
                                      "club.nosuchtld",
                                      "\xff.example.com",
                                      "a@example.com"};
    for (size_t i = 0; i < COUNT(bad); i++)
        is_refused(bad[i], "invalid_domain");
}
END_TEST

START_TEST(what_is_anothers_or_nobodys_is_refused)
{
    static const char *const bad[] = {"localhost",
                                      "a.localhost",
                                      "a.local",
                                      "a.internal",
                                      "a.test",
                                      "a.onion",
                                      "10.in-addr.arpa",
                                      "co.uk",
                                      "github.io",
                                      "houses.example.net",
                                      "acme.houses.example.net",
                                      "a.b.HOUSES.example.net",
                                      "www.houses.example.org"};
    for (size_t i = 0; i < COUNT(bad); i++)
        is_refused(bad[i], "domain_reserved");
    becomes("otherhouses.example.net", "otherhouses.example.net");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("domain");
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, set_up, tear_down);
    tcase_add_test(names, a_name_has_one_form);
    tcase_add_test(names, what_is_no_host_is_refused);
    tcase_add_test(names, what_is_anothers_or_nobodys_is_refused);
    suite_add_tcase(suite, names);
    return suite;
}

UNIT_MAIN(make_suite)
