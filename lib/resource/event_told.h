/* event_told: events in words, for people: "Owner added the lead Nora Blum."
 *
 * The sentence of each verb is whole, with {actor}, {one} (what one record is called) and {name}
 * in it. An area says those of its own events (.events) and actions (.told); what rows go through
 * has three that stand here.
 */
#ifndef RESOURCE_EVENT_TOLD_H
#define RESOURCE_EVENT_TOLD_H

#include <stddef.h>

#include <stdbool.h>

#include "access/event.h"

struct cx;
struct event_change;

struct event_told {
    const char *text;
    const char *path; /* the page of the record, if it is there and may be seen; else NULL */
    /* What it changed (resource/event_changes.h), as far as the one who asks sees it: of a record
     * that was made or deleted all that it said. */
    struct event_change *changes;
    size_t change_count;
    bool changed; /* there was a record before and after */
};

/* Each of the events, whose stored changes are beside it (NULL: none), with a query for each kind
 * of record in them; in the arena. NULL: the failure is set. WAITS. */
const struct event_told *event_tell(struct cx *cx, const struct event *events,
                                    const char *const *changes, size_t count);

#endif
