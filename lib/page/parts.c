/* parts: the rows that are appended to a record, on its page: the newest of each kind, and a form
 * for one more. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/model.h"
#include "resource/part.h"
#include "resource/reference.h"

enum { PART_ROWS = 20 };

static bool is_said(const struct field *field)
{
    return !(field->flags & HIDDEN) && !show_is_common(field) &&
           strcmp(field->name, PART_MAKER) != 0;
}

/* "Nora Blum · 30 Nov 2026, 10:15" */
static const char *part_made(struct cx *cx, const struct list_result *result, size_t row)
{
    int maker = show_column(result, PART_MAKER), at = show_column(result, "created_at");
    const char *name = maker >= 0 && rows_text(result->rows, row, maker)
                           ? show_text(cx, result, row, maker)
                           : NULL;
    return arena_printf(cx->arena, "%s%s%s", name ? name : "", name ? " · " : "",
                        show_text(cx, result, row, at));
}

static void add_item(struct cx *cx, json_object *items, const struct list_result *result,
                     size_t row)
{
    json_object *item = page_item(items), *values = page_list(item, "values");
    page_set(item, "made", part_made(cx, result, row));
    for (int i = 0; result->fields[i]; i++)
        if (is_said(result->fields[i]))
            show_value(cx, page_item(values), result, row, i);
}

/* The form's fields have the names that they have in the record's own form: the id says of what. */
static void add_form(struct cx *cx, json_object *section, const struct resource *part,
                     const char *path, bool may_add)
{
    page_set(section, "action", may_add ? path : NULL);
    page_set(section, "submit", cx_printf(cx, "Add %s", part->one));
    json_object_object_add(section, "fields", page_form_fields(cx, part->fields, NULL, true));
}

static bool add_section(struct cx *cx, json_object *sections, const struct resource *resource,
                        const struct resource *part, const char *record_id, bool may_add)
{
    struct list_result result;
    struct list_query query = {.page = 1,
                               .limit = PART_ROWS,
                               .count = true,
                               .sort = part->sort ? part->sort : "-createdAt",
                               .labels = reference_labels_shown(cx, part)};
    const char *path =
        arena_printf(cx->arena, "%s/%s%s", resource->page, record_id, strrchr(part->api, '/'));
    query.after = parameter_get(cx->request.query, arena_printf(cx->arena, "_%s", part->name));
    if (query.after)
        query.count = false;
    part_of(cx, part, record_id, &query);
    if (!list_run(cx, part, &query, &result))
        return false;
    json_object *section = page_item(sections), *items = page_list(section, "items");
    page_set(section, "title", part->title);
    page_set(section, "id", part->name);
    for (size_t i = 0; i < rows_count(result.rows); i++)
        add_item(cx, items, &result, i);
    page_set_bool(section, "none", rows_count(result.rows) == 0);
    page_set(section, "older",
             result.next_cursor
                 ? arena_printf(cx->arena, "%s/%s?_%s=%s#%s", resource->page, record_id, part->name,
                                result.next_cursor, part->name)
                 : NULL);
    add_form(cx, section, part, path, may_add);
    return true;
}

bool parts_add(struct cx *cx, json_object *data, const struct resource *resource,
               const struct list_result *record)
{
    const char *record_id = record_value(record, "id");
    json_object *sections = page_list(data, "parts");
    const char *change = arena_printf(cx->arena, "%s:update", resource->permission);
    bool may_add =
        resource_may(cx, resource, change) && record_is_in_sight(cx, resource, record, change);
    for (size_t i = 0; i < model_count(); i++)
        if (model_at(i)->parent == resource &&
            !add_section(cx, sections, resource, model_at(i), record_id, may_add))
            return false;
    return true;
}

/* What is refused is said on the record's page, with what was typed. */
bool part_append(struct cx *cx)
{
    const struct resource *part = cx->route->about;
    struct list_result made;
    const char *id = cx_path(cx, "id");
    const char *path = arena_printf(cx->arena, "%s/%s", part->parent->page, id);
    const struct failure refused = cx->failure;
    int scope = db_scope(&cx->db);
    cx->failure = (struct failure){.status = 0}; /* whose record it is not is told nothing else */
    if (!part_find_parent(cx, part, "update"))
        return false;
    cx->failure = refused;
    if (cx->failure.status == 0 && record_create(cx, part, cx->input, &made)) {
        page_notice(cx, "success",
                    cx_printf(cx, "%s added.", text_title(cx->arena, cx_text(cx, part->one))));
        return page_go(cx, path);
    }
    if (cx->failure.status != 422)
        return false;
    db_rollback_to(&cx->db, scope);
    return generic_detail_of(cx, part->parent, id, 422);
}
