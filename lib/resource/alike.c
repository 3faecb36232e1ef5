#include "resource/alike.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

enum { FOUND_MOST = 20 /* by their words, of which those that are equal are shown */ };

/* ---- finding ---- */

static const struct field *alike_field(const struct resource *resource, const char *column)
{
    return field_find(resource->fields, column);
}

/* What the list is asked for one value; false: it is no value of the field. */
static bool alike_read(struct cx *cx, const struct resource *resource, const struct field *field,
                       const char *value, struct list_query *out)
{
    bool words = field->type == TEXT;
    struct parameter *asked = cx->request.query;
    struct input *input = cx->input; /* its parameters have the same names */
    struct parameter one = {.name = words ? "q" : field_json_name(field), .value = value};
    cx->request.query = &one;
    cx->input = NULL;
    bool read = list_read_query(cx, resource, out);
    cx->request.query = asked;
    cx->input = input;
    if (!read)
        cx->failure = (struct failure){.status = 0};
    out->page = 1;
    out->limit = words ? FOUND_MOST : ALIKE_MOST + 1;
    out->count = false;
    out->labels = NULL;
    return read;
}

static bool alike_is_new(const struct alike *out, size_t count, const char *id, const char *but)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(out[i].id, id) == 0)
            return false;
    return !text_equal(id, but);
}

static bool alike_is_same(struct cx *cx, const struct field *field, const char *value,
                          const char *other)
{
    return field->type != TEXT ||
           (other && strcmp(text_lower(cx->arena, value), text_lower(cx->arena, other)) == 0);
}

static bool alike_find_one(struct cx *cx, const struct resource *resource,
                           const struct field *field, const char *value, const char *but,
                           struct alike *out, size_t *count)
{
    const struct field *label = alike_field(resource, resource_label(resource));
    const struct field *columns[] = {resource_columns(resource)[0], label,
                                     label == field ? NULL : field, NULL};
    struct list_query query;
    struct list_result found;
    if (!alike_read(cx, resource, field, value, &query))
        return true;
    query.columns = columns;
    if (!list_run(cx, resource, &query, &found))
        return false;
    for (size_t i = 0; i < rows_count(found.rows) && *count < ALIKE_MOST; i++) {
        const char *id = rows_text(found.rows, i, 0), *name = rows_text(found.rows, i, 1);
        const char *other = label == field ? name : rows_text(found.rows, i, 2);
        if (alike_is_same(cx, field, value, other) && alike_is_new(out, *count, id, but))
            out[(*count)++] = (struct alike){id, name, field};
    }
    return true;
}

bool alike_find(struct cx *cx, const struct resource *resource, const struct parameter *values,
                const char *but, struct alike *out, size_t *count)
{
    *count = 0;
    for (const char *const *it = resource->alike; it && *it; it++) {
        const struct field *field = alike_field(resource, *it);
        const char *value = parameter_get(values, field_json_name(field));
        value = value ? text_trim(cx->arena, value) : "";
        if (*value && !alike_find_one(cx, resource, field, value, but, out, count))
            return false;
    }
    return true;
}

/* ---- its address ---- */

static const struct field record_fields[] = {
    {"id", UUID},
    {"name", TEXT, NULLABLE, .example = "Nora Blum", .help = "What it is called."},
    {"field", TEXT, .example = "email", .help = "The field of which it has the same value."},
    {.type = FIELD_END}};
static const struct field answer_fields[] = {
    {"records", ARRAY, .fields = record_fields, .help = "Five at most."}, {.type = FIELD_END}};

static bool alike_handle(struct cx *cx)
{
    struct alike found[ALIKE_MOST];
    size_t count;
    if (!alike_find(cx, cx->route->about, cx->request.query, NULL, found, &count))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "records");
    json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        json_open_object(json);
        json_pair(json, "id", found[i].id);
        json_pair(json, "name", found[i].name);
        json_pair(json, "field", field_json_name(found[i].field));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

/* Any text: what is being typed is no value yet. */
static const struct field *alike_query(const struct resource *resource)
{
    size_t count = 0;
    while (resource->alike[count])
        count++;
    struct field *fields = arena_alloc(engine_arena(), (count + 1) * sizeof *fields);
    for (size_t i = 0; i < count; i++) {
        const struct field *of = alike_field(resource, resource->alike[i]);
        fields[i] = (struct field){.name = of->name,
                                   .type = TEXT,
                                   .max = 500,
                                   .example = of->example,
                                   .help = "A value that a record may have."};
    }
    fields[count] = (struct field){.type = FIELD_END};
    return fields;
}

const char *alike_names(struct cx *cx, const struct resource *resource)
{
    struct buf names;
    buf_init(&names, cx->arena);
    for (const char *const *it = resource->alike; it && *it; it++)
        buf_printf(&names, "%s%s", names.len ? "," : "",
                   field_json_name(alike_field(resource, *it)));
    return names.data;
}

size_t alike_routes(const struct resource *resource, struct route *routes)
{
    if (!resource->alike || !resource->api)
        return 0;
    const char *many = text_plural(engine_arena(), resource->one);
    routes[0] = (struct route){
        .method = HTTP_GET,
        .path = engine_text("%s/alike", resource->api),
        .access = resource_access(resource, engine_text("%s:read", resource->permission)),
        .handle = alike_handle,
        .summary = engine_text("Find %s that have one of these values already.", many),
        .operation = engine_text("findAlike%s", text_pascal(engine_arena(), many)),
        .query = alike_query(resource),
        .answer_fields = answer_fields,
        .answer_name = engine_text("alike %s", many),
        .flags = sight_route_flags(resource),
        .about = resource,
    };
    return 1;
}
