#include "resource/xlsx_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/xlsx_parts.h"

bool xlsx_is(const char *data, size_t len)
{
    return len >= 4 && memcmp(data, "PK\x03\x04", 4) == 0;
}

bool xlsx_is_old(const char *data, size_t len)
{
    return len >= 8 && memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

/* ---- the sheet ---- */

static void xlsx_begin_row(struct xlsx_reader *reader, const char **attributes)
{
    const char *number = xlsx_attribute(attributes, "r");
    int64_t row = 0;
    if (!number && reader->row < ROWS_MOST)
        reader->row++;
    else if (!number)
        xlsx_stop(reader, "xlsx_too_large");
    else if (text_to_int(number, 1, ROWS_MOST, &row) && (size_t)row > reader->row)
        reader->row = (size_t)row;
    else
        xlsx_stop(reader, "xlsx_broken");
    reader->column = reader->count = reader->row_bytes = 0;
}

/* "BC12" is the 55th column. */
static void xlsx_begin_cell(struct xlsx_reader *reader, const char **attributes)
{
    const char *place = xlsx_attribute(attributes, "r"), *style = xlsx_attribute(attributes, "s"),
               *type = xlsx_attribute(attributes, "t");
    int64_t number = 0;
    if (place) {
        reader->column = 0;
        for (; *place >= 'A' && *place <= 'Z' && reader->column < 20000; place++)
            reader->column = reader->column * 26 + (size_t)(*place - 'A' + 1);
    } else {
        reader->column++;
    }
    reader->style = style && text_to_int(style, 0, STYLES_MOST, &number) ? (unsigned)number : 0;
    snprintf(reader->type, sizeof reader->type, "%s", type ? type : "n");
    buf_clear(&reader->text);
}

static void xlsx_start_cell(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name);
    if (strcmp(local, "row") == 0)
        xlsx_begin_row(reader, attributes);
    else if (strcmp(local, "c") == 0)
        xlsx_begin_cell(reader, attributes);
    else if (strcmp(local, "v") == 0)
        reader->takes_text = true;
    else
        xlsx_begin_text(reader, local);
}

static const char *xlsx_shared(const struct xlsx_reader *reader, const char *number)
{
    int64_t at;
    return text_to_int(number, 0, (int64_t)reader->strings_count - 1, &at) && reader->strings
               ? reader->strings + reader->offsets[at]
               : NULL;
}

static const char *xlsx_value(struct xlsx_reader *reader)
{
    const char *raw = reader->text.data, *type = reader->type;
    if (strcmp(type, "s") == 0)
        return xlsx_shared(reader, raw);
    if (strcmp(type, "b") == 0)
        return *raw == '1' ? "true" : "false";
    if (strcmp(type, "n") == 0)
        return xlsx_cell_number(reader->ahead, raw,
                                xlsx_styles_kind(&reader->styles, reader->style),
                                reader->since_1904, &reader->is_number);
    xlsx_cell_unescape(&reader->text);
    return reader->text.data;
}

static void xlsx_end_cell_value(struct xlsx_reader *reader)
{
    reader->is_number = false;
    const char *value = reader->text.len > 0 ? xlsx_value(reader) : "";
    if (!value) {
        xlsx_stop(reader, "xlsx_broken");
        return;
    }
    if (!*value || reader->column == 0)
        return;
    if (reader->column > CELLS_MAX) {
        xlsx_stop(reader, "csv_too_many_cells");
        return;
    }
    size_t len = strlen(value); /* one text may be shared by any number of cells */
    reader->row_bytes += len;
    if (len > reader->left || reader->row_bytes > (size_t)CELLS_MAX * TEXT_MOST) {
        xlsx_stop(reader, "xlsx_too_large");
        return;
    }
    reader->left -= len;
    while (reader->count < reader->column) {
        reader->numbers[reader->count] = false;
        reader->cells[reader->count++] = "";
    }
    reader->numbers[reader->column - 1] = reader->is_number;
    reader->cells[reader->column - 1] = arena_text(reader->ahead, value);
}

static void xlsx_end_row(struct xlsx_reader *reader)
{
    if (reader->count == 0)
        return;
    size_t count = reader->count;
    const char **cells = arena_alloc(reader->ahead, sizeof *cells * count);
    bool *numbers = arena_alloc(reader->ahead, count);
    memcpy(cells, reader->cells, sizeof *cells * count);
    memcpy(numbers, reader->numbers, count);
    reader->rows[reader->rows_count++] =
        (struct xlsx_found_row){reader->row, count, cells, numbers};
    reader->rows_bytes += reader->row_bytes;
    reader->rows_full = reader->rows_count == AHEAD || reader->rows_bytes > AHEAD_BYTES;
    if (reader->rows_full)
        XML_StopParser(reader->parser, XML_TRUE);
}

static void xlsx_end_cell(void *arg, const char *name)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name);
    if (strcmp(local, "row") == 0)
        xlsx_end_row(reader);
    else if (strcmp(local, "c") == 0)
        xlsx_end_cell_value(reader);
    else if (strcmp(local, "v") == 0)
        reader->takes_text = false;
    else
        xlsx_end_text(reader, local);
}

/* ---- all of it ---- */

static void xlsx_release(void *arg)
{
    struct xlsx_reader *reader = arg;
    xlsx_close_part(reader);
    if (reader->zip)
        zip_discard(reader->zip);
    if (reader->strings)
        munmap(reader->strings, reader->strings_len);
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->offsets);
    arena_free(reader->ahead);
}

struct xlsx_reader *xlsx_open(struct arena *arena, const char *data, size_t len, const char *folder)
{
    struct xlsx_reader *reader = arena_alloc(arena, sizeof *reader);
    *reader = (struct xlsx_reader){.arena = arena, .fd = -1, .ahead = arena_new()};
    arena_defer(arena, xlsx_release, reader);
    reader->chunk = arena_alloc(arena, CHUNK);
    reader->left = (uint64_t)len * RATIO_MOST + SPARE;
    if (reader->left > unpacked_most)
        reader->left = unpacked_most;
    buf_init(&reader->text, arena);
    buf_init(&reader->pending, arena);
    buf_reserve(&reader->text, 1); /* "" is a text too */
    buf_clear(&reader->text);
    if (xlsx_read_book(reader, data, len, folder))
        xlsx_open_part(reader, reader->sheet, xlsx_start_cell, xlsx_end_cell);
    return reader;
}

bool xlsx_has_read(const struct xlsx_reader *reader)
{
    return reader->rows_at < reader->rows_count || reader->ended || reader->problem;
}

void xlsx_read_ahead(struct xlsx_reader *reader)
{
    if (xlsx_has_read(reader))
        return;
    arena_reset(reader->ahead);
    reader->rows_at = reader->rows_count = reader->rows_bytes = 0;
    reader->rows_full = false;
    bool more = true;
    while (more && !reader->rows_full)
        if (!xlsx_parse(reader, &more))
            break;
    reader->ended = !more && !reader->suspended;
}

bool xlsx_next(struct xlsx_reader *reader, struct arena *arena, const char ***cells, size_t *count)
{
    xlsx_read_ahead(reader);
    if (reader->rows_at == reader->rows_count) {
        reader->gave_up = reader->problem != NULL;
        return false;
    }
    const struct xlsx_found_row *row = &reader->rows[reader->rows_at++];
    reader->line = row->line;
    reader->given = row->numbers;
    *count = row->count;
    *cells = arena_alloc(arena, sizeof **cells * row->count);
    for (size_t i = 0; i < row->count; i++)
        (*cells)[i] = arena_text(arena, row->cells[i]);
    return true;
}

const bool *xlsx_numbers(const struct xlsx_reader *reader)
{
    return reader->given;
}

/* What is wrong is so behind the last row that was good. */
size_t xlsx_line(const struct xlsx_reader *reader)
{
    bool ends = reader->rows_at == reader->rows_count && reader->gave_up;
    return !ends ? reader->line : reader->row > reader->line ? reader->row : reader->line + 1;
}

const char *xlsx_problem(const struct xlsx_reader *reader)
{
    return reader->rows_at < reader->rows_count ? NULL : reader->problem;
}
