/* account: what the one signed in may see and change of its own account. */
#include <string.h>

#include "access/event.h"
#include "access/first_login.h"
#include "access/policy.h"
#include "access/session.h"
#include "access/tenant.h"
#include "account/credential.h"
#include "auth.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/input.h"
#include "resource/paged.h"
#include "resource/resource.h"
#include "resource/rows_json.h"

STATEMENT(account_get,
          "select id, email, name, phone, locale, kind, created_at, last_login_at,\n"
          "       email_verified_at, version\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

/* Absent members stay ($n_given), as RFC 7396 says. */
STATEMENT(account_update,
          "update users\n"
          "set name = case when $3::bool then $4 else name end,\n"
          "    phone = case when $5::bool then $6 else phone end,\n"
          "    locale = case when $7::bool then $8 else locale end\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "returning id",
          DB_WRITES);

#define SESSIONS                                                                                   \
    "from sessions\n"                                                                              \
    "where tenant_id = $1::uuid and user_id = $2::uuid\n"                                          \
    "and revoked_at is null and expires_at > now()"

STATEMENT(account_sessions,
          "select id, ip, user_agent, created_at, last_used_at, expires_at,\n"
          "       id = $3::uuid as current, impersonator_name\n" SESSIONS "\n"
          "and ($4::uuid is null or id < $4::uuid)\n"
          "order by id desc\n"
          "limit $5::int offset $6::int",
          0);
STATEMENT(account_sessions_count, PAGED_COUNT(SESSIONS " and $3::uuid is not null"), 0);

STATEMENT(account_session_find,
          "select id\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid\n"
          "and revoked_at is null",
          0);

static const struct field session_fields[] = {{"id", UUID},
                                              {"ip", TEXT, NULLABLE},
                                              {"user_agent", TEXT, NULLABLE},
                                              {"created_at", TIME},
                                              {"last_used_at", TIME},
                                              {"expires_at", TIME},
                                              {"current", BOOL},
                                              {"impersonator_name", TEXT, NULLABLE},
                                              {.type = FIELD_END}};

static const struct field me_fields[] = {{"id", UUID},
                                         {"email", EMAIL},
                                         {"name", TEXT},
                                         {"phone", PHONE, NULLABLE},
                                         {"locale", LOCALE, NULLABLE},
                                         {"kind", TEXT},
                                         {"created_at", TIME},
                                         {"last_login_at", TIME, NULLABLE},
                                         {"email_verified_at", TIME, NULLABLE},
                                         {"version", INT},
                                         {"role", TEXT},
                                         {"tenant_id", UUID},
                                         {"tenant_slug", SLUG},
                                         {"permissions", ARRAY, .item = TEXT},
                                         {.type = FIELD_END}};

static struct rows *run_own(struct cx *cx, const struct statement *statement)
{
    return db_get(&cx->db, statement, cx->session->tenant_id, cx->session->user_id);
}

static bool me_get(struct cx *cx)
{
    struct rows *rows = run_own(cx, &account_get);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "This account is gone.");
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    row_write_members(json, me_fields, rows, 0);
    json_pair(json, "role", cx->session->role);
    json_pair(json, "tenantId", cx->session->tenant_id);
    json_pair(json, "tenantSlug", cx->tenant->slug);
    json_key(json, "permissions");
    json_open_array(json);
    for (size_t i = 0; i < cx->session->permissions.count; i++)
        json_put_text(json, cx->session->permissions.grants[i]);
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static const char *given(const struct cx *cx, const char *name)
{
    return input_given(cx, name) ? "true" : "false";
}

static bool me_patch(struct cx *cx)
{
    struct rows *rows =
        db_get(&cx->db, &account_update, cx->session->tenant_id, cx->session->user_id,
               given(cx, "name"), input_text(cx, "name"), given(cx, "phone"),
               input_text(cx, "phone"), given(cx, "locale"), input_text(cx, "locale"));
    return rows ? me_get(cx) : fail_db(cx);
}

bool password_change(struct cx *cx, const char *old_password, const char *new_password)
{
    const struct session *me = cx->session;
    const struct password_owner owner = {.email = me->email, .name = me->name};
    struct credential_change change = {.password = new_password,
                                       .must_change = "false",
                                       .action = "user.password_changed",
                                       .keep = me->id};
    if (!password_policy_check(cx, "newPassword", new_password, &owner) ||
        !credential_prove(cx, old_password, &change.old_hash))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return credential_change_own(cx, me->tenant_id, me->user_id, &change) &&
           (db_commit(&cx->db) || fail_db(cx));
}

static bool change_password(struct cx *cx)
{
    if (!password_change(cx, input_text(cx, "current_password"), input_text(cx, "new_password")))
        return false;
    first_login_used(cx);
    return respond_nothing(cx);
}

static bool sessions_list(struct cx *cx)
{
    static const struct paged list = {&account_sessions, &account_sessions_count, session_fields};
    const struct session *me = cx->session;
    return respond_paged(cx, &list, (const char *const[]){me->tenant_id, me->user_id, me->id}, 3);
}

bool own_session_end(struct cx *cx, const char *id)
{
    if (!uuid_is(id))
        return fail(cx, 404, "not_found", "There is no such session.");
    struct rows *rows =
        db_get(&cx->db, &account_session_find, cx->session->tenant_id, cx->session->user_id, id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such session.");
    return session_revoke(cx, &cx->db, id, "revoked by its user");
}

static bool session_delete(struct cx *cx)
{
    return own_session_end(cx, cx_path(cx, "id")) && respond_nothing(cx);
}

const struct route account_routes[] = {
    ROUTE(GET, "/api/auth/me", SIGNED_IN(TENANT), me_get, "The account signed in.",
          .operation = "getMe", .answer_name = "own account", .answer_fields = me_fields,
          .flags = ROUTE_ENROLMENT),
    ROUTE(PATCH, "/api/auth/me", SIGNED_IN(TENANT), me_patch, "Change one's own profile.",
          .operation = "updateMe", .answer_name = "own account",
          .body = FIELDS({"name", TEXT, REQUIRED, 1, 200, .example = "Ana Ruiz"},
                         {"phone", PHONE, NULLABLE, .example = "+34600100200"},
                         {"locale", LOCALE, NULLABLE, .example = "en"}),
          .answer_fields = me_fields, .flags = ROUTE_MERGE),
    ROUTE(POST, "/api/auth/change-password", SIGNED_IN(TENANT), change_password,
          "Change one's own password; the other sessions are signed out.",
          .operation = "changePassword",
          .body =
              FIELDS({"current_password", SECRET, REQUIRED, 1, 1024, .example = "tulou-demo-2026"},
                     {"new_password", SECRET, REQUIRED, 1, 1024, .example = "a better long one"}),
          .answer = ANSWER_NOTHING,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED | ROUTE_IN_PERSON |
                   ROUTE_ENROLMENT | ROUTE_FIRST_PASSWORD,
          .errors = "429 locked_out"),
    ROUTE(GET, "/api/auth/sessions", SIGNED_IN(TENANT), sessions_list, "One's own sessions.",
          .operation = "listMySessions", .answer_name = "own session", .answer = ANSWER_LIST,
          .answer_fields = session_fields, .query = FIELDS(PAGED_QUERY)),
    ROUTE(DELETE, "/api/auth/sessions/:id", SIGNED_IN(TENANT), session_delete,
          "Sign one of one's own sessions out.", .operation = "endMySession",
          .answer = ANSWER_NOTHING, .flags = ROUTE_SUSPENDED),
    {.path = NULL},
};
