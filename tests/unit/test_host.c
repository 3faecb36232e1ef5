/* host, origin: names and origins have the form in which machines send them. */
#include "base/host.h"

#include <string.h>

#include "base/arena.h"
#include "base/origin.h"
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
    const char *typed, *normal; /* NULL: refused */
} hosts[] = {
    {"Club.Example", "club.example"},
    {"localhost", "localhost"},
    {"a--b.test", "a--b.test"},
    {"m\xc3\xbcller.example", "xn--mller-kva.example"},
    {"XN--MLLER-KVA.example", "xn--mller-kva.example"},
    {"127.0.0.1", "127.0.0.1"},
    {"", NULL},
    {".", NULL},
    {"a..b", NULL},
    {"a.", NULL},
    {"-a.b", NULL},
    {"a_b", NULL},
    {"*.a", NULL},
    {"m\xc3\xbcller_x.example", NULL},
    {"xn--\xff", NULL},
};

START_TEST(hosts_have_one_form)
{
    const char *host = host_read(arena, hosts[_i].typed);
    ck_assert_msg(text_equal(host, hosts[_i].normal), "%s: %s", hosts[_i].typed, host);
}
END_TEST

START_TEST(addresses_are_told_from_names)
{
    ck_assert(host_is_number("127.0.0.1") && host_is_number("1") && host_is_number("a.0x7f") &&
              host_is_number("a.09"));
    ck_assert(!host_is_number("1.test") && !host_is_number("a.1b") && !host_is_number("a.0xg"));
}
END_TEST

static const struct {
    const char *typed, *normal;
} origins[] = {
    {"https://spa.example.com", "https://spa.example.com"},
    {" HTTPS://Spa.Example.com/ ", "https://spa.example.com"},
    {"https://spa.example.com:443", "https://spa.example.com"},
    {"http://spa.example.com:80/", "http://spa.example.com"},
    {"http://spa.example.com:443", "http://spa.example.com:443"},
    {"http://localhost:5173", "http://localhost:5173"},
    {"http://localhost:05173", "http://localhost:5173"},
    {"http://127.0.0.1:3000", "http://127.0.0.1:3000"},
    {"http://[0:0::1]:3000", "http://[::1]:3000"},
    {"http://[::1]/", "http://[::1]"},
    {"https://m\xc3\xbcller.example", "https://xn--mller-kva.example"},
    {"https://*.example.com", NULL},
    {"*", NULL},
    {"null", NULL},
    {"", NULL},
    {"https://", NULL},
    {"https:///", NULL},
    {"https://y.example.com/app", NULL},
    {"https://y.example.com//", NULL},
    {"https://y.example.com?x", NULL},
    {"https://y.example.com#x", NULL},
    {"https://user@y.example.com", NULL},
    {"https://y.example.com:", NULL},
    {"https://y.example.com:0", NULL},
    {"https://y.example.com:65536", NULL},
    {"https://y.example.com:8x", NULL},
    {"ftp://y.example.com", NULL},
    {"y.example.com", NULL},
    {"http://1.2.3", NULL},
    {"http://1.2.3.999", NULL},
    {"http://[::1", NULL},
    {"http://[::g]", NULL},
    {"http://[]", NULL},
    {"http://[::1]x", NULL},
};

START_TEST(origins_have_the_form_of_browsers)
{
    const char *origin = origin_read(arena, origins[_i].typed);
    ck_assert_msg(text_equal(origin, origins[_i].normal), "%s: %s", origins[_i].typed, origin);
}
END_TEST

static Suite *host_suite(void)
{
    Suite *suite = suite_create("host");
    TCase *tests = tcase_create("host");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, hosts_have_one_form, 0, COUNT(hosts));
    tcase_add_test(tests, addresses_are_told_from_names);
    tcase_add_loop_test(tests, origins_have_the_form_of_browsers, 0, COUNT(origins));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(host_suite)
