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

/* ---- role_sights.c: the choices of a role's form, and what they make of its permissions ---- */
struct list_result;
bool role_sights_add(struct cx *cx, json_object *data, const struct list_result *record);
bool role_sights_take(struct cx *cx, struct input *input); /* 422 wider_permission */

#endif
