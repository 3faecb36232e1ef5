/* policy: a tenant's rules for passwords, from its settings section "security". */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include <stdbool.h>

struct cx;

/* Adds a failure to `field` when the password is too short or too easy. */
bool password_policy_check(struct cx *cx, const char *field, const char *password);

#endif
