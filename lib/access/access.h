/* access: the steps between finding the route and reading the body.
 *
 * access_check() resolves the tenant, authenticates, checks rate limits, CSRF,
 * suspension and the declared access, and points cx->db at the role and tenant
 * that the route's scope says. There is no way round it: the area's serve
 * function calls it for every route.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include <stdbool.h>

struct cx;
struct tenant;

/* false with cx->failure set: 401, 403, 404 tenant_unknown, 429, 503. WAITS. */
bool access_check(struct cx *cx);

/* Whether operators may act as users of the tenant: 403 impersonation_forbidden. */
bool impersonation_check(struct cx *cx, const struct tenant *tenant);

/* Sets cx->language: the one that the user chose, else their tenant's; who is not signed in at the
 * platform's own host, what their browser prefers. Whoever finds tenant or session calls it. */
void access_choose_language(struct cx *cx);

/* For a page of an address that is nobody's: whose host it is and who asks, so that the
 * refusal has their looks and leads back. What cannot be told stays unknown; the failure
 * stays, but for 429. WAITS. */
void access_recognise(struct cx *cx);

/* Once in each worker: shared memory, keys, listening for NOTIFY, caches. WAITS. */
bool access_start(void);

/* CSRF token of the request's session, or of a pre-session cookie for sign-in
 * forms (set on the response when there is none yet). For templates. */
const char *access_csrf(struct cx *cx);
/* Whether the request brought the session or the cookie that it is made of. */
bool access_has_csrf(const struct cx *cx);

#endif
