/* permission: grants and what they allow.
 *
 * A permission is `area.resource:action` ("crm.leads:read"). A grant may end
 * in a wildcard: "crm.*" (all of an area), "crm.leads:*", "*:read" (reading
 * everywhere) or "*". Wildcards at the front never cover permissions of the
 * area `platform`: those are granted by name ("platform.*", "platform.*:read").
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

bool permission_is_grant(const char *text); /* well-formed */
bool grant_covers(const char *grant, const char *permission);
bool permissions_allow(const struct permissions *permissions, const char *permission);
/* Every permission that `grant` covers is covered by `permissions`: the rule
 * that nobody grants what they lack. */
bool permissions_cover(const struct permissions *permissions, const char *grant);
/* The first grant of `some` that `all` do not cover; NULL: they cover them. */
const char *permissions_lacking(const struct permissions *all, const struct permissions *some);
/* What both allow, as grants ("crm.*" and "*:read" meet in "crm.*:read"). */
struct permissions permissions_meet(struct arena *arena, const struct permissions *a,
                                    const struct permissions *b);
/* From a PostgreSQL text[] or a JSON array of strings. */
struct permissions permissions_read(struct arena *arena, const char *text);

/* As a JSON array of strings, in the arena. */
const char *permissions_write(struct arena *arena, const struct permissions *permissions);

/* Handlers: whether the one signed in may; no failure is set. */
bool may(const struct cx *cx, const char *permission);

#endif
