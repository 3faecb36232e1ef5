/* tables: what the areas' tables say beside their resources, of all areas: entries of the menu,
 * sections of settings, kinds of notifications, events, addresses. Linked with the model
 * (resource/model.h), so that nobody else reads what another area described.
 *
 * Each of the lists stands in the order of the areas, is closed by an entry of zeros and lives as
 * long as the process.
 */
#ifndef RESOURCE_TABLES_H
#define RESOURCE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "resource/field.h"

struct table_menu { /* as lib/api/area.h declares it */
    const char *set, *title, *path, *icon, *group, *needs, *kinds;
    int64_t order;
};

struct table_section {
    const char *key, *title, *about;
    bool platform; /* of the platform's own tenant alone */
    const struct field *fields;
};

struct table_notice {
    const char *type, *title, *about;
    bool email; /* goes out as mail too, unless its reader wishes otherwise */
};

/* Declared by an area, or told by an action: then `type` is what it is called after, and a verb. */
struct table_event {
    const char *type, *told;
    bool has_data; /* members of its own */
};

/* What is appended to records of another resource of its area. */
struct table_child {
    const char *word;   /* what its events are called after */
    const char *parent; /* "crm.deals" */
    const char *column;
};

const struct table_menu *tables_menu(void);
const struct table_section *tables_sections(void);
const struct table_notice *tables_notices(void);
const struct table_event *tables_events(void);        /* that areas declared */
const struct table_event *tables_action_events(void); /* that their actions tell */
const struct table_child *tables_children(void);
const char *const *tables_area_names(void);                  /* NULL behind the last */
const struct table_section *tables_section(const char *key); /* NULL: there is none */
bool tables_have_page(const char *path);                     /* whether a GET has that address */

/* Of model_link(), once areas_load() has read them. */
void tables_link(void);

#endif
