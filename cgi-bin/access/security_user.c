/* security_user: all that lets somebody in, on one page: their sessions, keys
 * and attempts to sign in. Everybody sees their own, administrators each user's. */
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "area.h"
#include "base/agent.h"
#include "base/clock.h"
#include "http/cx.h"
#include "page/page.h"

STATEMENT(security_user,
          "select name, email, status, last_login_at\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

STATEMENT(security_user_sessions,
          "select id, ip, user_agent, last_used_at, id = $3::uuid, impersonator_name, reason\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "and revoked_at is null and expires_at > now()\n"
          "order by last_used_at desc, id desc\n"
          "limit 50",
          0);

/* Those that worked and those that did not are found by an index each. */
#define ATTEMPTS(which)                                                                            \
    "(select a.created_at, a.succeeded, a.ip, a.user_agent\n"                                      \
    " from login_attempts a\n"                                                                     \
    " where a.tenant_id = $1::uuid and a.email = $2 and " which "\n"                               \
    " order by a.created_at desc\n"                                                                \
    " limit 20)\n"

STATEMENT(security_user_attempts,
          ATTEMPTS("a.succeeded") "union all\n" ATTEMPTS("not a.succeeded") "order by 1 desc\n"
                                                                            "limit 20",
          0);

STATEMENT(security_user_keys,
          "select id, name, prefix, last_used_at,\n"
          "       case when expires_at <= now() then 'expired' else 'active' end\n"
          "from api_keys\n"
          "where tenant_id = $1::uuid and created_by = $2::uuid and revoked_at is null\n"
          "order by created_at desc\n"
          "limit 50",
          0);

STATEMENT(security_user_factors,
          "select name, kind, last_used_at\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and confirmed_at is not null\n"
          "order by confirmed_at, id\n"
          "limit 20",
          0);

STATEMENT(security_user_session,
          "select id\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid\n"
          "and revoked_at is null",
          0);

void security_set_time(struct cx *cx, json_object *item, const char *key, const char *stored)
{
    char text[32];
    int64_t us;
    bool known = stored && clock_from_database(stored, text) && clock_parse(text, &us);
    page_set(item, key, known ? show_instant(cx, us) : NULL);
}

static void set_agent(struct cx *cx, json_object *item, const char *user_agent)
{
    page_set(item, "agent", agent_show(cx->arena, cx->language, user_agent));
    page_set(item, "user_agent", user_agent);
}

static bool add_sessions(struct cx *cx, json_object *data, const char *user_id, const char *path)
{
    struct rows *rows =
        db_get(&cx->db, &security_user_sessions, cx->session->tenant_id, user_id, cx->session->id);
    json_object *list = page_list(data, "sessions");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "end",
                 arena_printf(cx->arena, "%s/sessions/%s/end", path, rows_text(rows, i, 0)));
        page_set(item, "ip", rows_text(rows, i, 1));
        set_agent(cx, item, rows_text(rows, i, 2));
        security_set_time(cx, item, "used", rows_text(rows, i, 3));
        page_set_bool(item, "current", rows_bool(rows, i, 4));
        page_set(item, "operator", rows_text(rows, i, 5));
        page_set(item, "reason", rows_text(rows, i, 6));
    }
    return true;
}

static bool add_attempts(struct cx *cx, json_object *data, const char *email)
{
    struct rows *rows = db_get(&cx->db, &security_user_attempts, cx->session->tenant_id, email);
    json_object *list = page_list(data, "attempts");
    if (!rows)
        return fail_db(cx);
    page_set_bool(data, "no_attempts", rows_count(rows) == 0);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        security_set_time(cx, item, "at", rows_text(rows, i, 0));
        page_set_bool(item, "worked", rows_bool(rows, i, 1));
        page_set(item, "ip", rows_text(rows, i, 2));
        set_agent(cx, item, rows_text(rows, i, 3));
    }
    return true;
}

static bool add_keys(struct cx *cx, json_object *data, const char *user_id)
{
    struct rows *rows = db_get(&cx->db, &security_user_keys, cx->session->tenant_id, user_id);
    json_object *list = page_list(data, "keys");
    if (!rows)
        return fail_db(cx);
    page_set_bool(data, "no_keys", rows_count(rows) == 0);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        bool readable = may(cx, "access.api_keys:read");
        page_set(item, "path",
                 readable ? arena_printf(cx->arena, "/admin/api-keys/%s", rows_text(rows, i, 0))
                          : NULL);
        page_set(item, "name", rows_text(rows, i, 1));
        page_set(item, "prefix", rows_text(rows, i, 2));
        security_set_time(cx, item, "used", rows_text(rows, i, 3));
        page_set_bool(item, "expired", strcmp(rows_text(rows, i, 4), "expired") == 0);
    }
    return true;
}

static bool add_factors(struct cx *cx, json_object *data, const char *user_id)
{
    struct rows *rows = db_get(&cx->db, &security_user_factors, cx->session->tenant_id, user_id);
    json_object *list = page_list(data, "factors");
    if (!rows)
        return fail_db(cx);
    page_set_bool(data, "no_factors", rows_count(rows) == 0);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        bool is_app = strcmp(rows_text(rows, i, 1), "totp") == 0;
        page_set(item, "name", rows_text(rows, i, 0));
        page_set(item, "kind", is_app ? "Authenticator app" : "Passkey");
        security_set_time(cx, item, "used", rows_text(rows, i, 2));
    }
    return true;
}

static bool find_user(struct cx *cx, const char *id, struct rows **out)
{
    *out = uuid_is(id) ? db_get(&cx->db, &security_user, cx->session->tenant_id, id) : NULL;
    if (!*out && uuid_is(id))
        return fail_db(cx);
    return (*out && rows_count(*out) == 1) || fail(cx, 404, "not_found", "There is no such user.");
}

static bool show(struct cx *cx, const char *user_id, const char *path, bool own)
{
    struct rows *user;
    json_object *data = page_object(cx);
    if (!find_user(cx, user_id, &user) || !add_sessions(cx, data, user_id, path) ||
        !add_factors(cx, data, user_id) || !add_attempts(cx, data, rows_text(user, 0, 1)) ||
        !add_keys(cx, data, user_id))
        return false;
    page_set_bool(data, "own", own);
    page_set_bool(data, "may_end", own || may(cx, "access.security:update"));
    if (own)
        return page_render(cx, 200, "access/security_user", "Security of your account", data);
    page_set(data, "subtitle", rows_text(user, 0, 1));
    page_crumb(data, "Security", "/admin/security");
    return page_render(cx, 200, "access/security_user",
                       cx_printf(cx, "Security of %s", rows_text(user, 0, 0)), data);
}

static bool own_page(struct cx *cx)
{
    return show(cx, cx->session->user_id, "/account/security", true);
}

static bool user_page(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    return show(cx, id, arena_printf(cx->arena, "/admin/security/%s", id), false);
}

/* ---- ending a session ---- */

static bool end_session(struct cx *cx, const char *user_id, const char *why, const char *back)
{
    const char *id = cx_path(cx, "sessionId");
    struct rows *rows =
        uuid_is(id) && uuid_is(user_id)
            ? db_get(&cx->db, &security_user_session, cx->session->tenant_id, user_id, id)
            : NULL;
    if (!rows || rows_count(rows) == 0)
        return cx->db.error.status != DB_OK
                   ? fail_db(cx)
                   : fail(cx, 404, "not_found", "There is no such session.");
    if (!session_revoke(cx, &cx->db, id, why))
        return false;
    page_notice(cx, "success", "That session was signed out.");
    return page_go(cx, back);
}

static bool own_end(struct cx *cx)
{
    return end_session(cx, cx->session->user_id, "revoked by its user", "/account/security");
}

static bool user_end(struct cx *cx)
{
    struct rows *user;
    const char *id = cx_path(cx, "id");
    return find_user(cx, id, &user) && user_may_change(cx, &cx->db, cx->session->tenant_id, id) &&
           end_session(cx, id, "revoked by an administrator",
                       arena_printf(cx->arena, "/admin/security/%s", id));
}

const struct route security_user_pages[] = {
    ROUTE(GET, "/account/security", SIGNED_IN(TENANT), own_page,
          "What lets one in: sessions, keys, attempts.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/account/security/sessions/:sessionId/end", SIGNED_IN(TENANT), own_end,
          "Sign one of one's own sessions out.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_SUSPENDED),
    ROUTE(GET, "/admin/security/:id", MAY(TENANT, "access.security:read"), user_page,
          "What lets a user in.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/security/:id/sessions/:sessionId/end",
          MAY(TENANT, "access.security:update"), user_end, "Sign a session of a user out.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    {.path = NULL},
};
