/* owner: whoever an account belongs to is told of what lets somebody in by it.
 *
 * Such a message always goes by e-mail, whatever was chosen for notices, and also to the
 * address that the account had until now: whoever took an account over must not be the
 * only one to read of it (OWASP ASVS 4.0.3, 2.2.3). The text is templates/mail/account_changed.
 */
#ifndef ACCOUNT_OWNER_H
#define ACCOUNT_OWNER_H

#include <stdbool.h>

#include "base/uuid.h"

struct cx;

/* An account as it was before the change. */
struct owner {
    char tenant_id[UUID_SIZE], user_id[UUID_SIZE];
    const char *email, *name, *locale;
    const char *by; /* who changes it, when it is not the owner; an operator who acts as
                       somebody with both names */
};

enum owner_news {
    OWNER_PASSWORD,       /* a new password; more: "link" when a link of ours brought it */
    OWNER_EMAIL,          /* another address; more: the new one, which is written to as well
                             unless its owner was the one who changed it */
    OWNER_STATUS,         /* more: the new status */
    OWNER_FACTOR_ADDED,   /* more: "totp" or "passkey" */
    OWNER_FACTOR_REMOVED, /* all of them when somebody else did it */
    OWNER_DEVICE          /* signed in from where nobody was; more: "Firefox on Linux" */
};

/* Writes to the owner, in cx->db's transaction. false with the failure set. WAITS. */
bool owner_tell(struct cx *cx, const struct owner *owner, enum owner_news news, const char *more);

#endif
