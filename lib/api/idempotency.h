/* idempotency: the same POST sent twice has one effect and one answer.
 *
 * With an Idempotency-Key header (or the one-time token `_once` of a page's
 * form) a request first claims the key, in a transaction of its own and for
 * the time of a lease; no connection is held for it. Then:
 *
 *  - The work of most routes is one transaction with the row that keeps the
 *    answer, so that both are stored or neither. A claim whose holder was
 *    killed is taken over when its lease is over; of two holders only the one
 *    that still has the claim can commit.
 *  - A route that calls others (ROUTE_CALLS_OUT) has its own transactions and
 *    none open while it waits; its answer is stored afterwards. When it was
 *    killed in between nobody knows how far it came, and the key says so from
 *    then on: 409 idempotency_interrupted.
 *
 * A repeat gets the answer again for 24 hours, sealed until then; while the
 * first is still running it waits a little for it, and then has 409
 * idempotency_in_progress with Retry-After (at once where the first calls
 * out). Another body under the same key: 422 idempotency_key_reused. A request
 * that fails gives its key back. A key is the user's or the API key's own; who
 * is not signed in shares the keys of the tenant's strangers. A route that
 * keeps none (ROUTE_NOT_REPEATED, and what is no POST but changes something) refuses it: 400
 * idempotency_not_supported.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include <stdbool.h>

#include "http/route.h"

struct cx;

/* Runs the route's handler, once for each key. WAITS. */
bool idempotency_run(struct cx *cx, handler *handle);

#endif
