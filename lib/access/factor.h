/* factor: second factors of signing in, as far as the way of every request
 * depends on them.
 *
 * A session knows when its user last proved to be there (sessions.confirmed_at)
 * and whether a factor must be set up before anything else (must_enrol, kept by
 * migrations/0014). Factors themselves are the business of the area `auth`.
 */
#ifndef ACCESS_FACTOR_H
#define ACCESS_FACTOR_H

#include <stdbool.h>

struct cx;

/* SQL: whether the user has a confirmed factor. */
#define HAS_FACTOR(tenant_id, user_id)                                                             \
    "exists (select from mfa_factors f where f.tenant_id = " tenant_id " and f.user_id = " user_id \
    " and f.confirmed_at is not null)"

/* 403 step_up_required when the one signed in has a factor and did not show one
 * in this session within ten minutes, by signing in or since. API keys pass:
 * nobody is there to be asked, and what they may do was chosen. WAITS. */
bool factor_step_up_check(struct cx *cx);
/* The one signed in has just shown one. WAITS. */
bool factor_step_up_done(struct cx *cx);

#endif
