/* parts: what belongs to a tenant besides its record. All of it names the
 * tenant in its SQL, since an operator's role sees every tenant's rows. */
#include <string.h>

#include "access/tenant.h"
#include "api/merge.h"
#include "api/settings.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/rows_json.h"
#include "tenants.h"

#define OF_TENANT "tenant_id = current_setting('app.tenant_id')::uuid"

STATEMENT(part_settings,
          "select settings\n"
          "from tenants\n"
          "where id = current_setting('app.tenant_id')::uuid",
          0);

STATEMENT(
    part_branding,
    "select b.name, b.logo_url, b.favicon_url, b.primary_color, b.accent_color, b.login_text,\n"
    "       b.footer, b.email_sender\n"
    "from (select 1) one\n"
    "left join tenant_branding b on " OF_TENANT,
    0);

STATEMENT(part_set_branding,
          "insert into tenant_branding (tenant_id, name, logo_url, favicon_url, primary_color,\n"
          "                             accent_color, login_text, footer, email_sender)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, $2, $3, $4, $5, $6, $7, $8)\n"
          "on conflict (tenant_id) do update\n"
          "set name = excluded.name, logo_url = excluded.logo_url,\n"
          "    favicon_url = excluded.favicon_url, primary_color = excluded.primary_color,\n"
          "    accent_color = excluded.accent_color, login_text = excluded.login_text,\n"
          "    footer = excluded.footer, email_sender = excluded.email_sender",
          DB_WRITES);

/* A row, and in the order of quota_fields. */
STATEMENT(part_quotas,
          "select q.most ->> 'users', q.most ->> 'storage_bytes', q.most ->> 'api_calls_per_day',\n"
          "       q.most ->> 'customers', q.most ->> 'emails_per_month',\n"
          "       jsonb_build_object(\n"
          "           'users', coalesce(q.used -> 'users', '0'),\n"
          "           'storageBytes', coalesce(q.used -> 'storage_bytes', '0'),\n"
          "           'apiCallsPerDay', coalesce(q.used -> 'api_calls_per_day', '0'),\n"
          "           'customers', coalesce(q.used -> 'customers', '0'),\n"
          "           'emailsPerMonth', coalesce(q.used -> 'emails_per_month', '0'))\n"
          "from (select jsonb_object_agg(key, most) as most,\n"
          "             jsonb_object_agg(key, house.quota_used(key, used, period)) as used\n"
          "      from tenant_quotas\n"
          "      where " OF_TENANT ") q",
          0);

STATEMENT(part_set_quotas,
          "update tenant_quotas q\n"
          "set most = given.most\n"
          "from (values ('users', $1::bigint), ('storage_bytes', $2::bigint),\n"
          "             ('api_calls_per_day', $3::bigint), ('customers', $4::bigint),\n"
          "             ('emails_per_month', $5::bigint)) given (key, most)\n"
          "where q." OF_TENANT " and q.key = given.key",
          DB_WRITES);

STATEMENT(part_features,
          "select f.key, f.description,\n"
          "       (house.features_here() ->> f.key)::bool,\n"
          "       (select o.enabled from tenant_features o where o." OF_TENANT
          " and o.key = f.key)\n"
          "from public.feature_flags f\n"
          "join tenants t on t.id = current_setting('app.tenant_id')::uuid\n"
          "order by f.key",
          0);

STATEMENT(part_set_feature,
          "insert into tenant_features (tenant_id, key, enabled)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, $2::bool)\n"
          "on conflict (tenant_id, key) do update set enabled = excluded.enabled",
          DB_WRITES);

const struct field branding_fields[] = {
    {"name", TEXT, NULLABLE, 1, 100, .label = "Name shown", .example = "Northside"},
    {"logo_url", URL, NULLABLE, .label = "Logo", .example = "https://northside.test/logo.svg"},
    {"favicon_url", URL, NULLABLE, .label = "Icon", .example = "https://northside.test/icon.png"},
    {"primary_color", COLOR, NULLABLE, .label = "Main colour", .example = "#1f5fa8"},
    {"accent_color", COLOR, NULLABLE, .label = "Second colour", .example = "#b4551d"},
    {"login_text", LONG, NULLABLE, 0, 500, .label = "Text of the sign-in page",
     .example = "Welcome to Northside."},
    {"footer", TEXT, NULLABLE, 0, 200, .example = "Northside Club, Madrid"},
    {"email_sender", TEXT, NULLABLE, 0, 100, .label = "Sender of e-mails",
     .example = "Northside Club"},
    {.type = FIELD_END}};

#define QUOTA(name)                                                                                \
    {                                                                                              \
        name, INT, NULLABLE, 0, 1000000000000, .help = "At most so many; null: no limit.",         \
                                               .example = "100"                                    \
    }

enum { QUOTAS = 5 };
static const struct field quota_fields[] = {
    QUOTA("users"),
    QUOTA("storage_bytes"),
    QUOTA("api_calls_per_day"),
    QUOTA("customers"),
    QUOTA("emails_per_month"),
    {"used", OBJECT, READ_ONLY, .help = "What is used of each.",
     .fields = FIELDS({"users", INT}, {"storage_bytes", INT}, {"api_calls_per_day", INT},
                      {"customers", INT}, {"emails_per_month", INT})},
    {.type = FIELD_END}};

static const struct field feature_fields[] = {
    {"key", TEXT},
    {"description", TEXT},
    {"enabled", BOOL},
    {"override", BOOL, NULLABLE, .help = "What this tenant has of its own; null: nothing."},
    {.type = FIELD_END}};

/* ---- settings as one object of sections ---- */

static bool answer_settings(struct cx *cx, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    json_put_raw(respond_begin(cx, 200), rows_text(rows, 0, 0), rows_length(rows, 0, 0));
    return respond_end(cx);
}

static bool settings_get(struct cx *cx)
{
    if (!enter_path_tenant(cx))
        return false;
    struct rows *rows = db_get0(&cx->db, &part_settings);
    return rows ? answer_settings(cx, rows) : fail_db(cx);
}

static bool settings_put(struct cx *cx)
{
    if (!enter_path_tenant(cx))
        return false;
    struct rows *rows = settings_store(cx, input_value(cx->input, "settings")->json);
    return rows && answer_settings(cx, rows);
}

/* ---- branding ---- */

bool branding_read(struct cx *cx, struct list_result *out)
{
    static const struct field *columns[9];
    for (int i = 0; i < 8; i++)
        columns[i] = &branding_fields[i];
    struct rows *rows = db_get0(&cx->db, &part_branding);
    if (!rows)
        return fail_db(cx);
    *out = (struct list_result){.rows = rows, .fields = columns, .total = 1};
    return true;
}

bool branding_store(struct cx *cx)
{
    const char *value[8];
    for (int i = 0; i < 8; i++)
        value[i] = input_text(cx, branding_fields[i].name);
    if (!db_run(&cx->db, &part_set_branding, value, 8))
        return fail_db(cx);
    return changed(cx, cx->db.tenant_id);
}

static bool branding_answer(struct cx *cx)
{
    struct list_result branding;
    if (!branding_read(cx, &branding))
        return false;
    record_write_json(respond_begin(cx, 200), &branding, 0);
    return respond_end(cx);
}

static bool branding_get(struct cx *cx)
{
    return enter_path_tenant(cx) && branding_answer(cx);
}

static bool branding_put(struct cx *cx)
{
    return enter_path_tenant(cx) && branding_store(cx) && branding_answer(cx);
}

static bool branding_patch(struct cx *cx)
{
    return enter_path_tenant(cx) && merge_part(cx, branding_read, branding_store) &&
           branding_answer(cx);
}

/* ---- quotas ---- */

static bool quotas_read(struct cx *cx, struct list_result *out)
{
    static const struct field *columns[QUOTAS + 2];
    for (int i = 0; i <= QUOTAS; i++)
        columns[i] = &quota_fields[i];
    struct rows *rows = db_get0(&cx->db, &part_quotas);
    *out = (struct list_result){.rows = rows, .fields = columns, .total = 1};
    return rows || fail_db(cx);
}

static bool quotas_store(struct cx *cx)
{
    const char *most[QUOTAS];
    for (int i = 0; i < QUOTAS; i++)
        most[i] = input_text(cx, quota_fields[i].name);
    return db_run(&cx->db, &part_set_quotas, most, QUOTAS) || fail_db(cx);
}

static bool quotas_answer(struct cx *cx)
{
    struct list_result quotas;
    if (!quotas_read(cx, &quotas))
        return false;
    record_write_json(respond_begin(cx, 200), &quotas, 0);
    return respond_end(cx);
}

static bool quotas_get(struct cx *cx)
{
    return enter_path_tenant(cx) && quotas_answer(cx);
}

static bool quotas_put(struct cx *cx)
{
    return enter_path_tenant(cx) && quotas_store(cx) && quotas_answer(cx);
}

static bool quotas_patch(struct cx *cx)
{
    return enter_path_tenant(cx) && merge_part(cx, quotas_read, quotas_store) && quotas_answer(cx);
}

/* ---- features: a short list ---- */

static bool features_get(struct cx *cx)
{
    return enter_path_tenant(cx) &&
           respond_all_rows(cx, feature_fields, db_get0(&cx->db, &part_features));
}

static bool features_put(struct cx *cx)
{
    json_object *wanted = input_value(cx->input, "features")->json;
    if (!enter_path_tenant(cx) || (!db_begin(&cx->db) && !fail_db(cx)))
        return false;
    json_object_object_foreach(wanted, key, on)
    {
        if (!json_object_is_type(on, json_type_boolean))
            return fail_field(cx, arena_printf(cx->arena, "features.%s", key), "wrong_type",
                              "This must be true or false.");
        if (!db_get(&cx->db, &part_set_feature, key,
                    json_object_get_boolean(on) ? "true" : "false")) {
            if (cx->db.error.status == DB_FOREIGN)
                return fail_field(cx, arena_printf(cx->arena, "features.%s", key),
                                  "unknown_reference", "There is no such feature.");
            return fail_db(cx);
        }
    }
    return (db_commit(&cx->db) || fail_db(cx)) && changed(cx, cx->db.tenant_id) &&
           respond_all_rows(cx, feature_fields, db_get0(&cx->db, &part_features));
}

const struct route part_routes[] = {
    ROUTE(GET, "/api/tenants/:id/settings", MAY(EITHER, "tenants.settings:read"), settings_get,
          "All settings of a tenant, by section.", .operation = "getTenantSettings"),
    ROUTE(PUT, "/api/tenants/:id/settings", MAY(EITHER, "tenants.settings:update"), settings_put,
          "Replace the given sections of a tenant's settings.", .operation = "setTenantSettings",
          .body_limit = SETTINGS_BODY_MAX,
          .body = FIELDS({"settings", OBJECT, REQUIRED,
                          .example = "{\"general\": {\"weekStarts\": \"monday\"}}"})),
    ROUTE(GET, "/api/tenants/:id/branding", MAY(EITHER, "tenants.branding:read"), branding_get,
          "A tenant's own branding; null is inherited.", .operation = "getTenantBranding",
          .answer_name = "tenant branding", .answer_fields = branding_fields),
    ROUTE(PUT, "/api/tenants/:id/branding", MAY(EITHER, "tenants.branding:update"), branding_put,
          "Replace a tenant's own branding.", .operation = "replaceTenantBranding",
          .answer_name = "tenant branding", .body = branding_fields,
          .answer_fields = branding_fields),
    ROUTE(PATCH, "/api/tenants/:id/branding", MAY(EITHER, "tenants.branding:update"),
          branding_patch, "Change a tenant's own branding.", .operation = "updateTenantBranding",
          .answer_name = "tenant branding", .body = branding_fields,
          .answer_fields = branding_fields, .flags = ROUTE_MERGE),
    ROUTE(GET, "/api/tenants/:id/quotas", MAY(EITHER, "tenants.settings:read"), quotas_get,
          "A tenant's limits and what is used of them.", .operation = "getTenantQuotas",
          .answer_name = "tenant quotas", .answer_fields = quota_fields),
    ROUTE(PUT, "/api/tenants/:id/quotas", MAY(PLATFORM, "platform.tenants:update"), quotas_put,
          "Replace a tenant's limits; null takes a limit away.", .operation = "replaceTenantQuotas",
          .answer_name = "tenant quotas", .body = quota_fields, .answer_fields = quota_fields),
    ROUTE(PATCH, "/api/tenants/:id/quotas", MAY(PLATFORM, "platform.tenants:update"), quotas_patch,
          "Change some of a tenant's limits; null takes a limit away.",
          .operation = "updateTenantQuotas", .answer_name = "tenant quotas", .body = quota_fields,
          .answer_fields = quota_fields, .flags = ROUTE_MERGE),
    ROUTE(GET, "/api/tenants/:id/features", MAY(EITHER, "tenants.features:read"), features_get,
          "Which features a tenant has.", .operation = "listTenantFeatures",
          .answer_name = "tenant feature", .answer = ANSWER_LIST, .answer_fields = feature_fields),
    ROUTE(PUT, "/api/tenants/:id/features", MAY(PLATFORM, "platform.tenants:update"), features_put,
          "Switch features of a tenant on or off.", .operation = "setTenantFeatures",
          .answer_name = "tenant feature", .answer = ANSWER_LIST,
          .body = FIELDS({"features", OBJECT, REQUIRED, .example = "{\"custom_domains\": true}"}),
          .answer_fields = feature_fields),
    {.path = NULL},
};
