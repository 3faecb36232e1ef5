/* merge_lead: where the ids of merged records lead, what was moved by what it is called, and
 * undoing a merge. */
#include <string.h>

#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/merge.h"
#include "resource/model.h"

/* ---- ids of before ---- */

/* As long as a chain may be that is still followed. */
#define CHAIN_MOST "1000"

STATEMENT(merge_followed,
          "with recursive way (id, n) as (\n"
          "    select m.winner_id, 1\n"
          "    from merged_records m\n"
          "    where m.id = $1::uuid and m.resource = $2\n"
          "    union all\n"
          "    select m.winner_id, w.n + 1\n"
          "    from way w\n"
          "    join merged_records m on m.id = w.id and m.resource = $2\n"
          "    where w.n < " CHAIN_MOST "\n"
          ")\n"
          "select id from way order by n desc limit 1",
          0);

bool merge_follow(struct cx *cx, const struct resource *resource, const char *id,
                  const char **winner)
{
    *winner = NULL;
    if (!resource->merges || !uuid_is(id))
        return true;
    const struct rows *rows = db_get(&cx->db, &merge_followed, id, resource->table);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) > 0)
        *winner = rows_text(rows, 0, 0);
    return true;
}

/* ---- what was moved ---- */

/* The resource of the table that has the column; NULL: none. */
static const struct resource *merge_resource_of(const char *table, const char *column,
                                                const struct field **field)
{
    for (size_t i = 0; i < model_count(); i++) {
        const struct resource *it = model_at(i);
        *field = strcmp(it->table, table) == 0 ? field_find(it->fields, column) : NULL;
        if (*field)
            return it;
    }
    return NULL;
}

static int64_t merge_count_moved(json_object *all, size_t from, const char *table,
                                 const char *column, const char *key)
{
    int64_t count = 0;
    for (size_t i = from; i < json_object_array_length(all); i++) {
        json_object *it = json_object_array_get_idx(all, i);
        json_object *its = json_object_object_get(it, "key");
        if (strcmp(json_object_get_string(json_object_object_get(it, "table")), table) == 0 &&
            strcmp(json_object_get_string(json_object_object_get(it, "column")), column) == 0 &&
            text_equal(its ? json_object_get_string(its) : NULL, key))
            count += (int64_t)json_object_array_length(json_object_object_get(it, "rows"));
    }
    return count;
}

static bool merge_was_counted(json_object *all, size_t before, const char *table,
                              const char *column, const char *key)
{
    for (size_t i = 0; i < before; i++) {
        json_object *it = json_object_array_get_idx(all, i);
        json_object *its = json_object_object_get(it, "key");
        if (strcmp(json_object_get_string(json_object_object_get(it, "table")), table) == 0 &&
            strcmp(json_object_get_string(json_object_object_get(it, "column")), column) == 0 &&
            text_equal(its ? json_object_get_string(its) : NULL, key))
            return true;
    }
    return false;
}

static void merge_write_one(const struct cx *cx, struct json *json, const char *table,
                            const char *column, const char *key, int64_t count)
{
    const struct field *field = NULL;
    const struct resource *resource = merge_resource_of(table, column, &field);
    bool read =
        !resource || resource_may(cx, resource, engine_text("%s:read", resource->permission));
    const char *name = resource ? model_name(resource) : table;
    const char *said = key     ? arena_printf(cx->arena, "custom.%s", key)
                       : field ? field_json_name(field)
                               : NULL;
    json_open_object(json);
    json_pair(json, "resource", read ? name : NULL);
    json_pair(json, "field", read ? said : NULL);
    json_pair_int(json, "count", count);
    json_close_object(json);
}

void merge_write_moved(const struct cx *cx, struct json *json, const struct merge *merge)
{
    json_open_array(json);
    for (size_t i = 0; i < json_object_array_length(merge->moved); i++) {
        json_object *it = json_object_array_get_idx(merge->moved, i);
        json_object *its = json_object_object_get(it, "key");
        const char *table = json_object_get_string(json_object_object_get(it, "table"));
        const char *column = json_object_get_string(json_object_object_get(it, "column"));
        const char *key = its ? json_object_get_string(its) : NULL;
        if (!merge_was_counted(merge->moved, i, table, column, key))
            merge_write_one(cx, json, table, column, key,
                            merge_count_moved(merge->moved, i, table, column, key));
    }
    json_close_array(json);
}

/* ---- undoing ---- */

STATEMENT(merge_unmerge, "select house.merge_undo($1, $2::jsonb)", DB_WRITES);

/* Those that refer to another record by now are named. */
STATEMENT(
    merge_keep_moved,
    "with kept as (\n"
    "    insert into bulk_rows (tenant_id, run_id, record_id, position, state, status, code,\n"
    "                           message, label)\n"
    "    select $1::uuid, $2::uuid, (k ->> 'id')::uuid, 0, 'kept', 409, 'changed_since',\n"
    "           $4, k ->> 'name'\n"
    "    from jsonb_array_elements($3::jsonb) k\n"
    "    on conflict (tenant_id, run_id, record_id) do nothing\n"
    "    returning 1\n"
    ")\n"
    "update bulk_runs set kept = kept + (select count(*)::integer from kept)\n"
    "where tenant_id = $1::uuid and id = $2::uuid",
    DB_WRITES);

static bool merge_make_again(struct cx *cx, const struct bulk *bulk, const char *id,
                             const char *image)
{
    const struct resource *resource = bulk->resource;
    const struct viewer viewer = viewer_of(cx, resource, "delete");
    struct list_result there;
    const struct rows *rows = db_get(&cx->db, &merge_unmerge, resource->table, image);
    if (!rows || !db_get(&cx->db, &merge_keep_moved, cx->session->tenant_id, bulk->run_id,
                         rows_text(rows, 0, 0),
                         cx_text(cx, "It refers to another record by now: it stays as it "
                                     "is.")))
        return fail_db(cx);
    if (!record_look(cx, resource, id, &viewer, NULL, 0, &there))
        return false;
    return rows_count(there.rows) == 1 ||
           (record_explain_missing(cx, resource, id, &viewer) && record_fail_missing(cx, resource));
}

bool merge_undo_row(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
                    const char *version)
{
    return version ? bulk_set_again(cx, bulk, id, before, version)
                   : merge_make_again(cx, bulk, id, before);
}
