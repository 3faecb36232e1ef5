/* link: what goes out by e-mail and works once: to set a password again, to
 * accept an invitation, to verify an address or change it.
 *
 * The token is 256 random bits; only its hash is stored. A new link of a purpose
 * voids the older ones of that user, a new password or address all that it makes
 * needless (migrations/0013). Who has a link that was good once is told what
 * became of it; of one that was guessed, or is another tenant's or meant for
 * something else, nobody learns more than that it does not work.
 *
 * A tenant that signed up by itself and is not verified gets ten a day in all:
 * whoever makes one could make users of any addresses, to have us write to them
 * (migrations/0035: 429 too_many_links).
 */
#ifndef ACCESS_LINK_H
#define ACCESS_LINK_H

#include <stdbool.h>

#include "base/uuid.h"

struct cx;
struct db;

enum link_purpose {
    LINK_PASSWORD_RESET = 1,
    LINK_INVITATION = 2,
    LINK_EMAIL_VERIFICATION = 4,
    LINK_EMAIL_CHANGE = 8
};

/* Hours that a link of a purpose works. */
int link_hours(enum link_purpose purpose);

/* Makes one for a user of tenant_id, sent to `email`, and answers its token (in
 * db's arena): a secret, never log. Call within a transaction. NULL: db->error,
 * or the user is gone (DB_OK). WAITS. */
char *link_make(struct db *db, const char *tenant_id, const char *user_id,
                enum link_purpose purpose, const char *email);

/* Whether another may be made for a user: at most LINKS_AN_HOUR of a purpose, so
 * that nobody's inbox is filled. 1: yes, 0: no, -1: db->error. WAITS. */
enum { LINKS_AN_HOUR = 5 };
int link_allowed(struct db *db, const char *tenant_id, const char *user_id,
                 enum link_purpose purpose);

struct link {
    enum link_purpose purpose;
    char tenant_id[UUID_SIZE], user_id[UUID_SIZE];
    const char *hash;
    const char *email;                                /* that it was sent to */
    const char *user_email, *user_name, *user_locale; /* as they are now */
};

/* Whose a token is, without using it. purposes: those that will do, added up.
 * At a tenant's host only the tenant's own are found. cx->db is of the platform
 * role. false: 404 link_invalid, 410 link_used, 410 link_expired. WAITS. */
bool link_find(struct cx *cx, const char *token, unsigned purposes, struct link *out);

/* Uses it up, in db's transaction, so that of two at once one has it: the other
 * waits for the first to commit. What the same transaction then writes into the user
 * (address, password, that it is verified) is proven by it: house.user_hands(). false: 410
 * link_used. WAITS. */
bool link_use(struct cx *cx, struct db *db, const struct link *link);

#endif
