/* account: the one place that makes accounts besides the records of the users area,
 * and that notes what a sign-in or a link of ours tells of one. What changes how somebody
 * gets into an account that there is stands in account/credential.h.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>

struct db;

struct account_new {
    const char *tenant_id, *id, *email, *name, *kind;
    const char *password_hash; /* access/password.h; NULL: signs in in other ways */
    const char *role;          /* key of the first role, which the caller may give; NULL: none */
    bool must_change;          /* the password is a first one */
    bool verified;             /* somebody whom the tenant trusts vouches for the address */
};

/* An active account. false: db->error says why (DB_UNIQUE: the address is taken, DB_RAISED:
 * a quota is used up). WAITS. */
bool account_open(struct db *db, const struct account_new *account);
/* Who was invited has come, and the tenant's provider vouches for the address. WAITS. */
bool account_welcome(struct db *db, const char *tenant_id, const char *user_id);
/* A link of ours to this address was followed. *still: the account has it yet. WAITS. */
bool account_verify(struct db *db, const char *tenant_id, const char *user_id, const char *email,
                    bool *still);
/* The same password in a better hash, unless another came meanwhile. WAITS. */
bool account_rehash(struct db *db, const char *tenant_id, const char *user_id, const char *old_hash,
                    const char *hash);

#endif
