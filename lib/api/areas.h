/* areas: what this program must know of all areas: menu entries, permissions,
 * settings sections, feature names. Read from TULOU_SHARE/areas.json, which the
 * build makes from every area's --describe.
 */
#ifndef API_AREAS_H
#define API_AREAS_H

#include <json-c/json.h>
#include <stdbool.h>

bool areas_load(const char *path);
/* {"areas":[…]} as described; valid for the process's life, never changed. */
json_object *areas_all(void);
/* Calls each(arg, name, title, area) for every permission, sorted by name. */
void areas_permissions(void (*each)(void *arg, const char *name, const char *title,
                                    const char *area),
                       void *arg);
bool areas_permission_exists(const char *name);

#endif
