/* The way of a request through access: who, where, what. */
#include "gate.h"

/* ---- who may ---- */

IN_WORLD(public_routes_are_open)
{
    keep = arena_new();
    allowed(&public_route, BY(.token = NULL));
    allowed(&public_route, BY(.token = "nonsense"));
    allowed(&public_route, BY(.cookie = "nonsense"));
    arena_free(keep);
}

IN_WORLD(nobody_comes_in_without_a_session)
{
    keep = arena_new();
    refused(&signed_in, BY(.token = NULL), 401, "not_signed_in");
    refused(&signed_in, BY(.cookie = "nonsense"), 401, "not_signed_in");
    refused(&signed_in, BY(.token = "nonsense"), 401, "token_malformed");
    refused(&page, BY(.token = NULL), 401, "not_signed_in");
    struct visit visit =
        visit_begin(&signed_in, "club.localhost", "HTTP_AUTHORIZATION", "Basic YTpi", NULL);
    ck_assert(!access_check(visit.cx));
    visit_failed(&visit, 401, "token_malformed");
    visit_end(&visit);
    arena_free(keep);
}

IN_WORLD(a_bad_token_is_not_made_good_by_a_good_cookie)
{
    keep = arena_new();
    const char *cookie = COOKIE_OF(CLUB_ID, OWNER_ID);
    allowed(&signed_in, BY(.cookie = cookie));
    refused(&signed_in, BY(.cookie = cookie, .token = "nonsense"), 401, "token_malformed");
    arena_free(keep);
}

IN_WORLD(a_route_asks_for_its_permission)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    allowed(&read_leads, BY(.token = owner));
    allowed(&delete_leads, BY(.token = owner));
    allowed(&read_leads, BY(.token = staff)); /* of their teams, which the route keeps to */
    allowed(&count_leads, BY(.token = owner));
    refused(&count_leads, BY(.token = staff), 403, "permission_missing");
    refused(&delete_leads, BY(.token = staff), 403, "permission_missing");
    allowed(&for_owner, BY(.token = owner));
    refused(&for_owner, BY(.token = staff), 403, "role_missing");
    arena_free(keep);
}

IN_WORLD(each_audience_has_its_own_routes)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *root = TOKEN_OF(PLATFORM_ID, SUPERADMIN_ID),
               *harbor = TOKEN_OF(RESELLER_ID, HARBOR_ID);
    allowed(&for_platform, BY("localhost", root));
    refused(&for_platform, BY("club.localhost", owner), 403, "wrong_audience");
    refused(&for_platform, BY("localhost", owner), 403, "wrong_audience");
    refused(&for_platform, BY("harbor.localhost", harbor), 403, "wrong_audience");
    refused(&read_leads, BY("club.localhost", root), 403, "tenant_mismatch");
    refused(&read_leads, BY("localhost", root, .slug = "club"), 403, "tenant_mismatch");
    arena_free(keep);
}

IN_WORLD(a_token_is_of_one_tenant)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    allowed(&read_leads, BY("localhost", owner)); /* the bare domain says nothing */
    allowed(&read_leads, BY("localhost", owner, .slug = "club"));
    refused(&read_leads, BY("other.localhost", owner), 403, "tenant_mismatch");
    refused(&read_leads, BY("localhost", owner, .slug = "other"), 403, "tenant_mismatch");
    refused(&read_leads, BY("nobody.localhost", owner), 404, "tenant_unknown");
    refused(&public_route, BY("other.localhost", owner), 403, "tenant_mismatch");
    arena_free(keep);
}

/* Whoever has a token of one workspace signs in to another. */
IN_WORLD(signing_in_takes_no_notice_of_a_token)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    struct visit visit = visit_by(&sign_in_route, BY("localhost", owner));
    ck_assert(access_check(visit.cx));
    ck_assert_str_eq(visit.cx->tenant->slug, "platform");
    ck_assert_ptr_null(visit.cx->session);
    visit_end(&visit);
    allowed(&sign_in_route, BY("other.localhost", owner));
    allowed(&sign_in_route, BY("other.localhost", "nonsense"));
    arena_free(keep);
}

IN_WORLD(built_in_roles_of_another_kind_of_tenant_give_nothing)
{
    keep = arena_new();
    database_sql("insert into everyone.user_roles (tenant_id, user_id, role_key) values "
                 "('" CLUB_ID "', '" STAFF_ID "', 'superadmin')");
    const char *staff = TOKEN_OF(CLUB_ID, STAFF_ID);
    struct visit visit = visit_by(&read_leads, BY(.token = staff));
    ck_assert(access_check(visit.cx));
    ck_assert_str_eq(visit.cx->session->role, "staff");
    ck_assert(!may(visit.cx, "crm.leads:delete"));
    ck_assert(!may(visit.cx, "platform.tenants:read"));
    visit_end(&visit);
    arena_free(keep);
}

/* ---- whose data ---- */

static void pointed(const struct route *route, struct who who, enum db_role role,
                    const char *tenant_id, const char *schema)
{
    struct visit visit = visit_by(route, who);
    ck_assert_msg(access_check(visit.cx), "%s", visit.cx->failure.code);
    ck_assert_int_eq(visit.cx->db.role, role);
    ck_assert_str_eq(visit.cx->db.tenant_id, tenant_id);
    ck_assert_str_eq(visit.cx->db.schema, schema);
    visit_end(&visit);
}

IN_WORLD(the_scope_says_through_which_role_data_is_seen)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *root = TOKEN_OF(PLATFORM_ID, SUPERADMIN_ID);
    pointed(&read_leads, BY(.token = owner), DB_TENANT, CLUB_ID, "shared");
    pointed(&for_either, BY(.token = owner), DB_TENANT, CLUB_ID, "shared");
    pointed(&for_either, BY("localhost", root), DB_PLATFORM, "", "everyone");
    pointed(&for_platform, BY("localhost", root), DB_PLATFORM, "", "everyone");
    pointed(&read_leads, BY("localhost", root), DB_TENANT, PLATFORM_ID, "shared");
    pointed(&public_route, BY(.token = NULL), DB_TENANT, CLUB_ID, "shared");
    pointed(&sign_in_route, BY(.token = NULL), DB_PLATFORM, "", "everyone");
    arena_free(keep);
}

IN_WORLD(events_say_who_acted)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    struct visit visit = visit_begin(&change, "club.localhost", "HTTP_AUTHORIZATION",
                                     arena_printf(keep, "Bearer %s", owner), "HTTP_USER_AGENT",
                                     "Tester \"1\"", NULL);
    ck_assert(access_check(visit.cx));
    ck_assert(event_append(&visit.cx->db, "thing.done", "7", "{\"after\": {\"x\": 1}}"));
    ck_assert_int_eq(
        database_count(arena_printf(
            keep,
            "select count(*) from everyone.events where tenant_id = '" CLUB_ID "' and action = "
            "'thing.done' and actor_kind = 'user' and actor_id = '" OWNER_ID "' and actor_name = "
            "'Ana' and ip = '192.0.2.1' and user_agent = 'Tester \"1\"' and request_id = '%s' "
            "and resource_type = 'thing' and resource_id = '7'",
            visit.cx->request_id)),
        1);
    visit_end(&visit);
    arena_free(keep);
}

/* ---- suspended and inactive tenants ---- */

static void set_status(const char *status)
{
    database_sql("update tenants set status = '%s' where slug = 'club'", status);
    tenant_changed(NULL, CLUB_ID);
}

IN_WORLD(a_suspended_tenant_is_read_only_for_its_owner_alone)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID), *staff = TOKEN_OF(CLUB_ID, STAFF_ID),
               *cookie = COOKIE_OF(CLUB_ID, STAFF_ID);
    allowed(&change, BY(.token = owner));
    set_status("suspended");
    allowed(&read_leads, BY(.token = owner));
    allowed(&pay, BY(.token = owner));
    allowed(&public_route, BY(.token = NULL));
    allowed(&sign_in_route, BY(.token = NULL));
    refused(&change, BY(.token = owner), 403, "tenant_suspended");
    refused(&delete_leads, BY(.token = owner), 403, "tenant_suspended");
    refused(&read_leads, BY(.token = staff), 403, "tenant_suspended");
    refused(&pay, BY(.token = staff), 403, "tenant_suspended");
    refused(&page, BY(.cookie = cookie), 403, "tenant_suspended");
    set_status("active");
    allowed(&change, BY(.token = staff));
    arena_free(keep);
}

IN_WORLD(an_inactive_tenant_is_closed_to_all)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    set_status("inactive");
    refused(&read_leads, BY(.token = owner), 403, "tenant_inactive");
    refused(&pay, BY(.token = owner), 403, "tenant_inactive");
    arena_free(keep);
}

/* ---- networks ---- */

IN_WORLD(an_allow_list_of_networks_binds_a_tenants_users)
{
    keep = arena_new();
    const char *owner = TOKEN_OF(CLUB_ID, OWNER_ID);
    database_sql("insert into everyone.ip_rules (tenant_id, network) values ('" CLUB_ID
                 "', '198.51.100.0/24'), ('" CLUB_ID "', '2001:db8::/32')");
    tenant_changed(NULL, CLUB_ID);
    refused(&read_leads, BY(.token = owner), 403, "network_denied");
    allowed(&public_route, BY(.token = NULL));
    database_sql("insert into everyone.ip_rules (tenant_id, network) values ('" CLUB_ID
                 "', '192.0.2.0/28')");
    tenant_changed(NULL, CLUB_ID);
    allowed(&read_leads, BY(.token = owner));
    arena_free(keep);
}

/* ---- passwords that must be changed ---- */

IN_WORLD(a_password_of_ones_own_comes_before_all_else)
{
    keep = arena_new();
    const char *cookie = COOKIE_OF(CLUB_ID, OWNER_ID), *before = TOKEN_OF(CLUB_ID, OWNER_ID);
    database_sql("update everyone.users set must_change_password = true where id = '" OWNER_ID "'");
    session_rights_changed(NULL, OWNER_ID);
    refused(&signed_in, BY(.token = before), 401, "token_stale");
    const char *token = TOKEN_OF(CLUB_ID, OWNER_ID);
    refused(&page, BY(.cookie = cookie), 403, "password_change_required");
    refused(&account_page, BY(.cookie = cookie), 403, "password_change_required");
    refused(&signed_in, BY(.token = token), 403, "password_change_required");
    allowed(&password_route, BY(.token = token));
    allowed(&password_route, BY(.cookie = cookie));
    arena_free(keep);
}

static Suite *access_suite(void)
{
    Suite *suite = suite_create("access");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, public_routes_are_open);
    tcase_add_test(core, nobody_comes_in_without_a_session);
    tcase_add_test(core, a_bad_token_is_not_made_good_by_a_good_cookie);
    tcase_add_test(core, a_route_asks_for_its_permission);
    tcase_add_test(core, each_audience_has_its_own_routes);
    tcase_add_test(core, a_token_is_of_one_tenant);
    tcase_add_test(core, signing_in_takes_no_notice_of_a_token);
    tcase_add_test(core, built_in_roles_of_another_kind_of_tenant_give_nothing);
    tcase_add_test(core, the_scope_says_through_which_role_data_is_seen);
    tcase_add_test(core, events_say_who_acted);
    tcase_add_test(core, a_suspended_tenant_is_read_only_for_its_owner_alone);
    tcase_add_test(core, an_inactive_tenant_is_closed_to_all);
    tcase_add_test(core, an_allow_list_of_networks_binds_a_tenants_users);
    tcase_add_test(core, a_password_of_ones_own_comes_before_all_else);
    suite_add_tcase(suite, core);
    return suite;
}

GATE_MAIN(access_suite)
