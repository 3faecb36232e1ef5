/* list_query: page, limit, after, sort, q and fields; filters have a file of their own. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/reference.h"

enum { LIMIT_MAX = 100, PAGE_MAX = 1000000, COLUMNS_MAX = 64 };

static bool refuse(struct cx *cx, const char *name, const char *why)
{
    return fail_parameter(cx, name, "invalid", "%s", why);
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

const struct field *list_find_column(struct cx *cx, const struct resource *resource,
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
        const struct field *field = list_find_column(cx, resource, name);
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

/* ---- the whole query ---- */

static bool read_number(struct cx *cx, const struct parameter *it, int64_t most, int64_t *out)
{
    const struct field number = {"number", INT, 0, 1, most};
    const char *normal = it->value;
    return list_check_value(cx, &number, it->name, it->value, &normal) &&
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
    return !cx->is_page && !text_ends(it->name, "[in]") && list_stands_before(cx, it);
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
    return list_read_filter(cx, resource, it, out);
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
    if (!cx->is_page && !list_check_currencies(cx, resource, out->filters))
        return false;
    if (out->columns && out->labels)
        add_included(cx, out);
    if (out->after && !cx->is_page && parameter_get(cx->request.query, "page"))
        return refuse(cx, "page", "it is not for use with after.");
    out->count = out->count && !out->after;
    return true;
}
