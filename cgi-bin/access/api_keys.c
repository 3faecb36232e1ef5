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

STATEMENT(api_key_end,
          "update api_keys\n"
          "set revoked_at = clock_timestamp()\n"
          "where tenant_id = $1::uuid and id = $2::uuid and revoked_at is null",
          DB_WRITES);

/* It is the key of whoever has the new secret. */
STATEMENT(api_key_renew,
          "update api_keys\n"
          "set prefix = $3, key_hash = $4, created_by = $5::uuid, last_used_at = null\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

#define STATE_SQL                                                                                  \
    "case when revoked_at is not null then 'revoked'\n"                                            \
    "     when expires_at <= now() then 'expired' else 'active' end"
#define MAKER_SQL                                                                                  \
    "(select u.name from users u\n"                                                                \
    " where u.tenant_id = api_keys.tenant_id and u.id = api_keys.created_by)"

/* ---- the key itself ---- */

static const struct field key_given[] = {
    {"key", TEXT, .label = "API key", .example = "tulou_…",
     .help = "Programs send it as Authorization: Bearer. It is shown this once."},
    {.type = FIELD_END}};

/* A new one, of which the columns are in *parts. */
static bool api_key_give(struct cx *cx, struct api_key *parts)
{
    const char *key = api_key_make(cx->arena, cx->session->tenant_id);
    record_give(cx, "key", key);
    return api_key_parse(key, parts);
}

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

static bool check_new(struct cx *cx, const struct input *input)
{
    const struct value *permissions = input_value(input, "permissions");
    if (json_object_array_length(permissions->json) == 0)
        return fail_field(cx, "permissions", "required", "Give it at least one permission.");
    const struct permissions wanted = permissions_read(cx->arena, permissions->text);
    return grants_check(cx, permissions) &&
           permissions_may_grant(cx, &cx->db, cx->session->tenant_id, &wanted) &&
           check_networks(cx, input_value(input, "networks")) &&
           check_expiry(cx, input_value(input, "expires_at")->text);
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    (void)operation; /* no other than making one */
    (void)id;
    struct api_key *parts = arena_alloc(cx->arena, sizeof *parts);
    if (!check_new(cx, input) || !api_key_give(cx, parts))
        return false;
    input_set(input, "prefix", parts->shown);
    input_set(input, "key_hash", parts->hash);
    input_set(input, "created_by", cx->session->user_id);
    return true;
}

/* ---- what one does with it ---- */

static bool api_key_revoke_run(struct cx *cx, const struct list_result *key)
{
    const char *id = record_value(key, "id");
    if (!db_get(&cx->db, &api_key_end, cx->session->tenant_id, id))
        return fail_db(cx);
    session_key_revoked(&cx->db, id);
    return true;
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

/* Whoever has the new secret can do what the key can: they must hold it all themselves. */
static bool api_key_rotate_run(struct cx *cx, const struct list_result *key)
{
    struct api_key parts;
    const char *id = record_value(key, "id");
    const struct permissions held = permissions_read(cx->arena, record_value(key, "permissions"));
    if (!permissions_may_grant(cx, &cx->db, cx->session->tenant_id, &held) ||
        !api_key_give(cx, &parts))
        return false;
    if (!db_get(&cx->db, &api_key_renew, cx->session->tenant_id, id, parts.shown, parts.hash,
                cx->session->user_id))
        return fail_db(cx);
    session_rights_changed(&cx->db, id);
    return true;
}

static const struct action rotate_key = {
    .name = "rotate",
    .title = "New secret",
    .icon = "refresh",
    .summary = "Give an API key a new secret; the old one opens nothing from then on.",
    .ask = "Programs that use the old secret are refused until they have the new one. The key is "
           "yours from then on.",
    .done = "The key has a new secret.",
    .needs = "access.api_keys:create",
    .gives = key_given,
    .when = STATE_SQL " = 'active'",
    .refused = {"key_not_active", "This key has ended: make another."},
    .errors = "403 permission_lacking",
    .event = "rotated",
    .told = "{actor} gave the API key {name} a new secret.",
    .flags = ACTION_CONFIRM | ACTION_IN_PERSON | ACTION_STEP_UP,
    .run = api_key_rotate_run,
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
    .operations = OP_LIST | OP_GET | OP_CREATE,
    .write_flags = ROUTE_IN_PERSON | ROUTE_STEP_UP,
    .errors = "403 permission_lacking, 403 api_key_refused, "
              "422 permissions.invalid_permission, 422 networks.invalid_network",
    .sort = "-createdAt",
    .label = "name",
    .no_common_times = true,
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SORTED | LISTED, 1, 100,
         .help = "What it is for, to know it again by.", .example = "Nightly export"},
        {"prefix", TEXT, READ_ONLY | FILTERED | LISTED, .label = "Begins with",
         .help = "Its first characters, to know it again by."},
        {"status", CHOICE, READ_ONLY | LISTED, .choices = CHOICES("active", "expired", "revoked"),
         .sql = STATE_SQL},
        {"permissions", ARRAY, REQUIRED | LIST_OMITTED, 0, 300, .item = TEXT,
         .help = "Those that you have. What you lose later, the key loses too.",
         .example = "[\"crm.leads:read\"]"},
        {"networks", ARRAY, LIST_OMITTED, 0, 50, .initial = "[]", .item = TEXT,
         .label = "Only from these networks",
         .help = "Like 192.0.2.0/24, one on each line; empty: from everywhere.",
         .example = "[\"127.0.0.0/8\"]"},
        {"expires_at", TIME, NULLABLE | LISTED, .label = "Good until",
         .help = "Empty: until it is revoked.", .example = "2099-01-01T00:00:00Z"},
        {"last_used_at", TIME, READ_ONLY | NULLABLE | SORTED | LISTED, .help = "To the minute."},
        {"created_by", UUID, READ_ONLY | HIDDEN, .member = "createdById"},
        {"created_by_name", TEXT, READ_ONLY | NULLABLE | LISTED, .label = "Made by",
         .sql = MAKER_SQL},
        {"revoked_at", TIME, READ_ONLY | NULLABLE},
        {"created_at", TIME, READ_ONLY | SORTED, .label = "Made"}, {"key_hash", TEXT, BY_HOOK}),
    .gives = key_given,
    .prepare = prepare,
    .actions = ACTIONS(&rotate_key, &revoke_key),
    .template_form = "access/api_key_form",
    .add_to_form = api_key_add_to_form,
};
