/* list: a page of records, in one round trip. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

/* Everything that a list of these records may show to the one signed in. With `order`, of a search
 * that is alone no more than the page shows. */
static void add_all(struct conditions *where, const struct cx *cx, const struct resource *resource,
                    const struct list_query *query, const struct viewer *viewer,
                    const struct order *order)
{
    conditions_add_resource(where, resource, viewer);
    conditions_add_filters(where, cx, resource, query);
    search_add(where, cx, resource, query, viewer, order);
}

static struct viewer list_viewer(const struct cx *cx, const struct resource *resource,
                                 const struct list_query *query)
{
    return viewer_of(cx, resource, query->action ? query->action : "read");
}

/* ---- cursors ---- */

static bool read_cursor(struct cx *cx, const struct order *order, const char *cursor,
                        const char **values)
{
    return (cursor_read(cx->arena, cursor, order->sort, values, order->count) &&
            order_takes_place(order, values)) ||
           fail_parameter(cx, "after", "bad_cursor", "This cursor is not of this list.");
}

static bool apply_cursor(struct cx *cx, struct conditions *where, const struct order *order,
                         const char *cursor)
{
    const char *values[ORDER_MAX];
    if (!cursor)
        return true;
    if (!read_cursor(cx, order, cursor, values))
        return false;
    order_add_place(order, where, values);
    return true;
}

static int index_of(const struct field *const *fields, const struct field *field)
{
    for (int i = 0; fields[i]; i++)
        if (fields[i] == field)
            return i;
    return -1;
}

/* There may be more behind a full page. The values of keys that were not asked
 * for stand behind the columns. */
static void next_cursor(struct cx *cx, const struct list_query *query, const struct order *order,
                        struct list_result *out)
{
    const char *values[ORDER_MAX];
    size_t count = rows_count(out->rows);
    int extra = 0;
    if (count == 0 || (int64_t)count < query->limit)
        return;
    if (out->total >= 0 && !out->more && query->page * query->limit >= out->total)
        return;
    while (out->fields[extra])
        extra++;
    for (int i = 0; out->labels && out->labels[i]; i++)
        extra++;
    for (int i = 0; i < order->count; i++) {
        int at = index_of(out->fields, order->keys[i].field);
        values[i] = rows_text(out->rows, count - 1, at >= 0 ? at : extra++);
    }
    out->next_cursor = cursor_write(cx->arena, order->sort, values, order->count);
}

/* ---- running ---- */

static void add_limit(struct buf *sql, struct conditions *where, const struct list_query *query)
{
    struct arena *arena = where->arena;
    buf_printf(sql, "\nlimit %s", list_limit(where, query->limit));
    if (!query->after && query->page > 1)
        buf_printf(sql, " offset $%d",
                   conditions_parameter(
                       where, arena_printf(arena, "%lld", (query->page - 1LL) * query->limit)));
}

static const char *select_sql(struct cx *cx, const struct resource *resource,
                              const struct list_query *query, struct conditions *where,
                              const struct order *order, const struct field *const *columns)
{
    struct buf sql;
    buf_init(&sql, where->arena);
    buf_puts(&sql, "select ");
    columns_sql(cx, &sql, columns);
    labels_sql(cx, &sql, where, resource, query->labels);
    for (int i = 0; i < order->count; i++)
        if (index_of(columns, order->keys[i].field) < 0)
            buf_printf(&sql, ", (%s)", column_expression(order->keys[i].field));
    buf_printf(&sql, "\nfrom %s%s", resource->table, where->sql.data);
    order_sql(order, &sql);
    add_limit(&sql, where, query);
    return sql.data;
}

static void add_count(struct batch *batch, const struct resource *resource,
                      const struct conditions *where)
{
    const char *sql =
        list_bounded_count(where->arena, resource->table, where->sql.data, COUNT_MOST);
    batch_add(batch, statement_made(where->arena, sql, 0), where->parameters, where->count);
}

enum { PAGE_MOST = 1000 }; /* behind it a page of a team, or of two walks, reads all there is */

/* A page that is not deep, and not of a search, which finds its few rows by itself. */
static bool is_page_of_team(const struct resource *resource, const struct list_query *query,
                            const struct viewer *viewer)
{
    return resource->owner && viewer->sight == SIGHT_TEAM && !(query->search && *query->search) &&
           query->page * query->limit <= PAGE_MOST;
}

/* Ascending, the first pages are what an index gives as it is. */
static bool is_page_of_two_walks(const struct list_query *query, const struct order *order)
{
    bool is_near = query->page * query->limit <= PAGE_MOST;
    return is_near && (custom_walk_serves(order) ||
                       (order_has_two_walks(order) && (query->after || order->keys[0].descending)));
}

static bool add_two_walks(struct cx *cx, struct conditions *where, const struct resource *resource,
                          const struct list_query *query, const struct order *order)
{
    const char *values[ORDER_MAX];
    if (query->after && !read_cursor(cx, order, query->after, values))
        return false;
    (custom_walk_serves(order) ? custom_walk_add : order_add_two_walks)(
        order, where, resource->table, query->after ? values : NULL,
        query->after ? query->limit : query->page * query->limit);
    return true;
}

/* Which rows the page shows. */
static bool add_page(struct cx *cx, struct conditions *where, const struct resource *resource,
                     const struct list_query *query, const struct viewer *viewer,
                     const struct order *order)
{
    struct buf sql;
    if (!is_page_of_team(resource, query, viewer) && is_page_of_two_walks(query, order))
        return add_two_walks(cx, where, resource, query, order);
    if (!is_page_of_team(resource, query, viewer))
        return apply_cursor(cx, where, order, query->after);
    conditions_init(where, cx->arena);
    conditions_add_resource(where, resource, &viewer_of_all);
    conditions_add_filters(where, cx, resource, query);
    if (!apply_cursor(cx, where, order, query->after))
        return false;
    buf_init(&sql, cx->arena);
    order_sql(order, &sql);
    conditions_page_of_team(where, resource, viewer, sql.data, query->page * query->limit);
    return true;
}

/* The statement of a list, the count before it. What is known of the result goes to `out`. */
static bool add_list(struct cx *cx, struct batch *batch, const struct resource *resource,
                     const struct list_query *query, struct order *order, struct list_result *out)
{
    struct conditions where;
    const struct shape *shape = shape_of(cx, resource);
    const struct field **columns = query->columns ? query->columns : shape->listed;
    const char *problem = order_read(cx, cx->arena, resource, shape, query->sort, false, order);
    if (problem)
        return fail_parameter(cx, "sort", "invalid", "%s", problem);
    const struct viewer viewer = list_viewer(cx, resource, query);
    bool alone = search_is_alone(resource, query, &viewer);
    conditions_init(&where, cx->arena);
    add_all(&where, cx, resource, query, &viewer, alone ? order : NULL);
    if (query->count && alone)
        search_add_count(batch, cx, resource, query, &viewer);
    else if (query->count)
        add_count(batch, resource, &where);
    if (!add_page(cx, &where, resource, query, &viewer, order))
        return false;
    const char *sql = select_sql(cx, resource, query, &where, order, columns);
    batch_add(batch, statement_made(cx->arena, sql, 0), where.parameters, where.count);
    *out = (struct list_result){.fields = columns, .labels = query->labels, .total = -1};
    return true;
}

/* All that there is, whatever the list's conditions: what is learnt serves its next ones. */
static void add_size(struct batch *batch, struct arena *arena, const struct resource *resource)
{
    const char *sql = list_bounded_count(arena, resource->table, "", SMALL_MOST);
    batch_add(batch, statement_made(arena, sql, 0), NULL, 0);
}

static void take_count(const struct cx *cx, const struct resource *resource, int64_t count,
                       struct list_result *out)
{
    out->more = count > COUNT_MOST;
    out->total = out->more ? COUNT_MOST : count;
    if (count > SMALL_MOST)
        list_weight_learn(cx, resource, count);
}

bool list_run(struct cx *cx, const struct resource *resource, const struct list_query *query,
              struct list_result *out)
{
    struct order order;
    struct batch batch;
    enum list_weight weight = list_weight_of(cx, resource, query);
    batch_init(&batch, &cx->db);
    batch.slow = weight != LIST_LIGHT;
    if (!add_list(cx, &batch, resource, query, &order, out))
        return false;
    if (weight == LIST_UNKNOWN)
        add_size(&batch, cx->arena, resource);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return fail_db(cx);
    if (weight == LIST_UNKNOWN)
        list_weight_learn(cx, resource, rows_int(rows[batch.count - 1], 0, 0));
    out->rows = rows[query->count ? 1 : 0];
    if (custom_field(resource) && !(out->custom = custom_of(cx, resource)))
        return false;
    if (query->count)
        take_count(cx, resource, rows_int(rows[0], 0, 0), out);
    next_cursor(cx, query, &order, out);
    return true;
}

bool list_count(struct cx *cx, const struct resource *resource, const struct list_query *query,
                int most, int64_t *count)
{
    struct conditions where;
    struct order order;
    const char *problem =
        order_read(cx, cx->arena, resource, shape_of(cx, resource), query->sort, false, &order);
    if (problem)
        return fail_parameter(cx, "sort", "invalid", "%s", problem);
    const struct viewer viewer = list_viewer(cx, resource, query);
    conditions_init(&where, cx->arena);
    add_all(&where, cx, resource, query, &viewer, NULL);
    if (!apply_cursor(cx, &where, &order, query->after))
        return false;
    const char *sql = list_bounded_count(cx->arena, resource->table, where.sql.data, most);
    struct batch batch;
    batch_init(&batch, &cx->db);
    batch.slow = true;
    batch_add(&batch, statement_made(cx->arena, sql, 0), where.parameters, where.count);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return fail_db(cx);
    *count = rows_int(rows[0], 0, 0);
    return true;
}

/* As many as one round trip takes. */
static bool run_some(struct cx *cx, const struct resource *const *resources, size_t step,
                     const struct list_query *queries, size_t count, struct list_result *out)
{
    struct order order[DB_BATCH_MAX];
    struct batch batch;
    batch_init(&batch, &cx->db);
    batch.slow = true;
    for (size_t i = 0; i < count; i++)
        if (!add_list(cx, &batch, resources[i * step], &queries[i], &order[i], &out[i]))
            return false;
    struct rows **rows = batch_run(&batch);
    for (size_t i = 0; rows && i < count; i++) {
        out[i].rows = rows[i];
        next_cursor(cx, &queries[i], &order[i], &out[i]);
    }
    return rows || fail_db(cx);
}

bool list_run_several(struct cx *cx, const struct resource *const *resources, size_t step,
                      const struct list_query *queries, size_t count, struct list_result *out)
{
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < DB_BATCH_MAX ? count - done : DB_BATCH_MAX;
        if (!run_some(cx, resources + done * step, step, queries + done, some, out + done))
            return false;
    }
    return true;
}

bool list_find(struct cx *cx, const struct resource *const *resources, size_t count,
               const char *search, int64_t limit, struct list_result *out)
{
    struct list_query *queries = arena_alloc(cx->arena, (count + 1) * sizeof *queries);
    for (size_t i = 0; i < count; i++)
        queries[i] =
            (struct list_query){.page = 1,
                                .limit = limit,
                                .search = search,
                                .columns = shape_of(cx, resources[i])->found,
                                .sort = resources[i]->sort ? resources[i]->sort : "-createdAt"};
    return list_run_several(cx, resources, 1, queries, count, out);
}
