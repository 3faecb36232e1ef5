/* settings: the routes of a settings section, made from its fields: GET, PUT and PATCH
 * /api/settings/<key>, a form at /admin/settings/<key>. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include "api/area.h"

struct cx;
struct tenant;

/* Of a body that changes settings: all of a tenant together may take 16 kB. */
enum { SETTINGS_BODY_MAX = 64 << 10 };

/* Closed by a route without path; in static memory of the process. */
const struct route *settings_routes(const struct settings_section *section);

/* The page of all sections, of whatever area, each a form that its own route saves: the tenant's,
 * or the platform's own. WAITS. */
bool settings_show_all(struct cx *cx, bool platform);

/* The one door to tenants.settings: checks each section of {"key": {…}} by the fields that its area
 * declared, and replaces those sections of the tenant that cx->db points at. All settings as they
 * are then (one row, one column); NULL with failure set: unknown section or field, a value out of
 * its rules, more than 16 kB in all. WAITS. */
struct rows *settings_store(struct cx *cx, json_object *sections);

/* What a tenant's setting says, by column name: as it was stored, else its declared initial value
 * (NULL: none). In the cx's arena. A number that cannot be read is 0. */
const char *settings_text(struct cx *cx, const struct tenant *tenant,
                          const struct settings_section *section, const char *name);
int64_t settings_int(struct cx *cx, const struct tenant *tenant,
                     const struct settings_section *section, const char *name);

#endif
