/* header: the parameters of a header's value (RFC 9110 5.6.6), as in
 * `form-data; name="a"; filename="b.csv"`.
 */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include <stdbool.h>

struct arena;

/* Finds the parameter `name`; *value is a copy in the arena, unquoted, or NULL
 * when it is absent. false: the parameters are malformed, or it stands there
 * twice. A backslash in quotes escapes only a quote or a backslash: browsers
 * have sent "C:\folder\file". */
bool header_parameter(struct arena *arena, const char *header, const char *name,
                      const char **value);

#endif
