/* workspaces: accounts of one person in several tenants, linked with each other
 * once the person was signed in to both at once. Who is linked with whom is known
 * to that person alone: tenants see that an account of theirs is linked, not where.
 */
#ifndef AUTH_WORKSPACES_H
#define AUTH_WORKSPACES_H

#include "auth.h"

/* Columns of workspaces_all(). */
enum workspace_column {
    WORKSPACE_ID,
    WORKSPACE_TENANT,
    WORKSPACE_USER,
    WORKSPACE_SLUG,
    WORKSPACE_NAME,
    WORKSPACE_SINCE
};

/* The other workspaces of the one signed in, at most 20; NULL with the failure set. WAITS. */
struct rows *workspaces_all(struct cx *cx);

/* Why this session can neither link nor switch: link_by_sso, link_password_foreign,
 * link_email_unverified, link_session_over; NULL: it can. WAITS. */
bool workspace_standing(struct cx *cx, const char **why);
/* Links the account signed in with that of another live session; 409 for what stands in the
 * way on either side (see above), link_same_tenant, link_email_differs, link_refused. WAITS. */
bool workspace_link(struct cx *cx, const char *tenant_id, const char *session_id);
/* Ends the link of one of them, and what was opened by it; 404. WAITS. */
bool workspace_unlink(struct cx *cx, const char *id);
/* The account behind one of them, with the chain of this session; has_factor only
 * where one must be shown: not when this chain has a session there. 404. WAITS. */
bool workspace_account(struct cx *cx, const char *id, struct account *out);
/* The account by its ids, the chain and the session that it is opened from, of an active
 * user. 404. WAITS. */
bool workspace_account_find(struct cx *cx, const char *tenant_id, const char *user_id,
                            const char *chain_id, const char *parent_id, struct account *out);
/* The session at which this chain of switches began. WAITS. */
bool workspace_chain(struct cx *cx, char chain_id[static UUID_SIZE]);
/* Writes into the log of the tenant of this session that one was led on to another. WAITS. */
bool workspace_left(struct cx *cx);
/* A db of the platform role in a tenant; its actor is a user of that tenant. */
void workspace_db(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id);

#endif
