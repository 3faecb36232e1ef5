/* users: what the files of this area share. */
#ifndef USERS_H
#define USERS_H

#include "api/area.h"

struct cx;

extern const struct resource platform_users, admin_users;
extern const struct resource owner_users, student_users, parent_users, staff_users;
extern const struct action activate_user, deactivate_user, reset_password, invite_user;
extern const struct action unlink_user;    /* ends links with other workspaces */
extern const struct route action_routes[]; /* sessions, activity, permissions */
extern const struct action require_mfa, reset_mfa, sign_out_user, unlock_user;
extern const struct route bulk_routes[];   /* older addresses of imports and exports */
extern const struct route figure_routes[]; /* analytics */
extern const struct route invite_many_routes[];
extern const struct import_rules user_import_rules;
extern const struct resource teams, team_members;
extern const struct route team_pages[]; /* members, on the page of their team */
extern const struct notification_kind notice_rights_changed;

struct user {
    char id[UUID_SIZE], tenant_id[UUID_SIZE];
    const char *email, *name, *locale, *status;
    bool has_password;
};

/* A user that the one signed in may see; 404 else. Checks rank too when it
 * shall be changed. WAITS. */
bool user_read(struct cx *cx, const char *id, bool to_change, struct user *user);
/* The same, for its tenant alone. */
bool user_find(struct cx *cx, const char *id, bool to_change, char tenant_id[static UUID_SIZE]);

/* Sends the invitation, in cx->db's transaction if one is open: 429 too_many_links,
 * 409 not_invitable. WAITS. */
bool user_invite(struct cx *cx, const struct user *user);

/* Hook of the list: the way to inviting many. */
bool invite_many_add(struct cx *cx, struct json_object *data, const struct list_result *record);

/* The role that a kind of user has unless roles are given; NULL: none. */
const char *role_of_kind(const char *kind);

/* Tells a user that an administrator changed its rights; in cx->db's transaction. WAITS. */
bool user_tell_rights(struct cx *cx, const char *tenant_id, const char *id);

/* Replaces a user's roles by a JSON array of keys, checking that each may be
 * granted; in cx->db's transaction. WAITS. */
bool roles_store(struct cx *cx, const char *tenant_id, const char *user_id, json_object *roles);

#endif
