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
           strcmp(field->name, PART_MAKER) != 0 && strcmp(field->name, PART_EDITED) != 0;
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

/* What is shown below a record, whose it is, and where its parts stand. */
struct section {
    struct cx *cx;
    const struct resource *part;
    const struct list_result *parent;
    const char *path; /* "/admin/crm/deals/{id}/notes" */
    bool may_add;     /* and so change, as far as the part says (part_may_write) */
};

static const char *row_path(const struct section *section, const char *id, enum operation operation)
{
    return arena_printf(section->cx->arena, "%s/%s/%s", section->path, id,
                        operation == OP_DELETE ? "delete" : "edit");
}

static void add_way(const struct section *section, json_object *item,
                    const struct list_result *result, size_t row, enum operation operation)
{
    const char *id = rows_text(result->rows, row, show_column(result, "id"));
    bool may = section->may_add && (section->part->operations & operation) &&
               part_may_write(section->cx, section->part, section->parent, result, row, operation);
    page_set(item, operation == OP_DELETE ? "delete" : "edit",
             may ? row_path(section, id, operation) : NULL);
}

static void add_item(const struct section *section, json_object *items,
                     const struct list_result *result, size_t row)
{
    struct cx *cx = section->cx;
    json_object *item = page_item(items), *values = page_list(item, "values");
    int edited = show_column(result, PART_EDITED);
    page_set(item, "made", part_made(cx, result, row));
    page_set(item, "edited",
             edited >= 0 && rows_text(result->rows, row, edited)
                 ? show_text(cx, result, row, edited)
                 : NULL);
    add_way(section, item, result, row, OP_MERGE);
    add_way(section, item, result, row, OP_DELETE);
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
    page_set_bool(section, "asks_again", form_can_ask_again(part->fields));
    json_object_object_add(section, "fields", page_form_fields(cx, part->fields, NULL, true));
}

static const char *older_path(const struct section *section, const struct list_result *result)
{
    return arena_printf(section->cx->arena, "%s/%s?_%s=%s#%s", section->part->parent->page,
                        record_value(section->parent, "id"), section->part->name,
                        result->next_cursor, section->part->name);
}

static bool add_section(const struct section *section, json_object *sections)
{
    struct cx *cx = section->cx;
    const struct resource *part = section->part;
    struct list_result result;
    struct list_query query = {.page = 1,
                               .limit = PART_ROWS,
                               .count = true,
                               .sort = part->sort ? part->sort : "-createdAt",
                               .labels = reference_labels_shown(cx, part)};
    query.after = parameter_get(cx->request.query, arena_printf(cx->arena, "_%s", part->name));
    if (query.after)
        query.count = false;
    part_of(cx, part, record_value(section->parent, "id"), &query);
    if (!list_run(cx, part, &query, &result))
        return false;
    json_object *out = page_item(sections), *items = page_list(out, "items");
    page_set(out, "title", part->title);
    page_set(out, "id", part->name);
    for (size_t i = 0; i < rows_count(result.rows); i++)
        add_item(section, items, &result, i);
    page_set_bool(out, "none", rows_count(result.rows) == 0);
    page_set(out, "older", result.next_cursor ? older_path(section, &result) : NULL);
    add_form(cx, out, part, section->path, section->may_add);
    return true;
}

static const char *parts_path(struct cx *cx, const struct resource *part, const char *parent_id)
{
    return arena_printf(cx->arena, "%s/%s%s", part->parent->page, parent_id,
                        strrchr(part->api, '/'));
}

bool parts_add(struct cx *cx, json_object *data, const struct resource *resource,
               const struct list_result *record)
{
    json_object *sections = page_list(data, "parts");
    const char *change = arena_printf(cx->arena, "%s:update", resource->permission);
    struct section section = {.cx = cx, .parent = record};
    section.may_add =
        resource_may(cx, resource, change) && record_is_in_sight(cx, resource, record, change);
    for (size_t i = 0; i < model_count(); i++) {
        section.part = model_at(i);
        if (section.part->parent != resource || part_is_ordered(section.part))
            continue;
        section.path = parts_path(cx, section.part, record_value(record, "id"));
        if (!add_section(&section, sections))
            return false;
    }
    return true;
}

/* What is refused is said on the record's page, with what was typed. */
bool part_append(struct cx *cx)
{
    const struct resource *part = cx->route->about;
    struct list_result made, parent;
    const char *id = cx_path(cx, "id");
    const char *path = arena_printf(cx->arena, "%s/%s", part->parent->page, id);
    const struct failure refused = cx->failure;
    int scope = db_scope(&cx->db);
    cx->failure = (struct failure){.status = 0}; /* whose record it is not is told nothing else */
    if (!part_find_parent(cx, part, "update", &parent))
        return false;
    if (form_is_asked_again(cx))
        return generic_detail_of(cx, part->parent, id, 200);
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

/* ---- one row ---- */

static const char *parent_path(struct cx *cx, const struct resource *part)
{
    return arena_printf(cx->arena, "%s/%s", part->parent->page, cx_path(cx, "id"));
}

static void add_crumbs(struct cx *cx, json_object *data, const struct resource *part,
                       const struct list_result *parent)
{
    generic_crumbs(cx, data, part->parent);
    page_crumb(data, show_label(cx, part->parent, parent, 0), parent_path(cx, part));
}

static const char *one_path(struct cx *cx, const struct resource *part, const char *more)
{
    return arena_printf(cx->arena, "%s/%s%s", parts_path(cx, part, cx_path(cx, "id")),
                        cx_path(cx, part_variable(part)), more);
}

static bool show_part_form(struct cx *cx, int status)
{
    const struct resource *part = cx->route->about;
    const struct failure refused = cx->failure;
    struct list_result parent, row;
    cx->failure = (struct failure){.status = 0}; /* whose it is not is told nothing else */
    if (!part_find_for(cx, part, OP_MERGE, &row) || !part_find_parent(cx, part, "read", &parent))
        return false;
    cx->failure = refused;
    json_object *data = page_object(cx);
    page_list(data, "actions");
    page_set(data, "subtitle", NULL);
    page_set(data, "action", one_path(cx, part, ""));
    page_set(data, "back", parent_path(cx, part));
    page_set(data, "submit", cx_printf(cx, "Save %s", part->one));
    const char *begun =
        form_is_asked_again(cx) ? parameter_get(cx->request.form, "_version") : NULL;
    page_set(data, "version", begun ? begun : record_etag(cx, &row));
    page_set_bool(data, "multipart", false);
    page_set_bool(data, "asks_again", form_can_ask_again(part->fields));
    json_object_object_add(data, "fields", page_form_fields(cx, part->fields, &row, false));
    add_crumbs(cx, data, part, &parent);
    return page_render(cx, status, "layout/form", cx_printf(cx, "Edit %s", part->one), data);
}

bool part_edit(struct cx *cx)
{
    return show_part_form(cx, 200);
}

bool part_save(struct cx *cx)
{
    const struct resource *part = cx->route->about;
    struct list_result row;
    int scope = db_scope(&cx->db);
    if (form_is_asked_again(cx)) {
        cx->failure = (struct failure){.status = 0};
        return show_part_form(cx, 200);
    }
    generic_demand_version(cx);
    if (cx->failure.status == 0 && part_update(cx, part, cx->input, INPUT_MERGE, &row)) {
        page_notice(cx, "success", "Changes saved.");
        return page_go(cx, parent_path(cx, part));
    }
    int status = cx->failure.status;
    if (status == 412)
        cx->failure.message = generic_conflict;
    if (status != 412 && status != 422)
        return false;
    db_rollback_to(&cx->db, scope);
    return show_part_form(cx, status);
}

bool part_delete_ask(struct cx *cx)
{
    const struct resource *part = cx->route->about;
    struct list_result row;
    if (!part_find_for(cx, part, OP_DELETE, &row))
        return false;
    json_object *data =
        generic_ask(cx, part->parent, one_path(cx, part, "/delete"), parent_path(cx, part));
    page_set(data, "submit", cx_printf(cx, "Delete %s", part->one));
    return page_render(cx, 200, "layout/confirm", cx_printf(cx, "Delete this %s?", part->one),
                       data);
}

bool part_delete_done(struct cx *cx)
{
    const struct resource *part = cx->route->about;
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return part_delete_ask(cx);
    if (!part_delete(cx, part))
        return false;
    page_notice(cx, "success", cx_printf(cx, "%s deleted.", text_title(cx->arena, part->one)));
    return page_go(cx, parent_path(cx, part));
}
