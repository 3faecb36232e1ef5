/* settings_rules: what the areas declared of their sections of the tenant's settings, known to
 * every program, so that a section has the same rules whichever area takes it in. */
#ifndef RESOURCE_SETTINGS_RULES_H
#define RESOURCE_SETTINGS_RULES_H

#include "resource/field.h"

struct settings_rules {
    const char *key;
    bool platform; /* of the platform's own tenant alone */
    const struct field *fields;
};

/* Made of areas.json at the first call; for the life of the process. NULL: there is none. */
const struct settings_rules *settings_rules_find(const char *key);

#endif
