/* show: stored values as people read them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/markdown.h"
#include "page/page_parts.h"
#include "resource/event_changes.h"
#include "resource/event_told.h"
#include "resource/reference.h"
#include "resource/resource.h"
#include "resource/value_text.h"

/* What a word of a status says at a glance; words not listed say nothing. */
static const struct {
    const char *tone, *words;
} tones[] = {
    {"good", " active paid won success succeeded enabled verified completed done resolved accepted "
             "delivered approved qualified allowed ok converted "},
    {"open", " new open draft scheduled info sent invited created "},
    {"wait", " trial pending waiting processing running queued contacted in_progress in_review "
             "overdue paused warning past_due proposal negotiation on_hold "},
    {"bad", " suspended failed lost cancelled canceled rejected error blocked revoked expired "
            "denied deleted locked critical urgent void "},
};

static const char *tone_of(const char *word)
{
    char spaced[64];
    size_t len = strlen(word);
    if (len + 3 > sizeof spaced)
        return "plain";
    spaced[0] = ' ';
    memcpy(spaced + 1, word, len);
    strcpy(spaced + 1 + len, " ");
    for (size_t i = 0; i < COUNT(tones); i++)
        if (strstr(tones[i].words, spaced))
            return tones[i].tone;
    return "plain";
}

int show_column(const struct list_result *result, const char *name)
{
    for (int i = 0; result->fields[i]; i++)
        if (strcmp(result->fields[i]->name, name) == 0)
            return i;
    return -1;
}

const char *show_reference_path(struct cx *cx, const struct field *field, const char *id)
{
    const struct resource *target = reference_target(field);
    bool of_other_side =
        !target || (target->scope == SCOPE_PLATFORM) != (cx->db.role == DB_PLATFORM);
    if (!target || !target->page || !(target->operations & OP_GET) ||
        (of_other_side && target->scope != SCOPE_EITHER))
        return NULL;
    if (field->offered &&
        !resource_may(cx, target, arena_printf(cx->arena, "%s:read", target->permission)))
        return NULL; /* its name is seen by whoever sees the record */
    return arena_printf(cx->arena, "%s/%s", target->page, id);
}

/* What a record is called; of one that may not be seen that alone. */
static const char *show_reference(const struct list_result *result, size_t row,
                                  const struct field *field)
{
    const char *name = reference_label(result, row, field);
    return name ? name : "(not visible)";
}

bool show_is_common(const struct field *field)
{
    for (const struct field *it = resource_common_fields; it->type != FIELD_END; it++)
        if (it == field)
            return true;
    return false;
}

const char *show_choice(struct cx *cx, const char *choice)
{
    return field_word_title(cx, choice);
}

const char *show_choice_of(struct cx *cx, const struct field *field, const char *choice)
{
    return field_choice_title(cx, field, choice);
}

const char *show_amount(struct cx *cx, const char *stored, const char *currency)
{
    int64_t amount = 0;
    text_to_int(stored, INT64_MIN, INT64_MAX, &amount);
    return language_amount(cx->arena, cx->language, amount, currency);
}

const char *show_number(struct cx *cx, int64_t number)
{
    return language_number(cx->arena, cx->language, number);
}

const char *show_currency(struct cx *cx, const struct list_result *result, size_t row,
                          const struct field *field)
{
    int column = result && field->currency ? show_column(result, field->currency) : -1;
    const char *currency = column >= 0 ? rows_text(result->rows, row, column) : NULL;
    if (!currency && cx->tenant)
        currency = cx->tenant->currency;
    return currency ? currency : "EUR";
}

const char *show_instant(struct cx *cx, int64_t us)
{
    return value_instant(cx, us);
}

const char *show_text(struct cx *cx, const struct list_result *result, size_t row, int column)
{
    const struct field *field = result->fields[column];
    const char *text = rows_text(result->rows, row, column);
    if (!text)
        return "";
    if (result->told && field == result->told_field)
        return result->told[row].text;
    if (field->type == UUID && reference_target(field))
        return show_reference(result, row, field);
    if (field->type == LONG && (field->flags & MARKDOWN))
        return markdown_plain(cx->arena, text);
    return value_text(cx, field, text,
                      field->type == MONEY ? show_currency(cx, result, row, field) : NULL);
}

static const char *link_of(struct cx *cx, const struct field *field, const char *text)
{
    switch (field->type) {
    case EMAIL:
        return arena_printf(cx->arena, "mailto:%s", text);
    case PHONE:
        return arena_printf(cx->arena, "tel:%s", text);
    case URL: /* nothing but the web: a field may hold what was stored before it was checked */
        return text_starts(text, "https://") || text_starts(text, "http://") ? text : NULL;
    default:
        return NULL;
    }
}

const char *show_file_name(struct cx *cx, const char *stored)
{
    return value_file(cx, stored, "name");
}

const char *show_file_url(struct cx *cx, const char *stored)
{
    const char *id = value_file(cx, stored, "id"), *url = value_file(cx, stored, "url");
    return url ? arena_printf(cx->arena, "%s?v=%.8s", url, id + 24) : NULL;
}

bool show_file_is_picture(struct cx *cx, const char *stored)
{
    const char *type = value_file(cx, stored, "type");
    return type && text_starts(type, "image/");
}

void page_set_markdown(struct cx *cx, json_object *out, const char *text)
{
    page_set(out, "markdown_html", text ? markdown_html(cx->arena, text) : NULL);
}

void show_value(struct cx *cx, json_object *out, const struct list_result *result, size_t row,
                int column)
{
    const struct field *field = result->fields[column];
    const char *stored = rows_text(result->rows, row, column);
    bool empty_list = field->type == ARRAY && text_equal(stored, "[]");
    bool none = !stored || !*stored || empty_list, choice = field->type == CHOICE;
    bool rows = field->child && !none, file = field->type == FILE_FIELD && !none;
    bool swatch = field->type == COLOR, rich = !none && (field->flags & MARKDOWN);
    bool named = reference_label(result, row, field) != NULL;
    bool told = result->told && field == result->told_field;
    const char *href = none    ? NULL
                       : file  ? show_file_url(cx, stored)
                       : told  ? result->told[row].path
                       : named ? show_reference_path(cx, field, stored)
                               : link_of(cx, field, stored);
    page_set(out, "text", show_text(cx, result, row, column));
    page_set_bool(out, "none", none);
    page_set(out, "more", told ? event_changes_line(cx, &result->told[row]) : NULL);
    page_set(out, "hint", !none && field->type == AGENT ? stored : NULL);
    page_set(out, "tone", !none && choice ? tone_of(stored) : NULL);
    bool picture = file && show_file_is_picture(cx, stored);
    page_set(out, "picture", picture ? href : NULL);
    page_set(out, "beside", NULL);
    page_set(out, "href", picture ? NULL : href);
    page_set_bool(out, "outside", field->type == URL);
    page_set(out, "swatch", !none && swatch ? stored : NULL);
    page_set_markdown(cx, out, rich ? stored : NULL);
    page_set_bool(out, "plain", !none && !choice && !href && !swatch && !rows && !rich);
    page_set(out, "table", NULL);
    if (rows)
        child_table_add(cx, out, result, row, column);
    page_set_bool(out, "long",
                  field->type == LONG || field->type == JSON || field->type == OBJECT ||
                      (field->type == ARRAY && field->fields));
    page_set_bool(out, "mono", (field->type == UUID && !field->refers) || field->type == JSON);
    page_set_bool(out, "firm", field->type == TIME || field->type == DATE);
}

const char *show_label(struct cx *cx, const struct resource *resource,
                       const struct list_result *result, size_t row)
{
    int column = show_column(result, resource_label(resource));
    const char *label = column >= 0 ? show_text(cx, result, row, column) : "";
    if (*label)
        return label;
    column = show_column(result, "id");
    return column >= 0 ? rows_text(result->rows, row, column) : resource->one;
}

json_object *page_record(struct cx *cx, const struct list_result *result, size_t row)
{
    json_object *record = page_object(cx), *raw = page_add(record, "raw");
    for (int i = 0; result->fields[i]; i++) {
        const char *name = field_json_name(result->fields[i]);
        const char *text = rows_text(result->rows, row, i);
        page_set(raw, name, text);
        page_set(record, name, text ? show_text(cx, result, row, i) : NULL);
    }
    return record;
}
