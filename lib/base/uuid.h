/* uuid: UUID version 7 (RFC 9562 5.7), whose text sorts by creation. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>

#define UUID_SIZE 37 /* 36 characters and NUL */

/* A new id; within one process later ids are always greater (RFC 9562 6.2). */
void uuid_new(char out[static UUID_SIZE]);

/* The canonical form, either case, any version. */
bool uuid_is(const char *text);

#endif
