/* sso_providers: a tenant's OpenID providers, as a resource. */
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/action.h"
#include "sso.h"

#define SECRET_PURPOSE "sso client secret"

enum { LINE_MOST = 400 };

STATEMENT(sso_provider_get,
          "select id, name, issuer, client_id, client_secret, scopes, enabled, create_users,\n"
          "       roles_follow, default_role, role_mapping, email_domains, mfa_values, rank,\n"
          "       permissions\n"
          "from sso_providers\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

STATEMENT(sso_provider_rights,
          "update sso_providers\n"
          "set rank = $3::int, permissions = $4::jsonb\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "and (rank, permissions) is distinct from ($3::int, $4::jsonb)",
          DB_WRITES);

/* ---- reading ---- */

static void release(void *object)
{
    json_object_put(object);
}

static json_object *read_list(struct cx *cx, const char *text)
{
    json_object *list = text ? json_tokener_parse(text) : NULL;
    if (!json_object_is_type(list, json_type_array)) {
        json_object_put(list);
        list = json_object_new_array();
    }
    arena_defer(cx->arena, release, list);
    return list;
}

static void take(struct cx *cx, const struct rows *rows, struct sso_provider *out)
{
    const char *sealed = rows_text(rows, 0, 4);
    const char *secret = *sealed ? secret_open(cx->arena, SECRET_PURPOSE, sealed) : "";
    *out = (struct sso_provider){
        .name = rows_text(rows, 0, 1),
        .client = {.issuer = rows_text(rows, 0, 2),
                   .id = rows_text(rows, 0, 3),
                   .secret = secret ? secret : "",
                   .scopes = rows_text(rows, 0, 5)},
        .enabled = rows_bool(rows, 0, 6),
        .create_users = rows_bool(rows, 0, 7),
        .roles_follow = rows_bool(rows, 0, 8),
        .default_role = rows_text(rows, 0, 9),
        .role_mapping = read_list(cx, rows_text(rows, 0, 10)),
        .email_domains = read_list(cx, rows_text(rows, 0, 11)),
        .mfa_values = read_list(cx, rows_text(rows, 0, 12)),
        .most = {.permissions = permissions_read(cx->arena, rows_text(rows, 0, 14)),
                 .role = "",
                 .rank = (int)rows_int(rows, 0, 13)}};
    memcpy(out->id, rows_text(rows, 0, 0), UUID_SIZE);
}

bool sso_provider_find(struct cx *cx, struct db *db, const char *id, struct sso_provider *out)
{
    struct rows *rows = uuid_is(id) ? db_get(db, &sso_provider_get, db->tenant_id, id) : NULL;
    if (!rows && uuid_is(id)) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such provider.");
    take(cx, rows, out);
    return true;
}

char *sso_redirect_uri(struct cx *cx, const char *origin)
{
    return arena_printf(cx->arena, "%s/api/auth/sso/%s/callback", origin, cx->tenant->slug);
}

/* ---- rules ---- */

static const char *line_of(json_object *list, size_t i)
{
    return json_object_get_string(json_object_array_get_idx(list, i));
}

static bool may_give(struct cx *cx, const char *field, const char *role)
{
    if (role_may_grant(cx, &cx->db, role))
        return true;
    if (cx->failure.status == 422) { /* unknown: of this field, not of "roles" */
        cx->failure = (struct failure){.status = 0};
        fail_field(cx, field, "unknown_role", "There is no role \"%s\".", role);
    }
    return false;
}

static bool check_mapping(struct cx *cx, json_object *mapping)
{
    struct sso_rule rule;
    for (size_t i = 0; mapping && i < json_object_array_length(mapping); i++) {
        const char *line = line_of(mapping, i);
        if (strlen(line) > LINE_MOST || !sso_rule_read(cx->arena, line, &rule))
            return fail_field(cx, "roleMapping", "invalid_mapping",
                              "\"%.60s\" is no rule like groups=staff-eu: front_desk.", line);
        if (!may_give(cx, "roleMapping", rule.role))
            return false;
    }
    return true;
}

static bool is_domain(const char *text)
{
    size_t len = strlen(text);
    return len >= 3 && len <= 253 && strchr(text, '.') && text[0] != '.' && text[len - 1] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

/* In small letters, as addresses are. */
static bool check_domains(struct cx *cx, struct value *domains)
{
    json_object *list = domains->json;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        const char *domain = text_lower(cx->arena, line_of(list, i));
        if (!is_domain(domain))
            return fail_field(cx, "emailDomains", "invalid_domain",
                              "\"%.60s\" is no domain like example.com.", domain);
        json_object_array_put_idx(list, i, json_object_new_string(domain));
    }
    if (list)
        domains->text = json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN);
    return true;
}

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

static struct value *value_of(struct input *input, const char *name)
{
    return &input->values[field_find(input->fields, name) - input->fields];
}

static bool check_values(struct cx *cx, struct input *input)
{
    const struct value *issuer = value_of(input, "issuer"), *scopes = value_of(input, "scopes"),
                       *role = value_of(input, "default_role");
    if (issuer->text && !oidc_issuer_is(issuer->text))
        return fail_field(cx, "issuer", "invalid_issuer",
                          "Use the https address that the provider names as its issuer.");
    if (scopes->text && !has_word(scopes->text, "openid"))
        return fail_field(cx, "scopes", "openid_missing", "One of them must be openid.");
    return (!role->text || may_give(cx, "defaultRole", role->text)) &&
           check_mapping(cx, value_of(input, "role_mapping")->json) &&
           check_domains(cx, value_of(input, "email_domains"));
}

/* A new issuer would be sent the secret that was meant for the old one. */
static bool check_change(struct cx *cx, const char *id, struct input *input, bool deletes)
{
    struct sso_provider before = {.client = {.issuer = "", .secret = ""}};
    if (!sso_provider_find(cx, &cx->db, id, &before))
        return false;
    struct rights mine;
    if (!grant_rights(cx, &cx->db, cx->session->tenant_id, &mine))
        return false;
    switch (rights_cover(&mine, &before.most, NULL)) {
    case GRANT_RANK:
        return fail(cx, 403, "rank_too_high", "Somebody ranked above you chose this provider.");
    case GRANT_LACKING:
        return fail(cx, 403, "permission_lacking",
                    "Somebody with rights that you lack chose this provider.");
    default:
        break;
    }
    if (deletes)
        return true;
    const struct value *issuer = value_of(input, "issuer"),
                       *secret = value_of(input, "client_secret");
    if (*before.client.secret && issuer->text && !text_equal(issuer->text, before.client.issuer) &&
        secret->presence != GIVEN)
        return fail_field(cx, "clientSecret", "required",
                          "The issuer is another one: give its client secret.");
    /* what stays is given anew by whoever saves it */
    const struct value *role = value_of(input, "default_role"),
                       *mapping = value_of(input, "role_mapping");
    return (role->presence != ABSENT || !before.default_role ||
            may_give(cx, "defaultRole", before.default_role)) &&
           (mapping->presence != ABSENT || check_mapping(cx, before.role_mapping));
}

static void seal(struct cx *cx, struct value *secret)
{
    if (secret->presence == GIVEN && secret->text && *secret->text)
        secret->text = secret_seal(cx->arena, SECRET_PURPOSE, secret->text);
}

/* The rights are held before the tenant's row, which a new provider locks: others, who
 * send links, hold the rights and then want that row. */
static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    struct rights mine;
    bool deletes = operation == OP_DELETE;
    if (!grant_rights(cx, &cx->db, cx->session->tenant_id, &mine))
        return false;
    if (operation != OP_CREATE && !check_change(cx, id, input, deletes))
        return false;
    if (deletes)
        return true;
    if (!check_values(cx, input))
        return false;
    seal(cx, value_of(input, "client_secret"));
    return true;
}

static bool finish(struct cx *cx, enum operation operation, const char *id)
{
    struct rights mine;
    if (operation == OP_DELETE)
        return true;
    return grant_rights(cx, &cx->db, cx->session->tenant_id, &mine) &&
           (db_get(&cx->db, &sso_provider_rights, cx->db.tenant_id, id,
                   arena_printf(cx->arena, "%d", mine.rank),
                   permissions_write(cx->arena, &mine.permissions)) ||
            fail_db(cx));
}

static bool add_to_page(struct cx *cx, struct json_object *data, const struct list_result *record)
{
    if (!record)
        return true;
    const char *id = cx_path(cx, "id");
    page_set(data, "redirect_uri", sso_redirect_uri(cx, tenant_url(cx->arena, cx->tenant)));
    page_set(data, "linked", arena_printf(cx->arena, "/admin/sso-identities?providerId=%s", id));
    sso_add_test(cx, data);
    return true;
}

const struct resource sso_providers = {
    .name = "sso-providers",
    .one = "SSO provider",
    .errors = "409 name_taken, 409 too_many_providers, 403 rank_too_high, 403 permission_lacking",
    .title = "Single sign-on",
    .about = "OpenID Connect providers by which this tenant's users sign in.",
    .permission = "access.sso",
    .table = "sso_providers",
    .api = "/api/security/sso-providers",
    .page = "/admin/sso",
    .icon = "fingerprint",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE,
    .write_flags = ROUTE_STEP_UP | ROUTE_IN_PERSON,
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | LISTED, 1, 60,
         .help = "On the button of the sign-in page: Continue with …", .example = "Example ID"},
        {"issuer", URL, REQUIRED | LISTED, 1, 500,
         .help = "Exactly as the provider writes it, slash for slash.",
         .example = "https://id.example.com"},
        {"client_id", TEXT, REQUIRED, 1, 300, .label = "Client id", .example = "tulou"},
        {"client_secret", SECRET, 0, 1, 500,
         .help = "Kept encrypted and never shown again; left empty the one that is there stays. A "
                 "public client has none.",
         .example = "a long secret of the provider"},
        {"has_secret", BOOL, READ_ONLY, .label = "Has a client secret",
         .sql = "client_secret <> ''"},
        {"scopes", TEXT, 0, 1, 500, .initial = "openid email profile",
         .example = "openid email profile groups"},
        {"enabled", BOOL, LISTED, .initial = "true", .label = "May be used to sign in",
         .example = "true"},
        {"create_users", BOOL, LISTED, .initial = "false", .label = "Unknown people become users",
         .help = "At their first sign-in, when the provider has verified their e-mail address.",
         .example = "false"},
        {"default_role", TEXT, NULLABLE, 1, 49, .role_keys = true,
         .hint = "Of those to whom no rule gives one; without it they stay out.",
         .help = "Key of the role of those to whom no rule gives one; without it they stay out.",
         .example = "staff"},
        {"role_mapping", ARRAY, 0, 0, 100, .item = TEXT, .initial = "[]",
         .label = "Roles by claims",
         .help = "One rule on each line, like groups=staff-eu: front_desk. Members of an object "
                 "are named with dots: realm_access.roles=admin: admin.",
         .example = "[\"groups=desk: staff\"]"},
        {"roles_follow", BOOL, 0, .initial = "false",
         .label = "Roles follow the claims at each sign-in",
         .help = "Else they are given once. What no rule gives is taken away.", .example = "false"},
        {"email_domains", ARRAY, 0, 0, 50, .item = TEXT, .initial = "[]",
         .label = "Only addresses of these domains",
         .help = "Like example.com, one on each line; empty: all.", .example = "[\"example.com\"]"},
        {"mfa_values", ARRAY, 0, 0, 20, .item = TEXT, .initial = "[]",
         .label = "The provider asks for a second factor when it says",
         .help = "Values of the claims amr and acr, like mfa, one on each line. Then no second "
                 "step follows here.",
         .example = "[\"mfa\"]"},
        {"rank", INT, READ_ONLY, .label = "Lets in users up to rank",
         .help = "The rank of whoever saved it last."}),
    .label = "name",
    .actions = ACTIONS(&sso_test),
    .prepare = prepare,
    .finish = finish,
    .template_detail = "auth/sso_provider",
    .add_to_page = add_to_page,
};
