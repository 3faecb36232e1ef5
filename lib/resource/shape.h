/* shape: a resource as the one who asks has it: without the fields that they may not see.
 *
 *     {"value", MONEY, NULLABLE, .seen_with = "crm.deals:amounts"}
 *
 * Who lacks the permission never meets the value: it is not read for them, so that no answer, page
 * or CSV can hold it; naming it in fields=, sort=, a filter or a body is 403. The permission must
 * be of as many records as that of reading (or of changing) them. Without a session and a route,
 * which is how jobs work, all is seen. A field that others read and only some write has
 * .changed_with alone; sent back as it is, it is no change.
 */
#ifndef RESOURCE_SHAPE_H
#define RESOURCE_SHAPE_H

#include <stdbool.h>

#include "access/permission.h"

struct conditions;
struct cx;
struct field;
struct input;
struct list_result;
struct resource;

enum { SHAPE_LIMITED_MAX = 32 }; /* fields of one resource that only some may see */

/* Fields, NULL-terminated, `id` first. */
struct shape {
    const struct field **all;    /* what an answer has */
    const struct field **listed; /* of a list, when none are chosen: without LIST_OMITTED */
    const struct field **found;  /* of a search: what names a record, and what is searched */
    /* Reads `all` of the record whose id is $1 or those of the array $1, by the viewer's sight; of
     * those who $2 is where it is not of all records. Made when they are asked for. */
    const char *one_sql[SIGHT_ALL + 1], *many_sql[SIGHT_ALL + 1];
};

/* That of the one who asks. For the life of the process. */
const struct shape *shape_of(const struct cx *cx, const struct resource *resource);
/* The one of its fields with this name in JSON; NULL: there is none. */
const struct field *shape_field(const struct shape *shape, const char *json_name);
/* The same for a name that the caller gave; NULL also where they may not see it: then the failure
 * is set (403 permission_missing). */
const struct field *shape_find(struct cx *cx, const struct resource *resource,
                               const char *json_name);

bool shape_sees(const struct cx *cx, const struct resource *resource, const struct field *field);
/* Whether they may write it, which is also to see it. */
bool shape_writes(const struct cx *cx, const struct resource *resource, const struct field *field);
/* Whether they may see rows of that kind where they are a field of their record. */
bool shape_sees_rows(const struct cx *cx, const struct resource *resource);
/* The same for a field of the body of the route: not only resources have fields. */
bool shape_takes(const struct cx *cx, const struct field *field);

/* "select …": one record by its id $1, or those of an array. */
const char *shape_one_sql(const struct cx *cx, const struct resource *resource, enum sight sight);
const char *shape_many_sql(const struct cx *cx, const struct resource *resource, enum sight sight);

/* ---- writing ---- */

/* Nobody gives what they may not write: 403 permission_missing with the fields in its details. At
 * a change, what they see and give as it is passes, which the conditions hold. */
bool shape_allows(struct cx *cx, const struct resource *resource, const struct input *input,
                  bool creating);
/* The row must have the values given of what the caller may see but not change. */
void shape_add_conditions(struct conditions *where, const struct cx *cx,
                          const struct resource *resource, const struct input *input);
/* Why the record that is there may not take the input's values; true: it may. */
bool shape_allows_change(struct cx *cx, const struct resource *resource, const struct input *input,
                         const struct list_result *there);

/* ---- what is told of changes ---- */

/* The column `changes` of an event as the one who asks may see it (of audit's table). */
const char *shape_changes_sql(const struct cx *cx);

#endif
