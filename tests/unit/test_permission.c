/* Grants and what they cover. */
#include <stdio.h>
#include <string.h>

#include "access/permission.h"
#include "access/roles.h"
#include "access/session.h"
#include "base/arena.h"
#include "base/text.h"
#include "http/cx.h"
#include "unit.h"

static struct permissions of(const char *const *grants)
{
    size_t count = 0;
    while (grants[count])
        count++;
    return (struct permissions){grants, count};
}
#define OF(...) of((const char *const[]){__VA_ARGS__, NULL})
static bool allow(struct permissions permissions, const char *permission)
{
    return permissions_allow(&permissions, permission);
}

static bool cover(struct permissions permissions, const char *grant)
{
    return permissions_cover(&permissions, grant);
}

START_TEST(well_formed_grants_are_told_from_others)
{
    static const char *const good[] = {"*",
                                       "*:read",
                                       "*:*",
                                       "crm.*",
                                       "crm.*:read",
                                       "crm.leads:read",
                                       "crm.leads:*",
                                       "a1_b.c2:d_3",
                                       "crm.leads:read@own",
                                       "crm.leads:*@team",
                                       "crm.*@own",
                                       "*@team",
                                       "*:read@own"};
    static const char *const bad[] = {"",
                                      "crm",
                                      "crm.",
                                      "crm.leads",
                                      ".leads:r",
                                      "crm.leads:",
                                      "crm.le*:r",
                                      "*.leads:read",
                                      "crm.*x",
                                      "crm.leads:re*",
                                      "Crm.leads:r",
                                      "crm.leads:read ",
                                      "crm..a:b",
                                      "*crm",
                                      "crm.leads::",
                                      "crm.l:r:x",
                                      "crm.l\xC3\xA9:r",
                                      "crm.leads@own",
                                      "crm.leads:read@",
                                      "crm.leads:read@all",
                                      "crm.leads:read@none",
                                      "crm.leads:read@own@team",
                                      "crm.leads:read@owner",
                                      "crm.leads@own:read",
                                      "@own",
                                      "crm.*@",
                                      "*@own:read"};
    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(permission_is_grant(good[i]), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!permission_is_grant(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(a_named_grant_covers_itself_alone)
{
    ck_assert(allow(OF("crm.leads:read"), "crm.leads:read"));
    ck_assert(!allow(OF("crm.leads:read"), "crm.leads:update"));
    ck_assert(!allow(OF("crm.leads:read"), "crm.lead:read"));
    ck_assert(!allow(OF("crm.leads:read"), "crm.leads2:read"));
    ck_assert(!allow(OF("crm.leads:read"), "crm.leads:read2"));
    ck_assert(!allow(OF("crm.leads:read2"), "crm.leads:read"));
}
END_TEST

START_TEST(wildcards_cover_what_they_say)
{
    ck_assert(allow(OF("crm.*"), "crm.leads:delete"));
    ck_assert(!allow(OF("crm.*"), "crmx.leads:delete"));
    ck_assert(allow(OF("crm.leads:*"), "crm.leads:delete"));
    ck_assert(!allow(OF("crm.leads:*"), "crm.deals:read"));
    ck_assert(allow(OF("*:read"), "crm.leads:read"));
    ck_assert(!allow(OF("*:read"), "crm.leads:update"));
    ck_assert(allow(OF("crm.*:read"), "crm.leads:read"));
    ck_assert(!allow(OF("crm.*:read"), "crm.leads:update"));
    ck_assert(allow(OF("*"), "anything.at_all:happens"));
}
END_TEST

START_TEST(wildcards_at_the_front_never_cover_the_platform)
{
    ck_assert(!allow(OF("*", "*:read", "*:*"), "platform.tenants:read"));
    ck_assert(allow(OF("platform.*:read"), "platform.tenants:read"));
    ck_assert(!allow(OF("platform.*:read"), "platform.tenants:update"));
    ck_assert(allow(OF("platform.*"), "platform.tenants:update"));
    ck_assert(allow(OF("platform.tenants:*"), "platform.tenants:suspend"));
    ck_assert(!allow(OF("platform.tenants:*"), "platform.users:read"));
}
END_TEST

START_TEST(nobody_covers_a_grant_that_is_wider_than_theirs)
{
    ck_assert(cover(OF("*"), "*"));
    ck_assert(cover(OF("*"), "*:read"));
    ck_assert(cover(OF("*"), "crm.*"));
    ck_assert(cover(OF("*:read"), "*:read"));
    ck_assert(cover(OF("*:read"), "crm.*:read"));
    ck_assert(cover(OF("crm.*"), "crm.leads:*"));
    ck_assert(cover(OF("crm.*"), "crm.*:read"));
    ck_assert(!cover(OF("*"), "platform.*"));
    ck_assert(!cover(OF("*"), "platform.tenants:read"));
    ck_assert(!cover(OF("*:read"), "*"));
    ck_assert(!cover(OF("*:read"), "crm.*"));
    ck_assert(!cover(OF("*:read"), "crm.leads:*"));
    ck_assert(!cover(OF("crm.*"), "*"));
    ck_assert(!cover(OF("crm.*"), "*:read"));
    ck_assert(!cover(OF("crm.*:read"), "crm.*"));
    ck_assert(!cover(OF("crm.leads:*"), "crm.*"));
    ck_assert(!cover(OF("crm.leads:read", "crm.leads:update"), "crm.leads:*"));
    ck_assert(!cover(OF("platform.tenants:*"), "platform.*"));
}
END_TEST

START_TEST(a_scope_is_of_whose_records_a_permission_is)
{
    const struct {
        struct permissions permissions;
        enum sight sight;
    } cases[] = {
        {OF("crm.leads:read"), SIGHT_ALL},
        {OF("crm.leads:read@own"), SIGHT_OWN},
        {OF("crm.leads:read@own", "crm.leads:*@team"), SIGHT_TEAM},
        {OF("crm.*@team", "*:read"), SIGHT_ALL},
        {OF("*@own"), SIGHT_OWN},
        {OF("crm.leads:update@own", "crm.deals:read"), SIGHT_NONE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(permissions_sight(&cases[i].permissions, "crm.leads:read"),
                         cases[i].sight);
        ck_assert(allow(cases[i].permissions, "crm.leads:read") == (cases[i].sight == SIGHT_ALL));
    }
    ck_assert_int_eq(permissions_sight(&cases[4].permissions, "platform.tenants:read"), SIGHT_NONE);
}
END_TEST

START_TEST(all_covers_team_and_team_covers_own)
{
    static const char *const widths[] = {"@own", "@team", ""};
    static const char *const named[] = {"crm.leads:read", "crm.leads:*", "crm.*", "*:read", "*"};
    char have[64], given[64];
    const char *one = have;
    for (size_t n = 0; n < COUNT(named); n++)
        for (size_t a = 0; a < COUNT(widths); a++)
            for (size_t b = 0; b < COUNT(widths); b++) {
                snprintf(have, sizeof have, "%s%s", named[n], widths[a]);
                snprintf(given, sizeof given, "%s%s", named[n], widths[b]);
                ck_assert_msg(cover((struct permissions){&one, 1}, given) == (a >= b), "%s, %s",
                              have, given);
            }
    ck_assert(cover(OF("crm.*@team"), "crm.leads:read@own"));
    ck_assert(!cover(OF("crm.*@own"), "crm.leads:read@team"));
    ck_assert(!cover(OF("crm.leads:read@team"), "crm.*@own"));
    ck_assert(!cover(OF("*"), "platform.*@own"));
}
END_TEST

START_TEST(who_enters_an_account_needs_of_all_what_it_has_of_its_own)
{
    struct arena *arena = arena_new();
    struct permissions have = OF("crm.leads:read@own", "crm.*@team", "users.*");
    struct permissions all = permissions_of_all(arena, &have);
    ck_assert_uint_eq(all.count, 3);
    ck_assert_str_eq(all.grants[0], "crm.leads:read");
    ck_assert_str_eq(all.grants[1], "crm.*");
    ck_assert_str_eq(all.grants[2], "users.*");
    ck_assert_str_eq(permissions_lacking(&have, &all), "crm.leads:read");
    arena_free(arena);
}
END_TEST

START_TEST(permissions_are_read_from_json_and_from_arrays)
{
    static const char *const texts[] = {"[\"crm.leads:read\",\"x\",7,null,\"*:read\"]",
                                        "{crm.leads:read,x,\"*:read\"}",
                                        "{\"crm.leads:read\",NULL,*:read}"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct permissions read = permissions_read(arena, texts[i]);
        ck_assert_uint_eq(read.count, 2);
        ck_assert_str_eq(read.grants[0], "crm.leads:read");
        ck_assert_str_eq(read.grants[1], "*:read");
    }
    static const char *const empty[] = {NULL, "",  "{}",    "[]",       "null",
                                        "{",  "[", "\"*\"", "[[\"*\"]]"};
    for (size_t i = 0; i < COUNT(empty); i++)
        ck_assert_uint_eq(permissions_read(arena, empty[i]).count, 0);
    arena_free(arena);
}
END_TEST

START_TEST(nobody_may_anything_without_a_session)
{
    struct session session = {.permissions = OF("crm.leads:read")};
    struct cx cx = {.session = NULL};
    ck_assert(!may(&cx, "crm.leads:read"));
    cx.session = &session;
    ck_assert(may(&cx, "crm.leads:read"));
    ck_assert(!may(&cx, "crm.leads:update"));
    session.permissions = OF("crm.leads:read@own");
    ck_assert(!may(&cx, "crm.leads:read"));
    ck_assert_int_eq(sight_of(&cx, "crm.leads:read"), SIGHT_OWN);
}
END_TEST

START_TEST(built_in_roles_have_grants_that_are_well_formed)
{
    int superadmins = 0;
    for (const struct builtin_role *role = builtin_roles; role->key; role++) {
        ck_assert_ptr_eq(builtin_role_find(role->key), role);
        ck_assert_int_gt(role->rank, 0);
        for (const char *const *grant = role->grants; *grant; grant++)
            ck_assert_msg(permission_is_grant(*grant), "%s of %s", *grant, role->key);
        superadmins += role->rank >= 100;
    }
    ck_assert_int_eq(superadmins, 1);
    ck_assert_ptr_null(builtin_role_find("nobody"));
}
END_TEST

static void meets(const char *a, const char *b, const char *expected)
{
    struct arena *arena = arena_new();
    struct permissions one = {&a, 1}, two = {&b, 1};
    for (int turn = 0; turn < 2; turn++) {
        struct permissions both = permissions_meet(arena, turn ? &two : &one, turn ? &one : &two);
        ck_assert_uint_eq(both.count, expected ? 1 : 0);
        if (expected)
            ck_assert_str_eq(both.grants[0], expected);
    }
    arena_free(arena);
}

START_TEST(what_two_allow_is_what_each_allows)
{
    meets("crm.leads:read", "crm.leads:read", "crm.leads:read");
    meets("crm.leads:read", "crm.leads:update", NULL);
    meets("crm.leads:read", "crm.*", "crm.leads:read");
    meets("crm.leads:read", "*", "crm.leads:read");
    meets("crm.*", "*:read", "crm.*:read");
    meets("crm.leads:*", "*:read", "crm.leads:read");
    meets("crm.*", "*", "crm.*");
    meets("*", "*", "*");
    meets("*:read", "*", "*:read");
    meets("crm.*", "users.*", NULL);
    meets("crm.*", "crm2.*", NULL);
    meets("*", "platform.*", NULL);
    meets("*:read", "platform.tenants:read", NULL);
    meets("platform.*", "platform.tenants:read", "platform.tenants:read");
    meets("platform.*:read", "platform.*", "platform.*:read");
    meets("crm.leads:read@own", "crm.leads:read", "crm.leads:read@own");
    meets("crm.leads:read@own", "crm.*@team", "crm.leads:read@own");
    meets("crm.*@team", "*:read", "crm.*:read@team");
    meets("*@own", "*@team", "*@own");
    meets("*@own", "platform.*", NULL);
    meets("crm.leads:read@own", "crm.leads:update@own", NULL);
}
END_TEST

START_TEST(lists_meet_in_all_that_both_allow)
{
    static const char *const key[] = {"crm.leads:read", "users.*", "*:export"};
    static const char *const maker[] = {"*:read", "users.users:*", "crm.*"};
    struct arena *arena = arena_new();
    struct permissions a = {key, COUNT(key)}, b = {maker, COUNT(maker)};
    struct permissions both = permissions_meet(arena, &a, &b);
    static const char *const yes[] = {"crm.leads:read", "users.users:delete", "users.roles:read",
                                      "crm.leads:export"};
    static const char *const no[] = {"crm.leads:update", "users.roles:update",
                                     "access.audit:export", "access.audit:read"};
    for (size_t i = 0; i < COUNT(yes); i++)
        ck_assert_msg(permissions_allow(&both, yes[i]), "%s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        ck_assert_msg(!permissions_allow(&both, no[i]), "%s", no[i]);
    arena_free(arena);
}
END_TEST

static bool role_allows(const char *key, const char *permission)
{
    return allow(of(builtin_role_find(key)->grants), permission);
}

static enum sight role_sight(const char *key, const char *permission)
{
    struct permissions permissions = of(builtin_role_find(key)->grants);
    return permissions_sight(&permissions, permission);
}

START_TEST(built_in_roles_may_what_their_names_say)
{
    ck_assert(role_allows("superadmin", "platform.tenants:delete"));
    ck_assert(role_allows("superadmin", "crm.leads:delete"));
    ck_assert(role_allows("auditor", "platform.tenants:read"));
    ck_assert(role_allows("auditor", "crm.leads:read"));
    ck_assert(!role_allows("auditor", "platform.tenants:update"));
    ck_assert(!role_allows("auditor", "crm.leads:update"));
    ck_assert(role_allows("reseller_admin", "platform.tenants:create"));
    ck_assert(!role_allows("owner", "platform.tenants:read"));
    ck_assert(role_allows("owner", "billing.invoices:pay"));
    ck_assert(role_allows("admin", "users.users:create"));
    ck_assert(!role_allows("admin", "billing.invoices:pay"));
    ck_assert(role_allows("staff", "crm.contacts:read"));
    ck_assert(!role_allows("staff", "crm.leads:read"));
    ck_assert_int_eq(role_sight("staff", "crm.leads:read"), SIGHT_TEAM);
    ck_assert_int_eq(role_sight("staff", "crm.leads:update"), SIGHT_OWN);
    ck_assert_int_eq(role_sight("staff", "crm.leads:create"), SIGHT_NONE);
    ck_assert(!role_allows("staff", "crm.leads:delete"));
    ck_assert(!role_allows("staff", "users.users:read"));
    ck_assert(!role_allows("customer", "crm.leads:read"));
}
END_TEST

START_TEST(roles_of_the_platform_are_its_own)
{
    for (const struct builtin_role *role = builtin_roles; role->key; role++) {
        bool platform = role->kind == TENANT_PLATFORM;
        ck_assert(builtin_role_in(role, TENANT_PLATFORM) == platform);
        ck_assert(!platform || !builtin_role_in(role, TENANT_BUSINESS));
        ck_assert(!platform || !builtin_role_in(role, TENANT_RESELLER));
    }
    ck_assert(builtin_role_in(builtin_role_find("staff"), TENANT_RESELLER));
    ck_assert(!builtin_role_in(builtin_role_find("owner"), TENANT_RESELLER));
    ck_assert(!builtin_role_in(builtin_role_find("reseller_admin"), TENANT_BUSINESS));
}
END_TEST

static Suite *permission_suite(void)
{
    Suite *suite = suite_create("permission");
    TCase *core = tcase_create("core");
    tcase_add_test(core, well_formed_grants_are_told_from_others);
    tcase_add_test(core, a_named_grant_covers_itself_alone);
    tcase_add_test(core, wildcards_cover_what_they_say);
    tcase_add_test(core, wildcards_at_the_front_never_cover_the_platform);
    tcase_add_test(core, nobody_covers_a_grant_that_is_wider_than_theirs);
    tcase_add_test(core, a_scope_is_of_whose_records_a_permission_is);
    tcase_add_test(core, all_covers_team_and_team_covers_own);
    tcase_add_test(core, who_enters_an_account_needs_of_all_what_it_has_of_its_own);
    tcase_add_test(core, permissions_are_read_from_json_and_from_arrays);
    tcase_add_test(core, nobody_may_anything_without_a_session);
    tcase_add_test(core, built_in_roles_have_grants_that_are_well_formed);
    tcase_add_test(core, built_in_roles_may_what_their_names_say);
    tcase_add_test(core, roles_of_the_platform_are_its_own);
    tcase_add_test(core, what_two_allow_is_what_each_allows);
    tcase_add_test(core, lists_meet_in_all_that_both_allow);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(permission_suite)
