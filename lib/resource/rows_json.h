/* rows_json: rows of a statement of one's own as JSON, by a table of fields: column
 * i is fields[i]. Columns beyond the table, and fields beyond the columns, are the
 * caller's. What the engine lists itself goes by record_write_json().
 */
#ifndef RESOURCE_ROWS_JSON_H
#define RESOURCE_ROWS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"
#include "http/response.h"
#include "resource/field.h"

/* One row's members, into an object that is open. */
void row_write_members(struct json *json, const struct field *fields, const struct rows *rows,
                       size_t row);
/* One row as an object. */
void row_write_json(struct json *json, const struct field *fields, const struct rows *rows,
                    size_t row);

/* The first `count` rows as the answer, with `meta`; NULL: they are all, and none is needed. */
bool respond_rows(struct cx *cx, const struct field *fields, const struct rows *rows, size_t count,
                  const struct list_meta *meta);
/* A closed set, which is always whole and has no meta: what may grow is paged (resource/paged.h).
 * NULL rows: what the database said. */
bool respond_all_rows(struct cx *cx, const struct field *fields, const struct rows *rows);

#endif
