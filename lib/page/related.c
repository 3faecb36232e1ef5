/* related: the records that refer to one, as short lists on its page: the deals of a company.
 *
 * They follow from the model: every field by which a list can be filtered and that may be set
 * (.refers, FILTERED) gives one, but that of the owner. All of them are read in one round trip. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/internal.h"
#include "resource/model.h"
#include "resource/reference.h"

enum { RELATED_ROWS = 5, RELATED_COLUMNS = 4, RELATED_MOST = 12 };

struct related {
    size_t count;
    const struct resource *resources[RELATED_MOST];
    const struct field *fields[RELATED_MOST];
    struct list_query queries[RELATED_MOST];
    struct list_filter filters[RELATED_MOST];
    struct list_result results[RELATED_MOST];
};

static bool related_is_shown(struct cx *cx, const struct resource *resource)
{
    bool operators = resource->page && text_starts(resource->page, "/platform");
    return resource->page && !resource->parent &&
           field_find(resource->fields, resource_label(resource)) &&
           (resource->operations & OP_GET) && operators == (cx->db.role == DB_PLATFORM) &&
           generic_may(cx, resource, OP_LIST);
}

static bool related_by(struct cx *cx, const struct resource *resource, const struct field *field,
                       const struct resource *target)
{
    return (field->flags & FILTERED) && !(field->flags & READ_ONLY) && !field->sql &&
           reference_target(field) == target && !text_equal(field->name, resource->owner) &&
           shape_sees(cx, resource, field);
}

/* What names them and the first columns of their list, without the record that one looks at. */
static const struct field **related_columns(struct cx *cx, const struct resource *resource,
                                            const struct field *by)
{
    const struct field **all = shape_of(cx, resource)->all;
    const struct field **columns = arena_alloc(cx->arena, sizeof *columns * (RELATED_COLUMNS + 4));
    const struct field *label = field_find(resource->fields, resource_label(resource));
    size_t count = 0;
    columns[count++] = all[0]; /* the id */
    columns[count++] = label;
    for (int i = 1; all[i] && count < RELATED_COLUMNS + 2; i++) {
        bool plain = (all[i]->flags & LISTED) && all[i]->type != CUSTOM && !all[i]->child;
        if (plain && all[i] != label && all[i] != by)
            columns[count++] = all[i];
    }
    columns[count] = NULL;
    return columns;
}

static void related_ask(struct cx *cx, struct related *all, const struct resource *resource,
                        const struct field *field, const char *id)
{
    size_t at = all->count++;
    const struct field **columns = related_columns(cx, resource, field);
    all->resources[at] = resource;
    all->fields[at] = field;
    all->filters[at] = (struct list_filter){.field = field, .operator= "=", .value = id};
    all->queries[at] = (struct list_query){.page = 1,
                                           .limit = RELATED_ROWS,
                                           .columns = columns,
                                           .labels = reference_labels(cx, columns),
                                           .filters = &all->filters[at],
                                           .sort = resource->sort ? resource->sort : "-createdAt"};
}

static void related_add_row(struct cx *cx, json_object *lines, const struct resource *resource,
                            const struct list_result *result, size_t row)
{
    json_object *line = page_item(lines), *cells = page_list(line, "cells");
    page_set(line, "href",
             arena_printf(cx->arena, "%s/%s", resource->page, rows_text(result->rows, row, 0)));
    page_set(line, "label", show_label(cx, resource, result, row));
    for (int i = 2; result->fields[i]; i++) {
        json_object *cell = page_item(cells);
        page_set(cell, "head", field_title(cx, result->fields[i]));
        show_value(cx, cell, result, row, i);
    }
}

static void related_add(struct cx *cx, json_object *sections, const struct related *all, size_t at)
{
    const struct resource *resource = all->resources[at];
    const struct list_result *result = &all->results[at];
    const char *query =
        arena_printf(cx->arena, "%s=%s", field_json_name(all->fields[at]), all->filters[at].value);
    size_t rows = rows_count(result->rows);
    json_object *out = page_item(sections), *heads = page_list(out, "heads");
    json_object *lines = page_list(out, "lines");
    page_set(out, "id",
             arena_printf(cx->arena, "related-%s-%s", resource->name, all->fields[at]->name));
    page_set(out, "title", resource->title);
    page_set_bool(out, "none", rows == 0);
    page_set(out, "all", rows > 0 ? arena_printf(cx->arena, "%s?%s", resource->page, query) : NULL);
    page_set(out, "add",
             generic_may(cx, resource, OP_CREATE)
                 ? arena_printf(cx->arena, "%s/new?%s", resource->page, query)
                 : NULL);
    page_set(out, "add_title", cx_printf(cx, "Add %s", cx_text(cx, resource->one)));
    for (int i = 1; result->fields[i]; i++)
        page_set(page_item(heads), "label", field_title(cx, result->fields[i]));
    for (size_t row = 0; row < rows; row++)
        related_add_row(cx, lines, resource, result, row);
}

bool related_add_all(struct cx *cx, json_object *data, const struct resource *resource,
                     const char *id)
{
    struct related *all = arena_alloc(cx->arena, sizeof *all);
    json_object *sections = page_list(data, "related");
    all->count = 0;
    for (size_t i = 0; i < model_count(); i++) {
        const struct resource *other = model_at(i);
        if (!related_is_shown(cx, other))
            continue;
        for (const struct field *it = other->fields; it->type != FIELD_END; it++)
            if (all->count < RELATED_MOST && related_by(cx, other, it, resource))
                related_ask(cx, all, other, it, id);
    }
    if (!list_run_several(cx, all->resources, 1, all->queries, all->count, all->results))
        return false;
    for (size_t i = 0; i < all->count; i++)
        related_add(cx, sections, all, i);
    return true;
}
