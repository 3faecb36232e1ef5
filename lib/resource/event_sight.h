/* event_sight: which events somebody may be told of, besides being allowed to read the log: of a
 * kind of record those alone that they may read.
 *
 * An event of a record that is there is seen by who sees the record now; of one that is gone, by
 * whom the event itself names as owner. Rows that belong to a record are seen as it is. What is
 * about no record of the API (sessions, queues) follows the permission of the log.
 */
#ifndef RESOURCE_EVENT_SIGHT_H
#define RESOURCE_EVENT_SIGHT_H

#include <stddef.h>

#include "resource/conditions.h"

struct arena;
struct cx;
struct db;
struct rows;

/* The condition on the table events, by that name, of those that the one who asks may be told of;
 * NULL: all. */
const char *event_sight_sql(const struct cx *cx, struct conditions *where);

/* For those who tell many at once (the stream): what one must have to be told. */
struct event_needs {
    const char
        *permission;      /* to read such records; for the process's life. NULL: that of the log */
    bool owned;           /* and of that owner's at least */
    const char *owner_id; /* NULL: nobody's */
};
/* Of `count` events of some tenants, with the stored changes of each (NULL: none); in the arena.
 * One query for those whose records have owners. NULL: the database is away. WAITS. */
const struct event_needs *event_needs_read(struct db *db, const char *const *tenant_ids,
                                           const char *const *words, const char *const *ids,
                                           const char *const *changes, size_t count);

#endif
