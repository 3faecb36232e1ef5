/* analytics_page: the analytics for people, each figure with the way to its rows. */
#include <string.h>

#include "access/permission.h"
#include "access/tenant.h"
#include "analytics.h"
#include "base/clock.h"
#include "base/language_format.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"
#include "page/page.h"

STATEMENT(analytics_ends,
          "select coalesce(string_agg(id::text, ',') filter (where kind = 'won'), ''),\n"
          "       coalesce(string_agg(id::text, ',') filter (where kind = 'lost'), '')\n"
          "from (select id, kind\n"
          "      from stages\n"
          "      where kind <> 'open'\n"
          "      order by pipeline_id, position, id\n"
          "      limit 100) s",
          0);

struct analytics_view {
    struct cx *cx;
    struct analytics figures;
    const char *won, *lost; /* ids of stages */
};

static const char *view_number(const struct analytics_view *view, int64_t number)
{
    return language_number(view->cx->arena, view->cx->language, number);
}

static const char *view_share(const struct analytics_view *view, int64_t part, int64_t whole)
{
    return whole > 0
               ? language_share(view->cx->arena, view->cx->language, analytics_share(part, whole))
               : "–";
}

/* "3.5 days", "20 minutes"; of what one does not know nothing. */
static const char *view_duration(const struct analytics_view *view, const struct analytics_stay *of,
                                 int64_t seconds)
{
    struct cx *cx = view->cx;
    if (of->known == 0)
        return "–";
    if (seconds < 7200)
        return cx_printf(cx, "%lld minutes", (long long)((seconds + 30) / 60));
    if (seconds < 172800)
        return cx_printf(cx, "%lld hours", (long long)((seconds + 1800) / 3600));
    const char *tenths = arena_printf(cx->arena, "%lld.%lld", (long long)(seconds / 86400),
                                      (long long)(seconds % 86400 / 8640));
    return cx_printf(cx, "%s days", language_decimal(cx->arena, cx->language, tenths));
}

static const char *view_choice(const struct analytics_view *view, const char *choice)
{
    return cx_text(view->cx, text_title(view->cx->arena, choice));
}

static void view_add_spans(const struct analytics_view *view, json_object *data)
{
    static const int64_t spans[] = {30, 90, 180, 365};
    json_object *list = page_list(data, "spans");
    for (size_t i = 0; i < COUNT(spans); i++) {
        json_object *item = page_item(list);
        long long days = (long long)spans[i];
        page_set(item, "title", cx_printf(view->cx, "%lld days", days));
        page_set(item, "path",
                 arena_printf(view->cx->arena, "/admin/crm/analytics?days=%lld", days));
        page_set_bool(item, "current", query_int(view->cx, "days", ANALYTICS_DAYS) == spans[i]);
    }
}

/* ---- leads ---- */

static const char *source_path(const struct analytics_view *view, const char *source,
                               const char *status)
{
    return arena_printf(view->cx->arena, "%s?source=%s&createdAt[gte]=%s%s%s", leads.page, source,
                        view->figures.begins, status ? "&status=" : "", status ? status : "");
}

static void view_add_sources(const struct analytics_view *view, json_object *data)
{
    const char *const *statuses = analytics_statuses();
    json_object *bars =
        page_bars(data, "sources", "Leads by source, and what they are now", "Source");
    page_bars_legend(bars, "Converted");
    page_bars_legend(bars, "Others");
    page_bars_head(bars, "Leads");
    for (size_t s = 0; statuses[s]; s++)
        page_bars_head(bars, view_choice(view, statuses[s]));
    page_bars_head(bars, "Conversion");
    for (size_t i = 0; i < view->figures.sources_count; i++) {
        const struct analytics_source *it = &view->figures.sources[i];
        int64_t converted = analytics_converted(it);
        json_object *row =
            page_bars_row(bars, view_choice(view, it->source), source_path(view, it->source, NULL));
        page_bars_part(row, converted);
        page_bars_part(row, it->count - converted);
        page_bars_cell(row, view_number(view, it->count), NULL);
        for (size_t s = 0; statuses[s]; s++)
            page_bars_cell(row, view_number(view, it->by_status[s]),
                           it->by_status[s] > 0 ? source_path(view, it->source, statuses[s])
                                                : NULL);
        page_bars_cell(row, view_share(view, converted, it->count), NULL);
    }
    if (view->figures.more_leads)
        page_set(bars, "note", "More came than are counted here: choose fewer days.");
    page_bars_draw(bars);
}

/* ---- how long ---- */

static void view_add_stays(const struct analytics_view *view, json_object *bars,
                           const struct analytics_stay *stays, size_t count, const char *path)
{
    page_bars_head(bars, "Median");
    page_bars_head(bars, "Average");
    for (size_t i = 0; i < count; i++) {
        const struct analytics_stay *it = &stays[i];
        json_object *row = page_bars_row(bars, it->name ? it->name : view_choice(view, it->id),
                                         arena_printf(view->cx->arena, "%s%s", path, it->id));
        page_bars_part(row, it->median);
        page_bars_cell(row, view_number(view, it->left), NULL);
        page_bars_cell(row, view_share(view, it->won, it->left), NULL);
        page_bars_cell(row, view_share(view, it->lost, it->left), NULL);
        page_bars_cell(row, view_duration(view, it, it->median), NULL);
        page_bars_cell(row, view_duration(view, it, it->average), NULL);
    }
    page_bars_draw(bars);
}

static void view_add_statuses(const struct analytics_view *view, json_object *data)
{
    json_object *bars =
        page_bars(data, "statuses", "How long leads stay in a status, and where they go", "Status");
    page_set(bars, "note",
             "Of those that left it in this time. The way leads to those that are in it now.");
    page_bars_legend(bars, "Median time");
    page_bars_head(bars, "Left");
    page_bars_head(bars, "Converted from here");
    page_bars_head(bars, "Given up from here");
    view_add_stays(view, bars, view->figures.statuses, view->figures.statuses_count,
                   arena_printf(view->cx->arena, "%s?status=", leads.page));
}

static void view_add_stages(const struct analytics_view *view, json_object *data)
{
    json_object *bars =
        page_bars(data, "stages", "How long deals stay in a stage, and where they go", "Stage");
    page_set(bars, "note",
             "Of those that left it in this time. The way leads to those that are in it now.");
    page_bars_legend(bars, "Median time");
    page_bars_head(bars, "Left");
    page_bars_head(bars, "Won from here");
    page_bars_head(bars, "Lost from here");
    view_add_stays(view, bars, view->figures.stages, view->figures.stages_count,
                   arena_printf(view->cx->arena, "%s?stageId=", deals.page));
}

/* ---- won and lost ---- */

static const char *month_at(const struct analytics_view *view, const char *month, int later)
{
    int64_t us = 0;
    char *text = arena_alloc(view->cx->arena, 32);
    clock_day_begins(month, later, view->cx->tenant->time_zone, &us);
    clock_format(us, text);
    return text;
}

/* Closed in that month, as far as it is of the time. */
static const char *month_period(const struct analytics_view *view, const char *month)
{
    const char *from = month_at(view, month, 0);
    char next[11];
    int64_t us = 0;
    clock_day_begins(month, 32, view->cx->tenant->time_zone, &us);
    clock_day_of(us, view->cx->tenant->time_zone, next);
    memcpy(next + 8, "01", 2);
    return arena_printf(view->cx->arena, "closedAt[gte]=%s&closedAt[lt]=%s",
                        strcmp(from, view->figures.begins) < 0 ? view->figures.begins : from,
                        month_at(view, next, 0));
}

static void view_add_closed(const struct analytics_view *view, json_object *bars, const char *label,
                            const struct analytics_closed *it, const char *period)
{
    struct arena *arena = view->cx->arena;
    const char *path = arena_printf(arena, "%s?%s", deals.page, period);
    json_object *row = page_bars_row(bars, label, path);
    page_bars_part(row, it->won);
    page_bars_part(row, it->lost);
    page_bars_cell(row, view_number(view, it->won),
                   arena_printf(arena, "%s&stageId[in]=%s", path, view->won));
    page_bars_cell(row, view_number(view, it->lost),
                   arena_printf(arena, "%s&stageId[in]=%s", path, view->lost));
    page_bars_cell(row, view_share(view, it->won, it->won + it->lost), NULL);
}

static json_object *view_begin_closed(json_object *bars)
{
    page_bars_legend(bars, "Won");
    page_bars_legend(bars, "Lost");
    page_bars_head(bars, "Won");
    page_bars_head(bars, "Lost");
    page_bars_head(bars, "Win rate");
    return bars;
}

static void view_add_months(const struct analytics_view *view, json_object *data)
{
    json_object *bars =
        view_begin_closed(page_bars(data, "months", "Deals won and lost by month", "Month"));
    for (size_t i = 0; i < view->figures.months_count; i++) {
        const struct analytics_closed *it = &view->figures.months[i];
        view_add_closed(view, bars, language_month(view->cx->arena, view->cx->language, it->id), it,
                        month_period(view, it->id));
    }
    if (view->figures.more_deals)
        page_set(bars, "note", "More were closed than are counted here: choose fewer days.");
    page_bars_draw(bars);
}

static void view_add_owners(const struct analytics_view *view, json_object *data)
{
    struct cx *cx = view->cx;
    json_object *bars =
        view_begin_closed(page_bars(data, "owners", "Deals won and lost by owner", "Owner"));
    for (size_t i = 0; i < view->figures.owners_count; i++) {
        const struct analytics_closed *it = &view->figures.owners[i];
        const char *whose =
            it->id ? arena_printf(cx->arena, "ownerId=%s", it->id) : "ownerId[null]=true";
        view_add_closed(
            view, bars,
            it->name ? it->name
            : it->id ? cx_text(cx, "Somebody")
                     : cx_text(cx, "Nobody"),
            it, arena_printf(cx->arena, "closedAt[gte]=%s&%s", view->figures.begins, whose));
    }
    page_bars_draw(bars);
}

static void view_add_people(const struct analytics_view *view, json_object *data)
{
    struct cx *cx = view->cx;
    bool read = may(cx, "access.audit:read");
    json_object *bars = page_bars(data, "people", "Activity by user", "User");
    page_bars_legend(bars, "Added");
    page_bars_legend(bars, "Changed");
    page_bars_head(bars, "Added");
    page_bars_head(bars, "Changed");
    for (size_t i = 0; i < view->figures.people_count; i++) {
        const struct analytics_person *it = &view->figures.people[i];
        const char *path =
            read && it->id ? arena_printf(cx->arena, "/admin/audit?actorId=%s&createdAt[gte]=%s",
                                          it->id, view->figures.begins)
                           : NULL;
        json_object *row = page_bars_row(bars, it->name ? it->name : cx_text(cx, "Somebody"), path);
        page_bars_part(row, it->made);
        page_bars_part(row, it->changed);
        page_bars_cell(row, view_number(view, it->made), NULL);
        page_bars_cell(row, view_number(view, it->changed), NULL);
    }
    page_bars_draw(bars);
}

bool analytics_page(struct cx *cx)
{
    struct analytics_view view = {.cx = cx};
    json_object *data = page_object(cx);
    const struct rows *ends = db_get0(&cx->db, &analytics_ends);
    if (!ends)
        return fail_db(cx);
    if (!analytics_read(cx, &view.figures))
        return false;
    view.won = rows_text(ends, 0, 0);
    view.lost = rows_text(ends, 0, 1);
    page_list(data, "actions");
    view_add_spans(&view, data);
    page_set_bool(data, "nothing", !view.figures.leads && !view.figures.deals);
    if (view.figures.leads) {
        view_add_sources(&view, data);
        view_add_statuses(&view, data);
    }
    if (view.figures.deals) {
        view_add_stages(&view, data);
        view_add_months(&view, data);
        view_add_owners(&view, data);
    }
    if (view.figures.leads || view.figures.deals)
        view_add_people(&view, data);
    return page_render(cx, 200, "crm/analytics", "Analytics", data);
}
