/* input: the values that a request brought, checked against declared fields.
 *
 * A body is JSON, a form or (imports) a CSV row; all three end here, so a
 * handler does not know which it was. A value is kept in the text form that
 * PostgreSQL takes, already in its normal form (e-mail in lower case …).
 */
#ifndef RESOURCE_INPUT_H
#define RESOURCE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "resource/field.h"

struct cx;
struct list_result;

enum presence { ABSENT, IS_NULL, GIVEN };

struct value {
    enum presence presence;
    const char *text;           /* normal form; NULL unless GIVEN */
    json_object *json;          /* of JSON, OBJECT, ARRAY */
    const char *raw;            /* as typed, to fill the form again */
    const struct input *nested; /* of CUSTOM: the values by the tenant's fields */
    bool by_default;            /* of those: nobody gave it */
};

struct input {
    const struct field *fields;
    struct value *values; /* one for each field, same order */
    const struct field *query_fields;
    struct value *query_values;
    bool is_form;            /* typed by people: an object is meant whole, not as a patch */
    const char *body_sha256; /* of the body as sent, for Idempotency-Key; "" when none */
};

enum input_mode { INPUT_CREATE, INPUT_REPLACE, INPUT_MERGE };

/* Checks the query against route->query and the body against route->body, and
 * fills cx->input; all problems at once (422, details), malformed JSON 400. */
bool input_check(struct cx *cx);
/* As the body part, for any fields: an object of JSON, or the request's form. */
bool input_read_json(struct cx *cx, const struct field *fields, json_object *object,
                     enum input_mode mode, struct input **out);
/* The same for an object inside of another: `prefix` ("settings.api.") stands before the names in
 * messages, and the normal form of each text is put back into the object. */
bool input_read_json_at(struct cx *cx, const char *prefix, const struct field *fields,
                        json_object *object, enum input_mode mode);
bool input_read_form(struct cx *cx, const struct field *fields, enum input_mode mode,
                     struct input **out);
/* Fills what a patch left out with what there is: the columns of the first row, by name. */
void input_complete(struct cx *cx, const struct list_result *current);
/* One value from text (a CSV cell, a query parameter). On refusal false with
 * *code and *message. */
bool field_check_text(struct cx *cx, const struct field *field, const char *text, struct value *out,
                      const char **code, const char **message);

/* For hooks: the value of a new record's column, READ_ONLY ones included; NULL is null. It must be
 * in its normal form and live as long as the request. */
void input_set(struct input *input, const char *name, const char *text);

/* By column name; a name that the fields lack is a defect (assert). */
const struct value *input_value(const struct input *input, const char *name);
bool input_given(const struct cx *cx, const char *name);
const char *input_text(const struct cx *cx, const char *name); /* NULL: absent or null */
int64_t input_int(const struct cx *cx, const char *name, int64_t otherwise);
bool input_bool(const struct cx *cx, const char *name, bool otherwise);
/* Query parameters declared by the route, checked: same accessors on the query. */
const char *query_text(const struct cx *cx, const char *name);
int64_t query_int(const struct cx *cx, const char *name, int64_t otherwise);

#endif
