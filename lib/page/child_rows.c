/* child_rows: rows that belong to a record, as a table on its page and as rows of inputs in its
 * form, where they are added, removed and put in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/tenant.h"
#include "base/language_format.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/reference.h"

static bool is_id(const struct field *field)
{
    return strcmp(field->name, "id") == 0;
}

static bool is_number(const struct field *field)
{
    return field->type == INT || field->type == MONEY || field->type == BASIS_POINTS;
}

static void add_heads(struct cx *cx, json_object *out, const struct field *field)
{
    json_object *heads = page_list(out, "heads");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++) {
        if (is_id(it))
            continue;
        json_object *head = page_item(heads);
        page_set(head, "label", field_title(cx, it));
        page_set_bool(head, "end", is_number(it));
    }
}

static const char *stored_text(json_object *row, const struct field *field)
{
    json_object *value = NULL;
    json_object_object_get_ex(row, field_json_name(field), &value);
    return value ? json_object_get_string(value) : NULL;
}

static void release_json(void *json)
{
    json_object_put(json);
}

static json_object *stored_rows(struct cx *cx, const char *text)
{
    json_object *rows = text ? json_tokener_parse(text) : NULL;
    if (!json_object_is_type(rows, json_type_array)) {
        json_object_put(rows);
        rows = json_object_new_array();
    }
    arena_defer(cx->arena, release_json, rows);
    return rows;
}

/* ---- shown ---- */

static const char *shown_text(struct cx *cx, const struct field *field, const char *text,
                              const char *currency)
{
    if (!text)
        return "";
    if (field->type == MONEY)
        return language_money(cx->arena, cx->language, strtoll(text, NULL, 10), currency);
    if (field->type == INT)
        return show_number(cx, strtoll(text, NULL, 10));
    if (field->type == CHOICE)
        return show_choice(cx, text);
    if (field->type == DATE)
        return language_date(cx->arena, cx->language, tenant_date_order(cx), text);
    if (field->type == BOOL)
        return cx_text(cx, *text == 't' ? "Yes" : "No");
    return arena_text(cx->arena, text);
}

void child_table_add(struct cx *cx, json_object *out, const struct list_result *result, size_t row,
                     int column)
{
    const struct field *field = result->fields[column];
    json_object *stored = stored_rows(cx, rows_text(result->rows, row, column));
    json_object *table = page_add(out, "table");
    add_heads(cx, table, field);
    json_object *lines = page_list(table, "lines");
    for (size_t i = 0; i < json_object_array_length(stored); i++) {
        json_object *cells = page_list(page_item(lines), "cells");
        for (const struct field *it = field->fields; it->type != FIELD_END; it++) {
            if (is_id(it))
                continue;
            json_object *cell = page_item(cells);
            page_set(cell, "head", field_title(cx, it));
            page_set(cell, "text",
                     shown_text(cx, it, stored_text(json_object_array_get_idx(stored, i), it),
                                show_currency(cx, result, row, it)));
            page_set_bool(cell, "end", is_number(it));
        }
    }
}

/* ---- asked for ---- */

/* The rows of a form. Without scripts as with them its buttons ask the server for the same form
 * with a row more or less, or in another order: "_rows" is "lines.add", "lines.up.2",
 * "lines.down.2", "lines.remove.2", by the places that the rows have in the form. */
struct rows_form {
    struct cx *cx;
    const struct field *field;
    const char *currency;
    size_t width, count, room;
    const char ***rows; /* of each the values of .fields */
    size_t focus;       /* the row that was asked for; SIZE_MAX: none */
    bool is_new;        /* that row was added: its first input comes next */
};

static const char *input_name(const struct rows_form *form, size_t index, const struct field *it)
{
    return arena_printf(form->cx->arena, "%s[%zu].%s", field_json_name(form->field), index,
                        field_json_name(it));
}

static const char **push_row(struct rows_form *form)
{
    if (form->count == form->room) {
        size_t room = form->room ? form->room * 2 : 16;
        const char ***grown = arena_alloc(form->cx->arena, sizeof *grown * room);
        if (form->rows)
            memcpy(grown, form->rows, sizeof *grown * form->count);
        form->rows = grown;
        form->room = room;
    }
    const char **values = arena_alloc(form->cx->arena, sizeof *values * (form->width + 1));
    memset(values, 0, sizeof *values * (form->width + 1));
    form->rows[form->count++] = values;
    return values;
}

/* Those that stand in the form that was sent, as they were typed. */
static void read_typed(struct rows_form *form)
{
    for (bool there = true; there;) {
        const char **values = push_row(form);
        size_t at = 0;
        there = false;
        for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
            values[at] =
                parameter_get(form->cx->request.form, input_name(form, form->count - 1, it));
            there = there || values[at];
        }
    }
    form->count--; /* the first that is not there */
}

static void read_stored(struct rows_form *form, const char *text)
{
    json_object *stored = stored_rows(form->cx, text);
    for (size_t i = 0; i < json_object_array_length(stored); i++) {
        const char **values = push_row(form);
        size_t at = 0;
        for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
            const char *value = stored_text(json_object_array_get_idx(stored, i), it);
            values[at] =
                value && it->type == MONEY ? show_amount(form->cx, value, form->currency) : value;
        }
    }
}

static bool is_empty(const struct rows_form *form, size_t index)
{
    size_t at = 0;
    for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++)
        if (child_is_typed(it) && form->rows[index][at] && *form->rows[index][at])
            return false;
    return true;
}

static void swap_rows(struct rows_form *form, size_t a, size_t b)
{
    const char **row = form->rows[a];
    form->rows[a] = form->rows[b];
    form->rows[b] = row;
}

static void remove_row(struct rows_form *form, size_t index)
{
    memmove(&form->rows[index], &form->rows[index + 1],
            sizeof *form->rows * (form->count - index - 1));
    form->count--;
}

/* What the button that was pressed asks for; nothing where it means another field. */
static void rearrange(struct rows_form *form, const char *asked)
{
    size_t len = strlen(field_json_name(form->field));
    int64_t row = 0;
    if (!asked || strncmp(asked, field_json_name(form->field), len) != 0 || asked[len] != '.')
        return;
    const char *what = asked + len + 1, *place = strchr(what, '.');
    if (strcmp(what, "add") == 0) {
        form->focus = form->count;
        form->is_new = true;
        push_row(form);
    }
    if (!place || form->count == 0 || !text_to_int(place + 1, 0, (int64_t)form->count - 1, &row))
        return;
    size_t at = (size_t)row, last = form->count - 1;
    form->focus = at;
    if (text_starts(what, "remove.")) {
        remove_row(form, at);
        form->focus = at < form->count || at == 0 ? at : at - 1;
    } else if (text_starts(what, "up.") && at > 0) {
        swap_rows(form, at, at - 1);
        form->focus = at - 1;
    } else if (text_starts(what, "down.") && at < last) {
        swap_rows(form, at, at + 1);
        form->focus = at + 1;
    }
}

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

/* What is chosen in a cell; a new row begins with what is initial. */
static void add_options(struct cx *cx, json_object *cell, const struct field *field,
                        const char *value)
{
    json_object *options = page_list(cell, "options");
    const char *chosen = value ? value : field->initial;
    if ((field->flags & NULLABLE) || !chosen)
        add_option(options, "", "–", !chosen || !*chosen);
    for (const char *const *it = field->choices; it && *it; it++)
        add_option(options, *it, show_choice(cx, *it), text_equal(*it, chosen));
    if (field->type == BOOL) {
        add_option(options, "true", cx_text(cx, "Yes"), text_equal(chosen, "true"));
        add_option(options, "false", cx_text(cx, "No"), text_equal(chosen, "false"));
    }
}

static const struct field *first_cell(const struct rows_form *form)
{
    return is_id(form->field->fields) ? form->field->fields + 1 : form->field->fields;
}

static void add_cell(struct rows_form *form, json_object *cells, const struct field *it,
                     size_t index, const char *value)
{
    json_object *cell = page_item(cells);
    bool is_chosen = it->type == CHOICE || it->type == BOOL;
    page_set(cell, "name", input_name(form, index, it));
    page_set(cell, "head", cx_text(form->cx, field_label(it)));
    page_set(cell, "label",
             cx_printf(form->cx, "%s, row %zu", cx_text(form->cx, field_label(it)), index + 1));
    page_set(cell, "value", value);
    page_set(cell, "input", it->type == DATE ? "date" : "text");
    page_set(cell, "inputmode", it->type == MONEY ? "decimal" : is_number(it) ? "numeric" : NULL);
    page_set_bool(cell, "end", is_number(it));
    page_set_bool(cell, "is_chosen", is_chosen);
    page_set_bool(cell, "begin", form->is_new && index == form->focus && it == first_cell(form));
    if (is_chosen)
        add_options(form->cx, cell, it, value);
}

static void add_row(struct rows_form *form, json_object *lines, size_t index)
{
    const char *name = field_json_name(form->field);
    json_object *line = page_item(lines), *cells = page_list(line, "cells");
    struct arena *arena = form->cx->arena;
    size_t at = 0;
    page_set(line, "row", show_number(form->cx, (int64_t)index + 1));
    page_set(line, "up", index > 0 ? arena_printf(arena, "%s.up.%zu", name, index) : NULL);
    page_set(line, "down",
             index + 1 < form->count ? arena_printf(arena, "%s.down.%zu", name, index) : NULL);
    page_set(line, "remove", arena_printf(arena, "%s.remove.%zu", name, index));
    page_set_bool(line, "focus", index == form->focus && !form->is_new);
    page_set(line, "id_name", NULL);
    for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
        const char *value = form->rows[index][at];
        if (!is_id(it)) {
            add_cell(form, cells, it, index, value);
            continue;
        }
        page_set(line, "id_name", input_name(form, index, it));
        page_set(line, "id_value", value);
    }
}

void child_form_add(struct cx *cx, json_object *out, const struct field *field,
                    const struct list_result *row)
{
    int column = row ? show_column(row, field->name) : -1;
    struct rows_form form = {
        .cx = cx, .field = field, .width = field_count(field->fields), .focus = SIZE_MAX};
    json_object *lines = page_list(out, "lines");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        if (it->type == MONEY)
            form.currency = show_currency(cx, row, 0, it);
    add_heads(cx, out, field);
    page_set(out, "add", arena_printf(cx->arena, "%s.add", field_json_name(field)));
    if (cx->request.method == HTTP_POST) {
        read_typed(&form);
        rearrange(&form, parameter_get(cx->request.form, "_rows"));
    } else if (column >= 0) {
        read_stored(&form, rows_text(row->rows, 0, column));
    }
    if (form.count == 0 || !is_empty(&form, form.count - 1))
        push_row(&form); /* one more, ready for what comes next */
    for (size_t i = 0; i < form.count; i++)
        add_row(&form, lines, i);
}
