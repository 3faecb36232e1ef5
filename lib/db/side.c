/* side: one role's connections: the shared ones, the pool, who waits for them,
 * and opening them again after the server was away.
 *
 * Connections open when there is demand. While the server is away a request
 * waits for one attempt to connect that began after it came, and gets
 * DB_UNAVAILABLE when that fails; attempts keep a growing distance, at most
 * BACKOFF_MAX_US. So the first request after the server is back succeeds. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/internal.h"

/* ---- opening ---- */

static void run_open(void *arg)
{
    struct connection *connection = arg;
    int64_t started_us = clock_monotonic_us();
    bool succeeded = connection_open(connection);
    side_connected(connection, succeeded, started_us);
}

static void open_connection(struct connection *connection)
{
    connection->state = CONNECTING;
    if (!coroutine_start(run_open, connection))
        connection->state = CLOSED;
}

static int count_state(const struct connection *all, int count, enum connection_state state)
{
    int found = 0;
    for (int i = 0; i < count; i++)
        found += all[i].state == state;
    return found;
}

static struct connection *find_closed(struct connection *all, int count)
{
    for (int i = 0; i < count; i++)
        if (all[i].state == CLOSED && !all[i].taken && !all[i].releasing)
            return &all[i];
    return NULL;
}

static void open_wanted(struct side *side);

static void retry_now(void *arg)
{
    struct side *side = arg;
    side->retry = NULL;
    open_wanted(side);
}

static int count_takers(const struct side *side)
{
    int count = 0;
    for (const struct taker *it = side->first_taker; it; it = it->next)
        count++;
    return count;
}

/* Opens what the waiting ones need, unless the last attempt failed just now. */
static void open_wanted(struct side *side)
{
    int64_t wait_us = side->not_before_us - clock_monotonic_us();
    bool for_jobs = side->first_job && count_state(side->shared, side->shared_count, READY) == 0 &&
                    count_state(side->shared, side->shared_count, CONNECTING) == 0;
    int for_takers = count_takers(side) - count_state(side->pool, side->pool_count, CONNECTING);
    if (!for_jobs && for_takers <= 0)
        return;
    if (wait_us > 0) {
        if (!side->retry)
            side->retry = timer_add(wait_us, retry_now, side);
        return;
    }
    struct connection *closed = for_jobs ? find_closed(side->shared, side->shared_count) : NULL;
    if (closed)
        open_connection(closed);
    while (for_takers-- > 0 && (closed = find_closed(side->pool, side->pool_count)) != NULL)
        open_connection(closed);
}

/* ---- the shared connections ---- */

static void append_job(struct side *side, struct job *job)
{
    job->next = NULL;
    *(side->last_job ? &side->last_job->next : &side->first_job) = job;
    side->last_job = job;
}

static struct job *shift_job(struct side *side)
{
    struct job *job = side->first_job;
    side->first_job = job->next;
    if (!side->first_job)
        side->last_job = NULL;
    return job;
}

/* The one with the least to do, and room. A further one is opened when even
 * that is busy. */
static struct connection *choose_shared(struct side *side)
{
    struct connection *best = NULL;
    for (int i = 0; i < side->shared_count; i++) {
        struct connection *it = &side->shared[i];
        if (it->state == READY && (!best || it->in_flight < best->in_flight))
            best = it;
    }
    struct connection *closed =
        best && best->in_flight > 0 ? find_closed(side->shared, side->shared_count) : NULL;
    if (closed && clock_monotonic_us() >= side->not_before_us)
        open_connection(closed);
    return best && best->in_flight < IN_FLIGHT_MAX ? best : NULL;
}

/* A change is sent but once. */
static bool needs_certainty(const struct job *job)
{
    return job->writes || job->retries > 0;
}

static void dispatch(struct side *side)
{
    struct connection *connection;
    while (side->first_job && (connection = choose_shared(side)) != NULL) {
        struct job *job = shift_job(side);
        if (needs_certainty(job) && !connection_alive(connection))
            side_return(side, job);
        else
            connection_send(connection, job);
    }
    open_wanted(side);
}

void side_submit(struct side *side, struct job *job)
{
    job->asked_us = clock_monotonic_us();
    append_job(side, job);
    dispatch(side);
}

void side_return(struct side *side, struct job *job)
{
    job->asked_us = clock_monotonic_us();
    job->next = side->first_job;
    side->first_job = job;
    if (!side->last_job)
        side->last_job = job;
}

void side_withdraw(struct side *side, struct job *job)
{
    struct job **at = &side->first_job, *before = NULL;
    for (; *at && *at != job; at = &(*at)->next)
        before = *at;
    if (!*at)
        return;
    *at = job->next;
    if (side->last_job == job)
        side->last_job = before;
}

/* ---- the pool ---- */

static struct connection *find_idle(struct side *side)
{
    for (int i = 0; i < side->pool_count; i++) {
        struct connection *it = &side->pool[i];
        if (it->state == READY && !it->taken && !it->releasing && connection_alive(it) &&
            !it->taken) /* finding out that another is lost may have served somebody */
            return it;
    }
    return NULL;
}

static void remove_taker(struct side *side, struct taker *taker)
{
    struct taker **at = &side->first_taker, *before = NULL;
    for (; *at && *at != taker; at = &(*at)->next)
        before = *at;
    if (!*at)
        return;
    *at = taker->next;
    if (side->last_taker == taker)
        side->last_taker = before;
}

static void serve_takers(struct side *side)
{
    while (side->first_taker) {
        struct connection *idle = find_idle(side);
        struct taker *taker = side->first_taker;
        if (!idle || !taker)
            break;
        remove_taker(side, taker);
        idle->taken = true;
        timer_remove(idle->idle);
        idle->idle = NULL;
        taker->connection = idle;
        coroutine_wake(taker->coroutine);
    }
    open_wanted(side);
}

struct connection *side_take(struct side *side)
{
    struct taker taker = {.coroutine = coroutine_current(), .asked_us = clock_monotonic_us()};
    *(side->last_taker ? &side->last_taker->next : &side->first_taker) = &taker;
    /* cppcheck-suppress autoVariables ; it leaves the line before it goes */
    side->last_taker = &taker;
    serve_takers(side);
    while (!taker.connection && !taker.failed)
        if (!coroutine_wait())
            break;
    if (!taker.connection)
        remove_taker(side, &taker);
    return taker.connection;
}

static void close_idle(void *arg)
{
    struct connection *connection = arg;
    connection->idle = NULL;
    connection_lose(connection, NULL);
}

/* Free for the next once nothing of the last user is left on it; one whose
 * transaction is still open then is closed instead. */
static void finish_release(struct connection *connection)
{
    if (connection->state == READY && (connection->first || connection->cancelling))
        return;
    connection->releasing = false;
    if (connection->state == READY && PQtransactionStatus(connection->pg) != PQTRANS_IDLE)
        connection_lose(connection, "its transaction did not end");
    if (connection->state == READY && !connection->idle)
        connection->idle = timer_add(IDLE_US, close_idle, connection);
}

void side_release(struct connection *connection)
{
    connection->taken = false;
    connection->releasing = true;
    if (connection->holder)
        *connection->holder = NULL;
    connection->holder = NULL;
    connection_forget_context(connection);
    side_progress(connection);
}

/* ---- what connections report ---- */

void side_progress(struct connection *connection)
{
    struct side *side = connection->side;
    if (connection->shared) {
        dispatch(side);
        return;
    }
    if (connection->releasing)
        finish_release(connection);
    serve_takers(side);
}

/* Those who came before the attempt began have had their chance. */
static void fail_waiting(struct side *side, int64_t started_us, bool shared)
{
    while (shared && side->first_job && side->first_job->asked_us <= started_us) {
        struct job *job = shift_job(side);
        job->lost = true;
        job_finish(job);
    }
    while (!shared && side->first_taker && side->first_taker->asked_us <= started_us) {
        struct taker *taker = side->first_taker;
        remove_taker(side, taker);
        taker->failed = true;
        coroutine_wake(taker->coroutine);
    }
}

void side_connected(struct connection *connection, bool succeeded, int64_t started_us)
{
    struct side *side = connection->side;
    bool others = count_state(side->shared, side->shared_count, READY) > 0;
    bool held = count_state(side->pool, side->pool_count, READY) > 0;
    if (succeeded) {
        side->backoff_us = 0;
        side->not_before_us = 0;
    } else {
        side->backoff_us = side->backoff_us ? side->backoff_us * 2 : BACKOFF_FIRST_US;
        if (side->backoff_us > BACKOFF_MAX_US)
            side->backoff_us = BACKOFF_MAX_US;
        side->not_before_us = clock_monotonic_us() + side->backoff_us;
        if (connection->shared ? !others : !held)
            fail_waiting(side, started_us, connection->shared);
    }
    if (connection->shared)
        dispatch(side);
    else
        serve_takers(side);
}

/* ---- life ---- */

static struct connection *make_connections(struct side *side, int count, bool shared)
{
    struct connection *all = calloc((size_t)count + 1, sizeof *all);
    for (int i = 0; all && i < count; i++) {
        all[i].side = side;
        all[i].shared = shared;
    }
    return all;
}

bool side_open(struct side *side, enum db_role role, const char *conninfo, const char *user,
               const char *password, int shared, int pool)
{
    *side = (struct side){.role = role, .shared_count = shared, .pool_count = pool};
    side->schema = role == DB_TENANT ? "shared" : "everyone";
    side->turns = shared == 0 ? turns_new() : NULL;
    side->conninfo = strdup(conninfo);
    side->user = strdup(user);
    side->password = password ? strdup(password) : NULL;
    side->shared = make_connections(side, shared, true);
    side->pool = make_connections(side, pool, false);
    return side->conninfo && side->user && side->shared && side->pool &&
           (shared > 0 || side->turns);
}

static void close_all(struct connection *all, int count)
{
    for (int i = 0; all && i < count; i++) {
        connection_lose(&all[i], NULL);
        if (all[i].holder)
            *all[i].holder = NULL;
    }
    free(all);
}

void side_close(struct side *side)
{
    timer_remove(side->retry);
    side->retry = NULL;
    side->first_job = side->last_job = NULL;
    side->first_taker = side->last_taker = NULL;
    close_all(side->shared, side->shared_count);
    close_all(side->pool, side->pool_count);
    free(side->turns);
    free(side->conninfo);
    free(side->user);
    free(side->password);
    *side = (struct side){0};
}
