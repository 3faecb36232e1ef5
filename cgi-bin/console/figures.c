/* figures: the cards of the dashboard. Each leads to the rows that it counts, and what is of a
 * period says how it was in the period before. */
#include <string.h>

#include "access/permission.h"
#include "base/clock.h"
#include "console.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/event_sight.h"
#include "resource/model.h"
#include "resource/resource.h"
#include "resource/shape.h"

enum { ROWS_COUNTED = 100000 };
static const int64_t day_us = INT64_C(86400000000);

STATEMENT(dashboard_people,
          "select count(*) filter (where status = 'active'),\n"
          "       count(*) filter (where last_login_at > now() - make_interval(days => $1::int))\n"
          "from users",
          0);

struct rows *dashboard_events(struct cx *cx, const char *before, const char *after,
                              const char *parameter, unsigned flags)
{
    struct conditions where;
    conditions_init(&where, cx->arena);
    if (parameter)
        conditions_parameter(&where, parameter);
    const char *cut = event_sight_sql(cx, &where);
    const char *sql = arena_printf(cx->arena, "%s and %s%s", before, cut ? cut : "true", after);
    return db_run(&cx->db, statement_made(cx->arena, sql, flags), where.parameters, where.count);
}

struct period {
    int64_t days, begins_us, before_us; /* that of the period before */
};

static json_object *add_figure(json_object *list, const char *label, int64_t value,
                               const char *path)
{
    json_object *figure = page_item(list);
    page_set(figure, "label", label);
    page_set_int(figure, "value", value);
    page_set(figure, "path", path);
    page_set(figure, "change", NULL);
    return figure;
}

static void compare(struct cx *cx, json_object *figure, const struct period *period, int64_t now,
                    int64_t before)
{
    long long days = (long long)period->days;
    page_set(figure, "change",
             now > before   ? cx_printf(cx, "%lld more than in the %lld days before",
                                        (long long)(now - before), days)
             : now < before ? cx_printf(cx, "%lld fewer than in the %lld days before",
                                        (long long)(before - now), days)
                            : cx_printf(cx, "As many as in the %lld days before", days));
}

static const char *instant(struct cx *cx, int64_t us)
{
    char *text = arena_alloc(cx->arena, 32);
    clock_format(us, text);
    return text;
}

static bool count_rows(struct cx *cx, const struct resource *resource, struct list_filter *filters,
                       int64_t *count)
{
    const struct list_query query = {
        .page = 1, .limit = 1, .sort = "-createdAt", .filters = filters};
    return list_count(cx, resource, &query, ROWS_COUNTED, count);
}

/* Those that the one signed in may see, like everything that is counted here. */
static bool add_made(struct cx *cx, json_object *list, const struct period *period,
                     const char *name, const char *label)
{
    const struct resource *resource = model_resource(name);
    int64_t now, both;
    if (!resource ||
        !resource_may(cx, resource, arena_printf(cx->arena, "%s:read", resource->permission)))
        return true;
    const struct field *made = shape_field(shape_of(cx, resource), "createdAt");
    struct list_filter since = {
        .field = made, .operator= ">=", .value = instant(cx, period->begins_us)};
    struct list_filter since_before = {
        .field = made, .operator= ">=", .value = instant(cx, period->before_us)};
    if (!count_rows(cx, resource, &since, &now) || !count_rows(cx, resource, &since_before, &both))
        return false;
    json_object *figure =
        add_figure(list, label, now,
                   arena_printf(cx->arena, "%s?createdAt[gte]=%s", resource->page, since.value));
    compare(cx, figure, period, now, both - now);
    return true;
}

/* All that are neither won nor lost. */
static bool add_open_leads(struct cx *cx, json_object *list)
{
    const struct resource *leads = model_resource("crm.leads");
    int64_t count;
    struct buf open;
    if (!leads || !resource_may(cx, leads, "crm.leads:read"))
        return true;
    const struct field *status = field_find(leads->fields, "status");
    buf_init(&open, cx->arena);
    buf_puts(&open, "");
    for (const char *const *it = status->choices; *it; it++)
        if (strcmp(*it, "converted") != 0 && strcmp(*it, "lost") != 0)
            buf_printf(&open, "%s%s", open.len ? "," : "", *it);
    struct list_filter filter = {
        .field = status, .operator= "in", .value = arena_printf(cx->arena, "{%s}", open.data)};
    if (!count_rows(cx, leads, &filter, &count))
        return false;
    add_figure(list, "Open leads", count,
               arena_printf(cx->arena, "%s?status[in]=%s", leads->page, open.data));
    return true;
}

static bool add_people(struct cx *cx, json_object *list, const char *days)
{
    if (!may(cx, "users.users:read"))
        return true;
    struct rows *rows = db_get(&cx->db, &dashboard_people, days);
    if (!rows)
        return fail_db(cx);
    json_object *figure =
        add_figure(list, "Active users", rows_int(rows, 0, 0), "/admin/users?status=active");
    page_set(figure, "change",
             cx_printf(cx, "%lld signed in within %s days", (long long)rows_int(rows, 0, 1), days));
    return true;
}

static bool add_changes(struct cx *cx, json_object *list, const struct period *period,
                        const char *days)
{
    struct rows *rows = dashboard_events(
        cx,
        "select count(*) filter (where at > now() - make_interval(days => $1::int)), count(*)\n"
        "from events\n"
        "where at > now() - 2 * make_interval(days => $1::int)",
        "", days, DB_SLOW);
    if (!rows)
        return fail_db(cx);
    json_object *figure = add_figure(list, "Changes", rows_int(rows, 0, 0),
                                     may(cx, "access.audit:read") ? "/admin/audit" : NULL);
    compare(cx, figure, period, rows_int(rows, 0, 0), rows_int(rows, 0, 1) - rows_int(rows, 0, 0));
    return true;
}

bool dashboard_add_figures(struct cx *cx, json_object *data, int64_t days)
{
    int64_t now = clock_now_us();
    const struct period period = {days, now - days * day_us, now - 2 * days * day_us};
    const char *number = arena_printf(cx->arena, "%lld", (long long)days);
    json_object *list = page_list(data, "figures");
    return add_open_leads(cx, list) && add_made(cx, list, &period, "crm.leads", "New leads") &&
           add_made(cx, list, &period, "crm.deals", "New deals") && add_people(cx, list, number) &&
           add_changes(cx, list, &period, number);
}
