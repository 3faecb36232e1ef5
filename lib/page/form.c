/* form: declared fields as inputs, and what was wrong with them. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/custom.h"
#include "resource/offered.h"
#include "resource/reference.h"
#include "resource/resource.h"
#include "resource/shape.h"

static const struct failure_detail *error_of(const struct cx *cx, const char *name)
{
    size_t len = strlen(name);
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        if (it->field && strncmp(it->field, name, len) == 0 &&
            (it->field[len] == 0 || it->field[len] == '.' || it->field[len] == '['))
            return it;
    return NULL;
}

static void add_described(struct cx *cx, json_object *out, const char *id, bool help, bool error)
{
    const char *both =
        arena_printf(cx->arena, "%s%s%s%s%s", help ? id : "", help ? "-help" : "",
                     help && error ? " " : "", error ? id : "", error ? "-error" : "");
    page_set(out, "described", help || error ? both : NULL);
}

/* The values with which it is shown, for the script; and whether it is shown now. Without scripts
 * the form comes back with it where it must be given. */
static void add_condition(struct cx *cx, json_object *out, const struct field *fields,
                          const struct field *field, const struct list_result *row)
{
    const struct shown_when *when = field->shown_when;
    page_set(out, "when", NULL);
    page_set_bool(out, "off", false);
    if (!when)
        return;
    const struct field *beside = field_find(fields, when->field);
    const char *value = form_value(cx, fields, beside, row), *values = when->values;
    struct rows *rows;
    if (when->of) {
        const char *id = row ? rows_text(row->rows, 0, show_column(row, "id")) : NULL;
        struct buf ids;
        buf_init(&ids, cx->arena);
        buf_puts(&ids, "");
        if (!offered_list(cx, cx->route->about, beside, id, when->of, &rows))
            return;
        for (size_t i = 0; i < rows_count(rows); i++)
            if (shown_with(when, rows_text(rows, i, 2)))
                buf_printf(&ids, "%s%s", ids.len ? " " : "", rows_text(rows, i, 0));
        values = ids.data;
    }
    const struct shown_when now = {.values = values};
    page_set(out, "when", field_json_name(beside));
    page_set(out, "when_values", values);
    page_set_bool(out, "off", !shown_with(&now, value));
    page_set_bool(out, "required", when->required);
}

/* The file that is there, and the tick that removes it. */
static void add_file(struct cx *cx, json_object *out, const struct field *field,
                     const struct list_result *row)
{
    int column = row ? show_column(row, field->name) : -1;
    const char *stored = column >= 0 ? rows_text(row->rows, 0, column) : NULL;
    const char *name = arena_printf(cx->arena, "_remove.%s", field_json_name(field));
    page_set(out, "file_name", show_file_name(cx, stored));
    page_set(out, "file_url", show_file_url(cx, stored));
    page_set_bool(out, "file_is_picture", show_file_is_picture(cx, stored));
    page_set(out, "remove", name);
    page_set_bool(out, "removes", text_equal(parameter_get(cx->request.form, name), "yes"));
}

/* What a tenant wrote itself stays as it is. */
static const char *form_hint(struct cx *cx, const struct field *field)
{
    bool lines = form_is_lines(field) && !field->role_keys;
    const char *hint = field->hint   ? field->hint
                       : field->help ? field->help
                       : lines       ? "One on each line."
                                     : "";
    return !*hint ? NULL : field->flags & MADE ? hint : cx_text(cx, hint);
}

bool form_is_asked_again(const struct cx *cx)
{
    return cx->request.method == HTTP_POST && (parameter_get(cx->request.form, "_rows") ||
                                               parameter_get(cx->request.form, "_preview"));
}

bool form_can_ask_again(const struct field *fields)
{
    for (const struct field *it = fields; it->type != FIELD_END; it++)
        if (it->child || (it->flags & MARKDOWN))
            return true;
    return false;
}

/* How what was typed will look, where that was asked. */
static void add_preview(struct cx *cx, json_object *out, const struct field *field,
                        const char *value)
{
    bool asked = form_is_asked_again(cx) &&
                 text_equal(parameter_get(cx->request.form, "_preview"), field_json_name(field));
    page_set_bool(out, "markdown", field->flags & MARKDOWN);
    page_set_markdown(cx, out, asked && value && *value ? value : NULL);
}

static void add_field(struct cx *cx, json_object *list, const struct field *fields,
                      const struct field *field, const struct list_result *row)
{
    json_object *out = page_item(list);
    const char *name = field_json_name(field), *value = form_value(cx, fields, field, row);
    const struct failure_detail *error = error_of(cx, name);
    const char *id = arena_printf(cx->arena, "f-%s", name);
    page_set(out, "id", id);
    page_set(out, "name", name);
    page_set(out, "label", field_title(cx, field));
    page_set(out, "section", field->section ? cx_text(cx, field->section) : NULL);
    const char *help = form_hint(cx, field);
    page_set(out, "help", help);
    page_set(out, "error", error ? error->message : NULL);
    page_set(out, "value", value);
    page_set_bool(out, "required", form_must_have(field));
    add_described(cx, out, id, help != NULL, error != NULL);
    add_condition(cx, out, fields, field, row);
    form_add_conflict(cx, out, fields, field, row);
    form_add_control(cx, out, field, value);
    form_add_kind(cx, out, field, row, value);
    add_preview(cx, out, field, value);
    if (field->type == FILE_FIELD)
        add_file(cx, out, field, row);
    if (field->child)
        child_form_add(cx, out, field, row);
    if (reference_target(field) && !field->offered)
        picker_add(cx, out, field, value, form_must_have(field), row);
}

/* Nobody chooses among records that they may not see: what is stored stays. */
static bool is_asked_for(struct cx *cx, const struct field *field, bool creating)
{
    bool fixed = !creating && (field->flags & CREATE_ONLY);
    if (field->type == FILE_FIELD)
        return field->file && !(field->flags & HIDDEN) && shape_takes(cx, field);
    return !fixed && !(field->flags & (READ_ONLY | HIDDEN)) && shape_takes(cx, field) &&
           (!reference_target(field) || reference_may_read(cx, field));
}

static void add_fields(struct cx *cx, json_object *list, const struct field *fields,
                       const struct list_result *row, bool creating)
{
    for (const struct field *field = fields; field->type != FIELD_END; field++) {
        const struct custom *custom = field->type == CUSTOM ? custom_of_field(cx, field) : NULL;
        if (custom)
            add_fields(cx, list, custom->fields, row, creating);
        else if (field->type != CUSTOM && is_asked_for(cx, field, creating))
            add_field(cx, list, fields, field, row);
    }
}

json_object *page_form_fields(struct cx *cx, const struct field *fields,
                              const struct list_result *row, bool creating)
{
    json_object *list = page_array(cx);
    add_fields(cx, list, fields, row, creating);
    return list;
}

/* The input that a detail is about: lines[2].name is of the lines, and of the tenant's own fields
 * each is one. */
static const char *input_named(const struct cx *cx, const char *name)
{
    return text_starts(name, "custom.") ? name : arena_copy(cx->arena, name, strcspn(name, ".["));
}

static const char *label_of(struct cx *cx, const char *name)
{
    const struct field *fields = cx->route ? cx->route->body : NULL;
    const struct field *field = fields ? field_find_json(fields, name) : NULL;
    for (; !field && fields && fields->type != FIELD_END; fields++) {
        const struct custom *custom = fields->type == CUSTOM ? custom_of_field(cx, fields) : NULL;
        field = custom ? field_find(custom->fields, name) : NULL;
    }
    return field ? field_title(cx, field) : name;
}

void form_add_error(struct cx *cx, json_object *data)
{
    const struct failure *failure = &cx->failure;
    int64_t count = 0;
    if (failure->status == 0 || json_object_object_get_ex(data, "form_error", NULL))
        return;
    json_object *error = page_add(data, "form_error"), *items = page_list(error, "items");
    for (const struct failure_detail *it = failure->details; it && it->field;
         it = it->next, count++) {
        const char *name = input_named(cx, it->field);
        json_object *item = page_item(items);
        page_set(item, "id", arena_printf(cx->arena, "f-%s", name));
        page_set(item, "label", label_of(cx, name));
        page_set(item, "message", it->message);
    }
    page_set_bool(error, "has_items", count > 0);
    bool refused = failure->status == 401 || failure->status == 429; /* nothing was to be saved */
    page_set(error, "message", count > 0 || refused ? NULL : failure->message);
    page_set(error, "title",
             refused      ? failure->message
             : count == 0 ? "This was not saved"
             : count == 1 ? "Please correct one field"
                          : cx_printf(cx, "Please correct %lld fields", (long long)count));
}
