/* form_options: what an input offers to choose from. */
#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/initial.h"
#include "resource/offered.h"
#include "resource/resource.h"

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
bool form_must_have(const struct field *field)
{
    return (field->flags & REQUIRED) || (initial_is_there(field) && !(field->flags & NULLABLE));
}

/* What may follow what is stored: resource/offered.h. */
void form_add_offered(struct cx *cx, json_object *out, const struct field *field,
                      const struct list_result *row, const char *value)
{
    const struct resource *resource = cx->route->about;
    const char *id = row ? rows_text(row->rows, 0, show_column(row, "id")) : NULL;
    json_object *options = page_list(out, "options");
    struct rows *rows;
    if (!form_must_have(field) || !value || !*value)
        add_option(options, "", form_must_have(field) ? "Choose" : "–", !value || !*value);
    if (!offered_list(cx, resource, field, id, NULL, &rows))
        return;
    for (size_t i = 0; i < rows_count(rows); i++)
        add_option(options, rows_text(rows, i, 0), rows_text(rows, i, 1),
                   text_equal(rows_text(rows, i, 0), value));
}

/* What may follow the stored value: resource/transition.h. */
void form_add_choices(struct cx *cx, json_object *out, const struct field *field,
                      const struct list_result *row, const char *value)
{
    int column = row ? show_column(row, field->name) : -1;
    const char *stored = column >= 0 ? rows_text(row->rows, 0, column) : NULL;
    json_object *options = page_list(out, "options");
    if (!form_must_have(field) || !value || !*value)
        add_option(options, "", form_must_have(field) ? "Choose" : "–", !value || !*value);
    for (const char *const *choice = field->choices; choice && *choice; choice++)
        if (transition_is_allowed(cx, field, stored, *choice))
            add_option(options, *choice, show_choice_of(cx, field, *choice),
                       text_equal(*choice, value));
}

/* Ticks: those sent, or those that stand in the stored list. */
void form_add_ticks(struct cx *cx, json_object *out, const struct field *field, const char *value)
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

void form_add_languages(json_object *out, const struct field *field, const char *value)
{
    json_object *options = page_list(out, "options");
    bool known = !value || !*value;
    if (!form_must_have(field) || known)
        add_option(options, "", form_must_have(field) ? "Choose" : "–", known);
    for (size_t i = 0; i < languages_count; i++) {
        bool selected = text_equal(languages[i].code, value);
        add_option(options, languages[i].code, languages[i].name, selected);
        known = known || selected;
    }
    if (!known)
        add_option(options, value, value, true);
}

bool form_add_suggestions(json_object *out, const struct field *field)
{
    const char *const *texts = field->type == ZONE       ? zones
                               : field->type == CURRENCY ? currencies
                                                         : NULL;
    if (!texts)
        return false;
    json_object *options = page_list(out, "options");
    for (; *texts; texts++)
        add_option(options, *texts, *texts, false);
    return true;
}
