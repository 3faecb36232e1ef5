/* transaction: begin … commit on a connection of the pool. BEGIN travels with
 * the first statement; a rollback is sent without waiting for its answer. */
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "db/internal.h"

/* Ends what a request forgot to end, when its arena goes. */
struct hold {
    struct connection *connection; /* NULL: given back */
};

static void give_up(struct connection *connection)
{
    if (connection->begun)
        connection_command(connection, "rollback");
    side_release(connection);
}

static void end_forgotten(void *arg)
{
    struct hold *hold = arg;
    if (!hold->connection)
        return;
    log_error("a request left its transaction open", "detail", "rolled back");
    give_up(hold->connection);
}

bool db_begin(struct db *db)
{
    if (db->depth > 0) {
        db->depth++;
        return true;
    }
    db->error = (struct db_error){0};
    struct connection *connection = db_take(db);
    if (!connection)
        return false;
    struct hold *hold = arena_alloc(db->arena, sizeof *hold);
    hold->connection = connection;
    connection->holder = &hold->connection;
    arena_defer(db->arena, end_forgotten, hold);
    db->held = connection;
    db->depth = 1;
    db->failed = false;
    return true;
}

static void leave(struct db *db)
{
    db->held = NULL;
    db->depth = 0;
    db->failed = false;
}

/* Once sent, a commit is waited for, whatever the deadline says: else nobody
 * would know whether it has happened. */
static bool commit(struct db *db)
{
    struct job *job = job_new();
    job->kind = JOB_COMMAND;
    job->command = "commit";
    job->writes = true;
    coroutine_shield(true);
    job_run(side_of(db->role), db->held, job);
    coroutine_shield(false);
    bool done = job->results[0] && strcmp(PQcmdStatus(job->results[0]), "COMMIT") == 0;
    if (job->failure)
        error_from_result(db, job->failure, NULL); /* a deferred constraint, a serialization */
    else if (job->lost)
        error_set(db, DB_UNAVAILABLE, "the connection was lost at the commit");
    else if (!done)
        error_set(db, DB_BROKEN, "the server rolled back instead");
    job_free(job);
    return done;
}

bool db_commit(struct db *db)
{
    if (db->depth > 1) {
        db->depth--;
        return !db->failed;
    }
    if (db->depth == 0)
        return false;
    if (!db->failed && coroutine_cancelled()) {
        error_set(db, DB_CANCELLED, "cancelled, or past the deadline");
        db->failed = true;
    }
    if (db->failed) {
        db_rollback(db);
        return false;
    }
    struct connection *connection = db->held;
    bool done = !connection->begun || commit(db);
    side_release(connection);
    leave(db);
    return done;
}

void db_rollback(struct db *db)
{
    if (db->depth > 1) {
        db->depth--;
        if (!db->failed)
            error_set(db, DB_BROKEN, "an inner part rolled back");
        db->failed = true;
        return;
    }
    if (db->depth == 0)
        return;
    give_up(db->held);
    leave(db);
}

bool db_retry(struct db *db, bool (*work)(struct db *db, void *arg), void *arg)
{
    enum { TRIES = 5, JITTER_US = 5000 };
    for (int attempt = 1;; attempt++) {
        bool outermost = db->depth == 0;
        db->error = (struct db_error){0};
        if (!db_begin(db))
            return false;
        bool done = work(db, arg);
        if (done)
            done = db_commit(db);
        else
            db_rollback(db);
        if (done || !outermost || attempt == TRIES || db->error.status != DB_SERIALIZATION)
            return done;
        if (!wait_us((int64_t)randombytes_uniform((uint32_t)attempt * JITTER_US)))
            return false;
    }
}
