/* forecast_answer: the forecast by API, and its routes. */
#include "crm.h"
#include "forecast.h"
#include "forecast_page.h"
#include "http/cx.h"

#define FIGURES(of)                                                                                \
    {"open", MONEY, 0, .currency = (of), .example = "250000", .help = "Of open deals, whole."},    \
        {"weighted",                                                                               \
         MONEY,                                                                                    \
         0,                                                                                        \
         .currency = (of),                                                                         \
         .example = "125000",                                                                      \
         .help = "Of open deals, each times its chance."},                                         \
    {                                                                                              \
        "won", MONEY, 0, .currency = (of), .example = "90000", .help = "Of won deals, whole."      \
    }
#define COUNTS                                                                                     \
    {"open_count", INT, 0, .help = "Open deals."}, {"won_count", INT, 0, .help = "Won deals."},    \
        {"without_amount_count", INT, 0, .help = "Deals that say no value: they add nothing."},    \
        {"without_chance_count", INT, 0,                                                           \
         .help = "Open deals without a probability, their stage's included: nothing weighted."},   \
    {                                                                                              \
        "without_rate_count", INT, 0,                                                              \
            .help = "Deals in another currency that has no exchange rate on their day: they are "  \
                    "in no converted amount."                                                      \
    }

static const struct field sum_fields[] = {
    {"currency", CURRENCY, 0, .example = "USD"},
    FIGURES("currency"),
    {"converted", OBJECT, 0, .fields = FIELDS(FIGURES(NULL)),
     .help = "The same in the tenant's currency, by the exchange rate of each deal's day."},
    COUNTS,
    {.type = FIELD_END}};
static const struct field total_fields[] = {FIGURES(NULL), COUNTS, {.type = FIELD_END}};
static const struct field part_fields[] = {
    {"kind", CHOICE, 0, .choices = CHOICES("overdue", "month", "undated"),
     .help = "Open deals that should have closed before; those of a month; open ones without a "
             "day."},
    {"begins_on", DATE, NULLABLE, .example = "2026-12-01"},
    {"ends_before", DATE, NULLABLE, .example = "2027-01-01"},
    {"is_more", BOOL, 0, .help = "More than 10,000 deals of a stage: then nothing is added up."},
    {"sums", ARRAY, 0, .fields = sum_fields, .help = "By currency, each for itself."},
    {"total", OBJECT, 0, .fields = total_fields,
     .help = "All of them in the tenant's currency, as far as there is a rate."},
    {.type = FIELD_END}};
static const struct field answer_fields[] = {
    {"currency", CURRENCY, 0, .example = "EUR", .help = "The tenant's: of totals."},
    {"parts", ARRAY, 0, .fields = part_fields,
     .help = "What is overdue, the months in their order, what has no day."},
    {.type = FIELD_END}};

static void forecast_write_figures(struct json *json, const struct forecast_figures *figures)
{
    json_pair_int(json, "openAmount", figures->open);
    json_pair_int(json, "weightedAmount", figures->weighted);
    json_pair_int(json, "wonAmount", figures->won);
}

static void forecast_write_counts(struct json *json, const struct forecast_sum *sum)
{
    json_pair_int(json, "openCount", sum->open_count);
    json_pair_int(json, "wonCount", sum->won_count);
    json_pair_int(json, "withoutAmountCount", sum->without_amount);
    json_pair_int(json, "withoutChanceCount", sum->without_chance);
    json_pair_int(json, "withoutRateCount", sum->without_rate);
}

static void forecast_write_sum(struct json *json, const struct forecast_sum *sum)
{
    json_open_object(json);
    json_pair(json, "currency", sum->currency);
    forecast_write_figures(json, &sum->own);
    json_key(json, "converted");
    json_open_object(json);
    forecast_write_figures(json, &sum->converted);
    json_close_object(json);
    forecast_write_counts(json, sum);
    json_close_object(json);
}

static void forecast_write_part(struct json *json, const struct forecast_part *part)
{
    json_open_object(json);
    json_pair(json, "kind", part->kind);
    json_pair(json, "beginsOn", part->begins);
    json_pair(json, "endsBefore", part->ends);
    json_pair_bool(json, "isMore", part->more);
    json_key(json, "sums");
    json_open_array(json);
    for (size_t i = 0; i < part->count; i++)
        forecast_write_sum(json, &part->sums[i]);
    json_close_array(json);
    json_key(json, "total");
    json_open_object(json);
    forecast_write_figures(json, &part->total.converted);
    forecast_write_counts(json, &part->total);
    json_close_object(json);
    json_close_object(json);
}

static bool forecast_answer(struct cx *cx)
{
    struct forecast forecast;
    if (!forecast_read(cx, &forecast))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "currency", forecast.currency);
    json_key(json, "parts");
    json_open_array(json);
    for (size_t i = 0; i < forecast.count; i++)
        forecast_write_part(json, &forecast.parts[i]);
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static const struct field query_fields[] = {
    {"from", DATE, 0, .example = "2026-12-01", .help = "A day of the first month; absent: today."},
    {"months", INT, 0, 1, FORECAST_MONTHS_MOST, .help = "How many months; absent: 12."},
    {"pipeline_id", UUID, 0, .help = "Only of this pipeline."},
    {"owner_id", UUID, 0, .help = "Only of this user."},
    {.type = FIELD_END}};

const struct route forecast_routes[] = {
    ROUTE(
        GET, "/api/crm/forecast", MAY(TENANT, DEAL_AMOUNTS), forecast_answer,
        "What deals will bring by the month in which they are to close, weighted by their chance.",
        .operation = "getForecast", .answer_name = "forecast", .answer_fields = answer_fields,
        .query = query_fields, .flags = ROUTE_KEEPS_SIGHT),
    ROUTE(GET, "/admin/crm/forecast", MAY(TENANT, DEAL_AMOUNTS), forecast_page,
          "The forecast of deals.", .answer = ANSWER_PAGE, .query = query_fields,
          .flags = ROUTE_KEEPS_SIGHT),
    {.path = NULL}};
