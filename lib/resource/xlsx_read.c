#include "resource/xlsx_read.h"

#include <expat.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "resource/xlsx_cell.h"

enum {
    CHUNK = 1 << 16,
    CELLS_MAX = 200,       /* of a row, as of a line of CSV */
    ROWS_MOST = 1 << 20,   /* of a sheet */
    AHEAD = 250,           /* rows that are read at once, */
    AHEAD_BYTES = 4 << 20, /* unless their texts fill this much before */
    TEXT_MOST = 1 << 17,   /* bytes of a cell: 32,767 letters */
    TOKEN_MOST = 4 << 20,  /* bytes that the parser may hold before it says something */
    STRINGS_MOST = 4000000,
    STYLES_MOST = 1 << 16,
    ENTRIES_MOST = 10000,
    RATIO_MOST = 100,
    SPARE = 16 << 20 /* that a small workbook may unpack to */
};
static const uint64_t unpacked_most = 1ULL << 30;

struct xlsx_found_row {
    size_t line, count;
    const char **cells;
    const bool *numbers;
};

struct xlsx_reader {
    struct arena *arena;
    zip_t *zip;
    uint64_t left; /* bytes that may still be unpacked, or given to cells */
    int64_t fed;   /* bytes of the part that the parser has got */
    const char *problem;
    size_t line;
    /* What the workbook says of itself. */
    char sheet_id[64];
    char *sheet, *strings_name, *styles_name;
    bool since_1904;
    struct xlsx_styles styles;
    /* What cells share: texts with a NUL behind each, and where each begins. */
    int fd;
    char *strings;
    size_t strings_len;
    uint32_t *offsets;
    size_t strings_count, strings_room;
    struct buf pending; /* of them not written yet */
    /* The sheet. */
    zip_file_t *file;
    XML_Parser parser;
    bool ended, suspended, gave_up;
    char *chunk;
    /* Where the parser stands. */
    struct buf text;
    bool takes_text, in_phonetic, in_formats;
    char type[12];
    unsigned style;
    size_t row, column;
    const char *cells[CELLS_MAX];
    bool numbers[CELLS_MAX], is_number; /* of the cells, and of this one */
    size_t count;
    /* Rows that were read and not asked for yet. */
    struct arena *ahead;
    struct xlsx_found_row rows[AHEAD];
    const bool *given;                                 /* of the row last given */
    size_t rows_count, rows_at, rows_bytes, row_bytes; /* of their texts, and of this row's */
    bool rows_full;
};

/* ---- names ---- */

bool xlsx_is(const char *data, size_t len)
{
    return len >= 4 && memcmp(data, "PK\x03\x04", 4) == 0;
}

bool xlsx_is_old(const char *data, size_t len)
{
    return len >= 8 && memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

/* "x:row" is "row": which prefix stands for SpreadsheetML is the file's choice. */
static const char *xlsx_local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcasecmp(xlsx_local(*attributes), name) == 0)
            return attributes[1];
    return NULL;
}

static bool xlsx_fail(struct xlsx_reader *reader, const char *problem)
{
    if (!reader->problem)
        reader->problem = problem;
    return false;
}

static void xlsx_stop(struct xlsx_reader *reader, const char *problem)
{
    xlsx_fail(reader, problem);
    XML_StopParser(reader->parser, XML_FALSE);
}

/* ---- a part of the archive ---- */

static void xlsx_refuse_types(void *arg, const char *name, const char *system_id,
                              const char *public_id, int has_internal)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal;
    xlsx_stop(arg, "xlsx_broken");
}

static void xlsx_take_text(void *arg, const char *text, int len)
{
    struct xlsx_reader *reader = arg;
    if (!reader->takes_text)
        return;
    if (reader->text.len + (size_t)len > TEXT_MOST)
        xlsx_stop(reader, "xlsx_broken");
    else
        buf_add(&reader->text, text, (size_t)len);
}

static void xlsx_close_part(struct xlsx_reader *reader)
{
    if (reader->file)
        zip_fclose(reader->file);
    if (reader->parser)
        XML_ParserFree(reader->parser);
    reader->file = NULL;
    reader->parser = NULL;
}

static bool xlsx_open_part(struct xlsx_reader *reader, const char *name,
                           XML_StartElementHandler start, XML_EndElementHandler end)
{
    reader->file = zip_fopen(reader->zip, name, 0);
    reader->parser = reader->file ? XML_ParserCreate(NULL) : NULL;
    if (!reader->parser)
        return xlsx_fail(reader, "xlsx_broken");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, start, end);
    XML_SetCharacterDataHandler(reader->parser, xlsx_take_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, xlsx_refuse_types);
    reader->takes_text = reader->in_phonetic = reader->suspended = false;
    reader->fed = 0;
    buf_clear(&reader->text);
    return true;
}

/* The next piece, or the rest of one at which the parser was stopped. *more: there is more. */
static bool xlsx_parse(struct xlsx_reader *reader, bool *more)
{
    enum XML_Status status;
    zip_int64_t len = 1;
    if (reader->suspended) {
        reader->suspended = false;
        status = XML_ResumeParser(reader->parser);
    } else {
        len = zip_fread(reader->file, reader->chunk, CHUNK);
        if (len < 0)
            return xlsx_fail(reader, "xlsx_broken");
        if ((uint64_t)len > reader->left)
            return xlsx_fail(reader, "xlsx_too_large");
        reader->left -= (uint64_t)len;
        reader->fed += len;
        status = XML_Parse(reader->parser, reader->chunk, (int)len, len == 0);
    }
    *more = len > 0;
    if (status == XML_STATUS_SUSPENDED)
        reader->suspended = true;
    if (reader->fed - XML_GetCurrentByteIndex(reader->parser) > TOKEN_MOST)
        return xlsx_fail(reader, "xlsx_too_large");
    return status != XML_STATUS_ERROR || xlsx_fail(reader, "xlsx_broken");
}

static bool xlsx_read_part(struct xlsx_reader *reader, const char *name,
                           XML_StartElementHandler start, XML_EndElementHandler end)
{
    bool more = true, good = xlsx_open_part(reader, name, start, end);
    while (good && more)
        good = xlsx_parse(reader, &more);
    xlsx_close_part(reader);
    return good;
}

/* ---- the workbook ---- */

static void xlsx_end_nothing(void *arg, const char *name)
{
    (void)arg, (void)name;
}

/* The first sheet that is shown. */
static void xlsx_start_workbook(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name);
    if (strcmp(local, "workbookPr") == 0) {
        const char *since = xlsx_attribute(attributes, "date1904");
        reader->since_1904 = since && (strcmp(since, "1") == 0 || strcmp(since, "true") == 0);
    }
    const char *id = strcmp(local, "sheet") == 0 ? xlsx_attribute(attributes, "id") : NULL;
    const char *state = xlsx_attribute(attributes, "state");
    if (id && !*reader->sheet_id && (!state || strcmp(state, "visible") == 0))
        snprintf(reader->sheet_id, sizeof reader->sheet_id, "%s", id);
}

/* "worksheets/sheet1.xml" beside the workbook, or "/xl/…" from the archive's root. */
static char *xlsx_target(struct arena *arena, const char *target)
{
    return target[0] == '/' ? arena_text(arena, target + 1) : arena_printf(arena, "xl/%s", target);
}

static void xlsx_start_relation(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *id = xlsx_attribute(attributes, "id"), *type = xlsx_attribute(attributes, "type"),
               *target = xlsx_attribute(attributes, "target");
    if (strcmp(xlsx_local(name), "Relationship") != 0 || !id || !type || !target)
        return;
    char **place = strcmp(id, reader->sheet_id) == 0   ? &reader->sheet
                   : text_ends(type, "/sharedStrings") ? &reader->strings_name
                   : text_ends(type, "/styles")        ? &reader->styles_name
                                                       : NULL;
    if (place && !*place)
        *place = xlsx_target(reader->arena, target);
}

/* ---- styles: which numbers are days ---- */

static void xlsx_start_style(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name), *id = xlsx_attribute(attributes, "numFmtId");
    if (strcmp(local, "cellXfs") == 0)
        reader->in_formats = true;
    else if (strcmp(local, "numFmt") == 0 && id && reader->styles.named < STYLES_MOST)
        xlsx_styles_name(&reader->styles, reader->arena, id,
                         xlsx_attribute(attributes, "formatCode"));
    else if (strcmp(local, "xf") == 0 && reader->in_formats && reader->styles.count < STYLES_MOST)
        xlsx_styles_add(&reader->styles, reader->arena, id);
}

static void xlsx_end_style(void *arg, const char *name)
{
    struct xlsx_reader *reader = arg;
    if (strcmp(xlsx_local(name), "cellXfs") == 0)
        reader->in_formats = false;
}

/* ---- texts that cells share ---- */

static bool xlsx_write_strings(struct xlsx_reader *reader)
{
    for (size_t at = 0; at < reader->pending.len;) {
        ssize_t len = write(reader->fd, reader->pending.data + at, reader->pending.len - at);
        if (len <= 0)
            return false;
        at += (size_t)len;
    }
    buf_clear(&reader->pending);
    return true;
}

/* Of what is spoken beside a text (rPh) nothing is read. */
static void xlsx_begin_text(struct xlsx_reader *reader, const char *local)
{
    if (strcmp(local, "rPh") == 0)
        reader->in_phonetic = true;
    else if (strcmp(local, "t") == 0)
        reader->takes_text = !reader->in_phonetic;
}

static void xlsx_end_text(struct xlsx_reader *reader, const char *local)
{
    if (strcmp(local, "rPh") == 0)
        reader->in_phonetic = false;
    else if (strcmp(local, "t") == 0)
        reader->takes_text = false;
}

static void xlsx_start_string(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    (void)attributes;
    if (strcmp(xlsx_local(name), "si") == 0)
        buf_clear(&reader->text);
    else
        xlsx_begin_text(reader, xlsx_local(name));
}

static bool xlsx_add_string(struct xlsx_reader *reader)
{
    if (reader->strings_count == STRINGS_MOST || reader->strings_len > UINT32_MAX - TEXT_MOST - 1)
        return false;
    if (reader->strings_count == reader->strings_room) {
        size_t room = reader->strings_room ? 2 * reader->strings_room : 1024;
        uint32_t *grown = realloc(reader->offsets, room * sizeof *grown);
        if (!grown)
            return false;
        reader->offsets = grown;
        reader->strings_room = room;
    }
    xlsx_cell_unescape(&reader->text);
    reader->offsets[reader->strings_count++] = (uint32_t)reader->strings_len;
    buf_add(&reader->pending, reader->text.data, reader->text.len + 1); /* with its NUL */
    reader->strings_len += reader->text.len + 1;
    return reader->pending.len < CHUNK || xlsx_write_strings(reader);
}

static void xlsx_end_string(void *arg, const char *name)
{
    struct xlsx_reader *reader = arg;
    if (strcmp(xlsx_local(name), "si") != 0)
        xlsx_end_text(reader, xlsx_local(name));
    else if (!xlsx_add_string(reader))
        xlsx_stop(reader, "xlsx_too_large");
}

static bool xlsx_read_strings(struct xlsx_reader *reader, const char *folder)
{
    if (!reader->strings_name)
        return true;
    reader->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (reader->fd < 0)
        return xlsx_fail(reader, "xlsx_broken");
    if (!xlsx_read_part(reader, reader->strings_name, xlsx_start_string, xlsx_end_string))
        return false;
    if (!xlsx_write_strings(reader))
        return xlsx_fail(reader, "xlsx_too_large");
    if (reader->strings_len == 0)
        return true;
    reader->strings = mmap(NULL, reader->strings_len, PROT_READ, MAP_PRIVATE, reader->fd, 0);
    if (reader->strings != MAP_FAILED)
        return true;
    reader->strings = NULL;
    return xlsx_fail(reader, "xlsx_broken");
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

static zip_t *xlsx_open_archive(const char *data, size_t len)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(data, len, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (source && !zip)
        zip_source_free(source);
    zip_error_fini(&error);
    return zip;
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
    reader->zip = xlsx_open_archive(data, len);
    if (!reader->zip || zip_get_num_entries(reader->zip, 0) > ENTRIES_MOST) {
        xlsx_fail(reader, "xlsx_broken");
        return reader;
    }
    bool good = xlsx_read_part(reader, "xl/workbook.xml", xlsx_start_workbook, xlsx_end_nothing) &&
                xlsx_read_part(reader, "xl/_rels/workbook.xml.rels", xlsx_start_relation,
                               xlsx_end_nothing) &&
                (!reader->styles_name ||
                 xlsx_read_part(reader, reader->styles_name, xlsx_start_style, xlsx_end_style)) &&
                xlsx_read_strings(reader, folder);
    if (good && !reader->sheet)
        good = xlsx_fail(reader, "xlsx_broken");
    if (good)
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
