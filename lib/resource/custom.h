/* custom: the fields that a tenant adds to a resource by itself.
 *
 * A resource that allows it closes its fields with CUSTOM_FIELDS("crm.leads") (its name in the
 * model) and its migration says call house.has_custom('leads'): then each record has a member
 * "custom", an object, stored in one jsonb column (null: nothing), and the tenant's definitions
 * (cgi-bin/fields) say what may stand in it. Here a definition becomes a struct field like those
 * that are declared, so that validation, forms, lists, filters, orders and CSV treat it alike:
 * its name is the path of the value, "custom.color"; an amount of money is two,
 * "custom.budget.amount" and "custom.budget.currency".
 *
 * The definitions are read once and kept by the process until the tenant changes
 * (access/shared.h), as tenants and roles are.
 */
#ifndef RESOURCE_CUSTOM_H
#define RESOURCE_CUSTOM_H

#include "base/json.h"
#include "resource/resource.h"

struct arena;
struct db;
struct place;
struct value;

#define CUSTOM_FIELDS(model_name)                                                                  \
    {                                                                                              \
        "custom", CUSTOM,                                                                          \
            .label = "Custom fields",                                                              \
            .help = "The values of the tenant's own fields, each under its key; null "             \
                    "takes one away, and what is absent stays.",                                   \
            .example = "{}", .custom = (model_name)                                                \
    }

enum { CUSTOM_MOST = 500 }; /* fields that a tenant may add to one resource */

struct custom_definition {
    const char *id, *key;
    const struct field *field; /* of money the amount's, and behind it the currency's */
    const char *initial;       /* of a new record that does not say; NULL: nothing */
    bool filtered;             /* lists offer it as a filter, and it has an index */
};

/* The fields of one tenant on one resource, in their order; those that are for others alone
 * (`seen_with`) are not among them. */
struct custom {
    const struct resource *resource;
    const struct custom_definition *definitions;
    size_t count;
    const struct field *fields; /* closed; those of all definitions */
    const char *const *hidden;  /* keys whose values are not shown; closed by NULL */
};

/* The field of a resource that holds them; NULL: it allows none. */
const struct field *custom_field(const struct resource *resource);
/* Whether a field of the tenant's on it may be for who has that permission alone: it is one of the
 * resource's besides those of its routes ("crm.leads:private"). */
bool custom_may_limit(const struct resource *resource, const char *permission);
/* The tenant's fields on the resource, held as long as the request; without any where it has none.
 * NULL: the failure is set. WAITS. */
const struct custom *custom_of(struct cx *cx, const struct resource *resource);
/* The same of the resource whose member `custom` the field is. WAITS. */
const struct custom *custom_of_field(struct cx *cx, const struct field *field);
/* The type that values of a definition's type have: DECIMAL for "number". */
enum field_type custom_type_named(const char *name);
/* "color": NULL when the tenant has no such field there. */
const struct custom_definition *custom_find(const struct custom *custom, const char *key);
/* The field of that path, "custom.color"; NULL: there is none, or it cannot be read. WAITS. */
const struct field *custom_find_field(struct cx *cx, const struct resource *resource,
                                      const char *path);

/* ---- all values of one field, for those who change its definition; each WAITS ---- */
/* Whether a record has a value under the key, other than `but` (an array of PostgreSQL's; NULL:
 * any). false: db->error. */
bool custom_value_exists(struct db *db, const struct resource *resource, const char *key,
                         const char *but, bool *exists);
/* Takes the values of `most` records behind the one of the id `after` away; *last is the id up to
 * which there are none, NULL when it was the end. false: db->error. */
bool custom_values_remove(struct db *db, const struct resource *resource, const char *key,
                          const char *after, int most, const char **last);

/* ---- values that come in ---- */
/* The object of a body; what it becomes in out->text is the patch that is written. */
bool custom_read_json(const struct place *place, const struct field *field, json_object *object,
                      struct value *out);
/* The same from the request's form, whose inputs have the fields' names. */
bool custom_read_form(const struct place *place, const struct field *field, struct value *out);

/* ---- values that go out ---- */
/* Puts the tenant's fields in the place of the column that holds them all, so that pages and CSV
 * have one for each. false: the failure is set. */
bool custom_spread(struct cx *cx, struct list_result *result);
/* The id that the stored object has of this reference; NULL: none. */
const char *custom_reference(struct arena *arena, const char *stored, const struct field *field);
/* The stored object (NULL: none) without what is hidden. */
void custom_write_json(struct json *json, const struct custom *custom, const char *text,
                       size_t len);

#endif
