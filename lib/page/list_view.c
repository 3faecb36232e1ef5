/* list_view: which columns, how many rows and which order somebody chose for a list. It is
 * kept in a cookie that goes to that list alone, "50~-value.name.email" (rows, order,
 * columns), and counts where the address does not say: a shared address shows what its
 * sender saw, and changes nobody's choice. What is a draft of a saved view (list_saved.c) says
 * everything by its address. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/custom.h"
#include "resource/list_address.h"
#include "resource/shape.h"

static const char cookie[] = "view";
enum { LIFE_S = 31536000, ROWS_MAX = 100, VALUE_MAX = 1500 };

static bool is_column_name(struct cx *cx, const struct resource *resource, const char *name)
{
    return shape_field(shape_of(cx, resource), name) != NULL ||
           custom_find_field(cx, resource, name) != NULL;
}

/* A dot divides the names; those in the names of the tenant's own fields are colons. */
static const char *dots_as(struct cx *cx, const char *name, char from, char to)
{
    char *out = arena_text(cx->arena, name);
    for (char *c = out; *c; c++)
        if (*c == from)
            *c = to;
    return out;
}

/* One that may be asked for, by this list. */
static bool is_order(struct cx *cx, const struct resource *resource, const char *sort)
{
    struct parameter asked = {"sort", sort, NULL};
    return *sort && !list_address_problem(cx, resource, &asked);
}

/* Several keys stand in the cookie with a plus between them. */
static const char *order_kept(struct cx *cx, const char *sort)
{
    return dots_as(cx, dots_as(cx, sort, '.', ':'), ',', '+');
}

static const char *order_recalled(struct cx *cx, const char *kept)
{
    return dots_as(cx, dots_as(cx, kept, ':', '.'), '+', ',');
}

bool list_view_remember(struct cx *cx, const struct resource *resource)
{
    const struct parameter *query = cx->request.query;
    const char *rows = parameter_get(query, "limit"), *fields = parameter_get(query, "fields");
    const char *sort = parameter_get(query, "sort");
    int64_t number;
    struct buf value;
    if (!parameter_get(query, "_view"))
        return false;
    if (list_is_of_view(query))
        return page_go(cx, list_address(cx, resource, NULL, NULL));
    buf_init(&value, cx->arena);
    buf_puts(&value, rows && text_to_int(rows, 1, ROWS_MAX, &number) ? rows : "0");
    if (sort && strcmp(sort, list_usual_sort(resource)) != 0 && is_order(cx, resource, sort))
        buf_printf(&value, "~%s", order_kept(cx, sort));
    for (const char *at = fields ? fields : ""; *at && value.len < VALUE_MAX;) {
        size_t len = strcspn(at, ",");
        const char *name = arena_copy(cx->arena, at, len);
        if (is_column_name(cx, resource, name))
            buf_printf(&value, ".%s", dots_as(cx, name, '.', ':'));
        at += len + (at[len] == ',');
    }
    bool usual = strcmp(value.data, "0") == 0;
    response_cookie_below(cx, resource->page, cookie, usual ? "" : value.data, usual ? 0 : LIFE_S);
    return page_go(cx, list_address(cx, resource, NULL, NULL));
}

static struct parameter *in_front(struct cx *cx, const char *name, const char *value,
                                  struct parameter *next)
{
    struct parameter *made = arena_alloc(cx->arena, sizeof *made);
    *made = (struct parameter){name, value, next};
    return made;
}

/* The columns that there still are, as fields= takes them. */
static const char *columns_of(struct cx *cx, const struct resource *resource, const char *kept)
{
    struct buf fields;
    buf_init(&fields, cx->arena);
    buf_puts(&fields, "");
    while (*kept == '.') {
        size_t len = strcspn(++kept, ".");
        const char *name = dots_as(cx, arena_copy(cx->arena, kept, len), ':', '.');
        if (is_column_name(cx, resource, name))
            buf_printf(&fields, "%s%s", fields.len ? "," : "", name);
        kept += len;
    }
    return fields.data;
}

struct parameter *list_view_recall(struct cx *cx, const struct resource *resource)
{
    struct parameter *query = cx->request.query;
    const char *kept = request_cookie(&cx->request, cookie);
    int64_t rows;
    if (!kept || list_is_of_view(query) || parameter_get(query, "limit") ||
        parameter_get(query, "fields"))
        return query;
    size_t len = strcspn(kept, "."), before = strcspn(kept, ".~");
    const char *limit = arena_copy(cx->arena, kept, before);
    const char *order = before < len ? kept + before + 1 : NULL;
    const char *sort =
        order ? order_recalled(cx, arena_copy(cx->arena, order, len - before - 1)) : NULL;
    const char *fields = columns_of(cx, resource, kept + len);
    if (sort && !parameter_get(query, "sort") && is_order(cx, resource, sort))
        query = in_front(cx, "sort", sort, query);
    if (text_to_int(limit, 1, ROWS_MAX, &rows))
        query = in_front(cx, "limit", limit, query);
    return *fields ? in_front(cx, "fields", fields, query) : query;
}
