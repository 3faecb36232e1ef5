/* bulk_run: what becomes of each of many records is kept, and jobs go on with what one request does
 * not do, some rows in each transaction. Undoing goes the same way, backwards. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "access/event.h"
#include "access/resume.h"
#include "access/session.h"
#include "base/json.h"
#include "base/text.h"
#include "http/cx.h"
#include "job/work.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/internal.h"
#include "resource/model.h"

enum { STEP = 50, PATIENCE = 3 /* attempts before a defect is one row's alone */ };
#define STEP_TEXT "50"
_Static_assert(STEP == 50, "STEP_TEXT says the same");

STATEMENT(bulk_insert,
          "insert into bulk_runs (tenant_id, id, user_id, actor_id, resource, action, input,\n"
          "                       actor, status, undoable, total)\n"
          "values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5, $6, $7::jsonb, $8::jsonb, $9,\n"
          "        $10::boolean, $11::integer)",
          DB_WRITES);

STATEMENT(bulk_insert_rows,
          "insert into bulk_rows (tenant_id, run_id, record_id, position)\n"
          "select $1::uuid, $2::uuid, m.id, m.n\n"
          "from unnest($3::uuid[]) with ordinality m (id, n)\n"
          "on conflict do nothing",
          DB_WRITES);

STATEMENT(bulk_note_row,
          "insert into bulk_rows (tenant_id, run_id, record_id, position, state, status, code,\n"
          "                       message, label)\n"
          "values ($1::uuid, $2::uuid, $3::uuid, $4::integer, $5, $6::integer, $7, $8, $9)\n"
          "on conflict (tenant_id, run_id, record_id)\n"
          "do update set state = excluded.state, status = excluded.status, code = excluded.code,\n"
          "              message = excluded.message,\n"
          "              label = coalesce(excluded.label, bulk_rows.label)",
          DB_WRITES);

STATEMENT(bulk_ended,
          "update bulk_runs set handled = $3::integer, done = $4::integer\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(bulk_run_read,
          "select user_id, resource, action, input, actor, status, handled\n"
          "from bulk_runs\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "for update",
          DB_WRITES);

STATEMENT(bulk_next,
          "select record_id, before, version, label\n"
          "from bulk_rows\n"
          "where tenant_id = $1::uuid and run_id = $2::uuid and state = 'waiting'\n"
          "order by position\n"
          "limit " STEP_TEXT,
          0);

STATEMENT(bulk_last,
          "select record_id, before, version, label\n"
          "from bulk_rows\n"
          "where tenant_id = $1::uuid and run_id = $2::uuid and state = 'done'\n"
          "order by position desc\n"
          "limit " STEP_TEXT,
          0);

STATEMENT(bulk_did,
          "update bulk_runs\n"
          "set handled = handled + $3::integer, done = done + $4::integer,\n"
          "    status = case when $3::integer < " STEP_TEXT " then 'done' else status end\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(bulk_undid,
          "update bulk_runs\n"
          "set restored = restored + $4::integer, kept = kept + $3::integer - $4::integer,\n"
          "    status = case when $3::integer < " STEP_TEXT " then 'undone' else status end\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(bulk_closed,
          "with closed as (\n"
          "    update bulk_rows\n"
          "    set state = case state when 'waiting' then 'refused' else 'kept' end,\n"
          "        status = 403, code = $3, message = $4\n"
          "    where tenant_id = $1::uuid and run_id = $2::uuid\n"
          "    and state = case $5 when 'undoing' then 'done' else 'waiting' end\n"
          "    returning 1\n"
          ")\n"
          "update bulk_runs\n"
          "set handled = total, status = case $5 when 'undoing' then 'undone' else 'done' end,\n"
          "    kept = kept + case $5 when 'undoing' then (select count(*)::integer from closed)\n"
          "                          else 0 end\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(bulk_forget,
          "delete from bulk_runs\n"
          "where created_at < now() - make_interval(days => $1::integer)",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

STATEMENT(bulk_rows_refused,
          "select record_id, label, state, status, code, message\n"
          "from bulk_rows\n"
          "where tenant_id = $1::uuid and run_id = $2::uuid and state in ('refused', 'kept')\n"
          "order by position\n"
          "limit $3::integer",
          0);

/* ---- keeping ---- */

static const char *bulk_number(struct cx *cx, int64_t value)
{
    return arena_printf(cx->arena, "%lld", (long long)value);
}

/* By their names in JSON, as they are read again. */
static void bulk_write_taken(struct json *json, const struct input *input)
{
    json_open_object(json);
    for (size_t i = 0; input && input->fields[i].type != FIELD_END; i++) {
        const struct value *value = &input->values[i];
        if (value->presence == ABSENT)
            continue;
        json_key(json, field_json_name(&input->fields[i]));
        field_write_json(json, &input->fields[i], value->presence == GIVEN ? value->text : NULL,
                         value->presence == GIVEN ? strlen(value->text) : 0);
    }
    json_close_object(json);
}

static bool bulk_insert_run(struct cx *cx, struct bulk *bulk, size_t total, const char *status)
{
    const struct session *me = cx->session;
    struct json json;
    struct buf taken, actor;
    buf_init(&taken, cx->arena);
    buf_init(&actor, cx->arena);
    json_start(&json, &taken);
    bulk_write_taken(&json, bulk->taken);
    json_start(&json, &actor);
    session_keep(cx, &json);
    uuid_new(bulk->run_id);
    return db_get(&cx->db, &bulk_insert, me->tenant_id, bulk->run_id, me->user_id,
                  session_actor(me), model_name(bulk->resource), bulk->verb,
                  bulk->set ? bulk->set : taken.data, actor.data, status,
                  bulk_is_undoable(bulk) ? "true" : "false", bulk_number(cx, (int64_t)total)) ||
           fail_db(cx);
}

/* It says "done" from the beginning: nobody goes on with what this request does not do. */
bool bulk_keep_begin(struct cx *cx, struct bulk *bulk, size_t total)
{
    return bulk_insert_run(cx, bulk, total, "done");
}

bool bulk_keep_end(struct cx *cx, const struct bulk *bulk)
{
    return db_get(&cx->db, &bulk_ended, cx->session->tenant_id, bulk->run_id,
                  bulk_number(cx, bulk->handled), bulk_number(cx, bulk->done)) ||
           fail_db(cx);
}

static bool bulk_note_as(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
                         const char *state, const struct bulk_outcome *outcome)
{
    bool good = outcome->done;
    return db_get(&cx->db, &bulk_note_row, cx->session->tenant_id, bulk->run_id, id,
                  bulk_number(cx, bulk->handled), state,
                  good ? NULL : bulk_number(cx, outcome->status), good ? NULL : outcome->code,
                  good ? NULL : outcome->message, label) ||
           fail_db(cx);
}

bool bulk_note(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
               const struct bulk_outcome *outcome)
{
    return !uuid_is(id) ||
           bulk_note_as(cx, bulk, id, label, outcome->done ? "done" : "refused", outcome);
}

/* ---- to a job ---- */

static const struct job_kind *bulk_job_of(const struct cx *cx)
{
    return cx->db.role == DB_PLATFORM ? &bulk_platform_job : &bulk_job;
}

static bool bulk_add_job(struct cx *cx, const char *run_id)
{
    const char *payload = arena_printf(cx->arena, "{\"run\": \"%s\"}", run_id);
    return job_add(&cx->db, &(struct job_new){.kind = bulk_job_of(cx), .payload = payload}) ||
           fail_db(cx);
}

static const char *bulk_id_array(struct cx *cx, const struct bulk_ids *chosen)
{
    struct buf list;
    buf_init(&list, cx->arena);
    buf_putc(&list, '{');
    for (size_t i = 0; i < chosen->count; i++)
        if (uuid_is(chosen->ids[i]))
            buf_printf(&list, "%s%s", list.len > 1 ? "," : "", chosen->ids[i]);
    buf_putc(&list, '}');
    return list.data;
}

bool bulk_leave_to_job(struct cx *cx, struct bulk *bulk, const struct bulk_ids *chosen)
{
    return (db_begin(&cx->db) || fail_db(cx)) &&
           bulk_insert_run(cx, bulk, chosen->count, "running") &&
           (db_get(&cx->db, &bulk_insert_rows, cx->session->tenant_id, bulk->run_id,
                   bulk_id_array(cx, chosen)) ||
            fail_db(cx)) &&
           bulk_add_job(cx, bulk->run_id) && (db_commit(&cx->db) || fail_db(cx));
}

/* ---- the job ---- */

struct run {
    struct cx cx;
    struct route route;
    struct bulk bulk;
    const char *tenant_id, *status;
    struct json_object *actor, *input;
};

static json_object *bulk_parse(struct run *run, const char *text)
{
    json_object *object = json_tokener_parse(text);
    arena_defer(run->cx.arena, input_release_json, object);
    return object;
}

static bool bulk_read_run(struct job *job, struct run *run)
{
    const struct rows *rows =
        db_get(&run->cx.db, &bulk_run_read, job->tenant_id, job_text(job, "run"));
    if (!rows)
        return job_fail_db(job);
    if (rows_count(rows) == 0)
        return job_refuse(job, "It is there no more.");
    struct bulk *bulk = &run->bulk;
    const char *verb = rows_text(rows, 0, 2), *input = rows_text(rows, 0, 3);
    const struct resource *resource = model_resource(rows_text(rows, 0, 1));
    if (!resource)
        return job_refuse(job, "There is no resource %s.", rows_text(rows, 0, 1));
    bool merges = strcmp(verb, BULK_MERGE) == 0, is_update = strcmp(verb, "update") == 0;
    *bulk = (struct bulk){.resource = resource,
                          .verb = verb,
                          .action = action_find_many(resource, verb),
                          .set = is_update || merges ? input : NULL,
                          .merges = merges,
                          .gives_up = job->attempt > PATIENCE};
    snprintf(bulk->run_id, sizeof bulk->run_id, "%s", job_text(job, "run"));
    run->tenant_id = job->tenant_id;
    run->status = rows_text(rows, 0, 5);
    run->actor = bulk_parse(run, rows_text(rows, 0, 4));
    run->input = bulk_parse(run, input);
    bulk->handled = rows_int(rows, 0, 6);
    return true;
}

/* As the request was that began it. */
static bool bulk_resume(struct run *run)
{
    struct bulk *bulk = &run->bulk;
    run->route = (struct route){.about = bulk->resource, .method = HTTP_POST};
    run->cx.route = &run->route;
    if (!session_resume(&run->cx, run->actor))
        return false;
    return !bulk->action ||
           input_read_json(&run->cx, bulk->action->takes, run->input, INPUT_CREATE, &bulk->taken);
}

/* Who began it is there no more, or may not go on. */
static bool bulk_close_run(struct job *job, struct run *run)
{
    const struct failure *why = &run->cx.failure;
    if (why->status == 0 || why->status >= 500)
        return job_fail_cx(job, &run->cx);
    return db_get(job->db, &bulk_closed, run->tenant_id, run->bulk.run_id, why->code, why->message,
                  run->status) ||
           job_fail_db(job);
}

static bool bulk_step(struct run *run, const struct rows *rows, bool back)
{
    struct bulk_outcome outcome;
    struct bulk *bulk = &run->bulk;
    int64_t done = 0;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *id = rows_text(rows, i, 0);
        if (!back && !bulk_do(&run->cx, bulk, id, &outcome))
            return false;
        if (back &&
            (!bulk_undo(&run->cx, bulk, id, rows_text(rows, i, 1), rows_text(rows, i, 2),
                        &outcome) ||
             !bulk_note_as(&run->cx, bulk, id, NULL, outcome.done ? "restored" : "kept", &outcome)))
            return false;
        done += outcome.done;
    }
    return db_get(&run->cx.db, back ? &bulk_undid : &bulk_did, run->tenant_id, bulk->run_id,
                  bulk_number(&run->cx, (int64_t)rows_count(rows)), bulk_number(&run->cx, done)) ||
           fail_db(&run->cx);
}

static bool bulk_is_last(const struct rows *rows)
{
    return rows_count(rows) < STEP;
}

/* Its pages are told of the rows by what changed; of the end by this. */
static bool bulk_end_or_go_on(struct job *job, struct run *run, const struct rows *rows, bool back)
{
    if (!bulk_is_last(rows))
        return job_again(job, bulk_job_of(&run->cx));
    struct db own = *job->db;
    snprintf(own.tenant_id, sizeof own.tenant_id, "%s", run->tenant_id);
    return event_append(&own, back ? "bulk_run.reverted" : "bulk_run.finished", run->bulk.run_id,
                        NULL) ||
           job_fail_db(job);
}

static bool bulk_run_job(struct job *job)
{
    struct run *run = arena_alloc(job->arena, sizeof *run);
    *run = (struct run){.tenant_id = NULL};
    job_cx(job, &run->cx);
    run->cx.db = *job->db; /* within the attempt's transaction */
    if (!bulk_read_run(job, run))
        return false;
    bool back = strcmp(run->status, "undoing") == 0;
    if (!back && strcmp(run->status, "running") != 0)
        return true;
    if (!bulk_resume(run))
        return bulk_close_run(job, run);
    const struct rows *rows =
        db_get(&run->cx.db, back ? &bulk_last : &bulk_next, run->tenant_id, run->bulk.run_id);
    if (!rows)
        return job_fail_db(job);
    if (!bulk_step(run, rows, back))
        return job_fail_cx(job, &run->cx);
    return bulk_end_or_go_on(job, run, rows, back);
}

const struct job_kind bulk_job = {"bulk.run", "bulk", bulk_run_job, .at_once = 2};
const struct job_kind bulk_platform_job = {"bulk.run_platform", "bulk", bulk_run_job,
                                           .flags = JOB_PLATFORM, .at_once = 2};

static bool bulk_forget_old(struct job *job)
{
    return db_get(job->db, &bulk_forget, arena_printf(job->arena, "%d", BULK_DAYS)) ||
           job_fail_db(job);
}

const struct job_kind bulk_forget_job = {"bulk.forget", "cleanup", bulk_forget_old,
                                         .flags = JOB_PLATFORM};

/* ---- what can be seen of it ---- */

struct rows *bulk_refused(struct cx *cx, const char *run_id, int most)
{
    struct rows *rows =
        db_get(&cx->db, &bulk_rows_refused, cx->session->tenant_id, run_id, bulk_number(cx, most));
    if (!rows)
        fail_db(cx);
    return rows;
}

/* ---- undoing ---- */

bool bulk_undo_later(struct cx *cx, const char *run_id)
{
    static const char sql[] = "update bulk_runs set status = 'undoing' where id = $1::uuid";
    return (db_get(&cx->db, statement_made(cx->arena, sql, DB_WRITES), run_id) || fail_db(cx)) &&
           bulk_add_job(cx, run_id);
}
