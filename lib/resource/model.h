/* model: the resources of all areas, linked once for each process before its workers fork.
 *
 * An area's own resources are its C tables; those of other areas are made from what these
 * described in areas.json, so that a reader cannot tell them apart but by their hooks, which
 * only their own area has. A resource is named "crm.leads": its area and its name.
 */
#ifndef RESOURCE_MODEL_H
#define RESOURCE_MODEL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "resource/resource.h"

/* The tables of an area that this program is linked of; before model_link(). */
void model_add_area(const char *area, const struct resource *const *resources);
/* Links the model from areas.json, which areas_load() has read. false: what a field refers to is
 * not there (logged). */
bool model_link(void);

/* The same, whatever is wrong: for model_check(). */
void model_link_described(void);

size_t model_count(void);
const struct resource *model_at(size_t index); /* index < model_count() */
/* "crm.leads"; valid for the process's life. NULL: it is not of the model. */
const char *model_name(const struct resource *resource);
/* By that name; NULL: there is none. */
const struct resource *model_resource(const char *name);

/* What is wrong with the tables of all areas, a sentence each: references that lead nowhere or
 * to what people cannot search, permissions of the menu that no route asks for, names and
 * addresses that stand there twice. true: nothing. */
bool model_check(struct buf *report);

/* The member `key` of what areas described, as fields: the same as in the area's own table.
 * NULL: there is none. For the process's life. */
const struct field *model_fields(json_object *described, const char *key);

#endif
