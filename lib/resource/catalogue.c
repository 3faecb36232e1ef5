/* catalogue: each field against its column: the type, null, what CHECK allows,
 * and whether an index gives the order that lists may ask for. */
#include "resource/catalogue.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "resource/event_kind.h"
#include "resource/file_field.h"
#include "resource/initial.h"
#include "resource/internal.h"
#include "resource/model.h"
#include "resource/part.h"

STATEMENT(
    catalogue_columns,
    "select a.attname, format_type(a.atttypid, null), a.attnotnull,\n"
    "       a.atthasdef or a.attidentity <> '' or a.attgenerated <> '',\n"
    "       (select min(m[1]::bigint)\n"
    "        from house.checks k,\n"
    "             regexp_matches(k.definition, 'length\\(' || a.attname || '\\) <= (\\d+)') m\n"
    "        where k.table_oid = c.oid),\n"
    "       (select ',' || string_agg(m[1], ',') || ','\n"
    "        from house.checks k,\n"
    "             regexp_matches(k.definition, '''([^'']*)''::text', 'g') m\n"
    "        where k.table_oid = c.oid and k.columns = array[a.attnum]\n"
    "        and k.definition like '%= ANY (ARRAY[%'),\n"
    "       array(select l.collname\n"
    "             from pg_index i\n"
    "             cross join lateral (select case when t.attnum is null then 0\n"
    "                                             when i.indkey[0] = t.attnum then 1 end) p (at)\n"
    "             left join pg_collation l on l.oid = i.indcollation[p.at]\n"
    "             where i.indrelid = c.oid and i.indpred is null\n"
    "             and i.indkey[p.at] = a.attnum)\n"
    "from pg_class c\n"
    "join pg_namespace n on n.oid = c.relnamespace\n"
    "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped\n"
    "left join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'\n"
    "where c.relname = $1 and n.nspname in ('everyone', 'public')",
    0);
enum { NAME, TYPE, NOT_NULL, FILLED, LONGEST, CHOICES_ALLOWED, COLLATIONS };

/* What a column refers to: the last of its foreign key, behind the tenant. */
STATEMENT(catalogue_files,
          "select 1\n"
          "from pg_trigger t\n"
          "join pg_class c on c.oid = t.tgrelid\n"
          "join pg_namespace n on n.oid = c.relnamespace\n"
          "where n.nspname = 'everyone' and c.relname = $1 and t.tgname = 'files'",
          0);

/* How the trigger calls a record. */
STATEMENT(
    catalogue_events,
    "select convert_from(substring(t.tgargs for position(decode('00', 'hex') in t.tgargs) - 1),\n"
    "                    'UTF8')\n"
    "from pg_trigger t\n"
    "join pg_class c on c.oid = t.tgrelid\n"
    "join pg_namespace n on n.oid = c.relnamespace\n"
    "where n.nspname = 'everyone' and c.relname = $1\n"
    "and t.tgfoid = 'house.event_append()'::regprocedure",
    0);

STATEMENT(catalogue_references,
          "select a.attname, t.relname, k.confdeltype\n"
          "from pg_constraint k\n"
          "join pg_class c on c.oid = k.conrelid\n"
          "join pg_namespace n on n.oid = c.relnamespace\n"
          "join pg_class t on t.oid = k.confrelid\n"
          "join pg_attribute a on a.attrelid = c.oid\n"
          "                    and a.attnum = k.conkey[cardinality(k.conkey)]\n"
          "where k.contype = 'f' and k.conparentid = 0\n"
          "and c.relname = $1 and n.nspname in ('everyone', 'public')",
          0);

/* The table and each of its partitions: one that is not protected is one too many. */
STATEMENT(catalogue_unprotected,
          "select n.nspname\n"
          "from pg_class c\n"
          "join pg_namespace n on n.oid = c.relnamespace\n"
          "where c.relname = $1 and c.relkind in ('r', 'p')\n"
          "and not (c.relrowsecurity and c.relforcerowsecurity\n"
          "         and (select count(distinct r.rolname)\n"
          "              from pg_policy p\n"
          "              join pg_roles r on r.oid = any(p.polroles)\n"
          "              where p.polrelid = c.oid\n"
          "              and r.rolname in ('tulou_tenant', 'tulou_platform')) = 2)\n"
          "order by n.nspname",
          0);

/* Which SQL types a field type may have. */
static const struct {
    enum field_type type;
    const char *sql;
} pairs[] = {
    {TEXT, "text"},
    {LONG, "text"},
    {EMAIL, "text"},
    {PHONE, "text"},
    {URL, "text"},
    {ORIGIN, "text"},
    {SLUG, "text"},
    {COLOR, "text"},
    {SECRET, "text"},
    {INT, "bigint"},
    {INT, "integer"},
    {MONEY, "bigint"},
    {BASIS_POINTS, "integer"},
    {BOOL, "boolean"},
    {CHOICE, "text"},
    {UUID, "uuid"},
    {DATE, "date"},
    {TIME, "timestamp with time zone"},
    {ZONE, "text"},
    {LOCALE, "text"},
    {CURRENCY, "character"},
    {CURRENCY, "text"},
    {AGENT, "text"},
    {SENTENCE, "text"},
    {JSON, "jsonb"},
    {OBJECT, "jsonb"},
    {ARRAY, "jsonb"},
    {CUSTOM, "jsonb"},
    {DECIMAL, "numeric"},
    {JSON, "json"},
    {OBJECT, "json"},
    {ARRAY, "json"},
    {TEXT, "cidr"},
    {TEXT, "inet"},
};

static bool type_fits(enum field_type type, const char *sql)
{
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (pairs[i].type == type && strcmp(pairs[i].sql, sql) == 0)
            return true;
    return false;
}

static bool is_stored(const struct field *field)
{
    return !field->sql && !field->child && !(field->flags & INPUT_ONLY) &&
           field->type != FILE_FIELD;
}

static bool is_written(const struct field *field)
{
    return !(field->flags & READ_ONLY);
}

static void check_null(const struct field *field, bool not_null, bool filled, struct buf *report)
{
    bool engine_fills = strcmp(field->name, "tenant_id") == 0;
    bool may_be_absent =
        !(field->flags & (NULLABLE | REQUIRED | READ_ONLY)) && !initial_is_there(field);
    if ((field->flags & NULLABLE) && not_null)
        buf_printf(report, "%s may not be null in the database. ", field->name);
    if (!(field->flags & NULLABLE) && !not_null && field->type != CUSTOM)
        buf_printf(report, "%s may be null in the database. ", field->name);
    if (may_be_absent && !engine_fills && !filled && not_null)
        buf_printf(report, "%s must be given, but is not required. ", field->name);
}

static void check_choices(const struct field *field, const char *allowed, struct buf *report)
{
    struct buf choice = {0};
    if (!allowed)
        buf_printf(report, "%s has no check of its choices in the database. ", field->name);
    for (const char *const *it = field->choices; allowed && it && *it; it++) {
        buf_clear(&choice);
        buf_printf(&choice, ",%s,", *it);
        if (!strstr(allowed, choice.data))
            buf_printf(report, "%s may not be %s in the database. ", field->name, *it);
    }
    buf_free(&choice);
}

/* What a field accepts, the column must take. */
static void check_range(const struct field *field, const char *type, const char *longest,
                        struct buf *report)
{
    int64_t bound;
    bool is_int4 = strcmp(type, "integer") == 0;
    if (is_int4 && (field->max == 0 || field->max > INT32_MAX || field->min < INT32_MIN))
        buf_printf(report, "%s may be larger than an integer of the database. ", field->name);
    if (longest && field->max && text_to_int(longest, 0, INT64_MAX, &bound) && field->max > bound)
        buf_printf(report, "%s may be longer than in the database. ", field->name);
}

/* An index of another order than the list's is none: {default}, {und-x-icu}, {NULL} of a number. */
static bool index_fits(const struct field *field, const char *collations)
{
    bool by_language = strcmp(field_ordered(field), field->name) != 0 && !field->sql;
    return by_language ? strstr(collations, "und-x-icu") != NULL : strcmp(collations, "{}") != 0;
}

static void check_field(const struct field *field, const struct rows *rows, struct buf *report)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (strcmp(rows_text(rows, i, NAME), field->name) != 0)
            continue;
        const char *type = rows_text(rows, i, TYPE);
        if (!type_fits(field->type, type))
            buf_printf(report, "%s is %s in the database. ", field->name, type);
        check_null(field, rows_bool(rows, i, NOT_NULL), rows_bool(rows, i, FILLED), report);
        if (is_written(field))
            check_range(field, type, rows_text(rows, i, LONGEST), report);
        if (is_written(field) && field->type == CHOICE)
            check_choices(field, rows_text(rows, i, CHOICES_ALLOWED), report);
        if ((field->flags & SORTED) && !field->sorted_by &&
            !index_fits(field, rows_text(rows, i, COLLATIONS)))
            buf_printf(report, "%s may sort, but has no index for it. ", field->name);
        return;
    }
    buf_printf(report, "%s is no column of the table. ", field->name);
}

/* As pg_constraint says what deletion does; a: no action, r: restrict. */
static bool deletes_alike(enum on_delete on_delete, const char *stored)
{
    static const char *const stored_as[] = {
        [REFUSE] = "ar", [CASCADE] = "c", [SET_NULL] = "n", [LEFT] = ""};
    return strchr(stored_as[on_delete], *stored) != NULL && *stored;
}

static void check_key(const struct field *field, const char *table, const struct rows *rows,
                      struct buf *report)
{
    bool found = false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        bool meant = strcmp(rows_text(rows, i, 0), field->name) == 0 &&
                     strcmp(rows_text(rows, i, 1), table) == 0;
        found = found || meant;
        if (meant && !deletes_alike(field->on_delete, rows_text(rows, i, 2)))
            buf_printf(report, "%s: its foreign key does something else on deletion. ",
                       field->name);
    }
    if (!found && field->on_delete != LEFT)
        buf_printf(report, "%s has no foreign key to %s. ", field->name, table);
}

static void check_reference(const struct field *field, const struct rows *rows, struct buf *report)
{
    const struct resource *target = model_resource(field->refers);
    if (target)
        check_key(field, target->table, rows, report);
    else
        buf_printf(report, "%s refers to %s, which is not there. ", field->name, field->refers);
}

static void check_references(struct db *db, const struct resource *resource, struct buf *report)
{
    const struct rows *rows = db_get(db, &catalogue_references, resource->table);
    if (!rows)
        buf_puts(report, "its foreign keys cannot be read. ");
    for (const struct field *it = resource->fields; rows && it->type != FIELD_END; it++)
        if (it->refers && is_stored(it))
            check_reference(it, rows, report);
}

/* Without it the files of a record would outlive it. */
static bool has_files(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->type == FILE_FIELD)
            return true;
    return false;
}

static void check_file_fields(const struct resource *resource, struct buf *report)
{
    size_t count = 0;
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (it->type != FILE_FIELD)
            continue;
        count++;
        if ((it->flags & (READ_ONLY | NULLABLE)) != (READ_ONLY | NULLABLE))
            buf_printf(report, "%s is a file and not READ_ONLY | NULLABLE. ", it->name);
    }
    if (count > FILE_FIELDS_MAX)
        buf_printf(report, "it has more than %d fields that are files. ", FILE_FIELDS_MAX);
}

static void check_attachments(struct db *db, const struct resource *resource, struct buf *report)
{
    const struct rows *rows = db_get(db, &catalogue_files, resource->table);
    if (!rows || rows_count(rows) == 0)
        buf_printf(report, "its files need: call house.has_files('%s'). ", resource->table);
}

/* Tables without a tenant have triggers of their own. */
static void check_events(struct db *db, const struct resource *resource, struct buf *report)
{
    const struct rows *rows = db_get(db, &catalogue_events, resource->table);
    const char *word = event_word_of(resource);
    size_t count = rows ? rows_count(rows) : 0;
    if (resource->no_tenant)
        return;
    if (count == 0 && !resource->no_events)
        buf_printf(report,
                   "its table writes no events: its migration says event => '%s', or its "
                   "table here .no_events = true. ",
                   word);
    if (count > 0 && (resource->no_events || strcmp(rows_text(rows, 0, 0), word) != 0))
        buf_printf(report, "its migration says event => '%s', but a record of it is called %s. ",
                   rows_text(rows, 0, 0), word);
}

static void check_protection(struct db *db, const char *table, struct buf *report)
{
    const struct rows *rows = db_get(db, &catalogue_unprotected, table);
    if (!rows)
        buf_puts(report, "its policies cannot be read. ");
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        buf_printf(report, "%s.%s is not protected by policies for both roles. ",
                   rows_text(rows, i, 0), table);
}

/* Rows that are written with their record are of a resource of their own, whose columns are checked
 * there. */
static void check_child(const struct resource *resource, const struct field *field,
                        struct buf *report)
{
    const struct resource *child = field->child;
    if (child->parent != resource || !part_is_ordered(child) || !model_name(child)) {
        buf_printf(report, "%s: its .child is no resource of the area with this .parent and a %s. ",
                   field->name, PART_POSITION);
        return;
    }
    if (!field->fields || strcmp(field->fields->name, "id") != 0)
        buf_printf(report, "%s: its .fields do not begin with CHILD_ID. ", field->name);
    for (const struct field *it = field->fields ? field->fields + 1 : NULL;
         it && it->type != FIELD_END; it++)
        if (!field_find(child->fields, it->name))
            buf_printf(report, "%s: %s is no field of its .child. ", field->name, it->name);
}

static void check_children(const struct resource *resource, struct buf *report)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->child)
            check_child(resource, it, report);
}

static void check_part(const struct resource *part, struct buf *report)
{
    const struct field *column = field_find(part->fields, part->parent_column);
    if (!column || !(column->flags & READ_ONLY) || !(column->flags & FILTERED) ||
        model_resource(column->refers) != part->parent)
        buf_printf(report, "%s is no READ_ONLY | FILTERED reference to its parent. ",
                   part->parent_column);
    if (part->operations & (OP_REPLACE | OP_EXPORT))
        buf_puts(report, "what belongs to a record is neither replaced nor exported. ");
}

static void check_order(struct db *db, const struct resource *resource, struct buf *report)
{
    struct order order;
    const char *sort = resource->sort ? resource->sort : "-createdAt";
    const char *problem =
        order_read(NULL, db->arena, resource, shape_without(resource, 0), sort, false, &order);
    if (problem)
        buf_printf(report, "its order: %s ", problem);
}

/* What is computed is of the field's type, which PostgreSQL knows without a row. What operators
 * alone see may be computed by what only their role can call. */
static void check_computed(struct db *tenant, const struct resource *resource,
                           const struct field *field, struct buf *report)
{
    struct db platform, *db = tenant;
    db_init(&platform, tenant->arena, DB_PLATFORM, NULL, "everyone");
    if (resource->scope == SCOPE_PLATFORM)
        db = &platform;
    const char *sql =
        arena_printf(db->arena, "select pg_typeof((select (%s) from %s limit 1))::text", field->sql,
                     resource->table);
    struct rows *rows = db_run(db, statement_made(db->arena, sql, 0), NULL, 0);
    const char *type = rows ? rows_text(rows, 0, 0) : NULL;
    if (!type)
        buf_printf(report, "%s: its expression is wrong: %s. ", field->name, db->error.message);
    else if (!type_fits(field->type, type))
        buf_printf(report, "%s: its expression is %s, which is no %s. ", field->name, type,
                   field_type_name(field->type));
}

bool resource_check(struct db *db, const struct resource *resource, struct buf *report)
{
    const struct rows *rows = db_get(db, &catalogue_columns, resource->table);
    if (!rows || rows_count(rows) == 0) {
        buf_printf(report, "there is no table %s. ", resource->table);
        return false;
    }
    const struct field **columns = resource_columns(resource);
    for (int i = 0; columns[i]; i++)
        if (is_stored(columns[i]))
            check_field(columns[i], rows, report);
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (field->type == SECRET && is_stored(field))
            check_field(field, rows, report);
    for (int i = 0; columns[i]; i++)
        if (columns[i]->sql)
            check_computed(db, resource, columns[i], report);
    check_references(db, resource, report);
    check_events(db, resource, report);
    if (resource->attachments || has_files(resource))
        check_attachments(db, resource, report);
    check_file_fields(resource, report);
    check_protection(db, resource->table, report);
    check_children(resource, report);
    if (resource->parent)
        check_part(resource, report);
    check_order(db, resource, report);
    return report->len == 0;
}
