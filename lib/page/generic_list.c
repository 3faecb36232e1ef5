/* The list page of a resource: search, filters, order, columns, pages. */
#include <string.h>

#include "access/permission.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/custom.h"
#include "resource/reference.h"
#include "resource/resource.h"
#include "resource/shape.h"

/* Whether the value is one of those between the commas, with or without a minus. */
static bool has_value(const char *values, const char *value)
{
    value += *value == '-';
    for (const char *at = values; *at; at += strcspn(at, ","), at += *at == ',') {
        const char *one = at + (*at == '-');
        size_t len = strcspn(one, ",");
        if (strlen(value) == len && strncmp(one, value, len) == 0)
            return true;
    }
    return false;
}

/* Forms send what was left empty, and ticks and orders one by one; addresses that we make
 * do neither, but those that a browser without scripts makes do. */
static void tidy_query(struct cx *cx)
{
    static const char *const several[] = {"fields", "sort"};
    struct parameter *first[COUNT(several)] = {NULL};
    for (struct parameter **at = &cx->request.query; *at;) {
        struct parameter *it = *at;
        bool gone = !*it->value;
        for (size_t i = 0; !gone && i < COUNT(several); i++) {
            if (strcmp(it->name, several[i]) != 0)
                continue;
            if ((gone = first[i] != NULL) && !has_value(first[i]->value, it->value))
                first[i]->value = arena_printf(cx->arena, "%s,%s", first[i]->value, it->value);
            else if (!gone)
                first[i] = it;
        }
        if (gone)
            *at = it->next;
        else
            at = &it->next;
    }
}

static bool has_face(const struct list_result *result)
{
    for (int i = 0; result->fields[i]; i++)
        if (list_is_face(result->fields[i]))
            return true;
    return false;
}

/* The picture of a record whose resource has one (its first FILE_FIELD that is LISTED) stands
 * before what it is called, over its initials. */
static void add_face(struct cx *cx, json_object *out, const struct list_result *result, size_t row)
{
    int at = 0;
    while (result->fields[at] && !list_is_face(result->fields[at]))
        at++;
    const char *stored = result->fields[at] ? rows_text(result->rows, row, at) : NULL;
    const char *label = json_object_get_string(json_object_object_get(out, "label"));
    page_set(out, "initials", result->fields[at] ? show_initials(cx, label) : NULL);
    page_set(out, "face", show_file_is_picture(cx, stored) ? show_file_url(cx, stored) : NULL);
}

/* Whoever may do that with some records alone does it on their pages. */
static bool may_with_all(struct cx *cx, const struct resource *resource, enum operation operation,
                         const char *action)
{
    return generic_may(cx, resource, operation) &&
           sight_of(cx, arena_printf(cx->arena, "%s:%s", resource->permission, action)) ==
               SIGHT_ALL;
}

static void add_row_acts(struct cx *cx, json_object *out, const struct list_page *page,
                         const char *id)
{
    if (!page->edits && !page->deletes) {
        page_set(out, "acts", NULL);
        return;
    }
    json_object *acts = page_add(out, "acts");
    const char *path = arena_printf(cx->arena, "%s/%s", page->resource->page, id);
    page_set(acts, "edit", page->edits ? arena_printf(cx->arena, "%s/edit", path) : NULL);
    page_set(acts, "delete", page->deletes ? arena_printf(cx->arena, "%s/delete", path) : NULL);
}

static void add_row(struct cx *cx, json_object *rows, const struct list_page *page, size_t row)
{
    const struct list_result *result = &page->result;
    const char *id = rows_text(result->rows, row, show_column(result, "id"));
    json_object *out = page_item(rows), *cells;
    bool first = true;
    page_set(out, "id", id);
    page_set(out, "label", show_label(cx, page->resource, result, row));
    add_face(cx, out, result, row);
    add_row_acts(cx, out, page, id);
    page_set(out, "path",
             page->resource->operations & OP_GET
                 ? arena_printf(cx->arena, "%s/%s", page->resource->page, id)
                 : NULL);
    if (page->resource->template_list) /* a template of its own takes values by their names */
        json_object_object_add(out, "record", json_object_get(page_record(cx, result, row)));
    cells = page_list(out, "cells");
    for (int at = 0; page->order[at] >= 0; at++) {
        int column = page->order[at];
        const struct field *field = result->fields[column];
        if (!list_shows(page, field))
            continue;
        json_object *cell = page_item(cells);
        show_value(cx, cell, result, row, column);
        page_set(cell, "beside", list_face(cx, page, row, column));
        page_set(cell, "room", page->room[at]);
        page_set(cell, "label", field_title(cx, field));
        page_set_bool(cell, "first", first);
        page_set_bool(cell, "end", list_is_number(field));
        if (first && !*show_text(cx, result, row, column))
            page_set(cell, "text", show_label(cx, page->resource, result, row));
        first = false;
    }
}

/* Where more than that can be done with a list, files of it are behind "More". */
static void add_export(struct cx *cx, json_object *data, const struct resource *resource,
                       const char *title, const char *ending, const char *query)
{
    const char *address = arena_printf(cx->arena, "%s/export.%s%s", resource->page, ending, query);
    json_object *action = page_action(data, title, address, "download");
    bool folded = generic_may(cx, resource, OP_CREATE);
    page_set_bool(action, "download", true);
    page_set_bool(action, "folded", folded);
    if (folded)
        page_set_bool(data, "has_folded", true);
}

static void add_actions(struct cx *cx, json_object *data, const struct list_page *page)
{
    const struct resource *resource = page->resource;
    page_list(data, "actions");
    if (resource->board)
        page_action(data, "Board",
                    arena_printf(cx->arena, "%s/board%s", resource->page,
                                 list_address(cx, resource, "sort", NULL) + strlen(resource->page)),
                    "layout-kanban");
    generic_add_list_actions(cx, data, resource);
    if (generic_may(cx, resource, OP_EXPORT) && page->result.total != 0) {
        const char *list = list_address(cx, resource, "limit", NULL) + strlen(resource->page);
        add_export(cx, data, resource, "Export as CSV", "csv", list);
        add_export(cx, data, resource, "Export as XLSX", "xlsx", list);
    }
    if (resource->imports &&
        resource_may(cx, resource, arena_printf(cx->arena, "%s:import", resource->permission)))
        page_action(data, "Import", arena_printf(cx->arena, "%s/import", resource->page),
                    /* icon */ "file-import");
    if (generic_may(cx, resource, OP_CREATE)) {
        json_object *action =
            page_action(data, cx_printf(cx, "New %s", resource->one),
                        arena_printf(cx->arena, "%s/new", resource->page), "plus");
        page_set_bool(action, "primary", true);
    }
}

static bool is_filtered(const struct list_query *query)
{
    return query->filters || (query->search && *query->search);
}

static json_object *list_data(struct cx *cx, const struct resource *resource,
                              const struct rows *views)
{
    struct list_page page = {.resource = resource};
    list_read_typed(cx, resource);
    struct parameter *asked = cx->request.query; /* addresses say no more than this */
    cx->request.query = page.shown = list_view_recall(cx, resource);
    bool understood = list_read_query(cx, resource, &page.query);
    cx->request.query = asked;
    if (!understood)
        return NULL;
    struct list_query all = page.query;
    if (!(all.columns = list_columns_read(cx, &page))) /* label and currency, though not shown */
        return NULL;
    all.labels = reference_labels(cx, all.columns);
    if (!list_run(cx, resource, &all, &page.result) ||
        (resource->tell && !resource->tell(cx, &page.result)))
        return NULL;
    list_columns_order(cx, &page);
    list_find_room(cx, &page, has_face(&page.result));
    if (!list_read_faces(cx, &page))
        return NULL;
    json_object *data = page_object(cx), *rows = page_list(data, "rows");
    size_t count = rows_count(page.result.rows);
    bool filtered = is_filtered(&page.query), none = count == 0 && page.result.total <= 0;
    page.can_delete = generic_may(cx, resource, OP_DELETE);
    page.edits = may_with_all(cx, resource, OP_MERGE, "update");
    page.deletes = may_with_all(cx, resource, OP_DELETE, "delete");
    page_set(data, "subtitle", resource->about);
    page_set(data, "path", resource->page);
    page_set(data, "follows", resource->follows);
    page_set(data, "address", list_address(cx, resource, NULL, NULL));
    page_set(data, "q", page.query.search);
    page_set_bool(data, "searchable", resource_is_searched(resource));
    page_set_bool(data, "is_filtered", filtered);
    page_set_bool(data, "is_empty", none && !filtered);
    page_set_bool(data, "no_match", none && filtered);
    page_set_bool(data, "can_delete", page.can_delete);
    page_set_bool(data, "row_acts", page.edits || page.deletes);
    json_object *buttons = generic_bulk_buttons(cx, resource);
    bool can_tick = page.can_delete || json_object_array_length(buttons) > 0;
    bool can_tick_all = can_tick && page.result.total > (int64_t)count;
    page_set_bool(data, "can_tick", can_tick);
    page_set(data, "tick_all",
             can_tick_all ? cx_printf(cx, "All %lld that match", (long long)page.result.total)
                          : NULL);
    json_object_object_add(data, "bulk_buttons", buttons);
    for (size_t i = 0; i < count; i++)
        add_row(cx, rows, &page, i);
    list_add_columns(cx, data, &page);
    list_add_filters(cx, data, resource, page.custom, &page.result);
    list_add_orders(cx, data, &page);
    list_add_sizes(cx, data, &page);
    list_add_pager(cx, data, &page);
    add_actions(cx, data, &page);
    list_add_empty(cx, data, &page, filtered);
    list_add_conditions(cx, data, &page);
    list_add_views(cx, data, &page, views);
    generic_crumbs(cx, data, resource);
    return data;
}

json_object *page_list_data(struct cx *cx, const struct resource *resource)
{
    struct rows *views;
    tidy_query(cx);
    return list_views_read(cx, resource, &views) ? list_data(cx, resource, views) : NULL;
}

/* An empty list leads on to the main action of its page, whoever added that. */
static void lead_on(json_object *data)
{
    json_object *empty = json_object_object_get(data, "empty"), *action = NULL;
    json_object *actions = json_object_object_get(data, "actions");
    json_object_object_get_ex(empty, "action", &action);
    bool is_empty = json_object_get_boolean(json_object_object_get(data, "is_empty"));
    for (size_t i = 0; is_empty && !action && i < json_object_array_length(actions); i++) {
        json_object *it = json_object_array_get_idx(actions, i);
        if (json_object_get_boolean(json_object_object_get(it, "primary")))
            json_object_object_add(empty, "action", json_object_get(it));
    }
}

static const char *last_page(json_object *data)
{
    json_object *pager = json_object_object_get(data, "pager");
    return json_object_get_string(json_object_object_get(pager, "previous"));
}

/* Beyond the last page there is nothing to stay for. */
static bool is_there(json_object *data)
{
    return json_object_array_length(json_object_object_get(data, "rows")) > 0 || !last_page(data);
}

bool generic_list(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    tidy_query(cx);
    if (list_view_remember(cx, resource))
        return true;
    const char *added = list_condition_added(cx, resource);
    if (added)
        return page_go(cx, added);
    struct rows *views;
    if (!list_views_read(cx, resource, &views))
        return false;
    const char *first = list_views_first(cx, views);
    if (first)
        return page_go(cx, first);
    json_object *data = list_data(cx, resource, views);
    const char *template = resource->template_list ? resource->template_list : "layout/list";
    if (data && resource->add_to_page && !resource->add_to_page(cx, data, NULL))
        return false;
    if (data && !is_there(data)) /* an old address, or the last of its rows was deleted */
        return page_go(cx, last_page(data));
    if (data)
        lead_on(data);
    return data && page_render(cx, 200, template, resource->title, data);
}

bool generic_export(struct cx *cx)
{
    tidy_query(cx);
    list_read_typed(cx, cx->route->about);
    return resource_export(cx);
}

bool generic_export_sheet(struct cx *cx)
{
    tidy_query(cx);
    list_read_typed(cx, cx->route->about);
    return resource_export_as(cx, "xlsx");
}
