/* part: rows that belong to one record of another resource, such as the notes of a deal or its
 * lines: a resource whose .parent is the record's.
 *
 * They are read, made, changed and deleted at {parent's api}/:id/… and in the page of the record,
 * by whoever may read and change that one; nothing reaches them through another. What somebody
 * wrote (PART_MAKER) only they change; it is deleted by them and by whoever may delete the record.
 * Rows with an order (PART_POSITION) are written whole with the record too (resource/field.h), so
 * each change of one makes a new version of the record.
 */
#ifndef RESOURCE_PART_H
#define RESOURCE_PART_H

#include "resource/resource.h"

/* The field that holds who made a row, where there is one: READ_ONLY, the engine fills it. */
#define PART_MAKER "created_by_id"
/* When a row was changed last, where that is told: READ_ONLY | NULLABLE, the engine fills it. */
#define PART_EDITED "edited_at"
/* The place of a row among those of its record, from 1 on: READ_ONLY, the engine fills it. */
#define PART_POSITION "position"

/* What the id of a row is called in its address: "noteId" of a "deal note". For the process's
 * life. */
const char *part_variable(const struct resource *part);
/* Whether its rows have an order and are a field of their record. */
bool part_is_ordered(const struct resource *part);
/* The record of the route's :id, as far as the one signed in may do `action` ("read", "update")
 * with it. false: 404, or what else refuses. WAITS. */
bool part_find_parent(struct cx *cx, const struct resource *part, const char *action,
                      struct list_result *out);
/* The row of the route, with the names of what these references lead to (NULL: none). 404 when it
 * is not one of the route's record. WAITS. */
bool part_find_row(struct cx *cx, const struct resource *part, const struct field **labels,
                   struct list_result *out);
/* Whether one who may change the record may do that to the row: OP_MERGE or OP_DELETE. WAITS. */
bool part_may_write(struct cx *cx, const struct resource *part, const struct list_result *parent,
                    const struct list_result *rows, size_t row, enum operation operation);
/* Both looked for by the route's ids, and that operation allowed; else 404 or 403. WAITS. */
bool part_find_for(struct cx *cx, const struct resource *part, enum operation operation,
                   struct list_result *out);
/* Make a row of the route's record, change and delete that of the route. false: the failure is
 * set. WAIT. */
bool part_create(struct cx *cx, const struct resource *part, struct input *input,
                 struct list_result *out);
bool part_update(struct cx *cx, const struct resource *part, struct input *input,
                 enum input_mode mode, struct list_result *out);
bool part_delete(struct cx *cx, const struct resource *part);
/* Binds the query to the rows of that record. */
void part_of(struct cx *cx, const struct resource *part, const char *parent_id,
             struct list_query *query);
/* The user who makes a row; NULL: nobody of this tenant. */
const char *part_maker(const struct cx *cx);

#endif
