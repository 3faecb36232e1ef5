/* origin: where a page comes from, as browsers send it (RFC 6454, Fetch Standard). */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

struct arena;

/* The form in which a browser sends the origin that somebody typed: scheme and host in small
 * letters, the host as the DNS has it, no default port, nothing behind. "https://App.example:443/"
 * is https://app.example. In the arena; NULL: no browser sends this (a path, a wildcard, "null", a
 * user, another scheme). */
char *origin_read(struct arena *arena, const char *typed);

#endif
