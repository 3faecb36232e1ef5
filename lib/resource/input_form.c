/* input_form: what people typed into a form against fields. Empty means null, or
 * absent where null is no value; what was typed is kept to fill the form again. */
#include <stdlib.h>
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language_format.h"
#include "base/money.h"
#include "base/text.h"
#include "base/unicode.h"
#include "db/db.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/reference.h"

/* A list in a form: one line each in a text area, or one checkbox each. */
static char *form_list(struct cx *cx, const char *name)
{
    struct buf out;
    struct json json;
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    json_open_array(&json);
    for (const struct parameter *it = cx->request.form; it; it = it->next) {
        if (strcmp(it->name, name) != 0)
            continue;
        for (const char *line = it->value; *line;) {
            size_t len = strcspn(line, "\r\n");
            char *entry = text_trim(cx->arena, arena_copy(cx->arena, line, len));
            if (*entry)
                json_put_text(&json, entry);
            line += len + strspn(line + len, "\r\n");
        }
    }
    json_close_array(&json);
    return out.data;
}

static bool read_form_list(const struct place *place, const struct field *field, const char *name,
                           const char *typed, struct value *value)
{
    json_object *list = json_tokener_parse(form_list(place->cx, name));
    arena_defer(place->cx->arena, input_release_json, list);
    value->raw = typed;
    return input_read_value(place, field, name, list, value);
}

/* A number as the language of the reader writes it. */
static const char *input_typed(struct cx *cx, const char *typed)
{
    return language_typed(cx->arena, cx->language, text_trim(cx->arena, typed));
}

/* That of the field beside an amount; else the tenant's. */
static const char *typed_currency(const struct cx *cx, const struct field *field)
{
    const struct field *beside =
        field->currency ? field_find(cx->route->body, field->currency) : NULL;
    const char *name = field->flags & MADE ? field->currency
                       : beside            ? field_json_name(beside)
                                           : NULL;
    const char *currency = name ? parameter_get(cx->request.form, name) : NULL;
    if (currency && money_is_currency(currency))
        return currency;
    return cx->tenant && cx->tenant->currency ? cx->tenant->currency : "EUR";
}

/* A bound counts the smallest unit, which people do not. */
static const char *amount_bound(struct cx *cx, const char *bound, const char *currency)
{
    return money_show(cx->arena, strtoll(bound, NULL, 10), currency);
}

/* People write amounts as 12.50; the field beside it says of which currency. */
static bool read_form_money(const struct place *place, const struct field *field, const char *name,
                            const char *typed, struct value *value)
{
    struct cx *cx = place->cx;
    const char *currency = typed_currency(cx, field);
    int64_t amount;
    if (!money_parse(input_typed(cx, typed), currency, &amount))
        return input_complain(place, name, "invalid_amount", "Use an amount like 12.50.");
    const char *code, *message;
    const char *text = arena_printf(cx->arena, "%lld", (long long)amount);
    bool good = field_check_text(cx, field, text, value, &code, &message);
    if (!good && text_equal(code, "too_small") && field->least)
        message = cx_printf(cx, "Use at least %s.", amount_bound(cx, field->least, currency));
    else if (!good && text_equal(code, "too_big") && field->most)
        message = cx_printf(cx, "Use at most %s.", amount_bound(cx, field->most, currency));
    value->raw = typed;
    return good || input_complain(place, name, code, message);
}

/* People give times by the clocks of their tenant, as pages show them. */
static bool read_form_time(const struct place *place, const struct field *field, const char *name,
                           const char *typed, struct value *value)
{
    struct cx *cx = place->cx;
    const char *code, *message, *text = typed;
    char instant[32];
    int64_t us;
    if (clock_read_local(typed, cx->tenant ? cx->tenant->time_zone : "UTC", &us)) {
        clock_format(us, instant);
        text = arena_text(cx->arena, instant);
    }
    bool good = field_check_text(cx, field, text, value, &code, &message) ||
                input_complain(place, name, code, message);
    value->raw = typed;
    return good;
}

/* The one record that is called what was typed; NULL: none, or several. */
static const char *find_called(struct cx *cx, const struct field *field, const char *words)
{
    struct list_result found;
    const char *id = NULL;
    if (!reference_find(cx, field, words, REFERENCES_FOUND, &found))
        return NULL;
    for (size_t i = 0; i < rows_count(found.rows); i++)
        if (unicode_same_word(rows_text(found.rows, i, 1), words)) {
            if (id)
                return NULL;
            id = rows_text(found.rows, i, 0);
        }
    return id;
}

/* Without scripts a reference is chosen among those that a search found (page/picker.c). Words
 * that are the whole name of one record choose it; others bring the form back with what they
 * find. */
static bool read_form_words(const struct place *place, const struct field *field, const char *name,
                            const char *words, struct value *value)
{
    const char *id = find_called(place->cx, field, words);
    *value = (struct value){.presence = GIVEN, .text = id, .raw = id};
    if (id || place->cx->failure.status >= 500)
        return id != NULL;
    return input_complain(place, name, "choose_one", "Choose one of those found.");
}

/* ---- rows: lines[0].name, lines[0].quantity … ---- */

static json_object *typed_json(struct cx *cx, const struct field *field, const char *typed)
{
    const char *currency = typed_currency(cx, field);
    int64_t number;
    bool is_whole = field->type == INT || field->type == BASIS_POINTS;
    if (field->type == BOOL)
        return json_object_new_boolean(strcmp(typed, "true") == 0);
    const char *text = is_whole || field->type == MONEY ? input_typed(cx, typed) : typed;
    if ((field->type == MONEY && money_parse(text, currency, &number)) ||
        (is_whole && text_to_int(text, INT64_MIN, INT64_MAX, &number)))
        return json_object_new_int64(number);
    return json_object_new_string(typed);
}

/* A row as an object; NULL: nothing was typed into it, whatever its id and its choices. *there: the
 * form has such a row. */
static json_object *typed_row(struct cx *cx, const struct field *field, size_t index, bool *there)
{
    json_object *row = json_object_new_object();
    bool filled = false;
    *there = false;
    for (const struct field *it = field->fields; it->type != FIELD_END; it++) {
        const char *name = arena_printf(cx->arena, "%s[%zu].%s", field_json_name(field), index,
                                        field_json_name(it));
        const char *typed = parameter_get(cx->request.form, name);
        *there = *there || typed;
        typed = typed ? text_trim(cx->arena, typed) : "";
        if (!*typed)
            continue;
        filled = filled || child_is_typed(it);
        json_object_object_add(row, field_json_name(it), typed_json(cx, it, typed));
    }
    if (filled)
        return row;
    json_object_put(row);
    return NULL;
}

static bool read_form_rows(const struct place *place, const struct field *field, const char *name,
                           struct value *value)
{
    json_object *rows = json_object_new_array();
    bool there = true;
    arena_defer(place->cx->arena, input_release_json, rows);
    for (size_t i = 0; there; i++) {
        json_object *row = typed_row(place->cx, field, i, &there);
        if (row)
            json_object_array_add(rows, row);
    }
    return input_read_value(place, field, name, rows, value);
}

bool input_read_form_field(const struct place *place, const struct field *field,
                           struct value *value)
{
    const char *name = field_json_name(field), *code, *message;
    const char *typed = parameter_get(place->cx->request.form, name);
    const char *words = reference_target(field) ? reference_form_words(place->cx, field) : NULL;
    if (field->type == CUSTOM)
        return custom_read_form(place, field, value);
    if (words)
        return read_form_words(place, field, name, words, value);
    if (!typed)
        return true;
    if (field->child)
        return read_form_rows(place, field, name, value);
    if (field->type == ARRAY && !field->fields)
        return read_form_list(place, field, name, typed, value);
    value->raw = field->type == SECRET ? NULL : typed;
    if (*typed == '\0') {
        if ((field->flags & REQUIRED) && place->mode == INPUT_MERGE)
            return input_complain(place, name, "required", "This is required.");
        if (field->flags & NULLABLE)
            value->presence = IS_NULL;
        return true;
    }
    value->presence = GIVEN; /* though perhaps wrongly: it is not missing */
    if (field->type == MONEY)
        return read_form_money(place, field, name, typed, value);
    if (field->type == TIME)
        return read_form_time(place, field, name, typed, value);
    bool is_number = field->type == INT || field->type == BASIS_POINTS || field->type == DECIMAL;
    const char *text = is_number ? input_typed(place->cx, typed) : typed;
    bool good = field_check_text(place->cx, field, text, value, &code, &message) ||
                input_complain(place, name, code, message);
    if (is_number)
        value->raw = typed;
    return good;
}

bool input_read_form(struct cx *cx, const struct field *fields, enum input_mode mode,
                     struct input **out)
{
    struct place place = {cx, "", mode};
    bool good = true;
    *out = input_new(cx, fields);
    (*out)->is_form = true;
    fields = (*out)->fields;
    for (size_t i = 0; fields[i].type != FIELD_END; i++)
        if (!input_is_fixed(&fields[i], mode))
            good = input_read_form_field(&place, &fields[i], &(*out)->values[i]) && good;
    return input_require(&place, fields, (*out)->values) && good;
}
