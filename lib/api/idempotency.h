/* idempotency: the same POST sent twice has one effect and one answer.
 *
 * With an Idempotency-Key header (or the one-time token `_once` of a page's
 * form) the handler runs inside one transaction together with the row that
 * keeps its answer, so that the effect and the answer are stored both or not
 * at all; a second request with the same key waits for the first and gets its
 * answer again for 24 hours. Another body under the same key: 422
 * idempotency_key_reused. A key is the user's or the API key's own; who is not signed
 * in shares the keys of the tenant's strangers. Not for ROUTE_NOT_REPEATED.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include <stdbool.h>

#include "http/route.h"

struct cx;

/* Runs the route's handler, once for each key. WAITS. */
bool idempotency_run(struct cx *cx, handler *handle);

#endif
