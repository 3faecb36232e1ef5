/* offered: a reference to few records of the tenant, such as the stages of a pipeline: forms and
 * filters offer all of them in their order, and whoever sees the record sees what it is called.
 *
 *     {"stage_id", UUID, .refers = "crm.stages", .offered = true,
 *      .follows_sql = "… deals.stage_id … $ …"}
 *
 * .follows_sql says over a row of the resource's table, and `$` for the new value, whether that
 * may follow; else writing is 409 invalid_transition with those that may in its details, as with
 * the transitions of a choice (resource/transition.h).
 */
#ifndef RESOURCE_OFFERED_H
#define RESOURCE_OFFERED_H

#include "resource/resource.h"

struct conditions;

enum { OFFERED_MOST = 100 };

/* Those that may be chosen: their ids, what they are called and the column `more` (NULL: none), in
 * the order of their resource. `resource` and `id`: of the record that has one, whose followers
 * they are; id NULL: of a new one. false: the failure is set. WAITS. */
bool offered_list(struct cx *cx, const struct resource *resource, const struct field *field,
                  const char *id, const char *more, struct rows **out);
/* The row's value must be one which the input's may follow. */
void offered_add_conditions(struct conditions *where, const struct input *input);
/* Why the record may not take the input's values; true: it may. WAITS. */
bool offered_allows_change(struct cx *cx, const struct resource *resource,
                           const struct input *input, const struct list_result *there);

#endif
