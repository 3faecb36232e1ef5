/* grant: the one place that decides who may give which rights.
 *
 * Everything that changes what anybody holds (roles and what they inherit, the roles of
 * a user, imports, single sign-on, new tenants) asks here, inside the transaction that
 * changes it. The rules:
 *
 *  - Nobody causes anybody, themselves included, to hold a right that they lack, or a
 *    rank above theirs. A role is all that it inherits, as it will be.
 *  - Nobody changes an account (credentials, address, status, roles) or a role whose
 *    rights they do not cover, whatever its rank. Of another's account they cover "own" and
 *    "team" with "all" alone: these are other records there, and whoever changes an account
 *    may come to use it.
 *  - What somebody may give is what they came with, as far as they have it now: of a key
 *    its permissions, of an operator who acts as a user what both of them have.
 *  - One change of rights in a tenant happens after the other: the first question locks
 *    the tenant's rights until the transaction ends, so that what was decided on holds.
 *
 * Questions that are asked outside a transaction are answered for this moment alone.
 */
#ifndef ACCESS_GRANT_H
#define ACCESS_GRANT_H

#include <stdbool.h>
#include <stddef.h>

#include "access/permission.h"
#include "access/roles.h"

struct cx;
struct db;
struct json;
struct json_object;

/* ---- of the one signed in ---- */

/* Whether they may give this role: 403 rank_too_high, 403 permission_lacking, 422
 * unknown_role of the field "roles". Custom roles are those of the tenant that db is set
 * to, without one of the session's. WAITS. */
bool role_may_grant(struct cx *cx, struct db *db, const char *role_key);
/* The same of each of a JSON array of keys. */
bool roles_may_grant(struct cx *cx, struct db *db, struct json_object *role_keys);
/* Whether they may change this account, or who has it: 403 rank_too_high, 403
 * permission_lacking. WAITS. */
bool user_may_change(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id);
/* Whether they may give these permissions by themselves (to a role, a user, a key): 403
 * permission_lacking. WAITS. */
bool permissions_may_grant(struct cx *cx, struct db *db, const char *tenant_id,
                           const struct permissions *permissions);
/* Whether they may let this user into this team: who joins comes to what the others own, and
 * they to what is the user's, as far as their permissions are of their teams. 403
 * permission_lacking. WAITS. */
bool team_may_take(struct cx *cx, struct db *db, const char *tenant_id, const char *team_id,
                   const char *user_id);
/* Everything that they may give now, as rights. WAITS. */
bool grant_rights(struct cx *cx, struct db *db, const char *tenant_id, struct rights *out);

/* Around each write of a custom role, in one transaction: before it, whether they may
 * change the role as it is (one that there is not yet is nothing); after it, whether they
 * may give what it became, and whether they may change everybody whose rights it
 * changed. 403 rank_too_high, 403 permission_lacking. WAITS. */
bool role_change_begin(struct cx *cx, struct db *db, const char *tenant_id, const char *role_key);
bool role_change_end(struct cx *cx, struct db *db);

/* ---- without a request: jobs, providers ---- */

/* No change of rights in the tenant until db's transaction ends, but ours. WAITS. */
bool grant_lock(struct db *db, const char *tenant_id);

/* Who gives: whose rights, and the most that they may give of them. */
struct grantor {
    const char *tenant_id, *user_id;
    const char *impersonator_id; /* NULL: nobody acts as the user */
    struct permissions permissions;
    int rank;
};
struct grantor grantor_of(const struct cx *cx);
/* To go on later, in a job: as a JSON object, and back; what cannot be read may give
 * nothing. */
void grantor_write(struct json *json, struct arena *arena, const struct grantor *grantor);
struct grantor grantor_read(struct arena *arena, struct json_object *object);
/* What they may give now. false: db->error. WAITS. */
bool grantor_rights(struct db *db, const struct grantor *grantor, struct rights *out);

enum grant_answer { GRANT_YES, GRANT_RANK, GRANT_LACKING };
/* Whether who has `most` covers `some`; *lacking (may be NULL): the grant that is missing. */
enum grant_answer rights_cover(const struct rights *most, const struct rights *some,
                               const char **lacking);

#endif
