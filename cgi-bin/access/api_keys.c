/* api_keys: keys that programs sign in with, made by somebody and never
 * mightier than whoever made them. */
#include "access/api_key.h"

#include <string.h>

#include "access/grant.h"
#include "access/network.h"
#include "access/session.h"
#include "area.h"
#include "base/clock.h"
#include "http/cx.h"
#include "page/page.h"

STATEMENT(api_key_insert,
          "insert into api_keys (tenant_id, id, name, prefix, key_hash, permissions, networks,\n"
          "                      expires_at, created_by)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, $6::jsonb, coalesce($7::jsonb, '[]'),\n"
          "        $8::timestamptz, $9::uuid)",
          DB_WRITES);

STATEMENT(api_key_end,
          "update api_keys\n"
          "set revoked_at = clock_timestamp()\n"
          "where tenant_id = $1::uuid and id = $2::uuid and revoked_at is null\n"
          "returning id",
          DB_WRITES);

#define STATE_SQL                                                                                  \
    "case when revoked_at is not null then 'revoked'\n"                                            \
    "     when expires_at <= now() then 'expired' else 'active' end"
#define MAKER_SQL                                                                                  \
    "(select u.name from users u\n"                                                                \
    " where u.tenant_id = api_keys.tenant_id and u.id = api_keys.created_by)"

static const struct field made_fields[] = {
    {"id", UUID},
    {"key", TEXT, .help = "The key itself: it is shown this once."},
    {"name", TEXT},
    {"prefix", TEXT},
    {"permissions", ARRAY, .item = TEXT},
    {"networks", ARRAY, .item = TEXT},
    {"expires_at", TIME, NULLABLE},
    {.type = FIELD_END}};

const struct field api_key_body_fields[] = {
    {"name", TEXT, REQUIRED, 1, 100, .help = "What it is for, to know it again by.",
     .example = "Nightly export"},
    {"permissions", ARRAY, REQUIRED | HIDDEN, 0, 300, .item = TEXT,
     .help = "Those that you have. What you lose later, the key loses too.",
     .example = "[\"crm.leads:read\"]"},
    {"networks", ARRAY, 0, 0, 50, .initial = "[]", .item = TEXT,
     .label = "Only from these networks",
     .help = "Like 192.0.2.0/24, one on each line; empty: from everywhere.",
     .example = "[\"127.0.0.0/8\"]"},
    {"expires_at", TIME, NULLABLE, .label = "Good until", .help = "Empty: until it is revoked.",
     .example = "2099-01-01T00:00:00Z"},
    {.type = FIELD_END}};

/* Whoever may make keys is led to where they are made. */
static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (!record && may(cx, "access.api_keys:create"))
        page_set_bool(page_action(data, "New API key", "/admin/api-keys/new", "plus"), "primary",
                      true);
    return true;
}

static bool api_key_end_one(struct cx *cx, const char *id)
{
    struct rows *rows = db_get(&cx->db, &api_key_end, cx->session->tenant_id, id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such API key.");
    session_key_revoked(&cx->db, id);
    return true;
}

static bool api_key_revoke_run(struct cx *cx, const struct list_result *key)
{
    return api_key_end_one(cx, record_value(key, "id"));
}

static const struct action revoke_key = {
    .name = "revoke",
    .title = "Revoke",
    .icon = "ban",
    .summary = "Revoke an API key: at once and for good.",
    .ask = "Programs that use it are refused from then on. It cannot be undone.",
    .done = "API key revoked.",
    .needs = "access.api_keys:delete",
    .when = "revoked_at is null",
    .refused = {"already_revoked", "This key is revoked already."},
    .event = "revoked",
    .told = "{actor} revoked the API key {name}.",
    .flags = ACTION_CONFIRM | ACTION_DANGER | ACTION_IN_PERSON | ACTION_MANY,
    .run = api_key_revoke_run,
};

const struct resource api_keys = {
    .name = "api-keys",
    .one = "API key",
    .title = "API keys",
    .about = "Keys for programs, which send them as Authorization: Bearer.",
    .permission = "access.api_keys",
    .table = "api_keys",
    .api = "/api/security/api-keys",
    .page = "/admin/api-keys",
    .icon = "key",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET,
    .sort = "-createdAt",
    .label = "name",
    .no_common_times = true,
    .fields = FIELDS(
        {"name", TEXT, READ_ONLY | SORTED | LISTED},
        {"prefix", TEXT, READ_ONLY | FILTERED | LISTED, .label = "Begins with",
         .help = "Its first characters, to know it again by."},
        {"state", CHOICE, READ_ONLY | LISTED, .choices = CHOICES("active", "expired", "revoked"),
         .sql = STATE_SQL},
        {"permissions", ARRAY, READ_ONLY | LIST_OMITTED, .item = TEXT},
        {"networks", ARRAY, READ_ONLY | LIST_OMITTED, .item = TEXT,
         .help = "Where it may be used from; empty: everywhere."},
        {"expires_at", TIME, READ_ONLY | NULLABLE | LISTED},
        {"last_used_at", TIME, READ_ONLY | NULLABLE | SORTED | LISTED, .help = "To the minute."},
        {"created_by", UUID, READ_ONLY | HIDDEN},
        {"created_by_name", TEXT, READ_ONLY | NULLABLE | LISTED, .label = "Made by",
         .sql = MAKER_SQL},
        {"revoked_at", TIME, READ_ONLY | NULLABLE},
        {"created_at", TIME, READ_ONLY | SORTED, .label = "Made"}),
    .actions = ACTIONS(&revoke_key),
    .add_to_page = add_to_page,
};

/* ---- making one ---- */

static bool check_networks(struct cx *cx, const struct value *networks)
{
    json_object *list = networks->json;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(list, i));
        if (!network_is(text))
            return fail_field(cx, "networks", "invalid_network",
                              "\"%s\" is no network like 192.0.2.0/24.", text);
    }
    return true;
}

static bool check_expiry(struct cx *cx, const char *expires_at)
{
    int64_t us;
    if (!expires_at || (clock_parse(expires_at, &us) && us > clock_now_us()))
        return true;
    return fail_field(cx, "expiresAt", "in_the_past", "This is in the past.");
}

static bool check_new(struct cx *cx)
{
    const struct value *permissions = input_value(cx->input, "permissions");
    if (json_object_array_length(permissions->json) == 0)
        return fail_field(cx, "permissions", "required", "Give it at least one permission.");
    const struct permissions wanted = permissions_read(cx->arena, permissions->text);
    return grants_check(cx, permissions) &&
           permissions_may_grant(cx, &cx->db, cx->session->tenant_id, &wanted) &&
           check_networks(cx, input_value(cx->input, "networks")) &&
           check_expiry(cx, input_text(cx, "expires_at"));
}

bool api_key_create(struct cx *cx, const char **id, const char **key)
{
    struct api_key parts;
    char *new_id = arena_alloc(cx->arena, UUID_SIZE);
    if (!check_new(cx))
        return false;
    uuid_new(new_id);
    *id = new_id;
    *key = api_key_make(cx->arena, cx->session->tenant_id);
    if (!api_key_parse(*key, &parts))
        return false;
    return db_get(&cx->db, &api_key_insert, cx->session->tenant_id, *id, input_text(cx, "name"),
                  parts.shown, parts.hash, input_text(cx, "permissions"),
                  input_text(cx, "networks"), input_text(cx, "expires_at"), cx->session->user_id) ||
           fail_db(cx);
}

static void write_list(struct json *json, const char *key, const char *list)
{
    json_key(json, key);
    json_put_raw(json, list ? list : "[]", list ? strlen(list) : 2);
}

static bool create(struct cx *cx)
{
    const char *id, *key;
    if (!api_key_create(cx, &id, &key))
        return false;
    response_header_set(cx, "Location", arena_printf(cx->arena, "%s/%s", api_keys.api, id));
    struct json *json = respond_begin(cx, 201);
    json_open_object(json);
    json_pair(json, "id", id);
    json_pair(json, "key", key);
    json_pair(json, "name", input_text(cx, "name"));
    json_key(json, "prefix");
    json_put_text_len(json, key, API_KEY_SHOWN);
    write_list(json, "permissions", input_text(cx, "permissions"));
    write_list(json, "networks", input_text(cx, "networks"));
    json_pair(json, "expiresAt", input_text(cx, "expires_at"));
    json_close_object(json);
    return respond_end(cx);
}

/* ---- revoking ---- */

static bool revoke(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    cx->db.action = revoke_key.event;
    bool ended = uuid_is(id) ? api_key_end_one(cx, id)
                             : fail(cx, 404, "not_found", "There is no such API key.");
    cx->db.action = NULL;
    return ended && respond_nothing(cx);
}

const struct route api_key_routes[] = {
    ROUTE(POST, "/api/security/api-keys", MAY(TENANT, "access.api_keys:create"), create,
          "Make an API key; the key itself is in this answer and nowhere else.",
          .operation = "createApiKey", .answer_name = "new API key", .body = api_key_body_fields,
          .answer_fields = made_fields, .status = 201, .flags = ROUTE_IN_PERSON | ROUTE_STEP_UP,
          .errors = "403 permission_lacking, 403 api_key_refused, "
                    "422 permissions.invalid_permission, 422 networks.invalid_network"),
    ROUTE(DELETE, "/api/security/api-keys/:id", MAY(TENANT, "access.api_keys:delete"), revoke,
          "Revoke an API key: at once and for good.", .operation = "deleteApiKey",
          .answer = ANSWER_NOTHING, .flags = ROUTE_IN_PERSON),
    {.path = NULL},
};
