/* areas: what this program must know of all areas: menu entries, permissions,
 * settings sections, feature names. Read from TULOU_SHARE/areas.json, which the
 * build makes from every area's --describe.
 */
#ifndef RESOURCE_AREAS_H
#define RESOURCE_AREAS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* How many areas there is room for wherever all of them are looked at; more are refused
 * at the start. */
enum { AREAS_MAX = 64 };

bool areas_load(const char *path);
/* {"areas":[…]} as described; valid for the process's life, never changed. */
json_object *areas_all(void);
/* The members of the lists `key` ("menu", "resources", "routes") of all areas, one after
 * the other; NULL at the end. `place` begins as zero. */
struct areas_place {
    size_t area, item;
};
json_object *areas_next(const char *key, struct areas_place *place);
/* A text member of what areas described; NULL: none. */
const char *areas_text(json_object *object, const char *key);
bool areas_flag(json_object *object, const char *key);
/* Calls each(arg, name, title, area) for every permission, sorted by name. */
void areas_permissions(void (*each)(void *arg, const char *name, const char *title,
                                    const char *area),
                       void *arg);
bool areas_permission_exists(const char *name);
/* Whether a permission is of a resource whose records have owners, so that it may be given of
 * one's own or one's teams' alone. */
bool areas_permission_has_owners(const char *name);
/* Whether the one signed in may do that with some records at least: for links and buttons, and for
 * what keeps to their sight. */
struct cx;
bool areas_may(const struct cx *cx, const char *permission);

#endif
