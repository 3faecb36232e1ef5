/* value_text: stored values as people read them, in their language and their tenant's zone. What a
 * reference refers to has a name (resource/reference.h), which is not known here.
 */
#ifndef RESOURCE_VALUE_TEXT_H
#define RESOURCE_VALUE_TEXT_H

#include <stdint.h>

#include "resource/field.h"

struct cx;

/* The stored text of a field's value, in the arena; currency: of MONEY. Times may be written as
 * PostgreSQL does or as RFC 3339. */
const char *value_text(struct cx *cx, const struct field *field, const char *text,
                       const char *currency);
const char *value_instant(struct cx *cx, int64_t us);
/* What the JSON of a FILE_FIELD says of it: "name", "url" …; NULL: there is no file. */
const char *value_file(struct cx *cx, const char *stored, const char *member);

#endif
