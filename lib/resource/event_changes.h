/* event_changes: what an event changed, field by field, as people read it: "Status: New →
 * Contacted", "Owner: – → Olga Peters".
 *
 * The stored changes are those that the reader may see (shape_changes_sql). Fields that pages do
 * not show are left out; what a reference led to is called by its name as far as the reader sees
 * that record, with a query for each kind of record.
 */
#ifndef RESOURCE_EVENT_CHANGES_H
#define RESOURCE_EVENT_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

struct cx;
struct event;
struct event_told;
struct field;

struct event_change {
    const struct field *field;
    const char *label;     /* in the reader's language */
    const char *from, *to; /* NULL: nothing */
};

/* Fills `changes` and what belongs to them in each of `told`, in the arena. `changes` are the
 * stored ones of each event (NULL: none), `currencies` those of the records (NULL: not known).
 * WAITS; false: the failure is set. */
bool event_changes_tell(struct cx *cx, const struct event *events, const char *const *changes,
                        const char *const *currencies, size_t count, struct event_told *told);
/* "Status: New → Contacted; Value: 1,165 EUR → 1,900 EUR"; in the arena. NULL: nothing was. */
const char *event_changes_line(struct cx *cx, const struct event_told *told);

#endif
