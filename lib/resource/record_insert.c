/* record_insert: new rows. One is made by an INSERT of its own that answers the whole record.
 * Several of a resource to which nothing else belongs than its row are made by one INSERT: what
 * PostgreSQL sets up for a statement costs more than a row of it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/initial.h"
#include "resource/internal.h"
#include "resource/part.h"
#include "resource/shown.h"

/* ---- what a new row holds ---- */

struct insert_cell {
    const char *name;
    const char *value; /* NULL with an expression */
    const char *sql;   /* an expression, or NULL */
    bool is_json;      /* the value is stored as JSON */
    bool may_lack;     /* a row without it has null there */
};

struct insert_row {
    struct insert_cell *cells;
    size_t count;
};

static struct insert_cell *insert_add(struct insert_row *row, const char *name, const char *value)
{
    struct insert_cell *cell = &row->cells[row->count++];
    *cell = (struct insert_cell){.name = name, .value = value};
    return cell;
}

/* The tenant of a new record: an operator names it, others are in it. */
static bool insert_tenant(struct cx *cx, struct insert_row *row, const struct input *input)
{
    const struct field *field = field_find(input->fields, "tenant_id");
    const struct value *value = field ? input_value(input, "tenant_id") : NULL;
    if (value && value->presence == GIVEN) {
        if (cx->db.role != DB_PLATFORM && strcmp(value->text, cx->db.tenant_id) != 0)
            return fail_field(cx, "tenantId", "unknown_reference", "There is no such tenant.");
        insert_add(row, "tenant_id", value->text);
        return true;
    }
    if (!cx->db.tenant_id[0])
        return fail_field(cx, "tenantId", "required", "Say for which tenant.");
    insert_add(row, "tenant_id", arena_text(cx->arena, cx->db.tenant_id));
    return true;
}

static void insert_field(struct cx *cx, struct insert_row *row, const struct field *field,
                         const struct value *value)
{
    bool by_hook = (field->flags & READ_ONLY) && !field->sql && value->presence == GIVEN;
    if ((!field_is_column(field) && !by_hook) || strcmp(field->name, "tenant_id") == 0 ||
        (field->type == CUSTOM && text_equal(value->text, "{}")))
        return;
    if (value->presence == GIVEN) {
        struct insert_cell *cell = insert_add(row, field->name, value->text);
        cell->is_json = field->type == JSON || field->type == OBJECT || field->type == ARRAY ||
                        field->type == CUSTOM;
        cell->may_lack = (field->flags & NULLABLE) || field->type == CUSTOM;
    } else if (value->presence == ABSENT && field->initial_sql) {
        insert_add(row, field->name, NULL)->sql = field->initial_sql;
    } else if (value->presence == ABSENT && initial_is_there(field)) {
        insert_add(row, field->name, initial_text(cx, field));
    }
}

static bool insert_read(struct cx *cx, const struct resource *resource, const struct input *input,
                        const char *id, struct insert_row *row)
{
    *row = (struct insert_row){
        .cells = arena_alloc(cx->arena, sizeof *row->cells * (field_count(input->fields) + 4))};
    if (!transition_check_beginnings(cx, input) ||
        (!resource->no_tenant && !insert_tenant(cx, row, input)))
        return false;
    insert_add(row, "id", id);
    if (resource->parent) {
        insert_add(row, resource->parent_column, cx_path(cx, "id"));
        if (field_find(resource->fields, PART_MAKER))
            insert_add(row, PART_MAKER, part_maker(cx));
    }
    for (const struct field *field = input->fields; field->type != FIELD_END; field++)
        insert_field(cx, row, field, &input->values[field - input->fields]);
    return true;
}

/* ---- one ---- */

/* It stands behind the others of its record. */
static void insert_position(const struct cx *cx, const struct resource *part, struct buf *names,
                            struct buf *values, struct conditions *where)
{
    if (!part->parent || !part_is_ordered(part))
        return;
    buf_puts(names, ", " PART_POSITION);
    buf_printf(values, ", (select coalesce(max(" PART_POSITION "), 0) + 1 from %s where %s = $%d)",
               part->table, part->parent_column, conditions_parameter(where, cx_path(cx, "id")));
}

bool record_insert_row(struct cx *cx, const struct resource *resource, const struct input *input,
                       const char *id, struct list_result *out)
{
    struct insert_row row;
    struct buf names, values, sql;
    struct conditions where;
    if (!insert_read(cx, resource, input, id, &row))
        return false;
    buf_init(&names, cx->arena);
    buf_init(&values, cx->arena);
    buf_init(&sql, cx->arena);
    conditions_init(&where, cx->arena);
    for (size_t i = 0; i < row.count; i++) {
        const struct insert_cell *cell = &row.cells[i];
        buf_printf(&names, "%s%s", i ? ", " : "", cell->name);
        buf_puts(&values, i ? ", " : "");
        if (cell->sql)
            buf_printf(&values, "(%s)", cell->sql);
        else
            buf_printf(&values, "$%d", conditions_parameter(&where, cell->value));
    }
    insert_position(cx, resource, &names, &values, &where);
    buf_printf(&sql, "insert into %s (%s)\nvalues (%s)\nreturning ", resource->table, names.data,
               values.data);
    columns_sql(cx, &sql, shape_of(cx, resource)->all);
    return record_run(cx, resource, sql.data, DB_WRITES, &where, out);
}

/* ---- several ---- */

bool record_is_plain(const struct cx *cx, const struct resource *resource,
                     const struct input *input)
{
    return !resource->prepare && !resource->finish && !resource->parent && !resource->no_tenant &&
           !resource->no_common_times && !shown_is_asked(resource) && !resource->any_of &&
           !child_is_written(cx, input, OP_CREATE);
}

bool record_check_new(struct cx *cx, const struct resource *resource, struct input *input,
                      struct record_new *out)
{
    char *id = arena_alloc(cx->arena, UUID_SIZE);
    struct insert_row *row = arena_alloc(cx->arena, sizeof *row);
    uuid_new(id);
    *out = (struct record_new){.id = id, .row = row};
    return shape_allows(cx, resource, input, true) && owner_take_new(cx, resource, input) &&
           references_are_seen(cx, resource, NULL, input) &&
           insert_read(cx, resource, input, id, row);
}

static const struct insert_cell *insert_find(const struct insert_row *row, const char *name)
{
    for (size_t i = 0; i < row->count; i++)
        if (strcmp(row->cells[i].name, name) == 0)
            return &row->cells[i];
    return NULL;
}

/* What one row has and the other has not; expressions are those of the field and thus the same. */
static bool insert_lacks(const struct insert_row *row, const struct insert_row *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct insert_cell *cell = insert_find(row, other->cells[i].name);
        if (cell ? cell->sql != other->cells[i].sql : !other->cells[i].may_lack)
            return true;
    }
    return false;
}

static void insert_put_row(struct json *json, const struct insert_row *row)
{
    json_open_object(json);
    for (size_t i = 0; i < row->count; i++) {
        const struct insert_cell *cell = &row->cells[i];
        if (cell->sql || !cell->value)
            continue;
        json_key(json, cell->name);
        if (cell->is_json)
            json_put_raw(json, cell->value, strlen(cell->value));
        else
            json_put_text(json, cell->value);
    }
    json_close_object(json);
}

static void insert_name_columns(struct insert_row *all, const struct insert_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (!insert_find(all, row->cells[i].name))
            all->cells[all->count++] = row->cells[i];
}

/* In one order, whichever row had which column first: the same columns are the same statement. */
static int insert_compare(const void *a, const void *b)
{
    return strcmp(((const struct insert_cell *)a)->name, ((const struct insert_cell *)b)->name);
}

/* The values come as one array of objects, which PostgreSQL reads by the types of the table. */
static void insert_many_sql(struct buf *sql, const char *table, const struct insert_row *columns)
{
    buf_printf(sql, "insert into %s (", table);
    for (size_t i = 0; i < columns->count; i++)
        buf_printf(sql, "%s%s", i ? ", " : "", columns->cells[i].name);
    buf_puts(sql, ")\nselect ");
    for (size_t i = 0; i < columns->count; i++) {
        const struct insert_cell *cell = &columns->cells[i];
        if (cell->sql)
            buf_printf(sql, "%s(%s)", i ? ", " : "", cell->sql);
        else
            buf_printf(sql, "%sinserted.%s", i ? ", " : "", cell->name);
    }
    buf_printf(sql,
               "\nfrom jsonb_populate_recordset(null::%s, $1::jsonb) inserted\n"
               "returning id, updated_at",
               table);
}

/* Each of them says when it was written. */
static void insert_take_versions(const struct rows *rows, struct record_new *const *records,
                                 size_t count)
{
    for (size_t i = 0; i < rows_count(rows); i++)
        for (size_t at = 0; at < count; at++) {
            struct record_new *it = records[(i + at) % count];
            if (strcmp(it->id, rows_text(rows, i, 0)) != 0)
                continue;
            it->version = rows_text(rows, i, 1);
            break;
        }
}

static bool insert_many(struct cx *cx, const struct resource *resource,
                        struct record_new *const *records, size_t count)
{
    struct buf sql, text;
    struct json json;
    struct insert_row columns = {.count = 0};
    buf_init(&sql, cx->arena);
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    json_open_array(&json);
    columns.cells =
        arena_alloc(cx->arena, sizeof *columns.cells * (field_count(resource->fields) + 64));
    for (size_t i = 0; i < count; i++) {
        insert_name_columns(&columns, records[i]->row);
        insert_put_row(&json, records[i]->row);
    }
    json_close_array(&json);
    qsort(columns.cells, columns.count, sizeof *columns.cells, insert_compare);
    insert_many_sql(&sql, resource->table, &columns);
    const char *const parameters[] = {text.data};
    struct rows *rows =
        db_run(&cx->db, statement_made(cx->arena, sql.data, DB_WRITES), parameters, 1);
    if (!rows)
        return fail_db(cx);
    insert_take_versions(rows, records, count);
    for (size_t i = 0; i < count; i++)
        if (resource->committed)
            record_tell_committed(cx, resource, OP_CREATE, records[i]->id);
    return true;
}

bool record_create_all(struct cx *cx, const struct resource *resource,
                       struct record_new *const *records, size_t count)
{
    size_t at = 0;
    while (at < count) {
        const struct insert_row *first = records[at]->row;
        size_t end = at + 1;
        while (end < count && !insert_lacks(first, records[end]->row) &&
               !insert_lacks(records[end]->row, first))
            end++;
        if (!insert_many(cx, resource, records + at, end - at))
            return false;
        at = end;
    }
    return true;
}
