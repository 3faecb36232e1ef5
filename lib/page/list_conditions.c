/* list_conditions: the conditions of filter= on a list's page: in words, each with a link that
 * takes it away, and a form that adds one. The form is of two steps, the field and then what is
 * asked of it, so that it works without scripts; both are addresses, and what they lead to is one
 * too. */
#include <string.h>

#include "base/period.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/custom.h"
#include "resource/offered.h"
#include "resource/reference.h"
#include "resource/shape.h"

struct lines {
    struct cx *cx;
    const struct list_page *page;
    struct filter_node *root;
    json_object *list;
};

struct filter_node *list_conditions_read(struct cx *cx)
{
    struct filter_error error;
    const char *text = parameter_get(cx->request.query, "filter");
    return text ? filter_parse(cx->arena, text, &error) : NULL;
}

/* ---- changing the tree ---- */

/* Takes `gone` out; groups that are left empty go with it, and one that has one member left is that
 * one. NULL: nothing is left. */
static struct filter_node *filter_without(struct arena *arena, const struct filter_node *node,
                                          const struct filter_node *gone)
{
    if (node == gone)
        return NULL;
    struct filter_node *copy = arena_alloc(arena, sizeof *copy), **tail = &copy->inside;
    *copy = *node;
    copy->next = copy->inside = NULL;
    for (const struct filter_node *it = node->inside; it; it = it->next)
        if ((*tail = filter_without(arena, it, gone)))
            tail = &(*tail)->next;
    if (node->kind == FILTER_CONDITION)
        return copy;
    bool is_one = copy->inside && !copy->inside->next && copy->kind != FILTER_NOT;
    return !copy->inside ? NULL : is_one ? copy->inside : copy;
}

static const char *filter_address(struct cx *cx, const struct list_page *page,
                                  const struct filter_node *root)
{
    struct buf value;
    buf_init(&value, cx->arena);
    text_url(&value, root ? filter_print(cx->arena, root) : "");
    return list_address(cx, page->resource, "filter", root ? value.data : NULL);
}

/* ---- in words ---- */

static const struct field *condition_field(struct cx *cx, const struct resource *resource,
                                           const char *name)
{
    const char *plain = arena_copy(cx->arena, name, strcspn(name, "["));
    const struct field *field = shape_field(shape_of(cx, resource), plain);
    return field ? field : custom_find_field(cx, resource, plain);
}

static const char *period_title(struct cx *cx, const char *word)
{
    int days = period_days(word);
    for (const struct period_word *it = period_words; it->word; it++)
        if (strcmp(it->word, word) == 0)
            return cx_text(cx, it->title);
    return cx_printf(cx, text_starts(word, "next") ? "Next %d days" : "Last %d days", days);
}

/* One value as people read it. */
static const char *value_words(struct cx *cx, const struct field *field, const char *value)
{
    if (field->type == CHOICE)
        return show_choice_of(cx, field, value);
    if (field->type == BOOL)
        return cx_text(cx, strcmp(value, "true") == 0 ? "Yes" : "No");
    if (field->type == UUID && strcmp(value, "me") == 0)
        return cx_text(cx, "Me");
    if (field->type == UUID && field->refers && uuid_is(value)) {
        const char *label = reference_label_of(cx, field, value);
        return label ? label : cx_text(cx, "(not visible)");
    }
    return list_shown_bound(cx, field, value);
}

/* a,"b, c" */
static const char *values_words(struct cx *cx, const struct field *field, const char *values)
{
    struct buf out;
    buf_init(&out, cx->arena);
    buf_puts(&out, "");
    for (const char *at = values; *at; at += *at == ',') {
        size_t len = *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, ",");
        bool quoted = *at == '"' && strlen(at) >= len;
        const char *one = quoted ? arena_copy(cx->arena, at + 1, len - 2)
                                 : arena_copy(cx->arena, at, strcspn(at, ","));
        at += quoted ? len : strcspn(at, ",");
        buf_printf(&out, "%s%s", out.len ? ", " : "", value_words(cx, field, one));
    }
    return out.data;
}

static const char *bound_words(struct cx *cx, const struct field *field, const char *operator,
                               const char * words)
{
    const char *title = field_title(cx, field);
    bool day = field->type == DATE || field->type == TIME;
    const char *format =
        strcmp(operator, "[ne]") == 0    ? "%s: not %s"
        : strcmp(operator, "[gte]") == 0 ? "%s: from %s"
        : strcmp(operator, "[gt]") == 0  ? (day ? "%s: after %s" : "%s: more than %s")
        : strcmp(operator, "[lte]") == 0 ? "%s: to %s"
        : strcmp(operator, "[lt]") == 0  ? (day ? "%s: before %s" : "%s: less than %s")
                                         : NULL;
    return format ? cx_printf(cx, format, title, words)
                  : arena_printf(cx->arena, "%s: %s", title, words);
}

static const char *condition_words(struct cx *cx, const struct resource *resource,
                                   const struct filter_node *node)
{
    const struct field *field = condition_field(cx, resource, node->name);
    const char *operator= node->name + strcspn(node->name, "["), *value = node->value;
    if (!field)
        return node->name;
    const char *title = field_title(cx, field);
    if (strcmp(operator, "[null]") == 0)
        return cx_printf(cx, strcmp(value, "true") == 0 ? "%s: empty" : "%s: not empty", title);
    if (strcmp(operator, "[within]") == 0)
        return arena_printf(cx->arena, "%s: %s", title, period_title(cx, value));
    if (strcmp(operator, "[q]") == 0)
        return cx_printf(cx, "%s: found by “%s”", title, value);
    if (strcmp(operator, "[in]") == 0)
        return arena_printf(cx->arena, "%s: %s", title, values_words(cx, field, value));
    return bound_words(cx, field, operator, value_words(cx, field, value));
}

static const char *group_title(const struct cx *cx, enum filter_kind kind)
{
    return cx_text(cx, kind == FILTER_AND  ? "All of these"
                       : kind == FILTER_OR ? "Any of these"
                                           : "Not");
}

/* ---- the lines ---- */

/* The same filter with the group the other way round. */
static const char *turned_address(struct lines *lines, struct filter_node *group)
{
    enum filter_kind kind = group->kind;
    if (kind == FILTER_NOT)
        return NULL;
    group->kind = kind == FILTER_AND ? FILTER_OR : FILTER_AND;
    const char *address = filter_address(lines->cx, lines->page, lines->root);
    group->kind = kind;
    return address;
}

static void add_line(struct lines *lines, struct filter_node *node, int depth)
{
    struct cx *cx = lines->cx;
    json_object *line = page_item(lines->list);
    bool is_group = node->kind != FILTER_CONDITION;
    page_set(line, "depth", arena_printf(cx->arena, "%d", depth));
    page_set_bool(line, "is_group", is_group);
    page_set(line, "words",
             is_group ? group_title(cx, node->kind)
                      : condition_words(cx, lines->page->resource, node));
    page_set(line, "remove",
             filter_address(cx, lines->page, filter_without(cx->arena, lines->root, node)));
    page_set(line, "turn", is_group ? turned_address(lines, node) : NULL);
    page_set(line, "turn_title", node->kind == FILTER_AND ? "Any is enough" : "All are needed");
    for (struct filter_node *it = node->inside; it; it = it->next)
        add_line(lines, it, depth + 1);
}

/* ---- the form ---- */

static bool is_asked_by(const struct resource *resource, const struct field *field)
{
    return (field->flags & FILTERED) && !(field->flags & HIDDEN) && field->type != CUSTOM &&
           !(resource->parent_column && strcmp(field->name, resource->parent_column) == 0);
}

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

static void add_fields(struct cx *cx, json_object *out, const struct list_page *page)
{
    json_object *fields = page_list(out, "fields");
    const struct field *const *all = shape_of(cx, page->resource)->all;
    for (size_t i = 0; all[i]; i++)
        if (is_asked_by(page->resource, all[i]) && strcmp(all[i]->name, "id") != 0)
            add_option(fields, field_json_name(all[i]), field_title(cx, all[i]), false);
    for (size_t i = 0; i < page->custom->count; i++)
        if (page->custom->definitions[i].filtered)
            add_option(fields, field_json_name(page->custom->definitions[i].field),
                       field_title(cx, page->custom->definitions[i].field), false);
}

/* What the address has besides: the form keeps it. */
static void add_kept(struct cx *cx, json_object *out)
{
    json_object *kept = page_list(out, "kept");
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        if (*it->name == '_' || strcmp(it->name, "page") == 0)
            continue;
        json_object *one = page_item(kept);
        page_set(one, "name", it->name);
        page_set(one, "value", it->value);
    }
}

/* Into which group: "0" is the whole, "1" the first group in it, in the order of the lines; with
 * "o" or "a" a new one. */
static void add_places(struct lines *lines, json_object *options, const struct filter_node *node,
                       int *number)
{
    struct cx *cx = lines->cx;
    if (node->kind != FILTER_CONDITION && node->kind != FILTER_NOT) {
        const struct filter_node *first = node->inside;
        const char *value = arena_printf(cx->arena, "%d", (*number)++);
        const char *title = group_title(cx, node->kind);
        if (first->kind == FILTER_CONDITION)
            title = arena_printf(cx->arena, "%s: %s …", title,
                                 condition_words(cx, lines->page->resource, first));
        add_option(options, value, title, false);
    }
    for (const struct filter_node *it = node->inside; it; it = it->next)
        add_places(lines, options, it, number);
}

static void add_choices(struct cx *cx, json_object *out, const struct list_page *page,
                        const struct field *field)
{
    struct rows *rows;
    json_object *options = page_list(out, "choices");
    for (const char *const *it = field->type == CHOICE ? field->choices : NULL; it && *it; it++)
        add_option(options, *it, show_choice_of(cx, field, *it), false);
    if (field->type == BOOL) {
        add_option(options, "true", "Yes", false);
        add_option(options, "false", "No", false);
    }
    if (field->offered && offered_list(cx, page->resource, field, NULL, NULL, &rows))
        for (size_t i = 0; i < rows_count(rows); i++)
            add_option(options, rows_text(rows, i, 0), rows_text(rows, i, 1), false);
}

static bool is_of_people(const struct field *field)
{
    const struct resource *target = reference_target(field);
    return target && strcmp(target->table, "users") == 0;
}

/* Which questions there are of the field. */
static void add_ways(struct cx *cx, json_object *out, const struct list_page *page,
                     const struct field *field)
{
    bool day = field->type == DATE || field->type == TIME;
    bool choice = field->type == CHOICE || field->type == BOOL || field->offered;
    bool refers = field->refers && !field->offered, number = list_is_number(field);
    add_choices(cx, out, page, field);
    page_set_bool(out, "is_choice", choice);
    page_set_bool(out, "is_day", day);
    page_set_bool(out, "is_range", day || number);
    page_set_bool(out, "is_text", !choice && !day && !number && !field->refers);
    page_set_bool(out, "is_me", refers && is_of_people(field));
    page_set_bool(out, "is_found",
                  refers && reference_may_read(cx, field) &&
                      resource_is_searched(reference_target(field)));
    page_set_bool(out, "is_nullable", (field->flags & (NULLABLE | MADE)) != 0);
    page_set(out, "input", day ? "date" : "text");
    page_set(out, "inputmode", number ? "decimal" : NULL);
    json_object *periods = page_list(out, "periods");
    for (const struct period_word *it = period_words; day && it->word; it++)
        add_option(periods, it->word, it->title, strcmp(it->word, "this-month") == 0);
}

static void add_form(struct lines *lines, json_object *out)
{
    struct cx *cx = lines->cx;
    int number = 0;
    const char *name = parameter_get(cx->request.query, "_field");
    const struct field *field = name ? condition_field(cx, lines->page->resource, name) : NULL;
    bool asked = field && is_asked_by(lines->page->resource, field);
    add_kept(cx, out);
    add_fields(cx, out, lines->page);
    page_set_bool(out, "asks", asked);
    if (!asked)
        return;
    page_set(out, "field", field_json_name(field));
    page_set(out, "field_title", field_title(cx, field));
    page_set(out, "cancel", list_address(cx, lines->page->resource, NULL, NULL));
    add_ways(cx, out, lines->page, field);
    json_object *places = page_list(out, "places");
    if (lines->root)
        add_places(lines, places, lines->root, &number);
    if (number == 0)
        add_option(places, "0", group_title(cx, FILTER_AND), true);
    add_option(places, "o", "A new group: any of these", false);
    if (lines->root && lines->root->kind == FILTER_OR)
        add_option(places, "a", "A new group: all of these", false);
}

void list_add_conditions(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *out = page_add(data, "conditions");
    struct lines lines = {cx, page, list_conditions_read(cx), page_list(out, "lines")};
    page_set(data, "filter", lines.root ? filter_print(cx->arena, lines.root) : NULL);
    page_set_bool(out, "any", lines.root != NULL);
    if (lines.root)
        add_line(&lines, lines.root, 0);
    page_set(out, "clear", lines.root ? filter_address(cx, page, NULL) : NULL);
    add_form(&lines, out);
    page_set_bool(out, "offered",
                  json_object_array_length(json_object_object_get(out, "fields")) > 0);
}
