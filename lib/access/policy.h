/* policy: what a password must be (NIST SP 800-63B 5.1.1.2): long enough by the
 * tenant's settings (section "security"), not a common one, not made of what
 * everybody knows about its owner. No rules of composition.
 */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include <stdbool.h>

struct cx;
struct tenant;

/* Whose password it will be; what is not known is NULL. */
struct password_owner {
    const struct tenant *tenant; /* NULL: cx->tenant */
    const char *email, *name;
};

/* Adds a failure to `field` when the password breaks a rule. */
bool password_policy_check(struct cx *cx, const char *field, const char *password,
                           const struct password_owner *owner);

/* The rule in words, for the help under an input; in the cx's arena. */
const char *password_policy_help(struct cx *cx, const struct tenant *tenant);

/* The rule without the settings: whether so little of the password is left
 * without the words of its owner that it must be guessed at once. */
bool password_is_personal(const char *password, const char *const *words, unsigned count);

#endif
