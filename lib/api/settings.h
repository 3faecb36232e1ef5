/* settings: the routes of a settings section, made from its fields: GET and PUT
 * /api/settings/<key>, a form at /admin/settings/<key>. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include "api/area.h"

struct cx;
struct tenant;

/* Closed by a route without path; in static memory of the process. */
const struct route *settings_routes(const struct settings_section *section);

/* What a tenant's setting says, by column name: as it was stored, else its declared initial value
 * (NULL: none). In the cx's arena. A number that cannot be read is 0. */
const char *settings_text(struct cx *cx, const struct tenant *tenant,
                          const struct settings_section *section, const char *name);
int64_t settings_int(struct cx *cx, const struct tenant *tenant,
                     const struct settings_section *section, const char *name);

#endif
