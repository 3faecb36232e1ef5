/* pages: the operator's overview and what one does with a tenant. */
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "api/merge.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

#define PARENT "($1::uuid is null or parent_id = $1::uuid)"

STATEMENT(overview_counts,
          "select count(*), count(*) filter (where status = 'trial'),\n"
          "       count(*) filter (where status = 'active'),\n"
          "       count(*) filter (where status = 'suspended')\n"
          "from tenants\n"
          "where kind <> 'platform' and deleted_at is null and " PARENT,
          0);

STATEMENT(overview_days,
          "select to_char(day, 'YYYY-MM-DD'), count(t.id)\n"
          "from generate_series(date_trunc('day', now()) - make_interval(days => $2::int - 1),\n"
          "                     date_trunc('day', now()), '1 day') day\n"
          "left join tenants t on t.created_at >= day and t.created_at < day + interval '1 day'\n"
          "    and t.kind <> 'platform' and " PARENT "\n"
          "group by day\n"
          "order by day",
          DB_SLOW);

static void add_figure(json_object *list, const char *label, int64_t value, const char *path)
{
    json_object *figure = page_item(list);
    page_set(figure, "label", label);
    page_set_int(figure, "value", value);
    page_set(figure, "path", path);
}

static bool add_figures(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get(&cx->db, &overview_counts, tenant_parent_filter(cx));
    json_object *list = page_list(data, "figures");
    if (!rows)
        return fail_db(cx);
    add_figure(list, "Tenants", rows_int(rows, 0, 0), "/platform/tenants");
    add_figure(list, "On trial", rows_int(rows, 0, 1), "/platform/tenants?status=trial");
    add_figure(list, "Active", rows_int(rows, 0, 2), "/platform/tenants?status=active");
    add_figure(list, "Suspended", rows_int(rows, 0, 3), "/platform/tenants?status=suspended");
    return true;
}

static bool overview(struct cx *cx)
{
    json_object *data = page_object(cx);
    int64_t days = query_int(cx, "days", 30);
    struct rows *rows = db_get(&cx->db, &overview_days, tenant_parent_filter(cx),
                               arena_printf(cx->arena, "%d", (int)days));
    if (!rows)
        return fail_db(cx);
    json_object *chart = page_chart(data, "chart", "bar", "New tenants by day");
    for (size_t i = 0; i < rows_count(rows); i++)
        page_chart_day(cx, chart, rows_text(rows, i, 0), rows_int(rows, i, 1));
    page_set_bool(data, "week", days == 7);
    page_set_bool(data, "month", days == 30);
    page_set_bool(data, "quarter", days == 90);
    page_set(data, "action", "/platform");
    page_set_bool(data, "audit", false);
    page_set(data, "checklist", NULL);
    page_set(data, "verify_left", NULL);
    page_set(data, "trial_left", NULL);
    page_set_bool(data, "put_away", false);
    page_set_bool(data, "suspended", false);
    return add_figures(cx, data) && page_render(cx, 200, "console/dashboard", "Overview", data);
}

/* ---- what may be done with a tenant, by its status and by who asks ---- */

bool tenant_add_ways(struct cx *cx, json_object *data, const struct list_result *record)
{
    const char *path = arena_printf(cx->arena, "/platform/tenants/%s", record_value(record, "id"));
    if (cx->session->is_operator && may(cx, "platform.tenants:impersonate"))
        page_action(data, "Act as a user", arena_printf(cx->arena, "%s/impersonate", path),
                    "user-share");
    return true;
}

/* ---- the operator's way to a tenant ---- */

STATEMENT(pages_go,
          "select t.id\n"
          "from tenants t\n"
          "where t.deleted_at is null and t.kind <> 'platform'\n"
          "and ($2::uuid is null or t.parent_id = $2::uuid)\n"
          "and t.id in (select s.id from tenants s where s.slug = $1\n"
          "             union all\n"
          "             select house.tenant_id_of($1, null, null))\n"
          "limit 1",
          0);

/* By slug or domain to the tenant itself, else to the list that is searched. */
static bool go(struct cx *cx)
{
    struct buf path;
    const char *words = query_text(cx, "q");
    const char *name = text_lower(cx->arena, text_trim(cx->arena, words ? words : ""));
    struct rows *rows = db_get(&cx->db, &pages_go, name, tenant_parent_filter(cx));
    if (!rows)
        return fail_db(cx);
    buf_init(&path, cx->arena);
    buf_puts(&path, "/platform/tenants");
    if (rows_count(rows) == 1) {
        buf_printf(&path, "/%s", rows_text(rows, 0, 0));
    } else if (*name) {
        buf_puts(&path, "?q=");
        text_url(&path, name);
    }
    return page_go(cx, path.data);
}

const struct route platform_pages[] = {
    ROUTE(GET, "/platform", MAY(EITHER, "platform.tenants:read"), overview,
          "The operator's overview.", .answer = ANSWER_PAGE,
          .query = FIELDS({"days", INT, 0, 7, 90})),
    ROUTE(GET, "/platform/go", MAY(EITHER, "platform.tenants:read"), go,
          "To a tenant by its slug or domain, else to those that are found.", .answer = ANSWER_PAGE,
          .query = FIELDS({"q", TEXT, 0, 0, 253})),
    {.path = NULL},
};

/* ---- branding, with a preview ---- */

static bool show_branding(struct cx *cx, int status)
{
    struct list_result branding;
    if (!tenant_enter(cx, cx->tenant->id) || !branding_read(cx, &branding))
        return false;
    json_object *data = page_object(cx);
    page_set(data, "action", "/admin/branding");
    page_set(data, "back", "/admin/branding");
    page_set(data, "submit", "Save branding");
    page_set(data, "version", record_etag(cx, &branding));
    page_set(data, "primary", cx->tenant->branding.primary);
    page_set(data, "accent", cx->tenant->branding.accent);
    page_set(data, "brandName", cx->tenant->branding.name);
    page_set_bool(data, "read_only", !may(cx, "tenants.branding:update"));
    json_object_object_add(data, "fields", page_form_fields(cx, branding_fields, &branding, false));
    return page_render(cx, status, "tenants/branding", "Branding", data);
}

static bool branding_page(struct cx *cx)
{
    return show_branding(cx, 200);
}

static bool branding_save(struct cx *cx)
{
    if (cx->failure.status != 0 || !tenant_enter(cx, cx->tenant->id) ||
        !save_part(cx, branding_read, branding_store))
        return part_can_be_corrected(cx) && show_branding(cx, cx->failure.status);
    page_notice(cx, "success", "Branding saved.");
    return page_go(cx, "/admin/branding");
}

const struct route branding_pages[] = {
    ROUTE(GET, "/admin/branding", MAY(TENANT, "tenants.branding:read"), branding_page,
          "Branding page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/branding", MAY(TENANT, "tenants.branding:update"), branding_save,
          "Save the branding.", .answer = ANSWER_PAGE, .body = branding_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    {.path = NULL},
};
