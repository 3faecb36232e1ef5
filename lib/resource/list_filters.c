/* list_filters: which rows are asked for: the parameters that bear the name of a field, and
 * filter=, which has such conditions in groups (resource/filter_text.h). A condition in a group is
 * read as the parameter is that says the same, so nothing can be asked one way that is refused the
 * other. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/period.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/filter_text.h"
#include "resource/internal.h"
#include "resource/reference.h"

enum { IN_MAX = 100 };

static bool refuse(struct cx *cx, const char *name, const char *why)
{
    return fail_parameter(cx, name, "invalid", "%s", why);
}

static bool unknown(struct cx *cx, const char *name)
{
    return fail_parameter(cx, name, "unknown_parameter", "There is no such parameter.");
}

static const struct {
    const char *word, *operator;
} operators[] = {{"", "="},   {"ne", "!="},        {"gt", ">"},  {"gte", ">="},
                 {"lt", "<"}, {"lte", "<="},       {"in", "in"}, {"null", "null"},
                 {"q", "q"},  {"within", "within"}};

static bool is_ordered(enum field_type type)
{
    return type == INT || type == MONEY || type == BASIS_POINTS || type == TIME || type == DATE ||
           type == TEXT || type == DECIMAL;
}

/* Of references to people: whoever looks. */
static bool is_me(const struct cx *cx, const struct field *field, const char *text)
{
    const struct resource *target = field->refers ? reference_target(field) : NULL;
    return target && cx->session && strcmp(text, "me") == 0 && strcmp(target->table, "users") == 0;
}

bool list_check_value(struct cx *cx, const struct field *field, const char *name, const char *text,
                      const char **normal)
{
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    if (is_me(cx, field, text)) {
        *normal = cx->session->user_id;
        return true;
    }
    if (!field_check_text(cx, field, text, &value, &code, &message))
        return fail_parameter(cx, name, code, "%s", message);
    *normal = value.text;
    return true;
}

/* ---- one of several ---- */

struct choice {
    struct cx *cx;
    const struct field *field;
    const char *name;
    struct buf out; /* PostgreSQL's array text */
    size_t count;
};

static bool add_choice(struct choice *choice, const char *text)
{
    const char *one = text;
    if (choice->count == IN_MAX)
        return refuse(choice->cx, choice->name, "too many values.");
    if (!list_check_value(choice->cx, choice->field, choice->name, text, &one))
        return false;
    buf_puts(&choice->out, choice->count++ ? ",\"" : "\"");
    for (; *one; one++) {
        if (*one == '"' || *one == '\\')
            buf_putc(&choice->out, '\\');
        buf_putc(&choice->out, *one);
    }
    buf_putc(&choice->out, '"');
    return true;
}

/* A value in quotes, those in it doubled as in CSV; NULL: they do not end before a comma. */
static const char *read_quoted(struct arena *arena, const char *at, const char **text)
{
    struct buf value;
    buf_init(&value, arena);
    for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
        at += *at == '"';
        buf_putc(&value, *at);
    }
    *text = value.data;
    return *at == '"' && (at[1] == ',' || at[1] == '\0') ? at + 1 : NULL;
}

/* a,"b, c",d */
static bool add_choices(struct choice *choice, const char *text)
{
    struct arena *arena = choice->cx->arena;
    for (const char *at = text; *at; at += *at == ',') {
        const char *one, *quote = at + strspn(at, " ");
        if (*quote != '"') {
            size_t len = strcspn(at, ",");
            one = arena_copy(arena, at, len);
            at += len;
        } else if (!(at = read_quoted(arena, quote, &one))) {
            return refuse(choice->cx, choice->name, "a quote is not closed before a comma.");
        }
        if (!add_choice(choice, one))
            return false;
    }
    return true;
}

static size_t count_given(const struct cx *cx, const char *name)
{
    size_t count = 0;
    for (const struct parameter *it = cx->request.query; it; it = it->next)
        count += strcmp(it->name, name) == 0;
    return count;
}

/* Given once it is a list; given more often, each is one value as it stands. */
static bool check_in(struct cx *cx, const struct field *field, const struct parameter *first,
                     bool alone, const char **normal)
{
    struct choice choice = {.cx = cx, .field = field, .name = first->name};
    bool good = true, is_list = alone || count_given(cx, first->name) == 1;
    buf_init(&choice.out, cx->arena);
    buf_putc(&choice.out, '{');
    for (const struct parameter *it = first; good && it; it = it->next)
        if (strcmp(it->name, first->name) == 0)
            good = is_list ? add_choices(&choice, it->value) : add_choice(&choice, it->value);
    buf_putc(&choice.out, '}');
    *normal = choice.out.data;
    return good;
}

/* The first of its name stands for all of them. */
bool list_stands_before(const struct cx *cx, const struct parameter *it)
{
    const struct parameter *first = cx->request.query;
    while (strcmp(first->name, it->name) != 0)
        first = first->next;
    return first != it;
}

/* Records that refer to one that the words find. */
static bool check_words(struct cx *cx, const struct field *field, const char *name,
                        const char *text)
{
    const struct resource *target = reference_target(field);
    if (!target || !resource_is_searched(target))
        return unknown(cx, name);
    if (!reference_may_read(cx, field))
        return fail(cx, 403, "permission_missing", "You may not see what this refers to.");
    return strlen(text) <= SEARCH_MAX || refuse(cx, name, "too long.");
}

/* ---- days that are meant relative to today ---- */

static struct list_filter *add_inside(struct cx *cx, struct list_filter *group,
                                      const struct list_filter *filter)
{
    struct list_filter **tail = &group->inside;
    while (*tail)
        tail = &(*tail)->next;
    *tail = arena_alloc(cx->arena, sizeof **tail);
    **tail = *filter;
    return *tail;
}

/* The beginning of a day: the day itself, of times the instant in the reader's zone. */
static bool add_day(struct cx *cx, struct list_filter *group, const struct field *field,
                    const char *operator, const char * day)
{
    int64_t us;
    char time[32];
    const char *zone = cx->tenant ? cx->tenant->time_zone : "UTC";
    const char *value = arena_text(cx->arena, day);
    if (!*day)
        return true;
    if (field->type == TIME) {
        if (!clock_day_begins(day, 0, zone, &us))
            return false;
        clock_format(us, time);
        value = arena_text(cx->arena, time);
    }
    add_inside(cx, group,
               &(struct list_filter){.field = field, .operator= operator, .value = value});
    return true;
}

/* "last-7-days": from the beginning of a day until that of another, by the clocks of the reader. */
static bool check_period(struct cx *cx, struct list_filter *filter, const struct parameter *it)
{
    char today[11];
    struct period period;
    const struct field *field = filter->field;
    if (field->type != TIME && field->type != DATE)
        return refuse(cx, it->name, "this field is no day.");
    clock_day_of(clock_now_us(), cx->tenant ? cx->tenant->time_zone : "UTC", today);
    if (!period_read(it->value, today, &period))
        return fail_parameter(cx, it->name, "invalid_period",
                              "Use today, this-week, last-month, last-7-days and the like.");
    filter->group = FILTER_AND;
    return (add_day(cx, filter, field, ">=", period.from) &&
            add_day(cx, filter, field, "<", period.until)) ||
           refuse(cx, it->name, "these days are too far away.");
}

static bool check_filter(struct cx *cx, struct list_filter *filter, const struct parameter *it,
                         bool alone)
{
    const char *operator= filter->operator, * name = it->name, *text = it->value;
    if (strcmp(operator, "in") == 0)
        return check_in(cx, filter->field, it, alone, &filter->value);
    if (strcmp(operator, "within") == 0)
        return check_period(cx, filter, it);
    if (strcmp(operator, "q") == 0) {
        filter->value = text;
        return check_words(cx, filter->field, name, text);
    }
    if (strcmp(operator, "null") == 0) {
        filter->value = text;
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
               refuse(cx, name, "use true or false.");
    }
    if (operator[0] != '=' && operator[0] != '!' && !is_ordered(filter->field->type))
        return refuse(cx, name, "this field has no order.");
    return list_check_value(cx, filter->field, name, text, &filter->value);
}

/* ---- one parameter ---- */

/* "valueAmount[gte]" is a field and an operator. `alone`: it is no parameter of the request, where
 * the values of [in] may be given one by one. */
static bool read_condition(struct cx *cx, const struct resource *resource,
                           const struct parameter *it, bool alone, struct list_filter **out)
{
    size_t len = strcspn(it->name, "[");
    const char *name = arena_copy(cx->arena, it->name, len), *word = "";
    if (it->name[len] == '[') {
        size_t end = strlen(it->name) - 1;
        if (it->name[end] != ']' || end <= len + 1)
            return unknown(cx, it->name);
        word = arena_copy(cx->arena, it->name + len + 1, end - len - 1);
    }
    const struct field *field = list_find_column(cx, resource, name);
    if (!field && cx->failure.status)
        return false;
    if (!field || !(field->flags & FILTERED))
        return unknown(cx, it->name);
    for (size_t i = 0; i < COUNT(operators); i++) {
        if (strcmp(operators[i].word, word) != 0)
            continue;
        if (strcmp(word, "in") == 0 && !alone && list_stands_before(cx, it))
            return true;
        struct list_filter *filter = arena_alloc(cx->arena, sizeof *filter);
        *filter = (struct list_filter){.field = field, .operator= operators[i].operator};
        *out = filter;
        return check_filter(cx, filter, it, alone);
    }
    return unknown(cx, it->name);
}

/* ---- groups ---- */

static int count_filters(const struct list_filter *filters)
{
    int count = 0;
    for (; filters; filters = filters->next)
        count += filters->inside && strcmp(filters->operator, "within") != 0
                     ? count_filters(filters->inside)
                     : 1;
    return count;
}

static bool resolve(struct cx *cx, const struct resource *resource, const struct filter_node *node,
                    struct list_filter **out)
{
    if (node->kind == FILTER_CONDITION) {
        const struct parameter one = {node->name, node->value, NULL};
        return read_condition(cx, resource, &one, true, out);
    }
    struct list_filter *group = arena_alloc(cx->arena, sizeof *group);
    struct list_filter **tail = &group->inside;
    *group = (struct list_filter){.group = node->kind, .operator= "" };
    *out = group;
    for (const struct filter_node *it = node->inside; it; it = it->next) {
        struct list_filter *one = NULL;
        if (!resolve(cx, resource, it, &one))
            return false;
        if (!one)
            continue;
        *tail = one;
        tail = &one->next;
    }
    return true;
}

/* What is wrong within it is wrong with filter=: `field` of the detail is that, the message says
 * of which condition. */
static bool blame_filter(struct cx *cx)
{
    const struct failure_detail *it = cx->failure.details;
    if (cx->failure.status != 400 || !it)
        return false;
    cx->failure = (struct failure){.status = 0};
    bool is_unknown = strcmp(it->code, "unknown_parameter") == 0;
    return fail_parameter(cx, "filter", is_unknown ? "unknown_field" : it->code, "%s: %s",
                          it->field,
                          is_unknown ? cx_text(cx, "There is no such filter.") : it->message);
}

static bool read_text(struct cx *cx, const struct resource *resource, const char *text,
                      struct list_filter **out)
{
    struct filter_error error;
    const struct filter_node *node = filter_parse(cx->arena, text, &error);
    if (!node)
        return fail_parameter(cx, "filter", error.code, "%s (%zu)", cx_text(cx, error.message),
                              error.at + 1);
    return resolve(cx, resource, node, out) || blame_filter(cx);
}

bool list_read_filter(struct cx *cx, const struct resource *resource, const struct parameter *it,
                      struct list_query *out)
{
    struct list_filter **tail = &out->filters;
    while (*tail)
        tail = &(*tail)->next;
    bool read = strcmp(it->name, "filter") == 0 && !field_find_json(resource->fields, "filter")
                    ? read_text(cx, resource, it->value, tail)
                    : read_condition(cx, resource, it, false, tail);
    return read && (count_filters(out->filters) <= FILTERS_MAX ||
                    refuse(cx, it->name, "too many filters."));
}

/* ---- amounts ---- */

/* The conditions that hold wherever one does: those beside it, and those around. */
struct beside {
    const struct list_filter *filters;
    const struct beside *around;
};

static bool currency_is_named(const struct beside *scope, const struct field *currency)
{
    for (; scope; scope = scope->around)
        for (const struct list_filter *it = scope->filters; it; it = it->next)
            if (it->field == currency && strcmp(it->operator, "=") == 0)
                return true;
    return false;
}

static bool check_amount(struct cx *cx, const struct resource *resource,
                         const struct list_filter *it, const struct beside *scope)
{
    const char *name = it->field && it->field->type == MONEY ? it->field->currency : NULL;
    const struct field *currency = name ? field_find(resource->fields, name) : NULL;
    return !currency || !(currency->flags & FILTERED) || strcmp(it->operator, "null") == 0 ||
           currency_is_named(scope, currency) ||
           fail_parameter(cx, field_json_name(currency), "required",
                          "Amounts compare within one currency: name it too.");
}

static bool check_amounts(struct cx *cx, const struct resource *resource,
                          const struct list_filter *filters, bool all, const struct beside *around)
{
    const struct beside here = {all ? filters : NULL, around};
    for (const struct list_filter *it = filters; it; it = it->next)
        if (it->inside ? !check_amounts(cx, resource, it->inside, it->group != FILTER_OR, &here)
                       : !check_amount(cx, resource, it, &here))
            return false;
    return true;
}

bool list_check_currencies(struct cx *cx, const struct resource *resource,
                           const struct list_filter *filters)
{
    return check_amounts(cx, resource, filters, true, NULL);
}
