#include "forecast.h"

#include <string.h>

#include "access/tenant.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/money.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"
#include "resource/conditions.h"

/* How many deals of a stage are added up in a month. */
enum { DEALS_MOST = 10000 };

/* ---- the parts ---- */

static const char *month_begins(struct cx *cx, int64_t month)
{
    return arena_printf(cx->arena, "%04d-%02d-01", (int)(month / 12), (int)(month % 12) + 1);
}

/* Months since the year 0, of a date. */
static int64_t month_of(const char *date)
{
    int64_t year = 0, month = 1;
    text_to_int((const char[]){date[0], date[1], date[2], date[3], 0}, 0, 9999, &year);
    text_to_int((const char[]){date[5], date[6], 0}, 1, 12, &month);
    return year * 12 + month - 1;
}

static void forecast_make_parts(struct cx *cx, struct forecast *out)
{
    const char *from = query_text(cx, "from");
    int64_t months = query_int(cx, "months", FORECAST_MONTHS);
    char today[11];
    clock_day_of(clock_now_us(), cx->tenant->time_zone, today);
    int64_t first = month_of(from ? from : today);
    out->currency = cx->tenant->currency;
    out->count = (size_t)months + 2;
    out->parts = arena_alloc(cx->arena, out->count * sizeof *out->parts);
    for (int64_t i = 0; i < months; i++)
        out->parts[i + 1] = (struct forecast_part){.kind = "month",
                                                   .begins = month_begins(cx, first + i),
                                                   .ends = month_begins(cx, first + i + 1)};
    out->parts[0] = (struct forecast_part){.kind = "overdue", .ends = out->parts[1].begins};
    out->parts[months + 1] = (struct forecast_part){.kind = "undated"};
    for (size_t i = 0; i < out->count; i++)
        out->parts[i].total.currency = out->currency;
}

/* ---- what the database adds up ---- */

/* The deals of one place and stage, as far as the one who asks sees them. Of what is over nothing
 * is read. %s twice: a further condition on the day, and on whose they are. */
#define DEALS_OF_PLACE                                                                             \
    "cross join lateral (\n"                                                                       \
    "    select currency::text currency, expected_close_on, probability, value\n"                  \
    "    from deals%s\n"                                                                           \
    "    limit %d) deal\n"

/* Nothing is none; least() would pass over it. */
#define WHOLE(amount) "least(coalesce(round(sum(" amount ")), 0), 9007199254740991)"
/* An amount of minor units in another currency has as many digits as that one's. */
#define IN_OWN(amount) WHOLE(amount " * rate * power(10::numeric, own_digits - digits)")

static const char forecast_sql[] =
    "with place (at, begins, ends) as (\n"
    "    select 0, '-infinity'::date, $1::date\n"
    "    union all\n"
    "    select m, ($1::date + make_interval(months => m - 1))::date,\n"
    "           ($1::date + make_interval(months => m))::date\n"
    "    from generate_series(1, $2::int) m),\n"
    "way as (\n"
    "    select id, kind, probability\n"
    "    from stages\n"
    "    where kind <> 'lost' and ($3::uuid is null or pipeline_id = $3::uuid)\n"
    "    order by pipeline_id, position, id\n"
    "    limit 200),\n"
    "taken as (\n"
    "    select place.at, way.id stage_id, way.kind, way.probability chance, deal.*\n"
    "    from place\n"
    "    join way on place.at > 0 or way.kind = 'open'\n" DEALS_OF_PLACE "    union all\n"
    "    select $2::int + 1, way.id, way.kind, way.probability, deal.*\n"
    "    from way\n" DEALS_OF_PLACE "    where way.kind = 'open'),\n"
    "day as (\n"
    "    select at, kind, currency, expected_close_on,\n"
    "           sum(count(*)) over (partition by at, stage_id) > %d more,\n"
    "           count(*) deals, count(value) valued, sum(value) amount,\n"
    "           count(*) filter (where value is not null\n"
    "                            and coalesce(probability, chance) is null) no_chance,\n"
    "           sum(value * coalesce(probability, chance)::numeric / 100) weighted\n"
    "    from taken\n"
    "    group by at, stage_id, kind, currency, expected_close_on),\n"
    "rated as (\n"
    "    select day.*,\n"
    "           case when strpos($6, day.currency) > 0 then 0\n"
    "                when strpos($7, day.currency) > 0 then 3 else 2 end digits,\n"
    "           case when strpos($6, $4) > 0 then 0\n"
    "                when strpos($7, $4) > 0 then 3 else 2 end own_digits,\n"
    "           case when day.currency = $4 then 1 else (\n"
    "               select r.rate\n"
    "               from exchange_rates r\n"
    "               where r.currency = day.currency and r.to_currency = $4\n"
    "               and r.day <= coalesce(day.expected_close_on, $5::date)\n"
    "               order by r.day desc\n"
    "               limit 1) end rate\n"
    "    from day)\n"
    "select at, kind, currency, bool_or(more), sum(deals), sum(deals - valued),\n"
    "       sum(no_chance), sum(valued) filter (where rate is null),\n"
    "       " WHOLE("amount") ", " WHOLE("weighted") ",\n"
                                                     "       " IN_OWN("amount") ", " IN_OWN(
                                                         "weighted") "\n"
                                                                     "from rated\n"
                                                                     "group by at, kind, currency\n"
                                                                     "order by at, currency, kind";

static const char *forecast_deals(struct conditions *where, struct cx *cx, const char *day)
{
    const struct viewer viewer = viewer_with(cx, &deals, DEAL_AMOUNTS);
    const char *owner = query_text(cx, "owner_id");
    buf_init(&where->sql, cx->arena);
    conditions_add(where, "stage_id = way.id");
    conditions_add(where, "%s", day);
    conditions_add_resource(where, &deals, &viewer);
    if (owner)
        conditions_add(where, "owner_id = $%d::uuid", conditions_parameter(where, owner));
    return where->sql.data;
}

static struct rows *forecast_ask(struct cx *cx, const struct forecast *out)
{
    struct conditions where;
    char *today = arena_alloc(cx->arena, 11);
    clock_day_of(clock_now_us(), cx->tenant->time_zone, today);
    conditions_init(&where, cx->arena);
    conditions_parameter(&where, out->parts[1].begins);
    conditions_parameter(&where, arena_printf(cx->arena, "%zu", out->count - 2));
    conditions_parameter(&where, query_text(cx, "pipeline_id"));
    conditions_parameter(&where, out->currency);
    conditions_parameter(&where, today);
    conditions_parameter(&where, money_codes(0));
    conditions_parameter(&where, money_codes(3));
    const char *dated = forecast_deals(
        &where, cx, "expected_close_on >= place.begins and expected_close_on < place.ends");
    const char *undated = forecast_deals(&where, cx, "expected_close_on is null");
    const char *sql = arena_printf(cx->arena, forecast_sql, dated, DEALS_MOST + 1, undated,
                                   DEALS_MOST + 1, DEALS_MOST);
    return db_run(&cx->db, statement_made(cx->arena, sql, DB_SLOW), where.parameters, where.count);
}

/* ---- what is made of it ---- */

enum column {
    AT,
    KIND,
    CURRENCY_OF,
    MORE,
    DEALS,
    NO_AMOUNT,
    NO_CHANCE,
    NO_RATE,
    AMOUNT,
    WEIGHTED,
    IN_OWN_AMOUNT,
    IN_OWN_WEIGHTED
};

static void figures_add(struct forecast_figures *to, const struct forecast_figures *more)
{
    to->open += more->open;
    to->weighted += more->weighted;
    to->won += more->won;
}

static struct forecast_sum *part_sum(struct cx *cx, struct forecast_part *part,
                                     const char *currency, size_t room)
{
    if (!part->sums)
        part->sums = arena_alloc(cx->arena, room * sizeof *part->sums);
    if (part->count == 0 || strcmp(part->sums[part->count - 1].currency, currency) != 0)
        part->sums[part->count++] = (struct forecast_sum){.currency = currency};
    return &part->sums[part->count - 1];
}

static void forecast_take(struct cx *cx, const struct rows *rows, size_t row,
                          struct forecast_part *part)
{
    struct forecast_sum *sum =
        part_sum(cx, part, rows_text(rows, row, CURRENCY_OF), rows_count(rows));
    int64_t count = rows_int(rows, row, DEALS);
    part->more = part->more || rows_bool(rows, row, MORE);
    sum->without_amount += rows_int(rows, row, NO_AMOUNT);
    sum->without_rate += rows_int(rows, row, NO_RATE);
    if (strcmp(rows_text(rows, row, KIND), "won") == 0) {
        sum->won_count += count;
        sum->own.won += rows_int(rows, row, AMOUNT);
        sum->converted.won += rows_int(rows, row, IN_OWN_AMOUNT);
        return;
    }
    sum->open_count += count;
    sum->without_chance += rows_int(rows, row, NO_CHANCE);
    sum->own.open += rows_int(rows, row, AMOUNT);
    sum->own.weighted += rows_int(rows, row, WEIGHTED);
    sum->converted.open += rows_int(rows, row, IN_OWN_AMOUNT);
    sum->converted.weighted += rows_int(rows, row, IN_OWN_WEIGHTED);
}

static void forecast_add_up(struct forecast_part *part)
{
    struct forecast_sum *total = &part->total;
    if (part->more)
        part->count = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct forecast_sum *sum = &part->sums[i];
        total->open_count += sum->open_count;
        total->won_count += sum->won_count;
        total->without_amount += sum->without_amount;
        total->without_chance += sum->without_chance;
        total->without_rate += sum->without_rate;
        figures_add(&total->converted, &sum->converted);
    }
}

bool forecast_read(struct cx *cx, struct forecast *out)
{
    if (!resource_may(cx, &deals, "crm.deals:read"))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.",
                    "crm.deals:read");
    forecast_make_parts(cx, out);
    const struct rows *rows = forecast_ask(cx, out);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        forecast_take(cx, rows, i, &out->parts[rows_int(rows, i, AT)]);
    for (size_t i = 0; i < out->count; i++)
        forecast_add_up(&out->parts[i]);
    return true;
}
