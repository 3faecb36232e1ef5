/* area: what the files of this area share. (Not access.h: that is the floor.) */
#ifndef ACCESS_AREA_H
#define ACCESS_AREA_H

#include "api/area.h"

extern const struct resource roles;
extern const struct resource audit_logs;
extern const struct resource login_attempts;
extern const struct route role_routes[]; /* permissions, matrix, roles of a user */
extern const struct route matrix_pages[];
extern const struct route audit_routes[];    /* verify, one event's page */
extern const struct route security_routes[]; /* sessions, policy, settings index */

#endif
