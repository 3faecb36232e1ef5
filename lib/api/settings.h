/* settings: the routes of a settings section, made from its fields: GET and PUT
 * /api/settings/<key>, a form at /admin/settings/<key>. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include "api/area.h"

/* Closed by a route without path; in static memory of the process. */
const struct route *settings_routes(const struct settings_section *section);

#endif
