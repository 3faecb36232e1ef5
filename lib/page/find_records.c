/* find_records: the part of the search that asks the database. What a resource is
 * called, where it is stored and which of its fields are searched stands in the
 * areas' tables; the list engine does the rest. */
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/model.h"
#include "resource/resource.h"

enum {
    SHOWN = 5,   /* records of one resource */
    SHORTEST = 3 /* what the index of the search takes: trigrams */
};

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
            return resource_may(cx, resource,
                                arena_printf(cx->arena, "%s:read", resource->permission));
    return false;
}

/* A table is searched once, by the first resource that is open. */
static size_t choose(struct cx *cx, const struct menu *menu, const struct resource **chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < model_count(); i++) {
        const struct resource *it = model_at(i);
        bool again = !it->page || !resource_is_searched(it);
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
    const char *label = resource->label ? resource->label : resource->fields->name;
    for (int i = 0; result->fields[i]; i++) {
        const struct field *it = result->fields[i];
        bool says_more = (it->flags & SEARCHED) && strcmp(it->name, label) != 0;
        const char *text = says_more ? show_text(cx, result, row, i) : "";
        if (*text)
            return text;
    }
    return NULL;
}

static void add_records(struct cx *cx, json_object *data, const struct resource *resource,
                        const struct list_result *result, const char *query)
{
    json_object *group = find_group(data, cx_text(cx, resource->title), resource->icon);
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
    page_set(group, "more_title",
             cx_printf(cx, "All %s that match", cx_in_sentence(cx, resource->title)));
}

static bool find_by_role(struct cx *cx, const struct menu *menu, const char *query,
                         json_object *data)
{
    const struct resource **chosen =
        arena_alloc(cx->arena, sizeof(struct resource *) * (model_count() + 1));
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
    bool found = find_by_role(cx, menu, query, data);
    if (found && of_route.role == DB_PLATFORM) {
        db_init(&cx->db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
        found = find_by_role(cx, menu, query, data);
        cx->db = of_route;
    }
    return found;
}
