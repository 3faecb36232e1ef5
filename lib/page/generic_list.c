/* The list page of a resource: search, filters, order, columns, pages. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/resource.h"

static const int64_t limit_default = 20;
static const char *const sizes[] = {"10", "20", "50", "100"};

/* Forms send what was left empty, and ticks one by one; addresses that we make
 * do neither, but those that a browser without scripts makes do. */
static void tidy_query(struct cx *cx)
{
    struct parameter *fields = NULL;
    struct parameter **at = &cx->request.query;
    while (*at) {
        struct parameter *it = *at;
        bool more_fields = fields && strcmp(it->name, "fields") == 0;
        if (more_fields)
            fields->value = arena_printf(cx->arena, "%s,%s", fields->value, it->value);
        else if (strcmp(it->name, "fields") == 0)
            fields = it;
        if (more_fields || !*it->value)
            *at = it->next;
        else
            at = &it->next;
    }
}

/* The address of this list with `name` set to `value` (NULL: left out), on its
 * first page unless the page is what is set. */
static const char *address_with(struct cx *cx, const struct resource *resource, const char *name,
                                const char *value)
{
    struct buf address;
    char mark = '?';
    buf_init(&address, cx->arena);
    buf_puts(&address, resource->page);
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        if (text_equal(it->name, name) || strcmp(it->name, "page") == 0)
            continue;
        buf_putc(&address, mark);
        text_url(&address, it->name);
        buf_putc(&address, '=');
        text_url(&address, it->value);
        mark = '&';
    }
    if (value)
        buf_printf(&address, "%c%s=%s", mark, name, value);
    return address.data;
}

static bool is_column(const struct field *field)
{
    static const enum field_type never[] = {SECRET, FILE_FIELD, JSON, OBJECT};
    for (size_t i = 0; i < COUNT(never); i++)
        if (field->type == never[i])
            return false;
    return !(field->flags & (HIDDEN | INPUT_ONLY | LIST_OMITTED)) &&
           strcmp(field->name, "tenant_id") != 0 && strcmp(field->name, "id") != 0;
}

static bool is_plain_column(const struct field *field)
{
    return is_column(field) && (field->flags & LISTED);
}

static bool is_shown(const struct list_query *query, const struct field *field)
{
    if (!query->columns)
        return is_plain_column(field);
    for (const struct field *const *it = query->columns; *it; it++)
        if (*it == field)
            return is_column(field);
    return false;
}

struct list_page {
    const struct resource *resource;
    struct list_query query;
    struct list_result result;
    bool can_delete;
};

static const char *sort_of(const struct list_page *page)
{
    if (page->query.sort)
        return page->query.sort;
    return page->resource->sort ? page->resource->sort : "-createdAt";
}

static void add_column(struct cx *cx, json_object *list, const struct list_page *page,
                       const struct field *field)
{
    const char *sort = sort_of(page), *name = field_json_name(field);
    bool descending = *sort == '-' && strcmp(sort + 1, name) == 0;
    bool ascending = strcmp(sort, name) == 0;
    json_object *column = page_item(list);
    page_set(column, "label", field_label(field));
    page_set(column, "aria_sort", ascending ? "ascending" : descending ? "descending" : NULL);
    page_set_bool(column, "ascending", ascending);
    page_set_bool(column, "descending", descending);
    page_set_bool(column, "end",
                  field->type == MONEY || field->type == INT || field->type == BASIS_POINTS);
    page_set(column, "href",
             field->flags & SORTED
                 ? address_with(cx, page->resource, "sort",
                                ascending ? arena_printf(cx->arena, "-%s", name) : name)
                 : NULL);
}

static void add_columns(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *columns = page_list(data, "columns"), *choices = page_list(data, "choices");
    struct buf plain;
    buf_init(&plain, cx->arena);
    buf_puts(&plain, "");
    for (int i = 0; page->result.fields[i]; i++) {
        const struct field *field = page->result.fields[i];
        if (!is_column(field))
            continue;
        json_object *choice = page_item(choices);
        page_set(choice, "name", field_json_name(field));
        page_set(choice, "label", field_label(field));
        page_set_bool(choice, "shown", is_shown(&page->query, field));
        if (is_plain_column(field))
            buf_printf(&plain, "%s%s", plain.len ? "," : "", field_json_name(field));
        if (is_shown(&page->query, field))
            add_column(cx, columns, page, field);
    }
    page_set(data, "plain_columns", plain.data);
}

static void add_row(struct cx *cx, json_object *rows, const struct list_page *page, size_t row)
{
    const struct list_result *result = &page->result;
    const char *id = rows_text(result->rows, row, show_column(result, "id"));
    json_object *out = page_item(rows), *cells;
    bool first = true;
    page_set(out, "id", id);
    page_set(out, "label", show_label(cx, page->resource, result, row));
    page_set(out, "path",
             page->resource->operations & OP_GET
                 ? arena_printf(cx->arena, "%s/%s", page->resource->page, id)
                 : NULL);
    cells = page_list(out, "cells");
    for (int i = 0; result->fields[i]; i++) {
        const struct field *field = result->fields[i];
        if (!is_shown(&page->query, field))
            continue;
        json_object *cell = page_item(cells);
        show_value(cx, cell, result, row, i);
        page_set(cell, "label", field_label(field));
        page_set_bool(cell, "first", first);
        page_set_bool(cell, "end",
                      field->type == MONEY || field->type == INT || field->type == BASIS_POINTS);
        if (first && !*show_text(cx, result, row, i))
            page_set(cell, "text", show_label(cx, page->resource, result, row));
        first = false;
    }
}

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

static void add_filter_input(struct cx *cx, json_object *list, const struct field *field,
                             const char *bound, const char *label)
{
    json_object *filter = page_item(list);
    const char *name = field_json_name(field);
    const char *param = arena_printf(cx->arena, "%s%s", name, bound);
    const char *value = parameter_get(cx->request.query, param);
    bool choice = field->type == CHOICE || field->type == BOOL;
    page_set(filter, "name",
             arena_printf(cx->arena, "%s%s", name, text_equal(bound, "[lte]") ? "-to" : ""));
    page_set(filter, "param", param);
    page_set(filter, "label", label);
    page_set(filter, "value", value);
    page_set(filter, "input", field->type == DATE ? "date" : "text");
    page_set(filter, "refers", field->type == UUID ? field->refers : NULL);
    page_set_bool(filter, "is_choice", choice);
    if (!choice)
        return;
    json_object *options = page_list(filter, "options");
    add_option(options, "", "Any", !value);
    for (const char *const *it = field->choices; it && *it; it++)
        add_option(options, *it, show_choice(cx, *it), text_equal(*it, value));
    if (field->type == BOOL) {
        add_option(options, "true", "Yes", text_equal(value, "true"));
        add_option(options, "false", "No", text_equal(value, "false"));
    }
}

static void add_filters(struct cx *cx, json_object *data, const struct resource *resource)
{
    json_object *filters = page_list(data, "filters");
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (!(it->flags & FILTERED) || (it->flags & HIDDEN))
            continue;
        const char *label = field_label(it);
        if (it->type == DATE) {
            add_filter_input(cx, filters, it, "[gte]", arena_printf(cx->arena, "%s from", label));
            add_filter_input(cx, filters, it, "[lte]", arena_printf(cx->arena, "%s to", label));
        } else if (it->type == CHOICE || it->type == BOOL || (it->type == UUID && it->refers)) {
            add_filter_input(cx, filters, it, "", label);
        }
    }
}

/* How the two directions of an order are called. */
static const char *order_words(const struct field *field, bool descending)
{
    switch (field->type) {
    case TIME:
    case DATE:
        return descending ? "newest first" : "oldest first";
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return descending ? "highest first" : "lowest first";
    default:
        return descending ? "Z to A" : "A to Z";
    }
}

static void add_orders(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *orders = page_list(data, "orders");
    const char *sort = sort_of(page);
    for (int i = 0; page->result.fields[i]; i++) {
        const struct field *field = page->result.fields[i];
        if (!(field->flags & SORTED) || (field->flags & HIDDEN))
            continue;
        for (int descending = 0; descending < 2; descending++) {
            const char *value =
                arena_printf(cx->arena, "%s%s", descending ? "-" : "", field_json_name(field));
            add_option(orders, value,
                       arena_printf(cx->arena, "%s, %s", field_label(field),
                                    order_words(field, descending)),
                       text_equal(sort, value));
        }
    }
    if (json_object_array_length(orders) == 0)
        add_option(orders, sort, "As it comes", true);
    page_set(data, "plain_sort", page->resource->sort ? page->resource->sort : "-createdAt");
}

static void add_sizes(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *list = page_list(data, "sizes");
    const char *limit = arena_printf(cx->arena, "%lld", (long long)page->query.limit);
    bool known = false;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        known = known || strcmp(sizes[i], limit) == 0;
        add_option(list, sizes[i], sizes[i], strcmp(sizes[i], limit) == 0);
    }
    if (!known)
        add_option(list, limit, limit, true);
    page_set(data, "plain_limit", arena_printf(cx->arena, "%lld", (long long)limit_default));
}

static const char *page_address(struct cx *cx, const struct list_page *page, int64_t number)
{
    return address_with(cx, page->resource, "page",
                        arena_printf(cx->arena, "%lld", (long long)number));
}

static void add_pager(struct cx *cx, json_object *data, const struct list_page *page)
{
    int64_t total = page->result.total, limit = page->query.limit;
    int64_t number = page->query.page > 0 ? page->query.page : 1;
    int64_t pages = limit > 0 && total > 0 ? (total + limit - 1) / limit : 1;
    int64_t from = (number - 1) * limit + 1;
    int64_t to = from + (int64_t)rows_count(page->result.rows) - 1;
    json_object *pager = page_add(data, "pager");
    const char *of = show_number(cx, total < 0 ? to : total);
    page_set(pager, "shown",
             to < from   ? arena_printf(cx->arena, "None on this page of %s", of)
             : pages > 1 ? arena_printf(cx->arena, "%s–%s of %s", show_number(cx, from),
                                        show_number(cx, to), of)
                         : arena_printf(cx->arena, "%s in all", of));
    page_set_bool(pager, "many", pages > 1);
    page_set(pager, "page", show_number(cx, number));
    page_set(pager, "pages", show_number(cx, pages));
    page_set(pager, "previous",
             number > 1 ? page_address(cx, page, number - 1 < pages ? number - 1 : pages) : NULL);
    page_set(pager, "next", number < pages ? page_address(cx, page, number + 1) : NULL);
}

static void add_empty(struct cx *cx, json_object *data, const struct list_page *page, bool filtered)
{
    const struct resource *resource = page->resource;
    bool can_create = generic_may(cx, resource, OP_CREATE);
    json_object *empty = page_add(data, "empty");
    page_set(empty, "icon", filtered || !resource->icon ? "search" : resource->icon);
    page_set(empty, "title",
             filtered
                 ? "Nothing matches"
                 : arena_printf(cx->arena, "No %s yet", text_lower(cx->arena, resource->title)));
    page_set(empty, "text", filtered ? "Try other words or fewer filters." : resource->about);
    if (!filtered && !can_create) {
        page_set(empty, "action", NULL);
        return;
    }
    json_object *action = page_add(empty, "action");
    page_set(action, "title",
             filtered ? "Show all" : arena_printf(cx->arena, "New %s", resource->one));
    page_set(action, "path",
             filtered ? resource->page : arena_printf(cx->arena, "%s/new", resource->page));
    page_set(action, "icon", filtered ? NULL : "plus");
    page_set_bool(action, "primary", !filtered);
}

static void add_actions(struct cx *cx, json_object *data, const struct list_page *page)
{
    const struct resource *resource = page->resource;
    page_list(data, "actions");
    if (generic_may(cx, resource, OP_EXPORT) && page->result.total != 0) {
        const char *list = address_with(cx, resource, "limit", NULL);
        json_object *action = page_action(data, "Export",
                                          arena_printf(cx->arena, "%s/export.csv%s", resource->page,
                                                       list + strlen(resource->page)),
                                          "download");
        page_set_bool(action, "download", true);
    }
    if (generic_may(cx, resource, OP_CREATE)) {
        json_object *action =
            page_action(data, arena_printf(cx->arena, "New %s", resource->one),
                        arena_printf(cx->arena, "%s/new", resource->page), "plus");
        page_set_bool(action, "primary", true);
    }
}

static bool is_searchable(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->flags & SEARCHED)
            return true;
    return false;
}

static bool is_filtered(const struct list_query *query)
{
    return query->filters || (query->search && *query->search);
}

json_object *page_list_data(struct cx *cx, const struct resource *resource)
{
    struct list_page page = {.resource = resource};
    tidy_query(cx);
    if (!list_read_query(cx, resource, &page.query))
        return NULL;
    struct list_query all = page.query;
    all.columns = NULL; /* label and currency are needed though not shown */
    if (!list_run(cx, resource, &all, &page.result))
        return NULL;
    json_object *data = page_object(cx), *rows = page_list(data, "rows");
    size_t count = rows_count(page.result.rows);
    bool filtered = is_filtered(&page.query), none = count == 0 && page.result.total <= 0;
    page.can_delete = generic_may(cx, resource, OP_DELETE);
    page_set(data, "subtitle", resource->about);
    page_set(data, "path", resource->page);
    page_set(data, "address", address_with(cx, resource, NULL, NULL));
    page_set(data, "q", page.query.search);
    page_set_bool(data, "searchable", is_searchable(resource));
    page_set_bool(data, "is_filtered", filtered);
    page_set_bool(data, "is_empty", none && !filtered);
    page_set_bool(data, "no_match", none && filtered);
    page_set_bool(data, "can_delete", page.can_delete);
    for (size_t i = 0; i < count; i++)
        add_row(cx, rows, &page, i);
    add_columns(cx, data, &page);
    add_filters(cx, data, resource);
    add_orders(cx, data, &page);
    add_sizes(cx, data, &page);
    add_pager(cx, data, &page);
    add_actions(cx, data, &page);
    add_empty(cx, data, &page, filtered);
    generic_crumbs(cx, data, resource);
    return data;
}

bool generic_list(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    json_object *data = page_list_data(cx, resource);
    const char *template = resource->template_list ? resource->template_list : "layout/list";
    return data && page_render(cx, 200, template, resource->title, data);
}

bool generic_export(struct cx *cx)
{
    tidy_query(cx);
    return resource_export(cx);
}
