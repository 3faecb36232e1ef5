/* areas: the permissions of all areas, and what their built-in roles are given. Read from what they
 * described (resource/described.h), as is all else that is linked of them (resource/model.h,
 * resource/tables.h).
 */
#ifndef RESOURCE_AREAS_H
#define RESOURCE_AREAS_H

#include <stdbool.h>
#include <stddef.h>

/* How many areas there is room for wherever all of them are looked at; more are refused
 * at the start. */
enum { AREAS_MAX = 64 };

bool areas_load(const char *path);
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
