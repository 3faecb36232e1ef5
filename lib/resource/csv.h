/* csv: RFC 4180, in and out. Cells that a spreadsheet would run as a formula
 * (= + - @ tab CR at the front) are written with a leading apostrophe, and such an
 * apostrophe is taken off again when read. */
#ifndef RESOURCE_CSV_H
#define RESOURCE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct arena;

void csv_cell(struct buf *out, const char *text); /* puts the comma unless first in the line */
void csv_line_end(struct buf *out);

struct csv_reader {
    const char *data, *end;
    size_t line;         /* of the row last read, from 1 */
    const char *problem; /* stable code after csv_next() answered false, or NULL at the end */
};
void csv_open(struct csv_reader *reader, const char *data, size_t len); /* skips a BOM */
/* The next row as cells in the arena; false at the end or on a problem. */
bool csv_next(struct csv_reader *reader, struct arena *arena, const char ***cells, size_t *count);

#endif
