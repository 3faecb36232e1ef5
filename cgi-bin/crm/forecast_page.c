#include "forecast_page.h"

#include <string.h>

#include "access/tenant.h"
#include "base/language_format.h"
#include "base/text.h"
#include "crm.h"
#include "forecast.h"
#include "http/cx.h"
#include "page/page.h"

static const char page_path[] = "/admin/crm/forecast";

STATEMENT(
    forecast_stages,
    "select string_agg(id::text, ',') filter (where kind = 'open'), string_agg(id::text, ',')\n"
    "from (select id, kind\n"
    "      from stages\n"
    "      where kind <> 'lost' and ($1::uuid is null or pipeline_id = $1::uuid)\n"
    "      order by pipeline_id, position, id\n"
    "      limit 100) s",
    0);
STATEMENT(forecast_pipelines,
          "select id, name\n"
          "from pipelines\n"
          "order by position, id\n"
          "limit 100",
          0);

struct forecast_view {
    struct cx *cx;
    struct forecast forecast;
    const char *pipeline_id;
    int64_t months;
    const char *open, *all; /* ids of stages */
};

/* ---- ways ---- */

static const char *view_path(const struct forecast_view *view, const char *from, int64_t months,
                             const char *pipeline_id)
{
    struct buf out;
    buf_init(&out, view->cx->arena);
    buf_printf(&out, "%s?months=%lld", page_path, (long long)months);
    if (from)
        buf_printf(&out, "&from=%s", from);
    if (pipeline_id)
        buf_printf(&out, "&pipelineId=%s", pipeline_id);
    return out.data;
}

/* The deals that are counted there; `currency` NULL: of all. */
static const char *part_path(const struct forecast_view *view, const struct forecast_part *part,
                             const char *currency)
{
    struct buf out;
    const char *ids = part->begins ? view->all : view->open;
    buf_init(&out, view->cx->arena);
    buf_printf(&out, "%s?", deals.page);
    if (part->begins)
        buf_printf(&out, "expectedCloseOn[gte]=%s&", part->begins);
    if (part->ends)
        buf_printf(&out, "expectedCloseOn[lt]=%s&", part->ends);
    else
        buf_puts(&out, "expectedCloseOn[null]=true&");
    buf_printf(&out, "stageId[in]=%s", ids ? ids : "");
    if (currency)
        buf_printf(&out, "&currency=%s", currency);
    return out.data;
}

/* Months since the year 0 and back, "2026-12-01". */
static const char *view_months_later(const struct forecast_view *view, int64_t months)
{
    const char *from = view->forecast.parts[1].begins;
    int64_t year = 0, month = 1;
    text_to_int(arena_printf(view->cx->arena, "%.4s", from), 0, 9999, &year);
    text_to_int(arena_printf(view->cx->arena, "%.2s", from + 5), 1, 12, &month);
    int64_t at = year * 12 + month - 1 + months;
    return arena_printf(view->cx->arena, "%04d-%02d-01", (int)(at / 12), (int)(at % 12) + 1);
}

static void view_add_way(json_object *list, const char *title, const char *path, bool current)
{
    json_object *item = page_item(list);
    page_set(item, "title", title);
    page_set(item, "path", path);
    page_set_bool(item, "current", current);
}

static void view_add_periods(const struct forecast_view *view, json_object *data)
{
    static const int64_t spans[] = {6, 12, 24, FORECAST_MONTHS_MOST};
    const char *from = query_text(view->cx, "from");
    json_object *list = page_list(data, "spans");
    page_set(
        data, "earlier",
        view_path(view, view_months_later(view, -view->months), view->months, view->pipeline_id));
    page_set(
        data, "later",
        view_path(view, view_months_later(view, view->months), view->months, view->pipeline_id));
    for (size_t i = 0; i < COUNT(spans); i++)
        view_add_way(list, cx_printf(view->cx, "%lld months", (long long)spans[i]),
                     view_path(view, from, spans[i], view->pipeline_id), spans[i] == view->months);
}

static bool view_add_pipelines(struct forecast_view *view, json_object *data)
{
    struct cx *cx = view->cx;
    const struct rows *found = db_get(&cx->db, &forecast_stages, view->pipeline_id);
    const struct rows *rows = found ? db_get0(&cx->db, &forecast_pipelines) : NULL;
    json_object *list = page_list(data, "pipelines");
    if (!rows)
        return fail_db(cx);
    view->open = rows_text(found, 0, 0);
    view->all = rows_text(found, 0, 1);
    const char *from = query_text(cx, "from");
    view_add_way(list, cx_text(cx, "All"), view_path(view, from, view->months, NULL),
                 !view->pipeline_id);
    for (size_t i = 0; i < rows_count(rows); i++)
        view_add_way(list, rows_text(rows, i, 1),
                     view_path(view, from, view->months, rows_text(rows, i, 0)),
                     text_equal(view->pipeline_id, rows_text(rows, i, 0)));
    page_set_bool(data, "many_pipelines", rows_count(rows) > 1);
    return true;
}

/* ---- the figures ---- */

static const char *part_title(const struct forecast_view *view, const struct forecast_part *part)
{
    struct cx *cx = view->cx;
    if (part->begins)
        return language_month(cx->arena, cx->language, part->begins);
    return part->ends ? cx_text(cx, "Overdue") : cx_text(cx, "Without a day");
}

static const char *view_money(const struct forecast_view *view, int64_t amount,
                              const char *currency)
{
    return language_money(view->cx->arena, view->cx->language, amount, currency);
}

static const char *view_count(const struct forecast_view *view, int64_t number)
{
    return language_number(view->cx->arena, view->cx->language, number);
}

static void view_add_figures(const struct forecast_view *view, json_object *row,
                             const struct forecast_figures *figures, const char *currency)
{
    int64_t rest = figures->open - figures->weighted;
    page_bars_part(row, figures->won);
    page_bars_part(row, figures->weighted);
    page_bars_part(row, rest > 0 ? rest : 0);
    page_bars_cell(row, view_money(view, figures->won, currency), NULL);
    page_bars_cell(row, view_money(view, figures->weighted, currency), NULL);
    page_bars_cell(row, view_money(view, figures->open, currency), NULL);
}

static json_object *view_add_bars(json_object *data, const char *key, const char *title,
                                  const char *label_title)
{
    json_object *bars = page_bars(data, key, title, label_title);
    page_bars_legend(bars, "Won");
    page_bars_legend(bars, "Weighted");
    page_bars_legend(bars, "Rest of what is open");
    page_bars_head(bars, "Deals");
    page_bars_head(bars, "Won");
    page_bars_head(bars, "Weighted");
    page_bars_head(bars, "Open");
    return bars;
}

static bool part_is_shown(const struct forecast_part *part)
{
    return part->begins || part->more || part->count > 0;
}

static void view_add_months(const struct forecast_view *view, json_object *data)
{
    struct cx *cx = view->cx;
    const struct forecast *forecast = &view->forecast;
    json_object *bars = view_add_bars(
        data, "months", cx_printf(cx, "By month, in %s", forecast->currency), "Month");
    page_set(bars, "note",
             "Open deals count with their probability. Other currencies are converted with the "
             "exchange rate of the day on which the deal is to close, or the last one before it.");
    for (size_t i = 0; i < forecast->count; i++) {
        const struct forecast_part *part = &forecast->parts[i];
        const struct forecast_sum *total = &part->total;
        if (!part_is_shown(part))
            continue;
        json_object *row = page_bars_row(bars, part_title(view, part), part_path(view, part, NULL));
        page_bars_cell(row,
                       part->more ? cx_text(cx, "Too many to add up")
                                  : view_count(view, total->open_count + total->won_count),
                       NULL);
        view_add_figures(view, row, &total->converted, forecast->currency);
    }
    page_bars_draw(bars);
}

static const char *sum_title(const struct forecast_view *view, const struct forecast_part *part,
                             const struct forecast_sum *sum)
{
    const char *text =
        arena_printf(view->cx->arena, "%s · %s", part_title(view, part), sum->currency);
    if (sum->without_rate == 0)
        return text;
    return arena_printf(view->cx->arena, "%s · %s", text,
                        cx_printf(view->cx, "%lld without a rate", (long long)sum->without_rate));
}

/* Bars of different currencies stand for no common measure, so there are none. */
static void view_add_currencies(const struct forecast_view *view, json_object *data)
{
    const struct forecast *forecast = &view->forecast;
    json_object *bars = page_bars(data, "currencies", "By month and currency", "Month");
    page_bars_head(bars, "Deals");
    page_bars_head(bars, "Won");
    page_bars_head(bars, "Weighted");
    page_bars_head(bars, "Open");
    for (size_t i = 0; i < forecast->count; i++) {
        const struct forecast_part *part = &forecast->parts[i];
        for (size_t j = 0; j < part->count; j++) {
            const struct forecast_sum *sum = &part->sums[j];
            json_object *row = page_bars_row(bars, sum_title(view, part, sum),
                                             part_path(view, part, sum->currency));
            page_bars_cell(row, view_count(view, sum->open_count + sum->won_count), NULL);
            page_bars_cell(row, view_money(view, sum->own.won, sum->currency), NULL);
            page_bars_cell(row, view_money(view, sum->own.weighted, sum->currency), NULL);
            page_bars_cell(row, view_money(view, sum->own.open, sum->currency), NULL);
        }
    }
    page_bars_draw(bars);
}

static void view_add_note(const struct forecast_view *view, json_object *notes, int64_t number,
                          const char *told)
{
    if (number > 0)
        page_set(page_item(notes), "text",
                 arena_printf(view->cx->arena, "%s %s", view_count(view, number), told));
}

/* What is in no amount is said. */
static void view_add_notes(const struct forecast_view *view, json_object *data)
{
    json_object *notes = page_list(data, "notes");
    int64_t without_rate = 0, without_chance = 0, without_amount = 0;
    for (size_t i = 0; i < view->forecast.count; i++) {
        const struct forecast_sum *total = &view->forecast.parts[i].total;
        without_rate += total->without_rate;
        without_chance += total->without_chance;
        without_amount += total->without_amount;
    }
    view_add_note(view, notes, without_rate,
                  cx_plural(view->cx, without_rate,
                            "deal is not among the amounts: no exchange rate is known.",
                            "deals are not among the amounts: no exchange rate is known."));
    view_add_note(view, notes, without_chance,
                  cx_plural(view->cx, without_chance,
                            "open deal has no probability: it weighs nothing.",
                            "open deals have no probability: they weigh nothing."));
    view_add_note(
        view, notes, without_amount,
        cx_plural(view->cx, without_amount, "deal has no value.", "deals have no value."));
}

bool forecast_page(struct cx *cx)
{
    struct forecast_view view = {.cx = cx,
                                 .pipeline_id = query_text(cx, "pipeline_id"),
                                 .months = query_int(cx, "months", FORECAST_MONTHS)};
    json_object *data = page_object(cx);
    if (!forecast_read(cx, &view.forecast) || !view_add_pipelines(&view, data))
        return false;
    page_list(data, "actions");
    if (resource_may(cx, &exchange_rates, "crm.rates:read"))
        page_action(data, "Exchange rates", exchange_rates.page, "coins");
    view_add_periods(&view, data);
    view_add_months(&view, data);
    view_add_notes(&view, data);
    view_add_currencies(&view, data);
    return page_render(cx, 200, "crm/forecast", "Forecast", data);
}
