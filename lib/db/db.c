/* db: a request's handle; running statements one-shot or in a transaction. */
#include "db/db.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "db/internal.h"

void db_init(struct db *db, struct arena *arena, enum db_role role, const char *tenant_id,
             const char *schema)
{
    *db = (struct db){.arena = arena, .role = role, .schema = schema};
    if (tenant_id)
        strncpy(db->tenant_id, tenant_id, UUID_SIZE - 1);
}

/* ---- who acts ---- */

enum { ACTOR_MEMBERS = 7 };

static const char *const actor_members[ACTOR_MEMBERS] = {
    "kind", "actorId", "actorName", "ip", "userAgent", "requestId", "impersonatorId"};

struct actor {
    struct arena *arena;
    const char *values[ACTOR_MEMBERS];
    char *json; /* NULL until something is changed: most requests only read */
};

void db_act_as(struct db *db, const char *kind, const char *actor_id, const char *actor_name,
               const char *ip, const char *user_agent, const char *request_id)
{
    db->actor = arena_alloc(db->arena, sizeof *db->actor);
    *db->actor =
        (struct actor){.arena = db->arena,
                       .values = {kind, actor_id, actor_name, ip, user_agent, request_id, NULL}};
}

/* Handles that were copied before go on as they are. */
void db_act_for(struct db *db, const char *impersonator_id)
{
    if (!impersonator_id || !uuid_is(impersonator_id))
        return;
    struct actor *actor = arena_alloc(db->arena, sizeof *actor);
    *actor = *db->actor;
    actor->values[ACTOR_MEMBERS - 1] = impersonator_id;
    actor->json = NULL;
    db->actor = actor;
}

const char *db_context(const struct db *db)
{
    struct actor *actor = db->actor;
    struct buf text;
    struct json json;
    if (!actor)
        return "";
    if (actor->json)
        return actor->json;
    buf_init(&text, actor->arena);
    json_start(&json, &text);
    json_open_object(&json);
    for (int i = 0; i < ACTOR_MEMBERS; i++)
        if (actor->values[i])
            json_pair(&json, actor_members[i], actor->values[i]);
    json_close_object(&json);
    actor->json = text.data;
    return text.data;
}

/* ---- one job ---- */

/* The caller's coroutine waits here. What it leaves when it is cancelled goes
 * on without it: the answer is thrown away when it comes. */
bool job_run(struct side *side, struct connection *connection, struct job *job)
{
    job->caller = coroutine_current();
    if (connection)
        connection_send(connection, job);
    else
        side_submit(side, job);
    while (!job->done) {
        if (coroutine_wait() || job->done)
            continue;
        if (job->on) {
            connection_abandon(job->on, job);
        } else {
            side_withdraw(side, job);
            job_free(job);
        }
        return false;
    }
    return true;
}

static struct rows **take_rows(struct batch *batch, struct job *job)
{
    struct rows **rows = arena_alloc(batch->db->arena, sizeof *rows * (size_t)batch->count);
    for (int i = 0; i < batch->count; i++) {
        rows[i] = rows_new(batch->db->arena, job->results[i]);
        job->results[i] = NULL;
    }
    return rows;
}

static bool is_complete(const struct batch *batch, const struct job *job)
{
    for (int i = 0; i < batch->count; i++)
        if (!job->results[i])
            return false;
    return true;
}

static struct rows **take_outcome(struct batch *batch, struct job *job)
{
    struct rows **rows = NULL;
    int item = job->failed_item;
    if (job->failure)
        error_from_result(batch->db, job->failure,
                          batch->items[item >= 0 && item < batch->count ? item : 0].statement);
    else if (job->lost)
        error_set(batch->db, DB_UNAVAILABLE, "no connection to the database");
    else if (!is_complete(batch, job))
        error_set(batch->db, DB_BROKEN, "an answer is missing");
    else
        rows = take_rows(batch, job);
    job_free(job);
    return rows;
}

static struct rows **run_on(struct side *side, struct connection *connection, struct batch *batch,
                            bool begins)
{
    struct job *job = job_new();
    job->batch = batch;
    job->begins = begins;
    for (int i = 0; i < batch->count; i++)
        job->writes = job->writes || (batch->items[i].statement->flags & DB_WRITES) != 0;
    if (job_run(side, connection, job))
        return take_outcome(batch, job);
    error_set(batch->db, DB_CANCELLED, "cancelled, or past the deadline");
    return NULL;
}

static struct connection *take_of(struct side *side, struct db *db)
{
    struct connection *connection = side ? side_take(side) : NULL;
    if (connection)
        return connection;
    if (coroutine_cancelled())
        error_set(db, DB_CANCELLED, "cancelled, or past the deadline");
    else
        error_set(db, DB_UNAVAILABLE, "no connection to the database");
    return NULL;
}

struct connection *db_take(struct db *db)
{
    return take_of(side_of(db->role), db);
}

/* ---- batches ---- */

void batch_init(struct batch *batch, struct db *db)
{
    batch->db = db;
    batch->slow = false;
    batch->count = 0;
}

void batch_add(struct batch *batch, const struct statement *statement,
               const char *const *parameters, int count)
{
    assert(batch->count < DB_BATCH_MAX);
    batch->items[batch->count].statement = statement;
    batch->items[batch->count].parameters = parameters;
    batch->items[batch->count++].parameter_count = count;
}

static bool is_slow(const struct batch *batch)
{
    if (batch->slow)
        return true;
    for (int i = 0; i < batch->count; i++)
        if (batch->items[i].statement->flags & DB_SLOW)
            return true;
    return false;
}

static struct rows **run_in_transaction(struct side *side, struct batch *batch)
{
    struct db *db = batch->db;
    struct transaction *transaction = transaction_of(db);
    if (transaction->inner->failed) /* db->error says why */
        return NULL;
    bool apart = transaction->inner->apart;
    if (apart)
        scope_open(db, transaction);
    db->error = (struct db_error){0};
    struct rows **rows = NULL;
    if (transaction_ready(db, transaction))
        rows = run_on(side, transaction->held, batch, !transaction->held->begun);
    transaction->inner->failed = !rows;
    if (apart && !rows)
        db_rollback(db);
    else if (apart)
        scope_keep(transaction);
    return rows;
}

static struct rows **run_slow(struct batch *batch)
{
    struct side *side = slow_side_of(batch->db->role);
    struct rows **rows = NULL;
    int place = slow_enter(side->turns, batch->db->tenant_id);
    struct connection *connection = place >= 0 ? take_of(side, batch->db) : NULL;
    if (connection) {
        rows = run_on(side, connection, batch, false);
        side_release(connection);
    } else if (place < 0) {
        error_set(batch->db, DB_CANCELLED, "cancelled, or past the deadline");
    }
    slow_leave(side->turns, place);
    return rows;
}

struct rows **batch_run(struct batch *batch)
{
    struct side *side = side_of(batch->db->role);
    if (!side) {
        error_set(batch->db, DB_BROKEN, "this program has no platform connections");
        return NULL;
    }
    assert(batch->count > 0);
    if (transaction_of(batch->db))
        return run_in_transaction(side, batch);
    batch->db->error = (struct db_error){0};
    if (is_slow(batch))
        return run_slow(batch);
    return run_on(side, NULL, batch, false);
}

struct rows *db_run(struct db *db, const struct statement *statement, const char *const *parameters,
                    int count)
{
    struct batch batch;
    batch_init(&batch, db);
    batch_add(&batch, statement, parameters, count);
    struct rows **rows = batch_run(&batch);
    return rows ? rows[0] : NULL;
}
