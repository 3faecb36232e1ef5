/* find_records: the part of the search that asks the database. What a resource is
 * called, where it is stored and which of its fields are searched stands in the
 * areas' tables; the list engine does the rest. */
#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/areas.h"
#include "resource/resource.h"

enum {
    SHOWN = 5,   /* records of one resource */
    SHORTEST = 3 /* what the index of the search takes: trigrams */
};

/* ---- the resources, as far as a search needs them, once for each process ---- */

static struct {
    struct resource *resources;
    size_t count;
    bool read;
} known;

/* The field that names a record first, where it is searched; then the other searched ones. */
static struct field *read_fields(json_object *resource)
{
    json_object *list = json_object_object_get(resource, "fields");
    const char *label = areas_text(resource, "label");
    size_t count = 0, declared = json_object_array_length(list);
    struct field *fields = calloc(declared + 1, sizeof *fields);
    if (!fields)
        log_out_of_memory();
    for (int naming = 1; naming >= 0; naming--)
        for (size_t i = 0; i < declared; i++) {
            json_object *it = json_object_array_get_idx(list, i);
            bool names = label ? text_equal(areas_text(it, "column"), label) : i == 0;
            if (areas_flag(it, "searched") && names == naming)
                fields[count++] = (struct field){
                    .name = areas_text(it, "column"), .type = TEXT, .flags = SEARCHED};
        }
    return fields;
}

static enum scope scope_of(const char *word)
{
    return text_equal(word, "tenant")     ? SCOPE_TENANT
           : text_equal(word, "platform") ? SCOPE_PLATFORM
                                          : SCOPE_EITHER;
}

/* Newest first, which needs the time when they were made. */
static void read_resource(json_object *it, struct resource *out)
{
    struct field *fields = areas_text(it, "page") ? read_fields(it) : NULL;
    if (!fields || fields->type == FIELD_END || areas_flag(it, "noCommonTimes")) {
        free(fields);
        return;
    }
    *out = (struct resource){.name = areas_text(it, "name"),
                             .one = areas_text(it, "one"),
                             .title = areas_text(it, "title"),
                             .permission = areas_text(it, "permission"),
                             .table = areas_text(it, "table"),
                             .page = areas_text(it, "page"),
                             .icon = areas_text(it, "icon"),
                             .where = areas_text(it, "where"),
                             .scope = scope_of(areas_text(it, "scope")),
                             .no_tenant = areas_flag(it, "noTenant"),
                             .operations = OP_LIST | OP_GET,
                             .fields = fields};
    known.count++;
}

static void read_resources(void)
{
    struct areas_place place = {0}, again = {0};
    size_t most = 0;
    if (known.read)
        return;
    while (areas_next("resources", &place))
        most++;
    known.resources = calloc(most + 1, sizeof *known.resources);
    if (!known.resources)
        log_out_of_memory();
    for (json_object *it; (it = areas_next("resources", &again)) != NULL;)
        read_resource(it, &known.resources[known.count]);
    known.read = true;
}

/* ---- asking ---- */

/* Whether the resource is read by the handle's role, for the one signed in. */
static bool is_of_role(const struct cx *cx, const struct resource *resource)
{
    bool by_platform = resource->scope == SCOPE_PLATFORM ||
                       (resource->scope == SCOPE_EITHER && cx->session->is_operator);
    return by_platform == (cx->db.role == DB_PLATFORM);
}

static bool is_open(struct cx *cx, const struct menu *menu, const struct resource *resource)
{
    for (size_t i = 0; i < menu->count; i++)
        if (text_equal(menu->entries[i].path, resource->page))
            return may(cx, arena_printf(cx->arena, "%s:read", resource->permission));
    return false;
}

/* A table is searched once, by the first resource that is open. */
static size_t choose(struct cx *cx, const struct menu *menu, const struct resource **chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < known.count; i++) {
        const struct resource *it = &known.resources[i];
        bool again = false;
        for (size_t j = 0; j < count; j++)
            again = again || strcmp(chosen[j]->table, it->table) == 0;
        if (!again && is_of_role(cx, it) && is_open(cx, menu, it))
            chosen[count++] = it;
    }
    return count;
}

/* The first searched field besides the name that has a value. */
static const char *detail_of(struct cx *cx, const struct resource *resource,
                             const struct list_result *result, size_t row)
{
    for (const struct field *it = resource->fields + 1; it->type != FIELD_END; it++) {
        const char *text = show_text(cx, result, row, show_column(result, it->name));
        if (*text)
            return text;
    }
    return NULL;
}

static void add_records(struct cx *cx, json_object *data, const struct resource *resource,
                        const struct list_result *result, const char *query)
{
    json_object *group = find_group(data, resource->title, resource->icon);
    size_t count = rows_count(result->rows);
    struct buf list;
    for (size_t i = 0; i < count && i < SHOWN; i++)
        find_item(group, show_label(cx, resource, result, i), detail_of(cx, resource, result, i),
                  arena_printf(cx->arena, "%s/%s", resource->page,
                               rows_text(result->rows, i, show_column(result, "id"))),
                  resource->icon);
    if (count <= SHOWN)
        return;
    buf_init(&list, cx->arena);
    buf_printf(&list, "%s?q=", resource->page);
    text_url(&list, query);
    page_set(group, "more", list.data);
    page_set(
        group, "more_title",
        arena_printf(cx->arena, "All %s that match", text_in_sentence(cx->arena, resource->title)));
}

static bool find_by_role(struct cx *cx, const struct menu *menu, const char *query,
                         json_object *data)
{
    const struct resource **chosen =
        arena_alloc(cx->arena, sizeof(struct resource *) * (known.count + 1));
    size_t count = choose(cx, menu, chosen);
    struct list_result *results = arena_alloc(cx->arena, sizeof *results * (count + 1));
    if (!list_find(cx, chosen, count, query, SHOWN + 1, results))
        return false;
    for (size_t i = 0; i < count; i++)
        add_records(cx, data, chosen[i], &results[i], query);
    return true;
}

/* Operators have what is the platform tenant's own besides: that is the tenant role's. */
bool find_records(struct cx *cx, const struct menu *menu, const char *query, json_object *data)
{
    struct db of_route = cx->db;
    if (text_count(query) < SHORTEST)
        return true;
    read_resources();
    bool found = find_by_role(cx, menu, query, data);
    if (found && of_route.role == DB_PLATFORM) {
        db_init(&cx->db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
        found = find_by_role(cx, menu, query, data);
        cx->db = of_route;
    }
    return found;
}
