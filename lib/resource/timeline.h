/* timeline: everything about a record, the newest first, for every resource that has pages of its
 * own and events:
 *
 *     GET {api}/:id/timeline
 *
 * In it stand the record's events in words with what each changed (resource/event_changes.h), the
 * rows that belong to it, its files, and the records of resources that say `.in_timeline` and refer
 * to it (activities), these as far as the reader sees them. Whoever may read the record may read
 * it; what they may not see of it is in no change.
 *
 * Ids are made in the order of time, so that one id is the place in all that it is made of: a page
 * is one statement, which reads no more of each than the page can show, by its index.
 */
#ifndef RESOURCE_TIMELINE_H
#define RESOURCE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/event.h"
#include "resource/event_told.h"
#include "resource/resource.h"

struct timeline_item {
    const char *kind; /* "event" "record" "file" "comment" */
    const char *id, *at;
    const char *comment; /* its text; else NULL */
    bool edited;
    struct event event;
    struct event_told told;
};

struct timeline {
    struct timeline_item *items;
    size_t count;
    const char *next_cursor; /* NULL: there is nothing older */
};

/* Whether records of the resource have one. */
bool timeline_is_kept(const struct resource *resource);
/* At most `limit` items of a record that the caller sees, behind the cursor (NULL: from the newest
 * on). WAITS; false: the failure is set. */
bool timeline_read(struct cx *cx, const struct resource *resource, const struct list_result *record,
                   const char *after, int64_t limit, struct timeline *out);
/* The same as the answer of a route with `limit` and `after` in its query (TIMELINE_QUERY). */
bool timeline_answer(struct cx *cx, const struct resource *resource, const char *id);
#define TIMELINE_QUERY                                                                             \
    {"limit", INT, 0, 1, 100, .initial = "20", .help = "How many at most."},                       \
    {                                                                                              \
        "after", TEXT, 0, 1, 2000, .help = "Where the page before ended: its nextCursor."          \
    }
extern const struct field timeline_fields[];

enum { TIMELINE_ROUTES = 1 };
size_t timeline_routes(const struct resource *resource, struct route *routes);

#endif
