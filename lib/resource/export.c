/* export: everything that a filter shows, as CSV, as JSON Lines or as XLSX.
 *
 * It is read in chunks by cursor, so that no statement is long and rows that
 * come meanwhile shift nothing. A chunk's memory is given back and its text
 * sent before the next is read, at the pace at which the client takes it: an
 * export of any length holds one chunk. Whether it is too large is asked before
 * the first byte leaves; what fails later breaks it off, and is never taken for
 * a whole file. What fits into one chunk is sent when it is whole, and a workbook always is. */
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
#include "resource/xlsx.h"

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
    for (size_t i = 0; good && i < rows_count(result.rows); i++)
        file->write(file, &cx->response.body, &result, i);
    cx->arena = cx->db.arena = request;
    if (!good)
        return false;
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
        if (!file->end)
            respond_file(cx, file->type, file->name);
    }
    return file->end || stream_write(cx);
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
    if (file->end && cx->request.method != HTTP_HEAD)
        return file->end(cx, file);
    return cx->response.begun || respond_file(cx, file->type, file->name);
}

/* ---- CSV ---- */

/* The columns with the tenant's own fields in their places, as rows have them. */
static const struct field **spread_columns(struct cx *cx, const struct field *const *columns)
{
    size_t count = 0;
    for (int i = 0; columns[i]; i++) {
        const struct custom *custom =
            columns[i]->type == CUSTOM ? custom_of_field(cx, columns[i]) : NULL;
        if (columns[i]->type == CUSTOM && !custom)
            return NULL;
        count += custom ? field_count(custom->fields) : 1;
    }
    const struct field **all = arena_alloc(cx->arena, sizeof *all * (count + 1)), **to = all;
    for (int i = 0; columns[i]; i++) {
        const struct custom *custom =
            columns[i]->type == CUSTOM ? custom_of_field(cx, columns[i]) : NULL;
        for (const struct field *it = custom ? custom->fields : NULL; it && it->type != FIELD_END;
             it++)
            *to++ = it;
        if (!custom)
            *to++ = columns[i];
    }
    *to = NULL;
    return all;
}

/* Of a reference people read the name of what it refers to, never its id. */
static void write_name(struct buf *out, const struct field *field)
{
    csv_cell(out, reference_target(field) ? reference_name(field) : field_json_name(field));
}

static void write_head(struct cx *cx, const struct field *const *columns)
{
    struct buf *out = &cx->response.body;
    for (; *columns; columns++)
        if (!((*columns)->flags & MEMBER_ONLY))
            write_name(out, *columns);
    csv_line_end(out);
}

static const char *name_of(const struct list_result *result, size_t row, const struct field *field)
{
    const char *name = reference_label(result, row, field);
    return name ? name : "(not visible)";
}

/* Of a file people read what it is called. */
static const char *file_name_of(struct arena *arena, const char *text)
{
    json_object *file = json_tokener_parse(text);
    const char *name = json_object_get_string(json_object_object_get(file, "name"));
    name = arena_text(arena, name ? name : "");
    json_object_put(file);
    return name;
}

const char *export_cell_text(struct arena *arena, const struct language *language,
                             const struct list_result *result, size_t row, int column)
{
    const struct field *field = result->fields[column];
    const char *text = rows_text(result->rows, row, column);
    if (!text)
        return NULL;
    switch (field->type) {
    case FILE_FIELD:
        return file_name_of(arena, text);
    case TIME: {
        char *time = arena_alloc(arena, 32);
        return clock_from_database(text, time) ? time : text;
    }
    case BOOL:
        return text[0] == 't' ? "true" : "false";
    case SENTENCE:
        return sentence_read(arena, language, text);
    default:
        return reference_target(field) ? name_of(result, row, field) : text;
    }
}

static void write_line(const struct list_file *file, struct buf *out,
                       const struct list_result *result, size_t row)
{
    (void)file;
    for (int i = 0; result->fields[i]; i++)
        if (!(result->fields[i]->flags & MEMBER_ONLY))
            csv_cell(out, export_cell_text(out->arena, NULL, result, row, i));
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
static void write_record(const struct list_file *file, struct buf *out,
                         const struct list_result *result, size_t row)
{
    struct json json;
    (void)file;
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

static bool export_table(struct cx *cx, const struct resource *resource,
                         const struct list_query *query)
{
    const struct field **columns = spread_columns(cx, query->columns);
    if (!columns)
        return false;
    write_head(cx, columns);
    const struct list_file file = {.type = "text/csv; charset=utf-8",
                                   .name = arena_printf(cx->arena, "%s.csv", resource->name),
                                   .write = write_line};
    return list_send(cx, resource, query, &file);
}

/* ---- XLSX ---- */

/* Of an amount the currency is read too, though it is no column. */
static const struct field **with_currencies(struct cx *cx, const struct resource *resource,
                                            const struct field **columns,
                                            const struct field ***added)
{
    size_t count = 0, more = 0;
    while (columns[count])
        count++;
    const struct field **all = arena_alloc(cx->arena, sizeof *all * (2 * count + 1));
    *added = arena_alloc(cx->arena, sizeof **added * (count + 1));
    memcpy(all, columns, sizeof *all * count);
    for (size_t i = 0; i < count; i++) {
        const char *name = columns[i]->type == MONEY ? columns[i]->currency : NULL;
        size_t at = 0;
        while (name && at < count + more && strcmp(all[at]->name, name) != 0)
            at++;
        if (name && at == count + more && field_find(resource->fields, name)) {
            (*added)[more] = field_find(resource->fields, name);
            all[count + more++] = field_find(resource->fields, name);
        }
    }
    all[count + more] = NULL;
    (*added)[more] = NULL;
    return all;
}

static void write_sheet_row(const struct list_file *file, struct buf *out,
                            const struct list_result *result, size_t row)
{
    (void)out;
    xlsx_row(file->state, result, row);
}

static bool end_sheet(struct cx *cx, const struct list_file *file)
{
    return xlsx_send(cx, file->state, file->name);
}

static bool export_sheet(struct cx *cx, const struct resource *resource, struct list_query *query)
{
    const struct field **added;
    query->columns = with_currencies(cx, resource, query->columns, &added);
    const struct field **columns = spread_columns(cx, query->columns);
    enum xlsx_values values =
        !cx->is_page && text_equal(query_text(cx, "values"), "raw") ? XLSX_RAW : XLSX_SHOWN;
    struct xlsx *xlsx = columns ? xlsx_new(cx, cx_text(cx, resource->title), values) : NULL;
    if (!xlsx)
        return false;
    xlsx_head(xlsx, columns, added);
    const struct list_file file = {.type = XLSX_TYPE,
                                   .name = arena_printf(cx->arena, "%s.xlsx", resource->name),
                                   .write = write_sheet_row,
                                   .end = end_sheet,
                                   .state = xlsx};
    return list_send(cx, resource, query, &file);
}

/* ---- the address ---- */

bool resource_export_as(struct cx *cx, const char *format)
{
    const struct resource *resource = cx->route->about;
    struct list_query query;
    if (!list_read_query(cx, resource, &query) || !export_begins(cx))
        return false;
    if (strcmp(format, "jsonl") == 0)
        return export_lines(cx, resource, &query);
    if (!query.columns)
        query.columns = shape_of(cx, resource)->all;
    if (cx->is_page)
        query.columns = shown_columns(cx, query.columns);
    query.labels = reference_labels(cx, query.columns);
    buf_clear(&cx->response.body);
    return strcmp(format, "xlsx") == 0 ? export_sheet(cx, resource, &query)
                                       : export_table(cx, resource, &query);
}

bool resource_export(struct cx *cx)
{
    const char *format =
        field_find(cx->input->query_fields, "format") ? query_text(cx, "format") : NULL;
    return resource_export_as(cx, format ? format : "csv");
}
