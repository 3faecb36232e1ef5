/* form_value: what the input of a field holds. What was typed wins over what is stored, so
 * that nothing is lost when a form is shown again. */
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language_format.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/initial.h"
#include "resource/reference.h"
#include "resource/resource.h"

const char *form_zone(const struct cx *cx)
{
    return cx->tenant ? cx->tenant->time_zone : "UTC";
}

/* "2026-11-21 09:30:00+00" as the browser's input wants it: 2026-11-21T10:30, by the
 * tenant's clocks, with its seconds if it has any: what is not touched is not changed. */
static const char *local_time(struct cx *cx, const char *text)
{
    char iso[32], *local = arena_alloc(cx->arena, 20);
    int64_t us;
    if (!clock_from_database(text, iso) || !clock_parse(iso, &us))
        return text;
    clock_show_local(us, form_zone(cx), local);
    return local;
}

/* A stored list, JSON or PostgreSQL's {a,b}, as one line for each entry. */
static const char *lines_of(struct cx *cx, const char *text)
{
    struct buf out;
    json_object *list = json_tokener_parse(text);
    buf_init(&out, cx->arena);
    buf_puts(&out, "");
    if (json_object_is_type(list, json_type_array))
        for (size_t i = 0; i < json_object_array_length(list); i++)
            buf_printf(&out, "%s\n", json_object_get_string(json_object_array_get_idx(list, i)));
    else
        for (const char *c = text; *c; c++)
            if (!strchr("{}\"", *c))
                buf_putc(&out, *c == ',' ? '\n' : *c);
    json_object_put(list);
    return out.data;
}

/* That of the field beside as the form shows it, so that an amount that is saved unchanged is read
 * in the currency in which it was offered. */
static const char *currency_of(struct cx *cx, const struct field *fields, const struct field *field,
                               const struct list_result *row)
{
    const struct field *beside = field->currency ? field_find(fields, field->currency) : NULL;
    int column = row && beside ? show_column(row, beside->name) : -1;
    bool is_stored = column >= 0 && rows_text(row->rows, 0, column);
    bool begins = beside && initial_is_there(beside) && !is_stored &&
                  (column < 0 || !(beside->flags & NULLABLE));
    return begins ? initial_text(cx, beside) : show_currency(cx, row, 0, field);
}

bool form_is_lines(const struct field *field)
{
    return field->type == ARRAY && !field->choices && !field->fields;
}

/* What the form was sent with, else what is stored, else the initial value. */
const char *form_value(struct cx *cx, const struct field *fields, const struct field *field,
                       const struct list_result *row)
{
    if (field->type == SECRET || field->type == FILE_FIELD)
        return NULL;
    if (cx->request.method == HTTP_POST)
        return parameter_get(cx->request.form, field_json_name(field));
    return form_stored(cx, fields, field, row);
}

const char *form_stored(struct cx *cx, const struct field *fields, const struct field *field,
                        const struct list_result *row)
{
    bool may_say = reference_target(field) || field->type == CHOICE;
    const char *linked = !row && may_say /* a link to the form may say of whom */
                             ? parameter_get(cx->request.query, field_json_name(field))
                             : NULL;
    if (linked)
        return linked;
    int column = row ? show_column(row, field->name) : -1;
    const char *stored = column >= 0 ? rows_text(row->rows, 0, column) : NULL;
    if (stored && field->type == MONEY)
        return show_amount(cx, stored, currency_of(cx, fields, field, row));
    if (stored && field->type == DECIMAL)
        return language_decimal(cx->arena, cx->language, stored);
    if (stored)
        return field->type == TIME    ? local_time(cx, stored)
               : form_is_lines(field) ? lines_of(cx, stored)
                                      : stored;
    if ((column >= 0 && (field->flags & NULLABLE)) || !initial_is_there(field))
        return NULL;
    const char *initial = initial_shown(cx, field);
    if (initial && field->type == MONEY)
        return show_amount(cx, initial, currency_of(cx, fields, field, row));
    return initial && form_is_lines(field) ? lines_of(cx, initial) : initial;
}
