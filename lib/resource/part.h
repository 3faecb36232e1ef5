/* part: rows that are appended to one record and belong to it, such as the notes of a deal: a
 * resource whose .parent is the record's.
 *
 * They are read and made at {parent's api}/:id/… and in the page of the record, by whoever may
 * read and change that one; nothing reaches them through another.
 */
#ifndef RESOURCE_PART_H
#define RESOURCE_PART_H

#include "resource/resource.h"

/* The field that holds who made a row, where there is one: READ_ONLY, the engine fills it. */
#define PART_MAKER "created_by_id"

/* The record of the route's :id, as far as the one signed in may do `action` ("read", "update")
 * with it. false: 404, or what else refuses. WAITS. */
bool part_find_parent(struct cx *cx, const struct resource *part, const char *action);
/* Binds the query to the rows of that record. */
void part_of(struct cx *cx, const struct resource *part, const char *parent_id,
             struct list_query *query);
/* The user who makes a row; NULL: nobody of this tenant. */
const char *part_maker(const struct cx *cx);

#endif
