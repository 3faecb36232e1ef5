/* columns: which fields an answer has, and what they are in SQL. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/registry.h"
#include "resource/internal.h"

const struct field resource_common_fields[] = {
    {"id", UUID, READ_ONLY | HIDDEN | FILTERED, .label = "Id",
     .example = "0192f0c1-7c1e-7000-8000-000000000001"},
    {"created_at", TIME, READ_ONLY | FILTERED | SORTED, .label = "Created",
     .example = "2026-11-21T09:30:00Z"},
    {"updated_at", TIME, READ_ONLY | FILTERED, .label = "Changed",
     .example = "2026-11-21T09:30:00Z"},
    {.type = FIELD_END}};

static bool is_seen(const struct field *field)
{
    return !(field->flags & INPUT_ONLY) && field->type != SECRET && field->type != FILE_FIELD;
}

/* Those with none of the flags. */
static const struct field **make(const struct resource *resource, unsigned without)
{
    size_t count = field_count(resource_common_fields) + field_count(resource->fields), at = 0;
    const struct field **columns = calloc(count + 1, sizeof *columns);
    if (!columns)
        log_out_of_memory();
    for (const struct field *field = resource_common_fields; field->type != FIELD_END; field++)
        if (!resource->no_common_times || field == resource_common_fields)
            columns[at++] = field;
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (is_seen(field) && !(field->flags & without))
            columns[at++] = field;
    return columns;
}

/* The id, what names a record and what is searched. */
static const struct field **make_found(const struct resource *resource,
                                       const struct field *const *all)
{
    size_t at = 0, count = field_count(resource_common_fields) + field_count(resource->fields);
    const struct field **columns = calloc(count + 1, sizeof *columns);
    if (!columns)
        log_out_of_memory();
    for (int i = 0; all[i]; i++)
        if (i == 0 || (all[i]->flags & SEARCHED) ||
            strcmp(all[i]->name, resource_label(resource)) == 0)
            columns[at++] = all[i];
    return columns;
}

struct known {
    const struct field **all, **listed, **found;
    const char *one_sql[SIGHT_ALL + 1], *many_sql[SIGHT_ALL + 1]; /* by the viewer's sight */
};

/* Texts of the process's life. */
static struct arena *forever(void)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new();
    return arena;
}

static const char *make_sql(const struct resource *resource, const struct field *const *columns,
                            enum sight sight, bool many)
{
    struct conditions where;
    struct buf sql;
    const struct viewer viewer = {.sight = sight};
    conditions_init(&where, forever());
    (many ? conditions_add_ids : conditions_add_id)(&where, NULL);
    conditions_add_resource(&where, resource, &viewer);
    buf_init(&sql, forever());
    buf_puts(&sql, "select ");
    columns_sql(&sql, columns);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    return sql.data;
}

static const struct known *known_of(const struct resource *resource)
{
    static struct registry all;
    struct known *known = registry_find(&all, resource);
    if (known)
        return known;
    known = calloc(1, sizeof *known);
    if (!known)
        log_out_of_memory();
    known->all = make(resource, 0);
    known->listed = make(resource, LIST_OMITTED);
    known->found = make_found(resource, known->all);
    for (enum sight sight = SIGHT_NONE; sight <= SIGHT_ALL; sight++) {
        known->one_sql[sight] = make_sql(resource, known->all, sight, false);
        known->many_sql[sight] = make_sql(resource, known->all, sight, true);
    }
    registry_add(&all, resource, known);
    return known;
}

const struct field **resource_columns(const struct resource *resource)
{
    return known_of(resource)->all;
}

const struct field **resource_list_columns(const struct resource *resource)
{
    return known_of(resource)->listed;
}

const struct field **resource_found_columns(const struct resource *resource)
{
    return known_of(resource)->found;
}

const char *resource_one_sql(const struct resource *resource, enum sight sight)
{
    return known_of(resource)->one_sql[sight];
}

const char *column_expression(const struct field *field)
{
    return field_ordered(field);
}

const char *resource_many_sql(const struct resource *resource, enum sight sight)
{
    return known_of(resource)->many_sql[sight];
}

void columns_sql(struct buf *sql, const struct field *const *columns)
{
    for (int i = 0; columns[i]; i++) {
        buf_puts(sql, i ? ", " : "");
        if (columns[i]->sql || columns[i]->child)
            buf_printf(sql, "(%s) as %s",
                       columns[i]->sql ? columns[i]->sql : child_select(columns[i]),
                       columns[i]->name);
        else
            buf_puts(sql, columns[i]->name);
    }
}

void labels_sql(struct cx *cx, struct buf *sql, struct conditions *where,
                const struct resource *resource, const struct field *const *labels)
{
    for (; labels && *labels; labels++)
        reference_label_sql(cx, sql, where, resource, *labels);
}

bool resource_is_searched(const struct resource *resource)
{
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (field->flags & SEARCHED)
            return true;
    return false;
}

const char *resource_label(const struct resource *resource)
{
    return resource->label ? resource->label : resource->fields->name;
}

const struct field *column_find(const struct resource *resource, const char *json_name)
{
    const struct field **columns = resource_columns(resource);
    for (int i = 0; columns[i]; i++)
        if (strcmp(field_json_name(columns[i]), json_name) == 0)
            return columns[i];
    return NULL;
}
