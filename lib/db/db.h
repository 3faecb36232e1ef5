/* db: a handler's view of the database.
 *
 * A struct db belongs to one request. It says as whom its statements run (the
 * role, the tenant, who acts) and hides which connection carries them:
 *
 *  - One-shot: db_run() and db_batch_run() outside a transaction go as one
 *    batch (setting of the tenant, statements, Sync) over a connection that all
 *    requests of the worker share in pipeline mode. Each batch is a transaction
 *    of its own, so no setting outlives it. One network round trip.
 *  - Interactive: between db_begin() and db_commit() the request holds a
 *    connection from a small pool, and the same calls run on it. Nothing else
 *    is waited for meanwhile.
 *  - Statements marked DB_SLOW, and batches that say so, never use the shared
 *    connections, nor those of transactions: they have two of their own, of which
 *    one tenant has one at a time, so that no tenant's reports keep another waiting.
 *
 * All of it WAITS (see base/loop): call it from a coroutine. `tulou` and the
 * tests use the same calls inside coroutine_start().
 *
 * Two roles, two sets of connections: tulou_tenant, bound by row-level
 * security to the tenant that is set; tulou_platform, which sees every tenant
 * and is opened only by routes of scope PLATFORM.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct arena;

enum db_role { DB_TENANT, DB_PLATFORM };

enum db_status {
    DB_OK,
    DB_UNAVAILABLE,   /* no server, or lost before the statement could run: 503 */
    DB_UNIQUE,        /* `constraint` is set */
    DB_FOREIGN,       /* `constraint` is set */
    DB_CHECK,         /* check or not-null violated; `constraint` or `column` */
    DB_DENIED,        /* a right or a policy refused it */
    DB_RAISED,        /* raised by our SQL (errcode TU000): `message` is a stable code */
    DB_SERIALIZATION, /* serialization failure or deadlock: see db_retry() */
    DB_CANCELLED,     /* deadline passed or client gone; the server was told */
    DB_INVALID,       /* a value the server refused (class 22) */
    DB_BROKEN         /* anything else: a defect of ours; it was logged */
};

struct statement {
    const char *name; /* unique in the program: "crm_lead_get" */
    const char *sql;  /* tables without schema; $1 … are text, cast where needed */
    unsigned flags;
    const char *plain; /* set by the engine for generated statements; else NULL */
};
enum {
    DB_SLOW = 1,       /* a report: on connections of their own, with a time limit */
    DB_WRITES = 2,     /* changes data: the acting user is set for the event trigger too; without
                        * it a statement may run twice, when its connection broke */
    DB_ON_PLATFORM = 4 /* only valid for the platform role (a hint for the prepare test) */
};

/* Declares a static statement beside its use and registers it, so that
 * `AREA --check-statements` can prepare each one against the database. */
#define STATEMENT(variable, statement_sql, statement_flags)                                        \
    static const struct statement variable = {                                                     \
        .name = #variable, .sql = (statement_sql), .flags = (statement_flags)};                    \
    static const struct statement *const variable##_entry                                          \
        __attribute__((used, section("statements"))) = &variable

/* Every STATEMENT of this program. */
const struct statement *const *statements_all(size_t *count);

struct db_error {
    enum db_status status;
    const char *constraint; /* name, without schema, or NULL */
    const char *column, *table;
    const char *message; /* for the log, or the code of DB_RAISED */
    const char *detail;  /* of DB_RAISED alone, or NULL */
    char sqlstate[6];
};

struct transaction;

struct db {
    struct arena *arena;
    enum db_role role;
    char tenant_id[UUID_SIZE]; /* or "" */
    const char *schema;        /* "shared", "tenant_<uuid>"; "everyone" for the platform role */
    struct actor *actor;       /* who acts, for the event trigger: see db_act_as() */
    const char *action;        /* overrides the trigger's action word, or NULL */
    struct db_error error;     /* of the last call that failed */
    struct transaction *transaction; /* inside db_begin() …; shared with copies made since */
    bool serializable;               /* isolation of those it begins; with db_retry() */
};

/* Prepares a handle; takes no connection. With `tenant_id` NULL or "" the
 * platform role sees all, the tenant role only what is no tenant's. A handle may be copied before
 * its first db_begin() to act in another tenant beside the first. */
void db_init(struct db *db, struct arena *arena, enum db_role role, const char *tenant_id,
             const char *schema);

/* Who acts: what the event trigger writes into `events`. NULLs are left out.
 * kind: user, api_key, system. The texts must live as long as the handle's arena. */
void db_act_as(struct db *db, const char *kind, const char *actor_id, const char *actor_name,
               const char *ip, const char *user_agent, const char *request_id);
/* After it: an operator acts as that user. NULL changes nothing. */
void db_act_for(struct db *db, const char *impersonator_id);

/* ---- rows ---- */
/* The rows of one statement, owned by the arena. Values are PostgreSQL's text;
 * rows_text is NULL for SQL null. An index out of range is a defect (assert). */
struct rows;
size_t rows_count(const struct rows *rows);
int rows_width(const struct rows *rows);
int rows_column(const struct rows *rows, const char *name); /* -1: no such column */
const char *rows_name(const struct rows *rows, int column);
const char *rows_text(const struct rows *rows, size_t row, int column);
size_t rows_length(const struct rows *rows, size_t row, int column);
int64_t rows_int(const struct rows *rows, size_t row, int column); /* null is 0 */
bool rows_bool(const struct rows *rows, size_t row, int column);   /* null is false */
unsigned rows_type(const struct rows *rows, int column);           /* type OID */
size_t rows_affected(const struct rows *rows);
/* The same rows with `count` columns in the place of the one at `at`: texts[row * count + i], NULL
 * for null, which live as long as the arena. */
struct rows *rows_spread(struct arena *arena, const struct rows *rows, int at, int count,
                         const char *const *texts);

/* ---- running ---- */
/* Runs one statement with `count` parameters in text form (NULL is SQL null).
 * NULL on failure, with db->error filled. WAITS. */
struct rows *db_run(struct db *db, const struct statement *statement, const char *const *parameters,
                    int count);

/* db_run with the parameters as arguments: db_get(db, &lead_get, id). */
#define db_get(db, statement, ...)                                                                 \
    db_run((db), (statement), (const char *const[]){__VA_ARGS__},                                  \
           (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))
#define db_get0(db, statement) db_run((db), (statement), NULL, 0)

/* Several statements in one round trip and one transaction; all or none. */
#define DB_BATCH_MAX 16
struct batch {
    struct db *db;
    bool slow; /* as if a statement of it were DB_SLOW */
    int count;
    struct {
        const struct statement *statement;
        const char *const *parameters;
        int parameter_count;
    } items[DB_BATCH_MAX];
};
void batch_init(struct batch *batch, struct db *db);
void batch_add(struct batch *batch, const struct statement *statement,
               const char *const *parameters, int count); /* parameters: arena memory */
/* Array of batch->count rows in the arena, NULL on failure. WAITS. */
struct rows **batch_run(struct batch *batch);

/* ---- transactions ----
 * A handle has at most one transaction. db_begin() inside of it opens a scope (a savepoint,
 * sent with the scope's first statement): when a statement in it fails, that scope has failed
 * and no other; once it is rolled back, the one around it is usable as before.
 *
 * Who calls code that it does not know (a handler, a hook, a job) ends what that left open by
 * the scope in which it stood itself, and never by counting:
 *
 *     int scope = db_scope(db);
 *     if (!handle(cx))
 *         db_rollback_to(db, scope);
 */
/* Takes a connection and begins, or opens a scope in the transaction there is. WAITS; false:
 * db->error. */
bool db_begin(struct db *db);
/* A scope around work that does not know of it: the connection is taken when a statement needs
 * it, and statements directly in it are scopes of their own, so that each fails for itself as it
 * would outside of any. */
void db_begin_around(struct db *db);
/* Ends the innermost scope; the outermost commits. false when a statement in it failed, the
 * request was cancelled or the server did not confirm it (db->error says which): then the scope
 * is rolled back. WAITS. */
bool db_commit(struct db *db);
void db_rollback(struct db *db); /* the innermost scope; harmless when none is open */
/* What the open scope depends on failed elsewhere: it cannot be committed. db->error is the
 * caller's to set; harmless when none is open. */
void db_fail(struct db *db);
/* How many scopes are open: the name of the one in which one stands, 0 outside of any. */
int db_scope(const struct db *db);
/* Rolls back every scope that was opened since db_scope() said `scope`. */
void db_rollback_to(struct db *db, int scope);
/* Calls run(arg) once after the commit of the outermost transaction, in the order of the calls;
 * never when that, or the scope in which this was said, is rolled back. Outside of a transaction
 * it is called at once. For what is true only then: caches, revocations, signals. It may WAIT and
 * use the handle; arg lives as long as the handle's arena. */
void db_after_commit(struct db *db, void (*run)(void *arg), void *arg);
/* Runs work in a transaction, again (at most 5 times, with jitter) after a
 * serialization failure or a deadlock; it must not touch anything outside. */
bool db_retry(struct db *db, bool (*work)(struct db *db, void *arg), void *arg);

/* ---- the process ---- */
/* Once for each process after loop_init(): where the server is (libpq string
 * of the application's roles; the role name is set by us). Connections open
 * when first needed and open again after the server was away. */
struct db_options {
    const char *conninfo;      /* host, port, dbname; no user */
    const char *tenant_user;   /* "tulou_tenant" */
    const char *platform_user; /* "tulou_platform"; NULL: this program has no platform side */
    const char *tenant_password, *platform_password; /* NULL: peer or trust */
    int shared;                                      /* pipelined connections for each role */
    int pool; /* interactive connections for each role, at most */
};
bool db_open(const struct db_options *options);
/* As db.conninfo in TULOU_VAR/run says, which `tulou serve` and `migrate` write: where the
 * database is, and its logins; with `pool` connections for transactions, 0: TULOU_DB_POOL. */
bool db_open_configured(bool platform, int64_t pool);
/* Why DATABASE_URL cannot be read as a connection string, without a word of it
 * (libpq's own messages quote it, password and all); NULL when it can or is not set. */
const char *db_url_problem(void);
void db_close(void);
bool db_ready(void); /* a round trip succeeds now: for /readyz. WAITS. */

/* The password of a login of the application, for a server that is not our own: the
 * owner's connection sets the same (db/installation.h). */
char *db_role_password(struct arena *arena, const char *role);

/* Calls heard(arg, payload) in the loop for each NOTIFY on `channel`; heard
 * with NULL each time that listening begins, also after a reconnect, since
 * notifications may have been missed. */
void db_listen(const char *channel, void (*heard)(void *arg, const char *payload), void *arg);

#endif
