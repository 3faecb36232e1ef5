#include "resource/part.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "access/session.h"
#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/shape.h"

const char *part_variable(const struct resource *part)
{
    static struct registry known;
    char *name = registry_find(&known, part);
    if (!name) {
        const char *word = strrchr(part->one, ' ');
        name = engine_text("%sId", text_pascal(engine_arena(), word ? word + 1 : part->one));
        name[0] = (char)tolower((unsigned char)name[0]);
        registry_add(&known, part, name);
    }
    return name;
}

bool part_is_ordered(const struct resource *part)
{
    return field_find(part->fields, PART_POSITION) != NULL;
}

/* ---- finding ---- */

static const char *parent_permission(const struct cx *cx, const struct resource *part,
                                     const char *action)
{
    return arena_printf(cx->arena, "%s:%s", part->parent->permission, action);
}

static const struct field *field_of(const struct resource *part)
{
    const struct field *it = part->parent->fields;
    while (it->type != FIELD_END && it->child != part)
        it++;
    return it;
}

/* Rows that are a field of their record are seen and written as far as that field is. */
static bool may_meet(struct cx *cx, const struct resource *part, const char *action)
{
    if (!part_is_ordered(part))
        return true;
    const struct field *field = field_of(part);
    if (!shape_sees(cx, part->parent, field))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.",
                    field->seen_with);
    return strcmp(action, "read") == 0 || shape_writes(cx, part->parent, field) ||
           fail(cx, 403, "permission_missing", "This needs the permission %s.",
                field->changed_with);
}

bool part_find_parent(struct cx *cx, const struct resource *part, const char *action,
                      struct list_result *out)
{
    return may_meet(cx, part, action) && record_get_with(cx, part->parent, cx_path(cx, "id"),
                                                         parent_permission(cx, part, action), out);
}

bool part_find_row(struct cx *cx, const struct resource *part, const struct field **labels,
                   struct list_result *out)
{
    if (!record_get_named(cx, part, cx_path(cx, part_variable(part)), labels, out))
        return false;
    return strcasecmp(record_value(out, part->parent_column), cx_path(cx, "id")) == 0 ||
           record_fail_missing(cx, part);
}

void part_of(struct cx *cx, const struct resource *part, const char *parent_id,
             struct list_query *query)
{
    struct list_filter *filter = arena_alloc(cx->arena, sizeof *filter);
    *filter = (struct list_filter){.field = field_find(part->fields, part->parent_column),
                                   .operator= "=",
                                   .value = parent_id,
                                   .next = query->filters};
    query->filters = filter;
}

/* ---- whose ---- */

const char *part_maker(const struct cx *cx)
{
    bool at_home = cx->session && strcmp(cx->session->tenant_id, cx->db.tenant_id) == 0;
    return at_home ? cx->session->user_id : NULL;
}

static int maker_column(const struct list_result *rows)
{
    for (int i = 0; rows->fields[i]; i++)
        if (strcmp(rows->fields[i]->name, PART_MAKER) == 0)
            return i;
    return -1;
}

bool part_may_write(struct cx *cx, const struct resource *part, const struct list_result *parent,
                    const struct list_result *rows, size_t row, enum operation operation)
{
    int maker = maker_column(rows);
    if (maker < 0 ||
        (part_maker(cx) && text_equal(rows_text(rows->rows, row, maker), part_maker(cx))))
        return true;
    const char *needs = parent_permission(cx, part, "delete");
    return operation == OP_DELETE && resource_may(cx, part->parent, needs) &&
           record_is_in_sight(cx, part->parent, parent, needs);
}

bool part_find_for(struct cx *cx, const struct resource *part, enum operation operation,
                   struct list_result *out)
{
    struct list_result parent;
    if (!part_find_parent(cx, part, "update", &parent) || !part_find_row(cx, part, NULL, out))
        return false;
    if (part_may_write(cx, part, &parent, out, 0, operation))
        return true;
    return cx->failure.status == 0 &&
           fail(cx, 403, "not_yours", "Only who wrote this %s may %s it.", part->one,
                operation == OP_DELETE ? "delete" : "change");
}

/* ---- writing ---- */

/* Rows with an order are part of what their record shows: it is another version with them, and
 * they are written one at a time. */
static bool begin_write(struct cx *cx, const struct resource *part)
{
    const char *parameters[] = {cx_path(cx, "id")};
    const char *sql =
        arena_printf(cx->arena, "update %s\nset id = id\nwhere id = $1::uuid", part->parent->table);
    if (!part_is_ordered(part))
        return true;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return db_run(&cx->db, statement_made(cx->arena, sql, DB_WRITES), parameters, 1) || fail_db(cx);
}

static bool end_write(struct cx *cx, const struct resource *part)
{
    return !part_is_ordered(part) || db_commit(&cx->db) || fail_db(cx);
}

/* The list that the rows are in their record holds no more than it says. */
static bool has_room(struct cx *cx, const struct resource *part)
{
    const char *parameters[] = {cx_path(cx, "id")};
    const char *sql = arena_printf(cx->arena, "select count(*)\nfrom %s\nwhere %s = $1::uuid",
                                   part->table, part->parent_column);
    if (!part_is_ordered(part))
        return true;
    const struct field *field = field_of(part);
    struct rows *rows = db_run(&cx->db, statement_made(cx->arena, sql, 0), parameters, 1);
    if (!rows)
        return fail_db(cx);
    return rows_int(rows, 0, 0) < field->max ||
           fail_field(cx, field_json_name(field), "too_long",
                      cx_printf(cx, "At most %lld entries.", (long long)field->max));
}

bool part_create(struct cx *cx, const struct resource *part, struct input *input,
                 struct list_result *out)
{
    struct list_result parent;
    return part_find_parent(cx, part, "update", &parent) && begin_write(cx, part) &&
           has_room(cx, part) && record_create(cx, part, input, out) && end_write(cx, part);
}

bool part_update(struct cx *cx, const struct resource *part, struct input *input,
                 enum input_mode mode, struct list_result *out)
{
    return part_find_for(cx, part, OP_MERGE, out) && begin_write(cx, part) &&
           record_update(cx, part, cx_path(cx, part_variable(part)), input, mode, out) &&
           end_write(cx, part);
}

bool part_delete(struct cx *cx, const struct resource *part)
{
    struct list_result row;
    return part_find_for(cx, part, OP_DELETE, &row) && begin_write(cx, part) &&
           record_delete(cx, part, cx_path(cx, part_variable(part))) && end_write(cx, part);
}
