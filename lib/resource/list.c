/* list: a page of records, in one round trip. */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

void conditions_init(struct conditions *conditions, struct arena *arena)
{
    *conditions = (struct conditions){.arena = arena};
    buf_init(&conditions->sql, arena);
}

int conditions_parameter(struct conditions *conditions, const char *value)
{
    if (conditions->count == (int)COUNT(conditions->parameters))
        return conditions->count; /* bounded by the number of query parameters that are read */
    conditions->parameters[conditions->count++] = value;
    return conditions->count;
}

void conditions_add(struct conditions *conditions, const char *format, ...)
{
    va_list args;
    buf_puts(&conditions->sql, conditions->sql.len ? "\nand " : "\nwhere ");
    va_start(args, format);
    buf_vprintf(&conditions->sql, format, args);
    va_end(args);
}

static void add_filter(struct conditions *where, const struct list_filter *filter)
{
    const char *column = column_expression(filter->field), *operator= filter->operator;
    if (strcmp(operator, "null") == 0) {
        conditions_add(where, "(%s) is %snull", column, filter->value[0] == 't' ? "" : "not ");
        return;
    }
    int at = conditions_parameter(where, filter->value);
    if (strcmp(operator, "in") == 0)
        conditions_add(where, "(%s) = any($%d)", column, at);
    else if (strcmp(operator, "!=") == 0)
        conditions_add(where, "(%s) is distinct from $%d", column, at);
    else
        conditions_add(where, "(%s) %s $%d", column, operator, at);
}

static void add_search(struct conditions *where, const struct cx *cx,
                       const struct resource *resource, const char *search)
{
    int at = conditions_parameter(where, search);
    if (resource->no_tenant)
        conditions_add(where, "search_text like house.like_pattern($%d)", at);
    else
        conditions_add(where, "id in (select house.search_%s%s($%d))",
                       cx->db.role == DB_PLATFORM ? "every_" : "", resource->table, at);
}

static void add_all(struct conditions *where, const struct cx *cx, const struct resource *resource,
                    const struct list_query *query)
{
    if (resource->where)
        conditions_add(where, "(%s)", resource->where);
    for (const struct list_filter *filter = query->filters; filter; filter = filter->next)
        add_filter(where, filter);
    if (query->search && *query->search)
        add_search(where, cx, resource, query->search);
}

/* ---- order and cursor ---- */

struct order {
    const struct field *field; /* the first sort key */
    bool descending, several;
};

static void order_sql(struct cx *cx, const struct resource *resource, const char *sort,
                      struct buf *sql, struct order *order)
{
    bool id_given = false;
    *order = (struct order){.field = NULL};
    for (const char *at = sort; *at;) {
        size_t len = strcspn(at, ",");
        bool descending = *at == '-';
        const char *name = arena_copy(cx->arena, at + descending, len - descending);
        const struct field *field = column_find(resource, name);
        buf_printf(sql, "%s%s%s", order->field ? ", " : "\norder by ", column_expression(field),
                   descending ? " desc" : "");
        order->several = order->field != NULL;
        if (!order->field) {
            order->field = field;
            order->descending = descending;
        }
        id_given = id_given || strcmp(field->name, "id") == 0;
        at += len + (at[len] == ',');
    }
    if (!id_given)
        buf_printf(sql, ", id%s", order->descending ? " desc" : "");
}

/* The rows behind (value, id). PostgreSQL sorts nulls last ascending and first
 * descending, which the index does as well. */
static void add_cursor(struct conditions *where, const struct order *order, const char *value,
                       const char *id)
{
    const char *column = column_expression(order->field), *sign = order->descending ? "<" : ">";
    int at_id = conditions_parameter(where, id);
    if (!(order->field->flags & NULLABLE)) {
        int at = conditions_parameter(where, value);
        conditions_add(where, "(%s, id) %s ($%d, $%d)", column, sign, at, at_id);
        return;
    }
    if (!value) {
        conditions_add(where, "((%s) is null and id %s $%d%s%s%s)", column, sign, at_id,
                       order->descending ? " or (" : "", order->descending ? column : "",
                       order->descending ? ") is not null" : "");
        return;
    }
    int at = conditions_parameter(where, value);
    conditions_add(where, "((%s, id) %s ($%d, $%d)%s%s%s)", column, sign, at, at_id,
                   order->descending ? "" : " or (", order->descending ? "" : column,
                   order->descending ? "" : ") is null");
}

static bool apply_cursor(struct cx *cx, struct conditions *where, const struct order *order,
                         const struct list_query *query)
{
    const char *value, *id;
    if (!query->after)
        return true;
    if (order->several)
        return fail(cx, 400, "bad_parameter", "after: a cursor goes with one sort field.");
    if (!cursor_read(cx->arena, query->after, query->sort, &value, &id) ||
        (!value && !(order->field->flags & NULLABLE)))
        return fail(cx, 400, "bad_cursor", "after: this cursor is not of this list.");
    struct value checked;
    const char *code, *message;
    if (value && order->field->type != TIME && order->field->type != TEXT &&
        !field_check_text(cx, order->field, value, &checked, &code, &message))
        return fail(cx, 400, "bad_cursor", "after: this cursor is not of this list.");
    add_cursor(where, order, value, id);
    return true;
}

static int index_of(const struct field *const *fields, const struct field *field)
{
    for (int i = 0; fields[i]; i++)
        if (fields[i] == field)
            return i;
    return -1;
}

/* There may be more behind a full page; the cursor needs the sorted value, so
 * that is selected as the last column when it was not asked for. */
static void next_cursor(struct cx *cx, const struct list_query *query, const struct order *order,
                        struct list_result *out)
{
    size_t count = rows_count(out->rows);
    if (count == 0 || (int64_t)count < query->limit || order->several)
        return;
    if (out->total >= 0 && query->page * query->limit >= out->total)
        return;
    int at = index_of(out->fields, order->field);
    const char *value = rows_text(out->rows, count - 1, at >= 0 ? at : rows_width(out->rows) - 1);
    out->next_cursor =
        cursor_write(cx->arena, query->sort, value, rows_text(out->rows, count - 1, 0));
}

/* ---- running ---- */

static const char *select_sql(struct cx *cx, const struct resource *resource,
                              const struct list_query *query, const struct conditions *where,
                              const struct buf *order_by, const struct order *order,
                              const struct field *const *columns)
{
    struct buf sql;
    buf_init(&sql, cx->arena);
    buf_puts(&sql, "select ");
    columns_sql(&sql, columns);
    if (index_of(columns, order->field) < 0)
        buf_printf(&sql, ", (%s)", column_expression(order->field));
    buf_printf(&sql, "\nfrom %s%s%s\nlimit %lld", resource->table, where->sql.data, order_by->data,
               (long long)query->limit);
    if (!query->after && query->page > 1)
        buf_printf(&sql, " offset %lld", (query->page - 1LL) * query->limit);
    return sql.data;
}

static const char *const *copied(struct cx *cx, const struct conditions *where)
{
    size_t size = sizeof where->parameters[0] * (size_t)(where->count ? where->count : 1);
    return memcpy(arena_alloc(cx->arena, size), where->parameters, size);
}

bool list_run(struct cx *cx, const struct resource *resource, const struct list_query *query,
              struct list_result *out)
{
    struct conditions where;
    struct buf order_by;
    struct order order;
    struct batch batch;
    const struct field **columns = query->columns ? query->columns : resource_columns(resource);
    conditions_init(&where, cx->arena);
    buf_init(&order_by, cx->arena);
    add_all(&where, cx, resource, query);
    batch_init(&batch, &cx->db);
    if (query->count) {
        const char *sql =
            arena_printf(cx->arena, "select count(*)\nfrom %s%s", resource->table, where.sql.data);
        batch_add(&batch, statement_made(cx->arena, sql, 0), copied(cx, &where), where.count);
    }
    order_sql(cx, resource, query->sort, &order_by, &order);
    assert(order.field); /* a sort names at least one */
    if (!apply_cursor(cx, &where, &order, query))
        return false;
    const char *sql = select_sql(cx, resource, query, &where, &order_by, &order, columns);
    batch_add(&batch, statement_made(cx->arena, sql, 0), copied(cx, &where), where.count);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return fail_db(cx);
    *out = (struct list_result){.rows = rows[batch.count - 1],
                                .fields = columns,
                                .total = query->count ? rows_int(rows[0], 0, 0) : -1};
    next_cursor(cx, query, &order, out);
    return true;
}
