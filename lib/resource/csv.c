#include "resource/csv.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { CELLS_MAX = 200 };

/* A negative number is not one. */
static bool is_formula(const char *text)
{
    if (*text == '-' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1))
        return false;
    return *text && strchr("=+-@\t\r", *text) != NULL;
}

void csv_cell(struct buf *out, const char *text)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        buf_putc(out, ',');
    if (!text || !*text) {
        buf_puts(out, "\"\"");
        return;
    }
    bool quote = is_formula(text) || strpbrk(text, ",;\t\"\r\n") || *text == ' ' || *text == '\'';
    if (!quote) {
        buf_puts(out, text);
        return;
    }
    buf_putc(out, '"');
    if (is_formula(text) || *text == '\'')
        buf_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_putc(out, '"');
        buf_putc(out, *text);
    }
    buf_putc(out, '"');
}

void csv_line_end(struct buf *out)
{
    buf_puts(out, "\r\n");
}

void csv_open(struct csv_reader *reader, const char *data, size_t len)
{
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        data += 3, len -= 3;
    *reader = (struct csv_reader){.data = data, .end = data + len};
}

static bool refuse(struct csv_reader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

static bool read_quoted(struct csv_reader *reader, struct buf *cell)
{
    for (reader->data++; reader->data < reader->end; reader->data++) {
        if (*reader->data != '"') {
            buf_putc(cell, *reader->data);
            continue;
        }
        if (reader->data + 1 < reader->end && reader->data[1] == '"') {
            buf_putc(cell, '"');
            reader->data++;
            continue;
        }
        reader->data++;
        bool ends = reader->data == reader->end || strchr(",\r\n", *reader->data);
        return ends || refuse(reader, "csv_quote");
    }
    return refuse(reader, "csv_quote");
}

static bool read_plain(struct csv_reader *reader, struct buf *cell)
{
    while (reader->data < reader->end && *reader->data != ',' && *reader->data != '\r' &&
           *reader->data != '\n') {
        if (*reader->data == '"')
            return refuse(reader, "csv_quote");
        buf_putc(cell, *reader->data++);
    }
    return true;
}

/* The apostrophe that csv_cell() put before what looks like a formula. */
static const char *without_guard(const char *text)
{
    return text[0] == '\'' && (is_formula(text + 1) || text[1] == '\'') ? text + 1 : text;
}

static void skip_line_end(struct csv_reader *reader)
{
    if (reader->data < reader->end && *reader->data == '\r')
        reader->data++;
    if (reader->data < reader->end && *reader->data == '\n')
        reader->data++;
}

bool csv_next(struct csv_reader *reader, struct arena *arena, const char ***cells, size_t *count)
{
    reader->problem = NULL;
    while (reader->data < reader->end && (*reader->data == '\r' || *reader->data == '\n'))
        skip_line_end(reader);
    if (reader->data >= reader->end)
        return false;
    reader->line++;
    *cells = arena_alloc(arena, CELLS_MAX * sizeof **cells);
    for (*count = 0;;) {
        struct buf cell;
        buf_init(&cell, arena);
        bool quoted = reader->data < reader->end && *reader->data == '"';
        if (*count == CELLS_MAX)
            return refuse(reader, "csv_too_many_cells");
        if (!(quoted ? read_quoted(reader, &cell) : read_plain(reader, &cell)))
            return false;
        if (!text_is_utf8(cell.data, cell.len))
            return refuse(reader, "csv_utf8");
        (*cells)[(*count)++] = without_guard(cell.data);
        if (reader->data >= reader->end || *reader->data != ',')
            break;
        reader->data++;
    }
    skip_line_end(reader);
    return true;
}
