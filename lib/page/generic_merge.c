/* Merging those ticked on a list: which stays, and for each field in which they differ whose value
 * wins. What the page says would be is what a merge that was taken back has said. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/custom.h"
#include "resource/merge.h"
#include "resource/model.h"
#include "resource/reference.h"

struct merge_page {
    struct merge merge;
    struct list_result records[MERGE_MOST];
    bool tried; /* merge.record and merge.moved say what would be */
};

static const char take_prefix[] = "take.";

/* ---- what the form says ---- */

static const char *merge_page_list(const struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    const char *next = parameter_get(cx->request.form, "next");
    return next && text_starts(next, resource->page) ? next : resource->page;
}

static bool merge_page_back(struct cx *cx, const char *why)
{
    page_notice(cx, "warning", why);
    return page_go(cx, merge_page_list(cx));
}

/* Those that are there, with what they refer to by name; false: the failure is set. */
static bool merge_page_read(struct cx *cx, struct merge_page *page, size_t *named)
{
    const struct resource *resource = page->merge.resource;
    struct bulk_ids ids = {.count = 0};
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "id") == 0 && uuid_is(it->value) && ids.count <= MERGE_MOST)
            bulk_add_id(cx, &ids, text_lower(cx->arena, it->value));
    *named = ids.count;
    page->merge.labels = reference_labels_shown(cx, resource);
    for (size_t i = 0; i < ids.count && ids.count <= MERGE_MOST; i++) {
        struct list_result *record = &page->records[page->merge.count];
        if (record_get_named(cx, resource, ids.ids[i], page->merge.labels, record)) {
            if (!custom_spread(cx, record))
                return false;
            page->merge.ids[page->merge.count++] = ids.ids[i];
        } else if (cx->failure.status == 404) {
            cx->failure = (struct failure){.status = 0};
        } else {
            return false;
        }
    }
    return true;
}

/* Where another winner is chosen, what was the former's by nothing but that is the new one's. */
static void merge_page_take(struct cx *cx, struct merge_page *page)
{
    struct merge *merge = &page->merge;
    const char *winner = parameter_get(cx->request.form, "winner");
    const char *before = parameter_get(cx->request.form, "before");
    merge->take = page_object(cx);
    for (size_t i = 0; i < merge->count; i++)
        if (text_equal(merge->ids[i], winner))
            merge->winner = i;
    bool another = before && !text_equal(before, merge->ids[merge->winner]);
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (text_starts(it->name, take_prefix) && *it->value &&
            !(another && text_equal(it->value, before)))
            page_set(merge->take, it->name + strlen(take_prefix), it->value);
}

/* ---- the table ---- */

/* One row says it: an amount says its currency. */
static bool merge_page_has_row(struct cx *cx, const struct merge_page *page,
                               const struct field *field)
{
    return !(field->flags & HIDDEN) && !show_is_common(field) &&
           !((field->flags & MADE) && field->type == CURRENCY) &&
           merge_chooses(cx, page->merge.resource, field);
}

static bool merge_page_differs(struct cx *cx, const struct merge_page *page, int column)
{
    const char *first = show_text(cx, &page->records[0], 0, column);
    for (size_t i = 1; i < page->merge.count; i++)
        if (strcmp(show_text(cx, &page->records[i], 0, column), first) != 0)
            return true;
    return false;
}

/* Whose value it is: as chosen, else the one that the result shows. */
static size_t merge_page_source(struct cx *cx, const struct merge_page *page, int column,
                                const char *name)
{
    const struct merge *merge = &page->merge;
    const char *taken = json_object_get_string(json_object_object_get(merge->take, name));
    for (size_t i = 0; taken && i < merge->count; i++)
        if (text_equal(merge->ids[i], taken))
            return i;
    const char *result = page->tried ? show_text(cx, &merge->record, 0, column) : "";
    for (size_t i = 0; i <= merge->count && page->tried; i++) {
        size_t at = i == 0 ? merge->winner : i - 1;
        if (strcmp(show_text(cx, &page->records[at], 0, column), result) == 0)
            return at;
    }
    return merge->winner;
}

static void merge_page_add_row(struct cx *cx, json_object *rows, const struct merge_page *page,
                               int column)
{
    const struct merge *merge = &page->merge;
    const struct field *field = page->records[0].fields[column];
    const char *name = merge_field_name(cx, field);
    bool together = field->child && !json_object_object_get(merge->take, name);
    size_t source = merge_page_source(cx, page, column, name);
    json_object *row = page_item(rows);
    page_set(row, "label", field_title(cx, field));
    page_set(row, "name", arena_printf(cx->arena, "%s%s", take_prefix, name));
    page_set_bool(row, "has_parts", field->child != NULL);
    page_set_bool(row, "together", together);
    json_object *cells = page_list(row, "cells");
    for (size_t i = 0; i < merge->count; i++) {
        json_object *cell = page_item(cells);
        page_set(cell, "id", merge->ids[i]);
        page_set(cell, "of", show_label(cx, merge->resource, &page->records[i], 0));
        page_set_bool(cell, "chosen", !together && i == source);
        show_value(cx, cell, &page->records[i], 0, column);
    }
}

static void merge_page_add_rows(struct cx *cx, json_object *data, const struct merge_page *page)
{
    json_object *rows = page_list(data, "rows");
    const struct list_result *first = &page->records[0];
    for (int i = 0; first->fields[i]; i++)
        if (merge_page_has_row(cx, page, first->fields[i]) && merge_page_differs(cx, page, i))
            merge_page_add_row(cx, rows, page, i);
    page_set_bool(data, "any_rows", json_object_array_length(rows) > 0);
}

static void merge_page_add_records(struct cx *cx, json_object *data, const struct merge_page *page)
{
    const struct resource *resource = page->merge.resource;
    json_object *records = page_list(data, "records");
    for (size_t i = 0; i < page->merge.count; i++) {
        json_object *item = page_item(records);
        int made = show_column(&page->records[i], "created_at");
        page_set(item, "id", page->merge.ids[i]);
        page_set(item, "name", show_label(cx, resource, &page->records[i], 0));
        page_set(item, "path",
                 arena_printf(cx->arena, "%s/%s", resource->page, page->merge.ids[i]));
        page_set(item, "made", made < 0 ? "" : show_text(cx, &page->records[i], 0, made));
        page_set_bool(item, "wins", i == page->merge.winner);
    }
}

/* ---- what refers to it afterwards ---- */

static const char *merge_page_moved(struct cx *cx, json_object *moved)
{
    json_object *name = json_object_object_get(moved, "resource");
    int64_t count = json_object_get_int64(json_object_object_get(moved, "count"));
    const char *text = name ? json_object_get_string(name) : NULL;
    const struct resource *resource = text ? model_resource(text) : NULL;
    if (resource)
        return bulk_counted(cx, resource, count);
    if (!text)
        return cx_text(cx, "Records that you may not see.");
    return strcmp(text, "files") == 0 ? cx_plural(cx, count, "%lld file", "%lld files") : text;
}

static void merge_page_add_moved(struct cx *cx, json_object *data, const struct merge_page *page)
{
    struct buf text;
    struct json json;
    json_object *items = page_list(data, "moved");
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    merge_write_moved(cx, &json, &page->merge);
    json_object *all = json_tokener_parse(text.data);
    for (size_t i = 0; i < json_object_array_length(all); i++)
        json_object_array_add(
            items, json_object_new_string(merge_page_moved(cx, json_object_array_get_idx(all, i))));
    page_set_bool(data, "any_moved", json_object_array_length(all) > 0);
    json_object_put(all);
}

/* ---- the page ---- */

static bool merge_page_show(struct cx *cx, struct merge_page *page, int status)
{
    const struct resource *resource = page->merge.resource;
    const char *what = bulk_counted(cx, resource, (int64_t)page->merge.count);
    json_object *data =
        generic_ask(cx, resource, arena_printf(cx->arena, "%s/bulk-" BULK_MERGE, resource->page),
                    merge_page_list(cx));
    if (page->tried && !custom_spread(cx, &page->merge.record))
        return false;
    merge_page_add_records(cx, data, page);
    merge_page_add_rows(cx, data, page);
    page_set_bool(data, "any_moved", false);
    if (page->tried)
        merge_page_add_moved(cx, data, page);
    for (size_t i = 0; i < page->merge.count; i++)
        bulk_keep(data, "id", page->merge.ids[i]);
    bulk_keep(data, "next", merge_page_list(cx));
    bulk_keep(data, "before", page->merge.ids[page->merge.winner]);
    page_set(data, "text", bulk_can_be_undone);
    page_set(data, "submit", cx_printf(cx, "Merge %s", what));
    return page_render(cx, status, "layout/merge", cx_printf(cx, "Merge %s", what), data);
}

static bool merge_page_try(struct cx *cx, struct merge_page *page)
{
    page->merge.dry = true;
    page->tried = merge_run(cx, &page->merge);
    int status = cx->failure.status;
    if (!page->tried && status != 422 && status != 409)
        return false;
    return merge_page_show(cx, page, page->tried ? 200 : status);
}

static bool merge_page_do(struct cx *cx, struct merge_page *page)
{
    const struct merge *merge = &page->merge;
    if (!merge_run(cx, &page->merge))
        return (cx->failure.status == 422 || cx->failure.status == 409) &&
               merge_page_show(cx, page, cx->failure.status);
    page_notice_link(
        cx, "success",
        cx_printf(cx, "Merged: %s.", bulk_counted(cx, merge->resource, (int64_t)merge->count)),
        arena_printf(cx->arena, "%s/%s/undo", BULK_RUNS_PAGE, merge->run_id), "Undo");
    return page_go(
        cx, arena_printf(cx->arena, "%s/%s", merge->resource->page, merge->ids[merge->winner]));
}

bool generic_bulk_merge(struct cx *cx)
{
    struct merge_page *page = arena_alloc(cx->arena, sizeof *page);
    size_t named;
    *page = (struct merge_page){.merge = {.resource = cx->route->about}};
    if (!merge_page_read(cx, page, &named))
        return false;
    if (named > MERGE_MOST)
        return merge_page_back(cx, "Twenty at most can be merged at once.");
    if (page->merge.count < 2)
        return merge_page_back(cx, "Tick two or more to merge them.");
    merge_page_take(cx, page);
    bool confirmed = text_equal(parameter_get(cx->request.form, "_confirmed"), "yes");
    return confirmed ? merge_page_do(cx, page) : merge_page_try(cx, page);
}
