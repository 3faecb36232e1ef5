/* internal: what the files of the engine share. */
#ifndef RESOURCE_INTERNAL_H
#define RESOURCE_INTERNAL_H

#include "base/buf.h"
#include "resource/resource.h"

/* ---- columns.c ---- */
/* The fields that an answer has, NULL-terminated: the common ones, then the
 * resource's own that may be seen. Kept for the life of the process. */
const struct field **resource_columns(const struct resource *resource);
/* "id, created_at, …" or the expressions of computed fields. */
void columns_sql(struct buf *sql, const struct field *const *columns);
/* A field by its JSON name among the columns; NULL: none. */
const struct field *column_find(const struct resource *resource, const char *json_name);
/* The expression that stands for a field in conditions. */
const char *column_expression(const struct field *field);

/* ---- statements.c ---- */
/* A statement made by the engine; the same text gives the same name, so that
 * each connection prepares it once. Bounded. */
const struct statement *statement_made(struct arena *arena, const char *sql, unsigned flags);

/* ---- list.c ---- */
struct conditions {
    struct arena *arena;
    struct buf sql; /* "" or "where …" */
    const char *parameters[48];
    int count;
};
void conditions_init(struct conditions *conditions, struct arena *arena);
/* Adds a parameter; its number. */
int conditions_parameter(struct conditions *conditions, const char *value);
/* "and"s a condition written with the parameters' numbers. */
void conditions_add(struct conditions *conditions, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- cursor.c ---- */
/* An opaque place in a list: the sort, the sorted value (NULL: null) and the id. */
char *cursor_write(struct arena *arena, const char *sort, const char *value, const char *id);
bool cursor_read(struct arena *arena, const char *cursor, const char *sort, const char **value,
                 const char **id);

#endif
