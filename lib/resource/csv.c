#include "resource/csv.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { CELLS_MAX = 200 };

/* ---- what spreadsheets run ---- */

static bool is_number(const char *text)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text += *text == '-', digits);
    size_t rest = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    return whole > 0 && text[whole + (rest ? rest + 1 : 0)] == '\0';
}

/* = + - @, and the same in full width: U+FF1D, U+FF0B, U+FF0D, U+FF20. */
static bool begins_formula(const char *text)
{
    return (*text && strchr("=+-@", *text)) || text_starts(text, "\xef\xbc\x9d") ||
           text_starts(text, "\xef\xbc\x8b") || text_starts(text, "\xef\xbc\x8d") ||
           text_starts(text, "\xef\xbc\xa0");
}

static bool is_formula(const char *text)
{
    return *text == '\t' || *text == '\r' ||
           (begins_formula(text + (*text == ';')) && !is_number(text));
}

/* Whether at this semicolon something begins that is guarded: a formula, or apostrophes
 * before one, so that one of them can be told from ours. */
static bool guards_behind(const char *at)
{
    return *at == ';' && begins_formula(at + 1 + strspn(at + 1, "'"));
}

static void put_guarded(struct buf *out, const char *text)
{
    if (is_formula(text) || *text == '\'')
        buf_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_putc(out, '"');
        buf_putc(out, *text);
        if (guards_behind(text))
            buf_putc(out, '\'');
    }
}

static const char *without_guards(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        *to++ = *from;
        if (guards_behind(from) && from[1] == '\'')
            from++;
    }
    *to = '\0';
    return *text == '\'' && (is_formula(text + 1) || text[1] == '\'') ? text + 1 : text;
}

/* ---- out ---- */

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
    put_guarded(out, text);
    buf_putc(out, '"');
}

void csv_line_end(struct buf *out)
{
    buf_puts(out, "\r\n");
}

/* ---- in ---- */

static void skip_line_end(struct csv_reader *reader)
{
    bool ends = reader->data < reader->end && strchr("\r\n", *reader->data) && *reader->data;
    if (reader->data < reader->end && *reader->data == '\r')
        reader->data++;
    if (reader->data < reader->end && *reader->data == '\n')
        reader->data++;
    reader->next_line += ends;
}

/* "sep=;" before everything, as spreadsheets write and read it. */
static bool read_separator(struct csv_reader *reader)
{
    const char *data = reader->data;
    size_t left = (size_t)(reader->end - data);
    if (left < 5 || strncasecmp(data, "sep=", 4) != 0 || !strchr(",;\t|", data[4]) || !data[4] ||
        (left > 5 && data[5] != '\r' && data[5] != '\n'))
        return false;
    reader->separator = data[4];
    reader->data += 5;
    skip_line_end(reader);
    return true;
}

static char likely_separator(const char *data, const char *end)
{
    static const char separators[] = ",;\t";
    size_t counts[sizeof separators] = {0}, best = 0;
    bool quoted = false;
    for (; data < end && (quoted || (*data != '\r' && *data != '\n')); data++) {
        const char *found = *data ? strchr(separators, *data) : NULL;
        quoted ^= *data == '"';
        if (found && !quoted)
            counts[found - separators]++;
    }
    for (size_t i = 1; i < sizeof separators; i++)
        if (counts[i] > counts[best])
            best = i;
    return separators[best];
}

void csv_open(struct csv_reader *reader, const char *data, size_t len)
{
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        data += 3, len -= 3;
    *reader = (struct csv_reader){.data = data, .end = data + len, .next_line = 1};
    if (read_separator(reader))
        return;
    while (reader->data < reader->end && (*reader->data == '\r' || *reader->data == '\n'))
        skip_line_end(reader);
    reader->separator = likely_separator(reader->data, reader->end);
}

static bool refuse(struct csv_reader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

static bool ends_cell(const struct csv_reader *reader)
{
    return reader->data >= reader->end || *reader->data == reader->separator ||
           *reader->data == '\r' || *reader->data == '\n';
}

static bool read_quoted(struct csv_reader *reader, struct buf *cell)
{
    for (reader->data++; reader->data < reader->end; reader->data++) {
        if (*reader->data != '"') {
            bool pair =
                *reader->data == '\r' && reader->data + 1 < reader->end && reader->data[1] == '\n';
            reader->next_line += *reader->data == '\n' || (*reader->data == '\r' && !pair);
            buf_putc(cell, *reader->data);
            continue;
        }
        if (reader->data + 1 < reader->end && reader->data[1] == '"') {
            buf_putc(cell, '"');
            reader->data++;
            continue;
        }
        reader->data++;
        return ends_cell(reader) || refuse(reader, "csv_quote");
    }
    return refuse(reader, "csv_quote");
}

/* A quote within is one (inches, 41°24'12.2"N), as everybody reads it. */
static bool read_plain(struct csv_reader *reader, struct buf *cell)
{
    while (!ends_cell(reader))
        buf_putc(cell, *reader->data++);
    return true;
}

bool csv_next(struct csv_reader *reader, struct arena *arena, const char ***cells, size_t *count)
{
    reader->problem = NULL;
    while (reader->data < reader->end && (*reader->data == '\r' || *reader->data == '\n'))
        skip_line_end(reader);
    if (reader->data >= reader->end)
        return false;
    reader->line = reader->next_line;
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
        (*cells)[(*count)++] = without_guards(cell.data);
        if (reader->data >= reader->end || *reader->data != reader->separator)
            break;
        reader->data++;
    }
    skip_line_end(reader);
    return true;
}
