/* etag: versions of what an address shows (RFC 9110 8.8.3, 13.1). */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* 16 hex digits of a hash of the data, in the arena: the same data, the same digits. */
char *etag_digits(struct arena *arena, const void *data, size_t len);

/* Whether `header`, an If-Match or If-None-Match, holds "*" or this tag with its quotes. One that
 * begins with W/ counts as well: nginx made it of ours when it compressed the answer, and the
 * version is the same. NULL-safe: no header or no tag is no match. */
bool etag_listed(const char *header, const char *tag);

#endif
