/* roles: those that are built in, and the rights that a user's roles add up to.
 * Who may give them is decided in grant.h.
 */
#ifndef ACCESS_ROLES_H
#define ACCESS_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "access/permission.h"
#include "access/tenant.h"

struct arena;
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
/* What an area gives those who have this role (area.grants), besides what stands in the table;
 * before workers fork. Both texts are kept. false: there is no such role, or no memory. */
bool builtin_role_add_grant(const char *key, const char *grant);
/* All of its grants, in the arena. */
struct permissions builtin_role_grants(struct arena *arena, const struct builtin_role *role);
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

/* What a built-in role gives; of another key nothing. */
void builtin_role_rights(struct arena *arena, const char *key, struct rights *out);

/* What the roles of a user add up to, inheritance included. A built-in role of
 * another kind of tenant gives nothing. false: db->error. WAITS. */
bool rights_load(struct db *db, const char *tenant_id, const char *user_id, struct rights *out);

/* The same of one role, whether anybody has it or not; *exists may be NULL. A role that
 * there is not gives nothing. false: db->error. WAITS. */
bool rights_of_role(struct db *db, const char *tenant_id, const char *key, struct rights *out,
                    bool *exists);

/* What everybody in a team, and a user who may join it, hold together. false: db->error. WAITS. */
bool rights_of_team(struct db *db, const char *tenant_id, const char *team_id, const char *user_id,
                    struct rights *out);

/* Users who have the same roles have the same rights: a set of roles, as a JSON array of
 * their keys, and what it adds up to. */
struct role_set {
    const char *keys;
    struct rights rights;
};
/* Every set of roles that somebody holds and to which the custom role `key` belongs,
 * itself or by inheritance; in the arena, in the order of keys. false: db->error. WAITS. */
bool rights_of_holders(struct db *db, const char *tenant_id, const char *key, struct role_set **out,
                       size_t *count);

#endif
