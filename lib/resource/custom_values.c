/* custom_values: all values of one of a tenant's fields, which its definition binds. */
#include "base/arena.h"
#include "db/db.h"
#include "resource/custom.h"
#include "resource/internal.h"

bool custom_value_exists(struct db *db, const struct resource *resource, const char *key,
                         const char *but, bool *exists)
{
    const char *parameters[] = {key, but};
    const char *sql =
        arena_printf(db->arena, "select exists (select from %s where custom ? $1%s)",
                     resource->table, but ? " and custom ->> $1 <> all ($2::text[])" : "");
    struct rows *rows =
        db_run(db, statement_made(db->arena, sql, DB_SLOW), parameters, but ? 2 : 1);
    *exists = rows && rows_bool(rows, 0, 0);
    return rows != NULL;
}

bool custom_values_remove(struct db *db, const struct resource *resource, const char *key,
                          const char *after, int most, const char **last)
{
    const char *limit = arena_printf(db->arena, "%d", most);
    const char *parameters[] = {key, after, limit};
    const char *sql =
        arena_printf(db->arena,
                     "with chosen as (\n"
                     "    select id from %s\n"
                     "    where custom ? $1 and id > coalesce($2::uuid, "
                     "'00000000-0000-0000-0000-000000000000')\n"
                     "    order by id\n"
                     "    limit $3\n"
                     "), changed as (\n"
                     "    update %s set custom = nullif(custom - $1, '{}')\n"
                     "    where id = any (array(select id from chosen))\n"
                     ")\n"
                     "select count(*), (select id from chosen order by id desc limit 1)\n"
                     "from chosen",
                     resource->table, resource->table);
    struct rows *rows =
        db_run(db, statement_made(db->arena, sql, DB_SLOW | DB_WRITES), parameters, 3);
    *last = rows && rows_int(rows, 0, 0) == most ? rows_text(rows, 0, 1) : NULL;
    return rows != NULL;
}
