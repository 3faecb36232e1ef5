/* notifications: what the files of this area share. */
#ifndef NOTIFICATIONS_H
#define NOTIFICATIONS_H

#include "api/area.h"

extern const struct resource notices;
extern const struct route notice_pages[];      /* opening one */
extern const struct route preference_routes[]; /* by kind and channel */

#endif
