/* actions: what one does with a user beyond changing the record. */
#include <string.h>

#include "access/grant.h"
#include "access/policy.h"
#include "access/roles.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "account/account.h"
#include "account/credential.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/areas.h"
#include "resource/event_data.h"
#include "resource/event_sight.h"
#include "resource/paged.h"
#include "users.h"

#define SESSIONS                                                                                   \
    "from sessions\n"                                                                              \
    "where tenant_id = $1::uuid and user_id = $2::uuid\n"                                          \
    "and revoked_at is null and expires_at > now()"

STATEMENT(action_sessions,
          "select id, ip, user_agent, created_at, last_used_at, expires_at\n" SESSIONS "\n"
          "and ($3::uuid is null or id < $3::uuid)\n"
          "order by id desc\n"
          "limit $4::int offset $5::int",
          0);
STATEMENT(action_sessions_count, PAGED_COUNT(SESSIONS), 0);

STATEMENT(
    action_session,
    "select id\n"
    "from sessions\n"
    "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid and revoked_at is null",
    0);

STATEMENT(action_own_role,
          "insert into roles (tenant_id, key, name, rank, permissions)\n"
          "values ($1::uuid, $2, 'Permissions of one user', 1, $3::jsonb)\n"
          "on conflict (tenant_id, key) do update\n"
          "set permissions = excluded.permissions, rank = excluded.rank, inherits = null",
          DB_WRITES);

STATEMENT(action_own_role_get,
          "select coalesce((select permissions from roles\n"
          "                 where tenant_id = $1::uuid and key = $2), '[]')",
          0);

static const struct field session_fields[] = {
    {"id", UUID},         {"ip", TEXT, NULLABLE}, {"user_agent", TEXT, NULLABLE},
    {"created_at", TIME}, {"last_used_at", TIME}, {"expires_at", TIME},
    {.type = FIELD_END}};
static const struct field permission_fields[] = {
    {"name", TEXT}, {"title", TEXT}, {"area", TEXT}, {.type = FIELD_END}};
static const struct field granted_fields[] = {
    {"permissions", ARRAY, REQUIRED, 0, 200, .item = TEXT, .example = "[\"crm.leads:read\"]",
     .help = "Those that this user has besides those of its roles."},
    {"effective", ARRAY, READ_ONLY, .item = TEXT, .help = "All that it has."},
    {"role", TEXT, READ_ONLY, .help = "The highest of its roles."},
    {"rank", INT, READ_ONLY},
    {.type = FIELD_END}};

/* ---- activate, deactivate ---- */

static bool set_status(struct cx *cx, const struct list_result *user, const char *status,
                       const char *event)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    const struct credential_change change = {.status = status, .action = event};
    return user_may_change(cx, &cx->db, tenant_id, id) &&
           credential_change(cx, tenant_id, id, &change);
}

static bool user_activate_run(struct cx *cx, const struct list_result *user)
{
    return set_status(cx, user, "active", "user.activated");
}

static bool user_deactivate_run(struct cx *cx, const struct list_result *user)
{
    return set_status(cx, user, "inactive", "user.deactivated");
}

/* Rights are locked before rows of users: account/credential.h. */
#define USER_ACTION ACTION_UNLOCKED | ACTION_CONFIRM

const struct action activate_user = {
    .name = "activate",
    .title = "Activate",
    .icon = "user-check",
    .summary = "Let a user sign in again.",
    .done = "The user can sign in again.",
    .when = "status <> 'active'",
    .refused = {"already_active", "This user is active already."},
    .errors = "409 own_account",
    .flags = USER_ACTION | ACTION_STEP_UP | ACTION_MANY,
    .run = user_activate_run,
};

const struct action deactivate_user = {
    .name = "deactivate",
    .title = "Deactivate",
    .icon = "user-off",
    .summary = "Keep a user from signing in, at once.",
    .ask = "The user is signed out everywhere at once and cannot sign in until somebody activates "
           "the account again. Nothing is lost.",
    .done = "User deactivated.",
    .when = "status <> 'inactive'",
    .refused = {"already_inactive", "This user is deactivated already."},
    .errors = "409 last_owner, 409 own_account",
    .flags = USER_ACTION | ACTION_DANGER | ACTION_STEP_UP | ACTION_MANY,
    .run = user_deactivate_run,
};

/* ---- sessions and activity ---- */

/* What there is of the user of the address. */
static bool answer_of_user(struct cx *cx, const struct paged *list)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    return user_find(cx, id, false, tenant_id) &&
           respond_paged(cx, list, (const char *const[]){tenant_id, id}, 2);
}

static bool sessions(struct cx *cx)
{
    return answer_of_user(
        cx, &(struct paged){&action_sessions, &action_sessions_count, session_fields});
}

static bool session_end(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id"), *session_id = cx_path(cx, "sessionId");
    if (!user_find(cx, id, true, tenant_id))
        return false;
    struct rows *rows =
        uuid_is(session_id) ? db_get(&cx->db, &action_session, tenant_id, id, session_id) : NULL;
    if (!rows && uuid_is(session_id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such session.");
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    return session_revoke(cx, &cx->db, session_id, "revoked by an administrator") &&
           respond_nothing(cx);
}

/* As far as the one who asks may be told of it. */
static bool activity(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    struct conditions where;
    if (!user_find(cx, id, false, tenant_id))
        return false;
    conditions_init(&where, cx->arena);
    conditions_parameter(&where, tenant_id);
    conditions_parameter(&where, id);
    const char *cut = event_sight_sql(cx, &where);
    const char *from = arena_printf(cx->arena,
                                    "from events\n"
                                    "where tenant_id = $1::uuid and actor_id = $2::uuid and %s",
                                    cut ? cut : "true");
    int last = where.count;
    const char *rows = arena_printf(cx->arena,
                                    "select " EVENT_MEMBERS "%s\n"
                                    "and ($%d::uuid is null or id < $%d::uuid)\n"
                                    "order by id desc\n"
                                    "limit $%d::int offset $%d::int",
                                    from, last + 1, last + 1, last + 2, last + 3);
    const char *count = arena_printf(cx->arena, PAGED_COUNT("%s"), from);
    return respond_paged(cx,
                         &(struct paged){statement_made(cx->arena, rows, 0),
                                         statement_made(cx->arena, count, 0), event_fields},
                         where.parameters, last);
}

/* ---- passwords ---- */

static bool password_reset_run(struct cx *cx, const struct list_result *user)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    const char *password = input_text(cx, "password");
    const struct password_owner owner = {.tenant = tenant_by_id(cx, tenant_id),
                                         .email = record_value(user, "email"),
                                         .name = record_value(user, "name")};
    const struct credential_change change = {
        .password = password, .must_change = "true", .action = "user.password_reset"};
    return user_may_change(cx, &cx->db, tenant_id, id) &&
           password_policy_check(cx, "password", password, &owner) &&
           credential_change(cx, tenant_id, id, &change);
}

const struct action reset_password = {
    .name = "reset-password",
    .title = "Reset the password",
    .icon = "key",
    .summary = "Give a user a new first password; its sessions end.",
    .ask = "The user is signed out everywhere, signs in with this password and must then choose "
           "one of their own.",
    .done = "The user has a new first password.",
    .needs = "users.admins:update",
    .takes = FIELDS({"password", SECRET, REQUIRED, 1, 1024, .example = "another long password"}),
    .errors = "409 own_account",
    .flags = ACTION_UNLOCKED | ACTION_STEP_UP | ACTION_SENDS,
    .run = password_reset_run,
};

/* ---- permissions ---- */

static void write_permission(void *arg, const char *name, const char *title, const char *area)
{
    struct json *json = arg;
    json_open_object(json);
    json_pair(json, "name", name);
    json_pair(json, "title", title);
    json_pair(json, "area", area);
    json_close_object(json);
}

static bool permissions(struct cx *cx)
{
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    areas_permissions(write_permission, json);
    json_close_array(json);
    return respond_end(cx);
}

static bool check_grants(struct cx *cx, json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *grant = json_object_get_string(json_object_array_get_idx(list, i));
        if (!permission_is_grant(grant))
            return fail_field(cx, "permissions", "invalid_permission", "\"%s\" is no permission.",
                              grant);
    }
    return true;
}

static const char *own_role_key(struct cx *cx, const char *id)
{
    char *key = text_lower(cx->arena, arena_printf(cx->arena, "own_%s", id)), *to = key;
    for (const char *from = key; *from; from++)
        if (*from != '-')
            *to++ = *from;
    *to = '\0';
    return key;
}

static bool answer_granted(struct cx *cx, const char *tenant_id, const char *id)
{
    struct rights rights;
    const struct rows *own = db_get(&cx->db, &action_own_role_get, tenant_id, own_role_key(cx, id));
    if (!own || !rights_load(&cx->db, tenant_id, id, &rights))
        return fail_db(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "permissions");
    json_put_raw(json, rows_text(own, 0, 0), rows_length(own, 0, 0));
    json_key(json, "effective");
    json_open_array(json);
    for (size_t i = 0; i < rights.permissions.count; i++)
        json_put_text(json, rights.permissions.grants[i]);
    json_close_array(json);
    json_pair(json, "role", rights.role);
    json_pair_int(json, "rank", rights.rank);
    json_close_object(json);
    return respond_end(cx);
}

const struct notification_kind notice_rights_changed = {
    "users.rights_changed", "Rights changed", "An administrator changed what you may do."};

/* Who changes its own needs not be told. */
bool user_tell_rights(struct cx *cx, const char *tenant_id, const char *id)
{
    const struct notification notice = {.title = "Your rights were changed",
                                        .body = "%s changed what you may do here.",
                                        .about = cx->session->name};
    return strcmp(id, cx->session->user_id) == 0 ||
           notify_user(cx, &cx->db, tenant_id, id, &notice_rights_changed, &notice);
}

/* Permissions of one user alone are a role that only they have. */
static bool set_permissions(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    const struct value *list = input_value(cx->input, "permissions");
    if (!check_grants(cx, list->json))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    const char *key = own_role_key(cx, id);
    if (!credential_refuse_impersonator(cx) || !user_find(cx, id, true, tenant_id) ||
        !role_change_begin(cx, &cx->db, tenant_id, key))
        return false;
    if (!db_get(&cx->db, &action_own_role, tenant_id, key, list->text) ||
        !account_add_role(&cx->db, tenant_id, id, key))
        return fail_db(cx);
    if (!role_change_end(cx, &cx->db) || !user_tell_rights(cx, tenant_id, id))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    session_rights_changed(&cx->db, id);
    return answer_granted(cx, tenant_id, id);
}

static bool get_permissions(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    return user_find(cx, id, false, tenant_id) && answer_granted(cx, tenant_id, id);
}

#define USER_ACTIVITY                                                                              \
    .answer = ANSWER_LIST, .answer_fields = event_fields, .query = FIELDS(PAGED_QUERY)

const struct route action_routes[] = {
    ROUTE(GET, "/api/platform-users/:id/activity", MAY(EITHER, "users.users:read"), activity,
          "What a user did lately.", .operation = "listUserActivity", .answer_name = "event",
          USER_ACTIVITY),
    ROUTE(GET, "/api/admin-users/permissions", MAY(EITHER, "users.admins:read"), permissions,
          "Every permission there is.", .operation = "listAdministratorPermissions",
          .deprecated = "2026-11-30", .answer_name = "permission", .answer = ANSWER_LIST,
          .answer_fields = permission_fields),
    ROUTE(GET, "/api/admin-users/:id/permissions", MAY(EITHER, "users.admins:read"),
          get_permissions, "The permissions of a user.", .operation = "getUserPermissions",
          .answer_name = "user permissions", .answer_fields = granted_fields),
    ROUTE(PUT, "/api/admin-users/:id/permissions", MAY(EITHER, "users.admins:update"),
          set_permissions, "Give a user permissions besides those of its roles.",
          .operation = "setUserPermissions", .answer_name = "user permissions",
          .body = granted_fields, .answer_fields = granted_fields, .flags = ROUTE_STEP_UP),
    ROUTE(GET, "/api/admin-users/:id/activity", MAY(EITHER, "users.admins:read"), activity,
          "What an administrator did lately.", .operation = "listAdministratorActivity",
          .answer_name = "event", USER_ACTIVITY),
    ROUTE(GET, "/api/admin-users/:id/sessions", MAY(EITHER, "users.admins:read"), sessions,
          "An administrator's sessions.", .operation = "listUserSessions",
          .answer_name = "user session", .answer = ANSWER_LIST, .answer_fields = session_fields,
          .query = FIELDS(PAGED_QUERY)),
    ROUTE(DELETE, "/api/admin-users/:id/sessions/:sessionId", MAY(EITHER, "users.admins:update"),
          session_end, "Sign one session of an administrator out.", .operation = "endUserSession",
          .answer = ANSWER_NOTHING),
    {.path = NULL},
};
