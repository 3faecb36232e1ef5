/* lockout: a growing delay after wrong passwords, by account and by address.
 *
 * It is counted from login_attempts, so it holds on every machine, and answers
 * the same whether the account exists or not.
 */
#ifndef ACCESS_LOCKOUT_H
#define ACCESS_LOCKOUT_H

#include <stdbool.h>

struct cx;

/* 429 locked_out with Retry-After while the account (e-mail address in a
 * tenant, or everywhere when NULL) or the address must wait. cx->db is of the
 * platform role. WAITS. */
bool lockout_check(struct cx *cx, const char *tenant_id, const char *email);
/* Writes the attempt down; a failure without a tenant counts wherever such an
 * account is. A success is refused (429) when failures that came at the same
 * time have locked the account meanwhile. WAITS. */
bool lockout_record(struct cx *cx, const char *tenant_id, const char *email, bool succeeded);

#endif
