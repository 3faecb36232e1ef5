/* notifications: what the files of this area share. */
#ifndef NOTIFICATIONS_H
#define NOTIFICATIONS_H

#include "api/area.h"

extern const struct route notice_routes[];     /* one's own: list, read, open */
extern const struct route preference_routes[]; /* by kind and channel */

#endif
