/* export: everything that a filter shows, as CSV or as JSON Lines.
 *
 * It is read in chunks by cursor, so that no statement is long and rows that
 * come meanwhile shift nothing. A chunk's memory is given back and its text
 * sent before the next is read, at the pace at which the client takes it: an
 * export of any length holds one chunk. Whether it is too large is asked before
 * the first byte leaves; what fails later breaks it off, and is never taken for
 * a whole file. What fits into one chunk is sent when it is whole. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/sentence.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/server.h"
#include "resource/csv.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/reference.h"

enum { ROWS_MAX = 100000 };

static void free_arena(void *arena)
{
    arena_free(arena);
}

static bool fail_too_large(struct cx *cx)
{
    return fail(cx, 422, "export_too_large", "This is more than %d rows: narrow it by filters.",
                ROWS_MAX);
}

/* One chunk in memory of its own, given back before its text is sent. What a failure says stays
 * until the request ends. */
static bool write_chunk(struct cx *cx, struct arena *chunk, const struct resource *resource,
                        struct list_query *query, const struct list_file *file, size_t *total)
{
    struct arena *request = cx->arena;
    struct list_result result;
    cx->arena = cx->db.arena = chunk;
    bool good = list_run(cx, resource, query, &result) && custom_spread(cx, &result);
    cx->arena = cx->db.arena = request;
    if (!good)
        return false;
    for (size_t i = 0; i < rows_count(result.rows); i++)
        file->write(&cx->response.body, &result, i);
    *total += rows_count(result.rows);
    query->after = arena_text(cx->arena, result.next_cursor);
    arena_reset(chunk);
    return true;
}

/* Before the first byte all that can be refused is. */
static bool send_chunk(struct cx *cx, const struct resource *resource,
                       const struct list_query *query, const struct list_file *file, size_t total)
{
    int64_t more, room = ROWS_MAX - (int64_t)total;
    if (!cx->response.begun) {
        if (!list_count(cx, resource, query, (int)room, &more))
            return false;
        if (more > room)
            return fail_too_large(cx);
        respond_file(cx, file->type, file->name);
    }
    return stream_write(cx);
}

bool list_send(struct cx *cx, const struct resource *resource, const struct list_query *query,
               const struct list_file *file)
{
    struct arena *chunk = arena_new();
    struct list_query all = *query;
    size_t total = 0;
    arena_defer(cx->arena, free_arena, chunk);
    if (!custom_of(cx, resource)) /* held by the request, not by its first chunk */
        return false;
    all.limit = LIMIT_EXPORT;
    all.page = 1;
    all.count = false;
    all.slow = true;
    all.action = "export";
    if (!all.columns)
        all.columns = shape_of(cx, resource)->all;
    do {
        if (!write_chunk(cx, chunk, resource, &all, file, &total))
            return false;
        if (total > ROWS_MAX)
            return fail_too_large(cx);
        if (all.after && !send_chunk(cx, resource, &all, file, total))
            return false;
    } while (all.after && cx->request.method != HTTP_HEAD);
    return cx->response.begun || respond_file(cx, file->type, file->name);
}

/* ---- CSV ---- */

/* Of a reference people read the name of what it refers to, never its id. */
static void write_name(struct buf *out, const struct field *field)
{
    csv_cell(out, reference_target(field) ? reference_name(field) : field_json_name(field));
}

static bool write_head(struct cx *cx, const struct field *const *columns)
{
    struct buf *out = &cx->response.body;
    for (int i = 0; columns[i]; i++) {
        const struct custom *custom =
            columns[i]->type == CUSTOM ? custom_of_field(cx, columns[i]) : NULL;
        if (columns[i]->type == CUSTOM && !custom)
            return false;
        for (int j = 0; custom && custom->fields[j].type != FIELD_END; j++)
            write_name(out, &custom->fields[j]);
        if (!custom && !(columns[i]->flags & MEMBER_ONLY))
            write_name(out, columns[i]);
    }
    csv_line_end(out);
    return true;
}

static const char *name_of(const struct list_result *result, size_t row, const struct field *field)
{
    const char *name = reference_label(result, row, field);
    return name ? name : "(not visible)";
}

/* Of a file people read what it is called. */
static void write_file_name(struct buf *out, const char *text)
{
    json_object *file = json_tokener_parse(text);
    csv_cell(out, json_object_get_string(json_object_object_get(file, "name")));
    json_object_put(file);
}

static void write_line(struct buf *out, const struct list_result *result, size_t row)
{
    char time[32];
    for (int i = 0; result->fields[i]; i++) {
        const char *text = rows_text(result->rows, row, i);
        if (result->fields[i]->flags & MEMBER_ONLY)
            continue;
        if (text && result->fields[i]->type == FILE_FIELD) {
            write_file_name(out, text);
            continue;
        }
        if (text && result->fields[i]->type == TIME && clock_from_database(text, time))
            text = time;
        else if (text && result->fields[i]->type == BOOL)
            text = text[0] == 't' ? "true" : "false";
        else if (text && result->fields[i]->type == SENTENCE)
            text = sentence_read(out->arena, NULL, text);
        else if (text && reference_target(result->fields[i]))
            text = name_of(result, row, result->fields[i]);
        csv_cell(out, text);
    }
    csv_line_end(out);
}

/* People export what pages show: no ids, whose names stand beside them. */
static const struct field **shown_columns(struct cx *cx, const struct field **columns)
{
    size_t count = 0;
    while (columns[count])
        count++;
    const struct field **shown = arena_alloc(cx->arena, sizeof *shown * (count + 1)), **to = shown;
    for (size_t i = 0; i < count; i++)
        if (!(columns[i]->flags & HIDDEN))
            *to++ = columns[i];
    *to = NULL;
    return shown;
}

/* A record a line, as the API answers it. */
static void write_record(struct buf *out, const struct list_result *result, size_t row)
{
    struct json json;
    json_start(&json, out);
    record_write_json(&json, result->unspread ? result->unspread : result, row);
    buf_putc(out, '\n');
}

static bool export_lines(struct cx *cx, const struct resource *resource,
                         const struct list_query *query)
{
    const struct list_file file = {.type = "application/jsonl",
                                   .name = arena_printf(cx->arena, "%s.jsonl", resource->name),
                                   .write = write_record};
    buf_clear(&cx->response.body);
    return list_send(cx, resource, query, &file);
}

bool resource_export(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_query query;
    if (!list_read_query(cx, resource, &query) || !export_begins(cx))
        return false;
    if (field_find(cx->input->query_fields, "format") &&
        text_equal(query_text(cx, "format"), "jsonl"))
        return export_lines(cx, resource, &query);
    if (!query.columns)
        query.columns = shape_of(cx, resource)->all;
    if (cx->is_page)
        query.columns = shown_columns(cx, query.columns);
    query.labels = reference_labels(cx, query.columns);
    buf_clear(&cx->response.body);
    if (!write_head(cx, query.columns))
        return false;
    const struct list_file file = {.type = "text/csv; charset=utf-8",
                                   .name = arena_printf(cx->arena, "%s.csv", resource->name),
                                   .write = write_line};
    return list_send(cx, resource, &query, &file);
}
