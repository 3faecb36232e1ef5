/* pages: the operator's overview and what one does with a tenant. */
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
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
    if (may(cx, "platform.tenants:delete"))
        page_set_bool(
            page_action(data, "Delete", arena_printf(cx->arena, "%s/delete", path), "trash"),
            "danger", true);
    return true;
}

/* ---- deleting, with a page that asks ---- */

bool tenant_read_name(struct cx *cx, const char *id, struct list_result *out, const char **name,
                      const char **slug)
{
    if (!record_get(cx, &tenants, id, out))
        return false;
    *name = record_value(out, "name");
    *slug = record_value(out, "slug");
    return true;
}

static const struct field delete_fields[] = {{"confirm", TEXT, REQUIRED, 1, 40, .label = "Its slug",
                                              .help = "Type the tenant's slug to delete it."},
                                             {.type = FIELD_END}};

static bool ask_deletion(struct cx *cx, int status)
{
    struct list_result tenant;
    const char *name = "", *slug = "", *id = cx_path(cx, "id");
    int64_t days = tenant_grace_days(cx);
    if (days < 0)
        return fail_db(cx);
    if (!tenant_read_name(cx, id, &tenant, &name, &slug))
        return false;
    json_object *data = page_object(cx);
    page_list(data, "actions");
    page_list(data, "kept");
    page_set_bool(data, "has_items", false);
    page_set_bool(data, "is_danger", true);
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set(data, "action", arena_printf(cx->arena, "/platform/tenants/%s/delete", id));
    page_set(data, "back", arena_printf(cx->arena, "/platform/tenants/%s", id));
    page_set(data, "submit", "Delete");
    page_set(data, "text",
             cx_printf(cx,
                       "The tenant is closed at once: nobody signs in any more. Within %d "
                       "days it can be restored as it was. Then all of it is erased for "
                       "good: people, data, files, domains and its audit log; one line in "
                       "the platform's own log says that it was there. Its slug is %s.",
                       (int)days, slug));
    json_object_object_add(data, "fields", page_form_fields(cx, delete_fields, NULL, true));
    page_crumb(data, tenants.title, tenants.page);
    return page_render(cx, status, "layout/action", cx_printf(cx, "Delete %s", name), data);
}

static bool delete_page(struct cx *cx)
{
    return ask_deletion(cx, 200);
}

static bool delete_submit(struct cx *cx)
{
    struct list_result tenant;
    const char *name = "", *slug = "";
    if (!tenant_read_name(cx, cx_path(cx, "id"), &tenant, &name, &slug))
        return false;
    const char *typed = cx->failure.status == 0 ? input_text(cx, "confirm") : NULL;
    if (typed && strcmp(typed, slug) != 0)
        fail_field(cx, "confirm", "confirm_mismatch", "Type the tenant's slug, %s.", slug);
    if (cx->failure.status != 0)
        return ask_deletion(cx, 422);
    if (!tenant_delete(cx, cx_path(cx, "id")))
        return cx->failure.status == 409 ? ask_deletion(cx, 409) : false;
    page_notice(cx, "success", "Tenant deleted. Until it is erased it can be restored here.");
    return page_go(cx, "/platform/deleted-tenants");
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
    ROUTE(GET, "/platform/tenants/:id/delete", MAY(EITHER, "platform.tenants:delete"), delete_page,
          "Asks before a tenant is deleted.", .answer = ANSWER_PAGE, .flags = ROUTE_STEP_UP),
    ROUTE(POST, "/platform/tenants/:id/delete", MAY(EITHER, "platform.tenants:delete"),
          delete_submit, "Delete a tenant.", .answer = ANSWER_PAGE, .body = delete_fields,
          .flags = ROUTE_FORM | ROUTE_STEP_UP | ROUTE_SHOWS_ERRORS),
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
    if (cx->failure.status != 0)
        return show_branding(cx, 422);
    if (!tenant_enter(cx, cx->tenant->id) || !branding_store(cx))
        return false;
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
