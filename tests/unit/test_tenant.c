/* Which tenant a request is for, what is known of it, and what the tables of
 * tenants refuse. */
#include "visit.h"

/* ---- resolution ---- */

static void resolved(const char *host, const char *slug, const char *id, const char *claim,
                     const char *expected)
{
    struct visit visit =
        visit_begin(NULL, host, "HTTP_X_TENANT_SLUG", slug, "HTTP_X_TENANT_ID", id, NULL);
    bool done = tenant_resolve(visit.cx, claim);
    ck_assert_msg(done, "%s: %s", host, visit.cx->failure.code ? visit.cx->failure.code : "");
    ck_assert_str_eq(visit.cx->tenant->slug, expected);
    visit_end(&visit);
}

static void unresolved(const char *host, const char *slug, const char *id, const char *claim,
                       int status, const char *code)
{
    struct visit visit =
        visit_begin(NULL, host, "HTTP_X_TENANT_SLUG", slug, "HTTP_X_TENANT_ID", id, NULL);
    ck_assert(!tenant_resolve(visit.cx, claim));
    visit_failed(&visit, status, code);
    visit_end(&visit);
}

IN_WORLD(the_bare_domain_is_the_platform)
{
    resolved("localhost:8080", NULL, NULL, NULL, "platform");
    resolved("127.0.0.1", NULL, NULL, NULL, "platform");
    resolved("platform.localhost", NULL, NULL, NULL, "platform");
}

IN_WORLD(each_way_of_naming_a_tenant_finds_it)
{
    resolved("club.localhost:8080", NULL, NULL, NULL, "club");
    resolved("CLUB.localhost", NULL, NULL, NULL, "club");
    resolved("localhost", "club", NULL, NULL, "club");
    resolved("localhost", NULL, CLUB_ID, NULL, "club");
    resolved("localhost", NULL, "0193AAAA-0000-7000-8000-00000000000C", NULL, "club");
    resolved("localhost", NULL, NULL, CLUB_ID, "club");
    resolved("club.localhost", "club", CLUB_ID, CLUB_ID, "club");
}

IN_WORLD(ways_that_disagree_are_refused)
{
    unresolved("club.localhost", "other", NULL, NULL, 403, "tenant_mismatch");
    unresolved("club.localhost", NULL, OTHER_ID, NULL, 403, "tenant_mismatch");
    unresolved("club.localhost", NULL, NULL, OTHER_ID, 403, "tenant_mismatch");
    unresolved("localhost", "club", OTHER_ID, NULL, 403, "tenant_mismatch");
    unresolved("localhost", "club", NULL, OTHER_ID, 403, "tenant_mismatch");
    unresolved("localhost", NULL, CLUB_ID, OTHER_ID, 403, "tenant_mismatch");
    unresolved("localhost", "platform", NULL, CLUB_ID, 403, "tenant_mismatch");
    unresolved("club.localhost", NULL, NULL, PLATFORM_ID, 403, "tenant_mismatch");
}

IN_WORLD(what_names_no_tenant_is_unknown)
{
    unresolved("nobody.localhost", NULL, NULL, NULL, 404, "tenant_unknown");
    unresolved("a.club.localhost", NULL, NULL, NULL, 404, "tenant_unknown");
    unresolved("clublocalhost", NULL, NULL, NULL, 404, "tenant_unknown");
    unresolved("example.com", NULL, NULL, NULL, 404, "tenant_unknown");
    unresolved("localhost", "nobody", NULL, NULL, 404, "tenant_unknown");
    unresolved("localhost", "club' or true --", NULL, NULL, 404, "tenant_unknown");
    unresolved("localhost", NULL, "club", NULL, 404, "tenant_unknown");
    unresolved("localhost", NULL, "0193aaaa-0000-7000-8000-0000000000ff", NULL, 404,
               "tenant_unknown");
    unresolved("club.localhost", "nobody", NULL, NULL, 404, "tenant_unknown");
}

#define PLAN_WITH_DOMAINS "update tenants set plan_level = 1 where kind <> 'platform'"

IN_WORLD(a_custom_domain_counts_once_it_is_verified)
{
    database_sql(PLAN_WITH_DOMAINS);
    database_sql("insert into everyone.tenant_domains (tenant_id, domain) "
                 "values ('" CLUB_ID "', 'club.example')");
    unresolved("club.example", NULL, NULL, NULL, 404, "tenant_unknown");
    database_sql("update everyone.tenant_domains set verified_at = now()");
    tenant_changed(NULL, CLUB_ID);
    resolved("club.example", NULL, NULL, NULL, "club");
    resolved("club.example:8443", NULL, NULL, CLUB_ID, "club");
    unresolved("club.example", NULL, NULL, OTHER_ID, 403, "tenant_mismatch");
}

IN_WORLD(a_deleted_tenant_is_unknown)
{
    resolved("club.localhost", NULL, NULL, NULL, "club");
    database_sql("update tenants set deleted_at = now() where slug = 'club'");
    tenant_changed(NULL, CLUB_ID);
    unresolved("club.localhost", NULL, NULL, NULL, 404, "tenant_unknown");
    unresolved("localhost", NULL, NULL, CLUB_ID, 404, "tenant_unknown");
}

/* ---- the cache ---- */

static const struct tenant *see(struct visit *visit)
{
    return tenant_by_slug(visit->cx, "dockside");
}

IN_WORLD(a_change_is_seen_at_once_and_not_before)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    const struct tenant *before = see(&visit);
    ck_assert_str_eq(before->name, "Dockside");
    database_sql("update tenants set name = 'Quay' where slug = 'dockside'");
    ck_assert_str_eq(see(&visit)->name, "Dockside"); /* nobody has said so yet */
    tenant_changed(NULL, CHILD_ID);
    ck_assert_str_eq(see(&visit)->name, "Quay");
    ck_assert_str_eq(tenant_by_id(visit.cx, CHILD_ID)->name, "Quay");
    ck_assert_str_eq(before->name, "Dockside"); /* who holds it keeps it */
    visit_end(&visit);
}

IN_WORLD(a_change_of_another_tenant_keeps_what_is_known)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    const struct tenant *before = see(&visit);
    tenant_changed(NULL, CLUB_ID);
    ck_assert_ptr_eq(see(&visit), before);
    tenant_changed(NULL, RESELLER_ID); /* it inherits from that */
    ck_assert_ptr_ne(see(&visit), before);
    visit_end(&visit);
}

/* However many others are asked for, among them some whose keys fall together
 * with its own (nobody1983). */
IN_WORLD(a_tenant_in_use_stays_known)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    const struct tenant *club = tenant_by_slug(visit.cx, "club");
    ck_assert_ptr_nonnull(club);
    for (int i = 0; i < 3000; i++) {
        ck_assert_ptr_null(tenant_by_slug(visit.cx, arena_printf(visit.cx->arena, "nobody%d", i)));
        ck_assert_ptr_eq(tenant_by_slug(visit.cx, "club"), club);
    }
    visit_end(&visit);
}

IN_WORLD(a_new_tenant_is_there_at_once)
{
    unresolved("newcomer.localhost", NULL, NULL, NULL, 404, "tenant_unknown");
    database_sql("insert into tenants (id, parent_id, kind, name, slug) values "
                 "('0193aaaa-0000-7000-8000-0000000000aa', '" PLATFORM_ID
                 "', 'business', 'New', 'newcomer')");
    tenant_changed(NULL, "0193aaaa-0000-7000-8000-0000000000aa");
    resolved("newcomer.localhost", NULL, NULL, NULL, "newcomer");
}

/* ---- what is known ---- */

IN_WORLD(branding_is_inherited_value_by_value)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    const struct branding *branding = &see(&visit)->branding;
    ck_assert_str_eq(branding->name, "Dockside");
    ck_assert_str_eq(branding->primary, "#1f5fa8");
    ck_assert_ptr_null(branding->footer);
    database_sql("insert into everyone.tenant_branding (tenant_id, name, primary_color, "
                 "accent_color, footer, logo_url) values "
                 "('" PLATFORM_ID "', 'Us', '#000001', '#000002', 'ours', '/us.svg'), "
                 "('" RESELLER_ID "', 'Harbor!', '#000003', null, 'theirs', null), "
                 "('" CHILD_ID "', null, null, null, 'own', null)");
    tenant_changed(NULL, PLATFORM_ID);
    branding = &see(&visit)->branding;
    ck_assert_str_eq(branding->name, "Dockside");
    ck_assert_str_eq(branding->footer, "own");
    ck_assert_str_eq(branding->primary, "#000003");
    ck_assert_str_eq(branding->accent, "#000002");
    ck_assert_str_eq(branding->logo_url, "/us.svg");
    ck_assert_str_eq(tenant_by_slug(visit.cx, "club")->branding.primary, "#000001");
    visit_end(&visit);
}

IN_WORLD(features_are_default_then_plan_then_own)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    ck_assert(tenant_feature(see(&visit), "crm"));
    ck_assert(!tenant_feature(see(&visit), "custom_domains"));
    ck_assert(!tenant_feature(see(&visit), "no_such_feature"));
    database_sql("update tenants set plan_level = 1 where id = '" CHILD_ID "'");
    tenant_changed(NULL, CHILD_ID);
    ck_assert(tenant_feature(see(&visit), "custom_domains"));
    database_sql("insert into everyone.tenant_features (tenant_id, key, enabled) values "
                 "('" CHILD_ID "', 'crm', false), ('" CHILD_ID "', 'custom_domains', false)");
    tenant_changed(NULL, CHILD_ID);
    ck_assert(!tenant_feature(see(&visit), "crm"));
    ck_assert(!tenant_feature(see(&visit), "custom_domains"));
    ck_assert(tenant_feature(tenant_by_slug(visit.cx, "club"), "crm"));
    visit_end(&visit);
}

IN_WORLD(settings_are_read_by_section_and_key)
{
    database_sql(
        "update tenants set settings = '{\"security\": {\"sessionDays\": 3, \"x\": null}}' "
        "where slug = 'dockside'");
    struct visit visit = visit_begin(NULL, "dockside.localhost", NULL);
    ck_assert(tenant_resolve(visit.cx, NULL));
    ck_assert_str_eq(tenant_setting(visit.cx, "security", "sessionDays"), "3");
    ck_assert_ptr_null(tenant_setting(visit.cx, "security", "x"));
    ck_assert_ptr_null(tenant_setting(visit.cx, "security", "y"));
    ck_assert_ptr_null(tenant_setting(visit.cx, "api", "sessionDays"));
    visit_end(&visit);
}

IN_WORLD(a_tenant_of_its_own_isolation_has_its_own_schema)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    ck_assert_str_eq(see(&visit)->schema, "shared");
    database_sql("update tenants set isolation = 'schema' where id = '" CHILD_ID "'");
    tenant_changed(NULL, CHILD_ID);
    ck_assert_str_eq(see(&visit)->schema, "tenant_0193aaaa00007000800000000000000b");
    visit_end(&visit);
}

/* ---- entering another tenant ---- */

static bool enters(const char *from, bool is_operator, const char *to)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session session = {.is_operator = is_operator};
    strcpy(session.tenant_id, from);
    visit.cx->session = &session;
    db_init(&visit.cx->db, visit.arena, is_operator ? DB_PLATFORM : DB_TENANT,
            is_operator ? NULL : from, is_operator ? "everyone" : "shared");
    bool done = tenant_enter(visit.cx, to);
    if (done)
        ck_assert_str_eq(visit.cx->db.tenant_id, to);
    else
        visit_failed(&visit, 404, "not_found");
    visit_end(&visit);
    return done;
}

IN_WORLD(resellers_enter_their_children_and_nobody_else)
{
    ck_assert(enters(RESELLER_ID, false, CHILD_ID));
    ck_assert(enters(RESELLER_ID, false, RESELLER_ID));
    ck_assert(!enters(RESELLER_ID, false, CLUB_ID));
    ck_assert(!enters(RESELLER_ID, false, PLATFORM_ID));
    ck_assert(!enters(CHILD_ID, false, RESELLER_ID));
    ck_assert(!enters(CLUB_ID, false, OTHER_ID));
    ck_assert(enters(PLATFORM_ID, true, CLUB_ID));
    ck_assert(enters(PLATFORM_ID, true, CHILD_ID));
    ck_assert(!enters(PLATFORM_ID, true, "0193aaaa-0000-7000-8000-0000000000ff"));
    ck_assert(!enters(PLATFORM_ID, true, "nonsense"));
}

/* ---- what the tables refuse ---- */

STATEMENT(tenant_names, "select string_agg(slug, ',' order by slug) from tenants", 0);
STATEMENT(tenant_set, "update tenants set name = $2 where id = $1::uuid returning id", DB_WRITES);
STATEMENT(tenant_set_status, "update tenants set status = $2 where id = $1::uuid returning id",
          DB_WRITES);
STATEMENT(tenant_set_level,
          "update tenants set plan_level = $2::int where id = $1::uuid returning id", DB_WRITES);
STATEMENT(tenant_set_kind, "update tenants set kind = $2 where id = $1::uuid returning id",
          DB_WRITES);
STATEMENT(tenant_undelete, "update tenants set deleted_at = now() where id = $1::uuid returning id",
          DB_WRITES);
STATEMENT(tenant_add,
          "insert into tenants (parent_id, kind, name, slug) values ($1::uuid, $2, 'x', $3)",
          DB_WRITES);
STATEMENT(tenant_drop, "delete from tenants where id = $1::uuid", DB_WRITES);

static struct db as(struct arena *arena, const char *tenant_id)
{
    struct db db;
    db_init(&db, arena, tenant_id ? DB_TENANT : DB_PLATFORM, tenant_id,
            tenant_id ? "shared" : "everyone");
    return db;
}

/* How many rows the statement touched; -1: refused, with the reason in db. */
static int touched(struct db *db, const struct statement *statement, const char *id,
                   const char *value)
{
    struct rows *rows = value ? db_get(db, statement, id, value) : db_get(db, statement, id);
    return rows ? (int)rows_count(rows) : -1;
}

IN_WORLD(a_tenant_sees_itself_and_a_reseller_its_children)
{
    struct arena *arena = arena_new();
    struct db club = as(arena, CLUB_ID), harbor = as(arena, RESELLER_ID), all = as(arena, NULL);
    ck_assert_str_eq(rows_text(db_get0(&club, &tenant_names), 0, 0), "club");
    ck_assert_str_eq(rows_text(db_get0(&harbor, &tenant_names), 0, 0), "dockside,harbor");
    ck_assert_str_eq(rows_text(db_get0(&all, &tenant_names), 0, 0),
                     "club,dockside,harbor,other,platform");
    arena_free(arena);
}

IN_WORLD(a_tenant_changes_itself_but_not_its_status_or_plan)
{
    struct arena *arena = arena_new();
    struct db club = as(arena, CLUB_ID);
    ck_assert_int_eq(touched(&club, &tenant_set, CLUB_ID, "New name"), 1);
    ck_assert_int_eq(touched(&club, &tenant_set_status, CLUB_ID, "trial"), -1);
    ck_assert_int_eq(club.error.status, DB_RAISED);
    ck_assert(text_starts(club.error.message, "403 tenant_protected: "));
    ck_assert_int_eq(touched(&club, &tenant_set_level, CLUB_ID, "9"), -1);
    ck_assert_int_eq(touched(&club, &tenant_undelete, CLUB_ID, NULL), -1);
    ck_assert_int_eq(touched(&club, &tenant_set_kind, CLUB_ID, "reseller"), -1);
    ck_assert_int_eq(touched(&club, &tenant_set, OTHER_ID, "x"), 0);
    ck_assert_ptr_null(db_get(&club, &tenant_drop, CLUB_ID));
    ck_assert_int_eq(club.error.status, DB_DENIED);
    arena_free(arena);
}

IN_WORLD(a_reseller_makes_and_changes_businesses_of_its_own_only)
{
    struct arena *arena = arena_new();
    struct db harbor = as(arena, RESELLER_ID);
    ck_assert_ptr_nonnull(db_get(&harbor, &tenant_add, RESELLER_ID, "business", "pier"));
    ck_assert_ptr_null(db_get(&harbor, &tenant_add, RESELLER_ID, "reseller", "pier2"));
    ck_assert_ptr_null(db_get(&harbor, &tenant_add, PLATFORM_ID, "business", "pier3"));
    ck_assert_ptr_null(db_get(&harbor, &tenant_add, CHILD_ID, "business", "pier4"));
    ck_assert_int_eq(touched(&harbor, &tenant_set_status, CHILD_ID, "suspended"), 1);
    ck_assert_int_eq(touched(&harbor, &tenant_set_status, RESELLER_ID, "trial"), -1);
    ck_assert_int_eq(touched(&harbor, &tenant_set_status, CLUB_ID, "suspended"), 0);
    arena_free(arena);
}

IN_WORLD(a_business_has_no_children)
{
    struct arena *arena = arena_new();
    struct db club = as(arena, CLUB_ID), all = as(arena, NULL);
    ck_assert_ptr_null(db_get(&club, &tenant_add, CLUB_ID, "business", "annex"));
    ck_assert_ptr_null(db_get(&all, &tenant_add, CLUB_ID, "business", "annex"));
    ck_assert(text_starts(all.error.message, "422 parent_invalid: "));
    ck_assert_ptr_null(db_get(&all, &tenant_add, PLATFORM_ID, "platform", "second"));
    arena_free(arena);
}

static void slug_refused(struct db *db, const char *slug, enum db_status status)
{
    ck_assert_msg(!db_get(db, &tenant_add, PLATFORM_ID, "business", slug), "%s", slug);
    ck_assert_msg(db->error.status == status, "%s: %d", slug, (int)db->error.status);
}

IN_WORLD(slugs_are_clean_and_not_reserved)
{
    static const char *const bad[] = {"a",   "ab",  "Abc", "1abc", "abc-", "-abc",
                                      "a_b", "a.b", "a b", "",     "a'b",  "\xC3\xA9tude"};
    static const char *const reserved[] = {"www", "api", "admin", "static", "login", "platform"};
    struct arena *arena = arena_new();
    struct db all = as(arena, NULL);
    for (size_t i = 0; i < COUNT(bad); i++)
        slug_refused(&all, bad[i], DB_CHECK);
    for (size_t i = 0; i < COUNT(reserved); i++)
        slug_refused(&all, reserved[i], DB_RAISED);
    slug_refused(&all, "club", DB_UNIQUE);
    slug_refused(&all, "a1234567890123456789012345678901234567890", DB_CHECK); /* 41 */
    ck_assert_ptr_nonnull(db_get(&all, &tenant_add, PLATFORM_ID, "business",
                                 "a123456789012345678901234567890123456789")); /* 40 */
    ck_assert_ptr_nonnull(db_get(&all, &tenant_add, PLATFORM_ID, "business", "abc"));
    arena_free(arena);
}

STATEMENT(domain_add,
          "insert into tenant_domains (tenant_id, domain)\n"
          "values (current_setting('app.tenant_id')::uuid, $1)",
          DB_WRITES);

STATEMENT(domain_prove,
          "update tenant_domains\n"
          "set verified_at = now()\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and domain = $1",
          DB_WRITES);

static void domain_refused(struct db *db, const struct statement *statement, const char *domain,
                           const char *code)
{
    ck_assert_ptr_null(db_get(db, statement, domain));
    ck_assert_msg(text_starts(db->error.message, code), "%s", db->error.message);
}

IN_WORLD(a_domain_is_of_the_tenant_that_proves_it)
{
    struct arena *arena = arena_new();
    struct db club = as(arena, CLUB_ID), other = as(arena, OTHER_ID);
    domain_refused(&club, &domain_add, "one.example", "403 feature_missing: ");
    database_sql(PLAN_WITH_DOMAINS);
    ck_assert_ptr_nonnull(db_get(&club, &domain_add, "one.example"));
    ck_assert_ptr_nonnull(db_get(&other, &domain_add, "one.example"));
    ck_assert_ptr_nonnull(db_get(&club, &domain_prove, "one.example"));
    domain_refused(&other, &domain_prove, "one.example", "409 domain_taken: ");
    ck_assert_ptr_null(db_get(&club, &domain_add, "Not.Lower"));
    ck_assert_ptr_null(db_get(&club, &domain_add, "nodots"));
    arena_free(arena);
}

START_TEST(a_change_of_a_tenant_stands_in_its_log)
{
    world_end();
    world_make();
    database_sql("update tenants set name = 'Grand Club', updated_at = now() where slug = 'club'");
    ck_assert_int_eq(
        database_count(
            "select count(*) from everyone.events where tenant_id = '" CLUB_ID
            "' and action = 'tenant.updated' and changes = "
            "'{\"before\": {\"name\": \"Club\"}, \"after\": {\"name\": \"Grand Club\"}}'"),
        1);
}
END_TEST

static Suite *tenant_suite(void)
{
    Suite *suite = suite_create("tenant");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 30);
    tcase_add_test(core, the_bare_domain_is_the_platform);
    tcase_add_test(core, each_way_of_naming_a_tenant_finds_it);
    tcase_add_test(core, ways_that_disagree_are_refused);
    tcase_add_test(core, what_names_no_tenant_is_unknown);
    tcase_add_test(core, a_custom_domain_counts_once_it_is_verified);
    tcase_add_test(core, a_deleted_tenant_is_unknown);
    tcase_add_test(core, a_change_is_seen_at_once_and_not_before);
    tcase_add_test(core, a_change_of_another_tenant_keeps_what_is_known);
    tcase_add_test(core, a_tenant_in_use_stays_known);
    tcase_add_test(core, a_new_tenant_is_there_at_once);
    tcase_add_test(core, branding_is_inherited_value_by_value);
    tcase_add_test(core, features_are_default_then_plan_then_own);
    tcase_add_test(core, settings_are_read_by_section_and_key);
    tcase_add_test(core, a_tenant_of_its_own_isolation_has_its_own_schema);
    tcase_add_test(core, resellers_enter_their_children_and_nobody_else);
    tcase_add_test(core, a_tenant_sees_itself_and_a_reseller_its_children);
    tcase_add_test(core, a_tenant_changes_itself_but_not_its_status_or_plan);
    tcase_add_test(core, a_reseller_makes_and_changes_businesses_of_its_own_only);
    tcase_add_test(core, a_business_has_no_children);
    tcase_add_test(core, slugs_are_clean_and_not_reserved);
    tcase_add_test(core, a_domain_is_of_the_tenant_that_proves_it);
    tcase_add_test(core, a_change_of_a_tenant_stands_in_its_log);
    suite_add_tcase(suite, core);
    return suite;
}

static Suite *tenant_suite_with_database(void)
{
    database_begin();
    return tenant_suite();
}

UNIT_MAIN(tenant_suite_with_database)
