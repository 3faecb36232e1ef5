/* export: everything that a filter shows, as CSV.
 *
 * It is read in chunks by cursor, so that no statement is long and rows that
 * come meanwhile shift nothing; the memory of a chunk is given back before the
 * next is read. The text itself is sent when it is whole: a failure in between
 * is an answer of its own and never half a file. */
#include <string.h>

#include "base/clock.h"
#include "http/cx.h"
#include "resource/csv.h"
#include "resource/internal.h"

enum { ROWS_MAX = 100000 };
static const size_t bytes_max = (size_t)64 << 20;

static void free_arena(void *arena)
{
    arena_free(arena);
}

static bool is_too_large(struct cx *cx, size_t rows)
{
    if (rows <= ROWS_MAX && cx->response.body.len <= bytes_max)
        return false;
    fail(cx, 422, "export_too_large", "This is more than %d rows or %zu MiB: narrow it by filters.",
         ROWS_MAX, bytes_max >> 20);
    return true;
}

/* One chunk in memory of its own. What a failure says stays until the request ends. */
static bool run_chunk(struct cx *cx, struct arena *chunk, const struct resource *resource,
                      const struct list_query *query, struct list_result *result)
{
    struct arena *request = cx->arena;
    arena_reset(chunk);
    cx->arena = cx->db.arena = chunk;
    bool good = list_run(cx, resource, query, result);
    cx->arena = cx->db.arena = request;
    return good;
}

bool list_each(struct cx *cx, const struct resource *resource, const struct list_query *query,
               list_row_writer *write)
{
    struct arena *chunk = arena_new();
    struct list_query all = *query;
    struct list_result result;
    size_t total = 0;
    arena_defer(cx->arena, free_arena, chunk);
    all.limit = LIMIT_EXPORT;
    all.page = 1;
    all.count = false;
    all.slow = true;
    if (!all.columns)
        all.columns = resource_columns(resource);
    do {
        if (!run_chunk(cx, chunk, resource, &all, &result))
            return false;
        for (size_t i = 0; i < rows_count(result.rows); i++)
            write(&cx->response.body, &result, i);
        total += rows_count(result.rows);
        if (is_too_large(cx, total))
            return false;
        all.after = arena_text(cx->arena, result.next_cursor);
    } while (all.after);
    return true;
}

/* ---- CSV ---- */

static void write_head(struct buf *out, const struct field *const *columns)
{
    for (int i = 0; columns[i]; i++)
        csv_cell(out, field_json_name(columns[i]));
    csv_line_end(out);
}

static void write_line(struct buf *out, const struct list_result *result, size_t row)
{
    char time[32];
    for (int i = 0; result->fields[i]; i++) {
        const char *text = rows_text(result->rows, row, i);
        if (text && result->fields[i]->type == TIME && clock_from_database(text, time))
            text = time;
        else if (text && result->fields[i]->type == BOOL)
            text = text[0] == 't' ? "true" : "false";
        csv_cell(out, text);
    }
    csv_line_end(out);
}

bool resource_export(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_query query;
    if (!list_read_query(cx, resource, &query) || !export_begins(cx))
        return false;
    buf_clear(&cx->response.body);
    write_head(&cx->response.body, query.columns ? query.columns : resource_columns(resource));
    if (!list_each(cx, resource, &query, write_line))
        return false;
    return respond_file(cx, "text/csv; charset=utf-8",
                        arena_printf(cx->arena, "%s.csv", resource->name));
}
