/* custom_internal: what the files of custom fields share. */
#ifndef RESOURCE_CUSTOM_INTERNAL_H
#define RESOURCE_CUSTOM_INTERNAL_H

#include "resource/custom.h"

struct arena;
struct rows;

/* The definitions as rows of custom_make_statement and the keys that are being removed as rows of
 * one column become fields in the arena, which owns all of it. custom_make.c */
extern const struct statement custom_read_definitions, custom_read_removals;
void custom_make(struct arena *arena, const struct resource *resource, const struct rows *rows,
                 const struct rows *removed, struct custom *out);
/* Whether it is an amount of money, behind which its currency stands. */
bool custom_is_money(const struct custom_definition *definition);

/* ---- custom_walk.c ---- */
struct conditions;
struct order;
/* What a list is ordered by in place of the field. */
const struct field *custom_ordered(struct arena *arena, const struct field *field);
/* Whether the order is by one field whose values have an index. */
bool custom_walk_serves(const struct order *order);
/* The conditions become those rows among which the first `most` behind the place are; `values`
 * NULL: the first of all. */
void custom_walk_add(const struct order *order, struct conditions *where, const char *table,
                     const char *const *values, int64_t most);

#endif
