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
 * tenant, or everywhere when NULL) or the address must wait. Whoever comes from
 * where the account was signed in to lately waits only for failures from there:
 * strangers cannot lock the owner out. cx->db is of the platform role. WAITS. */
bool lockout_check(struct cx *cx, const char *tenant_id, const char *email);
/* Writes the attempt down; a failure without a tenant counts wherever such an
 * account is. A success is refused (429) when failures that came at the same
 * time have locked the account meanwhile. WAITS. */
bool lockout_record(struct cx *cx, const char *tenant_id, const char *email, bool succeeded);

/* Who has shown otherwise whose account it is (by a link in its e-mail) has as
 * good as signed in: the failures before count no more. WAITS. */
bool lockout_forgive(struct cx *cx, const char *tenant_id, const char *email);

/* Before a refused sign-in is answered, or whatever else must not tell whether an
 * account exists: waits until a whole number of 300 ms has passed since the
 * request began. How many hashes were compared, and of which kind, is told by the
 * time otherwise. WAITS. */
void lockout_settle(const struct cx *cx);

#endif
