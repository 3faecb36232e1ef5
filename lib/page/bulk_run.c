/* The page of a bulk run: how far it is, what was refused and why, and what undoing left as it is.
 */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/model.h"
#include "resource/resource.h"

enum { REFUSED_SHOWN = 200 };

static const char *what_of(struct cx *cx, const char *verb, const struct resource *resource)
{
    const struct action *action = resource ? action_find_many(resource, verb) : NULL;
    const char *title = action                          ? action->title
                        : strcmp(verb, "update") == 0   ? "Change"
                        : strcmp(verb, "delete") == 0   ? "Delete"
                        : strcmp(verb, BULK_MERGE) == 0 ? "Merge"
                                                        : verb;
    return cx_text(cx, title);
}

/* By their names as they are now, as far as one sees them; else as they were kept. */
static bool add_refused(struct cx *cx, json_object *data, const struct resource *resource,
                        const char *run_id)
{
    struct list_result records = {.rows = NULL};
    struct bulk_ids ids = {.count = 0};
    json_object *list = page_list(data, "refused");
    const struct rows *rows = bulk_refused(cx, run_id, REFUSED_SHOWN);
    if (!rows)
        return false;
    for (size_t i = 0; i < rows_count(rows); i++)
        bulk_add_id(cx, &ids, rows_text(rows, i, 0));
    bool reads = resource && (resource->operations & OP_GET) && generic_may(cx, resource, OP_GET);
    if (reads && ids.count > 0 && !record_get_all(cx, resource, ids.ids, ids.count, &records))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *id = rows_text(rows, i, 0), *label = rows_text(rows, i, 1);
        json_object *item = page_item(list);
        size_t row;
        bool there = records.rows && bulk_find_row(&records, id, &row);
        page_set(item, "name",
                 there   ? show_label(cx, resource, &records, row)
                 : label ? label
                         : "A record that is not there (any more)");
        page_set(item, "path", there ? arena_printf(cx->arena, "%s/%s", resource->page, id) : NULL);
        page_set(item, "message", rows_text(rows, i, 5));
    }
    page_set_bool(data, "hasRefused", rows_count(rows) > 0);
    page_set_bool(data, "hasMore", rows_count(rows) == REFUSED_SHOWN);
    return true;
}

static int64_t number_of(const struct list_result *record, const char *name)
{
    int64_t number = 0;
    text_to_int(record_value(record, name), INT64_MIN, INT64_MAX, &number);
    return number;
}

bool page_add_bulk_run(struct cx *cx, json_object *data, const struct list_result *record)
{
    const struct resource *resource = model_resource(record_value(record, "resource"));
    const char *status = record_value(record, "status"), *id = record_value(record, "id");
    int64_t handled = number_of(record, "handled"), done = number_of(record, "done");
    bool undone = strcmp(status, "undone") == 0, undoing = strcmp(status, "undoing") == 0;
    page_set(data, "what",
             arena_printf(cx->arena, "%s: %s",
                          what_of(cx, record_value(record, "action"), resource),
                          resource ? bulk_counted(cx, resource, number_of(record, "total"))
                                   : record_value(record, "resource")));
    page_set_int(data, "total", undoing ? done : number_of(record, "total"));
    page_set_int(data, "handled",
                 undoing ? number_of(record, "restored") + number_of(record, "kept") : handled);
    page_set_int(data, "done", done);
    page_set_int(data, "refusedCount", handled - done);
    page_set_int(data, "restored", number_of(record, "restored"));
    page_set_int(data, "kept", number_of(record, "kept"));
    page_set_bool(data, "running", undoing || strcmp(status, "running") == 0);
    page_set_bool(data, "undone", undone);
    page_set_bool(data, "undoing", undoing);
    page_set(data, "list", resource && resource->page ? resource->page : NULL);
    page_set(data, "listTitle", resource ? resource->title : NULL);
    return add_refused(cx, data, resource, id);
}
