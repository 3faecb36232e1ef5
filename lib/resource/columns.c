/* columns: which fields an answer has, and what they are in SQL. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/registry.h"
#include "resource/file_field.h"
#include "resource/internal.h"

const struct field resource_common_fields[] = {
    {"id", UUID, READ_ONLY | HIDDEN | FILTERED | SORTED, .label = "Id",
     .example = "0192f0c1-7c1e-7000-8000-000000000001"},
    {"created_at", TIME, READ_ONLY | FILTERED | SORTED, .label = "Created",
     .example = "2026-11-21T09:30:00Z"},
    {"updated_at", TIME, READ_ONLY | FILTERED | SORTED, .label = "Changed",
     .example = "2026-11-21T09:30:00Z"},
    {.type = FIELD_END}};

static bool is_seen(const struct field *field)
{
    return !(field->flags & INPUT_ONLY) && field->type != SECRET;
}

/* Those with none of the flags that are not among the unseen. */
static const struct field **make(const struct resource *resource, unsigned without, unsigned unseen)
{
    size_t count = field_count(resource_common_fields) + field_count(resource->fields), at = 0;
    const struct field **columns = calloc(count + 1, sizeof *columns);
    if (!columns)
        log_out_of_memory();
    for (const struct field *field = resource_common_fields; field->type != FIELD_END; field++)
        if (!resource->no_common_times || field == resource_common_fields)
            columns[at++] = field;
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (is_seen(field) && !(field->flags & without) && !(unseen & shape_bit(resource, field)))
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

/* Those of a resource that somebody sees who may not see some fields, kept for the process's life:
 * there are as many as there are sets of fields that somebody lacks. */
struct known {
    struct shape whole;
    struct narrow {
        unsigned unseen;
        struct shape shape;
        struct narrow *next;
    } * narrow;
};

static void *keep_zeroed(size_t size)
{
    void *kept = calloc(1, size);
    if (!kept)
        log_out_of_memory();
    return kept;
}

static void shape_fill(struct shape *shape, const struct resource *resource, unsigned unseen)
{
    shape->all = make(resource, 0, unseen);
    shape->listed = make(resource, LIST_OMITTED, unseen);
    shape->found = make_found(resource, shape->all);
}

static struct known *known_of(const struct resource *resource)
{
    static struct registry all;
    struct known *known = registry_find(&all, resource);
    if (known)
        return known;
    known = keep_zeroed(sizeof *known);
    shape_fill(&known->whole, resource, 0);
    registry_add(&all, resource, known);
    return known;
}

struct shape *shape_without(const struct resource *resource, unsigned unseen)
{
    struct known *known = known_of(resource);
    struct narrow *it = known->narrow;
    if (!unseen)
        return &known->whole;
    while (it && it->unseen != unseen)
        it = it->next;
    if (it)
        return &it->shape;
    it = keep_zeroed(sizeof *it);
    it->unseen = unseen;
    it->next = known->narrow;
    shape_fill(&it->shape, resource, unseen);
    known->narrow = it;
    return &it->shape;
}

const struct field **resource_columns(const struct resource *resource)
{
    return known_of(resource)->whole.all;
}

const char *column_expression(const struct field *field)
{
    return field_ordered(field);
}

void columns_sql(const struct cx *cx, struct buf *sql, const struct field *const *columns)
{
    for (int i = 0; columns[i]; i++) {
        const struct field *it = columns[i];
        const char *expression = it->sql_for              ? it->sql_for(cx)
                                 : it->child              ? child_select(it)
                                 : it->type == FILE_FIELD ? file_field_select(it)
                                                          : it->sql;
        buf_puts(sql, i ? ", " : "");
        if (expression)
            buf_printf(sql, "(%s) as \"%s\"", expression, it->name);
        else
            buf_puts(sql, it->name);
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
