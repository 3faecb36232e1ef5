/* form_parts: what the files about forms share; private to lib/page. */
#ifndef PAGE_FORM_PARTS_H
#define PAGE_FORM_PARTS_H

#include <json-c/json.h>
#include <stdbool.h>

struct cx;
struct field;
struct list_result;

/* ---- form_value.c ---- */
/* What the form was sent with, else what is stored in the row (NULL: a new record), else the
 * initial value; NULL: nothing. `fields`: of the form. */
const char *form_value(struct cx *cx, const struct field *fields, const struct field *field,
                       const struct list_result *row);
/* The same without what was sent. */
const char *form_stored(struct cx *cx, const struct field *fields, const struct field *field,
                        const struct list_result *row);
/* A list that is typed as lines. */
bool form_is_lines(const struct field *field);
/* The zone whose clocks times are typed by. */
const char *form_zone(const struct cx *cx);

/* ---- form_options.c: each adds "options" for the template layout/field ---- */
/* What may follow what is stored: resource/offered.h. WAITS. */
void form_add_offered(struct cx *cx, json_object *out, const struct field *field,
                      const struct list_result *row, const char *value);
/* What may follow the stored value: resource/transition.h. */
void form_add_choices(struct cx *cx, json_object *out, const struct field *field,
                      const struct list_result *row, const char *value);
/* Ticks: those sent, or those that stand in the stored list. */
void form_add_ticks(struct cx *cx, json_object *out, const struct field *field, const char *value);
/* Those that pages are written in, by the names that their speakers give them; what is stored
 * besides stays. */
void form_add_languages(json_object *out, const struct field *field, const char *value);
/* What is likely of a zone or a currency; false: there are none for the type. */
bool form_add_suggestions(json_object *out, const struct field *field);
/* What has an initial value and cannot be null is never empty. */
bool form_must_have(const struct field *field);

/* ---- form_roles.c ---- */
/* The roles that there are, by name: ticks, or one to choose. WAITS. */
void form_add_roles(struct cx *cx, json_object *out, const struct field *field,
                    const struct list_result *row, const char *value);

/* ---- form_conflict.c ---- */
/* Adds "theirs" to a field whose entry differs from what somebody else stored meanwhile: it is
 * chosen which of the two stays. */
void form_add_conflict(struct cx *cx, json_object *out, const struct field *fields,
                       const struct field *field, const struct list_result *row);

/* ---- form_control.c ---- */
/* Which of the template's inputs it is, with its options. WAITS. */
void form_add_kind(struct cx *cx, json_object *out, const struct field *field,
                   const struct list_result *row, const char *value);
/* The attributes of the input. */
void form_add_control(struct cx *cx, json_object *out, const struct field *field,
                      const char *value);

#endif
