#include "resource/settings_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/areas.h"

static struct {
    struct arena *arena;
    struct settings_rules *all;
    size_t count;
} known;

static int64_t number(json_object *described, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(described, key, &value) ? json_object_get_int64(value) : 0;
}

static const char *const *texts(json_object *described, const char *key)
{
    json_object *list;
    if (!json_object_object_get_ex(described, key, &list))
        return NULL;
    size_t count = json_object_array_length(list);
    const char **all = arena_alloc(known.arena, sizeof *all * (count + 1));
    for (size_t i = 0; i < count; i++)
        all[i] = json_object_get_string(json_object_array_get_idx(list, i));
    return all;
}

static const struct field *fields_described(json_object *described);

static struct field field_described(json_object *described)
{
    unsigned flags = (areas_flag(described, "required") ? REQUIRED : 0u) |
                     (areas_flag(described, "nullable") ? NULLABLE : 0u);
    return (struct field){.name = areas_text(described, "column"),
                          .type = field_type_named(areas_text(described, "type")),
                          .flags = flags,
                          .min = number(described, "min"),
                          .max = number(described, "max"),
                          .choices = texts(described, "choices"),
                          .initial = areas_text(described, "initial"),
                          .fields = fields_described(described),
                          .item = field_type_named(areas_text(described, "item"))};
}

/* NULL: it has none. */
static const struct field *fields_described(json_object *described)
{
    json_object *list;
    if (!json_object_object_get_ex(described, "fields", &list))
        return NULL;
    size_t count = json_object_array_length(list);
    struct field *fields = arena_alloc(known.arena, sizeof *fields * (count + 1));
    for (size_t i = 0; i < count; i++)
        fields[i] = field_described(json_object_array_get_idx(list, i));
    return fields;
}

static void rules_read(void)
{
    struct areas_place place = {0, 0};
    json_object *it;
    size_t count = 0;
    while (areas_next("settings", &place))
        count++;
    known.arena = arena_new();
    known.all = arena_alloc(known.arena, sizeof *known.all * (count + 1));
    place = (struct areas_place){0, 0};
    while ((it = areas_next("settings", &place)) != NULL)
        known.all[known.count++] = (struct settings_rules){
            areas_text(it, "key"), areas_flag(it, "platform"), fields_described(it)};
}

const struct settings_rules *settings_rules_find(const char *key)
{
    if (!known.arena)
        rules_read();
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.all[i].key, key) == 0)
            return &known.all[i];
    return NULL;
}
