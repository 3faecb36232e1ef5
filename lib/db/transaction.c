/* transaction: begin … commit on a connection of the pool, and the scopes in
 * it. BEGIN and savepoints travel with the first statement that needs them; a
 * rollback is sent without waiting for its answer. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "db/internal.h"

struct transaction *transaction_of(const struct db *db)
{
    return db->transaction && db->transaction->inner ? db->transaction : NULL;
}

int db_scope(const struct db *db)
{
    const struct transaction *transaction = transaction_of(db);
    return transaction ? transaction->scopes : 0;
}

/* ---- the connection ---- */

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

static bool hold_connection(struct db *db, struct transaction *transaction)
{
    struct connection *connection = transaction->held ? NULL : db_take(db);
    if (!connection)
        return transaction->held != NULL;
    struct hold *hold = arena_alloc(db->arena, sizeof *hold);
    hold->connection = connection;
    connection->holder = &hold->connection;
    arena_defer(db->arena, end_forgotten, hold);
    transaction->held = connection;
    return true;
}

/* ---- scopes ---- */

void scope_open(struct db *db, struct transaction *transaction)
{
    struct scope *scope = arena_alloc(db->arena, sizeof *scope);
    *scope = (struct scope){.outer = transaction->inner};
    transaction->inner = scope;
    transaction->scopes++;
}

static void savepoint_note(struct connection *connection, const char *verb, int number)
{
    char command[64];
    snprintf(command, sizeof command, "%s s%d", verb, number);
    connection_note(connection, command);
}

static void scope_mark(struct connection *connection, struct scope *scope, int number)
{
    if (!scope->outer || scope->marked)
        return;
    scope_mark(connection, scope->outer, number - 1);
    memcpy(scope->tenant, connection->sent_tenant, sizeof scope->tenant);
    memcpy(scope->schema, connection->sent_schema, sizeof scope->schema);
    savepoint_note(connection, "savepoint", number);
    scope->marked = true;
}

bool transaction_ready(struct db *db, struct transaction *transaction)
{
    if (!hold_connection(db, transaction))
        return false;
    struct connection *connection = transaction->held;
    if (!transaction->inner->outer || transaction->inner->marked)
        return true;
    if (!connection->begun && connection->state == READY) {
        connection_note(connection, begin_sql(db));
        connection->begun = connection->state == READY;
    }
    scope_mark(connection, transaction->inner, transaction->scopes);
    return true; /* if the connection broke over it, the statement says so */
}

static void scope_undo(struct connection *connection, const struct scope *scope, int number)
{
    savepoint_note(connection, "rollback to savepoint", number);
    savepoint_note(connection, "release savepoint", number);
    if (connection->state != READY)
        return;
    connection_forget_context(connection);
    connection->begun = true;
    memcpy(connection->sent_tenant, scope->tenant, sizeof scope->tenant);
    memcpy(connection->sent_schema, scope->schema, sizeof scope->schema);
    connection_flush(connection);
}

static void consequences_drop(struct transaction *transaction)
{
    struct consequence **at = &transaction->first;
    transaction->last = NULL;
    while (*at)
        if ((*at)->scope >= transaction->scopes) {
            *at = (*at)->next;
        } else {
            transaction->last = *at;
            at = &(*at)->next;
        }
}

/* What was said in a scope that is kept belongs to the one around it. */
static void consequences_lift(struct transaction *transaction)
{
    for (struct consequence *it = transaction->first; it; it = it->next)
        if (it->scope >= transaction->scopes)
            it->scope = transaction->scopes - 1;
}

static void scope_close(struct transaction *transaction)
{
    transaction->inner = transaction->inner->outer;
    transaction->scopes--;
}

void scope_keep(struct transaction *transaction)
{
    if (transaction->held && transaction->inner->marked)
        savepoint_note(transaction->held, "release savepoint", transaction->scopes);
    consequences_lift(transaction);
    scope_close(transaction);
}

/* ---- begin ---- */

static struct transaction *open_any(struct db *db)
{
    struct transaction *transaction = transaction_of(db);
    if (!transaction) {
        transaction = arena_alloc(db->arena, sizeof *transaction);
        *transaction = (struct transaction){.role = db->role};
        db->transaction = transaction;
    }
    scope_open(db, transaction);
    return transaction;
}

void db_begin_around(struct db *db)
{
    open_any(db)->inner->apart = true;
}

bool db_begin(struct db *db)
{
    bool outermost = !transaction_of(db);
    struct transaction *transaction = open_any(db);
    if (outermost)
        db->error = (struct db_error){0};
    if (hold_connection(db, transaction))
        return true;
    scope_close(transaction);
    return false;
}

/* ---- end ---- */

/* Once sent, a commit is waited for, whatever the deadline says: else nobody
 * would know whether it has happened. */
static bool commit_confirmed(struct db *db, struct connection *connection)
{
    struct job *job = job_new();
    job->kind = JOB_COMMAND;
    job->command = "commit";
    job->writes = true;
    coroutine_shield(true);
    job_run(side_of(db->transaction->role), connection, job);
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

/* The server throws away what a lost connection had begun. */
static bool is_lost(struct db *db, const struct transaction *transaction)
{
    bool lost = transaction->held && transaction->held->state != READY;
    if (lost)
        error_set(db, DB_UNAVAILABLE, "the connection was lost before the commit");
    return lost;
}

static bool may_commit(struct db *db, struct transaction *transaction)
{
    if (transaction->inner->failed || is_lost(db, transaction))
        return false;
    if (!coroutine_cancelled())
        return true;
    error_set(db, DB_CANCELLED, "cancelled, or past the deadline");
    return false;
}

static void consequences_run(const struct transaction *transaction)
{
    coroutine_shield(true);
    for (const struct consequence *it = transaction->first; it; it = it->next)
        it->run(it->arg);
    coroutine_shield(false);
}

static bool commit_outermost(struct db *db, struct transaction *transaction)
{
    struct connection *connection = transaction->held;
    bool done = !connection || !connection->begun || commit_confirmed(db, connection);
    if (connection)
        side_release(connection);
    scope_close(transaction);
    if (done)
        consequences_run(transaction);
    return done;
}

bool db_commit(struct db *db)
{
    struct transaction *transaction = transaction_of(db);
    if (!transaction)
        return false;
    if (!may_commit(db, transaction)) {
        db_rollback(db);
        return false;
    }
    if (!transaction->inner->outer)
        return commit_outermost(db, transaction);
    scope_keep(transaction);
    return true;
}

void db_rollback(struct db *db)
{
    struct transaction *transaction = transaction_of(db);
    if (!transaction)
        return;
    consequences_drop(transaction);
    if (transaction->held && !transaction->inner->outer)
        give_up(transaction->held);
    else if (transaction->held && transaction->inner->marked)
        scope_undo(transaction->held, transaction->inner, transaction->scopes);
    scope_close(transaction);
}

void db_fail(struct db *db)
{
    struct transaction *transaction = transaction_of(db);
    if (transaction)
        transaction->inner->failed = true;
}

void db_rollback_to(struct db *db, int scope)
{
    while (db_scope(db) > scope)
        db_rollback(db);
}

void db_after_commit(struct db *db, void (*run)(void *arg), void *arg)
{
    struct transaction *transaction = transaction_of(db);
    if (!transaction) {
        run(arg);
        return;
    }
    struct consequence *it = arena_alloc(db->arena, sizeof *it);
    *it = (struct consequence){.run = run, .arg = arg, .scope = transaction->scopes};
    if (transaction->last)
        transaction->last->next = it;
    else
        transaction->first = it;
    transaction->last = it;
}

bool db_retry(struct db *db, bool (*work)(struct db *db, void *arg), void *arg)
{
    enum { TRIES = 5, JITTER_US = 5000 };
    int scope = db_scope(db);
    for (int attempt = 1;; attempt++) {
        db->error = (struct db_error){0};
        if (!db_begin(db))
            return false;
        bool done = work(db, arg) && db_commit(db);
        db_rollback_to(db, scope);
        if (done || scope > 0 || attempt == TRIES || db->error.status != DB_SERIALIZATION)
            return done;
        if (!wait_us((int64_t)randombytes_uniform((uint32_t)attempt * JITTER_US)))
            return false;
    }
}
