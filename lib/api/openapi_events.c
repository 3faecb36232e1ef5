/* openapi_events: every event as a webhook of the document: its type, its schema and an example.
 *
 * The envelope is the schema Event; the events of a record share a body, whose schema says which
 * they are and what `data` is. An event with data of its own has one of its own. */
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"

/* "lead.created" -> "LeadCreated" */
static const char *events_pascal(struct openapi *api, const char *type)
{
    char *words = arena_text(api->arena, type);
    for (char *c = words; *c; c++)
        if (*c == '.' || *c == '_')
            *c = ' ';
    return text_pascal(api->arena, words);
}

/* ---- data ---- */

static json_object *events_nullable(json_object *one)
{
    json_object *either = json_object_new_object(), *any = put_array(either, "anyOf");
    json_object *null = json_object_new_object();
    put_text(null, "type", "null");
    json_object_array_add(any, one);
    json_object_array_add(any, null);
    return either;
}

/* {before, after} of what is called so; `side` is taken over. */
static json_object *events_change(struct openapi *api, const char *name, json_object *side)
{
    json_object *change = json_object_new_object();
    put_text(change, "type", "object");
    json_object *properties = put_object(change, "properties");
    json_object_object_add(properties, "before", events_nullable(json_object_get(side)));
    json_object_object_add(properties, "after", events_nullable(side));
    return openapi_component(api, "schemas", name, change);
}

static json_object *events_change_of_record(struct openapi *api, json_object *resource)
{
    const char *name = openapi_record_name(api, resource);
    const char *sparse = arena_printf(api->arena, "%sSparse", name);
    json_object *fields = openapi_record_fields(resource);
    json_object *side = openapi_fields_schema(api, sparse, fields, SCHEMA_SPARSE);
    json_object_put(fields);
    return events_change(api, arena_printf(api->arena, "%sChange", name), side);
}

static json_object *events_change_of_row(struct openapi *api)
{
    json_object *row = json_object_new_object();
    put_text(row, "type", "object");
    put_text(row, "description", "The columns of a row that is no resource of the API.");
    put_bool(row, "additionalProperties", true);
    return events_change(api, "RowChange", openapi_component(api, "schemas", "ChangedRow", row));
}

/* ---- an example ---- */

/* A record as short as it goes: its id and what names it. */
static json_object *events_sample(json_object *resource)
{
    json_object *sample = json_object_new_object(),
                *all = resource ? member(resource, "fields") : NULL;
    const char *label = resource ? member_text(resource, "label") : NULL;
    put_text(sample, "id", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
    for (size_t i = 0; all && i < json_object_array_length(all); i++) {
        json_object *field = json_object_array_get_idx(all, i);
        bool names = label ? text_equal(member_text(field, "column"), label) : i == 0;
        bool plain = text_equal(member_text(field, "type"), "text");
        if (names && plain && member_text(field, "example"))
            put_text(sample, member_text(field, "name"), member_text(field, "example"));
    }
    return sample;
}

static json_object *events_sample_data(const char *type, json_object *resource, json_object *own)
{
    if (own)
        return openapi_example(own, SCHEMA_ANSWER);
    json_object *data = json_object_new_object(), *sample = events_sample(resource);
    bool made = text_ends(type, ".created"), gone = text_ends(type, ".deleted");
    json_object_object_add(data, "before", made ? NULL : json_object_get(sample));
    json_object_object_add(data, "after", gone ? NULL : json_object_get(sample));
    json_object_put(sample);
    return data;
}

static json_object *events_example(const char *type, const char *word, json_object *data)
{
    json_object *example = json_object_new_object();
    put_text(example, "id", "01a1fc30-19fe-74cc-bfd1-e408edb75d4e");
    put_text(example, "type", type);
    put_text(example, "createdAt", "2026-11-27T09:30:00Z");
    put_text(example, "tenantId", "01a1fc30-19fe-74cc-bfd1-e408edb75d40");
    put_json(example, "actor",
             "{\"kind\":\"user\",\"id\":\"01a1fc30-19fe-74cc-bfd1-e408edb75d41\","
             "\"name\":\"Nora Blum\"}");
    json_object *subject = put_object(example, "resource");
    put_text(subject, "type", word);
    put_text(subject, "id", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
    put_text(example, "requestId", "01a1fc3019fe74cc");
    json_object_object_add(example, "data", data);
    return example;
}

/* ---- one of them ---- */

/* The envelope with what `data` is in it; the type is one of those that come with it. Takes the
 * schema of the data over. */
static json_object *events_schema(struct openapi *api, const char *name, json_object *data)
{
    json_object *schema = json_object_new_object();
    json_object_array_add(put_array(schema, "allOf"), schema_ref("schemas", "Event"));
    json_object *properties = put_object(schema, "properties");
    json_object *type = put_object(properties, "type");
    put_array(type, "enum");
    put_text(type, "description", "What happened.");
    json_object_object_add(properties, "data", data);
    return openapi_component(api, "schemas", name, schema);
}

static json_object *events_responses(struct openapi *api)
{
    json_object *responses = json_object_new_object(), *taken = json_object_new_object();
    json_object *refused = json_object_new_object();
    put_text(taken, "description", "The receiver has it.");
    put_text(refused, "description", "The receiver has it not: it is sent again later.");
    json_object_object_add(responses, "2XX",
                           openapi_component(api, "responses", "EventTaken", taken));
    json_object_object_add(responses, "4XX",
                           openapi_component(api, "responses", "EventRefused", refused));
    return responses;
}

struct event_shown {
    const char *type, *about, *tag;
    json_object *resource; /* of which it is, or NULL */
    json_object *own;      /* described members of its data, or NULL */
};

static json_object *events_data(struct openapi *api, const struct event_shown *event,
                                const char *name)
{
    if (event->own)
        return openapi_fields_schema(api, arena_printf(api->arena, "%sData", name), event->own,
                                     SCHEMA_ANSWER);
    return event->resource ? events_change_of_record(api, event->resource)
                           : events_change_of_row(api);
}

/* The body of what is told: one for all events whose data is alike, those of a record. */
static json_object *events_body(struct openapi *api, const struct event_shown *event,
                                const char *word)
{
    const char *of = event->own ? events_pascal(api, event->type) : events_pascal(api, word);
    const char *name = arena_printf(api->arena, "%sEvent", of);
    if (!member(member(api->components, "requestBodies"), name)) {
        json_object *body = json_object_new_object();
        put_bool(body, "required", true);
        content_add(put_object(body, "content"), "application/json",
                    events_schema(api, name, events_data(api, event, of)),
                    events_example(event->type, word,
                                   events_sample_data(event->type, event->resource, event->own)));
        json_object_put(openapi_component(api, "requestBodies", name, body));
    }
    json_object *schema = member(member(api->components, "schemas"), name);
    push_text(member(member(member(schema, "properties"), "type"), "enum"), event->type);
    return schema_ref("requestBodies", name);
}

static void events_add(struct openapi *api, const struct event_shown *event)
{
    json_object *all = member(api->document, "webhooks");
    const char *word = arena_copy(api->arena, event->type, strcspn(event->type, "."));
    if (member(all, event->type))
        return;
    json_object *post = put_object(put_object(all, event->type), "post");
    put_text(post, "operationId",
             arena_printf(api->arena, "on%s", events_pascal(api, event->type)));
    put_text(post, "summary", event->type);
    put_text(post, "description", event->about);
    push_text(put_array(post, "tags"), event->tag);
    put_array(post, "security");
    json_object_object_add(post, "requestBody", events_body(api, event, word));
    json_object_object_add(post, "responses", events_responses(api));
}

/* ---- all of them ---- */

static void events_add_rows(struct openapi *api, const char *tag, json_object *resource,
                            const char *word, const char *one)
{
    static const char *const verbs[][2] = {
        {"created", "added"}, {"updated", "changed"}, {"deleted", "deleted"}};
    const char *some = arena_printf(api->arena, "%s %s", text_article(one), one);
    for (size_t i = 0; i < COUNT(verbs); i++)
        events_add(api,
                   &(struct event_shown){
                       .type = arena_printf(api->arena, "%s.%s", word, verbs[i][0]),
                       .about = arena_printf(api->arena, "Told when %s was %s.", some, verbs[i][1]),
                       .tag = tag,
                       .resource = resource});
}

static void events_add_actions(struct openapi *api, const char *tag, json_object *record,
                               json_object *resource)
{
    json_object *actions = member(resource, "actions");
    for (size_t i = 0; actions && i < json_object_array_length(actions); i++) {
        json_object *it = json_object_array_get_idx(actions, i);
        if (member(it, "event"))
            events_add(
                api,
                &(struct event_shown){
                    .type = arena_printf(api->arena, "%s.%s", member_text(resource, "event"),
                                         member_text(it, "event")),
                    .about = arena_printf(api->arena, "Told after: %s", member_text(it, "summary")),
                    .tag = tag,
                    .resource = record});
    }
}

/* The resource after whose records events are called so. */
static json_object *events_record(struct openapi *api, const char *word)
{
    json_object *areas = api->areas;
    for (size_t i = 0; i < json_object_array_length(areas); i++) {
        json_object *all = member(json_object_array_get_idx(areas, i), "resources");
        for (size_t j = 0; j < json_object_array_length(all); j++) {
            json_object *it = json_object_array_get_idx(all, j);
            const char *one = text_lower(api->arena, member_text(it, "one"));
            bool same = text_equal(member_text(it, "event"), word) && strlen(one) == strlen(word);
            for (size_t k = 0; same && one[k]; k++)
                same = one[k] == word[k] || word[k] == '_';
            if (same)
                return it;
        }
    }
    return NULL;
}

static void events_add_resource(struct openapi *api, const char *tag, json_object *resource)
{
    json_object *record = events_record(api, member_text(resource, "event"));
    if (record == resource && !member_true(resource, "noEvents"))
        events_add_rows(api, tag, resource, member_text(resource, "event"),
                        member_text(resource, "one"));
    events_add_actions(api, tag, record, resource);
}

static void events_add_declared(struct openapi *api, const char *tag, json_object *declared)
{
    const char *type = member_text(declared, "type");
    const char *word = arena_copy(api->arena, type, strcspn(type, "."));
    json_object *record = events_record(api, word);
    bool is_row = record && !member_true(record, "noEvents");
    if (member(member(api->document, "webhooks"), type))
        openapi_complain(api, "the event %s is declared, but follows from a resource", type);
    events_add(api, &(struct event_shown){.type = type,
                                          .about = member_text(declared, "about"),
                                          .tag = tag,
                                          .resource = is_row ? record : NULL,
                                          .own = member(declared, "data")});
}

void openapi_add_events(struct openapi *api)
{
    if (!member(member(api->components, "schemas"), "Event"))
        openapi_complain(api, "no operation answers the envelope of events");
    put_object(api->document, "webhooks");
    for (size_t i = 0; i < json_object_array_length(api->areas); i++) {
        json_object *area = json_object_array_get_idx(api->areas, i);
        const char *tag = member_text(area, "title");
        json_object *resources = member(area, "resources");
        for (size_t j = 0; j < json_object_array_length(resources); j++)
            events_add_resource(api, tag, json_object_array_get_idx(resources, j));
    }
    for (size_t i = 0; i < json_object_array_length(api->areas); i++) {
        json_object *area = json_object_array_get_idx(api->areas, i);
        json_object *declared = member(area, "events");
        for (size_t j = 0; j < json_object_array_length(declared); j++)
            events_add_declared(api, member_text(area, "title"),
                                json_object_array_get_idx(declared, j));
    }
}
