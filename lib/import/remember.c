/* remember: what people chose for a file with the same first line. It is the tenant's, as files
 * come from the same programs whoever sends them; what nobody used for a year is forgotten. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/model.h"

STATEMENT(import_mapping_keep,
          "insert into import_mappings (tenant_id, resource, head_sha256, mapping, mode, key,\n"
          "                             unknown, minor)\n"
          "values ($1::uuid, $2, $3, $4::jsonb, $5, $6, $7, $8::boolean)\n"
          "on conflict (tenant_id, resource, head_sha256)\n"
          "do update set mapping = excluded.mapping, mode = excluded.mode, key = excluded.key,\n"
          "              unknown = excluded.unknown, minor = excluded.minor,\n"
          "              updated_at = clock_timestamp()",
          DB_WRITES);

STATEMENT(import_mapping_find,
          "select mapping, mode, key, unknown, minor\n"
          "from import_mappings\n"
          "where tenant_id = $1::uuid and resource = $2 and head_sha256 = $3",
          0);
enum { MAPPING, MODE, KEY, UNKNOWN, MINOR, MAPPING_DAYS = 365 };

STATEMENT(import_mapping_forget,
          "delete from import_mappings\n"
          "where updated_at < now() - make_interval(days => $1::int)",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

static void remember_head(struct arena *arena, const struct import_plan *plan, char out[static 65])
{
    struct buf head;
    struct json json;
    buf_init(&head, arena);
    json_start(&json, &head);
    json_open_array(&json);
    for (size_t at = 0; at < plan->width; at++)
        json_put_text(&json, plan->columns[at].title);
    json_close_array(&json);
    text_sha256(head.data, head.len, out);
}

bool import_remember(struct db *db, const char *tenant_id, const struct import_plan *plan)
{
    char head[65];
    remember_head(db->arena, plan, head);
    return db_get(db, &import_mapping_keep, tenant_id, model_name(plan->resource), head,
                  import_plan_mapping(db->arena, plan), plan->mode, plan->key, plan->unknown,
                  plan->minor ? "true" : "false") != NULL;
}

/* A field that is no longer there, or not for this reader, is guessed as ever. */
static void remember_take(struct cx *cx, struct import_plan *plan, json_object *mapping)
{
    for (size_t at = 0; at < plan->width && at < json_object_array_length(mapping); at++) {
        const struct import_column guessed = plan->columns[at];
        const char *name = json_object_get_string(json_object_array_get_idx(mapping, at));
        if (!import_plan_name(cx, plan, at, name))
            plan->columns[at] = guessed;
    }
}

bool import_recall(struct cx *cx, struct db *db, struct import_plan *plan)
{
    char head[65];
    remember_head(db->arena, plan, head);
    const struct rows *rows =
        db_get(db, &import_mapping_find, db->tenant_id, model_name(plan->resource), head);
    if (!rows || rows_count(rows) == 0)
        return rows != NULL;
    json_object *mapping = json_tokener_parse(rows_text(rows, 0, MAPPING));
    remember_take(cx, plan, mapping);
    json_object_put(mapping);
    plan->mode = rows_text(rows, 0, MODE);
    plan->key = rows_text(rows, 0, KEY);
    plan->unknown = rows_text(rows, 0, UNKNOWN);
    plan->minor = rows_bool(rows, 0, MINOR);
    return true;
}

bool import_forget_mappings(struct db *db)
{
    return db_get(db, &import_mapping_forget, arena_printf(db->arena, "%d", MAPPING_DAYS)) != NULL;
}
