#include "resource/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/registry.h"
#include "base/text.h"
#include "resource/areas.h"
#include "resource/file_field.h"

struct linked {
    const char *name;
    const struct resource *resource;
};

static struct {
    struct linked *all;
    size_t count, own, room; /* the program's own come first */
    struct registry names;   /* of resources, by their address */
} model;

static struct arena *model_arena(void)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new();
    return arena;
}

static void model_add(const char *name, const struct resource *resource)
{
    file_field_know(resource);
    if (model.count == model.room) {
        model.room = model.room * 2 + 32;
        model.all = realloc(model.all, model.room * sizeof *model.all);
        if (!model.all)
            log_out_of_memory();
    }
    model.all[model.count++] = (struct linked){name, resource};
    registry_add(&model.names, resource, (void *)name);
}

static const char *name_make(const char *area, const char *resource)
{
    return arena_printf(model_arena(), "%s.%s", area, resource);
}

void model_add_area(const char *area, const struct resource *const *resources)
{
    for (const struct resource *const *it = resources; it && *it; it++)
        model_add(name_make(area, (*it)->name), *it);
}

size_t model_count(void)
{
    return model.count;
}

const struct resource *model_at(size_t index)
{
    return model.all[index].resource;
}

const char *model_name(const struct resource *resource)
{
    return registry_find(&model.names, resource);
}

const struct resource *model_resource(const char *name)
{
    for (size_t i = 0; name && i < model.count; i++)
        if (strcmp(model.all[i].name, name) == 0)
            return model.all[i].resource;
    return NULL;
}

/* ---- described tables, typed again ---- */

static int64_t number_read(json_object *described, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(described, key, &value) ? json_object_get_int64(value) : 0;
}

static const char *const *texts_read(json_object *described, const char *key)
{
    json_object *list;
    if (!json_object_object_get_ex(described, key, &list))
        return NULL;
    size_t count = json_object_array_length(list);
    const char **all = arena_alloc(model_arena(), sizeof *all * (count + 1));
    for (size_t i = 0; i < count; i++)
        all[i] = json_object_get_string(json_object_array_get_idx(list, i));
    all[count] = NULL;
    return all;
}

static unsigned flags_read(json_object *described)
{
    unsigned flags = 0, flag;
    const char *name;
    for (size_t i = 0; (name = field_flag_at(i, &flag)) != NULL; i++)
        if (areas_flag(described, name))
            flags |= flag;
    return flags;
}

static const struct shown_when *shown_when_read(json_object *described)
{
    json_object *it;
    if (!json_object_object_get_ex(described, "shownWhen", &it))
        return NULL;
    struct shown_when *made = arena_alloc(model_arena(), sizeof *made);
    *made = (struct shown_when){areas_text(it, "field"), areas_text(it, "of"),
                                areas_text(it, "values"), areas_flag(it, "required")};
    return made;
}

/* What is known of it elsewhere than in its own program: where its rows are. */
static const struct resource *child_read(json_object *described)
{
    json_object *it;
    if (!json_object_object_get_ex(described, "child", &it))
        return NULL;
    struct resource *made = arena_alloc(model_arena(), sizeof *made);
    struct resource *parent = arena_alloc(model_arena(), sizeof *parent);
    *parent = (struct resource){.table = areas_text(it, "parent")};
    *made = (struct resource){.name = areas_text(it, "name"),
                              .one = areas_text(it, "one"),
                              .table = areas_text(it, "table"),
                              .parent_column = areas_text(it, "column"),
                              .parent = parent};
    return made;
}

/* A file is described as the object that it is in JSON. */
static enum field_type type_read(json_object *described)
{
    return areas_flag(described, "file") ? FILE_FIELD
                                         : field_type_named(areas_text(described, "type"));
}

static struct field field_read(json_object *described)
{
    return (struct field){.name = areas_text(described, "column"),
                          .type = type_read(described),
                          .flags = flags_read(described),
                          .min = number_read(described, "min"),
                          .max = number_read(described, "max"),
                          .member = areas_text(described, "name"),
                          .label = areas_text(described, "label"),
                          .help = areas_text(described, "help"),
                          .example = areas_text(described, "example"),
                          .choices = texts_read(described, "choices"),
                          .initial = areas_text(described, "initial"),
                          .initial_of = areas_text(described, "initialOf"),
                          .initial_sql = areas_text(described, "initialSql"),
                          .shown_when = shown_when_read(described),
                          .offered = areas_flag(described, "offered"),
                          .follows_sql = areas_text(described, "followsSql"),
                          .refers = areas_text(described, "refers"),
                          .on_delete = field_on_delete_named(areas_text(described, "onDelete")),
                          .currency = areas_text(described, "currency"),
                          .sql = areas_text(described, "sql"),
                          .seen_with = areas_text(described, "seenWith"),
                          .changed_with = areas_text(described, "changedWith"),
                          .sorted_by = areas_text(described, "sortedBy"),
                          .fields = model_fields(described, "fields"),
                          .item = field_type_named(areas_text(described, "item")),
                          .child = child_read(described),
                          .custom = areas_text(described, "custom")};
}

const struct field *model_fields(json_object *described, const char *key)
{
    json_object *list;
    if (!json_object_object_get_ex(described, key, &list))
        return NULL;
    size_t count = json_object_array_length(list);
    struct field *fields = arena_alloc(model_arena(), sizeof *fields * (count + 1));
    for (size_t i = 0; i < count; i++)
        fields[i] = field_read(json_object_array_get_idx(list, i));
    fields[count] = (struct field){.type = FIELD_END};
    return fields;
}

static enum scope scope_read(const char *word)
{
    return text_equal(word, "tenant")     ? SCOPE_TENANT
           : text_equal(word, "platform") ? SCOPE_PLATFORM
           : text_equal(word, "none")     ? SCOPE_NONE
                                          : SCOPE_EITHER;
}

static const struct resource *resource_read(json_object *described)
{
    struct resource *made = arena_alloc(model_arena(), sizeof *made);
    *made = (struct resource){.name = areas_text(described, "name"),
                              .one = areas_text(described, "one"),
                              .title = areas_text(described, "title"),
                              .about = areas_text(described, "about"),
                              .permission = areas_text(described, "permission"),
                              .personal = areas_text(described, "personal"),
                              .table = areas_text(described, "table"),
                              .api = areas_text(described, "api"),
                              .page = areas_text(described, "page"),
                              .icon = areas_text(described, "icon"),
                              .scope = scope_read(areas_text(described, "scope")),
                              .no_tenant = areas_flag(described, "noTenant"),
                              .no_common_times = areas_flag(described, "noCommonTimes"),
                              .operations = (unsigned)number_read(described, "operations"),
                              .fields = model_fields(described, "fields"),
                              .sort = areas_text(described, "sort"),
                              .where = areas_text(described, "where"),
                              .owner = areas_text(described, "owner"),
                              .label = areas_text(described, "label"),
                              .event = areas_text(described, "event"),
                              .no_events = areas_flag(described, "noEvents"),
                              .follows = areas_text(described, "follows")};
    return made;
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < model.own; i++)
        if (strcmp(model.all[i].name, name) == 0)
            return true;
    return false;
}

static void area_link(json_object *area)
{
    json_object *resources = NULL;
    json_object_object_get_ex(area, "resources", &resources);
    for (size_t i = 0; resources && i < json_object_array_length(resources); i++) {
        json_object *it = json_object_array_get_idx(resources, i);
        const char *name = name_make(areas_text(area, "name"), areas_text(it, "name"));
        if (!is_own(name))
            model_add(name, resource_read(it));
    }
}

static bool references_lead_somewhere(void)
{
    bool good = true;
    for (size_t i = 0; i < model.count; i++)
        for (const struct field *it = model.all[i].resource->fields; it->type != FIELD_END; it++)
            if (it->refers && !model_resource(it->refers)) {
                log_error("a field refers to a resource that is not there: build again", "resource",
                          model.all[i].name, "field", it->name, "refers", it->refers);
                good = false;
            }
    return good;
}

void model_link_described(void)
{
    json_object *areas = NULL;
    model.own = model.count;
    json_object_object_get_ex(areas_all(), "areas", &areas);
    for (size_t i = 0; areas && i < json_object_array_length(areas); i++)
        area_link(json_object_array_get_idx(areas, i));
}

bool model_link(void)
{
    model_link_described();
    return references_lead_somewhere();
}
