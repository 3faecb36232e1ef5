/* source: the rows of the file that a request brought, CSV or XLSX, cut into parts that are kept. A
 * file in the request's folder is mapped, not read: what was cut is given back as it goes. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/csv.h"
#include "resource/xlsx_read.h"

/* ---- the request's file ---- */

struct source_map {
    void *data;
    size_t size;
};

static void source_unmap(void *arg)
{
    const struct source_map *map = arg;
    munmap(map->data, map->size);
}

static bool source_map_file(struct cx *cx, const struct upload *upload, const char **data)
{
    struct source_map *map = arena_alloc(cx->arena, sizeof *map);
    int fd = open(upload->path, O_RDONLY | O_CLOEXEC);
    *map = (struct source_map){MAP_FAILED, upload->size};
    if (fd >= 0) {
        map->data = mmap(NULL, upload->size, PROT_READ, MAP_PRIVATE, fd, 0);
        close(fd);
    }
    if (map->data == MAP_FAILED)
        return fail(cx, 500, "internal", "The file could not be read.");
    madvise(map->data, map->size, MADV_SEQUENTIAL);
    arena_defer(cx->arena, source_unmap, map);
    *data = map->data;
    return true;
}

static bool source_read(struct cx *cx, const char **data, size_t *len, const char **name)
{
    const struct upload *upload = cx->request.uploads;
    *name = upload ? upload->file_name : NULL;
    *data = upload ? upload->data : cx->request.body;
    *len = upload ? upload->size : cx->request.body_len;
    if (*len == 0)
        return fail_field(cx, "file", "required", "Choose a CSV or XLSX file.");
    return *data || !upload || source_map_file(cx, upload, data);
}

/* ---- CSV ---- */

static bool source_next_csv(struct import_source *source, struct arena *arena, const char ***cells,
                            size_t *count)
{
    struct csv_reader *reader = source->state;
    bool there = csv_next(reader, arena, cells, count);
    source->line = reader->line;
    source->problem = reader->problem;
    return there;
}

static bool source_open_csv(struct cx *cx, const char *data, size_t len, struct import_source *out)
{
    struct csv_reader *reader = arena_alloc(cx->arena, sizeof *reader);
    out->next = source_next_csv;
    out->state = reader;
    out->breaks = "From here on the file is not CSV.";
    data = csv_decode(cx->arena, cx->request.charset, data, &len);
    if (!data)
        return fail_field(cx, "file", "csv_charset",
                          "Send UTF-8, UTF-16 or Windows-1252, not \"%s\".", cx->request.charset);
    csv_open(reader, data, len);
    return true;
}

/* ---- XLSX ---- */

struct source_sheet {
    struct arena *arena;
    const char *data, *folder;
    size_t len;
    struct xlsx_reader *reader;
};

static void source_begin_sheet(void *arg)
{
    struct source_sheet *it = arg;
    it->reader = xlsx_open(it->arena, it->data, it->len, it->folder);
}

static void source_read_ahead(void *arg)
{
    xlsx_read_ahead(arg);
}

static bool source_next_xlsx(struct import_source *source, struct arena *arena, const char ***cells,
                             size_t *count)
{
    struct xlsx_reader *reader = source->state;
    if (!xlsx_has_read(reader))
        thread_call(source_read_ahead, reader);
    bool there = xlsx_next(reader, arena, cells, count);
    source->line = xlsx_line(reader);
    source->numbers = xlsx_numbers(reader);
    source->problem = there ? NULL : xlsx_problem(reader);
    return there;
}

/* On a helper thread: nobody waits for a workbook but who sent it. */
static bool source_open_xlsx(struct cx *cx, const char *data, size_t len, struct import_source *out)
{
    struct source_sheet sheet = {
        .arena = cx->arena,
        .data = data,
        .len = len,
        .folder = arena_printf(cx->arena, "%s/run", config_text(CONFIG_TULOU_VAR))};
    thread_call(source_begin_sheet, &sheet);
    out->next = source_next_xlsx;
    out->state = sheet.reader;
    out->breaks = "The workbook cannot be read, or not from here on.";
    return true;
}

/* ---- whichever it is ---- */

bool import_source_open(struct cx *cx, struct import_source *out)
{
    const char *data;
    size_t len;
    *out = (struct import_source){.next = NULL};
    if (!source_read(cx, &data, &len, &out->file_name))
        return false;
    if (xlsx_is_old(data, len))
        return fail_field(cx, "file", "xlsx_old",
                          "This is an old or a locked workbook: save it as XLSX, without a "
                          "password.");
    return xlsx_is(data, len) ? source_open_xlsx(cx, data, len, out)
                              : source_open_csv(cx, data, len, out);
}

/* ---- parts ---- */

struct source_part {
    struct cx *cx;
    struct db *db;
    const struct import_plan *plan;
    struct import_state *state;
    struct arena *arena; /* of the part */
    struct buf text;
    struct json json;
    size_t rows;
    bool day_first, month_first; /* seen in a date */
};

static void source_begin_part(struct source_part *part)
{
    arena_reset(part->arena);
    buf_init(&part->text, part->arena);
    json_start(&part->json, &part->text);
    json_open_array(&part->json);
    part->rows = 0;
}

static bool source_end_part(struct source_part *part)
{
    struct arena *request = part->db->arena;
    if (part->rows == 0)
        return true;
    json_close_array(&part->json);
    part->db->arena = part->arena;
    bool stored = import_add_part(part->db, part->state, part->text.data);
    part->db->arena = request;
    part->state->parts++;
    source_begin_part(part);
    return stored;
}

/* Often a separator within a text that was not put in quotes: "Doe, Jane". */
static size_t source_surplus(struct source_part *part, const char **cells, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        bool named = at < part->plan->width && *part->plan->columns[at].title;
        if (!named && *text_trim(part->arena, cells[at]))
            return at + 1;
    }
    return 0;
}

static void source_look_at_dates(struct source_part *part, const char **cells, size_t count)
{
    for (size_t at = 0; at < count && at < part->plan->width; at++) {
        const struct field *field = part->plan->columns[at].field;
        if (!field || (field->type != DATE && field->type != TIME))
            continue;
        const char *order = import_date_order(text_trim(part->arena, cells[at]));
        part->day_first = part->day_first || (order && *order == 'd');
        part->month_first = part->month_first || (order && *order == 'm');
    }
}

static void source_add_row(struct source_part *part, const struct import_source *source,
                           const char **cells, size_t count, const char *code, const char *message)
{
    struct json *json = &part->json;
    json_open_array(json);
    json_put_int(json, (int64_t)source->line);
    json_open_array(json);
    for (size_t at = 0; at < count; at++)
        if (source->numbers && source->numbers[at])
            json_put_raw(json, cells[at], strlen(cells[at]));
        else
            json_put_text(json, cells[at]);
    json_close_array(json);
    if (code) {
        json_put_text(json, code);
        json_put_text(json, message);
    }
    json_close_array(json);
    part->rows++;
    part->state->total++;
}

static bool source_take_row(struct source_part *part, const struct import_source *source,
                            const char **cells, size_t count)
{
    struct cx *cx = part->cx;
    size_t surplus = source_surplus(part, cells, count);
    if (part->state->total >= IMPORT_ROWS_MAX)
        return fail_field(cx, "file", "too_many_rows", "Import at most %d rows at once.",
                          IMPORT_ROWS_MAX);
    if (surplus > 0)
        source_add_row(part, source, cells, count, "csv_cells_surplus",
                       cx_printf(cx,
                                 "Column %zu has no name in the first line, but this line "
                                 "has a cell there. Put texts with separators in quotes.",
                                 surplus));
    else
        source_add_row(part, source, cells, count, NULL, NULL);
    source_look_at_dates(part, cells, count);
    bool full = part->rows >= IMPORT_PART_ROWS || part->text.len > IMPORT_PART_BYTES;
    return !full || source_end_part(part) || (cx->db.error = part->db->error, fail_db(cx));
}

static const char *source_dates(const struct source_part *part)
{
    if (part->plan->dates)
        return part->plan->dates;
    return part->day_first == part->month_first ? "ymd" : part->day_first ? "dmy" : "mdy";
}

static void source_free(void *arena)
{
    arena_free(arena);
}

bool import_source_store(struct cx *cx, struct db *db, struct import_source *source,
                         const struct import_plan *plan, struct import_state *state)
{
    struct source_part part = {
        .cx = cx, .db = db, .plan = plan, .state = state, .arena = arena_new()};
    const char **cells;
    size_t count;
    arena_defer(cx->arena, source_free, part.arena);
    source_begin_part(&part);
    while (source->next(source, part.arena, &cells, &count))
        if (!source_take_row(&part, source, cells, count))
            return false;
    if (source->problem)
        source_add_row(&part, source, NULL, 0, source->problem, cx_text(cx, source->breaks));
    state->dates = source_dates(&part);
    if (source_end_part(&part) && import_set_size(db, state))
        return true;
    cx->db.error = db->error;
    return fail_db(cx);
}
