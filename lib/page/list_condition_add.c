/* list_condition_add: the form that adds a condition to filter= was sent: the address of the list
 * with it. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/custom.h"
#include "resource/shape.h"

static struct filter_node *node_new(struct cx *cx, enum filter_kind kind, const char *name,
                                    const char *value)
{
    struct filter_node *node = arena_alloc(cx->arena, sizeof *node);
    *node = (struct filter_node){.kind = kind, .name = name, .value = value};
    return node;
}

static struct filter_node *condition_new(struct cx *cx, const struct field *field,
                                         const char *operator, const char * value)
{
    return node_new(cx, FILTER_CONDITION,
                    arena_printf(cx->arena, "%s%s", field_json_name(field), operator), value);
}

static struct filter_node *group_add(struct filter_node *group, struct filter_node *node)
{
    struct filter_node **tail = &group->inside;
    while (*tail)
        tail = &(*tail)->next;
    *tail = node;
    return group;
}

/* Those ticked: one, or one of some; as a list says it. */
static struct filter_node *condition_of_choices(struct cx *cx, const struct field *field)
{
    struct buf values;
    int count = 0;
    const char *one = NULL;
    buf_init(&values, cx->arena);
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        if (strcmp(it->name, "_value") != 0)
            continue;
        one = it->value;
        buf_printf(&values, "%s%s", count++ ? "," : "", it->value);
    }
    return count == 0   ? NULL
           : count == 1 ? condition_new(cx, field, "", one)
                        : condition_new(cx, field, "[in]", values.data);
}

static struct filter_node *negated(struct cx *cx, struct filter_node *node)
{
    return node ? group_add(node_new(cx, FILTER_NOT, NULL, NULL), node) : NULL;
}

/* From, to, or both; amounts are of the tenant's currency, which is said too. */
static struct filter_node *condition_of_range(struct cx *cx, const struct field *field)
{
    struct filter_node *all = node_new(cx, FILTER_AND, NULL, NULL);
    const char *name, *typed[] = {"_from", "_to"};
    for (int i = 0; i < 2; i++) {
        const char *text = parameter_get(cx->request.query, typed[i]);
        const char *value = text ? list_typed_bound(cx, field, i, text, &name) : NULL;
        if (value)
            group_add(all, node_new(cx, FILTER_CONDITION, name, value));
    }
    const struct resource *resource = cx->route->about;
    const struct field *currency = field->type == MONEY && field->currency
                                       ? field_find(resource->fields, field->currency)
                                       : NULL;
    if (all->inside && currency && (currency->flags & FILTERED))
        group_add(all, condition_new(cx, currency, "", list_own_currency(cx)));
    return !all->inside ? NULL : all->inside->next ? all : all->inside;
}

static struct filter_node *condition_of_period(struct cx *cx, const struct field *field)
{
    int64_t number;
    const char *days = parameter_get(cx->request.query, "_days");
    const char *period = parameter_get(cx->request.query, "_period");
    if (days && text_to_int(days, 1, 3650, &number))
        period = arena_printf(cx->arena, "last-%s-days", days);
    return period && *period ? condition_new(cx, field, "[within]", period) : NULL;
}

static struct filter_node *condition_of_text(struct cx *cx, const struct field *field,
                                             const char *operator)
{
    const char *text =
        parameter_get(cx->request.query, arena_printf(cx->arena, "_text%s", operator));
    return text && *text ? condition_new(cx, field, operator, text) : NULL;
}

static struct filter_node *condition_typed(struct cx *cx, const struct field *field)
{
    const char *way = parameter_get(cx->request.query, "_way");
    if (!way)
        return NULL;
    if (strcmp(way, "in") == 0)
        return condition_of_choices(cx, field);
    if (strcmp(way, "out") == 0)
        return negated(cx, condition_of_choices(cx, field));
    if (strcmp(way, "range") == 0)
        return condition_of_range(cx, field);
    if (strcmp(way, "within") == 0)
        return condition_of_period(cx, field);
    if (strcmp(way, "empty") == 0)
        return condition_new(cx, field, "[null]", "true");
    if (strcmp(way, "filled") == 0)
        return condition_new(cx, field, "[null]", "false");
    if (strcmp(way, "me") == 0)
        return condition_new(cx, field, "", "me");
    return condition_of_text(cx, field,
                             strcmp(way, "found") == 0   ? "[q]"
                             : strcmp(way, "isnot") == 0 ? "[ne]"
                                                         : "");
}

/* The group of that number, as list_conditions.c counts them. */
static struct filter_node *group_at(struct filter_node *node, int64_t *number)
{
    struct filter_node *found = NULL;
    if (node->kind == FILTER_CONDITION)
        return NULL;
    if (node->kind != FILTER_NOT && (*number)-- == 0)
        return node;
    for (struct filter_node *it = node->inside; it && !found; it = it->next)
        found = group_at(it, number);
    return found;
}

static struct filter_node *filter_with(struct cx *cx, struct filter_node *root,
                                       struct filter_node *node)
{
    int64_t number = 0;
    const char *place = parameter_get(cx->request.query, "_place");
    bool is_new = place && (*place == 'o' || *place == 'a');
    enum filter_kind kind = is_new && *place == 'o' ? FILTER_OR : FILTER_AND;
    if (is_new)
        node = group_add(node_new(cx, kind, NULL, NULL), node);
    if (!root)
        return node;
    if (place && !is_new && !text_to_int(place, 0, FILTER_CONDITIONS_MAX, &number))
        number = 0;
    struct filter_node *group =
        is_new && root->kind != FILTER_CONDITION ? root : group_at(root, &number);
    if (group && group->kind != FILTER_NOT) {
        group_add(group, node);
        return root;
    }
    return group_add(group_add(node_new(cx, FILTER_AND, NULL, NULL), root), node);
}

const char *list_condition_added(struct cx *cx, const struct resource *resource)
{
    struct buf value;
    const char *name = parameter_get(cx->request.query, "_field");
    const struct field *field = name ? shape_field(shape_of(cx, resource), name) : NULL;
    if (!name || !parameter_get(cx->request.query, "_way"))
        return NULL;
    if (!field)
        field = custom_find_field(cx, resource, name);
    struct filter_node *node =
        field && (field->flags & FILTERED) ? condition_typed(cx, field) : NULL;
    if (!node)
        return list_address(cx, resource, NULL, NULL);
    buf_init(&value, cx->arena);
    text_url(&value, filter_print(cx->arena, filter_with(cx, list_conditions_read(cx), node)));
    return list_address(cx, resource, "filter", value.data);
}
