/* query: running statements and transactions. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/internal.h"

enum { TRIES = 3, RETRIES = 5 };

extern const struct statement *const __start_statements[] __attribute__((weak));
extern const struct statement *const __stop_statements[] __attribute__((weak));

const struct statement *const *statements_all(size_t *count)
{
    *count = __start_statements ? (size_t)(__stop_statements - __start_statements) : 0;
    return __start_statements;
}

void db_init(struct db *db, struct arena *arena, enum db_role role, const char *tenant_id,
             const char *schema)
{
    *db = (struct db){.arena = arena, .role = role, .schema = schema};
    if (tenant_id)
        memcpy(db->tenant_id, tenant_id, strnlen(tenant_id, UUID_SIZE - 1));
}

void db_act_as(struct db *db, const char *kind, const char *actor_id, const char *actor_name,
               const char *ip, const char *user_agent, const char *request_id)
{
    const char *const pairs[][2] = {
        {"kind", kind}, {"actorId", actor_id},     {"actorName", actor_name},
        {"ip", ip},     {"userAgent", user_agent}, {"requestId", request_id}};
    struct buf out;
    struct json json;
    buf_init(&out, db->arena);
    json_start(&json, &out);
    json_open_object(&json);
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (pairs[i][1])
            json_pair(&json, pairs[i][0], pairs[i][1]);
    json_close_object(&json);
    db->context = out.data;
}

void batch_init(struct batch *batch, struct db *db)
{
    batch->db = db;
    batch->count = 0;
}

void batch_add(struct batch *batch, const struct statement *statement,
               const char *const *parameters, int count)
{
    if (batch->count == DB_BATCH_MAX) {
        log_error("too many statements in a batch", "statement", statement->name);
        abort();
    }
    batch->items[batch->count].statement = statement;
    batch->items[batch->count].parameters = parameters;
    batch->items[batch->count++].parameter_count = count;
}

/* ---- results ---- */

static bool is_failure(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

/* The first result that failed says why; those behind it were only aborted. */
static const PGresult *first_failure(const struct flight *flight)
{
    for (int i = 0; i < flight->steps; i++)
        if (!flight->results[i] || is_failure(flight->results[i]))
            return flight->results[i];
    return NULL;
}

static bool all_good(const struct flight *flight)
{
    for (int i = 0; i < flight->steps; i++)
        if (!flight->results[i] || is_failure(flight->results[i]))
            return false;
    return !flight->lost;
}

/* The rows of the batch's own statements are the last of the flight. */
static struct rows **take_rows(struct flight *flight, const struct batch *batch)
{
    struct arena *arena = batch->db->arena;
    struct rows **all = arena_alloc(arena, sizeof *all * (size_t)(batch->count + 1));
    for (int i = 0; i < batch->count; i++) {
        int at = flight->steps - batch->count + i;
        all[i] = rows_new(arena, flight->results[at]);
        flight->results[at] = NULL;
    }
    flight_free(flight);
    return all;
}

enum outcome { OUTCOME_GOOD, OUTCOME_AGAIN, OUTCOME_FAILED };

static bool has_state(const PGresult *result, const char *state)
{
    return text_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), state);
}

/* What a finished flight means. A batch may be sent again when it certainly
 * had no effect: its statement was unknown to the server, or it was cancelled
 * in another's place; or when it only reads and the connection was lost. */
static enum outcome judge(struct db *db, struct connection *connection, struct flight *flight,
                          bool reads_only, bool alone)
{
    if (all_good(flight))
        return OUTCOME_GOOD;
    const PGresult *failure = first_failure(flight);
    if (flight->lost || !failure) {
        error_set(db, DB_UNAVAILABLE, "the connection was lost");
        return reads_only && alone ? OUTCOME_AGAIN : OUTCOME_FAILED;
    }
    error_from_result(db, failure);
    bool unknown = has_state(failure, "26000") || has_state(failure, "0A000");
    if (unknown && connection->pg)
        prepared_forget(connection);
    if (alone && (unknown || db->error.status == DB_CANCELLED))
        return OUTCOME_AGAIN;
    if (alone && reads_only && db->error.status == DB_UNAVAILABLE)
        return OUTCOME_AGAIN;
    return OUTCOME_FAILED;
}

static bool reads_only(const struct batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        if (batch->items[i].statement->flags & DB_WRITES)
            return false;
    return true;
}

static bool is_slow(const struct batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        if (batch->items[i].statement->flags & DB_SLOW)
            return true;
    return false;
}

/* Sends and waits once. */
static enum outcome try_once(struct connection *connection, const struct batch *batch,
                             const char *begin, struct flight **out)
{
    struct db *db = batch->db;
    const char *problem;
    *out = NULL;
    if (!connection_open(connection, &problem)) {
        error_set(db, DB_UNAVAILABLE, problem);
        return OUTCOME_FAILED;
    }
    struct flight *flight = flight_new();
    if (!connection_send(connection, flight, db, batch, begin)) {
        flight_free(flight);
        error_set(db, DB_UNAVAILABLE, "the connection was lost");
        return db->held ? OUTCOME_FAILED : OUTCOME_AGAIN;
    }
    if (!flight_wait(connection, flight)) {
        error_set(db, DB_CANCELLED, "the deadline has passed");
        return OUTCOME_FAILED;
    }
    enum outcome outcome = judge(db, connection, flight, reads_only(batch), !db->held);
    if (outcome == OUTCOME_GOOD)
        *out = flight;
    else
        flight_free(flight);
    return outcome;
}

static struct rows **run_alone(const struct batch *batch)
{
    struct db *db = batch->db;
    bool slow = is_slow(batch);
    enum outcome outcome = OUTCOME_AGAIN;
    struct flight *flight = NULL;
    for (int i = 0; i < TRIES && outcome == OUTCOME_AGAIN; i++) {
        struct connection *connection = slow ? pool_take(db->role) : pool_shared(db->role);
        if (!connection) {
            error_set(db, DB_CANCELLED, "the deadline has passed");
            return NULL;
        }
        outcome = try_once(connection, batch, NULL, &flight);
        if (slow)
            pool_give(connection);
    }
    if (outcome == OUTCOME_GOOD)
        return take_rows(flight, batch);
    if (db->error.status == DB_BROKEN)
        log_error("statement failed", "statement", batch->items[0].statement->name, "message",
                  db->error.message);
    return NULL;
}

/* Inside a transaction: the first batch brings BEGIN along. */
static struct rows **run_held(const struct batch *batch)
{
    struct db *db = batch->db;
    struct flight *flight;
    const char *begin = db->begun ? NULL : "begin";
    db->begun = true;
    if (try_once(db->held, batch, begin, &flight) == OUTCOME_GOOD)
        return take_rows(flight, batch);
    db->failed = true;
    return NULL;
}

struct rows **batch_run(struct batch *batch)
{
    if (batch->db->role == DB_PLATFORM && !pool_options()->platform_user) {
        error_set(batch->db, DB_BROKEN, "this program has no platform connections");
        return NULL;
    }
    error_clear(batch->db);
    return batch->db->held ? run_held(batch) : run_alone(batch);
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

/* ---- transactions ---- */

bool db_begin(struct db *db)
{
    if (db->depth++ > 0)
        return true;
    error_clear(db);
    db->failed = db->begun = false;
    db->held = pool_take(db->role);
    if (db->held)
        return true;
    db->depth = 0;
    error_set(db, DB_CANCELLED, "the deadline has passed");
    return false;
}

/* COMMIT and ROLLBACK must reach the server even when the request is over. */
static bool end_with(struct db *db, const char *command)
{
    struct batch nothing;
    struct flight *flight;
    batch_init(&nothing, db);
    coroutine_shield(true);
    bool done = try_once(db->held, &nothing, command, &flight) == OUTCOME_GOOD;
    coroutine_shield(false);
    bool committed = done && strcmp(PQcmdStatus(flight->results[0]), "COMMIT") == 0;
    if (done)
        flight_free(flight);
    else if (db->held->pg)
        connection_close(db->held); /* whatever state it is in ends with it */
    return committed;
}

static void release(struct db *db)
{
    pool_give(db->held);
    db->held = NULL;
    db->depth = 0;
    db->failed = db->begun = false;
}

bool db_commit(struct db *db)
{
    if (--db->depth > 0)
        return !db->failed;
    if (db->failed) {
        struct db_error why = db->error;
        end_with(db, "rollback");
        release(db);
        db->error = why;
        return false;
    }
    bool committed = !db->begun || end_with(db, "commit");
    release(db);
    if (!committed && db->error.status == DB_OK)
        error_set(db, DB_UNAVAILABLE, "the transaction could not be committed");
    return committed;
}

void db_rollback(struct db *db)
{
    if (!db->held)
        return;
    struct db_error why = db->error;
    if (db->begun)
        end_with(db, "rollback");
    release(db);
    db->error = why;
}

bool db_retry(struct db *db, bool (*work)(struct db *db, void *arg), void *arg)
{
    for (int i = 0; i < RETRIES; i++) {
        if (db_begin(db) && work(db, arg) && db_commit(db))
            return true;
        enum db_status status = db->error.status;
        db_rollback(db);
        if (status != DB_SERIALIZATION || !wait_us((int64_t)randombytes_uniform(20000u << i)))
            return false;
    }
    return false;
}

STATEMENT(db_ping, "select 1", 0);

bool db_ready(void)
{
    struct arena *arena = arena_new();
    struct db db;
    db_init(&db, arena, DB_TENANT, NULL, "shared");
    bool ready = db_get0(&db, &db_ping) != NULL;
    arena_free(arena);
    return ready;
}
