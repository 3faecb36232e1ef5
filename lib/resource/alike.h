/* alike: whether what somebody is about to add is there already. A resource says by which of its
 * columns that can be told:
 *
 *     .alike = CHOICES("email", "name")
 *
 * Each is FILTERED; one of TEXT is SEARCHED too, and found whatever its capitals. It makes GET
 * {api}/alike, which the form of a new record asks while one types (static/alike.js). Whoever works
 * without scripts is told once it is saved. Nobody is told of a record that they may not see.
 */
#ifndef RESOURCE_ALIKE_H
#define RESOURCE_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"
#include "resource/resource.h"

struct parameter;

enum { ALIKE_MOST = 5 };

struct alike {
    const char *id, *name;
    const struct field *field; /* of which it has the same value */
};

/* The records that have one of these values, given by the names of the fields in JSON: at most
 * ALIKE_MOST, each once, without the one of the id `but` (NULL: any). What is no value of its field
 * finds nothing. `out` has ALIKE_MOST places. WAITS; false: the failure is set. */
bool alike_find(struct cx *cx, const struct resource *resource, const struct parameter *values,
                const char *but, struct alike *out, size_t *count);

/* Of its route in the API. */
size_t alike_routes(const struct resource *resource, struct route *routes);
/* "email,name": the fields by their names in JSON. In the arena. */
const char *alike_names(struct cx *cx, const struct resource *resource);

#endif
