/* event_data: what an event says of its change: the member `data` of its envelope.
 *
 * Of a record it is {"before": {…}, "after": {…}}, each with the record's id and those of its
 * fields that are told, named and written as the API does; null on the side where there was no
 * record. An update tells what it changed alone. Other events have members of their own.
 */
#ifndef RESOURCE_EVENT_DATA_H
#define RESOURCE_EVENT_DATA_H

#include <stdbool.h>

#include "resource/field.h"

struct arena;
struct json;

/* The envelope (access/event.h) as fields, and the columns of events that they read. */
#define EVENT_MEMBERS                                                                              \
    "id, house.event_type(action, resource_type), at, tenant_id,\n"                                \
    "       jsonb_build_object('kind', actor_kind, 'id', actor_id, 'name', actor_name),\n"         \
    "       jsonb_build_object('type', house.event_word(resource_type), 'id', resource_id),\n"     \
    "       request_id,\n"                                                                         \
    "       jsonb_build_array(house.event_type(action, resource_type), resource_id, changes)\n"
extern const struct field event_fields[], event_actor_fields[], event_subject_fields[];

/* `data` of a column that is the array [type, resource_id, changes]. */
void event_data_write(struct json *json, struct arena *arena, bool cut, const char *text);

/* JSON text in the arena. changes: as it is stored, or NULL. cut: what the one who asks may not see
 * is not in the changes any more (shape_changes_sql); else fields that only some may see are left
 * out, for whoever it may be. */
const char *event_data(struct arena *arena, bool cut, const char *type, const char *id,
                       const char *changes);

#endif
