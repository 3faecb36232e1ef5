/* moving: a record may be deleted though others refer to it, when they are told to refer to another
 * one instead: deals whose stage goes. A resource that knows how says so by `.move`; then its
 * DELETE takes `moveTo`, and the page that asks offers what there is.
 */
#ifndef RESOURCE_MOVING_H
#define RESOURCE_MOVING_H

#include <stdbool.h>

#include "resource/field.h"

struct cx;
struct resource;

/* What the route that deletes takes. */
extern const struct field moving_query[];
/* Where the one who deletes wants it moved; NULL: nowhere. */
const char *moving_target(const struct cx *cx, const struct resource *resource);
/* Moves it, in the transaction of the deletion. 400 of moveTo, and why resource->move refuses.
 * WAITS. */
bool moving_away(struct cx *cx, const struct resource *resource, const char *id);

#endif
