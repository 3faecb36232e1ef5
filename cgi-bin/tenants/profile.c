/* profile: what a tenant says of itself, and its page about the plan. */
#include <stdlib.h>

#include "access/onboarding.h"
#include "access/tenant.h"
#include "api/merge.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

STATEMENT(profile_get,
          "select name, email, phone, address, locale, time_zone, currency\n"
          "from tenants\n"
          "where id = current_setting('app.tenant_id')::uuid",
          0);

STATEMENT(profile_set,
          "update tenants\n"
          "set name = $1, email = $2, phone = $3, address = $4,\n"
          "    locale = coalesce($5, locale), time_zone = coalesce($6, time_zone),\n"
          "    currency = coalesce($7, currency)\n"
          "where id = current_setting('app.tenant_id')::uuid\n"
          "returning id",
          DB_WRITES);

enum { PROFILE_FIELDS = 7 };
static const struct field profile_fields[] = {
    {"name", TEXT, REQUIRED, 1, 200, .example = "Northside Club"},
    {"email", EMAIL, NULLABLE, .label = "E-mail", .help = "Where we write to you.",
     .example = "office@northside.test"},
    {"phone", PHONE, NULLABLE, .example = "+34910100200"},
    {"address", LONG, NULLABLE, 0, 500, .help = "As it stands on invoices.",
     .example = "12 River Road"},
    {"locale", LOCALE, 0, .label = "Language", .initial = "en", .example = "en"},
    {"time_zone", ZONE, 0, .initial = "UTC", .example = "Europe/Madrid"},
    {"currency", CURRENCY, 0, .initial = "EUR", .example = "EUR"},
    {.type = FIELD_END}};

static bool read_profile(struct cx *cx, struct list_result *out)
{
    static const struct field *columns[PROFILE_FIELDS + 1];
    for (int i = 0; i < PROFILE_FIELDS; i++)
        columns[i] = &profile_fields[i];
    struct rows *rows = db_get0(&cx->db, &profile_get);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    *out = (struct list_result){.rows = rows, .fields = columns, .total = 1};
    return true;
}

static bool store_profile(struct cx *cx)
{
    cx->db.action = "tenant.profile_updated";
    struct rows *rows =
        db_get(&cx->db, &profile_set, input_text(cx, "name"), input_text(cx, "email"),
               input_text(cx, "phone"), input_text(cx, "address"), input_text(cx, "locale"),
               input_text(cx, "time_zone"), input_text(cx, "currency"));
    cx->db.action = NULL;
    return rows ? changed(cx, cx->db.tenant_id) : fail_db(cx);
}

static bool answer_profile(struct cx *cx)
{
    struct list_result profile;
    if (!read_profile(cx, &profile))
        return false;
    record_write_json(respond_begin(cx, 200), &profile, 0);
    return respond_end(cx);
}

static bool get_api(struct cx *cx)
{
    return enter_path_tenant(cx) && answer_profile(cx);
}

static bool put_api(struct cx *cx)
{
    return enter_path_tenant(cx) && store_profile(cx) && answer_profile(cx);
}

static bool patch_api(struct cx *cx)
{
    return enter_path_tenant(cx) && merge_part(cx, read_profile, store_profile) &&
           answer_profile(cx);
}

/* ---- by page ---- */

static bool show(struct cx *cx, int status)
{
    struct list_result profile;
    if (!tenant_enter(cx, cx->tenant->id) || !read_profile(cx, &profile))
        return false;
    json_object *data = page_object(cx);
    page_set(data, "action", "/admin/organisation");
    page_set(data, "back", "/admin");
    page_set(data, "submit", "Save");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", record_etag(cx, &profile));
    page_set_bool(data, "multipart", false);
    json_object_object_add(data, "fields", page_form_fields(cx, profile_fields, &profile, false));
    return page_render(cx, status, "layout/form", "Organisation", data);
}

static bool profile_page(struct cx *cx)
{
    return show(cx, 200);
}

static bool profile_save(struct cx *cx)
{
    if (cx->failure.status != 0 || !tenant_enter(cx, cx->tenant->id) ||
        !save_part(cx, read_profile, store_profile))
        return part_can_be_corrected(cx) && show(cx, cx->failure.status);
    page_notice(cx, "success", "Organisation saved.");
    return page_go(cx, "/admin/organisation");
}

/* Whom a tenant asks for a plan: whoever it belongs to. */
static const char *seller_address(struct cx *cx, const struct tenant **seller)
{
    *seller = tenant_by_id(cx, cx->tenant->parent_id);
    return *seller ? tenant_setting_of(cx, *seller, "general", "supportEmail") : NULL;
}

STATEMENT(plan_quotas,
          "select key, most, house.quota_used(key, used, period)\n"
          "from tenant_quotas\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid\n"
          "order by key\n"
          "limit 20",
          0);

static const char storage_key[] = "storage_bytes";

static const struct {
    const char *key, *label;
} quota_labels[] = {{"users", "Users"},
                    {"customers", "Customers"},
                    {storage_key, "Storage"},
                    {"emails_per_month", "E-mails this month"},
                    {"api_calls_per_day", "API calls today"}};

/* Bytes in the largest unit of which there is one at least: "1.5 GB". NULL stays NULL. */
static const char *size_shown(struct arena *arena, const char *bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    if (!bytes)
        return NULL;
    double size = strtod(bytes, NULL);
    for (; size >= 1000 && unit + 1 < COUNT(units); unit++)
        size /= 1000;
    return arena_printf(arena, unit > 0 && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* What the plan allows, and what is used of it. */
static bool add_quotas(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get0(&cx->db, &plan_quotas);
    json_object *list = page_list(data, "quotas");
    for (size_t i = 0; rows && i < COUNT(quota_labels); i++)
        for (size_t row = 0; row < rows_count(rows); row++) {
            if (!text_equal(rows_text(rows, row, 0), quota_labels[i].key))
                continue;
            json_object *item = page_item(list);
            page_set(item, "label", quota_labels[i].label);
            bool is_size = text_equal(quota_labels[i].key, storage_key);
            const char *used = rows_text(rows, row, 2), *most = rows_text(rows, row, 1);
            page_set(item, "used", is_size ? size_shown(cx->arena, used) : used);
            page_set(item, "most", is_size ? size_shown(cx->arena, most) : most);
        }
    return rows || fail_db(cx);
}

static bool plan_page(struct cx *cx)
{
    struct onboarding state;
    const struct tenant *seller = NULL;
    json_object *data = page_object(cx);
    enum tenant_status status = cx->tenant->status;
    if (!onboarding_read(&cx->db, cx->tenant->id, &state))
        return fail_db(cx);
    bool ended = tenant_trial_ended(status, state.status_reason);
    page_set_bool(data, "trial", status == TENANT_TRIAL);
    page_set_bool(data, "ended", ended);
    page_set_bool(data, "suspended", status == TENANT_SUSPENDED && !ended);
    page_set_bool(data, "active", status == TENANT_ACTIVE);
    page_set(data, "until", tenant_time(cx, state.trial_ends_at));
    page_set(data, "left", state.trial_left);
    page_set(data, "write_to", seller_address(cx, &seller));
    if (!add_quotas(cx, data))
        return false;
    page_set(data, "seller", seller ? seller->branding.name : NULL);
    return page_render(cx, 200, "tenants/plan", "Plan", data);
}

const struct route profile_routes[] = {
    ROUTE(GET, "/api/tenants/:id/profile", MAY(EITHER, "tenants.profile:read"), get_api,
          "What a tenant says of itself.", .operation = "getTenantProfile",
          .answer_name = "tenant profile", .answer_fields = profile_fields),
    ROUTE(PUT, "/api/tenants/:id/profile", MAY(EITHER, "tenants.profile:update"), put_api,
          "Replace what a tenant says of itself.", .operation = "replaceTenantProfile",
          .answer_name = "tenant profile", .body = profile_fields, .answer_fields = profile_fields),
    ROUTE(PATCH, "/api/tenants/:id/profile", MAY(EITHER, "tenants.profile:update"), patch_api,
          "Change what a tenant says of itself.", .operation = "updateTenantProfile",
          .answer_name = "tenant profile", .body = profile_fields, .answer_fields = profile_fields,
          .flags = ROUTE_MERGE),
    ROUTE(GET, "/admin/organisation", MAY(TENANT, "tenants.profile:read"), profile_page,
          "Organisation page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/organisation", MAY(TENANT, "tenants.profile:update"), profile_save,
          "Save what the tenant says of itself.", .answer = ANSWER_PAGE, .body = profile_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(GET, "/admin/plan", MAY(TENANT, "tenants.settings:read"), plan_page,
          "How long the trial lasts, and what comes after it.", .answer = ANSWER_PAGE),
    {.path = NULL},
};
