/* child: rows that belong to one record and are written whole with it, such as the lines of an
 * offer: a field of the record for whoever reads or writes it, a table of its own below. */
#include <string.h>

#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

/* ---- reading: one JSON array, in the order in which they were given ---- */

static char *make_select(const struct field *field)
{
    const struct child *child = field->child;
    struct buf sql = {0};
    buf_puts(&sql, "select coalesce(json_agg(json_build_object(");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        buf_printf(&sql, "%s'%s', c.%s", it == field->fields ? "" : ", ", field_json_name(it),
                   it->name);
    buf_printf(&sql,
               ") order by c.position), '[]') from %s c\n"
               "where c.tenant_id = %s.tenant_id and c.%s = %s.id",
               child->table, child->parent, child->column, child->parent);
    return sql.data;
}

const char *child_select(const struct field *field)
{
    static struct registry known;
    char *sql = registry_find(&known, field);
    if (!sql) {
        sql = make_select(field);
        registry_add(&known, field, sql);
    }
    return sql;
}

/* ---- writing: the old ones go, the new ones come ---- */

static const char *cast_of(const struct field *field)
{
    switch (field->type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return "::bigint";
    case BOOL:
        return "::boolean";
    case DATE:
        return "::date";
    case UUID:
        return "::uuid";
    default:
        return "";
    }
}

static void write_value(struct buf *sql, const struct field *field)
{
    const char *name = field_json_name(field), *cast = cast_of(field);
    if (field->initial)
        buf_printf(sql, ", coalesce((t.e->>'%s')%s, '%s'%s)", name, cast, field->initial, cast);
    else
        buf_printf(sql, ", (t.e->>'%s')%s", name, cast);
}

static const char *insert_sql(struct arena *arena, const struct field *field)
{
    const struct child *child = field->child;
    struct buf sql;
    buf_init(&sql, arena);
    buf_printf(&sql, "insert into %s (tenant_id, %s, position", child->table, child->column);
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        buf_printf(&sql, ", %s", it->name);
    buf_puts(&sql, ")\nselect p.tenant_id, p.id, t.n");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        write_value(&sql, it);
    buf_printf(&sql,
               "\nfrom %s p\n"
               "cross join jsonb_array_elements($2::jsonb) with ordinality t (e, n)\n"
               "where p.id = $1::uuid",
               child->parent);
    return sql.data;
}

static bool write_rows(struct cx *cx, const struct field *field, const char *id, const char *rows)
{
    const char *parameters[] = {id, rows};
    const char *erase = arena_printf(cx->arena, "delete from %s\nwhere %s = $1::uuid",
                                     field->child->table, field->child->column);
    const struct statement *gone = statement_made(cx->arena, erase, DB_WRITES);
    if (!db_run(&cx->db, gone, parameters, 1))
        return fail_db(cx);
    if (strcmp(rows, "[]") == 0)
        return true;
    const struct statement *come =
        statement_made(cx->arena, insert_sql(cx->arena, field), DB_WRITES);
    return db_run(&cx->db, come, parameters, 2) || fail_db(cx);
}

/* Absent in a replacement they are none, but for those who do not see them. */
static const char *rows_given(const struct cx *cx, const struct input *input, size_t index,
                              enum operation operation)
{
    const struct value *value = &input->values[index];
    if (value->presence == GIVEN)
        return value->text;
    return operation == OP_REPLACE && shape_takes(cx, &input->fields[index]) ? "[]" : NULL;
}

bool child_is_written(const struct cx *cx, const struct input *input, enum operation operation)
{
    for (size_t i = 0; input && input->fields[i].type != FIELD_END; i++)
        if (input->fields[i].child && rows_given(cx, input, i, operation))
            return true;
    return false;
}

bool child_write(struct cx *cx, const struct input *input, enum operation operation, const char *id)
{
    for (size_t i = 0; input && input->fields[i].type != FIELD_END; i++) {
        const struct field *field = &input->fields[i];
        const char *rows = field->child ? rows_given(cx, input, i, operation) : NULL;
        if (rows && !write_rows(cx, field, id, rows))
            return false;
    }
    return true;
}
