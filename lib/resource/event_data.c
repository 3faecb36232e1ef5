#include "resource/event_data.h"

#include <string.h>

#include "access/event_name.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "resource/event_kind.h"

const struct field event_actor_fields[] = {
    {"kind", CHOICE, 0, .choices = CHOICES("user", "api_key", "system"), .example = "user",
     .help = "What it is."},
    {"id", UUID, NULLABLE, .help = "Its id; null of the system itself."},
    {"name", TEXT, NULLABLE, .example = "Nora Blum",
     .help = "What it is called; null of the system, and for whom it is not told."},
    {.type = FIELD_END}};

const struct field event_subject_fields[] = {
    {"type", TEXT, NULLABLE, .example = "lead", .help = "What one record of its kind is called."},
    {"id", TEXT, NULLABLE, .example = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f", .help = "Its id."},
    {.type = FIELD_END}};

static void data_write_uncut(struct json *json, struct arena *arena, const char *text)
{
    event_data_write(json, arena, false, text);
}

const struct field event_fields[] = {
    {"id", UUID, .help = "The same wherever the event is told."},
    {"type", TEXT, .example = "lead.created",
     .help = "What happened: what one record is called, and a verb in the past."},
    {"created_at", TIME, .help = "When it happened."},
    {"tenant_id", UUID, .help = "In which tenant."},
    {"actor", OBJECT, .fields = event_actor_fields, .help = "Who did it."},
    {"resource", OBJECT, .fields = event_subject_fields, .help = "What it happened to."},
    {"request_id", TEXT, NULLABLE, .help = "Of the request that did it."},
    {"data", OBJECT, .write = data_write_uncut,
     .help = "What changed; of a record what it was before and what it is after, as the webhook of "
             "this type says. A change of more than 32 KiB is {} in the stream, and the member "
             "dataUrl beside it says where it is in the log."},
    {.type = FIELD_END}};

/* What a column is shown as that holds a secret (house.event_masked). */
static const char masked[] = "***";

static bool data_is_masked(json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), masked) == 0;
}

static void data_write_raw(struct json *json, json_object *value)
{
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
    json_put_raw(json, text, strlen(text));
}

/* A time as the API writes it. */
static void data_write_value(struct json *json, bool is_time, json_object *value)
{
    char time[32];
    int64_t us;
    if (is_time && json_object_is_type(value, json_type_string) &&
        clock_parse(json_object_get_string(value), &us)) {
        clock_format(us, time);
        json_put_text(json, time);
        return;
    }
    data_write_raw(json, value);
}

/* ---- a record ---- */

/* Fields that only some may see, and those that are no part of an answer, are left out. */
static bool data_is_told(const struct field *field, bool cut)
{
    bool answered = !(field->flags & INPUT_ONLY) && field->type != SECRET &&
                    field->type != FILE_FIELD && !field->sql;
    return answered && (cut || !field->seen_with);
}

static void data_write_record(struct json *json, bool cut, const struct resource *resource,
                              const char *id, json_object *row)
{
    json_open_object(json);
    json_pair(json, "id", id);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        json_object *value = NULL;
        if (!data_is_told(it, cut) || strcmp(it->name, "id") == 0 ||
            !json_object_object_get_ex(row, it->name, &value) || data_is_masked(value))
            continue;
        json_key(json, field_json_name(it));
        data_write_value(json, it->type == TIME, value);
    }
    json_close_object(json);
}

/* ---- what no resource says the fields of ---- */

static void data_write_members(struct json *json, struct arena *arena, json_object *object)
{
    json_open_object(json);
    json_object_object_foreach(object, name, value)
    {
        if (data_is_masked(value))
            continue;
        json_key(json, text_camel(arena, name));
        data_write_value(json, text_ends(name, "_at"), value);
    }
    json_close_object(json);
}

static void data_write_side(struct json *json, struct arena *arena, bool cut,
                            const struct resource *resource, const char *id, json_object *row)
{
    if (!json_object_is_type(row, json_type_object))
        json_put_null(json);
    else if (resource)
        data_write_record(json, cut, resource, id, row);
    else
        data_write_members(json, arena, row);
}

/* Of an event that has members of its own. Before, some stood in "after" or "before". */
static bool data_is_own(const char *type, json_object **stored)
{
    json_object *side;
    if (!event_has_own_data(type))
        return false;
    if (json_object_object_get_ex(*stored, "after", &side) ||
        json_object_object_get_ex(*stored, "before", &side))
        *stored = side;
    return true;
}

static void data_write_change(struct json *json, struct arena *arena, bool cut, const char *type,
                              const char *id, json_object *stored)
{
    static const char *const sides[] = {"before", "after"};
    const struct resource *resource = event_resource(event_type_word(arena, type));
    json_open_object(json);
    for (size_t i = 0; i < COUNT(sides); i++) {
        json_object *side = NULL;
        json_object_object_get_ex(stored, sides[i], &side);
        json_key(json, sides[i]);
        data_write_side(json, arena, cut, resource, id, side);
    }
    json_close_object(json);
}

const char *event_data(struct arena *arena, bool cut, const char *type, const char *id,
                       const char *changes)
{
    json_object *all = changes ? json_tokener_parse(changes) : NULL, *stored = all;
    struct buf text;
    struct json json;
    if (!json_object_is_type(all, json_type_object)) {
        json_object_put(all);
        return "{}";
    }
    buf_init(&text, arena);
    json_start(&json, &text);
    if (data_is_own(type, &stored))
        data_write_members(&json, arena, stored);
    else
        data_write_change(&json, arena, cut, type, id, stored);
    json_object_put(all);
    return text.data;
}

static const char *data_part(json_object *parts, size_t at)
{
    json_object *part = json_object_array_get_idx(parts, at);
    return part ? json_object_get_string(part) : NULL;
}

void event_data_write(struct json *json, struct arena *arena, bool cut, const char *text)
{
    json_object *parts = json_tokener_parse(text);
    const char *data =
        event_data(arena, cut, data_part(parts, 0), data_part(parts, 1), data_part(parts, 2));
    json_put_raw(json, data, strlen(data));
    json_object_put(parts);
}
