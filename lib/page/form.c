/* form: declared fields as inputs. What was typed wins over what is stored, so
 * that nothing is lost when a form is shown again. */
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/money.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/custom.h"
#include "resource/initial.h"
#include "resource/offered.h"
#include "resource/reference.h"
#include "resource/resource.h"
#include "resource/shape.h"

static const char *const currencies[] = {"EUR", "USD", "GBP", "CHF", "JPY", "AUD", "CAD", "SEK",
                                         "NOK", "DKK", "PLN", "CZK", "INR", "BRL", "ZAR", NULL};
static const char *const zones[] = {"UTC",
                                    "Europe/London",
                                    "Europe/Dublin",
                                    "Europe/Lisbon",
                                    "Europe/Paris",
                                    "Europe/Berlin",
                                    "Europe/Madrid",
                                    "Europe/Rome",
                                    "Europe/Amsterdam",
                                    "Europe/Zurich",
                                    "Europe/Vienna",
                                    "Europe/Stockholm",
                                    "Europe/Oslo",
                                    "Europe/Copenhagen",
                                    "Europe/Warsaw",
                                    "Europe/Prague",
                                    "Europe/Helsinki",
                                    "Europe/Athens",
                                    "Europe/Istanbul",
                                    "Africa/Cairo",
                                    "Africa/Lagos",
                                    "Africa/Nairobi",
                                    "Africa/Johannesburg",
                                    "Asia/Dubai",
                                    "Asia/Kolkata",
                                    "Asia/Singapore",
                                    "Asia/Shanghai",
                                    "Asia/Tokyo",
                                    "Australia/Sydney",
                                    "Pacific/Auckland",
                                    "America/Sao_Paulo",
                                    "America/New_York",
                                    "America/Toronto",
                                    "America/Chicago",
                                    "America/Denver",
                                    "America/Los_Angeles",
                                    NULL};

/* How a type is asked for. */
static const struct control {
    const char *input, *mode, *autocomplete;
    const char *const *suggestions;
} controls[] = {
    [TEXT] = {"text", NULL, NULL, NULL},         [EMAIL] = {"email", NULL, "email", NULL},
    [PHONE] = {"tel", NULL, "tel", NULL},        [URL] = {"url", NULL, NULL, NULL},
    [ORIGIN] = {"url", NULL, NULL, NULL},        [SLUG] = {"text", NULL, NULL, NULL},
    [COLOR] = {"color", NULL, NULL, NULL},       [SECRET] = {"password", NULL, NULL, NULL},
    [INT] = {"text", "numeric", NULL, NULL},     [MONEY] = {"text", "decimal", NULL, NULL},
    [DECIMAL] = {"text", "decimal", NULL, NULL}, [BASIS_POINTS] = {"text", "numeric", NULL, NULL},
    [UUID] = {"text", NULL, NULL, NULL},         [TIME] = {"datetime-local", NULL, NULL, NULL},
    [DATE] = {"date", NULL, NULL, NULL},         [ZONE] = {"text", NULL, NULL, zones},
    [LOCALE] = {"text", NULL, NULL, NULL},       [CURRENCY] = {"text", NULL, NULL, currencies},
    [AGENT] = {"text", NULL, NULL, NULL},        [FILE_FIELD] = {"file", NULL, NULL, NULL},
};

static const struct failure_detail *error_of(const struct cx *cx, const char *name)
{
    size_t len = strlen(name);
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        if (it->field && strncmp(it->field, name, len) == 0 &&
            (it->field[len] == 0 || it->field[len] == '.' || it->field[len] == '['))
            return it;
    return NULL;
}

static const char *own_zone(const struct cx *cx)
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
    clock_show_local(us, own_zone(cx), local);
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

static bool is_lines(const struct field *field)
{
    return field->type == ARRAY && !field->choices && !field->fields;
}

/* What the form was sent with, else what is stored, else the initial value. */
static const char *value_of(struct cx *cx, const struct field *fields, const struct field *field,
                            const struct list_result *row)
{
    if (field->type == SECRET || field->type == FILE_FIELD)
        return NULL;
    if (cx->request.method == HTTP_POST)
        return parameter_get(cx->request.form, field_json_name(field));
    const char *linked = !row && reference_target(field) /* a link to the form may say of whom */
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
        return field->type == TIME ? local_time(cx, stored)
               : is_lines(field)   ? lines_of(cx, stored)
                                   : stored;
    if ((column >= 0 && (field->flags & NULLABLE)) || !initial_is_there(field))
        return NULL;
    const char *initial = initial_shown(cx, field);
    if (initial && field->type == MONEY)
        return show_amount(cx, initial, currency_of(cx, fields, field, row));
    return initial && is_lines(field) ? lines_of(cx, initial) : initial;
}

static bool sent_with(const struct cx *cx, const char *name, const char *value)
{
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, name) == 0 && strcmp(it->value, value) == 0)
            return true;
    return false;
}

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

/* What has an initial value and cannot be null is never empty. */
static bool must_have(const struct field *field)
{
    return (field->flags & REQUIRED) || (initial_is_there(field) && !(field->flags & NULLABLE));
}

/* What may follow what is stored: resource/offered.h. */
static void add_offered(struct cx *cx, json_object *out, const struct field *field,
                        const struct list_result *row, const char *value)
{
    const struct resource *resource = cx->route->about;
    const char *id = row ? rows_text(row->rows, 0, show_column(row, "id")) : NULL;
    json_object *options = page_list(out, "options");
    struct rows *rows;
    if (!must_have(field) || !value || !*value)
        add_option(options, "", must_have(field) ? "Choose" : "–", !value || !*value);
    if (!offered_list(cx, resource, field, id, NULL, &rows))
        return;
    for (size_t i = 0; i < rows_count(rows); i++)
        add_option(options, rows_text(rows, i, 0), rows_text(rows, i, 1),
                   text_equal(rows_text(rows, i, 0), value));
}

/* What may follow the stored value: resource/transition.h. */
static void add_choices(struct cx *cx, json_object *out, const struct field *field,
                        const struct list_result *row, const char *value)
{
    int column = row ? show_column(row, field->name) : -1;
    const char *stored = column >= 0 ? rows_text(row->rows, 0, column) : NULL;
    json_object *options = page_list(out, "options");
    if (!must_have(field) || !value || !*value)
        add_option(options, "", must_have(field) ? "Choose" : "–", !value || !*value);
    for (const char *const *choice = field->choices; choice && *choice; choice++)
        if (transition_is_allowed(cx, field, stored, *choice))
            add_option(options, *choice, show_choice_of(cx, field, *choice),
                       text_equal(*choice, value));
}

/* Ticks: those sent, or those that stand in the stored list. */
static void add_ticks(struct cx *cx, json_object *out, const struct field *field, const char *value)
{
    json_object *options = page_list(out, "options");
    for (const char *const *choice = field->choices; choice && *choice; choice++) {
        const char *quoted = arena_printf(cx->arena, "\"%s\"", *choice);
        bool ticked = cx->request.method == HTTP_POST
                          ? sent_with(cx, field_json_name(field), *choice)
                          : value && strstr(value, quoted) != NULL;
        add_option(options, *choice, show_choice(cx, *choice), ticked);
    }
}

static void add_suggestions(json_object *out, const char *const *texts)
{
    json_object *options = page_list(out, "options");
    for (; texts && *texts; texts++)
        add_option(options, *texts, *texts, false);
}

/* Those that pages are written in, by the names that their speakers give them. */
static void add_languages(json_object *out)
{
    json_object *options = page_list(out, "options");
    for (size_t i = 0; i < languages_count; i++)
        add_option(options, languages[i].code, languages[i].name, false);
}

static void add_described(struct cx *cx, json_object *out, const char *id, bool help, bool error)
{
    const char *both =
        arena_printf(cx->arena, "%s%s%s%s%s", help ? id : "", help ? "-help" : "",
                     help && error ? " " : "", error ? id : "", error ? "-error" : "");
    page_set(out, "described", help || error ? both : NULL);
}

static bool is_code(const struct field *field)
{
    return field->type == JSON || field->type == OBJECT ||
           (field->type == ARRAY && field->fields != NULL);
}

static void add_kind(struct cx *cx, json_object *out, const struct field *field,
                     const struct list_result *row, const char *value)
{
    bool group = field->type == ARRAY && field->choices, check = field->type == BOOL;
    bool picker = reference_target(field) != NULL && !field->offered;
    bool area = field->type == LONG || is_code(field) || is_lines(field),
         choice = field->type == CHOICE || field->offered;
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
    if (field->offered)
        add_offered(cx, out, field, row, value);
    else if (choice)
        add_choices(cx, out, field, row, value);
    else if (group)
        add_ticks(cx, out, field, value);
}

static const char *suffix_of(struct cx *cx, const struct field *field)
{
    if (field->type == TIME)
        return own_zone(cx);
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

static void add_control(struct cx *cx, json_object *out, const struct field *field,
                        const char *value)
{
    static const struct control plain = {"text", NULL, NULL, NULL};
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
    page_set_bool(out, "list", control->suggestions || field->type == LOCALE);
    if (field->type == LOCALE)
        add_languages(out);
    else if (control->suggestions)
        add_suggestions(out, control->suggestions);
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
    const char *value = value_of(cx, fields, beside, row), *values = when->values;
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

static void add_field(struct cx *cx, json_object *list, const struct field *fields,
                      const struct field *field, const struct list_result *row)
{
    json_object *out = page_item(list);
    const char *name = field_json_name(field), *value = value_of(cx, fields, field, row);
    const struct failure_detail *error = error_of(cx, name);
    const char *id = arena_printf(cx->arena, "f-%s", name);
    page_set(out, "id", id);
    page_set(out, "name", name);
    page_set(out, "label", field_title(cx, field));
    const char *help = field->help || !is_lines(field) ? field->help : "One on each line.";
    page_set(out, "help", help);
    page_set(out, "error", error ? error->message : NULL);
    page_set(out, "value", value);
    page_set_bool(out, "required", must_have(field));
    add_described(cx, out, id, help != NULL, error != NULL);
    add_condition(cx, out, fields, field, row);
    add_control(cx, out, field, value);
    add_kind(cx, out, field, row, value);
    if (field->type == FILE_FIELD)
        add_file(cx, out, field, row);
    if (field->child)
        child_form_add(cx, out, field, row);
    if (reference_target(field) && !field->offered)
        picker_add(cx, out, field, value, must_have(field), row);
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
