#include "resource/offered.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/reference.h"

/* With `value` in the place of each '$'. */
static const char *follows_with(struct arena *arena, const struct field *field, const char *value)
{
    struct buf sql;
    buf_init(&sql, arena);
    for (const char *at = field->follows_sql; *at; at++)
        if (*at == '$')
            buf_puts(&sql, value);
        else
            buf_putc(&sql, *at);
    return sql.data;
}

bool offered_list(struct cx *cx, const struct resource *resource, const struct field *field,
                  const char *id, const char *more, struct rows **out)
{
    const struct resource *target = reference_target(field);
    struct order order;
    struct buf sql;
    buf_init(&sql, cx->arena);
    buf_printf(&sql, "select id, %s%s%s\nfrom %s offered", resource_label(target), more ? ", " : "",
               more ? more : "", target->table);
    if (id && field->follows_sql)
        buf_printf(&sql, "\nwhere exists (select from %s where %s.id = $1 and (%s))",
                   resource->table, resource->table, follows_with(cx->arena, field, "offered.id"));
    if (!order_read(NULL, cx->arena, target, shape_without(target, 0),
                    target->sort ? target->sort : "-createdAt", false, &order))
        order_sql(&order, &sql);
    buf_printf(&sql, "\nlimit %d", OFFERED_MOST);
    *out = db_run(&cx->db, statement_made(cx->arena, sql.data, 0), &id,
                  id && field->follows_sql ? 1 : 0);
    return *out || fail_db(cx);
}

static bool is_moved(const struct field *field, const struct value *value)
{
    return field->follows_sql && value->presence == GIVEN;
}

void offered_add_conditions(struct conditions *where, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value)) {
            int at = conditions_parameter(where, value->text);
            conditions_add(
                where, "(%s)",
                follows_with(where->arena, field, arena_printf(where->arena, "$%d::uuid", at)));
        }
    }
}

/* ---- why not ---- */

static bool is_there(struct cx *cx, const struct resource *target, const char *id, bool *there)
{
    const char *sql = arena_printf(cx->arena, "select 1 from %s where id = $1", target->table);
    struct rows *rows = db_run(&cx->db, statement_made(cx->arena, sql, 0), &id, 1);
    *there = rows && rows_count(rows) > 0;
    return rows || fail_db(cx);
}

static bool is_among(const struct rows *rows, const char *id)
{
    for (size_t i = 0; i < rows_count(rows); i++)
        if (text_equal(rows_text(rows, i, 0), id))
            return true;
    return false;
}

static bool fail_move(struct cx *cx, const struct field *field, const struct rows *rows,
                      const char *from)
{
    struct buf names, ids;
    buf_init(&names, cx->arena);
    buf_init(&ids, cx->arena);
    buf_puts(&names, "");
    buf_puts(&ids, "[");
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (text_equal(rows_text(rows, i, 0), from))
            continue;
        buf_printf(&names, "%s%s", names.len ? ", " : "", rows_text(rows, i, 1));
        buf_printf(&ids, "%s\"%s\"", ids.len > 1 ? "," : "", rows_text(rows, i, 0));
    }
    buf_putc(&ids, ']');
    const char *name = reference_name(field);
    if (names.len > 0)
        fail(cx, 409, "invalid_transition", "From here the %s can become: %s.", name, names.data);
    else
        fail(cx, 409, "invalid_transition", "From here the %s can become nothing else.", name);
    fail_add_detail(cx, field_json_name(field), "invalid_transition", cx->failure.message)
        ->allowed = ids.data;
    return false;
}

static bool move_is_allowed(struct cx *cx, const struct resource *resource,
                            const struct field *field, const char *to,
                            const struct list_result *there)
{
    const struct resource *target = reference_target(field);
    struct rows *rows;
    bool known;
    if (!is_there(cx, target, to, &known))
        return false;
    if (!known)
        return fail_field(cx, field_json_name(field), "unknown_reference", "There is no such %s.",
                          target->one);
    if (!offered_list(cx, resource, field, record_value(there, "id"), NULL, &rows))
        return false;
    return is_among(rows, to) || fail_move(cx, field, rows, record_value(there, field->name));
}

bool offered_allows_change(struct cx *cx, const struct resource *resource,
                           const struct input *input, const struct list_result *there)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value) && !move_is_allowed(cx, resource, field, value->text, there))
            return false;
    }
    return true;
}
