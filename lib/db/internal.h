/* internal: what the files of db share.
 *
 * A job is one batch on its way: it waits in its side's queue, then travels on
 * a connection, then its caller is woken. A side is one role's connections. A
 * connection works in libpq's pipeline mode: what is sent and not answered yet
 * stands in its line of segments, each ended by a Sync, first in first out.
 *
 * One job is sent as: one segment for each statement that this connection has
 * not prepared yet (of its own, so that a failing batch leaves no doubt about
 * what is prepared), then one segment with the tenant's preamble and the
 * statements.
 */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop/loop.h"
#include "db/db.h"

enum {
    SLOW_CONNECTIONS = 2, /* for statements that may take long, in each worker and role */
    SLOW_SECONDS = 20,    /* that one of them may take when a tenant asks */
    /* Jobs on one shared connection: one at work and one behind it, so that the server
     * never waits for us. The others wait in the side for whichever is free first: bound
     * to a connection, they would all stand behind one whose process gets no CPU for a
     * while (99th percentile of a counted list 20 ms instead of 105, with the same
     * throughput). */
    IN_FLIGHT_MAX = 2,
    PREPARED_MAX = 1000, /* statements that a connection keeps prepared */
    RETRIES_MAX = 3,     /* of a job that was hit by what was meant for another */
    BACKOFF_FIRST_US = 50000,
    BACKOFF_MAX_US = 1000000,
    CONNECT_US = 10000000, /* time that opening a connection may take */
    IDLE_US = 60000000,    /* time after which an unused connection of the pool is closed */
    ABANDONED_US = 20000   /* time that a batch nobody waits for may hold the line */
};

/* ---- jobs ---- */
enum job_kind { JOB_BATCH, JOB_COMMAND }; /* a command: commit or rollback, no preamble */

struct job {
    struct job *next;          /* in the side's queue */
    struct coroutine *caller;  /* NULL: nobody waits any more, `batch` is gone */
    const struct batch *batch; /* the caller's */
    const char *command;       /* of JOB_COMMAND */
    struct connection *on;     /* where it travels; NULL: it waits in the queue */
    enum job_kind kind;
    bool begins; /* open a transaction first */
    bool writes; /* a statement of it has DB_WRITES */
    bool done;
    bool lost; /* the connection broke, or none could be made */
    int retries;
    int64_t asked_us;
    PGresult *results[DB_BATCH_MAX];
    PGresult *failure; /* what the server said first against it */
    int failed_item;   /* which statement; -1: another part */
};
struct job *job_new(void);
void job_free(struct job *job);
/* Done: wakes the caller, or frees what nobody waits for. */
void job_finish(struct job *job);

/* ---- statements that a connection has prepared (prepared.c) ---- */
struct prepared {
    struct prepared *next;          /* in its chain of the table */
    struct prepared *newer, *older; /* by last use */
    uint32_t hash;
    bool sent; /* the server has not answered yet */
    char server_name[16];
    char *schema, *name, *sql;
};
enum { PREPARED_CHAINS = 256 };
struct prepared_table {
    struct prepared *chains[PREPARED_CHAINS];
    struct prepared *newest, *oldest;
    unsigned count, serial;
};
struct prepared *prepared_find(struct prepared_table *table, const char *schema,
                               const struct statement *statement);
struct prepared *prepared_add(struct prepared_table *table, const char *schema,
                              const struct statement *statement);
void prepared_remove(struct prepared_table *table, struct prepared *prepared);
/* The one used longest ago that may go, when there are too many; else NULL. */
struct prepared *prepared_surplus(struct prepared_table *table);
void prepared_clear(struct prepared_table *table);

/* ---- connections (connection.c, send.c) ---- */
struct segment {
    struct segment *next;
    struct job *job;           /* NULL: nobody asks for the results */
    struct prepared *prepares; /* the statement that it prepares, or NULL */
    int skip;                  /* commands before the job's own statements */
    int at;                    /* commands answered so far */
};

enum connection_state { CLOSED, CONNECTING, READY };

struct connection {
    struct side *side;
    enum connection_state state;
    bool shared;
    PGconn *pg;
    struct watch *watch;
    bool writing; /* waits for the socket to take more */
    struct segment *first, *last;
    int in_flight; /* jobs */
    struct prepared_table prepared;
    /* Of the pool: */
    bool taken;
    bool releasing;                   /* given back; free once nothing is in flight */
    struct timer *idle;               /* closes it when nobody takes it */
    struct connection **holder;       /* where its taker keeps it; cleared when it is given back */
    char *sent_context, *sent_action; /* of the open transaction */
    char sent_tenant[UUID_SIZE];      /* set last in the open transaction */
    char sent_schema[72];
    bool begun; /* the server has been told to begin; false again when it is lost */
    /* Cancelling: */
    bool cancelling;
    struct timer *abandoned;
};

/* Opens it. WAITS; false with one line logged. */
bool connection_open(struct connection *connection);
/* Closes it; the jobs in flight are handed to side_lost(). */
void connection_lose(struct connection *connection, const char *why);
/* Of one that is READY: whether it still is, as far as can be told from here. */
bool connection_alive(struct connection *connection);
/* Sends the job; false: the connection is lost, and the job with it. */
bool connection_send(struct connection *connection, struct job *job);
/* Sends a command whose answer nobody waits for; a note leaves with what follows it. */
void connection_command(struct connection *connection, const char *command);
void connection_note(struct connection *connection, const char *command);
const char *begin_sql(const struct db *db);
/* Tells the server to stop what it runs now. Does not wait. */
void connection_cancel(struct connection *connection);
/* Its line moved: looks whether what is first now is worth cancelling. */
void connection_watch_over(struct connection *connection);
/* Nobody waits for the job any more. It was sent on this connection. */
void connection_abandon(struct connection *connection, struct job *job);
/* After something was sent (send.c). */
void connection_flush(struct connection *connection);
bool carries_job(const struct segment *segment); /* not only a preparation for one */
struct segment *segment_add(struct connection *connection, struct job *job);
void connection_forget_context(struct connection *connection);

/* ---- one role's connections (side.c) ---- */
struct taker { /* a coroutine that waits for a connection of the pool */
    struct taker *next;
    struct coroutine *coroutine;
    struct connection *connection;
    bool failed;
    int64_t asked_us;
};

struct side {
    enum db_role role;
    char *conninfo, *user, *password;
    const char *schema;  /* at the front of the connections' search_path */
    struct turns *turns; /* of a slow side; else NULL */
    struct connection *shared, *pool;
    int shared_count, pool_count;
    struct job *first_job, *last_job;
    struct taker *first_taker, *last_taker;
    int64_t backoff_us, not_before_us;
    struct timer *retry;
};

/* shared 0: a slow side, whose connections are taken in turns. */
bool side_open(struct side *side, enum db_role role, const char *conninfo, const char *user,
               const char *password, int shared, int pool);
void side_close(struct side *side);
struct side *side_of(enum db_role role); /* NULL: this program has no such side */
struct side *slow_side_of(enum db_role role);

/* ---- whose turn it is on the slow connections (slow.c) ---- */
struct turns;
struct turns *turns_new(void); /* freed by free() */
/* A tenant has one turn at a time; without a tenant ("") as many as there are. The place, for
 * slow_leave(); -1: cancelled while it waited. WAITS. */
int slow_enter(struct turns *turns, const char *tenant_id);
void slow_leave(struct turns *turns, int place); /* -1: nothing to leave */

void side_submit(struct side *side, struct job *job); /* over the shared connections */
void side_withdraw(struct side *side, struct job *job);
struct connection *side_take(struct side *side); /* of the pool; NULL: cancelled or none. WAITS */
void side_release(struct connection *connection);

/* What connections report. */
void side_connected(struct connection *connection, bool succeeded, int64_t started_us);
void side_progress(struct connection *connection);    /* an answer came: there is room */
void side_return(struct side *side, struct job *job); /* goes again, first of all */

/* ---- errors and rows ---- */
void error_from_result(struct db *db, const PGresult *result, const struct statement *statement);
void error_set(struct db *db, enum db_status status, const char *message);
bool result_is_state(const PGresult *result, const char *sqlstate);
bool result_is_stale_plan(const PGresult *result);
struct rows *rows_new(struct arena *arena, PGresult *result);

/* ---- transactions (transaction.c) ---- */
/* Opened by one db_begin(). What set_config() said inside of it is undone with it, so what stood
 * before is kept. */
struct scope {
    struct scope *outer;
    bool marked; /* the server has its savepoint */
    bool failed;
    bool apart; /* each batch in it is a scope of its own, as outside of any */
    char tenant[UUID_SIZE], schema[72];
};

struct consequence { /* what db_after_commit() was told */
    struct consequence *next;
    void (*run)(void *arg);
    void *arg;
    int scope;
};

struct transaction {
    struct connection *held; /* NULL: no statement has needed one yet */
    enum db_role role;
    struct scope *inner; /* NULL: it is over */
    int scopes;
    struct consequence *first, *last;
};

/* The handle's, if one is open. */
struct transaction *transaction_of(const struct db *db);
void scope_open(struct db *db, struct transaction *transaction);
void scope_keep(struct transaction *transaction); /* an inner one: it is part of the outer now */
/* Before a statement of it: takes the connection and marks the scopes. WAITS; false: db->error. */
bool transaction_ready(struct db *db, struct transaction *transaction);

/* ---- running (db.c) ---- */
const char *db_context(const struct db *db); /* who acts, as JSON; "" for nobody */
struct connection *db_take(struct db *db);   /* side_take(), with db->error filled. WAITS */
/* Sends the job and waits for it; false: abandoned, the job is no longer ours. */
bool job_run(struct side *side, struct connection *connection, struct job *job);

/* libpq's parameters of a role's connection, for side and listen. seconds: that a statement may
 * take; 0: no limit but the request's. */
PGconn *connect_start(const char *conninfo, const char *user, const char *password,
                      const char *schema, int seconds);
/* Goes on with it until it stands. WAITS; false: PQerrorMessage says why. */
bool connect_finish(PGconn *pg);

void listen_open(const char *conninfo, const char *user, const char *password);
void listen_close(void);

#endif
