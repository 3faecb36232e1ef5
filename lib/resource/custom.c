/* custom: the tenant's fields as read a moment ago, kept by the process. */
#include "resource/custom.h"

#include <stdlib.h>
#include <string.h>

#include "access/shared.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/areas.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"
#include "resource/model.h"

enum { PLACES = 128 };
static const int64_t fresh_us = 60000000;

/* Shared by the requests that hold it; its arena owns all of its texts. */
struct cached {
    char tenant_id[UUID_SIZE];
    const struct resource *resource;
    uint32_t generation; /* of the tenant */
    int64_t loaded_us;
    unsigned holders;
    struct arena *arena;
    struct custom custom;
};

/* What one request has read: it sees the same from its beginning to its end. */
struct custom_pin {
    const struct custom *custom;
    struct custom_pin *next;
};

static struct cached *cache[PLACES];

static struct cached **place_of(const char *tenant_id, const struct resource *resource)
{
    unsigned hash = 2166136261u;
    for (const char *c = tenant_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (const char *c = resource->table; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &cache[hash % PLACES];
}

static void release(void *arg)
{
    struct cached *cached = arg;
    if (--cached->holders > 0)
        return;
    arena_free(cached->arena);
    free(cached);
}

static bool serves(const struct cached *cached, const char *tenant_id,
                   const struct resource *resource)
{
    return cached && cached->resource == resource && strcmp(cached->tenant_id, tenant_id) == 0 &&
           cached->generation == shared_generation(tenant_id) &&
           clock_monotonic_us() - cached->loaded_us < fresh_us;
}

static struct cached *load(struct cx *cx, const struct resource *resource)
{
    struct batch batch;
    uint32_t generation = shared_generation(cx->db.tenant_id);
    const char *const *name = arena_alloc(cx->arena, sizeof *name);
    *(const char **)name = custom_field(resource)->custom;
    batch_init(&batch, &cx->db);
    batch_add(&batch, &custom_read_definitions, name, 1);
    batch_add(&batch, &custom_read_removals, name, 1);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return NULL;
    struct cached *cached = calloc(1, sizeof *cached);
    if (!cached)
        log_out_of_memory();
    *cached = (struct cached){.resource = resource,
                              .generation = generation,
                              .loaded_us = clock_monotonic_us(),
                              .holders = 1,
                              .arena = arena_new()};
    memcpy(cached->tenant_id, cx->db.tenant_id, UUID_SIZE);
    custom_make(cached->arena, resource, rows[0], rows[1], &cached->custom);
    struct cached **place = place_of(cached->tenant_id, resource);
    if (*place)
        release(*place);
    return *place = cached;
}

const struct field *custom_field(const struct resource *resource)
{
    static struct registry known;
    static const struct field none = {.type = FIELD_END};
    const struct field *field = registry_find(&known, resource);
    if (!field) {
        field = resource->fields;
        while (field->type != FIELD_END && field->type != CUSTOM)
            field++;
        registry_add(&known, resource, (void *)(field->type == CUSTOM ? field : &none));
    }
    return field->type == CUSTOM ? field : NULL;
}

bool custom_may_limit(const struct resource *resource, const char *permission)
{
    static const char *const usual[] = {"read", "create", "update", "delete", "export", "import"};
    size_t len = strlen(resource->permission);
    if (!text_starts(permission, resource->permission) || permission[len] != ':')
        return false;
    for (size_t i = 0; i < COUNT(usual); i++)
        if (strcmp(permission + len + 1, usual[i]) == 0)
            return false;
    return areas_permission_exists(permission);
}

static const struct custom *pin(struct cx *cx, const struct custom *custom)
{
    struct custom_pin *it = arena_alloc(cx->arena, sizeof *it);
    *it = (struct custom_pin){custom, cx->custom};
    cx->custom = it;
    return custom;
}

/* ---- what the one who asks may see of them ---- */

static bool custom_is_seen(const struct cx *cx, const struct custom *custom)
{
    for (size_t i = 0; i < custom->count; i++)
        if (!shape_sees(cx, custom->resource, custom->definitions[i].field))
            return false;
    return true;
}

/* The same without the fields that are for others alone, as if they were archived. */
static const struct custom *custom_narrowed(struct cx *cx, const struct custom *all)
{
    size_t hidden = 0, fields = 0;
    while (all->hidden[hidden])
        hidden++;
    struct custom *out = arena_alloc(cx->arena, sizeof *out);
    struct custom_definition *seen = arena_alloc(cx->arena, sizeof *seen * (all->count + 1));
    struct field *copies = arena_alloc(cx->arena, sizeof *copies * (2 * all->count + 1));
    const char **keys = arena_alloc(cx->arena, sizeof *keys * (hidden + all->count + 1));
    memcpy(keys, all->hidden, sizeof *keys * hidden);
    *out = (struct custom){.resource = all->resource, .definitions = seen, .fields = copies};
    for (size_t i = 0; i < all->count; i++) {
        const struct custom_definition *it = &all->definitions[i];
        if (!shape_sees(cx, all->resource, it->field)) {
            keys[hidden++] = it->key;
            continue;
        }
        seen[out->count] = *it;
        seen[out->count++].field = &copies[fields];
        copies[fields++] = it->field[0];
        if (custom_is_money(it))
            copies[fields++] = it->field[1];
    }
    copies[fields].type = FIELD_END;
    keys[hidden] = NULL;
    out->hidden = keys;
    return out;
}

const struct custom *custom_of(struct cx *cx, const struct resource *resource)
{
    static const struct field no_fields[] = {{.type = FIELD_END}};
    static const char *const no_keys[] = {NULL};
    static const struct custom none = {.fields = no_fields, .hidden = no_keys};
    if (!custom_field(resource) || cx->db.role == DB_PLATFORM || !cx->db.tenant_id[0])
        return &none;
    for (const struct custom_pin *it = cx->custom; it; it = it->next)
        if (it->custom->resource == resource)
            return it->custom;
    struct cached *cached = *place_of(cx->db.tenant_id, resource);
    if (!serves(cached, cx->db.tenant_id, resource) && !(cached = load(cx, resource))) {
        fail_db(cx);
        return NULL;
    }
    cached->holders++;
    arena_defer(cx->arena, release, cached);
    bool is_seen = custom_is_seen(cx, &cached->custom);
    return pin(cx, is_seen ? &cached->custom : custom_narrowed(cx, &cached->custom));
}

const struct custom *custom_of_field(struct cx *cx, const struct field *field)
{
    const struct resource *resource = model_resource(field->custom);
    if (!resource)
        fail(cx, 500, "internal", "There is no resource %s.", field->custom);
    return resource ? custom_of(cx, resource) : NULL;
}

const struct custom_definition *custom_find(const struct custom *custom, const char *key)
{
    for (size_t i = 0; i < custom->count; i++)
        if (strcmp(custom->definitions[i].key, key) == 0)
            return &custom->definitions[i];
    return NULL;
}

const struct field *custom_find_field(struct cx *cx, const struct resource *resource,
                                      const char *path)
{
    const struct field *all = custom_field(resource);
    if (!all || !text_starts(path, "custom."))
        return NULL;
    const struct custom *custom = custom_of(cx, resource);
    return custom ? field_find(custom->fields, path) : NULL;
}
