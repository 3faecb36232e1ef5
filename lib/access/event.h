/* event: what happened, beyond the rows that the trigger already reports.
 *
 * Every change of a row of a tenant table appends to `events` by itself
 * (migrations/0002). This adds what changes no row: sign-ins, exports, refusals.
 */
#ifndef ACCESS_EVENT_H
#define ACCESS_EVENT_H

#include <stdbool.h>

struct db;

/* type: "session.created", of the record whose id follows (access/event_name.h); an area says in
 * its table which it writes. changes: JSON text or NULL. In db's transaction if one is open. WAITS.
 */
bool event_append(struct db *db, const char *type, const char *resource_id, const char *changes);

#endif
