/* order: what a list is sorted by, and where in that order a page begins.
 *
 * The id always comes last, so the order is total and a place in it is the
 * values of its keys (keyset pagination): rows that come or go elsewhere move
 * nothing. What has no value comes last, ascending and descending. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

static bool has_key(const struct order *order, const struct field *field)
{
    for (int i = 0; i < order->count; i++)
        if (strcmp(order->keys[i].field->name, field->name) == 0)
            return true;
    return false;
}

/* What is sorted by in place of a field; NULL: it may not sort. */
static const struct field *sorting_field(struct cx *cx, const struct resource *resource,
                                         const struct shape *shape, const char *name, bool asked)
{
    const struct field *field = shape_field(shape, name);
    if (!field && cx)
        field = custom_find_field(cx, resource, name);
    if (field && cx)
        field = custom_ordered(cx->arena, field);
    if (!field || (asked && !(field->flags & SORTED)))
        return NULL;
    return field->sorted_by ? shape_field(shape, field->sorted_by) : field;
}

const char *order_read(struct cx *cx, struct arena *arena, const struct resource *resource,
                       const struct shape *shape, const char *sort, bool asked, struct order *out)
{
    *out = (struct order){.sort = sort};
    for (const char *at = sort; *at;) {
        size_t len = strcspn(at, ",");
        bool descending = *at == '-';
        const char *name = arena_copy(arena, at + descending, len - descending);
        const struct field *field = sorting_field(cx, resource, shape, name, asked);
        if (!field)
            return arena_printf(arena, "one cannot sort by \"%s\".", name);
        if (out->count == ORDER_MAX - 1)
            return "too many fields.";
        if (has_key(out, field))
            return arena_printf(arena, "\"%s\" stands there twice.", name);
        out->keys[out->count].field = field;
        out->keys[out->count++].descending = descending;
        at += len + (at[len] == ',');
    }
    if (out->count == 0)
        return "name a field.";
    const struct field *id = shape->all[0];
    if (!has_key(out, id)) {
        out->keys[out->count].field = id;
        out->keys[out->count++].descending = out->keys[0].descending;
    }
    return NULL;
}

static bool is_nullable(const struct order *order, int key)
{
    return (order->keys[key].field->flags & (NULLABLE | MADE)) != 0;
}

void order_sql(const struct order *order, struct buf *sql)
{
    for (int i = 0; i < order->count; i++) {
        bool descending = order->keys[i].descending;
        buf_printf(sql, "%s(%s)%s%s", i ? ", " : "\norder by ",
                   column_expression(order->keys[i].field), descending ? " desc" : "",
                   descending && is_nullable(order, i) ? " nulls last" : "");
    }
}

/* ---- behind a cursor ---- */

struct behind {
    struct conditions *where;
    const struct order *order;
    const char *const *values;
    int numbers[ORDER_MAX]; /* of their parameters; 0: null */
};

/* Comparing rows is what an index can answer. It leaves nulls out, which come last. */
static bool rows_compare(const struct behind *behind)
{
    const struct order *order = behind->order;
    for (int i = 0; i < order->count; i++)
        if (order->keys[i].descending != order->keys[0].descending || is_nullable(order, i))
            return false;
    return true;
}

static void add_row_comparison(const struct behind *behind)
{
    struct buf left, right;
    const struct order *order = behind->order;
    buf_init(&left, behind->where->arena);
    buf_init(&right, behind->where->arena);
    for (int i = 0; i < order->count; i++) {
        buf_printf(&left, "%s(%s)", i ? ", " : "", column_expression(order->keys[i].field));
        buf_printf(&right, "%s$%d", i ? ", " : "", behind->numbers[i]);
    }
    conditions_add(behind->where, "(%s) %s (%s)", left.data, order->keys[0].descending ? "<" : ">",
                   right.data);
}

static void write_equal(struct buf *sql, const struct behind *behind, int key)
{
    const char *column = column_expression(behind->order->keys[key].field);
    if (behind->values[key])
        buf_printf(sql, "(%s) = $%d", column, behind->numbers[key]);
    else
        buf_printf(sql, "(%s) is null", column);
}

static void write_behind(struct buf *sql, const struct behind *behind, int key)
{
    const char *column = column_expression(behind->order->keys[key].field);
    const char *operator= behind->order->keys[key].descending ? "<" : ">";
    if (!behind->values[key])
        buf_puts(sql, "false");
    else if (is_nullable(behind->order, key))
        buf_printf(sql, "((%s) %s $%d or (%s) is null)", column, operator, behind->numbers[key],
                   column);
    else
        buf_printf(sql, "(%s) %s $%d", column, operator, behind->numbers[key]);
}

/* The first key is behind, or it is equal and the second is behind, … */
static void add_alternatives(const struct behind *behind)
{
    struct buf sql;
    buf_init(&sql, behind->where->arena);
    for (int last = 0; last < behind->order->count; last++) {
        buf_puts(&sql, last ? " or (" : "(");
        for (int i = 0; i < last; i++) {
            write_equal(&sql, behind, i);
            buf_puts(&sql, " and ");
        }
        write_behind(&sql, behind, last);
        buf_putc(&sql, ')');
    }
    conditions_add(behind->where, "(%s)", sql.data);
}

/* ---- a page of those with a value, and behind them of those without ---- */

bool order_has_two_walks(const struct order *order)
{
    return order->count == 2 && is_nullable(order, 0) && !order->keys[0].field->sql &&
           order->keys[1].descending == order->keys[0].descending;
}

/* Ids along the index; `from` is the place behind which they are, NULL: the first. */
static void write_walk(struct buf *sql, const struct behind *behind, const char *table,
                       bool with_value, const char *limit)
{
    const struct order *order = behind->order;
    const char *column = column_expression(order->keys[0].field);
    bool descending = order->keys[0].descending, from = behind->values != NULL;
    bool from_null = from && !behind->values[0];
    const char *way = descending ? " desc" : "", *operator= descending ? "<" : ">";
    buf_printf(sql, "(select id\nfrom %s%s\nand (%s) is %snull", table,
               behind->where->sql.len ? behind->where->sql.data : "\nwhere true", column,
               with_value ? "not " : "");
    if (with_value && from)
        buf_printf(sql, "\nand ((%s), id) %s ($%d, $%d)", column, operator, behind->numbers[0],
                   behind->numbers[1]);
    if (!with_value && from_null)
        buf_printf(sql, "\nand id %s $%d", operator, behind->numbers[1]);
    /* PostgreSQL does not know that all without a value are equal: by both keys they come along
     * the index, by the id alone all of them would be read and sorted. */
    buf_printf(sql, "\norder by (%s)%s, id%s\nlimit %s)", column, way, way, limit);
}

void order_add_two_walks(const struct order *order, struct conditions *where, const char *table,
                         const char *const *values, int64_t most)
{
    struct buf sql;
    struct behind behind = {.where = where, .order = order, .values = values};
    for (int i = 0; values && i < order->count; i++)
        if (values[i])
            behind.numbers[i] = conditions_parameter(where, values[i]);
    const char *limit = list_limit(where, most);
    buf_init(&sql, where->arena);
    buf_puts(&sql, "id = any (array(\n");
    if (!values || values[0]) {
        write_walk(&sql, &behind, table, true, limit);
        buf_puts(&sql, "\nunion all\n");
    }
    write_walk(&sql, &behind, table, false, limit);
    buf_puts(&sql, "))");
    buf_init(&where->sql, where->arena);
    conditions_add(where, "%s", sql.data);
}

void order_add_place(const struct order *order, struct conditions *where, const char *const *values)
{
    struct behind behind = {.where = where, .order = order, .values = values};
    for (int i = 0; i < order->count; i++)
        if (values[i])
            behind.numbers[i] = conditions_parameter(where, values[i]);
    if (rows_compare(&behind))
        add_row_comparison(&behind);
    else
        add_alternatives(&behind);
}

/* ---- what a cursor may hold: the values as PostgreSQL wrote them ---- */

static bool is_stored_value(const struct field *field, const char *text)
{
    int64_t number;
    char time[32];
    if (!text)
        return (field->flags & (NULLABLE | MADE)) != 0;
    switch (field->type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return text_to_int(text, INT64_MIN, INT64_MAX, &number);
    case DECIMAL:
        return *text && text[strspn(text, "0123456789.-")] == '\0';
    case BOOL:
        return strcmp(text, "t") == 0 || strcmp(text, "f") == 0;
    case UUID:
        return uuid_is(text);
    case DATE:
        return clock_is_date(text);
    case TIME:
        return clock_from_database(text, time) && clock_parse(time, &number);
    default:
        return true;
    }
}

bool order_takes_place(const struct order *order, const char *const *values)
{
    for (int i = 0; i < order->count; i++)
        if (!is_stored_value(order->keys[i].field, values[i]))
            return false;
    return true;
}
