/* record_write: the statements that change and delete one row. Each is one statement in one round
 * trip; its event is written by the table's trigger. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/initial.h"
#include "resource/internal.h"
#include "resource/offered.h"
#include "resource/part.h"

enum {
    OBJECT_MAX = 1 << 20,
    WRITES_MOST = 5 /* how often a write is tried that others overtake */
};

/* The values' parameters come first, then those of the conditions. */
struct write {
    struct cx *cx;
    const struct resource *resource;
    struct buf values;
    struct conditions where;
};

static void write_init(struct write *write, struct cx *cx, const struct resource *resource)
{
    *write = (struct write){.cx = cx, .resource = resource};
    buf_init(&write->values, cx->arena);
    conditions_init(&write->where, cx->arena);
}

static void set_value(struct write *write, const struct field *field, const char *value)
{
    buf_printf(&write->values, "%s%s = $%d", write->values.len ? ", " : "", field->name,
               conditions_parameter(&write->where, value));
}

/* Merging goes into objects too (RFC 7396 2); what an object of a field may be
 * in bytes, its result may be as well. */
static void set_merged(struct write *write, const struct field *field, const char *patch)
{
    buf_printf(&write->values, "%s%s = house.merge_patch(%s, $%d, %lld)",
               write->values.len ? ", " : "", field->name, field->name,
               conditions_parameter(&write->where, patch),
               (long long)(field->type == JSON && field->max ? field->max : OBJECT_MAX));
}

/* Always a patch of members that are whole: null takes one away, in a replacement too, so that
 * nobody empties a field that they do not know. */
static void set_custom(struct write *write, const struct field *field, const struct value *value)
{
    if (value->presence == GIVEN && strcmp(value->text, "{}") != 0)
        buf_printf(&write->values,
                   "%s%s = nullif(jsonb_strip_nulls(coalesce(%s, '{}') || $%d::jsonb), '{}')",
                   write->values.len ? ", " : "", field->name, field->name,
                   conditions_parameter(&write->where, value->text));
}

/* Replacing gives what is absent its initial value or null, but leaves a record with its owner;
 * merging leaves it all. */
static void build_update(struct write *write, const struct input *input, enum input_mode mode)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (!field_is_column(field) || (field->flags & (CREATE_ONLY | GUARDED)) ||
            !shape_writes(write->cx, write->resource, field))
            continue;
        if (field->type == CUSTOM) {
            set_custom(write, field, value);
            continue;
        }
        if (value->presence == GIVEN && mode == INPUT_MERGE && !input->is_form &&
            json_object_is_type(value->json, json_type_object))
            set_merged(write, field, value->text);
        else if (value->presence == GIVEN)
            set_value(write, field, value->text);
        else if (value->presence == IS_NULL)
            set_value(write, field, NULL);
        else if (mode == INPUT_REPLACE && !field->transitions &&
                 !text_equal(field->name, write->resource->owner) && !field->initial_sql &&
                 (initial_is_there(field) || (field->flags & NULLABLE)))
            set_value(write, field, initial_text(write->cx, field));
    }
}

static bool run_write(struct write *write, const char *sql, struct list_result *out)
{
    return record_run(write->cx, write->resource, sql, DB_WRITES, &write->where, out);
}

/* Nothing matched: is it gone or not to be seen, another's, of another version, or in a state from
 * which that does not follow? input NULL: it was to be deleted. true: nothing stands in the way
 * now; another wrote between, and PostgreSQL compared the new row with what it had read for the
 * old one. */
static bool explain_miss(struct cx *cx, const struct resource *resource, const char *id,
                         const struct input *input)
{
    const struct viewer viewer = viewer_of(cx, resource, input ? "update" : "delete");
    struct list_result there = {.fields = shape_of(cx, resource)->all};
    if (!record_explain_missing(cx, resource, id, &viewer) || !record_get(cx, resource, id, &there))
        return false;
    if (!record_is_demanded(cx, &there))
        return record_fail_version(cx);
    return !input || (shape_allows_change(cx, resource, input, &there) &&
                      offered_allows_change(cx, resource, input, &there) &&
                      transition_check_moves(cx, input, &there));
}

/* The one row, as far as the one signed in may do that to it, and of a version that they know. */
static bool add_row(struct write *write, const char *id, const char *action)
{
    const struct viewer viewer = viewer_of(write->cx, write->resource, action);
    const char *versions;
    if (!record_demanded_versions(write->cx, write->resource, id, &versions))
        return false;
    conditions_add_id(&write->where, id);
    conditions_add_resource(&write->where, write->resource, &viewer);
    if (versions)
        conditions_add(&write->where, "updated_at = any($%d)",
                       conditions_parameter(&write->where, versions));
    return true;
}

static bool update_once(struct cx *cx, const struct resource *resource, const char *id,
                        const struct input *input, enum input_mode mode, struct list_result *out)
{
    struct write write;
    struct buf sql;
    write_init(&write, cx, resource);
    build_update(&write, input, mode);
    if (write.where.count > 0 && resource->parent && field_find(resource->fields, PART_EDITED))
        buf_puts(&write.values, ", " PART_EDITED " = clock_timestamp()");
    if (write.where.count == 0)
        buf_puts(&write.values, "id = id");
    if (!add_row(&write, id, "update"))
        return false;
    buf_init(&sql, cx->arena);
    transition_add_origins(&write.where, cx, input);
    shape_add_conditions(&write.where, cx, resource, input);
    offered_add_conditions(&write.where, input);
    buf_printf(&sql, "update %s\nset %s%s\nreturning ", resource->table, write.values.data,
               write.where.sql.data);
    columns_sql(cx, &sql, shape_of(cx, resource)->all);
    return run_write(&write, sql.data, out);
}

bool record_update_row(struct cx *cx, const struct resource *resource, const char *id,
                       const struct input *input, enum input_mode mode, struct list_result *out)
{
    for (int i = 0; i < WRITES_MOST; i++) {
        if (!update_once(cx, resource, id, input, mode, out))
            return false;
        if (rows_count(out->rows) == 1)
            return true;
        if (!explain_miss(cx, resource, id, input))
            return false;
    }
    return fail_busy(cx);
}

static bool delete_once(struct cx *cx, const struct resource *resource, const char *id, bool *done)
{
    struct write write;
    struct buf sql;
    struct list_result out = {.rows = NULL};
    write_init(&write, cx, resource);
    if (!add_row(&write, id, "delete"))
        return false;
    buf_init(&sql, cx->arena);
    buf_printf(&sql, "delete from %s%s\nreturning id", resource->table, write.where.sql.data);
    if (!run_write(&write, sql.data, &out))
        return false;
    *done = rows_count(out.rows) == 1;
    return true;
}

bool record_delete_row(struct cx *cx, const struct resource *resource, const char *id)
{
    bool done = false;
    for (int i = 0; i < WRITES_MOST && !done; i++)
        if (!delete_once(cx, resource, id, &done) ||
            (!done && !explain_miss(cx, resource, id, NULL)))
            return false;
    return done || fail_busy(cx);
}
