/* What stands around a list's rows: filters, order, sizes, pager, and what is
 * said when there is nothing. */
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language_format.h"
#include "base/money.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/custom.h"
#include "resource/offered.h"
#include "resource/reference.h"
#include "resource/shape.h"

static const int64_t limit_default = 20;
static const char *const sizes[] = {"10", "20", "50", "100"};

const char *list_address(struct cx *cx, const struct resource *resource, const char *name,
                         const char *value)
{
    struct buf address;
    char mark = '?';
    buf_init(&address, cx->arena);
    buf_puts(&address, resource->page);
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        if (text_equal(it->name, name) || strcmp(it->name, "page") == 0 || *it->name == '_')
            continue;
        buf_putc(&address, mark);
        text_url(&address, it->name);
        buf_putc(&address, '=');
        text_url(&address, it->value);
        mark = '&';
    }
    if (value)
        buf_printf(&address, "%c%s=%s", mark, name, value);
    return address.data;
}

const char *list_usual_sort(const struct resource *resource)
{
    return resource->sort ? resource->sort : "-createdAt";
}

const char *list_sort(const struct list_page *page)
{
    return page->query.sort ? page->query.sort : list_usual_sort(page->resource);
}

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

/* The bounds of a range: as a page's form sends it, as the API takes it. Of times people
 * choose days: the last one is meant whole. */
static const struct bound {
    const char *typed, *taken, *taken_of_time, *words, *id;
    int later; /* days from the one chosen to the bound */
} bounds[] = {{"[min]", "[gte]", "[gte]", "%s from", "", 0},
              {"[max]", "[lte]", "[lt]", "%s to", "-to", 1}};

static char *join(struct cx *cx, const struct field *field, const char *bound)
{
    return arena_printf(cx->arena, "%s%s", field_json_name(field), bound);
}

static const char *taken_name(struct cx *cx, const struct field *field, const struct bound *bound)
{
    return join(cx, field, field->type == TIME ? bound->taken_of_time : bound->taken);
}

const char *list_own_currency(const struct cx *cx)
{
    return cx->tenant ? cx->tenant->currency : "EUR";
}

static const char *own_zone(const struct cx *cx)
{
    return cx->tenant ? cx->tenant->time_zone : "UTC";
}

static bool is_typed_otherwise(const struct field *field)
{
    return field->type == MONEY || field->type == TIME;
}

/* What was typed, in the way of the API; NULL: it is nothing of the kind. */
static const char *read_typed(struct cx *cx, const struct field *field, const struct bound *bound,
                              const char *text)
{
    int64_t number;
    char time[32];
    if (field->type == MONEY)
        return money_parse(language_typed(cx->arena, cx->language, text), list_own_currency(cx),
                           &number)
                   ? arena_printf(cx->arena, "%lld", (long long)number)
                   : NULL;
    if (!clock_day_begins(text, bound->later, own_zone(cx), &number))
        return NULL;
    clock_format(number, time);
    return arena_text(cx->arena, time);
}

/* The other way round, for the form. */
static const char *show_typed(struct cx *cx, const struct field *field, const struct bound *bound,
                              const char *value)
{
    int64_t us;
    char *day = arena_alloc(cx->arena, 11);
    if (!value || !is_typed_otherwise(field))
        return value;
    if (field->type == MONEY)
        return show_amount(cx, value, list_own_currency(cx));
    if (!clock_parse(value, &us))
        return NULL;
    clock_day_of(us - bound->later, own_zone(cx), day);
    return day;
}

const char *list_typed_bound(struct cx *cx, const struct field *field, int which, const char *text,
                             const char **name)
{
    const struct bound *bound = &bounds[which];
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    *name = taken_name(cx, field, bound);
    if (is_typed_otherwise(field))
        return read_typed(cx, field, bound, text);
    if (field->type != DATE)
        text = language_typed(cx->arena, cx->language, text);
    return field_check_text(cx, field, text, &value, &code, &message) ? value.text : NULL;
}

const char *list_shown_bound(struct cx *cx, const struct field *field, const char *value)
{
    int64_t us;
    if (field->type == MONEY)
        return show_amount(cx, value, list_own_currency(cx));
    return field->type == TIME && clock_parse(value, &us) ? show_instant(cx, us) : value;
}

static void read_bound(struct cx *cx, const struct field *field, const struct bound *bound)
{
    const char *name = join(cx, field, bound->typed);
    for (struct parameter **at = &cx->request.query; *at;) {
        struct parameter *found = *at;
        bool meant = strcmp(found->name, name) == 0;
        const char *value = meant ? read_typed(cx, field, bound, found->value) : NULL;
        if (meant && !value) {
            *at = found->next;
            continue;
        }
        if (meant)
            *found = (struct parameter){taken_name(cx, field, bound), value, found->next};
        at = &found->next;
    }
}

static void read_bounds(struct cx *cx, const struct field *fields)
{
    for (const struct field *it = fields; it->type != FIELD_END; it++)
        for (size_t i = 0; is_typed_otherwise(it) && i < COUNT(bounds); i++)
            read_bound(cx, it, &bounds[i]);
}

void list_read_typed(struct cx *cx, const struct resource *resource)
{
    bool asks = cx->request.query && custom_field(resource);
    const struct custom *custom = asks ? custom_of(cx, resource) : NULL;
    read_bounds(cx, resource->fields);
    if (custom)
        read_bounds(cx, custom->fields);
}

bool list_is_number(const struct field *field)
{
    return field->type == INT || field->type == MONEY || field->type == BASIS_POINTS ||
           field->type == DECIMAL;
}

static json_object *add_input(json_object *list, const struct field *field, const char *name,
                              const char *param, const char *label, const char *value)
{
    json_object *filter = page_item(list);
    bool is_day = field->type == DATE || field->type == TIME;
    page_set(filter, "name", name);
    page_set(filter, "param", param);
    page_set(filter, "label", label);
    page_set(filter, "value", value);
    page_set(filter, "input",
             is_day                                          ? "date"
             : list_is_number(field) && field->type != MONEY ? "number"
                                                             : "text");
    page_set(filter, "inputmode", field->type == MONEY ? "decimal" : NULL);
    page_set(filter, "step", field->type == DECIMAL ? "any" : NULL);
    page_set(filter, "exactly", NULL);
    page_set_bool(filter, "is_choice", false);
    return filter;
}

static void add_range(struct cx *cx, json_object *list, const struct field *field)
{
    for (size_t i = 0; i < COUNT(bounds); i++) {
        const struct bound *bound = &bounds[i];
        const char *taken = taken_name(cx, field, bound);
        add_input(list, field, join(cx, field, bound->id),
                  is_typed_otherwise(field) ? join(cx, field, bound->typed) : taken,
                  cx_printf(cx, bound->words, field_title(cx, field)),
                  show_typed(cx, field, bound, parameter_get(cx->request.query, taken)));
    }
}

static void add_choice(struct cx *cx, json_object *list, const struct field *field)
{
    const char *name = field_json_name(field), *value = parameter_get(cx->request.query, name);
    json_object *filter = add_input(list, field, name, name, field_title(cx, field), value);
    json_object *options = page_list(filter, "options");
    page_set_bool(filter, "is_choice", true);
    add_option(options, "", "Any", !value);
    for (const char *const *it = field->choices; it && *it; it++)
        add_option(options, *it, show_choice_of(cx, field, *it), text_equal(*it, value));
    if (field->type == BOOL) {
        add_option(options, "true", "Yes", text_equal(value, "true"));
        add_option(options, "false", "No", text_equal(value, "false"));
    }
}

static void add_offered(struct cx *cx, json_object *list, const struct resource *resource,
                        const struct field *field)
{
    const char *name = field_json_name(field), *value = parameter_get(cx->request.query, name);
    json_object *filter = add_input(list, field, name, name, field_title(cx, field), value);
    json_object *options = page_list(filter, "options");
    struct rows *rows;
    page_set_bool(filter, "is_choice", true);
    add_option(options, "", "Any", !value);
    if (!offered_list(cx, resource, field, NULL, NULL, &rows))
        return;
    for (size_t i = 0; i < rows_count(rows); i++)
        add_option(options, rows_text(rows, i, 0), rows_text(rows, i, 1),
                   text_equal(rows_text(rows, i, 0), value));
}

/* Of one record, where a link says so: it is called as the rows say, which all refer to it. */
static void add_exactly(struct cx *cx, json_object *filter, const struct field *field,
                        const struct list_result *result)
{
    const char *id = parameter_get(cx->request.query, field_json_name(field));
    page_set(filter, "exactly", NULL);
    if (!id || !uuid_is(id))
        return;
    const char *title = rows_count(result->rows) > 0 ? reference_label(result, 0, field)
                                                     : reference_label_of(cx, field, id);
    json_object *exactly = page_add(filter, "exactly");
    page_set(exactly, "name", field_json_name(field));
    page_set(exactly, "value", id);
    page_set(exactly, "title", title ? title : "(not visible)");
}

/* Words that find what is referred to. */
static void add_reference(struct cx *cx, json_object *list, const struct field *field,
                          const struct list_result *result)
{
    const char *param = join(cx, field, "[q]");
    json_object *filter =
        add_input(list, field, field_json_name(field), param, field_title(cx, field),
                  parameter_get(cx->request.query, param));
    page_set(filter, "input", "search");
    add_exactly(cx, filter, field, result);
}

static bool is_found_by_words(struct cx *cx, const struct field *field)
{
    return reference_may_read(cx, field) && resource_is_searched(reference_target(field));
}

/* How many of them ask for something; what is ticked of one record is one of them. */
static size_t count_set(json_object *filters)
{
    size_t set = 0;
    for (size_t i = 0; i < json_object_array_length(filters); i++) {
        json_object *filter = json_object_array_get_idx(filters, i);
        const char *value = json_object_get_string(json_object_object_get(filter, "value"));
        set += (value && *value) || json_object_object_get(filter, "exactly");
    }
    return set;
}

/* They stand behind a button on a phone, and at a desk when they are more than a line or two. */
static void fold_filters(struct cx *cx, json_object *data, json_object *filters)
{
    enum { FEW = 6 };
    size_t count = json_object_array_length(filters), set = count_set(filters);
    page_set_bool(data, "any_filters", count > 0);
    page_set_bool(data, "few_filters", count <= FEW);
    page_set(data, "filters_set", set ? show_number(cx, (int64_t)set) : NULL);
}

static void add_exact(struct cx *cx, json_object *filters, const struct field *field)
{
    const char *name = field_json_name(field);
    add_input(filters, field, name, name, field_title(cx, field),
              parameter_get(cx->request.query, name));
}

static void add_filter(struct cx *cx, json_object *filters, const struct resource *resource,
                       const struct field *field, const struct list_result *result)
{
    if (field->type == DATE || field->type == TIME || list_is_number(field))
        add_range(cx, filters, field);
    else if (field->type == CHOICE || field->type == BOOL)
        add_choice(cx, filters, field);
    else if (field->offered)
        add_offered(cx, filters, resource, field);
    else if (is_found_by_words(cx, field))
        add_reference(cx, filters, field, result);
    else if ((field->flags & MADE) && !field->refers) /* the tenant wants it so */
        add_exact(cx, filters, field);
}

void list_add_filters(struct cx *cx, json_object *data, const struct resource *resource,
                      const struct custom *custom, const struct list_result *result)
{
    json_object *filters = page_list(data, "filters");
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if ((it->flags & FILTERED) && !(it->flags & HIDDEN) && shape_sees(cx, resource, it))
            add_filter(cx, filters, resource, it, result);
    for (size_t i = 0; i < custom->count; i++)
        if (custom->definitions[i].filtered)
            add_filter(cx, filters, resource, custom->definitions[i].field, result);
    fold_filters(cx, data, filters);
}

/* How the two directions of an order are called. */
static const char *order_words(const struct cx *cx, const struct field *field, bool descending)
{
    switch (field->type) {
    case TIME:
    case DATE:
        return cx_text(cx, descending ? "newest first" : "oldest first");
    case INT:
    case MONEY:
    case DECIMAL:
    case BASIS_POINTS:
        return cx_text(cx, descending ? "highest first" : "lowest first");
    default:
        return cx_text(cx, descending ? "Z to A" : "A to Z");
    }
}

const char *list_sort_key(struct cx *cx, const struct list_page *page, int place)
{
    const char *at = list_sort(page);
    for (; place > 0 && *at; place--) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return arena_copy(cx->arena, at, strcspn(at, ","));
}

static void add_order_options(struct cx *cx, json_object *options, const struct list_page *page,
                              const char *chosen)
{
    for (int i = 0; page->result.fields[i]; i++) {
        const struct field *field = page->result.fields[i];
        if (!(field->flags & SORTED) || (field->flags & HIDDEN))
            continue;
        for (int descending = 0; descending < 2; descending++) {
            const char *value =
                arena_printf(cx->arena, "%s%s", descending ? "-" : "", field_json_name(field));
            add_option(options, value,
                       arena_printf(cx->arena, "%s, %s", field_title(cx, field),
                                    order_words(cx, field, descending)),
                       text_equal(chosen, value));
        }
    }
}

/* By one field, then by a second and a third where the first say the same. */
void list_add_orders(struct cx *cx, json_object *data, const struct list_page *page)
{
    static const char *const labels[] = {"Order", "Then by", "Then by, third"};
    json_object *orders = page_list(data, "orders");
    for (int place = 0; place < (int)COUNT(labels); place++) {
        const char *chosen = list_sort_key(cx, page, place);
        json_object *order = page_item(orders), *options = page_list(order, "options");
        page_set(order, "label", labels[place]);
        page_set(order, "id", arena_printf(cx->arena, "list-sort-%d", place + 1));
        page_set(order, "plain", place == 0 ? list_usual_sort(page->resource) : "");
        if (place > 0)
            add_option(options, "", "–", !*chosen);
        add_order_options(cx, options, page, chosen);
        if (json_object_array_length(options) == 0)
            add_option(options, list_sort(page), "As it comes", true);
        if (json_object_array_length(options) < 3) /* one field, or none: there is no second */
            break;
    }
}

void list_add_sizes(struct cx *cx, json_object *data, const struct list_page *page)
{
    json_object *list = page_list(data, "sizes");
    const char *limit = arena_printf(cx->arena, "%lld", (long long)page->query.limit);
    bool known = false;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        known = known || strcmp(sizes[i], limit) == 0;
        add_option(list, sizes[i], sizes[i], strcmp(sizes[i], limit) == 0);
    }
    if (!known)
        add_option(list, limit, limit, true);
    page_set(data, "plain_limit", arena_printf(cx->arena, "%lld", (long long)limit_default));
}

static const char *page_address(struct cx *cx, const struct list_page *page, int64_t number)
{
    return list_address(cx, page->resource, "page",
                        arena_printf(cx->arena, "%lld", (long long)number));
}

void list_add_pager(struct cx *cx, json_object *data, const struct list_page *page)
{
    int64_t total = page->result.total, limit = page->query.limit;
    int64_t number = page->query.page > 0 ? page->query.page : 1;
    int64_t pages = limit > 0 && total > 0 ? (total + limit - 1) / limit : 1;
    int64_t from = (number - 1) * limit + 1;
    int64_t to = from + (int64_t)rows_count(page->result.rows) - 1;
    json_object *pager = page_add(data, "pager");
    const char *of = show_number(cx, total < 0 ? to : total);
    if (page->result.more)
        of = cx_printf(cx, "more than %s", of);
    page_set(pager, "shown",
             to < from ? cx_printf(cx, "None on this page of %s", of)
             : pages > 1
                 ? cx_printf(cx, "%s–%s of %s", show_number(cx, from), show_number(cx, to), of)
                 : cx_printf(cx, "%s in all", of));
    page_set_bool(pager, "many", pages > 1);
    page_set(pager, "page", show_number(cx, number));
    page_set(pager, "pages", show_number(cx, pages));
    page_set(pager, "previous",
             number > 1 ? page_address(cx, page, number - 1 < pages ? number - 1 : pages) : NULL);
    page_set(pager, "next", number < pages ? page_address(cx, page, number + 1) : NULL);
}

void list_add_empty(struct cx *cx, json_object *data, const struct list_page *page, bool filtered)
{
    const struct resource *resource = page->resource;
    bool can_create = generic_may(cx, resource, OP_CREATE);
    json_object *empty = page_add(data, "empty");
    page_set(empty, "icon", filtered || !resource->icon ? "search" : resource->icon);
    page_set(empty, "title",
             filtered ? "Nothing matches"
                      : cx_printf(cx, "No %s yet", cx_in_sentence(cx, resource->title)));
    page_set(empty, "text", filtered ? "Try other words or fewer filters." : resource->about);
    if (!filtered && !can_create) {
        page_set(empty, "action", NULL);
        return;
    }
    json_object *action = page_add(empty, "action");
    page_set(action, "title", filtered ? "Show all" : cx_printf(cx, "New %s", resource->one));
    page_set(action, "path",
             filtered ? list_plain_address(cx, resource)
                      : arena_printf(cx->arena, "%s/new", resource->page));
    page_set(action, "icon", filtered ? NULL : "plus");
    page_set_bool(action, "primary", !filtered);
}
