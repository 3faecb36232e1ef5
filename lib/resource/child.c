/* child: rows that belong to one record and are written whole with it, such as the lines of an
 * offer: a field of the record for whoever reads or writes it, a table of its own below. */
#include <string.h>

#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/part.h"

/* ---- reading: one JSON array, in the order in which they were given ---- */

static char *make_select(const struct field *field)
{
    const struct resource *child = field->child;
    struct buf sql = {0};
    buf_puts(&sql, "select coalesce(json_agg(json_build_object(");
    for (const struct field *it = field->fields; it->type != FIELD_END; it++)
        buf_printf(&sql, "%s'%s', c.%s", it == field->fields ? "" : ", ", field_json_name(it),
                   it->name);
    buf_printf(&sql,
               ") order by c." PART_POSITION ", c.id), '[]') from %s c\n"
               "where c.tenant_id = %s.tenant_id and c.%s = %s.id",
               child->table, child->parent->table, child->parent_column, child->parent->table);
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

/* ---- writing: rows with an id stay and change, the others come, what is not named goes ---- */

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
    case TIME:
        return "::timestamptz";
    case UUID:
        return "::uuid";
    default:
        return "";
    }
}

static bool is_id(const struct field *field)
{
    return strcmp(field->name, "id") == 0;
}

bool child_is_typed(const struct field *field)
{
    return !is_id(field) && field->type != CHOICE && field->type != BOOL;
}

/* ", " and the name of each column but the id, with what stands before it. */
static void write_names(struct buf *sql, const struct field *fields, const char *of)
{
    for (const struct field *it = fields; it->type != FIELD_END; it++)
        if (!is_id(it))
            buf_printf(sql, ", %s%s", of, it->name);
}

static void write_values(struct buf *sql, const struct field *fields)
{
    for (const struct field *it = fields; it->type != FIELD_END; it++) {
        const char *name = field_json_name(it), *cast = cast_of(it);
        if (is_id(it))
            continue;
        if (it->initial)
            buf_printf(sql, ", coalesce((t.e->>'%s')%s, '%s'%s)", name, cast, it->initial, cast);
        else
            buf_printf(sql, ", (t.e->>'%s')%s", name, cast);
    }
}

/* Each writes with the record's id as $1 and the rows as $2. */
enum { GIVEN_PARAMETERS = 2 };
static const char given[] =
    "jsonb_array_elements($2::jsonb) with ordinality t (e, n)"; /* the rows, from 1 on */

static bool run(struct cx *cx, const char *sql, unsigned flags, const char *id, const char *rows,
                struct rows **out)
{
    const char *parameters[] = {id, rows};
    *out = db_run(&cx->db, statement_made(cx->arena, sql, flags), parameters, GIVEN_PARAMETERS);
    return *out || fail_db(cx);
}

/* An id is of a row of this record, and stands there once. */
static bool check_ids(struct cx *cx, const struct field *field, const char *id, const char *rows)
{
    const struct resource *child = field->child;
    struct rows *wrong;
    const char *sql =
        arena_printf(cx->arena,
                     "select t.n - 1\n"
                     "from %s\n"
                     "where t.e->>'id' is not null and (not exists (\n"
                     "    select\n"
                     "    from %s c\n"
                     "    where c.%s = $1::uuid and c.id = (t.e->>'id')::uuid\n"
                     ") or t.n > (\n"
                     "    select min(o.n)\n"
                     "    from jsonb_array_elements($2::jsonb) with ordinality o (e, n)\n"
                     "    where (o.e->>'id')::uuid = (t.e->>'id')::uuid))\n"
                     "order by t.n\n"
                     "limit 1",
                     given, child->table, child->parent_column);
    if (!run(cx, sql, 0, id, rows, &wrong))
        return false;
    if (rows_count(wrong) == 0)
        return true;
    const char *name =
        arena_printf(cx->arena, "%s[%s].id", field_json_name(field), rows_text(wrong, 0, 0));
    return fail_field(cx, name, "unknown_reference",
                      "This record has no such row, or it is given twice.");
}

static bool erase_rest(struct cx *cx, const struct resource *child, const char *id,
                       const char *rows)
{
    struct rows *gone;
    return run(cx,
               arena_printf(cx->arena,
                            "delete from %s\n"
                            "where %s = $1::uuid and id <> all (array(\n"
                            "    select (t.e->>'id')::uuid\n"
                            "    from %s\n"
                            "    where t.e->>'id' is not null))",
                            child->table, child->parent_column, given),
               DB_WRITES, id, rows, &gone);
}

/* Rows that are as they were are not written: they have no event. */
static bool change_kept(struct cx *cx, const struct field *field, const char *id, const char *rows)
{
    const struct resource *child = field->child;
    struct rows *changed;
    struct buf sql;
    buf_init(&sql, cx->arena);
    buf_printf(&sql, "update %s c\nset (" PART_POSITION, child->table);
    write_names(&sql, field->fields, "");
    buf_puts(&sql, ") = (t.n");
    write_values(&sql, field->fields);
    buf_printf(&sql, ")\nfrom %s\nwhere c.%s = $1::uuid and c.id = (t.e->>'id')::uuid\n", given,
               child->parent_column);
    buf_puts(&sql, "and (c." PART_POSITION);
    write_names(&sql, field->fields, "c.");
    buf_puts(&sql, ") is distinct from (t.n");
    write_values(&sql, field->fields);
    buf_puts(&sql, ")");
    return run(cx, sql.data, DB_WRITES, id, rows, &changed);
}

static bool insert_new(struct cx *cx, const struct field *field, const char *id, const char *rows)
{
    const struct resource *child = field->child;
    struct rows *come;
    struct buf sql;
    buf_init(&sql, cx->arena);
    buf_printf(&sql, "insert into %s (tenant_id, %s, " PART_POSITION, child->table,
               child->parent_column);
    write_names(&sql, field->fields, "");
    buf_puts(&sql, ")\nselect p.tenant_id, p.id, t.n");
    write_values(&sql, field->fields);
    buf_printf(&sql,
               "\nfrom %s p\n"
               "cross join %s\n"
               "where p.id = $1::uuid and t.e->>'id' is null",
               child->parent->table, given);
    return run(cx, sql.data, DB_WRITES, id, rows, &come);
}

static bool has_ids(json_object *rows)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        if (json_object_object_get(json_object_array_get_idx(rows, i), "id"))
            return true;
    return false;
}

static bool write_rows(struct cx *cx, const struct field *field, enum operation operation,
                       const char *id, const char *rows, json_object *list)
{
    bool any = list && json_object_array_length(list) > 0, kept = any && has_ids(list);
    if (kept && !check_ids(cx, field, id, rows))
        return false;
    if (operation != OP_CREATE && !erase_rest(cx, field->child, id, rows))
        return false;
    return (!kept || change_kept(cx, field, id, rows)) && (!any || insert_new(cx, field, id, rows));
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
        if (rows && !write_rows(cx, field, operation, id, rows, input->values[i].json))
            return false;
    }
    return true;
}
