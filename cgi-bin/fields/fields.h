/* fields: what the files of this area share. */
#ifndef FIELDS_H
#define FIELDS_H

#include <json-c/json.h>

#include "api/area.h"

extern const struct resource custom_fields, custom_choices;

/* Whether a tenant may add fields to it, and whether one of them may refer to it. */
bool field_allows_custom(const struct resource *resource);
bool field_may_refer_to(const struct resource *resource);
/* What the form and the pages have besides: see struct resource. */
bool field_form_add(struct cx *cx, json_object *data, const struct list_result *record);
bool field_page_add(struct cx *cx, json_object *data, const struct list_result *record);
/* Takes the values of a deleted field away, some records at a time. */
extern const struct job_kind custom_removal;
/* Fills the index of a field that became a filter. */
extern const struct job_kind custom_filling;
/* Writes anew for which words the records are found, when that changes for one of their fields. */
extern const struct job_kind custom_wording;

#endif
