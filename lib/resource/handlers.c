/* handlers: the API of a resource, and its routes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/sentence.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/alike.h"
#include "resource/attachment.h"
#include "resource/board.h"
#include "resource/custom.h"
#include "resource/file_field.h"
#include "resource/internal.h"
#include "resource/merge.h"
#include "resource/moving.h"
#include "resource/part.h"
#include "resource/reference.h"
#include "resource/timeline.h"

/* ---- JSON ---- */

void field_write_json(struct json *json, const struct field *field, const char *text, size_t len)
{
    char time[32];
    if (!text) {
        json_put_null(json);
        return;
    }
    if (field->write) {
        field->write(json, json->out->arena, text);
        return;
    }
    switch (field->type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
    case DECIMAL:
    case JSON:
    case OBJECT:
    case ARRAY:
    case FILE_FIELD:
        json_put_raw(json, text, len);
        break;
    case BOOL:
        json_put_bool(json, text[0] == 't');
        break;
    case TIME:
        json_put_text(json, clock_from_database(text, time) ? time : text);
        break;
    case SENTENCE:
        json_put_text(json, sentence_read(json->out->arena, NULL, text));
        break;
    default:
        json_put_text_len(json, text, len);
    }
}

/* "owner": {"id": …, "name": …}; the name is null of what may not be seen. */
static void write_named(struct json *json, const struct list_result *result, size_t row,
                        const struct field *field)
{
    const char *id = NULL;
    for (int i = 0; result->fields[i]; i++)
        if (result->fields[i] == field)
            id = rows_text(result->rows, row, i);
        else if (result->fields[i]->type == CUSTOM && (field->flags & MADE))
            id = custom_reference(json->out->arena, rows_text(result->rows, row, i), field);
    json_key(json, reference_name(field));
    if (!id) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    json_pair(json, "id", id);
    json_pair(json, "name", reference_label(result, row, field));
    json_close_object(json);
}

static void write_member(struct json *json, const struct list_result *result, size_t row, int at)
{
    const struct field *field = result->fields[at];
    const char *text = rows_text(result->rows, row, at);
    size_t len = rows_length(result->rows, row, at);
    json_key(json, field_json_name(field));
    if (field->type == CUSTOM)
        custom_write_json(json, result->custom, text, len);
    else
        field_write_json(json, field, text, len);
}

static int place_of(const struct list_result *result, const struct field *field)
{
    int at = 0;
    while (result->fields[at] != field)
        at++;
    return at;
}

/* One of the tenant's own fields; the two of an amount of money, "custom.budget.amount" and
 * "custom.budget.currency", stand one behind the other and are one member. */
static void write_made(struct json *json, const struct list_result *result, size_t row, int at)
{
    const struct field *field = result->fields[at];
    const char *name = field->name + strlen("custom."), *member = strchr(name, '.');
    char key[64];
    if (field->type == CURRENCY && !rows_text(result->rows, row, at - 1))
        return; /* behind an amount that is null */
    if (field->type == MONEY) {
        snprintf(key, sizeof key, "%.*s", (int)(member - name), name);
        json_key(json, key);
        if (!rows_text(result->rows, row, at)) {
            json_put_null(json);
            return;
        }
        json_open_object(json);
    }
    json_key(json, member ? member + 1 : name);
    field_write_json(json, field, rows_text(result->rows, row, at),
                     rows_length(result->rows, row, at));
    if (field->type == CURRENCY)
        json_close_object(json);
}

static bool has_all(const struct field *const *columns)
{
    while (*columns && (*columns)->type != CUSTOM)
        columns++;
    return *columns != NULL;
}

static bool has_made(const struct field *const *columns)
{
    while (*columns && !((*columns)->flags & MADE))
        columns++;
    return *columns != NULL;
}

/* Of the tenant's own fields all, or those that were chosen. */
static void write_members(struct json *json, const struct list_result *result, size_t row,
                          const struct field *const *columns)
{
    bool is_whole = columns == result->fields;
    for (int i = 0; columns[i]; i++)
        if (!(columns[i]->flags & (MADE | COLUMN_ONLY)))
            write_member(json, result, row, is_whole ? i : place_of(result, columns[i]));
    if (!has_made(columns) || has_all(columns))
        return;
    json_key(json, "custom");
    json_open_object(json);
    for (int i = 0; columns[i]; i++)
        if (columns[i]->flags & MADE)
            write_made(json, result, row, is_whole ? i : place_of(result, columns[i]));
    json_close_object(json);
}

static void write_whole(struct json *json, const struct list_result *result, size_t row)
{
    write_members(json, result, row, result->fields);
    for (int i = 0; result->labels && result->labels[i]; i++)
        write_named(json, result, row, result->labels[i]);
}

void record_write_json(struct json *json, const struct list_result *result, size_t row)
{
    json_open_object(json);
    write_whole(json, result, row);
    json_close_object(json);
}

bool record_answer(struct cx *cx, const struct list_result *result, int status)
{
    char *etag = record_etag(cx, result);
    if (etag)
        response_header_set(cx, "ETag", etag);
    struct json *json = respond_begin(cx, status);
    json_open_object(json);
    write_whole(json, result, 0);
    given_write_json(cx, json, cx->route->gives);
    json_close_object(json);
    return respond_end(cx);
}

/* ---- reading ---- */

bool resource_list(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_query query;
    struct list_result result, parent;
    if (!list_read_query(cx, resource, &query) ||
        (resource->parent && !part_find_parent(cx, resource, "read", &parent)))
        return false;
    if (resource->parent)
        part_of(cx, resource, cx_path(cx, "id"), &query);
    if (!list_run(cx, resource, &query, &result))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < rows_count(result.rows); i++)
        record_write_json(json, &result, i);
    json_close_array(json);
    return respond_end_list(cx, &(struct list_meta){query.after ? 0 : query.page, query.limit,
                                                    result.total, result.next_cursor, result.more});
}

/* Of the whole record, whose version the ETag is. */
static bool answer_chosen(struct cx *cx, const struct list_result *result,
                          const struct field *const *columns)
{
    struct list_result shown = *result;
    if (has_made(columns) && !has_all(columns) && !custom_spread(cx, &shown))
        return false;
    struct json *json = respond_begin(cx, 200);
    response_header_set(cx, "ETag", record_etag(cx, result));
    json_open_object(json);
    write_members(json, &shown, 0, columns);
    for (int i = 0; result->labels && result->labels[i]; i++)
        write_named(json, result, 0, result->labels[i]);
    json_close_object(json);
    return respond_end(cx);
}

/* The id of a record that was merged into another one leads there: the answer says where it is. */
static bool find_winner(struct cx *cx, const struct resource *resource, const struct field **labels,
                        struct list_result *out)
{
    const struct failure missing = cx->failure;
    const char *winner;
    if (missing.status != 404 || !resource->merges)
        return false;
    cx->failure = (struct failure){.status = 0};
    if (!merge_follow(cx, resource, cx_path(cx, "id"), &winner))
        return false;
    if (!winner) {
        cx->failure = missing;
        return false;
    }
    response_header_set(cx, "Content-Location",
                        arena_printf(cx->arena, "%s/%s", resource->api, winner));
    return record_get_named(cx, resource, winner, labels, out);
}

static bool find_one(struct cx *cx, const struct resource *resource, const struct field **labels,
                     struct list_result *out)
{
    struct list_result parent;
    if (resource->parent)
        return part_find_parent(cx, resource, "read", &parent) &&
               part_find_row(cx, resource, labels, out);
    return record_get_named(cx, resource, cx_path(cx, "id"), labels, out) ||
           find_winner(cx, resource, labels, out);
}

bool resource_get(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    bool named = cx->route->query && field_find(cx->route->query, "include");
    const char *include = named ? query_text(cx, "include") : NULL;
    const struct field **labels = NULL;
    struct list_result result;
    const char *fields = cx->route->query ? query_text(cx, "fields") : NULL;
    const struct field **columns = NULL;
    if (include && !reference_read_include(cx, resource, include, &labels))
        return false;
    if (fields && !list_read_fields(cx, resource, fields, &columns))
        return false;
    if (!find_one(cx, resource, labels, &result))
        return false;
    return columns ? answer_chosen(cx, &result, columns) : record_answer(cx, &result, 200);
}

/* ---- writing ---- */

bool resource_create(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_result result;
    if (resource->parent ? !part_create(cx, resource, cx->input, &result)
                         : !record_create(cx, resource, cx->input, &result))
        return false;
    const char *list = resource->parent
                           ? arena_printf(cx->arena, "%s/%s%s", resource->parent->api,
                                          cx_path(cx, "id"), strrchr(resource->api, '/'))
                           : resource->api;
    if (!resource->parent || (resource->operations & OP_GET))
        response_header_set(cx, "Location",
                            arena_printf(cx->arena, "%s/%s", list, rows_text(result.rows, 0, 0)));
    return record_answer(cx, &result, 201);
}

static bool update(struct cx *cx, enum input_mode mode)
{
    const struct resource *resource = cx->route->about;
    struct list_result result;
    bool updated = resource->parent
                       ? part_update(cx, resource, cx->input, mode, &result)
                       : record_update(cx, resource, cx_path(cx, "id"), cx->input, mode, &result);
    return updated && record_answer(cx, &result, 200);
}

bool resource_replace(struct cx *cx)
{
    return update(cx, INPUT_REPLACE);
}

bool resource_merge(struct cx *cx)
{
    return update(cx, INPUT_MERGE);
}

bool resource_delete(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    bool deleted = resource->parent ? part_delete(cx, resource)
                                    : record_delete(cx, resource, cx_path(cx, "id"));
    return deleted && respond_nothing(cx);
}

/* ---- routes ---- */

struct arena *engine_arena(void)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new();
    return arena;
}

char *engine_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(engine_arena(), format, args);
    va_end(args);
    return text;
}

static char *kept(const char *first, const char *second)
{
    return engine_text("%s%s", first, second);
}

/* "Create", "network rule" -> "Create a network rule" and an end. */
static char *sentence(const char *verb, const char *noun, const char *end)
{
    return engine_text("%s %s %s%s", verb, text_article(noun), noun, end);
}

/* "Export", "network rules" -> the same without an article. */
static char *sentence_of_many(const char *verb, const struct resource *resource, const char *end)
{
    return engine_text("%s %s%s", verb, text_plural(engine_arena(), resource->one), end);
}

/* The operationId: "get", "network rule" -> "getNetworkRule". */
static char *operation_name(const char *verb, const char *noun)
{
    return kept(verb, text_pascal(engine_arena(), noun));
}

struct access resource_access(const struct resource *resource, const char *permission)
{
    if (resource->personal)
        return (struct access){ACCESS_SIGNED_IN, resource->scope, NULL};
    return (struct access){ACCESS_PERMISSION, resource->scope, permission};
}

static struct access may_do(const struct resource *resource, const char *action)
{
    return resource_access(resource,
                           resource->personal ? NULL : kept(resource->permission, action));
}

#define FIELDS_OF_ONE                                                                              \
    {                                                                                              \
        "fields", TEXT, 0, 1, 2000, .help = "Only these, and the id."                              \
    }

/* What may be asked of one record: some of its fields, and the names of what it refers to. */
static const struct field *query_of_one(const struct resource *resource)
{
    static const struct field plain[] = {FIELDS_OF_ONE, {.type = FIELD_END}};
    static const struct field include[] = {
        FIELDS_OF_ONE,
        {"include", TEXT, 0, 1, 500,
         .help = "References whose names the answer has too, separated by commas: "
                 "\"owner\" adds \"owner\": {\"id\", \"name\"} beside \"ownerId\". The name is "
                 "null of what the caller may not see."},
        {.type = FIELD_END}};
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->refers || it->type == CUSTOM)
            return include;
    return plain;
}

/* What a body may set: everything but what is read-only. */
static const struct field *body_fields(const struct resource *resource)
{
    return resource->fields;
}

static const struct field export_query[] = {
    {"format", CHOICE, 0, .choices = CHOICES("csv", "jsonl", "xlsx"),
     .help = "csv unless it is said: rows with a head; jsonl: a record a line, as the API "
             "answers it; or xlsx: a workbook."},
    {"values", CHOICE, 0, .choices = CHOICES("shown", "raw"),
     .help = "Of xlsx: as pages show them (usual), in the reader's language, with times by the "
             "tenant's clocks and amounts in the currency's unit; or as the API says them."},
    {.type = FIELD_END}};

static size_t make_routes(const struct resource *resource, struct route *routes)
{
    const char *list = resource->api;
    const char *one = kept(list, resource->parent ? kept("/:", part_variable(resource)) : "/:id");
    const struct field *body = body_fields(resource);
    const char *noun = resource->one, *nouns = text_plural(engine_arena(), noun);
    struct access read = may_do(resource, ":read"), write = may_do(resource, ":update");
    const struct {
        unsigned operation;
        struct route route;
    } all[] = {
        {OP_LIST, ROUTE(GET, list, read, resource_list, sentence_of_many("List", resource, "."),
                        .operation = operation_name("list", nouns), .answer = ANSWER_LIST,
                        .flags = ROUTE_LIST_QUERY)},
        {OP_CREATE,
         ROUTE(POST, list, resource->parent ? write : may_do(resource, ":create"), resource_create,
               sentence("Create", noun, "."), .operation = operation_name("create", noun),
               .body = body, .status = 201, .gives = resource->gives)},
        {OP_EXPORT,
         ROUTE(GET, kept(list, "/export"), may_do(resource, ":export"), resource_export,
               sentence_of_many("Export", resource, " as CSV, JSON Lines or XLSX."),
               .operation = operation_name("export", nouns), .answer = ANSWER_FILE,
               .query = export_query, .errors = "422 export_too_large, 429 too_many_exports",
               .flags = ROUTE_LIST_QUERY)},
        {OP_GET, ROUTE(GET, one, read, resource_get, sentence("Get", noun, "."),
                       .operation = operation_name("get", noun), .query = query_of_one(resource))},
        {OP_REPLACE, ROUTE(PUT, one, write, resource_replace,
                           sentence("Replace", noun, ": all that can be written is given."),
                           .operation = operation_name("replace", noun), .body = body)},
        {OP_MERGE,
         ROUTE(PATCH, one, write, resource_merge,
               sentence("Change", noun, ": what is absent stays."),
               .operation = operation_name("update", noun), .body = body, .flags = ROUTE_MERGE)},
        {OP_DELETE,
         ROUTE(DELETE, one, resource->parent ? write : may_do(resource, ":delete"), resource_delete,
               sentence("Delete", noun, "."), .operation = operation_name("delete", noun),
               .query = resource->move ? moving_query : NULL, .answer = ANSWER_NOTHING)},
    };
    size_t count = 0;
    for (size_t i = 0; i < COUNT(all); i++)
        if (resource->operations & all[i].operation) {
            routes[count] = all[i].route;
            if (all[i].operation & (OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE))
                routes[count].flags |= resource->write_flags;
            routes[count].deprecated = resource->deprecated;
            routes[count].flags |=
                sight_route_flags(resource->parent ? resource->parent : resource);
            routes[count++].about = resource;
        }
    return count;
}

/* Of its board: the columns with their figures. */
static size_t board_routes(const struct resource *resource, struct route *routes)
{
    if (!resource->board || !resource->api)
        return 0;
    const char *noun = resource->one;
    routes[0] = (struct route)ROUTE(
        GET, kept(resource->api, "/board"), may_do(resource, ":read"), board_answer,
        engine_text("Get the columns of the board of %s.", text_plural(engine_arena(), noun)),
        .operation = operation_name("get", engine_text("%s board", noun)),
        .query = board_query_fields(resource), .answer_fields = board_answer_fields,
        .answer_name = engine_text("%s board", noun), .flags = sight_route_flags(resource),
        .about = resource);
    return 1;
}

size_t resource_routes(const struct resource *resource, const struct route **routes)
{
    struct route *made =
        arena_alloc(engine_arena(),
                    (11 + ATTACHMENT_ROUTES + FILE_FIELD_ROUTES + TIMELINE_ROUTES) * sizeof *made);
    *routes = made;
    size_t count = resource->api ? make_routes(resource, made) : 0;
    count += board_routes(resource, made + count);
    count += merge_routes(resource, made + count);
    count += alike_routes(resource, made + count);
    if (resource->api && !resource->parent)
        count += file_field_routes(resource, made + count);
    if (resource->api && resource->attachments)
        count += attachment_routes(resource, made + count);
    count += timeline_routes(resource, made + count);
    return count;
}
