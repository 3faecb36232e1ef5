/* event_name: what an event is called.
 *
 * A type is `word.verb`: what one record is called, and a verb in the past ("lead.created",
 * "api_key.revoked"). Events are sealed and never changed, so those that were written before
 * this grammar keep the names of then ("crm.leads.created"); whoever reads events reads their
 * type and word by house.event_type() and house.event_word() (migrations/202611301345).
 */
#ifndef ACCESS_EVENT_NAME_H
#define ACCESS_EVENT_NAME_H

#include <stdbool.h>

struct arena;

/* The word of a type: "lead" of "lead.created". */
const char *event_type_word(struct arena *arena, const char *type);
/* Whether `type` is of the grammar. */
bool event_type_is(const char *type);

#endif
