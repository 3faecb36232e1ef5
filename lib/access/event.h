/* event: what happened, beyond the rows that the trigger already reports, and the envelope in
 * which everybody is told of it.
 *
 * Every change of a row of a tenant table appends to `events` by itself
 * (migrations/0002). This adds what changes no row: sign-ins, exports, refusals.
 */
#ifndef ACCESS_EVENT_H
#define ACCESS_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct db;
struct rows;

/* type: "session.created", of the record whose id follows (access/event_name.h); an area says in
 * its table which it writes. changes: JSON text or NULL. In db's transaction if one is open. WAITS.
 */
bool event_append(struct db *db, const char *type, const char *resource_id, const char *changes);

/* An event as it was read; times as the database writes them. */
struct event {
    const char *id, *type, *at, *tenant_id;
    const char *actor_kind, *actor_id, *actor_name; /* the last two NULL: the system itself */
    const char *word, *resource_id, *request_id;    /* any may be NULL */
    const char
        *data_url; /* where `data` can be had that is too long to be told; NULL: it is told */
};

/* The columns of events from which event_read() makes one, and behind them its changes. */
#define EVENT_COLUMNS_WITH(changes)                                                                \
    "id, house.event_type(action, resource_type), at, tenant_id, actor_kind, actor_id,\n"          \
    "       actor_name, house.event_word(resource_type), resource_id, request_id, " changes "\n"
#define EVENT_COLUMNS EVENT_COLUMNS_WITH("changes")
enum { EVENT_COLUMN_CHANGES = 10 };
struct event event_read(const struct rows *rows, size_t row);

/* The envelope, the same wherever events are told (audit log, stream, webhooks):
 * {id, type, createdAt, tenantId, actor {kind, id, name}, resource {type, id}, requestId, data}.
 * data: JSON text, of resource/event_data.h. With .data_url it is {}, and dataUrl follows it. */
void event_write(struct json *json, const struct event *event, const char *data);

#endif
