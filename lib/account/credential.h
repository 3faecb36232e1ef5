/* credential: the one place that changes what lets somebody in by an account that there
 * is: password, e-mail address, status, whether the password must be changed; and that is
 * asked before roles and factors of somebody else change.
 *
 * Whoever comes here need not think of the rest, which follows always:
 *
 *  - Others' accounts: not by an operator who acts as somebody, not by an API key unless
 *    it was given exactly this (CREDENTIAL_PERMISSION), not one's own (that has its own
 *    ways, which ask for the password), not of somebody who may do more (access/grant.h),
 *    and only after a second factor was shown lately (access/factor.h).
 *  - One's own: the current password is asked, and wrong guesses count as at sign-in.
 *  - Sessions end, with all that was opened from them (access/session.h): all of a new
 *    password's but the one that chose it, of a new status, and of an address that
 *    somebody else set.
 *  - Links that went out before are void, and keys of a closed account revoked
 *    (migrations/202611300710).
 *  - The owner is told by bell and by e-mail, at the old address too (account/owner.h).
 *  - The log gets its event.
 */
#ifndef ACCOUNT_CREDENTIAL_H
#define ACCOUNT_CREDENTIAL_H

#include <stdbool.h>

#include "account/owner.h"

struct cx;
struct notification_kind;

/* What an API key must name in so many words; no wildcard stands for it. */
#define CREDENTIAL_PERMISSION "users.credentials:update"

/* Nobody leaves a way in while acting as somebody else: 403 impersonation_refused. */
bool credential_refuse_impersonator(struct cx *cx);

/* Whether the one signed in may change what lets in somebody else: 403
 * impersonation_refused, 403 api_key_refused, 409 own_account, 403 of user_may_change(),
 * 403 step_up_required. WAITS. */
bool credential_may_change(struct cx *cx, const char *tenant_id, const char *user_id);

/* What an account shall have from now on; NULL: as it is. */
struct credential_change {
    const char *password; /* checked by the caller's rules (access/policy.h) */
    const char *email, *status, *name;
    const char *must_change; /* "true" or "false" */
    const char *action;      /* of the event; NULL: the usual one of users */
    bool by_link;            /* by a link of ours, whose address is verified by that */
    const char *old_hash;    /* only while this is the password's: 409 conflict */
    const char *keep;        /* a session that goes on */
};

/* Of somebody else, in cx->db's transaction: what is given but stays the same changes
 * nothing and is not asked about. The failures of credential_may_change(), 404, 409
 * email_taken and last_owner, 503 busy. WAITS. */
bool credential_change(struct cx *cx, const char *tenant_id, const char *user_id,
                       const struct credential_change *change);
/* The same by the owner, who has shown to be it. */
bool credential_change_own(struct cx *cx, const char *tenant_id, const char *user_id,
                           const struct credential_change *change);
/* The first password of an account made in this transaction. WAITS. */
bool credential_set_first(struct cx *cx, const char *tenant_id, const char *user_id,
                          const char *password);

/* The same in the form in which another system kept it (password_hash_is_known). WAITS. */
bool credential_set_hash(struct cx *cx, const char *tenant_id, const char *user_id,
                         const char *hash);

/* Whether this is the password of the one signed in; *hash: as it is stored. Wrong ones
 * count as at sign-in. false: 422 wrong_password of the field currentPassword, 429
 * locked_out. Not within a transaction. WAITS. */
bool credential_prove(struct cx *cx, const char *password, const char **hash);

/* The owner of an account, locked until cx->db's transaction ends; 404. WAITS. */
bool credential_owner(struct cx *cx, const char *tenant_id, const char *user_id,
                      struct owner *owner);

/* What the bell says of it. */
extern const struct notification_kind notice_password_changed, notice_password_reset;

#endif
