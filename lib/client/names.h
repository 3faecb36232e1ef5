/* names: questions to the DNS (RFC 1035) by c-ares, on our loop.
 *
 * They go to TULOU_DNS, else to the system's servers (resolv.conf); neither the
 * hosts file nor search domains count. An answer takes some seconds at most.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include <stddef.h>

struct arena;

enum name_status {
    NAME_FOUND,
    NAME_NONE,   /* the name or such a record is not there */
    NAME_UNKNOWN /* no server gave an answer: try again later */
};

enum { NAME_TEXTS_MAX = 32 };

struct name_texts {
    const char *texts[NAME_TEXTS_MAX]; /* in the arena; the first ones when there are more */
    size_t count;
};

/* The TXT records of a name (RFC 1035 3.3.14), the parts of each put together. WAITS. */
enum name_status names_texts(struct arena *arena, const char *name, struct name_texts *out);

/* An address of a host, of version 4 if it has one: *address in the arena. WAITS. */
enum name_status names_address(struct arena *arena, const char *name, const char **address);

#endif
