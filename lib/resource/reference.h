/* reference: a field that holds the id of a record of another resource (.refers).
 *
 * What the other is called comes from a look-up by (tenant_id, id) inside the statement that
 * reads the record, so that a list costs no query a row. A record that the reader may not see
 * has no name.
 */
#ifndef RESOURCE_REFERENCE_H
#define RESOURCE_REFERENCE_H

#include "resource/resource.h"

/* The resource whose ids the field holds; NULL: it refers to nothing. */
const struct resource *reference_target(const struct field *field);
/* "owner" of owner_id: its name in include=, and the member of an answer. For the process's life.
 */
const char *reference_name(const struct field *field);
/* Whether the one signed in may read what the field refers to. */
bool reference_may_read(const struct cx *cx, const struct field *field);

/* The references among `columns`, NULL-terminated, in the arena. */
const struct field **reference_labels(struct cx *cx, const struct field *const *columns);
/* Those of a resource that pages show. */
const struct field **reference_labels_shown(struct cx *cx, const struct resource *resource);
/* include=owner,contact: the references of these names. false: 400 unknown_parameter. */
bool reference_read_include(struct cx *cx, const struct resource *resource, const char *text,
                            const struct field ***labels);

/* Of a result: what the record is called to which `field` of the row refers, NULL: nothing, or
 * it may not be seen. */
const char *reference_label(const struct list_result *result, size_t row,
                            const struct field *field);

/* The records whose words match, at most `limit`: ids and labels, the columns 0 and 1. false: the
 * failure is set. WAITS. */
bool reference_find(struct cx *cx, const struct field *field, const char *words, int64_t limit,
                    struct list_result *out);
/* What a form was sent with to find a record by, trimmed; NULL: nothing. */
enum { REFERENCES_FOUND = 10 }; /* that a form offers */
const char *reference_form_words(const struct cx *cx, const struct field *field);
/* The same of many, an array of PostgreSQL's: rows of id and name, *out NULL when none may be seen.
 * false: the failure is set. WAITS. */
bool reference_names(struct cx *cx, const struct field *field, const char *ids,
                     const struct rows **out);
/* What the record is called with this id; NULL: there is none, or it may not be seen. WAITS. */
const char *reference_label_of(struct cx *cx, const struct field *field, const char *id);

/* Before a deletion: 409 in_use when something stands in its way, with a detail for each
 * resource that refers to it. false: the failure is set. WAITS. */
bool reference_allows_deletion(struct cx *cx, const struct resource *resource, const char *id);

#endif
