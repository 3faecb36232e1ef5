/* form_control: which input a field has, and how the browser shall treat it. */
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/reference.h"
#include "resource/resource.h"

/* How a type is asked for. */
static const struct control {
    const char *input, *mode, *autocomplete;
} controls[] = {
    [TEXT] = {"text", NULL, NULL},         [EMAIL] = {"email", NULL, "email"},
    [PHONE] = {"tel", NULL, "tel"},        [URL] = {"url", NULL, NULL},
    [ORIGIN] = {"url", NULL, NULL},        [SLUG] = {"text", NULL, NULL},
    [COLOR] = {"color", NULL, NULL},       [SECRET] = {"password", NULL, NULL},
    [INT] = {"text", "numeric", NULL},     [MONEY] = {"text", "decimal", NULL},
    [DECIMAL] = {"text", "decimal", NULL}, [BASIS_POINTS] = {"text", "numeric", NULL},
    [UUID] = {"text", NULL, NULL},         [TIME] = {"datetime-local", NULL, NULL},
    [DATE] = {"date", NULL, NULL},         [ZONE] = {"text", NULL, NULL},
    [LOCALE] = {"text", NULL, NULL},       [CURRENCY] = {"text", NULL, NULL},
    [AGENT] = {"text", NULL, NULL},        [SENTENCE] = {"text", NULL, NULL},
    [FILE_FIELD] = {"file", NULL, NULL},
};

static bool is_code(const struct field *field)
{
    return field->type == JSON || field->type == OBJECT ||
           (field->type == ARRAY && field->fields != NULL);
}

void form_add_kind(struct cx *cx, json_object *out, const struct field *field,
                   const struct list_result *row, const char *value)
{
    bool roles = field->role_keys && field->type == ARRAY;
    bool group = roles || (field->type == ARRAY && field->choices), check = field->type == BOOL;
    bool picker = reference_target(field) != NULL && !field->offered;
    bool area = field->type == LONG || is_code(field) || (form_is_lines(field) && !roles),
         language = field->type == LOCALE,
         choice =
             field->type == CHOICE || field->offered || language || (field->role_keys && !roles);
    page_set_bool(out, "is_group", group);
    page_set_bool(out, "is_check", check);
    page_set_bool(out, "is_picker", picker);
    page_set_bool(out, "is_rows", field->child != NULL);
    page_set_bool(out, "is_file", field->type == FILE_FIELD);
    page_set_bool(out, "is_plain",
                  !group && !check && !picker && !field->child && field->type != FILE_FIELD);
    page_set_bool(out, "is_long", area);
    page_set_bool(out, "is_choice", choice);
    page_set_bool(out, "is_input", !area && !choice);
    page_set_bool(out, "checked", check && (text_equal(value, "true") || text_equal(value, "t")));
    page_set_bool(out, "code", is_code(field));
    page_set_int(out, "rows", is_code(field) ? 6 : 5);
    if (field->role_keys)
        form_add_roles(cx, out, field, row, value);
    else if (field->offered)
        form_add_offered(cx, out, field, row, value);
    else if (language)
        form_add_languages(out, field, value);
    else if (choice)
        form_add_choices(cx, out, field, row, value);
    else if (group)
        form_add_ticks(cx, out, field, value);
}

static const char *suffix_of(struct cx *cx, const struct field *field)
{
    if (field->type == TIME)
        return form_zone(cx);
    return field->type == MONEY && !field->currency && cx->tenant ? cx->tenant->currency : NULL;
}

/* Browsers refuse them without a step. */
static bool has_seconds(const struct field *field, const char *value)
{
    return field->type == TIME && value && strlen(value) > strlen("2026-11-21T10:30");
}

/* What a password manager may do (WCAG 2.2, 1.3.5): offer the password that one has, or make
 * one up. Other secrets are none of its business. */
static const char *secret_autocomplete(const struct field *field)
{
    if (text_starts(field->name, "current_"))
        return "current-password";
    return text_ends(field->name, "password") ? "new-password" : "off";
}

void form_add_control(struct cx *cx, json_object *out, const struct field *field, const char *value)
{
    static const struct control plain = {"text", NULL, NULL};
    const struct control *control =
        (size_t)field->type < COUNT(controls) && controls[field->type].input
            ? &controls[field->type]
            : &plain;
    /* the browser's colour input cannot be left empty */
    bool free_colour = field->type == COLOR && !(field->flags & REQUIRED);
    page_set(out, "input", free_colour ? "text" : control->input);
    page_set_bool(out, "color", field->type == COLOR && !free_colour);
    page_set(out, "inputmode", control->mode);
    page_set(out, "autocomplete",
             field->type == SECRET ? secret_autocomplete(field) : control->autocomplete);
    page_set(out, "maxlength", NULL);
    page_set(out, "min", NULL);
    page_set(out, "max", NULL);
    page_set(out, "step", has_seconds(field, value) ? "1" : NULL);
    page_set(out, "suffix", suffix_of(cx, field));
    page_set_bool(out, "list", form_add_suggestions(out, field));
}
