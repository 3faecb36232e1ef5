/* area: what the files of this area share. (Not access.h: that is the floor.) */
#ifndef ACCESS_AREA_H
#define ACCESS_AREA_H

#include "api/area.h"

extern const struct resource roles;
extern const struct resource audit_logs;
extern const struct resource login_attempts;
extern const struct resource api_keys;
extern const struct resource ip_rules;
extern const struct route role_routes[]; /* permissions, matrix, roles of a user */
extern const struct route matrix_pages[];
extern const struct route audit_routes[];    /* verify, one event's page */
extern const struct route security_routes[]; /* sessions, policy, settings index */
extern const struct route security_user_pages[], security_overview_pages[];

/* Permissions that are there; 422 invalid_permission. Who may give them: access/grant.h. */
bool grants_check(struct cx *cx, const struct value *permissions);

/* ---- api_keys_pages.c ---- */
struct list_result;
bool api_key_add_to_form(struct cx *cx, json_object *data, const struct list_result *record);

/* ---- security_user.c, for the overview too ---- */
/* A time of the database as people read it; null when there is none. */
void security_set_time(struct cx *cx, json_object *item, const char *key, const char *stored);

/* ---- permission_cells.c ---- */
struct permissions;
/* A cell of the form, named "key/permission": how it stands in `shown`, or as it was sent. It can
 * be changed when one may give what the role `had` and more; `had` NULL: not at all. */
void permission_cell_add(struct cx *cx, json_object *cell, const char *key, const char *permission,
                         const struct permissions *had, const struct permissions *shown);
/* Whether the form has cells. */
bool permission_cells_sent(const struct cx *cx);
/* What a role that had these permissions has with the cells that were sent, as a JSON array; NULL:
 * what it had. */
const char *permission_cells_take(struct cx *cx, const char *key, const struct permissions *had);

/* What is seen, added, changed, deleted comes first in each group; its `rows` say of which
 * "permission" each is. */
void permission_rows_order(json_object *groups, const char *rows);

/* ---- role_form.c ---- */
/* Hooks of its form and of the list. WAITS. */
bool role_form_add(struct cx *cx, json_object *data, const struct list_result *record);
bool roles_add_builtin(struct cx *cx, json_object *data, const struct list_result *record);
/* The ticks of a form become the permissions of the input; `stored`: what the role has (NULL: it is
 * new). */
void role_form_take(struct cx *cx, const char *stored, struct input *input);
/* A key that is free, made of a role's name; NULL: the failure is set. WAITS. */
const char *role_key_make(struct cx *cx, const char *name);

#endif
