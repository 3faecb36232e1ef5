/* record: reading one record, as far as the caller sees it. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/reference.h"

bool record_fail_missing(struct cx *cx, const struct resource *resource)
{
    return fail(cx, 404, "not_found", "There is no such %s.", resource->one);
}

static bool run_statement(struct cx *cx, const struct resource *resource, const char *sql,
                          unsigned flags, const char *const *parameters, int count,
                          struct list_result *out)
{
    struct rows *rows = db_run(&cx->db, statement_made(cx->arena, sql, flags), parameters, count);
    *out = (struct list_result){.rows = rows, .fields = shape_of(cx, resource)->all, .total = -1};
    if (!rows)
        return fail_db(cx);
    return !custom_field(resource) || (out->custom = custom_of(cx, resource)) != NULL;
}

bool record_run(struct cx *cx, const struct resource *resource, const char *sql, unsigned flags,
                const struct conditions *where, struct list_result *out)
{
    return run_statement(cx, resource, sql, flags, where->parameters, where->count, out);
}

bool record_find(struct cx *cx, const struct resource *resource, const char *id,
                 const struct viewer *viewer, struct list_result *out)
{
    const char *parameters[] = {id, viewer->user_id};
    if (viewer->cx)
        return record_look(cx, resource, id, viewer, NULL, 0, out);
    return run_statement(cx, resource, shape_one_sql(cx, resource, viewer->sight), 0, parameters,
                         viewer->user_id ? 2 : 1, out);
}

bool record_get(struct cx *cx, const struct resource *resource, const char *id,
                struct list_result *out)
{
    const struct viewer viewer = viewer_of(cx, resource, "read");
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    if (!record_find(cx, resource, id, &viewer, out))
        return false;
    return rows_count(out->rows) == 1 || record_fail_missing(cx, resource);
}

bool record_get_named(struct cx *cx, const struct resource *resource, const char *id,
                      const struct field **labels, struct list_result *out)
{
    const struct viewer viewer = viewer_of(cx, resource, "read");
    struct conditions where;
    struct buf sql;
    if (!labels || !*labels)
        return record_get(cx, resource, id, out);
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    conditions_init(&where, cx->arena);
    conditions_add_id(&where, id);
    conditions_add_resource(&where, resource, &viewer);
    buf_init(&sql, cx->arena);
    buf_puts(&sql, "select ");
    columns_sql(cx, &sql, shape_of(cx, resource)->all);
    labels_sql(cx, &sql, &where, resource, labels);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    if (!record_run(cx, resource, sql.data, 0, &where, out))
        return false;
    out->labels = labels;
    return rows_count(out->rows) == 1 || record_fail_missing(cx, resource);
}

bool record_get_with(struct cx *cx, const struct resource *resource, const char *id,
                     const char *permission, struct list_result *out)
{
    const struct viewer viewer = viewer_with(cx, resource, permission);
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    if (!record_find(cx, resource, id, &viewer, out))
        return false;
    return rows_count(out->rows) == 1 ||
           (record_explain_missing(cx, resource, id, &viewer) && record_fail_missing(cx, resource));
}

bool record_get_all(struct cx *cx, const struct resource *resource, const char *const *ids,
                    size_t count, struct list_result *out)
{
    const struct viewer viewer = viewer_of(cx, resource, "read");
    struct buf list;
    buf_init(&list, cx->arena);
    buf_putc(&list, '{');
    for (size_t i = 0; i < count; i++)
        if (uuid_is(ids[i]))
            buf_printf(&list, "%s%s", list.len > 1 ? "," : "", ids[i]);
    buf_putc(&list, '}');
    const char *parameters[] = {list.data, viewer.user_id};
    return run_statement(cx, resource, shape_many_sql(cx, resource, viewer.sight), 0, parameters,
                         viewer.user_id ? 2 : 1, out);
}

bool record_look(struct cx *cx, const struct resource *resource, const char *id,
                 const struct viewer *viewer, const char *more, unsigned flags,
                 struct list_result *out)
{
    struct conditions where;
    struct buf sql;
    conditions_init(&where, cx->arena);
    conditions_add_id(&where, id);
    conditions_add_resource(&where, resource, viewer);
    buf_init(&sql, cx->arena);
    buf_puts(&sql, "select ");
    columns_sql(cx, &sql, shape_of(cx, resource)->all);
    if (more)
        buf_printf(&sql, ", (%s)", more);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    if (flags & RECORD_LOCKED)
        buf_puts(&sql, "\nfor no key update");
    return record_run(cx, resource, sql.data, flags & RECORD_LOCKED ? DB_WRITES : 0, &where, out);
}

const char *record_value(const struct list_result *record, const char *name)
{
    for (int i = 0; record->fields[i]; i++)
        if (strcmp(record->fields[i]->name, name) == 0)
            return rows_text(record->rows, 0, i);
    return NULL;
}

bool record_explain_missing(struct cx *cx, const struct resource *resource, const char *id,
                            const struct viewer *viewer)
{
    struct list_result there = {.fields = shape_of(cx, resource)->all};
    if (!record_get(cx, resource, id, &there) || !record_find(cx, resource, id, viewer, &there))
        return false;
    return rows_count(there.rows) == 1 || sight_refuse(cx, resource, viewer->sight);
}
