#include "resource/catalogue.h"

#include <string.h>

#include "base/text.h"
#include "db/db.h"

STATEMENT(catalogue_columns,
          "select a.attname, format_type(a.atttypid, null), a.attnotnull,\n"
          "       a.atthasdef or a.attidentity <> '' or a.attgenerated <> '', c.relrowsecurity and "
          "c.relforcerowsecurity\n"
          "from pg_class c\n"
          "join pg_namespace n on n.oid = c.relnamespace\n"
          "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped\n"
          "where c.relname = $1 and n.nspname in ('everyone', 'public')",
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
    {JSON, "jsonb"},
    {OBJECT, "jsonb"},
    {ARRAY, "jsonb"},
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
    return !field->sql && !(field->flags & INPUT_ONLY) && field->type != FILE_FIELD;
}

static void check_field(const struct field *field, const struct rows *rows, struct buf *report)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (strcmp(rows_text(rows, i, 0), field->name) != 0)
            continue;
        const char *type = rows_text(rows, i, 1);
        bool not_null = rows_bool(rows, i, 2), filled = rows_bool(rows, i, 3);
        if (!type_fits(field->type, type))
            buf_printf(report, "%s is %s in the database. ", field->name, type);
        if ((field->flags & NULLABLE) && not_null)
            buf_printf(report, "%s may not be null in the database. ", field->name);
        bool engine_fills = strcmp(field->name, "tenant_id") == 0;
        if (!engine_fills && !(field->flags & (NULLABLE | REQUIRED | READ_ONLY)) &&
            !field->initial && !filled && not_null)
            buf_printf(report, "%s must be given, but is not required. ", field->name);
        if (!(field->flags & NULLABLE) && !not_null)
            buf_printf(report, "%s may be null in the database. ", field->name);
        return;
    }
    buf_printf(report, "%s is no column of the table. ", field->name);
}

bool resource_check(struct db *db, const struct resource *resource, struct buf *report)
{
    struct rows *rows = db_get(db, &catalogue_columns, resource->table);
    if (!rows || rows_count(rows) == 0) {
        buf_printf(report, "there is no table %s. ", resource->table);
        return false;
    }
    if (!rows_bool(rows, 0, 4))
        buf_puts(report, "row-level security is not forced. ");
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (is_stored(field))
            check_field(field, rows, report);
    return report->len == 0;
}
