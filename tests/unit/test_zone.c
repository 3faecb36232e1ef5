/* zone: the clocks of every zone of this system, held against the C library's. */
#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/zone.h"
#include "base/zone_rule.h"
#include "unit.h"

#define ROOT "/usr/share/zoneinfo/"

static const int64_t from = -3786825600, until = 5680281600; /* 1850 to 2150 */
static int zones_seen;

static int offset_of_library(int64_t seconds)
{
    struct tm local;
    time_t at = (time_t)seconds;
    localtime_r(&at, &local);
    return (int)local.tm_gmtoff;
}

static void check(const struct zone *zone, const char *name, int64_t seconds)
{
    int ours = zone_offset_s(zone, seconds), theirs = offset_of_library(seconds);
    if (ours != theirs)
        ck_abort_msg("%s at %lld: %d, not %d", name, (long long)seconds, ours, theirs);
}

/* The second in which the library's offset changes, somewhere in between. */
static int64_t find_change(int64_t before, int64_t behind)
{
    int old = offset_of_library(before);
    while (behind - before > 1) {
        int64_t middle = before + (behind - before) / 2;
        *(offset_of_library(middle) == old ? &before : &behind) = middle;
    }
    return behind;
}

static int compare_zone(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    const char *name = path + strlen(ROOT);
    const int64_t step = 25 * 86400;
    char value[128];
    (void)status, (void)walk;
    if (kind != FTW_F || !isupper((unsigned char)*name))
        return 0;
    const struct zone *zone = zone_find(name);
    if (!zone) /* tables beside the zones: tzdata.zi and so on */
        return 0;
    snprintf(value, sizeof value, ":%s", name);
    setenv("TZ", value, 1);
    tzset();
    zones_seen++;
    for (int64_t at = from; at < until; at += step) {
        check(zone, name, at);
        if (offset_of_library(at) != offset_of_library(at + step)) {
            int64_t change = find_change(at, at + step);
            check(zone, name, change - 1);
            check(zone, name, change);
        }
    }
    return 0;
}

START_TEST(every_zone_and_each_of_its_changes_are_the_librarys)
{
    ck_assert_int_eq(nftw(ROOT, compare_zone, 16, FTW_PHYS), 0);
    ck_assert_int_gt(zones_seen, 200);
}
END_TEST

START_TEST(a_zone_is_read_once_and_what_is_none_is_told)
{
    static const char *const none[] = {
        "",     "europe/madrid", "Europe/Atlantis", "../etc/passwd", "Europe/../UTC",
        "/UTC", "right/UTC",     "tzdata.zi",       "Europe"};
    ck_assert_ptr_nonnull(zone_find("Europe/Madrid"));
    ck_assert_ptr_eq(zone_find("Europe/Madrid"), zone_find("Europe/Madrid"));
    ck_assert_ptr_null(zone_find(NULL));
    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_msg(!zone_find(none[i]), "%s", none[i]);
}
END_TEST

static const struct {
    const char *text, *instant;
    int64_t seconds;
    int offset_s;
} rules[] = {
    {"UTC0", "any", 0, 0},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 1774745999, 3600},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 1774746000, 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 1792890000, 3600},
    /* South of the equator summer spans the new year. */
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2027-01-01T00:00:00Z", 1798761600, 39600},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 1782864000, 36000},
    /* Ireland's winter is the exception, Godthab's rule begins the day before. */
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 1767225600, 0},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", 1774745999, -7200},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", 1774746000, -3600},
    {"XXX3EDT4,0/0,J365/23", "all year, RFC 9636 3.3.1", 1798761600, -14400},
    {"AAA0BBB,J60,J300", "2028-03-01T01:59:59Z", 1835488799, 0},
    {"AAA0BBB,J60,J300", "2028-03-01T02:00:00Z", 1835488800, 3600},
    {"AAA0BBB,59,300", "2028-02-29T02:00:00Z", 1835402400, 3600},
};

START_TEST(rules_say_how_a_zone_goes_on)
{
    struct zone_rule rule;
    ck_assert_msg(zone_rule_read(rules[_i].text, &rule), "%s", rules[_i].text);
    ck_assert_msg(zone_rule_offset_s(&rule, rules[_i].seconds) == rules[_i].offset_s,
                  "%s at %s: %d", rules[_i].text, rules[_i].instant,
                  zone_rule_offset_s(&rule, rules[_i].seconds));
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
    static const char *const none[] = {"",
                                       "CE-1",
                                       "CET",
                                       "CET-1CEST",
                                       "CET-1CEST,M3.5.0",
                                       "CET-168",
                                       "CET-1:60",
                                       "CET-1CE,J1,J2",
                                       "CET-1CEST,J0,J2",
                                       "CET-1CEST,366,J2",
                                       "<CET-1",
                                       "CET-1CEST,M13.1.0,J2",
                                       "CET-1CEST,M1.6.0,J2",
                                       "CET-1CEST,M1.1.7,J2",
                                       "CET-1CEST,J1,J2x",
                                       "<>-1"};
    struct zone_rule rule;
    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_msg(!zone_rule_read(none[i], &rule), "%s", none[i]);
}
END_TEST

/* Cut off anywhere, or with any byte changed: told, or read, and never beyond its end. */
START_TEST(broken_files_are_told_or_harmless)
{
    unsigned char bytes[8192];
    FILE *file = fopen(ROOT "Europe/Madrid", "re");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < len; cut++)
        ck_assert_msg(!zone_read(bytes, cut), "cut at %zu", cut);
    for (size_t i = 0; i < len; i++) {
        unsigned char kept = bytes[i];
        bytes[i] ^= 0xff;
        struct zone *zone = zone_read(bytes, len);
        if (zone)
            zone_offset_s(zone, 1800000000);
        zone_free(zone);
        bytes[i] = kept;
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("zone");
    TCase *cases = tcase_create("zone");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, every_zone_and_each_of_its_changes_are_the_librarys);
    tcase_add_test(cases, a_zone_is_read_once_and_what_is_none_is_told);
    tcase_add_loop_test(cases, rules_say_how_a_zone_goes_on, 0, (int)COUNT(rules));
    tcase_add_test(cases, what_is_no_rule_is_refused);
    tcase_add_test(cases, broken_files_are_told_or_harmless);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN(make_suite)
