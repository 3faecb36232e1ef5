/* figures: the current tenant, a tenant's users, its numbers. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "http/cx.h"
#include "resource/paged.h"
#include "resource/rows_json.h"
#include "tenants.h"

#define OF_TENANT "tenant_id = current_setting('app.tenant_id')::uuid"

STATEMENT(figure_users,
          "select id, email, name, kind, status, last_login_at, created_at\n"
          "from users\n"
          "where " OF_TENANT "\n"
          "and ($1::uuid is null or id < $1::uuid)\n"
          "order by id desc\n"
          "limit $2::int offset $3::int",
          0);
STATEMENT(figure_users_count, PAGED_COUNT("from users where " OF_TENANT), 0);

STATEMENT(figure_counts,
          "select\n"
          "    (select count(*) from users where " OF_TENANT "),\n"
          "    (select count(*) from users where " OF_TENANT " and status = 'active'),\n"
          "    (select count(*) from leads where " OF_TENANT "),\n"
          "    (select count(*) from events where " OF_TENANT
          " and at > now() - interval '30 days')",
          DB_SLOW);

STATEMENT(figure_days,
          "select to_char(day, 'YYYY-MM-DD'), count(e.id)\n"
          "from generate_series(date_trunc('day', now()) - interval '29 days', date_trunc('day', "
          "now()), '1 day') day\n"
          "left join events e on e." OF_TENANT
          " and e.at >= day and e.at < day + interval '1 day'\n"
          "group by day\n"
          "order by day",
          DB_SLOW);

static const struct field user_fields[] = {{"id", UUID},         {"email", EMAIL},
                                           {"name", TEXT},       {"kind", TEXT},
                                           {"status", TEXT},     {"last_login_at", TIME, NULLABLE},
                                           {"created_at", TIME}, {.type = FIELD_END}};

enum { FIGURE_LEADS = 2 }; /* of these */
static const struct field analytics_fields[] = {
    {"users", INT},
    {"active_users", INT},
    {"leads", INT, NULLABLE, .help = "Null where one may not see all of them."},
    {"events", INT},
    {"events_by_day", ARRAY, .fields = FIELDS({"day", DATE}, {"count", INT})},
    {.type = FIELD_END}};

static const struct field current_fields[] = {
    {"id", UUID},
    {"slug", SLUG},
    {"name", TEXT},
    {"kind", TEXT},
    {"status", TEXT},
    {"locale", TEXT},
    {"time_zone", TEXT},
    {"currency", TEXT},
    {"branding", OBJECT,
     .fields = FIELDS({"name", TEXT}, {"logo_url", URL, NULLABLE}, {"primary_color", COLOR},
                      {"accent_color", COLOR}, {"login_text", TEXT, NULLABLE})},
    {.type = FIELD_END}};

static bool users(struct cx *cx)
{
    static const struct paged list = {&figure_users, &figure_users_count, user_fields};
    return enter_path_tenant(cx) && respond_paged(cx, &list, NULL, 0);
}

static bool analytics(struct cx *cx)
{
    if (!enter_path_tenant(cx))
        return false;
    struct rows *counts = db_get0(&cx->db, &figure_counts);
    struct rows *days = counts ? db_get0(&cx->db, &figure_days) : NULL;
    if (!days)
        return fail_db(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    bool leads = may(cx, "crm.leads:read");
    for (int i = 0; i < 4; i++) {
        json_key(json, field_json_name(&analytics_fields[i]));
        if (i == FIGURE_LEADS && !leads)
            json_put_null(json);
        else
            json_put_int(json, rows_int(counts, 0, i));
    }
    json_key(json, "eventsByDay");
    json_open_array(json);
    for (size_t i = 0; i < rows_count(days); i++) {
        json_open_object(json);
        json_pair(json, "day", rows_text(days, i, 0));
        json_pair_int(json, "count", rows_int(days, i, 1));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static const char *word(int index, const char *const *words)
{
    return words[index];
}

/* What anybody who can reach the host may know of it. */
static bool current(struct cx *cx)
{
    static const char *const kinds[] = {"platform", "reseller", "business"};
    static const char *const statuses[] = {"trial", "active", "inactive", "suspended"};
    const struct tenant *tenant = cx->tenant;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "id", tenant->id);
    json_pair(json, "slug", tenant->slug);
    json_pair(json, "name", tenant->name);
    json_pair(json, "kind", word((int)tenant->kind, kinds));
    json_pair(json, "status", word((int)tenant->status, statuses));
    json_pair(json, "locale", tenant->locale);
    json_pair(json, "timeZone", tenant->time_zone);
    json_pair(json, "currency", tenant->currency);
    json_key(json, "branding");
    json_open_object(json);
    json_pair(json, "name", tenant->branding.name);
    json_pair(json, "logoUrl", tenant->branding.logo_url);
    json_pair(json, "primaryColor", tenant->branding.primary);
    json_pair(json, "accentColor", tenant->branding.accent);
    json_pair(json, "loginText", tenant->branding.login_text);
    json_close_object(json);
    json_close_object(json);
    return respond_end(cx);
}

const struct route figure_routes[] = {
    ROUTE(GET, "/api/tenant", PUBLIC(NONE), current, "The tenant of this host, without signing in.",
          .operation = "getTenantOfHost", .answer_name = "tenant of host",
          .answer_fields = current_fields, .errors = "404 tenant_unknown"),
    ROUTE(GET, "/api/tenants/:id/users", MAY(EITHER, "platform.users:read"), users,
          "A tenant's users, the newest first.", .operation = "listTenantUsers",
          .answer_name = "tenant user", .answer = ANSWER_LIST, .answer_fields = user_fields,
          .query = FIELDS(PAGED_QUERY)),
    ROUTE(GET, "/api/tenants/:id/analytics", MAY(EITHER, "platform.tenants:read"), analytics,
          "A tenant in numbers, with its last thirty days.", .operation = "getTenantFigures",
          .answer_name = "tenant figures", .answer_fields = analytics_fields),
    {.path = NULL},
};
