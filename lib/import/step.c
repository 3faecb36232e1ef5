/* step: one part of an import, and the job that takes part after part. */
#include <stdio.h>
#include <string.h>

#include "access/event.h"
#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/language.h"
#include "base/registry.h"
#include "http/cx.h"
#include "import/internal.h"
#include "job/work.h"
#include "resource/event_kind.h"

/* ---- who writes ---- */

/* What a handler would have: the body's fields and what it is about. */
void import_set_route(struct cx *cx, const struct import_plan *plan)
{
    static char *no_head[] = {NULL};
    struct route *route = arena_alloc(cx->arena, sizeof *route);
    *route = (struct route){.method = HTTP_POST,
                            .path = plan->resource->api,
                            .handle = resource_create,
                            .body = plan->fields,
                            .about = plan->resource};
    cx->route = route;
    cx->request.method = HTTP_POST;
    cx->request.environment = no_head;
}

struct cx *import_actor(struct cx *cx, struct db *db, const struct import_plan *plan)
{
    struct cx *actor = arena_alloc(cx->arena, sizeof *actor);
    *actor = *cx;
    actor->db = *db;
    actor->failure = (struct failure){.status = 0};
    actor->is_page = false;
    import_set_route(actor, plan);
    return actor;
}

/* ---- the rows of a part ---- */

static bool step_read_rows(struct cx *cx, json_object *all, struct import_row **out, size_t *count)
{
    *count = json_object_array_length(all);
    struct import_row *rows = arena_alloc(cx->arena, sizeof *rows * (*count + 1));
    for (size_t i = 0; i < *count; i++) {
        json_object *row = json_object_array_get_idx(all, i);
        json_object *cells = json_object_array_get_idx(row, 1);
        rows[i].line = (size_t)json_object_get_int64(json_object_array_get_idx(row, 0));
        rows[i].json = cells;
        rows[i].count = json_object_array_length(cells);
        rows[i].cells = arena_alloc(cx->arena, sizeof *rows[i].cells * (rows[i].count + 1));
        bool *numbers = arena_alloc(cx->arena, rows[i].count + 1);
        for (size_t at = 0; at < rows[i].count; at++) {
            json_object *cell = json_object_array_get_idx(cells, at);
            rows[i].cells[at] = json_object_get_string(cell);
            numbers[at] = !json_object_is_type(cell, json_type_string);
        }
        rows[i].numbers = numbers;
        rows[i].code = json_object_get_string(json_object_array_get_idx(row, 2));
        rows[i].message = json_object_get_string(json_object_array_get_idx(row, 3));
        rows[i].is_broken = rows[i].code != NULL;
    }
    *out = rows;
    return true;
}

/* What is wrong on our side is wrong for all that follow too. */
static bool step_ends_all(const struct failure *failure)
{
    return failure->status == 0 || failure->status >= 500 || failure->status == 401 ||
           failure->status == 429;
}

static void step_refuse(struct cx *cx, struct import_row *row)
{
    row->outcome = IMPORT_REFUSED;
    row->details = cx->failure.details;
    row->code = cx->failure.code;
    row->message = cx->failure.message;
    cx->failure = (struct failure){.status = 0};
}

/* One row within the scope around it. *broken: a statement failed there, which fails what was done
 * in that scope before. false: the step cannot go on. */
static bool step_take(struct import_run *run, struct import_row *row, bool *broken)
{
    struct cx *cx = run->cx;
    int scope = db_scope(&cx->db);
    if (row->is_broken) {
        row->outcome = IMPORT_REFUSED;
        return true;
    }
    row->details = NULL;
    row->code = row->message = NULL;
    cx->db.error = (struct db_error){.status = DB_OK};
    if (import_take_row(run, row))
        return true;
    *broken = cx->db.error.status != DB_OK;
    db_rollback_to(&cx->db, scope);
    if (step_ends_all(&cx->failure))
        return false;
    step_refuse(cx, row);
    return true;
}

static bool step_commit(struct cx *cx)
{
    return db_commit(&cx->db) || fail_db(cx);
}

/* The new records of some rows, behind them. The one row that is refused so may be any of several;
 * of one alone it is that. */
static bool step_write_waiting(struct import_run *run, struct import_row *rows, bool *broken)
{
    struct cx *cx = run->cx;
    if (import_write_waiting(run))
        return true;
    *broken = true;
    if (step_ends_all(&cx->failure))
        return false;
    step_refuse(cx, rows);
    return true;
}

/* Some rows in one scope; when the database refuses one of them, halves of them. */
static bool step_take_some(struct import_run *run, struct import_row *rows, size_t count)
{
    struct cx *cx = run->cx;
    struct import_known *keys = arena_alloc(cx->arena, sizeof *keys * 2);
    int scope = db_scope(&cx->db);
    bool broken = false;
    keys[0] = run->keys;
    keys[1] = run->references;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    run->waits = 0;
    for (size_t i = 0; i < count && !broken; i++)
        if (!step_take(run, &rows[i], &broken))
            return false;
    if (!broken && !step_write_waiting(run, rows, &broken))
        return false;
    if (!broken)
        return step_commit(cx);
    db_rollback_to(&cx->db, scope);
    run->keys = keys[0];
    run->references = keys[1];
    if (count == 1)
        return true;
    size_t half = count / 2;
    return step_take_some(run, rows, half) && step_take_some(run, rows + half, count - half);
}

static bool step_take_all(struct import_run *run, struct import_row *rows, size_t count)
{
    bool makes = strcmp(run->plan->unknown, "create") == 0;
    size_t size = makes ? 1 : IMPORT_TOGETHER;
    for (size_t at = 0; at < count; at += size)
        if (!step_take_some(run, rows + at, count - at < size ? count - at : size))
            return false;
    return true;
}

static void step_count(struct import_state *state, const struct import_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        state->handled++;
        state->created += rows[i].outcome == IMPORT_CREATED;
        state->updated += rows[i].outcome == IMPORT_UPDATED;
        state->skipped += rows[i].outcome == IMPORT_SKIPPED;
        state->refused += rows[i].outcome == IMPORT_REFUSED;
    }
}

const char *import_event(const struct resource *resource)
{
    static struct registry made;
    static struct arena *arena;
    char *event = registry_find(&made, resource);
    if (event)
        return event;
    if (!arena)
        arena = arena_new();
    event = arena_printf(arena, "%s_import.finished", event_word_of(resource));
    registry_add(&made, resource, event);
    return event;
}

static void step_release(void *object)
{
    json_object_put(object);
}

/* All of it in a scope that a trial gives back. */
static bool step_write(struct cx *cx, const struct import_state *state,
                       const struct import_plan *plan, struct import_row *rows, size_t count)
{
    struct import_run *run = arena_alloc(cx->arena, sizeof *run);
    int scope = db_scope(&cx->db);
    *run = (struct import_run){.cx = cx, .plan = plan};
    if (state->dry && !db_begin(&cx->db))
        return fail_db(cx);
    bool good = import_find_keys(run, rows, count) && step_take_all(run, rows, count);
    if (state->dry || !good)
        db_rollback_to(&cx->db, scope);
    return good;
}

bool import_step(struct cx *cx, struct import_state *state)
{
    struct import_plan plan;
    struct import_row *rows = NULL;
    size_t count = 0;
    if (!import_plan_of(cx, state, &plan))
        return false;
    import_set_route(cx, &plan);
    const char *text = import_read_part(&cx->db, state);
    if (!text)
        return fail_db(cx);
    json_object *all = json_tokener_parse(*text ? text : "[]");
    arena_defer(cx->arena, step_release, all);
    if (!step_read_rows(cx, all, &rows, &count) || !step_write(cx, state, &plan, rows, count))
        return false;
    step_count(state, rows, count);
    if (!import_store_rows(&cx->db, state, rows, count) || !import_advance(&cx->db, state))
        return fail_db(cx);
    return strcmp(state->status, "done") != 0 ||
           event_append(&cx->db, import_event(plan.resource), state->id, NULL) || fail_db(cx);
}

/* ---- later ---- */

bool import_leave(struct cx *cx, struct db *db, const struct import_state *state)
{
    struct buf payload;
    struct json json;
    const struct session *session = cx->session;
    const struct grantor grantor = grantor_of(cx);
    buf_init(&payload, cx->arena);
    json_start(&json, &payload);
    json_open_object(&json);
    json_pair(&json, "import", state->id);
    json_pair(&json, "by", session_actor(session));
    json_pair(&json, "kind", session->kind == SESSION_API_KEY ? "api_key" : "user");
    json_pair(&json, "name", session_actor_name(cx, session));
    json_pair(&json, "language", cx->language ? cx->language->code : NULL);
    json_key(&json, "grantor");
    grantor_write(&json, cx->arena, &grantor);
    json_close_object(&json);
    return job_add(db, &(struct job_new){.kind = &import_job, .payload = payload.data});
}

bool import_start(struct cx *cx, struct db *db, struct import_state *state)
{
    struct import_plan plan;
    if (state->total > IMPORT_AT_ONCE) {
        if (import_leave(cx, db, state))
            return true;
        cx->db.error = db->error;
        return fail_db(cx);
    }
    const char *waiting = state->status;
    if (!import_plan_of(cx, state, &plan))
        return false;
    struct cx *actor = import_actor(cx, db, &plan);
    int scope = db_scope(&actor->db);
    state->status = "running";
    if (!db_begin(&actor->db))
        return fail_db(cx);
    if (import_step(actor, state) && db_commit(&actor->db))
        return true;
    if (actor->failure.status == 503) { /* others hold what it needs: the job tries it again */
        db_rollback_to(&actor->db, scope);
        state->status = waiting;
        return import_leave(cx, db, state) || fail_db(cx);
    }
    cx->db.error = actor->db.error;
    cx->failure = actor->failure;
    return false;
}

/* As whom the job works, with what they may now. */
static bool step_enter(struct job *job, struct cx *cx)
{
    struct rights rights;
    json_object *who = NULL;
    json_object_object_get_ex(job->payload, "grantor", &who);
    const struct grantor grantor = grantor_read(job->arena, who);
    const char *by = job_text(job, "by"), *kind = job_text(job, "kind");
    struct session *session = arena_alloc(job->arena, sizeof *session);
    job_cx(job, cx);
    db_act_as(job->db, kind, by, job_text(job, "name"), NULL, NULL, NULL);
    db_act_for(job->db, grantor.impersonator_id);
    cx->db = *job->db;
    cx->language = language_find(job_text(job, "language"));
    cx->tenant = tenant_by_id(cx, job->tenant_id);
    if (!cx->tenant || !grantor_rights(&cx->db, &grantor, &rights))
        return false;
    const struct tenant *home = tenant_by_id(cx, grantor.tenant_id);
    bool is_key = kind && strcmp(kind, "api_key") == 0;
    *session = (struct session){.kind = is_key ? SESSION_API_KEY : SESSION_TOKEN,
                                .name = job_text(job, "name"),
                                .email = "",
                                .role = rights.role,
                                .rank = rights.rank,
                                .is_operator = home && home->kind == TENANT_PLATFORM,
                                .permissions = rights.permissions,
                                .impersonator_id = grantor.impersonator_id};
    snprintf(session->id, sizeof session->id, "%s", by ? by : "");
    snprintf(session->user_id, sizeof session->user_id, "%s", grantor.user_id);
    snprintf(session->tenant_id, sizeof session->tenant_id, "%s", grantor.tenant_id);
    cx->session = session;
    return true;
}

static bool step_run(struct job *job)
{
    struct cx *cx = arena_alloc(job->arena, sizeof *cx);
    struct import_state state;
    bool there;
    if (!step_enter(job, cx) || !import_lock(&cx->db, job_text(job, "import"), &state, &there))
        return job_fail_cx(job, cx);
    bool reverts = there && strcmp(state.status, "reverting") == 0;
    if (!there || (!reverts && strcmp(state.status, "running") != 0))
        return true;
    if (!(reverts ? import_revert_step(cx, &state) : import_step(cx, &state)))
        return job_fail_cx(job, cx);
    bool more = strcmp(state.status, reverts ? "reverting" : "running") == 0;
    return !more || job_again(job, &import_job);
}

const struct job_kind import_job = {"core.import", "import", step_run, .at_once = 2};

STATEMENT(import_forget,
          "delete from imports\n"
          "where created_at < now() - make_interval(days => $1::int)",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

static bool forget(struct job *job)
{
    bool done =
        db_get(job->db, &import_forget, arena_printf(job->arena, "%d", IMPORT_KEPT_DAYS)) != NULL;
    return (done && import_forget_mappings(job->db)) || job_fail_db(job);
}

const struct job_kind import_forget_job = {"core.forget_imports", "cleanup", forget,
                                           .flags = JOB_PLATFORM};
