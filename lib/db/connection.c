/* connection: one connection to PostgreSQL in pipeline mode.
 *
 * Shared connections carry batches of many requests one behind the other;
 * those of the pool carry one request's at a time. Results come back in the
 * order of sending (first in, first out), so the oldest flight owns them.
 *
 * Cancelling on a shared connection: the server can only be told to cancel
 * what it runs now. So a flight whose request has gone is cancelled when it is
 * the oldest; if it ends meanwhile and another is hit, that one fails with
 * 57014 although nobody wanted it, and query.c sends it again: a cancelled
 * batch has changed nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/internal.h"

enum { PREPARED_SLOTS = 2048, PREPARED_MOST = 1000 };

static const int64_t retry_after_us = 200000;

struct waiter {
    struct coroutine *coroutine;
    struct waiter *next;
};

/* Open addressing; a slot holds a name or NULL. */
struct prepared {
    char *names[PREPARED_SLOTS];
};

/* ---- flights ---- */

struct flight *flight_new(void)
{
    struct flight *flight = calloc(1, sizeof *flight);
    if (!flight) {
        log_error("out of memory");
        abort();
    }
    return flight;
}

void flight_free(struct flight *flight)
{
    for (int i = 0; i < FLIGHT_STEPS; i++)
        PQclear(flight->results[i]);
    free(flight);
}

static void enqueue(struct connection *connection, struct flight *flight)
{
    flight->next = NULL;
    if (connection->last)
        connection->last->next = flight;
    else
        connection->first = flight;
    connection->last = flight;
    connection->in_flight++;
}

/* ---- prepared statements ---- */

static unsigned hash_of(const char *name)
{
    unsigned hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static char **slot_of(struct connection *connection, const char *name)
{
    unsigned at = hash_of(name) % PREPARED_SLOTS;
    while (connection->prepared->names[at] && strcmp(connection->prepared->names[at], name) != 0)
        at = (at + 1) % PREPARED_SLOTS;
    return &connection->prepared->names[at];
}

static void prepared_clear(struct connection *connection)
{
    for (int i = 0; connection->prepared && i < PREPARED_SLOTS; i++) {
        free(connection->prepared->names[i]);
        connection->prepared->names[i] = NULL;
    }
    connection->prepared_count = 0;
}

/* Forgetting one would break the chains of open addressing, so all are
 * forgotten; they are prepared again when next needed. */
bool prepared_forget(struct connection *connection)
{
    if (connection->prepared_count == 0)
        return true;
    struct flight *flight = flight_new();
    flight->quiet = true;
    flight->steps = 1;
    prepared_clear(connection);
    if (!PQsendQueryParams(connection->pg, "deallocate all", 0, NULL, NULL, NULL, NULL, 0) ||
        !PQpipelineSync(connection->pg)) {
        flight_free(flight);
        return false;
    }
    enqueue(connection, flight);
    return true;
}

/* ---- landing ---- */

static void land(struct flight *flight)
{
    flight->done = true;
    if (flight->quiet || flight->abandoned)
        flight_free(flight);
    else
        coroutine_wake(flight->waiter);
}

static struct flight *dequeue(struct connection *connection)
{
    struct flight *flight = connection->first;
    connection->first = flight->next;
    if (!connection->first)
        connection->last = NULL;
    connection->in_flight--;
    return flight;
}

static void cancel_later(void *arg)
{
    struct connection *connection = arg;
    if (connection->first && connection->first->abandoned)
        connection_cancel(connection);
}

static void next_turn(struct connection *connection)
{
    if (connection->first && connection->first->abandoned)
        coroutine_start(cancel_later, connection);
}

static void lose_all(struct connection *connection)
{
    while (connection->first) {
        struct flight *flight = dequeue(connection);
        flight->lost = true;
        land(flight);
    }
}

void connection_close(struct connection *connection)
{
    watch_remove(connection->watch);
    connection->watch = NULL;
    PQfinish(connection->pg);
    connection->pg = NULL;
    connection->writing = false;
    prepared_clear(connection);
    lose_all(connection);
}

/* ---- reading ---- */

static void take_result(struct flight *flight, PGresult *result)
{
    if (flight->at < FLIGHT_STEPS && !flight->results[flight->at])
        flight->results[flight->at] = result;
    else
        PQclear(result);
    flight->stepped = true;
}

/* Hands what has arrived to the oldest flights. libpq answers NULL behind the
 * results of each command, and NULL when there is nothing. */
static void read_results(struct connection *connection)
{
    while (connection->first && !PQisBusy(connection->pg)) {
        struct flight *flight = connection->first;
        PGresult *result = PQgetResult(connection->pg);
        if (result && PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            land(dequeue(connection));
            next_turn(connection);
        } else if (result) {
            take_result(flight, result);
        } else if (flight->stepped) {
            flight->at++;
            flight->stepped = false;
        } else {
            return;
        }
    }
}

static bool flush(struct connection *connection)
{
    int left = PQflush(connection->pg);
    bool writing = left > 0;
    if (left >= 0 && writing != connection->writing) {
        connection->writing = writing;
        watch_change(connection->watch, writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    return left >= 0;
}

static void on_socket(void *arg, uint32_t events)
{
    struct connection *connection = arg;
    bool alive = true;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        alive = PQconsumeInput(connection->pg) == 1;
    if (alive)
        read_results(connection);
    if (alive && (events & EPOLLOUT))
        alive = flush(connection);
    if (!alive || PQstatus(connection->pg) != CONNECTION_OK) {
        log_warn("a connection to the database was lost");
        connection_close(connection);
    }
}

/* ---- opening ---- */

struct attempt {
    char *conninfo;
    PGconn *pg;
};

static void connect_now(void *arg)
{
    struct attempt *attempt = arg;
    attempt->pg = PQconnectdb(attempt->conninfo);
}

static void quiet_notices(void *arg, const char *message)
{
    (void)arg;
    log_debug("database notice", "text", message);
}

static bool adopt(struct connection *connection, PGconn *pg)
{
    if (PQstatus(pg) != CONNECTION_OK || PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg))
        return false;
    PQsetNoticeProcessor(pg, quiet_notices, NULL);
    connection->watch = watch_add(PQsocket(pg), EPOLLIN, on_socket, connection);
    if (!connection->watch)
        return false;
    if (!connection->prepared)
        connection->prepared = calloc(1, sizeof *connection->prepared);
    connection->pg = pg;
    return connection->prepared != NULL;
}

static void wake_waiters(struct connection *connection)
{
    struct waiter *waiter = connection->waiters;
    connection->waiters = NULL;
    for (struct waiter *next; waiter; waiter = next) {
        next = waiter->next; /* it stands on the waiter's own stack */
        coroutine_wake(waiter->coroutine);
    }
}

static void wait_for_attempt(struct connection *connection)
{
    struct waiter self = {coroutine_current(), connection->waiters};
    connection->waiters = &self;
    coroutine_shield(true);
    while (connection->connecting)
        coroutine_wait();
    coroutine_shield(false);
}

bool connection_open(struct connection *connection, const char **problem)
{
    *problem = "the database does not answer";
    if (connection->connecting)
        wait_for_attempt(connection);
    if (connection->pg)
        return true;
    if (connection->connecting || clock_monotonic_us() - connection->failed_us < retry_after_us)
        return false;
    struct attempt attempt = {.conninfo = conninfo_of(connection->role)};
    connection->connecting = true;
    thread_call(connect_now, &attempt);
    connection->connecting = false;
    free(attempt.conninfo);
    bool open = adopt(connection, attempt.pg);
    if (!open) {
        log_warn("no connection to the database", "reason", PQerrorMessage(attempt.pg));
        connection->failed_us = clock_monotonic_us();
        PQfinish(attempt.pg);
        connection->pg = NULL;
    }
    wake_waiters(connection);
    return open;
}

/* ---- sending ---- */

/* A statement is prepared in a flight of its own (its own Sync), so that an
 * error of the batch does not take the preparation along. */
static bool prepare(struct connection *connection, struct db *db, const char *name, const char *sql,
                    bool other_schema)
{
    char **slot = slot_of(connection, name);
    if (*slot)
        return true;
    struct flight *flight = flight_new();
    flight->quiet = true;
    flight->steps = 1 + other_schema;
    const char *path = arena_printf(db->arena, "%s, public", db->schema);
    bool sent = true;
    if (other_schema)
        sent = PQsendQueryParams(connection->pg, "select set_config('search_path', $1, true)", 1,
                                 NULL, &path, NULL, NULL, 0);
    sent =
        sent && PQsendPrepare(connection->pg, name, sql, 0, NULL) && PQpipelineSync(connection->pg);
    if (!sent) {
        flight_free(flight);
        return false;
    }
    enqueue(connection, flight);
    *slot = strdup(name);
    connection->prepared_count++;
    return *slot != NULL;
}

static const char *role_schema(enum db_role role)
{
    return role == DB_TENANT ? "shared" : "everyone";
}

const char *wire_name(struct db *db, const struct statement *statement)
{
    if (text_equal(db->schema, role_schema(db->role)))
        return statement->name;
    return arena_printf(db->arena, "%s@%s", statement->name, db->schema);
}

/* By writes × 2 + another schema than the role's own. */
static const struct {
    const char *name, *sql;
} preambles[] = {
    {"tenant", "select set_config('app.tenant_id', $1, true)"},
    {"tenant_path",
     "select set_config('app.tenant_id', $1, true), set_config('search_path', $2, true)"},
    {"actor", "select set_config('app.tenant_id', $1, true), set_config('app.context', $2, true),\n"
              "       set_config('app.action', $3, true)"},
    {"actor_path",
     "select set_config('app.tenant_id', $1, true), set_config('app.context', $2, true),\n"
     "       set_config('app.action', $3, true), set_config('search_path', $4, true)"},
};

/* The setting of the tenant (and of who acts, for writes), as the first
 * command of the batch. */
static bool send_preamble(struct connection *connection, struct flight *flight, struct db *db,
                          bool writes)
{
    bool other = !text_equal(db->schema, role_schema(db->role));
    if (!writes && !other && !db->tenant_id[0])
        return true;
    const char *values[4] = {db->tenant_id};
    int count = 1;
    if (writes) {
        values[count++] = db->context ? db->context : "";
        values[count++] = db->action ? db->action : "";
    }
    if (other)
        values[count++] = arena_printf(db->arena, "%s, public", db->schema);
    const char *name = preambles[writes * 2 + other].name;
    flight->steps++;
    return PQsendQueryPrepared(connection->pg, name, count, values, NULL, NULL, 0);
}

/* All four forms are few: prepared with the first batch of a connection. */
static bool prepare_preambles(struct connection *connection, struct db *db)
{
    for (size_t i = 0; i < COUNT(preambles); i++)
        if (!prepare(connection, db, preambles[i].name, preambles[i].sql, false))
            return false;
    return true;
}

static bool batch_writes(const struct batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        if (batch->items[i].statement->flags & DB_WRITES)
            return true;
    return false;
}

static bool prepare_all(struct connection *connection, struct db *db, const struct batch *batch)
{
    bool other = !text_equal(db->schema, role_schema(db->role));
    if (connection->prepared_count > PREPARED_MOST && !prepared_forget(connection))
        return false;
    if (!prepare_preambles(connection, db))
        return false;
    for (int i = 0; i < batch->count; i++)
        if (!prepare(connection, db, wire_name(db, batch->items[i].statement),
                     batch->items[i].statement->sql, other))
            return false;
    return true;
}

static bool send_all(struct connection *connection, struct flight *flight, struct db *db,
                     const struct batch *batch, const char *begin)
{
    if (begin) {
        flight->steps++;
        if (!PQsendQueryParams(connection->pg, begin, 0, NULL, NULL, NULL, NULL, 0))
            return false;
    }
    if (batch->count > 0 && !send_preamble(connection, flight, db, batch_writes(batch)))
        return false;
    for (int i = 0; i < batch->count; i++, flight->steps++)
        if (!PQsendQueryPrepared(connection->pg, wire_name(db, batch->items[i].statement),
                                 batch->items[i].parameter_count, batch->items[i].parameters, NULL,
                                 NULL, 0))
            return false;
    return PQpipelineSync(connection->pg) == 1;
}

bool connection_send(struct connection *connection, struct flight *flight, struct db *db,
                     const struct batch *batch, const char *begin)
{
    flight->waiter = coroutine_current();
    if (!prepare_all(connection, db, batch) || !send_all(connection, flight, db, batch, begin)) {
        log_warn("sending to the database failed", "reason", PQerrorMessage(connection->pg));
        connection_close(connection);
        return false;
    }
    enqueue(connection, flight);
    if (flush(connection))
        return true;
    connection_close(connection); /* the flight was lost with it; its waiter sees that */
    return true;
}

/* ---- waiting and cancelling ---- */

struct cancel {
    PGcancel *handle;
};

static void cancel_now(void *arg)
{
    struct cancel *cancel = arg;
    char reason[256];
    if (!PQcancel(cancel->handle, reason, sizeof reason))
        log_warn("a query could not be cancelled", "reason", reason);
}

void connection_cancel(struct connection *connection)
{
    if (!connection->pg)
        return;
    struct cancel cancel = {PQgetCancel(connection->pg)};
    if (!cancel.handle)
        return;
    thread_call(cancel_now, &cancel);
    PQfreeCancel(cancel.handle);
}

bool flight_wait(struct connection *connection, struct flight *flight)
{
    while (!flight->done)
        if (!coroutine_wait() && coroutine_cancelled()) {
            if (flight->done)
                break;
            flight->abandoned = true;
            if (connection->first == flight)
                connection_cancel(connection);
            return false;
        }
    return true;
}
