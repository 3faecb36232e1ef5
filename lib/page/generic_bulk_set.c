/* New values for many records: the form with a tick for each field, and what it sets. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/bulk.h"
#include "resource/custom.h"
#include "resource/resource.h"

static bool is_ticked(const struct cx *cx, const char *name)
{
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "_set") == 0 && strcmp(it->value, name) == 0)
            return true;
    return false;
}

/* Those that may be set for many, each with a tick that says that it is. */
json_object *bulk_set_fields(struct cx *cx, const struct resource *resource)
{
    json_object *all = page_form_fields(cx, resource->fields, NULL, false);
    for (size_t i = json_object_array_length(all); i > 0; i--) {
        json_object *it = json_object_array_get_idx(all, i - 1);
        const char *name = json_object_get_string(json_object_object_get(it, "name"));
        const struct field *field = field_find_json(resource->fields, name);
        if (field && !bulk_sets(cx, resource, field)) {
            json_object_array_del_idx(all, i - 1, 1);
            continue;
        }
        page_set_bool(it, "ticked", is_ticked(cx, name));
        page_set_bool(it, "required", false);
    }
    return all;
}

/* Whether the field at `it`, one of the table `all`, is ticked, or the currency of an amount that
 * is.
 */
static bool is_set(struct cx *cx, const struct resource *resource, const struct field *all,
                   const struct field *it)
{
    bool own = it->flags & MADE || bulk_sets(cx, resource, it);
    bool beside = it->type == CURRENCY && (it->flags & MADE) && it > all &&
                  is_ticked(cx, field_json_name(it - 1));
    return it->type != CUSTOM && own && (beside || is_ticked(cx, field_json_name(it)));
}

/* Whether a parameter of the form is of a field that is there but not set. */
static bool is_passed_over(struct cx *cx, const struct resource *resource, const struct field *all,
                           const char *name)
{
    for (const struct field *it = all; it->type != FIELD_END; it++) {
        const char *own = field_json_name(it);
        size_t len = strlen(own);
        if (strncmp(name, own, len) == 0 && (name[len] == '\0' || name[len] == '['))
            return !is_set(cx, resource, all, it);
    }
    return false;
}

static struct parameter *ticked_form(struct cx *cx, const struct resource *resource,
                                     const struct field *all)
{
    struct parameter *first = NULL, **tail = &first;
    for (const struct parameter *it = cx->request.form; it; it = it->next) {
        if (is_passed_over(cx, resource, all, it->name))
            continue;
        *tail = arena_alloc(cx->arena, sizeof **tail);
        **tail = *it;
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return first;
}

/* Of an amount of money of the tenant's own, "custom.budget.amount", the member. */
static void add_made(json_object *custom, const char *name, json_object *value)
{
    const char *member = strchr(name, '.');
    if (!member) {
        json_object_object_add(custom, name, value);
        return;
    }
    char key[64];
    json_object *money = NULL;
    snprintf(key, sizeof key, "%.*s", (int)(member - name), name);
    if (!json_object_object_get_ex(custom, key, &money) || !money) {
        money = json_object_new_object();
        json_object_object_add(custom, key, money);
    }
    json_object_object_add(money, member + 1, value);
}

static json_object *value_of(struct cx *cx, const struct field *field, const struct value *value)
{
    struct buf text;
    struct json json;
    if (value->presence != GIVEN)
        return NULL;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    field_write_json(&json, field, value->text, strlen(value->text));
    return json_tokener_parse(text.data);
}

/* What was typed for the ticked fields, as a patch. The table itself is read, because what a field
 * is called is kept under its address. */
static bool take_typed(struct cx *cx, const struct resource *resource, const struct field *all,
                       json_object *set)
{
    struct parameter *whole = cx->request.form, *ticked = ticked_form(cx, resource, all);
    struct input *typed;
    cx->request.form = ticked;
    bool good = input_read_form(cx, all, INPUT_MERGE, &typed);
    cx->request.form = whole;
    for (const struct field *it = all; good && it->type != FIELD_END; it++) {
        if (!is_set(cx, resource, all, it))
            continue;
        const char *name = field_json_name(it);
        json_object *value = value_of(cx, it, &typed->values[it - all]);
        if (it->flags & MADE)
            add_made(set, name + strlen("custom."), value);
        else
            json_object_object_add(set, name, value);
    }
    return good;
}

bool bulk_set_take(struct cx *cx, struct bulk *bulk)
{
    json_object *set = page_object(cx), *made = page_object(cx);
    const struct field *custom = custom_field(bulk->resource);
    const struct custom *own = custom ? custom_of(cx, bulk->resource) : NULL;
    if ((custom && !own) || !take_typed(cx, bulk->resource, bulk->resource->fields, set) ||
        (own && !take_typed(cx, bulk->resource, own->fields, made)))
        return false;
    if (json_object_object_length(made) > 0)
        json_object_object_add(set, "custom", json_object_get(made));
    bulk->set = json_object_to_json_string_ext(set, JSON_C_TO_STRING_PLAIN);
    return json_object_object_length(set) > 0 ||
           fail_field(cx, "set", "required", "Tick at least one field and say what it becomes.");
}
