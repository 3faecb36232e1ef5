/* internal: what the files of the database floor share. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <libpq-fe.h>

#include "db/db.h"

struct coroutine;
struct watch;

/* ---- flight.c: a batch on its way ---- */

enum { FLIGHT_STEPS = DB_BATCH_MAX + 3 };

/* One batch: preamble, statements, Sync. It lives on the heap, since its
 * request may give up before the server has answered. */
struct flight {
    struct flight *next;
    struct coroutine *waiter;
    PGresult *results[FLIGHT_STEPS];
    int steps, at;  /* commands sent, and the one whose results arrive */
    int pid;        /* of its backend: to cancel it there */
    bool stepped;   /* the current command had a result */
    bool done;      /* Sync came, or the connection went */
    bool lost;      /* the connection went before it was done */
    bool abandoned; /* nobody waits any more: cancel it when its turn comes */
    bool quiet;     /* prepares a statement: nobody waits */
};

/* ---- connection.c ---- */

struct connection {
    PGconn *pg; /* NULL: closed */
    enum db_role role;
    struct watch *watch;
    struct flight *first, *last; /* in flight, oldest first */
    unsigned in_flight;
    bool connecting, writing, held;
    int64_t failed_us;         /* monotonic time of the last failure to connect */
    struct waiter *waiters;    /* coroutines that wait for `connecting` */
    struct prepared *prepared; /* names known to the server, a hash table */
    unsigned prepared_count;
};

/* Opens it if it is not open. WAITS. */
bool connection_open(struct connection *connection, const char **problem);
void connection_close(struct connection *connection); /* everything in flight is lost */
/* Puts a flight on the wire; false: the connection is gone (and closed). */
bool connection_send(struct connection *connection, struct flight *flight, struct db *db,
                     const struct batch *batch, const char *begin);
/* WAITS until the flight is done; when the coroutine is cancelled first, the
 * flight is left behind and false is returned. */
bool flight_wait(struct connection *connection, struct flight *flight);
struct flight *flight_new(void);
void flight_free(struct flight *flight);
/* Forgets all statements, on the server too; false: the connection is gone. */
bool prepared_forget(struct connection *connection);
/* Cancels what `pg` runs now, on a helper thread. WAITS. */
void connection_cancel(struct connection *connection);
/* The statement's name on the wire: keyed by schema unless it is the role's own. */
const char *wire_name(struct db *db, const struct statement *statement);
char *conninfo_of(enum db_role role); /* heap */

/* ---- pool.c ---- */
struct connection *pool_shared(enum db_role role);
/* WAITS for a connection of one's own; NULL when cancelled meanwhile. */
struct connection *pool_take(enum db_role role);
void pool_give(struct connection *connection);
const struct db_options *pool_options(void);

/* ---- error.c ---- */
void error_clear(struct db *db);
void error_set(struct db *db, enum db_status status, const char *message);
void error_from_result(struct db *db, const PGresult *result);

/* ---- rows.c ---- */
struct rows *rows_new(struct arena *arena, PGresult *result);

#endif
