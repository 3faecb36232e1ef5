/* initial: what a field of a new record has where nobody says: a constant (.initial), a setting of
 * the tenant (.initial_of: "currency", "locale" or "time_zone") or what the tenant's records say
 * (.initial_sql, an expression). The one place that the API, forms and whatever makes records ask.
 */
#ifndef RESOURCE_INITIAL_H
#define RESOURCE_INITIAL_H

#include <stdbool.h>

struct cx;
struct field;

/* Whether there is one, so that the field may be absent. */
bool initial_is_there(const struct field *field);
/* Whether tenants have a setting of this name. */
bool initial_is_setting(const char *name);
/* In text form; NULL: none, or only the statement that writes knows it (.initial_sql). */
const char *initial_text(const struct cx *cx, const struct field *field);
/* The same for a form, with what the database says. WAITS. */
const char *initial_shown(struct cx *cx, const struct field *field);

#endif
