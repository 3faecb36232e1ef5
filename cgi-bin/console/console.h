/* console: what the files of this area share. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "api/area.h"

extern const struct route start_routes[];     /* /, /admin, /api/docs */
extern const struct route search_routes[];    /* /search */
extern const struct route operation_routes[]; /* /readyz, /metrics */
extern const struct route outbox_routes[];    /* /platform/mail */

#endif
