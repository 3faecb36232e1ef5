#include "access/access.h"

#include <string.h>

#include "access/factor.h"
#include "access/internal.h"
#include "access/network.h"
#include "access/roles.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/language.h"
#include "base/text.h"
#include "http/cx.h"

void access_choose_language(struct cx *cx)
{
    const struct language *asked =
        language_accepted(request_header(&cx->request, "Accept-Language"));
    const char *chosen = cx->session ? cx->session->locale : NULL;
    const struct language *house = cx->tenant ? tenant_language(cx->tenant, chosen) : NULL;
    bool is_visitor = !cx->session && (!cx->tenant || cx->tenant->kind == TENANT_PLATFORM);
    cx->language = asked && is_visitor ? asked : house;
}

static bool needs_session(const struct cx *cx)
{
    return cx->route->access.level != ACCESS_PUBLIC;
}

/* Routes that lead in (public, and on the platform's side to look accounts up)
 * take no notice of the token that somebody still has. */
static bool leads_in(const struct cx *cx)
{
    return !needs_session(cx) && !cx->is_page && cx->route->access.scope == SCOPE_PLATFORM;
}

/* Where everybody may come, a bad or old session is no session. */
static bool forgive(struct cx *cx)
{
    if (needs_session(cx) || cx->failure.status == 503)
        return false;
    cx->failure = (struct failure){.status = 0};
    return true;
}

static bool is_reading(const struct cx *cx)
{
    return cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD;
}

static bool identify(struct cx *cx)
{
    struct bearer bearer;
    if (leads_in(cx))
        return tenant_resolve(cx, NULL);
    if (!session_read_bearer(cx, &bearer)) {
        if (!forgive(cx))
            return false;
        bearer = (struct bearer){.presented = false};
    }
    if (!tenant_resolve(cx, bearer.tenant_id))
        return false;
    if (cx->is_page && is_reading(cx) && tenant_is_at_old_address(cx))
        return fail(cx, 404, "tenant_moved", "This workspace has another address now.");
    if (!bearer.presented && !needs_session(cx) && !cx->is_page &&
        !(cx->route->flags & ROUTE_KNOWS_CALLER))
        return true;
    return (bearer.presented ? session_from_bearer(cx, &bearer) : session_from_cookie(cx)) ||
           forgive(cx);
}

/* A suspended tenant is read-only, for its owner alone. */
static bool check_status(struct cx *cx)
{
    enum tenant_status status = cx->tenant->status;
    if (status == TENANT_TRIAL || status == TENANT_ACTIVE || !needs_session(cx))
        return true;
    bool open = is_reading(cx) || (cx->route->flags & ROUTE_SUSPENDED);
    if (status == TENANT_SUSPENDED && cx->session && role_is_owner(cx->session->role) && open)
        return true;
    return fail(cx, 403, status == TENANT_SUSPENDED ? "tenant_suspended" : "tenant_inactive",
                "This tenant is %s.", status == TENANT_SUSPENDED ? "suspended" : "not active");
}

static bool check_permission(struct cx *cx)
{
    const struct route *route = cx->route;
    enum sight sight = sight_of(cx, route->access.needs);
    if (sight == SIGHT_ALL || (sight != SIGHT_NONE && (route->flags & ROUTE_KEEPS_SIGHT)))
        return true;
    return fail(cx, 403, "permission_missing", "This needs the permission %s%s.",
                route->access.needs, sight == SIGHT_NONE ? "" : " of all records");
}

static bool check_level(struct cx *cx)
{
    const struct access *access = &cx->route->access;
    if (access->level == ACCESS_PUBLIC)
        return true;
    if (!cx->session)
        return fail(cx, 401, "not_signed_in", "Sign in first.");
    if (access->scope == SCOPE_PLATFORM && !cx->session->is_operator)
        return fail(cx, 403, "wrong_audience", "This is for operators of the platform.");
    if (access->level == ACCESS_ROLE && !text_equal(cx->session->role, access->needs))
        return fail(cx, 403, "role_missing", "This needs the role %s.", access->needs);
    return access->level != ACCESS_PERMISSION || check_permission(cx);
}

/* A key is for programs: it opens what its permissions name. What is somebody's
 * own needs none, and pages are for people. */
static bool check_key(struct cx *cx)
{
    const struct route *route = cx->route;
    if (!cx->session || cx->session->kind != SESSION_API_KEY || !needs_session(cx))
        return true;
    bool is_open = route->access.level == ACCESS_PERMISSION || (route->flags & ROUTE_FOR_KEYS);
    if (is_open && !cx->is_page && !(route->flags & ROUTE_IN_PERSON))
        return true;
    return fail(cx, 403, "api_key_refused", "This is not open to API keys.");
}

bool impersonation_check(struct cx *cx, const struct tenant *tenant)
{
    const char *allowed = tenant_setting_of(cx, tenant, "security", "allowImpersonation");
    return (tenant->kind != TENANT_PLATFORM && !text_equal(allowed, "false")) ||
           fail(cx, 403, "impersonation_forbidden",
                "This tenant does not allow operators to act as its users.");
}

/* What is the user's alone is not done by an operator in their name; and nothing is once
 * the tenant forbids it, though the token says more. */
static bool check_impersonation(struct cx *cx)
{
    if (!cx->session || !cx->session->impersonator_id)
        return true;
    if (cx->route->flags & ROUTE_IN_PERSON)
        return fail(cx, 403, "impersonation_refused", "This is for the user alone.");
    return impersonation_check(cx, cx->tenant);
}

bool network_check(struct cx *cx, const struct tenant *tenant)
{
    return network_allows(tenant->networks, cx->request.remote) ||
           fail(cx, 403, "network_denied", "This tenant may not be used from this network.");
}

/* A tenant's rules bind its users wherever they come from; operators, also those
 * who act as a user, are bound by the platform's own. */
static bool check_network(struct cx *cx)
{
    if (!cx->session || !cx->session->impersonator_id)
        return !cx->session || network_check(cx, cx->tenant);
    const struct tenant *platform = tenant_by_id(cx, platform_id);
    return platform ? network_check(cx, platform) : fail_db(cx);
}

static void point_database(struct cx *cx)
{
    enum scope scope = cx->route->access.scope;
    bool operator= cx->session && cx->session->is_operator;
    if (scope == SCOPE_PLATFORM || (scope == SCOPE_EITHER && operator))
        db_init(&cx->db, cx->arena, DB_PLATFORM, NULL, "everyone");
    else
        db_init(&cx->db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    const struct session *me = cx->session;
    const char *kind = !me ? "system" : me->kind == SESSION_API_KEY ? "api_key" : "user";
    db_act_as(&cx->db, kind, me ? session_actor(me) : NULL, me ? session_actor_name(cx, me) : NULL,
              cx->request.remote, request_header(&cx->request, "User-Agent"), cx->request_id);
    db_act_for(&cx->db, me ? me->impersonator_id : NULL);
}

/* Who has a password that somebody else chose does nothing before they chose their own,
 * also by API and by keys of theirs. Not who acts as them. */
static bool must_change_first(const struct cx *cx)
{
    return cx->session && cx->session->must_change_password && needs_session(cx) &&
           !(cx->route->flags & ROUTE_FIRST_PASSWORD);
}

/* Who was told to set up a second factor does that first; by page they are led
 * there. Not who acts as them. */
static bool must_enrol_first(const struct cx *cx)
{
    return cx->session && cx->session->must_enrol && !cx->session->impersonator_id &&
           needs_session(cx) && !(cx->route->flags & ROUTE_ENROLMENT);
}

/* Who keeps coming with tokens or tenants that are none is told to slow down. */
static bool turn_away(struct cx *cx)
{
    struct failure why = cx->failure;
    if (why.status == 503)
        return false;
    cx->failure = (struct failure){.status = 0};
    if (limit_check_stranger(cx))
        cx->failure = why;
    return false;
}

bool access_check(struct cx *cx)
{
    if (cx->route->flags & ROUTE_BARE)
        return true;
    if (!identify(cx))
        return turn_away(cx);
    access_choose_language(cx);
    point_database(cx);
    if (!limit_check(cx) || !check_key(cx) || !check_level(cx) || !check_impersonation(cx) ||
        !check_network(cx) || !check_status(cx) || !csrf_check(cx))
        return false;
    if (must_change_first(cx))
        return fail(cx, 403, "password_change_required", "Choose a password of your own first.");
    if (must_enrol_first(cx))
        return fail(cx, 403, "mfa_enrolment_required", "Set up two-step sign-in first.");
    return !(cx->route->flags & ROUTE_STEP_UP) || factor_step_up_check(cx);
}

void access_recognise(struct cx *cx)
{
    struct failure why = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!limit_check_stranger(cx))
        return;
    bool known = tenant_resolve(cx, NULL) && session_from_cookie(cx) && check_network(cx);
    if (!known)
        cx->session = NULL;
    access_choose_language(cx);
    if (cx->tenant)
        db_init(&cx->db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    cx->failure = why;
}
