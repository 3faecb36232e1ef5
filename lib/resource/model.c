#include "resource/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/registry.h"
#include "base/text.h"
#include "resource/described.h"
#include "resource/file_field.h"
#include "resource/tables.h"

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
        if (described_flag(described, name))
            flags |= flag;
    return flags;
}

static const struct shown_when *shown_when_read(json_object *described)
{
    json_object *it;
    if (!json_object_object_get_ex(described, "shownWhen", &it))
        return NULL;
    struct shown_when *made = arena_alloc(model_arena(), sizeof *made);
    *made = (struct shown_when){described_text(it, "field"), described_text(it, "of"),
                                described_text(it, "values"), described_flag(it, "required")};
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
    *parent = (struct resource){.table = described_text(it, "parent")};
    *made = (struct resource){.name = described_text(it, "name"),
                              .one = described_text(it, "one"),
                              .table = described_text(it, "table"),
                              .parent_column = described_text(it, "column"),
                              .parent = parent};
    return made;
}

/* A file is described as the object that it is in JSON. */
static enum field_type type_read(json_object *described)
{
    return described_flag(described, "file") ? FILE_FIELD
                                             : field_type_named(described_text(described, "type"));
}

static struct field field_read(json_object *described)
{
    return (struct field){.name = described_text(described, "column"),
                          .type = type_read(described),
                          .flags = flags_read(described),
                          .min = described_number(described, "min"),
                          .max = described_number(described, "max"),
                          .member = described_text(described, "name"),
                          .label = described_text(described, "label"),
                          .help = described_text(described, "help"),
                          .hint = described_text(described, "hint"),
                          .section = described_text(described, "section"),
                          .role_keys = described_flag(described, "roleKeys"),
                          .example = described_text(described, "example"),
                          .choices = texts_read(described, "choices"),
                          .initial = described_text(described, "initial"),
                          .initial_of = described_text(described, "initialOf"),
                          .initial_sql = described_text(described, "initialSql"),
                          .shown_when = shown_when_read(described),
                          .offered = described_flag(described, "offered"),
                          .follows_sql = described_text(described, "followsSql"),
                          .refers = described_text(described, "refers"),
                          .on_delete = field_on_delete_named(described_text(described, "onDelete")),
                          .currency = described_text(described, "currency"),
                          .sql = described_text(described, "sql"),
                          .seen_with = described_text(described, "seenWith"),
                          .changed_with = described_text(described, "changedWith"),
                          .sorted_by = described_text(described, "sortedBy"),
                          .fields = model_fields(described, "fields"),
                          .item = field_type_named(described_text(described, "item")),
                          .child = child_read(described),
                          .custom = described_text(described, "custom")};
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
    *made = (struct resource){.name = described_text(described, "name"),
                              .one = described_text(described, "one"),
                              .title = described_text(described, "title"),
                              .about = described_text(described, "about"),
                              .permission = described_text(described, "permission"),
                              .personal = described_text(described, "personal"),
                              .shared = described_text(described, "shared"),
                              .shares_with = described_text(described, "sharesWith"),
                              .table = described_text(described, "table"),
                              .api = described_text(described, "api"),
                              .page = described_text(described, "page"),
                              .icon = described_text(described, "icon"),
                              .scope = scope_read(described_text(described, "scope")),
                              .no_tenant = described_flag(described, "noTenant"),
                              .no_common_times = described_flag(described, "noCommonTimes"),
                              .operations = (unsigned)described_number(described, "operations"),
                              .fields = model_fields(described, "fields"),
                              .sort = described_text(described, "sort"),
                              .where = described_text(described, "where"),
                              .owner = described_text(described, "owner"),
                              .label = described_text(described, "label"),
                              .event = described_text(described, "event"),
                              .in_timeline = described_flag(described, "inTimeline"),
                              .no_events = described_flag(described, "noEvents"),
                              .follows = described_text(described, "follows")};
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
        const char *name = name_make(described_text(area, "name"), described_text(it, "name"));
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
    json_object_object_get_ex(described_all(), "areas", &areas);
    for (size_t i = 0; areas && i < json_object_array_length(areas); i++)
        area_link(json_object_array_get_idx(areas, i));
    tables_link();
}

bool model_link(void)
{
    model_link_described();
    return references_lead_somewhere();
}
