/* record: reading and writing one record. A write is one statement in one round
 * trip; its event is written by the table's trigger. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/internal.h"
#include "resource/part.h"
#include "resource/reference.h"

/* The last microsecond of the year 9999, behind which no time of ours lies. */
static const unsigned long long time_max_us = 253402300799999999ULL;

enum { OBJECT_MAX = 1 << 20 };

bool record_fail_missing(struct cx *cx, const struct resource *resource)
{
    return fail(cx, 404, "not_found", "There is no such %s.", resource->one);
}

/* ---- reading ---- */

static bool run(struct cx *cx, const struct resource *resource, const char *sql, unsigned flags,
                const char *const *parameters, int count, struct list_result *out)
{
    struct rows *rows = db_run(&cx->db, statement_made(cx->arena, sql, flags), parameters, count);
    *out = (struct list_result){.rows = rows, .fields = resource_columns(resource), .total = -1};
    return rows || fail_db(cx);
}

static bool run_made(struct cx *cx, const struct resource *resource, const char *sql,
                     unsigned flags, const struct conditions *where, struct list_result *out)
{
    return run(cx, resource, sql, flags, where->parameters, where->count, out);
}

/* As far as the viewer sees it. */
static bool find_record(struct cx *cx, const struct resource *resource, const char *id,
                        const struct viewer *viewer, struct list_result *out)
{
    const char *parameters[] = {id, viewer->user_id};
    return run(cx, resource, resource_one_sql(resource, viewer->sight), 0, parameters,
               viewer->user_id ? 2 : 1, out);
}

bool record_get(struct cx *cx, const struct resource *resource, const char *id,
                struct list_result *out)
{
    const struct viewer viewer = viewer_of(cx, resource, "read");
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    if (!find_record(cx, resource, id, &viewer, out))
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
    columns_sql(&sql, resource_columns(resource));
    labels_sql(cx, &sql, &where, resource, labels);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    if (!run_made(cx, resource, sql.data, 0, &where, out))
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
    if (!find_record(cx, resource, id, &viewer, out))
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
    return run(cx, resource, resource_many_sql(resource, viewer.sight), 0, parameters,
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
    columns_sql(&sql, resource_columns(resource));
    if (more)
        buf_printf(&sql, ", (%s)", more);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    if (flags & RECORD_LOCKED)
        buf_puts(&sql, "\nfor no key update");
    return run_made(cx, resource, sql.data, flags & RECORD_LOCKED ? DB_WRITES : 0, &where, out);
}

const char *record_value(const struct list_result *record, const char *name)
{
    for (int i = 0; record->fields[i]; i++)
        if (strcmp(record->fields[i]->name, name) == 0)
            return rows_text(record->rows, 0, i);
    return NULL;
}

/* ---- ETags: the row's last change, to the microsecond, and a hash of what else is shown ---- */

static bool changed_us(const struct list_result *result, int64_t *us)
{
    char text[32];
    const char *stored = record_value(result, "updated_at");
    return stored && clock_from_database(stored, text) && clock_parse(text, us);
}

/* Whether more is shown than the row: what is computed changes without it. */
static bool shows_more(const struct list_result *result)
{
    for (int i = 0; result->fields[i]; i++)
        if (result->fields[i]->sql)
            return true;
    return false;
}

static char *hash_of(struct cx *cx, const struct list_result *result)
{
    struct buf text;
    struct json json;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    record_write_json(&json, result, 0);
    return etag_digits(cx->arena, text.data, text.len);
}

static char *own_etag(struct cx *cx, const struct list_result *result)
{
    int64_t us;
    if (!changed_us(result, &us))
        return arena_printf(cx->arena, "\"%s\"", hash_of(cx, result));
    if (shows_more(result))
        return arena_printf(cx->arena, "\"%llx-%s\"", (unsigned long long)us, hash_of(cx, result));
    return arena_printf(cx->arena, "\"%llx\"", (unsigned long long)us);
}

/* Of the names that are included, which change without the record. */
static char *names_hash(struct cx *cx, const struct list_result *result)
{
    struct buf text;
    buf_init(&text, cx->arena);
    for (int i = 0; result->labels[i]; i++) {
        const char *name = reference_label(result, 0, result->labels[i]);
        buf_printf(&text, "%s\n", name ? name : "");
    }
    return etag_digits(cx->arena, text.data, text.len);
}

/* A tag with names is that of the record, a dot and theirs. */
char *record_etag(struct cx *cx, const struct list_result *result)
{
    if (!result->labels || !*result->labels)
        return own_etag(cx, result);
    struct list_result record = *result;
    record.labels = NULL;
    char *own = own_etag(cx, &record);
    return arena_printf(cx->arena, "%.*s.%s\"", (int)strlen(own) - 1, own, names_hash(cx, result));
}

/* If-Match is of the record: names are not what is written. */
static char *without_names(struct cx *cx, const char *header)
{
    char *out = arena_text(cx->arena, header), *to = out;
    for (const char *from = out; *from;) {
        if (*from == '.')
            from += 1 + strspn(from + 1, "0123456789abcdef");
        else
            *to++ = *from++;
    }
    *to = '\0';
    return out;
}

/* One version of an If-Match; NULL: not one of ours. Where it began with W/, nginx
 * compressed the answer that it comes from: the version is the same. */
static const char *read_version(struct cx *cx, const char *tag)
{
    char *end, *time = arena_alloc(cx->arena, 32);
    if (strncmp(tag, "W/", 2) == 0)
        tag += 2;
    if (tag[0] != '"' || strspn(tag + 1, "0123456789abcdef") == 0)
        return NULL;
    unsigned long long us = strtoull(tag + 1, &end, 16);
    if (*end != '"' || us > time_max_us)
        return NULL;
    clock_format((int64_t)us, time);
    return time;
}

bool record_fail_version(struct cx *cx)
{
    return fail(cx, 412, "version_mismatch", "It has changed since: read it again.");
}

/* Rows alone: the statement that writes asks for one of these versions. */
static bool demand_rows(struct cx *cx, const char *header, const char **times)
{
    struct buf list;
    buf_init(&list, cx->arena);
    for (const char *tag = header; *tag;) {
        tag += strspn(tag, " \t,");
        const char *time = read_version(cx, tag);
        if (time)
            buf_printf(&list, "%c%s", list.len ? ',' : '{', time);
        tag += strcspn(tag, ",");
    }
    if (list.len == 0)
        return record_fail_version(cx);
    buf_putc(&list, '}');
    *times = list.data;
    return true;
}

/* What is computed is compared before; then the row may not have changed meanwhile. */
static bool demand_shown(struct cx *cx, const struct list_result *shown, const char *header,
                         const char **times)
{
    char *time = arena_alloc(cx->arena, 32);
    int64_t us;
    if (!etag_listed(header, record_etag(cx, shown)))
        return record_fail_version(cx);
    if (changed_us(shown, &us)) {
        clock_format(us, time);
        *times = arena_printf(cx->arena, "{%s}", time);
    }
    return true;
}

/* The versions that If-Match allows, as PostgreSQL's array; NULL when it
 * demands none (RFC 9110 13.1.1). */
static bool demanded_versions(struct cx *cx, const struct resource *resource, const char *id,
                              const char **times)
{
    struct list_result shown = {.fields = resource_columns(resource)};
    const char *header = request_header(&cx->request, "If-Match");
    *times = NULL;
    if (!header || strcmp(header, "*") == 0)
        return true;
    header = without_names(cx, header);
    if (!resource->no_common_times && !shows_more(&shown))
        return demand_rows(cx, header, times);
    return record_get(cx, resource, id, &shown) && demand_shown(cx, &shown, header, times);
}

/* ---- writing ---- */

/* The values' parameters come first, then those of the conditions. */
struct write {
    struct cx *cx;
    const struct resource *resource;
    struct buf names, values;
    struct conditions where;
};

static void write_init(struct write *write, struct cx *cx, const struct resource *resource)
{
    *write = (struct write){.cx = cx, .resource = resource};
    buf_init(&write->names, cx->arena);
    buf_init(&write->values, cx->arena);
    conditions_init(&write->where, cx->arena);
}

static void insert_value(struct write *write, const char *name, const char *value)
{
    buf_printf(&write->names, "%s%s", write->names.len ? ", " : "", name);
    buf_printf(&write->values, "%s$%d", write->values.len ? ", " : "",
               conditions_parameter(&write->where, value));
}

static bool is_column(const struct field *field)
{
    return !field->sql && !field->child && !(field->flags & (READ_ONLY | INPUT_ONLY)) &&
           field->type != FILE_FIELD;
}

/* The tenant of a new record: an operator names it, others are in it. */
static bool insert_tenant(struct write *write, const struct input *input)
{
    struct cx *cx = write->cx;
    const struct field *field = field_find(input->fields, "tenant_id");
    const struct value *value = field ? input_value(input, "tenant_id") : NULL;
    if (value && value->presence == GIVEN) {
        if (cx->db.role != DB_PLATFORM && strcmp(value->text, cx->db.tenant_id) != 0)
            return fail_field(cx, "tenantId", "unknown_reference", "There is no such tenant.");
        insert_value(write, "tenant_id", value->text);
        return true;
    }
    if (!cx->db.tenant_id[0])
        return fail_field(cx, "tenantId", "required", "Say for which tenant.");
    insert_value(write, "tenant_id", cx->db.tenant_id);
    return true;
}

/* ---- the life of choices: resource/transition.h ---- */

static bool is_moved(const struct field *field, const struct value *value)
{
    return field->transitions && value->presence == GIVEN && is_column(field) &&
           !(field->flags & GUARDED);
}

static bool check_beginnings(struct cx *cx, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value) && !transition_is_allowed(cx, field, NULL, value->text))
            return transition_fail(cx, field, NULL, value->text);
    }
    return true;
}

/* The row's value must be one from which the new one may follow. */
static void add_origins(struct write *write, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value))
            conditions_add(&write->where, "%s = any($%d)", field->name,
                           conditions_parameter(&write->where,
                                                transition_origins(write->cx, field, value->text)));
    }
}

static bool check_moves(struct cx *cx, const struct input *input, const struct list_result *there)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        const char *from = record_value(there, field->name);
        if (is_moved(field, value) && from && !transition_is_allowed(cx, field, from, value->text))
            return transition_fail(cx, field, from, value->text);
    }
    return true;
}

/* Of which record it is, and who made it. */
static void insert_part(struct write *write)
{
    const struct resource *part = write->resource;
    insert_value(write, part->parent_column, cx_path(write->cx, "id"));
    if (field_find(part->fields, PART_MAKER))
        insert_value(write, PART_MAKER, part_maker(write->cx));
}

static bool build_insert(struct write *write, const struct input *input, const char *id)
{
    if (!check_beginnings(write->cx, input) ||
        (!write->resource->no_tenant && !insert_tenant(write, input)))
        return false;
    insert_value(write, "id", id);
    if (write->resource->parent)
        insert_part(write);
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (!is_column(field) || strcmp(field->name, "tenant_id") == 0)
            continue;
        if (value->presence == GIVEN)
            insert_value(write, field->name, value->text);
        else if (value->presence == ABSENT && field->initial)
            insert_value(write, field->name, field->initial);
    }
    return true;
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

/* Replacing gives what is absent its initial value or null, but leaves a record with its owner;
 * merging leaves it all. */
static void build_update(struct write *write, const struct input *input, enum input_mode mode)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (!is_column(field) || (field->flags & (CREATE_ONLY | GUARDED)))
            continue;
        if (value->presence == GIVEN && mode == INPUT_MERGE && !input->is_form &&
            json_object_is_type(value->json, json_type_object))
            set_merged(write, field, value->text);
        else if (value->presence == GIVEN)
            set_value(write, field, value->text);
        else if (value->presence == IS_NULL)
            set_value(write, field, NULL);
        else if (mode == INPUT_REPLACE && !field->transitions &&
                 !text_equal(field->name, write->resource->owner) &&
                 (field->initial || (field->flags & NULLABLE)))
            set_value(write, field, field->initial);
    }
}

static bool run_write(struct write *write, const char *sql, struct list_result *out)
{
    return run_made(write->cx, write->resource, sql, DB_WRITES, &write->where, out);
}

static bool insert_row(struct cx *cx, const struct resource *resource, const struct input *input,
                       const char *id, struct list_result *out)
{
    struct write write;
    struct buf sql;
    write_init(&write, cx, resource);
    if (!build_insert(&write, input, id))
        return false;
    buf_init(&sql, cx->arena);
    buf_printf(&sql, "insert into %s (%s)\nvalues (%s)\nreturning ", resource->table,
               write.names.data, write.values.data);
    columns_sql(&sql, resource_columns(resource));
    return run_write(&write, sql.data, out);
}

bool record_explain_missing(struct cx *cx, const struct resource *resource, const char *id,
                            const struct viewer *viewer)
{
    struct list_result there = {.fields = resource_columns(resource)};
    if (!record_get(cx, resource, id, &there) || !find_record(cx, resource, id, viewer, &there))
        return false;
    return rows_count(there.rows) == 1 || sight_refuse(cx, resource, viewer->sight);
}

/* Nothing matched: is it gone or not to be seen, another's, of another version, or in a state from
 * which that does not follow? input NULL: it was to be deleted. */
static bool explain_miss(struct cx *cx, const struct resource *resource, const char *id,
                         const struct input *input)
{
    const struct viewer viewer = viewer_of(cx, resource, input ? "update" : "delete");
    struct list_result there = {.fields = resource_columns(resource)};
    const char *header = request_header(&cx->request, "If-Match");
    if (!record_explain_missing(cx, resource, id, &viewer) || !record_get(cx, resource, id, &there))
        return false;
    if (header && !etag_listed(header, record_etag(cx, &there)))
        return record_fail_version(cx);
    return (!input || check_moves(cx, input, &there)) && record_fail_version(cx);
}

/* The one row, as far as the one signed in may do that to it, and of a version that they know. */
static bool add_row(struct write *write, const char *id, const char *action)
{
    const struct viewer viewer = viewer_of(write->cx, write->resource, action);
    const char *versions;
    if (!demanded_versions(write->cx, write->resource, id, &versions))
        return false;
    conditions_add_id(&write->where, id);
    conditions_add_resource(&write->where, write->resource, &viewer);
    if (versions)
        conditions_add(&write->where, "updated_at = any($%d)",
                       conditions_parameter(&write->where, versions));
    return true;
}

static bool update_row(struct cx *cx, const struct resource *resource, const char *id,
                       const struct input *input, enum input_mode mode, struct list_result *out)
{
    struct write write;
    struct buf sql;
    write_init(&write, cx, resource);
    build_update(&write, input, mode);
    if (write.where.count == 0)
        buf_puts(&write.values, "id = id");
    if (!add_row(&write, id, "update"))
        return false;
    buf_init(&sql, cx->arena);
    add_origins(&write, input);
    buf_printf(&sql, "update %s\nset %s%s\nreturning ", resource->table, write.values.data,
               write.where.sql.data);
    columns_sql(&sql, resource_columns(resource));
    if (!run_write(&write, sql.data, out))
        return false;
    return rows_count(out->rows) == 1 || explain_miss(cx, resource, id, input);
}

static bool delete_row(struct cx *cx, const struct resource *resource, const char *id)
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
    return rows_count(out.rows) == 1 || explain_miss(cx, resource, id, NULL);
}

/* ---- with the hooks of the resource ---- */

static bool begin(struct cx *cx, const struct resource *resource, enum operation operation,
                  const char *id, struct input *input)
{
    if (!resource->prepare && !resource->finish)
        return true;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return !resource->prepare || resource->prepare(cx, operation, id, input);
}

struct committed {
    struct cx *cx;
    const struct resource *resource;
    enum operation operation;
    const char *id;
};

static void tell_committed(void *arg)
{
    const struct committed *it = arg;
    it->resource->committed(it->cx, it->operation, it->id);
}

static void tell_when_committed(struct cx *cx, const struct resource *resource,
                                enum operation operation, const char *id)
{
    struct committed *it = arena_alloc(cx->arena, sizeof *it);
    *it = (struct committed){cx, resource, operation, arena_text(cx->arena, id)};
    db_after_commit(&cx->db, tell_committed, it);
}

static bool end(struct cx *cx, const struct resource *resource, enum operation operation,
                const char *id)
{
    if (resource->finish && !resource->finish(cx, operation, id))
        return false;
    if ((resource->prepare || resource->finish) && !db_commit(&cx->db))
        return fail_db(cx);
    if (resource->committed)
        tell_when_committed(cx, resource, operation, id);
    return true;
}

/* What finish() changed must show in the answer; what one may have written one has seen. */
static bool read_again(struct cx *cx, const struct resource *resource, const char *id,
                       struct list_result *out)
{
    return !resource->finish || find_record(cx, resource, id, &viewer_of_all, out);
}

/* Rows that belong to the record are written in one transaction with it. */
static bool begin_children(struct cx *cx, const struct input *input, enum operation operation)
{
    return !child_is_written(input, operation) || db_begin(&cx->db) || fail_db(cx);
}

static bool end_children(struct cx *cx, const struct resource *resource, const struct input *input,
                         enum operation operation, const char *id, struct list_result *out)
{
    if (!child_is_written(input, operation))
        return true;
    if (!child_write(cx, input, operation, id) ||
        !find_record(cx, resource, id, &viewer_of_all, out))
        return false;
    return db_commit(&cx->db) || fail_db(cx);
}

bool record_create(struct cx *cx, const struct resource *resource, struct input *input,
                   struct list_result *out)
{
    char *id = arena_alloc(cx->arena, UUID_SIZE);
    uuid_new(id);
    return begin_children(cx, input, OP_CREATE) && begin(cx, resource, OP_CREATE, id, input) &&
           owner_take_new(cx, resource, input) && references_are_seen(cx, input) &&
           insert_row(cx, resource, input, id, out) && end(cx, resource, OP_CREATE, id) &&
           read_again(cx, resource, id, out) &&
           end_children(cx, resource, input, OP_CREATE, id, out);
}

bool record_update(struct cx *cx, const struct resource *resource, const char *id,
                   struct input *input, enum input_mode mode, struct list_result *out)
{
    enum operation operation = mode == INPUT_REPLACE ? OP_REPLACE : OP_MERGE;
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    return begin_children(cx, input, operation) && begin(cx, resource, operation, id, input) &&
           owner_may_change(cx, resource, input) && references_are_seen(cx, input) &&
           update_row(cx, resource, id, input, mode, out) && end(cx, resource, operation, id) &&
           read_again(cx, resource, id, out) &&
           end_children(cx, resource, input, operation, id, out);
}

/* What stands in the way of a deletion is told to nobody who may not delete it. */
static bool is_deleted_by(struct cx *cx, const struct resource *resource, const char *id)
{
    struct list_result seen = {.rows = NULL};
    return viewer_of(cx, resource, "delete").sight == SIGHT_ALL ||
           record_get_with(cx, resource, id,
                           arena_printf(cx->arena, "%s:delete", resource->permission), &seen);
}

bool record_delete(struct cx *cx, const struct resource *resource, const char *id)
{
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    return begin(cx, resource, OP_DELETE, id, NULL) && is_deleted_by(cx, resource, id) &&
           reference_allows_deletion(cx, resource, id) && delete_row(cx, resource, id) &&
           end(cx, resource, OP_DELETE, id);
}
