/* Deleting, one or those that were ticked: asked first, on a page of its own. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/reference.h"
#include "resource/resource.h"

json_object *generic_ask(struct cx *cx, const struct resource *resource, const char *action,
                         const char *back)
{
    json_object *data = page_object(cx);
    page_list(data, "actions");
    page_list(data, "items");
    page_list(data, "kept");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set(data, "action", action);
    page_set(data, "back", back);
    page_set(data, "text", "This cannot be undone.");
    page_set_bool(data, "has_items", false);
    page_set_bool(data, "moves", false);
    generic_crumbs(cx, data, resource);
    return data;
}

void bulk_keep(json_object *data, const char *name, const char *value)
{
    json_object *kept = page_item(json_object_object_get(data, "kept"));
    page_set(kept, "name", name);
    page_set(kept, "value", value);
}

/* ---- what stands in its way, and where it may go ---- */

enum { OTHERS_MOST = 100 };

/* "Won (Renewals)": by the first record that it refers to, if any. */
static const char *other_title(struct cx *cx, const struct resource *resource,
                               const struct list_result *others, size_t row)
{
    const char *of = others->labels && others->labels[0]
                         ? reference_label(others, row, others->labels[0])
                         : NULL;
    const char *label = show_label(cx, resource, others, row);
    return of ? arena_printf(cx->arena, "%s (%s)", label, of) : label;
}

static bool add_others(struct cx *cx, json_object *data, const struct resource *resource,
                       const char *id)
{
    json_object *options = page_list(data, "others");
    struct list_result others;
    struct list_query query = {.page = 1,
                               .limit = OTHERS_MOST,
                               .labels = reference_labels_shown(cx, resource),
                               .sort = resource->sort ? resource->sort : "-createdAt"};
    if (!list_run(cx, resource, &query, &others))
        return false;
    int column = show_column(&others, "id");
    for (size_t i = 0; i < rows_count(others.rows); i++) {
        const char *other = rows_text(others.rows, i, column);
        if (text_equal(other, id))
            continue;
        json_object *option = page_item(options);
        page_set(option, "value", other);
        page_set(option, "title", other_title(cx, resource, &others, i));
    }
    return true;
}

/* A resource that can move what refers to its records says what there is, and asks where to. */
static bool add_moving(struct cx *cx, json_object *data, const struct resource *resource,
                       const char *id)
{
    json_object *items = json_object_object_get(data, "items");
    if (!resource->move || reference_allows_deletion(cx, resource, id))
        return cx->failure.status == 0;
    if (cx->failure.status != 409)
        return false;
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        json_object_array_add(items, json_object_new_string(it->message));
    cx->failure = (struct failure){.status = 0};
    page_set(data, "text", "This stands in its way, and is moved first. It cannot be undone.");
    page_set_bool(data, "has_items", true);
    page_set_bool(data, "moves", true);
    return add_others(cx, data, resource, id);
}

bool generic_delete_ask(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_result record;
    if (!record_get(cx, resource, cx_path(cx, "id"), &record))
        return false;
    const char *path = arena_printf(cx->arena, "%s/%s", resource->page, cx_path(cx, "id"));
    const char *label = show_label(cx, resource, &record, 0);
    json_object *data = generic_ask(cx, resource, arena_printf(cx->arena, "%s/delete", path),
                                    resource->operations & OP_GET ? path : resource->page);
    page_set(data, "submit", cx_printf(cx, "Delete %s", resource->one));
    return add_moving(cx, data, resource, rows_text(record.rows, 0, show_column(&record, "id"))) &&
           page_render(cx, 200, "layout/confirm", cx_printf(cx, "Delete %s?", label), data);
}

bool generic_delete(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return generic_delete_ask(cx);
    if (!record_delete(cx, resource, cx_path(cx, "id")))
        return false;
    page_notice(cx, "success",
                cx_printf(cx, "%s deleted.", text_title(cx->arena, cx_text(cx, resource->one))));
    return page_go(cx, resource->page);
}

static bool is_among(const char *const *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(ids[i], id) == 0)
            return true;
    return false;
}

/* Those that the list's address shows, bound by their ids from now on. */
static bool tick_matching(struct cx *cx, const char **ids, size_t *count)
{
    struct parameter *query = NULL, *asked = cx->request.query;
    const struct resource *resource = cx->route->about;
    const char *mark = strchr(bulk_back(cx, resource), '?');
    struct list_result found;
    if (mark && !parse_urlencoded(cx->arena, mark + 1, strlen(mark + 1), 100, &query))
        return fail(cx, 400, "bad_request", "The address of the list cannot be read.");
    cx->request.query = query;
    list_read_typed(cx, resource);
    query = cx->request.query;
    cx->request.query = asked;
    if (!action_find_matching(cx, resource, query, &found))
        return false;
    for (size_t i = 0; i < rows_count(found.rows); i++)
        ids[(*count)++] = rows_text(found.rows, i, 0);
    return true;
}

bool bulk_ticked(struct cx *cx, const char **ids, size_t *count)
{
    *count = 0;
    if (text_equal(parameter_get(cx->request.form, "all"), "yes"))
        return tick_matching(cx, ids, count);
    for (const struct parameter *it = cx->request.form; it && *count < ACTION_BULK_MAX;
         it = it->next)
        if (strcmp(it->name, "id") == 0 && uuid_is(it->value) && !is_among(ids, *count, it->value))
            ids[(*count)++] = it->value;
    return true;
}

bool bulk_none_ticked(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    if (cx->failure.status != 0 && cx->failure.status != 422)
        return false;
    page_notice(cx, "warning",
                cx->failure.details ? cx->failure.details->message : "Nothing was ticked.");
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, bulk_back(cx, resource));
}

const char *bulk_counted(struct cx *cx, const struct resource *resource, size_t count)
{
    return count == 1
               ? arena_printf(cx->arena, "1 %s", resource->one)
               : arena_printf(cx->arena, "%zu %s", count, cx_in_sentence(cx, resource->title));
}

const char *bulk_back(const struct cx *cx, const struct resource *resource)
{
    const char *next = parameter_get(cx->request.form, "next");
    return next && text_starts(next, resource->page) ? next : resource->page;
}

bool bulk_find_row(const struct list_result *records, const char *id, size_t *row)
{
    int column = show_column(records, "id");
    for (*row = 0; *row < rows_count(records->rows); (*row)++)
        if (strcasecmp(rows_text(records->rows, *row, column), id) == 0)
            return true;
    return false;
}

static bool ask_for(struct cx *cx, const struct resource *resource, const char *const *ids,
                    size_t count)
{
    json_object *data =
        generic_ask(cx, resource, arena_printf(cx->arena, "%s/bulk-delete", resource->page),
                    bulk_back(cx, resource));
    json_object *items = json_object_object_get(data, "items");
    struct list_result records;
    size_t found = 0;
    if (!record_get_all(cx, resource, ids, count, &records))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t row;
        if (!bulk_find_row(&records, ids[i], &row))
            continue; /* gone already: nothing to ask */
        json_object_array_add(items,
                              json_object_new_string(show_label(cx, resource, &records, row)));
        bulk_keep(data, "id", ids[i]);
        found++;
    }
    const char *what = bulk_counted(cx, resource, found);
    bulk_keep(data, "next", bulk_back(cx, resource));
    page_set_bool(data, "has_items", found > 0);
    page_set(data, "submit", cx_printf(cx, "Delete %s", what));
    return page_render(cx, 200, "layout/confirm", cx_printf(cx, "Delete %s?", what), data);
}

/* All or none, one by one for the hooks of the resource; those that are gone already do
 * not count. */
static bool delete_all(struct cx *cx, const struct resource *resource, const char *const *ids,
                       size_t count, size_t *deleted)
{
    struct list_result there;
    size_t row;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!record_get_all(cx, resource, ids, count, &there))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!bulk_find_row(&there, ids[i], &row))
            continue;
        if (!record_delete(cx, resource, ids[i]))
            return false;
        (*deleted)++;
    }
    return db_commit(&cx->db) || fail_db(cx);
}

bool generic_bulk_delete(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    const char *ids[ACTION_BULK_MAX];
    size_t count, deleted = 0;
    if (!bulk_ticked(cx, ids, &count) || count == 0)
        return bulk_none_ticked(cx);
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return ask_for(cx, resource, ids, count);
    if (!delete_all(cx, resource, ids, count, &deleted))
        return false;
    page_notice(cx, "success", cx_printf(cx, "Deleted: %s.", bulk_counted(cx, resource, deleted)));
    return page_go(cx, bulk_back(cx, resource));
}
