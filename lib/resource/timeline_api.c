/* timeline_api: a record's timeline as the API answers it. */
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/event_changes.h"
#include "resource/event_data.h"
#include "resource/internal.h"
#include "resource/timeline.h"

static const struct field change_fields[] = {
    {"field", TEXT, .example = "status"},
    {"label", TEXT, .example = "Status", .help = "What people read, in the reader's language."},
    {"from", TEXT, NULLABLE, .example = "New",
     .help = "As people read it; names in the place of ids. null: nothing."},
    {"to", TEXT, NULLABLE, .example = "Contacted"},
    {.type = FIELD_END}};

const struct field timeline_fields[] = {
    {"id", UUID},
    {"kind", CHOICE, .choices = CHOICES("event", "record", "file", "comment"),
     .help = "What happened to the record, another record that is about it, a file, or a comment."},
    {"type", TEXT, .example = "lead.updated",
     .help = "What happened: what one record is called, and a verb in the past."},
    {"created_at", TIME},
    {"actor", OBJECT, .fields = event_actor_fields, .help = "Who did it."},
    {"resource", OBJECT, .fields = event_subject_fields, .help = "What it happened to."},
    {"text", TEXT, .example = "Nora Blum changed the lead Ada.",
     .help = "A sentence, in the reader's language."},
    {"comment", TEXT, NULLABLE, .help = "The text of a comment; else null."},
    {"changes", ARRAY, .fields = change_fields,
     .help = "What changed, as far as the reader sees it; of another record what it says now."},
    {.type = FIELD_END}};

static void write_subject(struct json *json, const char *key, const char *kind, const char *of,
                          const char *id)
{
    json_key(json, key);
    json_open_object(json);
    json_pair(json, kind, of);
    json_pair(json, "id", id);
}

static void write_changes(struct json *json, const struct event_told *told)
{
    json_key(json, "changes");
    json_open_array(json);
    for (size_t i = 0; told->changed && i < told->change_count; i++) {
        json_open_object(json);
        json_pair(json, "field", field_json_name(told->changes[i].field));
        json_pair(json, "label", told->changes[i].label);
        json_pair(json, "from", told->changes[i].from);
        json_pair(json, "to", told->changes[i].to);
        json_close_object(json);
    }
    json_close_array(json);
}

static void write_item(struct json *json, const struct timeline_item *it)
{
    char time[32];
    json_open_object(json);
    json_pair(json, "id", it->id);
    json_pair(json, "kind", it->kind);
    json_pair(json, "type", it->event.type);
    json_pair(json, "createdAt", clock_from_database(it->at, time) ? time : it->at);
    write_subject(json, "actor", "kind", it->event.actor_kind, it->event.actor_id);
    json_pair(json, "name", it->event.actor_name);
    json_close_object(json);
    write_subject(json, "resource", "type", it->event.word, it->event.resource_id);
    json_close_object(json);
    json_pair(json, "text", it->told.text);
    json_pair(json, "comment", it->comment);
    write_changes(json, &it->told);
    json_close_object(json);
}

bool timeline_answer(struct cx *cx, const struct resource *resource, const char *id)
{
    struct list_result record;
    struct timeline timeline;
    int64_t limit = query_int(cx, "limit", 20);
    if (!record_get(cx, resource, id, &record) ||
        !timeline_read(cx, resource, &record, query_text(cx, "after"), limit, &timeline))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < timeline.count; i++)
        write_item(json, &timeline.items[i]);
    json_close_array(json);
    return respond_end_list(cx, &(struct list_meta){0, limit, -1, timeline.next_cursor, false});
}

/* What the route is about: not the resource itself, whose records it does not answer. */
struct timed {
    const struct resource *resource;
};

static bool timeline_get(struct cx *cx)
{
    return timeline_answer(cx, ((const struct timed *)cx->route->about)->resource,
                           cx_path(cx, "id"));
}

size_t timeline_routes(const struct resource *resource, struct route *routes)
{
    static const struct field query[] = {TIMELINE_QUERY, {.type = FIELD_END}};
    if (!timeline_is_kept(resource))
        return 0;
    struct timed *timed = arena_alloc(engine_arena(), sizeof *timed);
    timed->resource = resource;
    routes[0] = (struct route)ROUTE(
        GET, engine_text("%s/:id/timeline", resource->api),
        resource_access(resource, engine_text("%s:read", resource->permission)), timeline_get,
        engine_text("Everything about %s %s, the newest first.", text_article(resource->one),
                    resource->one),
        .operation = engine_text("get%sTimeline", text_pascal(engine_arena(), resource->one)),
        .query = query, .answer = ANSWER_LIST, .answer_fields = timeline_fields,
        .answer_name = "timeline item", .flags = sight_route_flags(resource), .about = timed);
    return TIMELINE_ROUTES;
}
