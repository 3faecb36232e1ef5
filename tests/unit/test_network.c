/* Addresses and networks. */
#include <string.h>

#include "access/network.h"
#include "base/text.h"
#include "unit.h"

START_TEST(an_address_is_found_in_its_networks)
{
    ck_assert(network_holds("192.0.2.0/24", "192.0.2.1"));
    ck_assert(network_holds("192.0.2.0/24", "192.0.2.255"));
    ck_assert(!network_holds("192.0.2.0/24", "192.0.3.0"));
    ck_assert(network_holds("10.0.0.0/9", "10.127.255.255"));
    ck_assert(!network_holds("10.0.0.0/9", "10.128.0.0"));
    ck_assert(network_holds("192.0.2.7/32", "192.0.2.7"));
    ck_assert(!network_holds("192.0.2.7/32", "192.0.2.6"));
    ck_assert(network_holds("192.0.2.7", "192.0.2.7"));
    ck_assert(network_holds("198.51.100.0/24,203.0.113.0/24", "203.0.113.9"));
    ck_assert(!network_holds("", "203.0.113.9"));
}
END_TEST

START_TEST(the_two_kinds_of_addresses_are_told_apart)
{
    ck_assert(network_holds("2001:db8::/32", "2001:db8:1::5"));
    ck_assert(!network_holds("2001:db8::/32", "2001:db9::"));
    ck_assert(network_holds("2001:db8::8000/113", "2001:db8::ffff"));
    ck_assert(!network_holds("2001:db8::8000/113", "2001:db8::7fff"));
    ck_assert(!network_holds("0.0.0.0/0", "2001:db8::1"));
    ck_assert(network_holds("0.0.0.0/0", "198.51.100.1"));
    ck_assert(network_holds("::/0", "2001:db8::1"));
    ck_assert(network_holds("192.0.2.0/24", "::ffff:192.0.2.1"));
}
END_TEST

START_TEST(what_is_no_address_is_nowhere)
{
    static const char *const bad[] = {"", "unix:", "localhost", "192.0.2", "192.0.2.1 ", "::g"};
    static const char *const networks[] = {"x",   "192.0.2.0/33", "192.0.2.0/-1",  "192.0.2.0/",
                                           "/24", ",,,",          "2001:db8::/129"};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!network_holds("0.0.0.0/0,::/0", bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < COUNT(networks); i++)
        ck_assert_msg(!network_holds(networks[i], "192.0.2.0"), "%s", networks[i]);
    ck_assert(network_holds("x,192.0.2.0/33,192.0.2.0/24", "192.0.2.1"));
}
END_TEST

START_TEST(a_client_of_ipv6_counts_by_its_64)
{
    char out[64];
    network_of("2001:db8:1:2:3:4:5:6", out, sizeof out);
    ck_assert_str_eq(out, "2001:db8:1:2::/64");
    network_of("192.0.2.1", out, sizeof out);
    ck_assert_str_eq(out, "192.0.2.1");
    network_of("::ffff:192.0.2.1", out, sizeof out);
    ck_assert_str_eq(out, "::ffff:192.0.2.1");
    network_of("", out, sizeof out);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_network_ends_in_zeros)
{
    static const char *const good[] = {"192.0.2.7", "192.0.2.0/24",  "192.0.2.7/32",
                                       "0.0.0.0/0", "2001:db8::/32", "2001:db8::1/128",
                                       "::/0",      "10.0.0.8/29"};
    static const char *const bad[] = {
        "",  "192.0.2.7/24", "192.0.2.0/33", "2001:db8::1/64", "10.0.0.4/29", "192.0.2.0/24,",
        "x", "192.0.2.0/"};
    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(network_is(good[i]), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!network_is(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(rules_deny_first_and_then_allow)
{
    ck_assert(network_allows(NULL, "192.0.2.1"));
    ck_assert(network_allows("192.0.2.0/24", "192.0.2.1"));
    ck_assert(network_allows("198.51.100.0/24,192.0.2.0/24", "::ffff:192.0.2.1"));
    ck_assert(!network_allows("192.0.2.0/24", "192.0.3.1"));
    ck_assert(!network_allows("!192.0.2.0/24", "192.0.2.1"));
    ck_assert(network_allows("!192.0.2.0/24", "192.0.3.1"));
    ck_assert(!network_allows("192.0.0.0/16,!192.0.2.0/24", "192.0.2.1"));
    ck_assert(network_allows("!192.0.2.0/24,192.0.0.0/16", "192.0.3.1"));
    ck_assert(!network_allows("!192.0.2.0/24,192.0.0.0/16", "2001:db8::1"));
    ck_assert(network_allows("!2001:db8::/32", "2001:db9::1"));
    ck_assert(!network_allows("!192.0.2.0/24", "nowhere"));
}
END_TEST

static Suite *network_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *core = tcase_create("core");
    tcase_add_test(core, an_address_is_found_in_its_networks);
    tcase_add_test(core, the_two_kinds_of_addresses_are_told_apart);
    tcase_add_test(core, what_is_no_address_is_nowhere);
    tcase_add_test(core, a_client_of_ipv6_counts_by_its_64);
    tcase_add_test(core, a_network_ends_in_zeros);
    tcase_add_test(core, rules_deny_first_and_then_allow);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(network_suite)
