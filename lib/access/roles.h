/* roles: those that are built in, and the rights that a user's roles add up to.
 *
 * Rules that hold everywhere: nobody grants a permission that they lack, nobody
 * changes a user or a role ranked above them.
 */
#ifndef ACCESS_ROLES_H
#define ACCESS_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "access/permission.h"
#include "access/tenant.h"

struct cx;
struct db;

struct builtin_role {
    const char *key, *name, *about;
    enum tenant_kind kind; /* the kind of tenant that has it */
    int rank;
    const char *const *grants; /* NULL-terminated */
};

/* Closed by one without key. */
extern const struct builtin_role builtin_roles[];
const struct builtin_role *builtin_role_find(const char *key);
/* A business's roles are a reseller's too, and the platform's none. */
bool builtin_role_in(const struct builtin_role *role, enum tenant_kind kind);

/* The built-in role that a reseller or a business never is without. */
bool role_is_owner(const char *key);

struct rights {
    struct permissions permissions;
    const char *role; /* key of the highest ranked; "" when the user has none */
    int role_rank;    /* its rank */
    int rank;         /* the highest of all, those that are inherited too */
};

/* What the roles of a user add up to, inheritance included. A built-in role of
 * another kind of tenant gives nothing. false: db->error. WAITS. */
bool rights_load(struct db *db, const char *tenant_id, const char *user_id, struct rights *out);

/* Whether the one signed in may give this role or touch who has it: 403
 * rank_too_high, 403 permission_lacking. Custom roles count with all that they
 * inherit and are those of the tenant that db is set to; a role that inherits
 * is allowed when this is true of what it inherits. WAITS for custom roles. */
bool role_may_grant(struct cx *cx, struct db *db, const char *role_key);
/* Gives a user these roles (a JSON array of keys) and no others, within db's transaction.
 * Added before dropped: the last owner may change to another role only when there is
 * another owner, and a set that stays is no change. Whether they may be given is the
 * caller's to know. *changed may be NULL. false: db->error. WAITS. */
bool roles_give(struct db *db, const char *tenant_id, const char *user_id, const char *keys,
                bool *changed);
/* Whether the one signed in may change this user: 403 rank_too_high. WAITS. */
bool user_may_change(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id);

#endif
