/* Deleting: asked first, on a page of its own. */
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/bulk.h"
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
    if (bulk_is_undoable(&(const struct bulk){.resource = resource, .verb = "delete"}))
        page_set(data, "text", bulk_can_be_undone);
    return add_moving(cx, data, resource, rows_text(record.rows, 0, show_column(&record, "id"))) &&
           page_render(cx, 200, "layout/confirm", cx_printf(cx, "Delete %s?", label), data);
}

bool generic_delete(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return generic_delete_ask(cx);
    const char *run_id;
    if (!bulk_delete_one(cx, resource, cx_path(cx, "id"), &run_id))
        return false;
    page_notice_link(
        cx, "success",
        cx_printf(cx, "%s deleted.", text_title(cx->arena, cx_text(cx, resource->one))),
        run_id ? arena_printf(cx->arena, "%s/%s/undo", BULK_RUNS_PAGE, run_id) : "",
        run_id ? "Undo" : "");
    return page_go(cx, resource->page);
}
