/* permission: grants and what they allow.
 *
 * A permission is `area.resource:action` ("crm.leads:read"). A grant may end
 * in a wildcard: "crm.*" (all of an area), "crm.leads:*", "*:read" (reading
 * everywhere) or "*". Wildcards at the front never cover permissions of the
 * area `platform`: those are granted by name ("platform.*", "platform.*:read").
 *
 * A grant may say behind '@' of whose records: "crm.leads:read@own" (those that one
 * owns oneself), "crm.*@team" (and those that a member of a team of one's own owns);
 * a grant that says nothing is of all. All is wider than team, team wider than own,
 * with wildcards too. Where records have no owner, a grant with '@' gives nothing.
 */
#ifndef ACCESS_PERMISSION_H
#define ACCESS_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cx;

struct permissions {
    const char *const *grants;
    size_t count;
};

/* Of whose records a permission is, from the narrowest to the widest. */
enum sight { SIGHT_NONE, SIGHT_OWN, SIGHT_TEAM, SIGHT_ALL };

bool permission_is_grant(const char *text); /* well-formed */
/* The grant without its '@' and what follows, in the arena: whether that is a permission which
 * there is, others know. */
const char *grant_permission(struct arena *arena, const char *grant);
enum sight grant_sight(const char *grant);
/* The same permission of those records, in the arena; of SIGHT_ALL without '@'. */
const char *permission_with_sight(struct arena *arena, const char *permission, enum sight sight);
/* "own" "team" "all" "none" */
const char *sight_word(enum sight sight);

bool grant_covers(const char *grant, const char *permission);
/* Of whose records the permission is given: the widest of all grants. */
enum sight permissions_sight(const struct permissions *permissions, const char *permission);
/* Whether it is given of all records, which is what everything asks that does not keep to the
 * sight of the caller itself. */
bool permissions_allow(const struct permissions *permissions, const char *permission);
/* Every permission that `grant` covers is covered by `permissions`: the rule
 * that nobody grants what they lack. */
bool permissions_cover(const struct permissions *permissions, const char *grant);
/* The same grants, but of all records each: what covers these may enter as whoever has them,
 * for "own" and "team" are of different records with each of two. */
struct permissions permissions_of_all(struct arena *arena, const struct permissions *permissions);
/* The first grant of `some` that `all` do not cover; NULL: they cover them. */
const char *permissions_lacking(const struct permissions *all, const struct permissions *some);
/* What both allow, as grants ("crm.*@team" and "*:read" meet in "crm.*:read@team"). */
struct permissions permissions_meet(struct arena *arena, const struct permissions *a,
                                    const struct permissions *b);
/* From a PostgreSQL text[] or a JSON array of strings. */
struct permissions permissions_read(struct arena *arena, const char *text);

/* As a JSON array of strings, in the arena. */
const char *permissions_write(struct arena *arena, const struct permissions *permissions);

/* Handlers: whether the one signed in may, with all records; no failure is set. */
bool may(const struct cx *cx, const char *permission);
/* Handlers that keep to it: with whose records the one signed in may. */
enum sight sight_of(const struct cx *cx, const char *permission);

#endif
