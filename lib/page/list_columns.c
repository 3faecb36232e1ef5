/* list_columns: which columns a list has, in which order, and what chooses them. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/custom.h"
#include "resource/shape.h"

static bool is_column(const struct field *field)
{
    static const enum field_type never[] = {SECRET, JSON, OBJECT, CUSTOM};
    for (size_t i = 0; i < COUNT(never); i++)
        if (field->type == never[i])
            return false;
    return !(field->flags & (HIDDEN | INPUT_ONLY | LIST_OMITTED)) && !list_is_face(field) &&
           strcmp(field->name, "tenant_id") != 0 && strcmp(field->name, "id") != 0;
}

/* Shown unless others are chosen: those marked, or when none is the first few. */
static bool is_plain_column(const struct list_page *page, const struct field *field)
{
    bool marked = false;
    for (const struct field *it = page->resource->fields; it->type != FIELD_END; it++)
        marked = marked || (it->flags & LISTED);
    if (marked)
        return (field->flags & LISTED) != 0;
    for (int i = 0; i < 4 && page->order[i] >= 0; i++)
        if (page->result.fields[page->order[i]] == field)
            return true;
    return false;
}

bool list_shows(const struct list_page *page, const struct field *field)
{
    if (!page->query.columns)
        return is_plain_column(page, field);
    for (const struct field **it = page->query.columns; *it; it++)
        if (*it == field)
            return is_column(field);
    return false;
}

const struct field **list_columns_read(struct cx *cx, struct list_page *page)
{
    size_t count = 0, at = 0;
    const struct field *const *own = shape_of(cx, page->resource)->listed;
    if (!(page->custom = custom_of(cx, page->resource)))
        return NULL;
    while (own[count])
        count++;
    const struct field **columns =
        arena_alloc(cx->arena, sizeof *columns * (count + 2 * LIST_COLUMNS_MAX + 1));
    for (size_t i = 0; i < count; i++)
        if (own[i]->type != CUSTOM)
            columns[at++] = own[i];
    for (size_t i = 0; i < page->custom->count && at < count + LIST_COLUMNS_MAX; i++) {
        const struct field *field = page->custom->definitions[i].field;
        bool is_money = field->type == MONEY;
        if (!list_shows(page, field))
            continue;
        columns[at++] = field;
        if (is_money)
            columns[at++] = field + 1;
    }
    columns[at] = NULL;
    return columns;
}

static int place_chosen(const struct list_page *page, const struct field *field)
{
    int place = 0;
    while (page->query.columns[place] && page->query.columns[place] != field)
        place++;
    return place;
}

/* Those chosen first, as they were chosen. */
static void put_chosen_first(struct list_page *page)
{
    for (int i = 1; page->order[i] >= 0; i++)
        for (int j = i; j > 0; j--) {
            int left = page->order[j - 1], right = page->order[j];
            if (place_chosen(page, page->result.fields[left]) <=
                place_chosen(page, page->result.fields[right]))
                break;
            page->order[j - 1] = right;
            page->order[j] = left;
        }
}

void list_columns_order(struct cx *cx, struct list_page *page)
{
    int count = 0;
    struct buf plain;
    for (int common = 0; common < 2; common++)
        for (int i = 0; page->result.fields[i] && count < LIST_COLUMNS_MAX; i++)
            if (is_column(page->result.fields[i]) &&
                show_is_common(page->result.fields[i]) == common)
                page->order[count++] = i;
    page->order[count] = -1;
    buf_init(&plain, cx->arena);
    buf_puts(&plain, "");
    for (int at = 0; at < count; at++) {
        const struct field *field = page->result.fields[page->order[at]];
        if (is_plain_column(page, field))
            buf_printf(&plain, "%s%s", plain.len ? "," : "", field_json_name(field));
    }
    page->plain = plain.data;
    if (page->query.columns)
        put_chosen_first(page);
}

static void add_column(struct cx *cx, json_object *list, const struct list_page *page, int at)
{
    const struct field *field = page->result.fields[page->order[at]];
    const char *name = field_json_name(field), *sort = list_sort_key(cx, page, 0);
    bool descending = *sort == '-' && strcmp(sort + 1, name) == 0;
    bool ascending = strcmp(sort, name) == 0;
    json_object *column = page_item(list);
    page_set(column, "label", field_title(cx, field));
    page_set(column, "room", page->room[at]);
    page_set(column, "aria_sort", ascending ? "ascending" : descending ? "descending" : NULL);
    page_set_bool(column, "ascending", ascending);
    page_set_bool(column, "descending", descending);
    page_set_bool(column, "end", list_is_number(field));
    page_set(column, "href",
             field->flags & SORTED
                 ? list_address(cx, page->resource, "sort",
                                ascending ? arena_printf(cx->arena, "-%s", name) : name)
                 : NULL);
}

/* The list with the column one place further to the front; NULL: it is there, or is not shown. */
static const char *forward_address(struct cx *cx, const struct list_page *page,
                                   const struct field *field)
{
    struct buf fields;
    const char *before = NULL, *name = field_json_name(field);
    bool moved = false;
    buf_init(&fields, cx->arena);
    for (int at = 0; page->order[at] >= 0; at++) {
        const struct field *it = page->result.fields[page->order[at]];
        const char *one = field_json_name(it);
        if (!list_shows(page, it))
            continue;
        if (it == field && !before)
            return NULL;
        moved = moved || it == field;
        if (before && it == field)
            buf_printf(&fields, "%s%s", fields.len ? "," : "", name);
        else if (before)
            buf_printf(&fields, "%s%s", fields.len ? "," : "", before);
        before = it == field ? before : one;
    }
    if (!moved)
        return NULL;
    buf_printf(&fields, ",%s", before);
    struct parameter *asked = cx->request.query;
    cx->request.query = page->shown;
    const char *address = list_address(cx, page->resource, "fields", fields.data);
    cx->request.query = asked;
    return arena_printf(cx->arena, "%s&_view=kept", address);
}

static void add_offered(struct cx *cx, json_object *choices, const struct list_page *page,
                        const struct field *field)
{
    json_object *choice = page_item(choices);
    page_set(choice, "name", field_json_name(field));
    page_set(choice, "label", field_title(cx, field));
    page_set_bool(choice, "shown", list_shows(page, field));
    page_set(choice, "forward", forward_address(cx, page, field));
}

void list_add_columns(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *columns = page_list(data, "columns"), *choices = page_list(data, "choices");
    for (int at = 0; page->order[at] >= 0; at++) {
        const struct field *field = page->result.fields[page->order[at]];
        if (!(field->flags & MADE) || list_shows(page, field))
            add_offered(cx, choices, page, field);
        if (list_shows(page, field))
            add_column(cx, columns, page, at);
    }
    for (size_t i = 0; i < page->custom->count; i++)
        if (!list_shows(page, page->custom->definitions[i].field))
            add_offered(cx, choices, page, page->custom->definitions[i].field);
    page_set(data, "plain_columns", page->plain);
}
