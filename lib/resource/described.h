/* described: what the areas described of themselves (TULOU_SHARE/areas.json, which the build makes
 * of every area's --describe), for those who link it into the model (resource/model.h,
 * resource/tables.h), check it, or make the OpenAPI document of it. Everybody else reads what is
 * linked.
 */
#ifndef RESOURCE_DESCRIBED_H
#define RESOURCE_DESCRIBED_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {"areas":[…]} as areas_load() read it; valid for the process's life, never changed. */
json_object *described_all(void);
/* The members of the lists `key` ("menu", "resources", "routes") of all areas, one after
 * the other; NULL at the end. `place` begins as zero, and is in the area of the member. */
struct described_place {
    size_t area, item;
};
json_object *described_next(const char *key, struct described_place *place);
/* The name of the area of the place; NULL behind the last. */
const char *described_area(const struct described_place *place);
/* A text member of what areas described; NULL: none. */
const char *described_text(json_object *object, const char *key);
bool described_flag(json_object *object, const char *key);
int64_t described_number(json_object *object, const char *key);

#endif
