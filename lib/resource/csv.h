/* csv: RFC 4180, in and out. Cells that a spreadsheet would run as a formula (= + - @ in
 * ASCII or full width, tab or CR at the front, also behind a semicolon, which is where
 * spreadsheets of half the world begin a new cell) are written with an apostrophe before
 * it, and such an apostrophe is taken off again when read. Numbers are none, -12.5 either. */
#ifndef RESOURCE_CSV_H
#define RESOURCE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct arena;

void csv_cell(struct buf *out, const char *text); /* puts the comma unless first in the line */
void csv_line_end(struct buf *out);

/* What spreadsheets save, as UTF-8 without a mark of byte order. `charset` is what was said
 * of it, in small letters, or NULL: then UTF-16 is told by its mark or its zeros, and what
 * holds no UTF-8 at all is Windows-1252. The data itself, or a copy in the arena. NULL: this
 * charset is not read. What is not well-formed stays so, for csv_next() to find. */
const char *csv_decode(struct arena *arena, const char *charset, const char *data, size_t *len);

struct csv_reader {
    const char *data, *end;
    char separator;      /* of the cells: comma, semicolon or tab, whichever the first line has
                            most of outside quotes, or what a line "sep=;" before it says */
    size_t line;         /* where the row last read begins, from 1 */
    size_t next_line;    /* where the reader stands */
    const char *problem; /* stable code after csv_next() answered false, or NULL at the end */
};
void csv_open(struct csv_reader *reader, const char *data, size_t len); /* skips a BOM */
/* The next row as cells in the arena, empty lines passed over; false at the end or on a
 * problem (csv_quote, csv_utf8, csv_too_many_cells), which is in the row at .line. */
bool csv_next(struct csv_reader *reader, struct arena *arena, const char ***cells, size_t *count);

#endif
