/* child_rows: rows that belong to a record, as a table on its page and as rows of inputs in its
 * form, with some empty ones for more. */
#include <stdlib.h>
#include <string.h>

#include "base/language_format.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/reference.h"

enum { EMPTY_ROWS = 3 };

static bool is_number(const struct field *field)
{
    return field->type == INT || field->type == MONEY || field->type == BASIS_POINTS;
}

static void add_heads(struct cx *cx, json_object *out, const struct field *field)
{
    json_object *heads = page_list(out, "heads");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++) {
        json_object *head = page_item(heads);
        page_set(head, "label", cx_text(cx, field_label(it)));
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
            json_object *cell = page_item(cells);
            page_set(cell, "head", field_label(it));
            page_set(cell, "text",
                     shown_text(cx, it, stored_text(json_object_array_get_idx(stored, i), it),
                                show_currency(cx, result, row, it)));
            page_set_bool(cell, "end", is_number(it));
        }
    }
}

/* ---- asked for ---- */

struct rows_form {
    struct cx *cx;
    const struct field *field;
    const char *currency;
    json_object *lines;
    size_t count;
};

static const char *input_name(const struct rows_form *form, size_t index, const struct field *it)
{
    return arena_printf(form->cx->arena, "%s[%zu].%s", field_json_name(form->field), index,
                        field_json_name(it));
}

/* A row of inputs; values NULL: empty. */
static void add_row(struct rows_form *form, const char *const *values)
{
    json_object *cells = page_list(page_item(form->lines), "cells");
    size_t at = 0;
    for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
        json_object *cell = page_item(cells);
        page_set(cell, "name", input_name(form, form->count, it));
        page_set(cell, "head", field_label(it));
        page_set(cell, "label",
                 cx_printf(form->cx, "%s, row %zu", cx_text(form->cx, field_label(it)),
                           form->count + 1));
        page_set(cell, "value", values ? values[at] : NULL);
        page_set(cell, "input", it->type == DATE ? "date" : "text");
        page_set(cell, "inputmode",
                 it->type == MONEY ? "decimal"
                 : is_number(it)   ? "numeric"
                                   : NULL);
        page_set_bool(cell, "end", is_number(it));
    }
    form->count++;
}

static void add_typed(struct rows_form *form)
{
    size_t width = field_count(form->field->fields);
    const char **values = arena_alloc(form->cx->arena, sizeof *values * (width + 1));
    for (size_t i = 0, there = 1; there > 0; i++) {
        size_t at = 0, filled = 0;
        there = 0;
        for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
            values[at] = parameter_get(form->cx->request.form, input_name(form, i, it));
            there += values[at] != NULL;
            filled += values[at] && *values[at];
        }
        if (filled > 0)
            add_row(form, values);
    }
}

static void add_stored(struct rows_form *form, const char *text)
{
    json_object *stored = stored_rows(form->cx, text);
    size_t width = field_count(form->field->fields);
    const char **values = arena_alloc(form->cx->arena, sizeof *values * (width + 1));
    for (size_t i = 0; i < json_object_array_length(stored); i++) {
        size_t at = 0;
        for (const struct field *it = form->field->fields; it->type != FIELD_END; it++, at++) {
            const char *value = stored_text(json_object_array_get_idx(stored, i), it);
            values[at] =
                value && it->type == MONEY ? show_amount(form->cx, value, form->currency) : value;
        }
        add_row(form, values);
    }
}

void child_form_add(struct cx *cx, json_object *out, const struct field *field,
                    const struct list_result *row)
{
    int column = row ? show_column(row, field->name) : -1;
    struct rows_form form = {.cx = cx, .field = field, .lines = page_list(out, "lines")};
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        if (it->type == MONEY)
            form.currency = show_currency(cx, row, 0, it);
    add_heads(cx, out, field);
    if (cx->request.method == HTTP_POST)
        add_typed(&form);
    else if (column >= 0)
        add_stored(&form, rows_text(row->rows, 0, column));
    for (size_t i = 0; i < EMPTY_ROWS; i++)
        add_row(&form, NULL);
}
