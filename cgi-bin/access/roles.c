/* roles: those that a tenant made; the built-in ones stand beside them. */
#include "access/roles.h"

#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "account/account.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/areas.h"

STATEMENT(role_by_id,
          "select key, permissions\n"
          "from roles\n"
          "where id = $1::uuid",
          0);

STATEMENT(role_in_use, "select exists (select from user_roles where role_key = $1)", 0);

STATEMENT(role_user,
          "select tenant_id\n"
          "from users\n"
          "where id = $1::uuid",
          0);

STATEMENT(role_user_roles,
          "select coalesce(jsonb_agg(r.role_key order by r.role_key)\n"
          "                filter (where r.role_key is not null), '[]')\n"
          "from users u\n"
          "left join user_roles r on r.tenant_id = u.tenant_id and r.user_id = u.id\n"
          "where u.id = $1::uuid\n"
          "group by u.tenant_id, u.id",
          0);

STATEMENT(role_matrix,
          "select key, name, permissions, rank, id\n"
          "from roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

/* ---- rules ---- */

bool grants_check(struct cx *cx, const struct value *permissions)
{
    json_object *list = permissions->json;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        const char *grant = json_object_get_string(json_object_array_get_idx(list, i));
        const char *named = grant_permission(cx->arena, grant);
        bool any = strchr(named, '*') != NULL;
        if (!permission_is_grant(grant) || (!any && !areas_permission_exists(named)))
            return fail_field(cx, "permissions", "invalid_permission", "\"%s\" is no permission.",
                              grant);
        if (!any && grant_sight(grant) != SIGHT_ALL && !areas_permission_has_owners(named))
            return fail_field(cx, "permissions", "invalid_permission",
                              "%s is of no records that have owners: leave out what begins with @.",
                              named);
    }
    return true;
}

/* NULL: the failure is set. */
static struct rows *role_read(struct cx *cx, const char *id)
{
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &role_by_id, id) : NULL;
    if (!rows && uuid_is(id))
        fail_db(cx);
    else if (!rows || rows_count(rows) == 0)
        fail(cx, 404, "not_found", "There is no such role.");
    return rows && rows_count(rows) > 0 ? rows : NULL;
}

static bool check_unused(struct cx *cx, const char *key)
{
    struct rows *used = db_get(&cx->db, &role_in_use, key);
    if (!used)
        return fail_db(cx);
    return !rows_bool(used, 0, 0) || fail(cx, 409, "role_in_use", "Users still have this role.");
}

/* The key of a new role, which is made of its name where none is given. */
static const char *role_key_new(struct cx *cx, struct input *input)
{
    const char *key = input_value(input, "key")->text;
    if (key && builtin_role_find(key)) {
        fail_field(cx, "key", "key_taken", "A built-in role has this key.");
        return NULL;
    }
    if (!key && (key = role_key_make(cx, input_value(input, "name")->text)))
        input_set(input, "key", key);
    return key;
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    struct rows *old = operation == OP_CREATE ? NULL : role_read(cx, id);
    if (!old && operation != OP_CREATE)
        return false;
    const char *key = old ? rows_text(old, 0, 0) : role_key_new(cx, input);
    if (!key)
        return false;
    if (input)
        role_form_take(cx, old ? rows_text(old, 0, 1) : NULL, input);
    if (input && !grants_check(cx, input_value(input, "permissions")))
        return false;
    if (!role_change_begin(cx, &cx->db, cx->session->tenant_id, key))
        return false;
    return operation != OP_DELETE || check_unused(cx, key);
}

static bool finish(struct cx *cx, enum operation operation, const char *id)
{
    (void)operation;
    (void)id;
    return role_change_end(cx, &cx->db);
}

static void committed(struct cx *cx, enum operation operation, const char *id)
{
    (void)id;
    if (operation != OP_CREATE) /* nobody has a new role yet */
        session_rights_changed(&cx->db, cx->session->tenant_id);
}

const struct resource roles = {
    .name = "roles",
    .one = "role",
    .errors = "409 key_taken, 409 role_in_use, 403 rank_too_high, 403 permission_lacking",
    .title = "Roles",
    .about = "What people may do. Beside the roles that are built in you make your own.",
    .permission = "access.roles",
    .table = "roles",
    .api = "/api/rbac/roles",
    .page = "/admin/roles",
    .icon = "lock",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE,
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | LISTED, 1, 100, .example = "Front desk"},
        {"key", TEXT, CREATE_ONLY | FILTERED, 2, 49,
         .help = "Small letters, digits and _; it never changes. Absent: made of the name.",
         .example = "front_desk"},
        {"description", TEXT, NULLABLE | LISTED, 0, 500, .example = "Greets and checks in."},
        {"rank", INT, LISTED, 1, 99, .initial = "10",
         .help = "From 1 to 99. Nobody changes people whose rank is above their own.",
         .example = "20"},
        {"inherits", TEXT, NULLABLE, 0, 49, .role_keys = true, .label = "Includes",
         .hint = "A role whose permissions it has too, whatever becomes of them.",
         .help = "Key of a role whose permissions it has too.", .example = "staff"},
        {"permissions", ARRAY, 0, 0, 300, .initial = "[]", .item = TEXT,
         .help = "Like crm.leads:read; crm.* is a whole area. With @own behind it only of records "
                 "that one owns oneself, with @team also of those of one's teams.",
         .example = "[\"crm.leads:read\"]"},
        {"holders", INT, READ_ONLY | LISTED | COLUMN_ONLY, .label = "People",
         .sql = "select count(*) from user_roles r "
                "where r.tenant_id = roles.tenant_id and r.role_key = roles.key"}),
    .label = "name",
    .prepare = prepare,
    .finish = finish,
    .committed = committed,
    .template_list = "access/roles",
    .template_form = "access/role_form",
    .add_to_form = role_form_add,
    .add_to_page = roles_add_builtin,
};

/* ---- permissions and matrix ---- */

static const struct field permission_fields[] = {
    {"name", TEXT}, {"title", TEXT}, {"area", TEXT}, {.type = FIELD_END}};
static const struct field matrix_fields[] = {
    {"permissions", ARRAY, .item = TEXT},
    {"roles", ARRAY,
     .fields = FIELDS({"key", TEXT}, {"name", TEXT}, {"rank", INT}, {"builtin", BOOL},
                      {"permissions", ARRAY, .item = TEXT})},
    {.type = FIELD_END}};

static void write_permission(void *arg, const char *name, const char *title, const char *area)
{
    struct json *json = arg;
    json_open_object(json);
    json_pair(json, "name", name);
    json_pair(json, "title", title);
    json_pair(json, "area", area);
    json_close_object(json);
}

static void write_name(void *arg, const char *name, const char *title, const char *area)
{
    (void)title;
    (void)area;
    json_put_text(arg, name);
}

static bool permissions(struct cx *cx)
{
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    areas_permissions(write_permission, json);
    json_close_array(json);
    return respond_end(cx);
}

struct ticks {
    struct arena *arena;
    struct json *json;
    const struct permissions *grants;
};

static void write_tick(void *arg, const char *name, const char *title, const char *area)
{
    struct ticks *ticks = arg;
    enum sight sight = permissions_sight(ticks->grants, name);
    (void)title;
    (void)area;
    if (sight == SIGHT_ALL || (sight != SIGHT_NONE && areas_permission_has_owners(name)))
        json_put_text(ticks->json, permission_with_sight(ticks->arena, name, sight));
}

static void write_role(struct cx *cx, struct json *json, const char *key, const char *name,
                       int rank, bool builtin, const struct permissions *grants)
{
    struct ticks ticks = {cx->arena, json, grants};
    json_open_object(json);
    json_pair(json, "key", key);
    json_pair(json, "name", name);
    json_pair_int(json, "rank", rank);
    json_pair_bool(json, "builtin", builtin);
    json_key(json, "permissions");
    json_open_array(json);
    areas_permissions(write_tick, &ticks);
    json_close_array(json);
    json_close_object(json);
}

static bool matrix(struct cx *cx)
{
    struct rows *rows = db_get0(&cx->db, &role_matrix);
    if (!rows)
        return fail_db(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "permissions");
    json_open_array(json);
    areas_permissions(write_name, json);
    json_close_array(json);
    json_key(json, "roles");
    json_open_array(json);
    for (const struct builtin_role *role = builtin_roles; role->key; role++) {
        struct permissions grants = builtin_role_grants(cx->arena, role);
        if (builtin_role_in(role, cx->tenant->kind))
            write_role(cx, json, role->key, role->name, role->rank, true, &grants);
    }
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct permissions grants = permissions_read(cx->arena, rows_text(rows, i, 2));
        write_role(cx, json, rows_text(rows, i, 0), rows_text(rows, i, 1),
                   (int)rows_int(rows, i, 3), false, &grants);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

/* ---- the roles of a user ---- */

static bool answer_user_roles(struct cx *cx, const char *keys)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "roles");
    json_put_raw(json, keys, strlen(keys));
    json_close_object(json);
    return respond_end(cx);
}

static bool get_user_roles(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &role_user_roles, id) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such user.");
    return answer_user_roles(cx, rows_text(rows, 0, 0));
}

static bool set_user_roles(struct cx *cx)
{
    const char *id = cx_path(cx, "id"), *tenant_id;
    const struct value *list = input_value(cx->input, "roles");
    if (!uuid_is(id))
        return fail(cx, 404, "not_found", "There is no such user.");
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct rows *user = db_get(&cx->db, &role_user, id);
    if (!user)
        return fail_db(cx);
    if (rows_count(user) == 0)
        return fail(cx, 404, "not_found", "There is no such user.");
    tenant_id = rows_text(user, 0, 0);
    struct db there = cx->db;
    memcpy(there.tenant_id, tenant_id, UUID_SIZE);
    if (!user_may_change(cx, &there, tenant_id, id) || !roles_may_grant(cx, &there, list->json))
        return false;
    if (!account_set_roles(&cx->db, tenant_id, id, list->text, NULL) || !db_commit(&cx->db))
        return fail_db(cx);
    session_rights_changed(&cx->db, id);
    return answer_user_roles(cx, list->text);
}

const struct route role_routes[] = {
    ROUTE(GET, "/api/rbac/permissions", MAY(TENANT, "access.roles:read"), permissions,
          "Every permission there is.", .operation = "listPermissions", .answer_name = "permission",
          .answer = ANSWER_LIST, .answer_fields = permission_fields),
    ROUTE(GET, "/api/rbac/matrix", MAY(TENANT, "access.roles:read"), matrix,
          "Roles by permissions.", .operation = "getRoleMatrix", .answer_name = "role matrix",
          .answer_fields = matrix_fields),
    ROUTE(GET, "/api/rbac/users/:id/roles", MAY(EITHER, "access.roles:assign"), get_user_roles,
          "The roles of a user.", .operation = "getUserRoles", .answer_name = "user roles",
          .answer_fields = FIELDS({"roles", ARRAY, .item = TEXT})),
    ROUTE(PUT, "/api/rbac/users/:id/roles", MAY(EITHER, "access.roles:assign"), set_user_roles,
          "Replace the roles of a user.", .operation = "setUserRoles", .answer_name = "user roles",
          .body = FIELDS({"roles", ARRAY, REQUIRED, 0, 20, .item = TEXT, .example = "[\"staff\"]"}),
          .answer_fields = FIELDS({"roles", ARRAY, .item = TEXT}), .flags = ROUTE_STEP_UP,
          .errors = "403 rank_too_high, 403 permission_lacking, 409 last_owner"),
    {.path = NULL},
};
