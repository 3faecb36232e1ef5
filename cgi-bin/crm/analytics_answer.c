/* analytics_answer: the analytics by API, and their routes. */
#include "analytics.h"
#include "crm.h"
#include "http/cx.h"

#define CLOSED                                                                                     \
    {"won_count", INT, 0}, {"lost_count", INT, 0},                                                 \
    {                                                                                              \
        "win_rate", BASIS_POINTS, 0, .example = "2500",                                            \
                                     .help = "Won of what was closed, in hundredths of a percent." \
    }
#define STAY                                                                                       \
    {"left_count", INT, 0, .help = "How many left it in the time."}, {"won_count", INT, 0},        \
        {"lost_count", INT, 0},                                                                    \
        {"known_count", INT, 0, .help = "Of how many one knows when they had come."},              \
        {"median_seconds", INT, 0},                                                                \
    {                                                                                              \
        "average_seconds", INT, 0                                                                  \
    }

static const struct field lead_fields[] = {
    {"is_more", BOOL, 0, .help = "More than 100,000 came: so many of them are counted."},
    {"sources", ARRAY, 0,
     .fields = FIELDS({"source", TEXT, 0, .example = "website"}, {"count", INT, 0},
                      {"converted_count", INT, 0},
                      {"conversion_rate", BASIS_POINTS, 0, .example = "1250",
                       .help = "Converted of those that came, in hundredths of a percent."},
                      {"statuses", ARRAY, 0,
                       .fields = FIELDS({"status", TEXT, 0, .example = "new"}, {"count", INT, 0})}),
     .help = "Leads that came in the time, by where from, and what they are now."},
    {"statuses", ARRAY, 0, .fields = FIELDS({"status", TEXT, 0, .example = "new"}, STAY),
     .help = "How long leads stayed in a status that they left in the time; won are those "
             "converted from there."},
    {.type = FIELD_END}};
static const struct field deal_fields[] = {
    {"is_more", BOOL, 0, .help = "More than 100,000 were closed: so many of them are counted."},
    {"stages", ARRAY, 0, .fields = FIELDS({"stage_id", UUID, 0}, {"name", TEXT, 0}, STAY),
     .help = "How long deals stayed in a stage that they left in the time, and where to."},
    {"months", ARRAY, 0, .fields = FIELDS({"begins_on", DATE, 0, .example = "2026-11-01"}, CLOSED)},
    {"owners", ARRAY, 0,
     .fields = FIELDS({"owner_id", UUID, NULLABLE},
                      {"name", TEXT, NULLABLE, .help = "Null where one may not see it."}, CLOSED)},
    {.type = FIELD_END}};
static const struct field answer_fields[] = {
    {"begins_at", TIME, 0, .help = "The first instant that counts, in the tenant's zone a day's."},
    {"leads", OBJECT, NULLABLE, .fields = lead_fields, .help = "Null where one sees none."},
    {"deals", OBJECT, NULLABLE, .fields = deal_fields, .help = "Null where one sees none."},
    {"people", ARRAY, 0,
     .fields = FIELDS({"user_id", UUID, NULLABLE},
                      {"name", TEXT, NULLABLE, .help = "Null where one may not see it."},
                      {"made_count", INT, 0, .help = "Records that they added."},
                      {"changed_count", INT, 0, .help = "Whatever else they did with records."}),
     .help = "What users did with leads, contacts, companies and deals, as far as one sees these."},
    {.type = FIELD_END}};

static void analytics_write_closed(struct json *json, const struct analytics_closed *closed)
{
    json_pair_int(json, "wonCount", closed->won);
    json_pair_int(json, "lostCount", closed->lost);
    json_pair_int(json, "winRate", analytics_share(closed->won, closed->won + closed->lost));
    json_close_object(json);
}

static void analytics_write_stay(struct json *json, const struct analytics_stay *stay)
{
    json_pair_int(json, "leftCount", stay->left);
    json_pair_int(json, "wonCount", stay->won);
    json_pair_int(json, "lostCount", stay->lost);
    json_pair_int(json, "knownCount", stay->known);
    json_pair_int(json, "medianSeconds", stay->median);
    json_pair_int(json, "averageSeconds", stay->average);
    json_close_object(json);
}

static void analytics_write_source(struct json *json, const struct analytics_source *source)
{
    const char *const *statuses = analytics_statuses();
    int64_t converted = analytics_converted(source);
    json_open_object(json);
    json_pair(json, "source", source->source);
    json_pair_int(json, "count", source->count);
    json_pair_int(json, "convertedCount", converted);
    json_pair_int(json, "conversionRate", analytics_share(converted, source->count));
    json_key(json, "statuses");
    json_open_array(json);
    for (size_t i = 0; statuses[i]; i++) {
        json_open_object(json);
        json_pair(json, "status", statuses[i]);
        json_pair_int(json, "count", source->by_status[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void analytics_write_leads(struct json *json, const struct analytics *of)
{
    json_open_object(json);
    json_pair_bool(json, "isMore", of->more_leads);
    json_key(json, "sources");
    json_open_array(json);
    for (size_t i = 0; i < of->sources_count; i++)
        analytics_write_source(json, &of->sources[i]);
    json_close_array(json);
    json_key(json, "statuses");
    json_open_array(json);
    for (size_t i = 0; i < of->statuses_count; i++) {
        json_open_object(json);
        json_pair(json, "status", of->statuses[i].id);
        analytics_write_stay(json, &of->statuses[i]);
    }
    json_close_array(json);
    json_close_object(json);
}

static void analytics_write_deals(struct json *json, const struct analytics *of)
{
    json_open_object(json);
    json_pair_bool(json, "isMore", of->more_deals);
    json_key(json, "stages");
    json_open_array(json);
    for (size_t i = 0; i < of->stages_count; i++) {
        json_open_object(json);
        json_pair(json, "stageId", of->stages[i].id);
        json_pair(json, "name", of->stages[i].name);
        analytics_write_stay(json, &of->stages[i]);
    }
    json_close_array(json);
    json_key(json, "months");
    json_open_array(json);
    for (size_t i = 0; i < of->months_count; i++) {
        json_open_object(json);
        json_pair(json, "beginsOn", of->months[i].id);
        analytics_write_closed(json, &of->months[i]);
    }
    json_close_array(json);
    json_key(json, "owners");
    json_open_array(json);
    for (size_t i = 0; i < of->owners_count; i++) {
        json_open_object(json);
        json_pair(json, "ownerId", of->owners[i].id);
        json_pair(json, "name", of->owners[i].name);
        analytics_write_closed(json, &of->owners[i]);
    }
    json_close_array(json);
    json_close_object(json);
}

static void analytics_write_people(struct json *json, const struct analytics *of)
{
    json_key(json, "people");
    json_open_array(json);
    for (size_t i = 0; i < of->people_count; i++) {
        json_open_object(json);
        json_pair(json, "userId", of->people[i].id);
        json_pair(json, "name", of->people[i].name);
        json_pair_int(json, "madeCount", of->people[i].made);
        json_pair_int(json, "changedCount", of->people[i].changed);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool analytics_answer(struct cx *cx)
{
    struct analytics analytics;
    if (!analytics_read(cx, &analytics))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "beginsAt", analytics.begins);
    json_key(json, "leads");
    if (analytics.leads)
        analytics_write_leads(json, &analytics);
    else
        json_put_null(json);
    json_key(json, "deals");
    if (analytics.deals)
        analytics_write_deals(json, &analytics);
    else
        json_put_null(json);
    analytics_write_people(json, &analytics);
    json_close_object(json);
    return respond_end(cx);
}

static const struct field query_fields[] = {
    {"days", INT, 0, 1, 366, .help = "Of how many days, today among them; absent: 90."},
    {.type = FIELD_END}};

const struct route analytics_routes[] = {
    ROUTE(GET, "/api/crm/analytics", MAY(TENANT, "crm.analytics:read"), analytics_answer,
          "What became of leads and deals: conversion, time in stages, win rate.",
          .operation = "getAnalytics", .answer_name = "analytics", .answer_fields = answer_fields,
          .query = query_fields),
    ROUTE(GET, "/admin/crm/analytics", MAY(TENANT, "crm.analytics:read"), analytics_page,
          "The analytics of leads and deals.", .answer = ANSWER_PAGE, .query = query_fields),
    {.path = NULL}};
