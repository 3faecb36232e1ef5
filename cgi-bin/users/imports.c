#include "imports.h"

#include <string.h>

#include "access/event.h"
#include "access/grant.h"
#include "access/session.h"
#include "base/json.h"
#include "base/text.h"
#include "http/cx.h"
#include "job/job.h"
#include "page/page.h"

enum { STEP = 100, REFUSED_MAX = 10000, REFUSED_SHOWN = 500, KEPT_DAYS = 30 };
#define STEP_TEXT "100"
_Static_assert(STEP == 100, "STEP_TEXT says the same");

STATEMENT(user_import_insert,
          "insert into user_imports (tenant_id, id, total, handled)\n"
          "values ($1::uuid, $2::uuid, $3::int, $4::int)",
          DB_WRITES);

STATEMENT(user_import_insert_rows,
          "insert into user_import_rows (tenant_id, import_id, line, email, name, phone, kind,\n"
          "                              role_key, password_hash, field, code, message)\n"
          "select $1::uuid, $2::uuid, r.line, r.email, r.name, r.phone, r.kind,\n"
          "       r.role_key, r.password_hash, r.field, r.code, r.message\n"
          "from jsonb_to_recordset($3::jsonb) as r (\n"
          "    line int, email text, name text, phone text, kind text,\n"
          "    role_key text, password_hash text, field text, code text, message text)",
          DB_WRITES);

STATEMENT(user_import_step,
          "select house.user_import_step($1::uuid, $2::uuid, " STEP_TEXT ", $3::jsonb)", DB_WRITES);

STATEMENT(user_import_state,
          "select status = 'done', total, handled, created\n"
          "from user_imports\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

STATEMENT(user_import_refusals,
          "select line, field, code, message\n"
          "from user_import_rows\n"
          "where import_id = $1::uuid and code is not null\n"
          "and ($2::uuid is null or tenant_id = $2::uuid)\n"
          "order by line, id\n"
          "limit $3::int",
          0);

STATEMENT(user_import_forget,
          "delete from user_imports\n"
          "where created_at < now() - make_interval(days => $1::int)",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

/* ---- a step, in a transaction ---- */

/* Nobody imports people who may do what they may not. Asked at each step, since who began
 * the import may have lost rights while it waited. */
static const char *refused_roles(struct db *db, const struct rights *most)
{
    struct buf out;
    struct json json;
    struct rights rights;
    buf_init(&out, db->arena);
    json_start(&json, &out);
    json_open_object(&json);
    for (const struct builtin_role *role = builtin_roles; role->key; role++) {
        builtin_role_rights(db->arena, role->key, &rights);
        enum grant_answer answer = rights_cover(most, &rights, NULL);
        if (answer == GRANT_YES)
            continue;
        json_key(&json, role->key);
        json_open_array(&json);
        json_put_text(&json, "kind");
        json_put_text(&json, answer == GRANT_RANK ? "rank_too_high" : "permission_lacking");
        json_put_text(&json, answer == GRANT_RANK ? "This kind is ranked above you."
                                                  : "This kind may do what you may not.");
        json_close_array(&json);
    }
    json_close_object(&json);
    return out.data;
}

/* Pages that follow are told by the users that are made; of the end by this. */
static bool step(struct db *db, const char *tenant_id, const char *id,
                 const struct grantor *grantor, bool *done)
{
    struct rights most;
    if (!grant_lock(db, tenant_id) || !grantor_rights(db, grantor, &most))
        return false;
    const struct rows *rows =
        db_get(db, &user_import_step, tenant_id, id, refused_roles(db, &most));
    *done = rows && rows_bool(rows, 0, 0);
    return rows && (!*done || event_append(db, "user_import.finished", id, NULL));
}

static bool run(struct job *job)
{
    bool done;
    json_object *who = NULL;
    json_object_object_get_ex(job->payload, "grantor", &who);
    const struct grantor grantor = grantor_read(job->arena, who);
    db_act_as(job->db, "user", job_text(job, "by"), job_text(job, "name"), NULL, NULL, NULL);
    if (!step(job->db, job->tenant_id, job_text(job, "import"), &grantor, &done))
        return job_fail_db(job);
    return done || job_again(job, &user_import_job);
}

const struct job_kind user_import_job = {"users.import", "import", run, .at_once = 2};

static bool forget(struct job *job)
{
    return db_get(job->db, &user_import_forget, arena_printf(job->arena, "%d", KEPT_DAYS)) ||
           job_fail_db(job);
}

const struct job_kind user_import_forget_job = {"users.forget_imports", "cleanup", forget,
                                                .flags = JOB_PLATFORM};

/* ---- the beginning ---- */

static bool leave_to_job(struct cx *cx, struct db *db, const char *id)
{
    struct buf payload;
    struct json json;
    const struct grantor grantor = grantor_of(cx);
    buf_init(&payload, cx->arena);
    json_start(&json, &payload);
    json_open_object(&json);
    json_pair(&json, "import", id);
    json_pair(&json, "by", session_actor(cx->session));
    json_pair(&json, "name", session_actor_name(cx, cx->session));
    json_key(&json, "grantor");
    grantor_write(&json, cx->arena, &grantor);
    json_close_object(&json);
    return job_add(db, &(struct job_new){.kind = &user_import_job, .payload = payload.data});
}

static bool store(struct cx *cx, struct db *db, const struct new_import *import,
                  struct import_state *out)
{
    const char *total = arena_printf(cx->arena, "%lld", (long long)import->total);
    const char *refused = arena_printf(cx->arena, "%lld", (long long)import->refused);
    const struct grantor grantor = grantor_of(cx);
    return db_begin(db) &&
           db_get(db, &user_import_insert, import->tenant_id, out->id, total, refused) &&
           db_get(db, &user_import_insert_rows, import->tenant_id, out->id, import->rows) &&
           (import->total > STEP || step(db, import->tenant_id, out->id, &grantor, &out->done)) &&
           (out->done || leave_to_job(cx, db, out->id)) && db_commit(db);
}

static bool read_state(struct cx *cx, const char *tenant_id, struct import_state *out)
{
    const struct rows *rows = db_get(&cx->db, &user_import_state, tenant_id, out->id);
    out->refused = rows ? user_import_refused(cx, out->id, REFUSED_MAX) : NULL;
    if (!rows)
        return fail_db(cx);
    if (!out->refused)
        return false;
    out->done = rows_bool(rows, 0, 0);
    out->total = rows_int(rows, 0, 1);
    out->handled = rows_int(rows, 0, 2);
    out->created = rows_int(rows, 0, 3);
    return true;
}

bool user_import_begin(struct cx *cx, const struct new_import *import, struct import_state *out)
{
    struct db db = cx->db; /* an operator's sees all tenants; this one is of the file's */
    snprintf(db.tenant_id, sizeof db.tenant_id, "%s", import->tenant_id);
    int scope = db_scope(&db);
    uuid_new(out->id);
    out->done = false;
    if (!store(cx, &db, import, out)) {
        db_rollback_to(&db, scope);
        cx->db.error = db.error;
        return fail_db(cx);
    }
    return read_state(cx, import->tenant_id, out);
}

/* ---- how far it is ---- */

const struct rows *user_import_refused(struct cx *cx, const char *id, int most)
{
    const char *tenant_id = cx->db.tenant_id[0] ? cx->db.tenant_id : NULL;
    const struct rows *rows =
        db_get(&cx->db, &user_import_refusals, id, tenant_id, arena_printf(cx->arena, "%d", most));
    if (!rows)
        fail_db(cx);
    return rows;
}

static int64_t number_of(const struct list_result *record, const char *name)
{
    int64_t number = 0;
    text_to_int(record_value(record, name), INT64_MIN, INT64_MAX, &number);
    return number;
}

static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (!record)
        return true;
    int64_t total = number_of(record, "total"), handled = number_of(record, "handled"),
            created = number_of(record, "created");
    const struct rows *refused =
        user_import_refused(cx, rows_text(record->rows, 0, 0), REFUSED_SHOWN);
    if (!refused)
        return false;
    page_set_int(data, "total", total);
    page_set_int(data, "handled", handled);
    page_set_int(data, "created", created);
    page_set_int(data, "refusedCount", handled - created);
    page_set_bool(data, "running", handled < total);
    page_set_bool(data, "hasRefused", rows_count(refused) > 0);
    page_set_bool(data, "hasMore", rows_count(refused) == REFUSED_SHOWN);
    json_object *list = page_list(data, "refused");
    for (size_t i = 0; i < rows_count(refused); i++) {
        json_object *item = page_item(list);
        page_set_int(item, "line", rows_int(refused, i, 0));
        page_set(item, "field", rows_text(refused, i, 1));
        page_set(item, "message", rows_text(refused, i, 3));
    }
    return true;
}

const struct resource user_imports = {
    .name = "user-imports",
    .one = "user import",
    .no_events = true,
    .title = "Imports",
    .about = "Files of users, and what became of each of their rows; kept for thirty days.",
    .permission = "users.users",
    .table = "user_imports",
    .api = "/api/platform-users/imports",
    .page = "/admin/users/imports",
    .icon = "file-import",
    .follows = "events",
    .scope = SCOPE_EITHER,
    .operations = OP_LIST | OP_GET,
    .label = "created_at",
    .fields = FIELDS(
        {"status", CHOICE, READ_ONLY | LISTED, .choices = CHOICES("running", "done"),
         .example = "done"},
        {"total", INT, READ_ONLY | LISTED, .label = "Rows", .example = "2500"},
        {"handled", INT, READ_ONLY | LISTED, .example = "2500",
         .help = "Rows that have become users or were refused."},
        {"created", INT, READ_ONLY | LISTED, .label = "Users made", .example = "2488"},
        {"refused", JSON, READ_ONLY | LIST_OMITTED | HIDDEN,
         .sql = "(select coalesce(jsonb_agg(jsonb_build_object('line', r.line, 'field', r.field,\n"
                "'code', r.code, 'message', r.message) order by r.line, r.id), '[]')\n"
                "from user_import_rows r where r.tenant_id = user_imports.tenant_id\n"
                "and r.import_id = user_imports.id and r.code is not null)",
         .help = "Each refused value: line, field, code and message.", .example = "[]"}),
    .template_detail = "users/import_report",
    .add_to_page = add_to_page,
};
