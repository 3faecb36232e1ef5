/* list_query: page, limit, after, sort, q, fields and the filters. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/reference.h"

enum { LIMIT_MAX = 100, PAGE_MAX = 1000000, COLUMNS_MAX = 64, IN_MAX = 100, SEARCH_MAX = 200 };

static bool refuse(struct cx *cx, const char *name, const char *why)
{
    return fail_parameter(cx, name, "invalid", "%s", why);
}

static bool unknown(struct cx *cx, const char *name)
{
    return fail_parameter(cx, name, "unknown_parameter", "There is no such parameter.");
}

/* Of fields that the caller may not see it is 403. */
static bool sort_is_seen(struct cx *cx, const struct resource *resource, const char *sort)
{
    for (const char *at = sort; *at;) {
        size_t len = strcspn(at, ",");
        bool descending = *at == '-';
        shape_find(cx, resource, arena_copy(cx->arena, at + descending, len - descending));
        at += len + (at[len] == ',');
    }
    return cx->failure.status == 0;
}

/* "-createdAt,name": each must be sortable. */
static bool check_sort(struct cx *cx, const struct resource *resource, const char *sort)
{
    struct order order;
    const char *problem =
        order_read(cx, cx->arena, resource, shape_of(cx, resource), sort, true, &order);
    return !problem || (sort_is_seen(cx, resource, sort) && refuse(cx, "sort", problem));
}

static bool is_chosen(const struct field *const *columns, const struct field *field)
{
    while (*columns && *columns != field)
        columns++;
    return *columns != NULL;
}

/* What is in JSON is not the same as what pages and files have. */
static bool is_answered(const struct cx *cx, const struct field *field)
{
    bool as_columns = cx->is_page || (cx->route && cx->route->answer == ANSWER_FILE);
    return !(field->flags & (as_columns ? MEMBER_ONLY : COLUMN_ONLY));
}

/* One of the caller's shape, or of the tenant's own fields. */
static const struct field *find_column(struct cx *cx, const struct resource *resource,
                                       const char *name)
{
    const struct field *field = shape_find(cx, resource, name);
    return field || cx->failure.status ? field : custom_find_field(cx, resource, name);
}

/* An amount of the tenant's own fields is nothing without its currency, which stands behind it. */
static size_t choose(const struct field **columns, size_t count, const struct field *field)
{
    if ((field->flags & MADE) && field->type == CURRENCY)
        field--;
    if (is_chosen(columns, field))
        return count;
    columns[count++] = field;
    if ((field->flags & MADE) && field->type == MONEY)
        columns[count++] = field + 1;
    return count;
}

bool list_read_fields(struct cx *cx, const struct resource *resource, const char *text,
                      const struct field ***out)
{
    size_t count = 0;
    const struct field **columns = arena_alloc(cx->arena, sizeof *columns * (COLUMNS_MAX + 4));
    columns[count++] = shape_of(cx, resource)->all[0]; /* the id always, for the cursor */
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        const char *name = arena_copy(cx->arena, at, len);
        const struct field *field = find_column(cx, resource, name);
        if (cx->failure.status)
            return false;
        if (!field || count > COLUMNS_MAX || !is_answered(cx, field))
            return refuse(cx, "fields", cx_printf(cx, "there is no field \"%s\".", name));
        count = choose(columns, count, field);
        at += len + (at[len] == ',');
    }
    *out = columns;
    return true;
}

/* ---- filters ---- */

static const struct {
    const char *word, *operator;
} operators[] = {{"", "="},     {"ne", "!="}, {"gt", ">"},      {"gte", ">="}, {"lt", "<"},
                 {"lte", "<="}, {"in", "in"}, {"null", "null"}, {"q", "q"}};

static bool is_ordered(enum field_type type)
{
    return type == INT || type == MONEY || type == BASIS_POINTS || type == TIME || type == DATE ||
           type == TEXT || type == DECIMAL;
}

static bool check_one(struct cx *cx, const struct field *field, const char *name, const char *text,
                      const char **normal)
{
    struct value value = {.presence = ABSENT};
    const char *code, *message;
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
    if (!check_one(choice->cx, choice->field, choice->name, text, &one))
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
                     const char **normal)
{
    struct choice choice = {.cx = cx, .field = field, .name = first->name};
    bool good = true, is_list = count_given(cx, first->name) == 1;
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
static bool stands_before(const struct cx *cx, const struct parameter *it)
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

static bool check_filter(struct cx *cx, struct list_filter *filter, const struct parameter *it)
{
    const char *operator= filter->operator, * name = it->name, *text = it->value;
    if (strcmp(operator, "in") == 0)
        return check_in(cx, filter->field, it, &filter->value);
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
    return check_one(cx, filter->field, name, text, &filter->value);
}

/* "valueAmount[gte]" is a field and an operator. */
static bool read_filter(struct cx *cx, const struct resource *resource, const struct parameter *it,
                        struct list_query *out)
{
    struct list_filter **tail = &out->filters;
    int count = 0;
    size_t len = strcspn(it->name, "[");
    const char *name = arena_copy(cx->arena, it->name, len), *word = "";
    if (it->name[len] == '[') {
        size_t end = strlen(it->name) - 1;
        if (it->name[end] != ']' || end <= len + 1)
            return unknown(cx, it->name);
        word = arena_copy(cx->arena, it->name + len + 1, end - len - 1);
    }
    const struct field *field = find_column(cx, resource, name);
    if (!field && cx->failure.status)
        return false;
    if (!field || !(field->flags & FILTERED))
        return unknown(cx, it->name);
    for (; *tail; tail = &(*tail)->next)
        count++;
    if (count == FILTERS_MAX)
        return refuse(cx, it->name, "too many filters.");
    for (size_t i = 0; i < COUNT(operators); i++) {
        if (strcmp(operators[i].word, word) != 0)
            continue;
        if (strcmp(word, "in") == 0 && stands_before(cx, it))
            return true;
        struct list_filter *filter = arena_alloc(cx->arena, sizeof *filter);
        *filter = (struct list_filter){.field = field, .operator= operators[i].operator};
        *tail = filter;
        return check_filter(cx, filter, it);
    }
    return unknown(cx, it->name);
}

/* ---- the whole query ---- */

static bool read_number(struct cx *cx, const struct parameter *it, int64_t most, int64_t *out)
{
    const struct field number = {"number", INT, 0, 1, most};
    const char *normal = it->value;
    return check_one(cx, &number, it->name, it->value, &normal) &&
           text_to_int(normal, 1, most, out);
}

/* What is named by fields= alone has the id of each reference that is included. */
static void add_included(struct cx *cx, struct list_query *query)
{
    size_t count = 0, more = 0;
    while (query->columns[count])
        count++;
    while (query->labels[more])
        more++;
    const struct field **columns = arena_alloc(cx->arena, sizeof *columns * (count + more + 1));
    memcpy(columns, query->columns, sizeof *columns * (count + 1));
    for (size_t i = 0; i < more; i++)
        if (!is_chosen(columns, query->labels[i])) {
            columns[count++] = query->labels[i];
            columns[count] = NULL;
        }
    query->columns = columns;
}

static bool read_count(struct cx *cx, const struct parameter *it, struct list_query *out)
{
    out->count = strcmp(it->value, "true") == 0;
    return out->count || strcmp(it->value, "false") == 0 ||
           refuse(cx, it->name, "use true or false.");
}

/* One that is a list of values by itself may be repeated: see check_in(). */
static bool is_repeated(const struct cx *cx, const struct parameter *it)
{
    return !cx->is_page && !text_ends(it->name, "[in]") && stands_before(cx, it);
}

static bool read_parameter(struct cx *cx, const struct resource *resource,
                           const struct parameter *it, struct list_query *out)
{
    const char *name = it->name;
    if (is_repeated(cx, it))
        return fail_parameter(cx, name, "repeated_parameter", "Give it once.");
    if (strcmp(name, "page") == 0)
        return read_number(cx, it, PAGE_MAX, &out->page);
    if (strcmp(name, "count") == 0)
        return read_count(cx, it, out);
    if (strcmp(name, "limit") == 0)
        return read_number(cx, it, LIMIT_MAX, &out->limit);
    if (strcmp(name, "after") == 0) {
        out->after = it->value;
        return true;
    }
    if (strcmp(name, "sort") == 0) {
        out->sort = it->value;
        return check_sort(cx, resource, it->value);
    }
    if (strcmp(name, "fields") == 0)
        return list_read_fields(cx, resource, it->value, &out->columns);
    if (strcmp(name, "include") == 0)
        return reference_read_include(cx, resource, it->value, &out->labels);
    if (strcmp(name, "q") == 0 && resource_is_searched(resource)) {
        out->search = it->value;
        return strlen(it->value) <= SEARCH_MAX || refuse(cx, "q", "too long.");
    }
    return read_filter(cx, resource, it, out);
}

/* Amounts of different currencies do not compare: who asks for some names one. */
static bool check_currencies(struct cx *cx, const struct resource *resource,
                             const struct list_query *query)
{
    for (const struct list_filter *it = query->filters; it; it = it->next) {
        const char *name = it->field->type == MONEY ? it->field->currency : NULL;
        const struct field *currency = name ? field_find(resource->fields, name) : NULL;
        bool named =
            !currency || !(currency->flags & FILTERED) || strcmp(it->operator, "null") == 0;
        for (const struct list_filter *other = query->filters; other && !named; other = other->next)
            named = other->field == currency && strcmp(other->operator, "=") == 0;
        if (!named)
            return fail_parameter(cx, field_json_name(currency), "required",
                                  "Amounts compare within one currency: name it too.");
    }
    return true;
}

bool list_read_query(struct cx *cx, const struct resource *resource, struct list_query *out)
{
    *out = (struct list_query){.page = 1,
                               .limit = LIMIT_USUAL,
                               .count = true,
                               .sort = resource->sort ? resource->sort : "-createdAt"};
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        bool empty_control = cx->is_page && (*it->value == '\0' || *it->name == '_' ||
                                             strcmp(it->name, "view") == 0);
        bool declared = cx->input && field_find_json(cx->input->query_fields, it->name);
        if (!empty_control && !declared && !read_parameter(cx, resource, it, out))
            return false;
    }
    if (!cx->is_page && !check_currencies(cx, resource, out))
        return false;
    if (out->columns && out->labels)
        add_included(cx, out);
    if (out->after && !cx->is_page && parameter_get(cx->request.query, "page"))
        return refuse(cx, "page", "it is not for use with after.");
    out->count = out->count && !out->after;
    return true;
}
