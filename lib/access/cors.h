/* cors: which other origins may call a tenant's API (Fetch standard), from its
 * settings section "api", key "allowedOrigins". */
#ifndef ACCESS_CORS_H
#define ACCESS_CORS_H

struct cx;

/* Headers of a preflight's answer. WAITS when the tenant is not resolved yet. */
void cors_preflight(struct cx *cx, const char *allow);
/* Headers of an actual answer; nothing when the request has no Origin. */
void cors_answer(struct cx *cx);

#endif
