/* host: names of hosts in their one form. */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include <stdbool.h>

struct arena;

enum { HOST_MAX = 253 }; /* RFC 1035 2.3.4, as text without the last dot */

/* A host's name as the DNS has it: labels of letters, digits and hyphens in small letters
 * with single dots between, others converted (RFC 5891, UTS 46: bücher.example is
 * xn--bcher-kva.example). In the arena; NULL: this is no name of a host. Numbers pass: who
 * does not want IP addresses asks host_is_number(). */
char *host_read(struct arena *arena, const char *name);

/* Whether the last label is a number, so that it is an address (URL Standard, "ends in a
 * number checker"). */
bool host_is_number(const char *host);

#endif
