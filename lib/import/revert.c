/* revert: an import taken back, the last row first: what it added is deleted, what it changed gets
 * the values that were there. All of it goes the way of a DELETE or PATCH by whoever reverts. What
 * somebody changed since, or may not be undone by them, stays and is listed. */
#include <string.h>

#include "http/cx.h"
#include "import/internal.h"

enum { STEP = 250 };
#define STEP_TEXT "250"
_Static_assert(STEP == 250, "STEP_TEXT says the same");

STATEMENT(import_revert_rows,
          "select line, number, outcome, record_id, version, before\n"
          "from import_rows\n"
          "where tenant_id = $1::uuid and import_id = $2::uuid\n"
          "and outcome in ('created', 'updated')\n"
          "order by line desc\n"
          "limit " STEP_TEXT,
          0);
enum { LINE, NUMBER, OUTCOME, RECORD, VERSION, BEFORE };

STATEMENT(import_revert_delete,
          "delete from import_rows r\n"
          "using jsonb_to_recordset($3::jsonb) as done (line int, message text, code text)\n"
          "where r.tenant_id = $1::uuid and r.import_id = $2::uuid and r.line = done.line\n"
          "and r.outcome in ('created', 'updated') and done.code is null",
          DB_WRITES);

STATEMENT(import_revert_keep,
          "update import_rows r\n"
          "set outcome = 'kept', before = null, code = done.code, message = done.message\n"
          "from jsonb_to_recordset($3::jsonb) as done (line int, message text, code text)\n"
          "where r.tenant_id = $1::uuid and r.import_id = $2::uuid and r.line = done.line\n"
          "and r.outcome in ('created', 'updated') and done.code is not null",
          DB_WRITES);

STATEMENT(import_revert_count,
          "update imports\n"
          "set status = $3, reverted = reverted + $4::int, kept = kept + $5::int\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(import_revert_begin,
          "update imports\n"
          "set status = 'reverting'\n"
          "where tenant_id = $1::uuid and id = $2::uuid and status = 'done'\n"
          "returning id",
          DB_WRITES);

STATEMENT(import_select_kept,
          "select line, record_id, code, message\n"
          "from import_rows\n"
          "where tenant_id = $1::uuid and import_id = $2::uuid and outcome = 'kept'\n"
          "order by line\n"
          "limit $3::int",
          0);

bool import_revert_mark(struct db *db, const struct import_state *state, bool *begun)
{
    const struct rows *rows = db_get(db, &import_revert_begin, state->tenant_id, state->id);
    *begun = rows && rows_count(rows) == 1;
    return rows != NULL;
}

struct rows *import_kept(struct db *db, const struct import_state *state, int most)
{
    return db_get(db, &import_select_kept, state->tenant_id, state->id,
                  arena_printf(db->arena, "%d", most));
}

/* ---- one record ---- */

static void revert_release(void *object)
{
    json_object_put(object);
}

/* Of what was there the members that the file's columns changed; null where there was nothing. */
static json_object *revert_patch(struct cx *cx, const struct import_plan *plan, const char *before)
{
    json_object *was = json_tokener_parse(before), *patch = json_object_new_object();
    json_object *custom = NULL, *old_custom = NULL, *value = NULL;
    arena_defer(cx->arena, revert_release, was);
    arena_defer(cx->arena, revert_release, patch);
    json_object_object_get_ex(was, "custom", &old_custom);
    for (size_t at = 0; at < plan->width; at++) {
        const struct field *field = plan->columns[at].field;
        if (!field || (field->flags & (CREATE_ONLY | INPUT_ONLY | READ_ONLY)))
            continue;
        if (!(field->flags & MADE)) {
            if (json_object_object_get_ex(was, plan->columns[at].name, &value))
                json_object_object_add(patch, plan->columns[at].name, json_object_get(value));
            continue;
        }
        const char *key = field->name + strlen("custom.");
        const char *member = arena_copy(cx->arena, key, strcspn(key, "."));
        if (!custom) {
            custom = json_object_new_object();
            json_object_object_add(patch, "custom", custom);
        }
        value = NULL;
        json_object_object_get_ex(old_custom, member, &value);
        json_object_object_add(custom, member, json_object_get(value));
    }
    return patch;
}

static bool revert_change(struct cx *cx, const struct import_plan *plan, const char *id,
                          const char *before)
{
    struct input *input;
    struct list_result out;
    json_object *patch = revert_patch(cx, plan, before);
    if (!input_read_json(cx, plan->fields, patch, INPUT_MERGE, &input))
        return false;
    cx->input = input;
    return record_update(cx, plan->resource, id, input, INPUT_MERGE, &out);
}

static bool revert_fail_changed(struct cx *cx)
{
    return fail(cx, 409, "changed_since", "It was changed since.");
}

static bool revert_record(struct cx *cx, const struct import_plan *plan, const struct rows *rows,
                          size_t i)
{
    struct list_result now;
    const char *id = rows_text(rows, i, RECORD);
    if (!record_get(cx, plan->resource, id, &now))
        return false;
    if (strcmp(record_value(&now, "updated_at"), rows_text(rows, i, VERSION)) != 0)
        return revert_fail_changed(cx);
    if (strcmp(rows_text(rows, i, OUTCOME), "created") == 0)
        return record_delete(cx, plan->resource, id);
    return revert_change(cx, plan, id, rows_text(rows, i, BEFORE));
}

/* ---- a step ---- */

static bool revert_row(struct cx *cx, const struct import_plan *plan, const struct rows *rows,
                       size_t i)
{
    int scope = db_scope(&cx->db);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (revert_record(cx, plan, rows, i) && db_commit(&cx->db))
        return true;
    if (cx->failure.status == 0)
        fail_db(cx);
    db_rollback_to(&cx->db, scope);
    return false;
}

/* Says of each row whether it stays, and why. false: the step cannot go on. */
static bool revert_rows(struct cx *cx, const struct import_plan *plan, const struct rows *rows,
                        struct json *json, int64_t *kept)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        bool done = revert_row(cx, plan, rows, i);
        if (!done && (cx->failure.status >= 500 || cx->failure.status == 401))
            return false;
        json_open_object(json);
        json_pair_int(json, "line", rows_int(rows, i, LINE));
        json_pair(json, "code", done ? NULL : cx->failure.code);
        json_pair(json, "message", done ? NULL : cx->failure.message);
        json_close_object(json);
        *kept += !done;
        cx->failure = (struct failure){.status = 0};
    }
    return true;
}

static bool revert_store(struct cx *cx, struct import_state *state, const char *done, int64_t count,
                         int64_t kept)
{
    struct db *db = &cx->db;
    bool ended = count < STEP;
    state->status = ended ? "reverted" : "reverting";
    return db_get(db, &import_revert_delete, state->tenant_id, state->id, done) &&
           db_get(db, &import_revert_keep, state->tenant_id, state->id, done) &&
           db_get(db, &import_revert_count, state->tenant_id, state->id, state->status,
                  arena_printf(cx->arena, "%lld", (long long)(count - kept)),
                  arena_printf(cx->arena, "%lld", (long long)kept));
}

bool import_revert_step(struct cx *cx, struct import_state *state)
{
    struct import_plan plan;
    struct buf text;
    struct json json;
    int64_t kept = 0;
    if (!import_plan_of(cx, state, &plan))
        return false;
    import_set_route(cx, &plan);
    const struct rows *rows = db_get(&cx->db, &import_revert_rows, state->tenant_id, state->id);
    if (!rows)
        return fail_db(cx);
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    json_open_array(&json);
    if (!revert_rows(cx, &plan, rows, &json, &kept))
        return false;
    json_close_array(&json);
    return revert_store(cx, state, text.data, (int64_t)rows_count(rows), kept) || fail_db(cx);
}

bool import_revert(struct cx *cx, struct import_state *state)
{
    struct db db = cx->db;
    bool begun;
    memcpy(db.tenant_id, state->tenant_id, UUID_SIZE);
    if (!db_begin(&db) || !import_revert_mark(&db, state, &begun)) {
        cx->db.error = db.error;
        return fail_db(cx);
    }
    if (!begun) {
        db_rollback(&db);
        return fail(cx, 409, "not_revertible", "Only an import that has ended can be taken back.");
    }
    state->status = "reverting";
    if (import_leave(cx, &db, state) && db_commit(&db))
        return true;
    cx->db.error = db.error;
    return fail_db(cx);
}
