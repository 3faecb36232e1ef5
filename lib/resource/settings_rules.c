#include "resource/settings_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/areas.h"
#include "resource/model.h"

static struct {
    struct arena *arena;
    struct settings_rules *all;
    size_t count;
} known;

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
            areas_text(it, "key"), areas_flag(it, "platform"), model_fields(it, "fields")};
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
