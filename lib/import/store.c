/* store: what the database keeps of imports. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/model.h"

STATEMENT(import_insert_one,
          "insert into imports (tenant_id, id, resource, status, file_name, head, mapping, mode,\n"
          "                     key, unknown, dry_run, minor, created_by_name)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9, $10,\n"
          "        $11::boolean, $12::boolean, $13)",
          DB_WRITES);

STATEMENT(import_insert_part,
          "insert into import_parts (tenant_id, import_id, part, rows)\n"
          "values ($1::uuid, $2::uuid, $3::int, $4)",
          DB_WRITES);

STATEMENT(import_update_size,
          "update imports\n"
          "set parts = $3::int, total = $4::int, dates = $5\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(import_forget_rows,
          "delete from import_rows where tenant_id = $1::uuid and import_id = $2::uuid", DB_WRITES);

STATEMENT(import_update_plan,
          "update imports\n"
          "set status = 'running', mapping = $3::jsonb, mode = $4, key = $5, unknown = $6,\n"
          "    dates = $7, dry_run = $8::boolean, minor = $9::boolean, part = 0, handled = 0,\n"
          "    created = 0, updated = 0, skipped = 0, refused = 0\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

#define STATE_COLUMNS                                                                              \
    "tenant_id, id, resource, status, file_name, head, mapping, mode, key, unknown, dates, "       \
    "minor,\n       dry_run, parts, part, total, handled, created, updated, skipped, refused, "    \
    "reverted, kept,\n       created_at"
enum {
    TENANT,
    ID,
    RESOURCE,
    STATUS,
    FILE_NAME,
    HEAD,
    MAPPING,
    MODE,
    KEY,
    UNKNOWN,
    DATES,
    MINOR,
    DRY,
    PARTS,
    PART,
    TOTAL,
    HANDLED,
    CREATED,
    UPDATED,
    SKIPPED,
    REFUSED,
    REVERTED,
    KEPT,
    CREATED_AT
};

STATEMENT(import_select,
          "select " STATE_COLUMNS "\n"
          "from imports\n"
          "where id = $1::uuid and resource = $2 and ($3::uuid is null or tenant_id = $3::uuid)",
          0);

STATEMENT(import_select_locked,
          "select " STATE_COLUMNS "\n"
          "from imports\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "for update",
          DB_WRITES);

STATEMENT(import_select_part,
          "select rows\n"
          "from import_parts\n"
          "where tenant_id = $1::uuid and import_id = $2::uuid and part = $3::int",
          0);

STATEMENT(import_insert_rows,
          "insert into import_rows (tenant_id, import_id, line, number, outcome, record_id,\n"
          "                         version, before, field, code, message, cells)\n"
          "select $1::uuid, $2::uuid, r.line, r.number, r.outcome, r.record_id, r.version,\n"
          "       r.before, r.field, r.code, r.message, r.cells\n"
          "from jsonb_to_recordset($3::jsonb) as r (\n"
          "    line int, number smallint, outcome text, record_id uuid, version timestamptz,\n"
          "    before jsonb, field text, code text, message text, cells jsonb)",
          DB_WRITES);

STATEMENT(import_update_counts,
          "update imports\n"
          "set status = $3, part = $4::int, handled = $5::int, created = $6::int,\n"
          "    updated = $7::int, skipped = $8::int, refused = $9::int\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(import_delete_parts,
          "delete from import_parts where tenant_id = $1::uuid and import_id = $2::uuid",
          DB_WRITES);

STATEMENT(import_select_refusals,
          "select line, field, code, message, cells\n"
          "from import_rows\n"
          "where tenant_id = $1::uuid and import_id = $2::uuid and outcome = 'refused'\n"
          "and line > $3::int\n"
          "order by line, number\n"
          "limit $4::int",
          0);

static const char *store_number(struct db *db, int64_t number)
{
    return arena_printf(db->arena, "%lld", (long long)number);
}

static const char *store_bool(bool value)
{
    return value ? "true" : "false";
}

/* ---- one import ---- */

bool import_insert(struct db *db, const struct import_state *state, const struct import_plan *plan,
                   const char *by)
{
    struct buf head;
    struct json json;
    buf_init(&head, db->arena);
    json_start(&json, &head);
    json_open_array(&json);
    for (size_t at = 0; at < plan->width; at++)
        json_put_text(&json, plan->columns[at].title);
    json_close_array(&json);
    return db_get(db, &import_insert_one, state->tenant_id, state->id, model_name(plan->resource),
                  state->status, state->file_name, head.data, import_plan_mapping(db->arena, plan),
                  plan->mode, plan->key, plan->unknown, store_bool(plan->dry),
                  store_bool(plan->minor), by) != NULL;
}

bool import_add_part(struct db *db, const struct import_state *state, const char *rows)
{
    return db_get(db, &import_insert_part, state->tenant_id, state->id,
                  store_number(db, state->parts), rows) != NULL;
}

bool import_set_size(struct db *db, const struct import_state *state)
{
    return db_get(db, &import_update_size, state->tenant_id, state->id,
                  store_number(db, state->parts), store_number(db, state->total),
                  state->dates) != NULL;
}

bool import_restart(struct db *db, struct import_state *state, const struct import_plan *plan)
{
    state->status = "running";
    state->dry = plan->dry;
    state->part = state->handled = state->created = 0;
    state->updated = state->skipped = state->refused = 0;
    return db_get(db, &import_forget_rows, state->tenant_id, state->id) &&
           db_get(db, &import_update_plan, state->tenant_id, state->id,
                  import_plan_mapping(db->arena, plan), plan->mode, plan->key, plan->unknown,
                  plan->dates, store_bool(plan->dry), store_bool(plan->minor));
}

static void store_release(void *object)
{
    json_object_put(object);
}

static json_object *store_json(struct db *db, const struct rows *rows, int column)
{
    json_object *json = json_tokener_parse(rows_text(rows, 0, column));
    arena_defer(db->arena, store_release, json);
    return json;
}

static void store_read(struct db *db, const struct rows *rows, struct import_state *out)
{
    *out = (struct import_state){.resource = model_resource(rows_text(rows, 0, RESOURCE)),
                                 .status = rows_text(rows, 0, STATUS),
                                 .file_name = rows_text(rows, 0, FILE_NAME),
                                 .head = store_json(db, rows, HEAD),
                                 .mapping = store_json(db, rows, MAPPING),
                                 .mode = rows_text(rows, 0, MODE),
                                 .key = rows_text(rows, 0, KEY),
                                 .unknown = rows_text(rows, 0, UNKNOWN),
                                 .dates = rows_text(rows, 0, DATES),
                                 .minor = rows_bool(rows, 0, MINOR),
                                 .dry = rows_bool(rows, 0, DRY),
                                 .parts = rows_int(rows, 0, PARTS),
                                 .part = rows_int(rows, 0, PART),
                                 .total = rows_int(rows, 0, TOTAL),
                                 .handled = rows_int(rows, 0, HANDLED),
                                 .created = rows_int(rows, 0, CREATED),
                                 .updated = rows_int(rows, 0, UPDATED),
                                 .skipped = rows_int(rows, 0, SKIPPED),
                                 .refused = rows_int(rows, 0, REFUSED),
                                 .reverted = rows_int(rows, 0, REVERTED),
                                 .kept = rows_int(rows, 0, KEPT),
                                 .created_at = rows_text(rows, 0, CREATED_AT)};
    memcpy(out->tenant_id, rows_text(rows, 0, TENANT), UUID_SIZE);
    memcpy(out->id, rows_text(rows, 0, ID), UUID_SIZE);
}

const struct resource *import_about(const struct cx *cx)
{
    const struct import_rules *rules = cx->route->about;
    return rules->resource;
}

bool import_find(struct cx *cx, struct import_state *out)
{
    const char *id = cx_path(cx, "importId");
    const char *tenant_id = cx->db.tenant_id[0] ? cx->db.tenant_id : NULL;
    const struct rows *rows =
        uuid_is(id) ? db_get(&cx->db, &import_select, id, model_name(import_about(cx)), tenant_id)
                    : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such import.");
    store_read(&cx->db, rows, out);
    return true;
}

bool import_lock(struct db *db, const char *id, struct import_state *out, bool *there)
{
    const struct rows *rows = db_get(db, &import_select_locked, db->tenant_id, id);
    *there = rows && rows_count(rows) > 0;
    if (*there)
        store_read(db, rows, out);
    return rows != NULL;
}

/* ---- its rows ---- */

const char *import_read_part(struct db *db, const struct import_state *state)
{
    const struct rows *rows =
        db_get(db, &import_select_part, state->tenant_id, state->id, store_number(db, state->part));
    return !rows ? NULL : rows_count(rows) == 0 ? "" : rows_text(rows, 0, 0);
}

static void store_put_json(struct json *json, const char *key, const char *text)
{
    if (!text)
        return;
    json_key(json, key);
    json_put_raw(json, text, strlen(text));
}

static void store_put_refusal(struct json *json, const struct import_row *row, int64_t number,
                              const char *field, const char *code, const char *message)
{
    json_open_object(json);
    json_pair_int(json, "line", (int64_t)row->line);
    json_pair_int(json, "number", number);
    json_pair(json, "outcome", "refused");
    json_pair(json, "field", field);
    json_pair(json, "code", code);
    json_pair(json, "message", message);
    if (number == 0 && row->json)
        store_put_json(json, "cells",
                       json_object_to_json_string_ext(row->json, JSON_C_TO_STRING_PLAIN));
    json_close_object(json);
}

static void store_put_row(struct json *json, const struct import_row *row)
{
    int64_t number = 0;
    if (row->outcome == IMPORT_SKIPPED)
        return;
    if (row->outcome == IMPORT_REFUSED && !row->details) {
        store_put_refusal(json, row, 0, row->is_broken ? "file" : NULL, row->code, row->message);
        return;
    }
    for (const struct failure_detail *it = row->outcome == IMPORT_REFUSED ? row->details : NULL; it;
         it = it->next)
        store_put_refusal(json, row, number++, it->field, it->code, it->message);
    if (row->outcome == IMPORT_REFUSED)
        return;
    json_open_object(json);
    json_pair_int(json, "line", (int64_t)row->line);
    json_pair_int(json, "number", 0);
    json_pair(json, "outcome", row->outcome == IMPORT_CREATED ? "created" : "updated");
    json_pair(json, "record_id", row->record_id);
    json_pair(json, "version", row->version);
    store_put_json(json, "before", row->before);
    json_close_object(json);
}

bool import_store_rows(struct db *db, const struct import_state *state,
                       const struct import_row *rows, size_t count)
{
    struct buf text;
    struct json json;
    buf_init(&text, db->arena);
    json_start(&json, &text);
    json_open_array(&json);
    for (size_t i = 0; i < count; i++)
        if (!state->dry || rows[i].outcome == IMPORT_REFUSED)
            store_put_row(&json, &rows[i]);
    json_close_array(&json);
    return text.len <= 2 ||
           db_get(db, &import_insert_rows, state->tenant_id, state->id, text.data) != NULL;
}

bool import_advance(struct db *db, struct import_state *state)
{
    state->part++;
    bool ended = state->part >= state->parts;
    state->status = !ended ? "running" : state->dry ? "ready" : "done";
    if (ended && !state->dry && !db_get(db, &import_delete_parts, state->tenant_id, state->id))
        return false;
    return db_get(db, &import_update_counts, state->tenant_id, state->id, state->status,
                  store_number(db, state->part), store_number(db, state->handled),
                  store_number(db, state->created), store_number(db, state->updated),
                  store_number(db, state->skipped), store_number(db, state->refused)) != NULL;
}

struct rows *import_refusals(struct db *db, const struct import_state *state, int64_t behind,
                             int most)
{
    return db_get(db, &import_select_refusals, state->tenant_id, state->id,
                  store_number(db, behind), store_number(db, most));
}
