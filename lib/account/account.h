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
    bool pending;              /* it opens nothing until an invitation is accepted */
    bool must_change;          /* the password is a first one */
    bool verified;             /* somebody whom the tenant trusts vouches for the address */
};

/* An account. false: db->error says why (DB_UNIQUE: the address is taken, DB_RAISED:
 * a quota is used up). WAITS. */
bool account_open(struct db *db, const struct account_new *account);
/* Gives a user these roles (a JSON array of keys) and no others, within db's transaction.
 * Added before dropped: the last owner may change to another role only when there is
 * another owner, and a set that stays is no change. The caller has asked grant.h whether
 * they may be given. *changed may be NULL. false: db->error. WAITS. */
bool account_set_roles(struct db *db, const char *tenant_id, const char *user_id, const char *keys,
                       bool *changed);
/* One role besides those that the account has; no error if it has it. The same holds. WAITS. */
bool account_add_role(struct db *db, const char *tenant_id, const char *user_id, const char *key);
/* Who was invited has come, and the tenant's provider vouches for the address. WAITS. */
bool account_welcome(struct db *db, const char *tenant_id, const char *user_id);
/* A link of ours to this address was followed. *still: the account has it yet. WAITS. */
bool account_verify(struct db *db, const char *tenant_id, const char *user_id, const char *email,
                    bool *still);
/* The same password in a better hash, unless another came meanwhile. WAITS. */
bool account_rehash(struct db *db, const char *tenant_id, const char *user_id, const char *old_hash,
                    const char *hash);

#endif
