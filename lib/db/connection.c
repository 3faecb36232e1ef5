/* connection: one libpq connection in pipeline mode: what comes back, who it
 * is for, and what happens when it breaks or must be cancelled. */
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/text.h"
#include "db/internal.h"

/* ---- jobs ---- */

struct job *job_new(void)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        abort();
    return job;
}

static void job_clear(struct job *job)
{
    for (int i = 0; i < DB_BATCH_MAX; i++) {
        PQclear(job->results[i]);
        job->results[i] = NULL;
    }
    PQclear(job->failure);
    job->failure = NULL;
}

void job_free(struct job *job)
{
    job_clear(job);
    free(job);
}

void job_finish(struct job *job)
{
    job->done = true;
    job->on = NULL;
    if (job->caller)
        coroutine_wake(job->caller);
    else
        job_free(job);
}

/* ---- segments ---- */

struct segment *segment_add(struct connection *connection, struct job *job)
{
    struct segment *segment = calloc(1, sizeof *segment);
    if (!segment)
        abort();
    segment->job = job;
    *(connection->last ? &connection->last->next : &connection->first) = segment;
    connection->last = segment;
    return segment;
}

bool carries_job(const struct segment *segment)
{
    return segment->job && !segment->prepares;
}

static void pop_segment(struct connection *connection)
{
    struct segment *segment = connection->first;
    connection->first = segment->next;
    if (!connection->first)
        connection->last = NULL;
    if (carries_job(segment))
        connection->in_flight--;
    free(segment);
    connection_watch_over(connection);
}

/* ---- answers ---- */

/* Whether a job that failed through no fault of its own may go again: its
 * transaction was rolled back, so nothing of it has happened. */
static bool may_repeat(const struct connection *connection, const struct job *job)
{
    return connection->shared && job->caller && job->failure && job->retries < RETRIES_MAX &&
           (result_is_state(job->failure, "57014") || result_is_stale_plan(job->failure));
}

static void forget_plans(struct connection *connection, const struct job *job)
{
    for (int i = 0; i < job->batch->count; i++) {
        struct prepared *it = prepared_find(&connection->prepared, job->batch->db->schema,
                                            job->batch->items[i].statement);
        if (it && !it->sent)
            prepared_remove(&connection->prepared, it);
    }
}

static void finish_job(struct connection *connection, struct job *job)
{
    if (job->failure && job->caller && job->batch && result_is_stale_plan(job->failure))
        forget_plans(connection, job);
    if (!may_repeat(connection, job)) {
        job_finish(job);
        return;
    }
    job_clear(job);
    job->retries++;
    job->on = NULL;
    side_return(connection->side, job);
}

static void end_segment(struct connection *connection)
{
    struct segment *segment = connection->first;
    struct job *job = carries_job(segment) ? segment->job : NULL;
    if (segment->prepares)
        segment->prepares->sent = false;
    pop_segment(connection);
    if (job)
        finish_job(connection, job);
    side_progress(connection);
}

static int item_of(const struct job *job, const struct prepared *prepared)
{
    for (int i = 0; job->caller && job->batch && i < job->batch->count; i++)
        if (text_equal(job->batch->items[i].statement->name, prepared->name))
            return i;
    return -1;
}

static void take_error(struct connection *connection, struct segment *segment, PGresult *result)
{
    if (segment->prepares) {
        /* Its job follows; this says more than that the name is unknown. */
        if (!segment->job->failure) {
            segment->job->failure = result;
            segment->job->failed_item = item_of(segment->job, segment->prepares);
            result = NULL;
        }
        prepared_remove(&connection->prepared, segment->prepares);
        segment->prepares = NULL;
        segment->job = NULL;
    } else if (segment->job && !segment->job->failure) {
        segment->job->failure = result;
        segment->job->failed_item = segment->at - segment->skip;
        result = NULL;
    }
    PQclear(result);
}

static bool is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return !severity || severity[0] == 'F' || severity[0] == 'P'; /* FATAL, PANIC; NULL: libpq */
}

/* false: the connection is gone. */
static bool take_result(struct connection *connection, PGresult *result)
{
    struct segment *segment = connection->first;
    if (!result) {
        segment->at++;
        return true;
    }
    int item = segment->at - segment->skip;
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(result);
        end_segment(connection);
        return true;
    case PGRES_PIPELINE_ABORTED:
        PQclear(result);
        return true;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (carries_job(segment) && item >= 0 && item < DB_BATCH_MAX &&
            !segment->job->results[item])
            segment->job->results[item] = result;
        else
            PQclear(result);
        return true;
    default:
        if (is_fatal(result)) {
            connection_lose(connection, PQresultErrorMessage(result));
            PQclear(result);
            return false;
        }
        take_error(connection, segment, result);
        return true;
    }
}

static void read_answers(struct connection *connection)
{
    if (!PQconsumeInput(connection->pg)) {
        connection_lose(connection, PQerrorMessage(connection->pg));
        return;
    }
    while (connection->state == READY && connection->first && !PQisBusy(connection->pg))
        if (!take_result(connection, PQgetResult(connection->pg)))
            return;
    if (connection->state == READY && PQstatus(connection->pg) == CONNECTION_BAD)
        connection_lose(connection, PQerrorMessage(connection->pg));
}

static void on_event(void *arg, uint32_t events)
{
    struct connection *connection = arg;
    if (events & EPOLLOUT)
        connection_flush(connection);
    if (connection->state == READY && (events & ~(uint32_t)EPOLLOUT))
        read_answers(connection);
}

void connection_flush(struct connection *connection)
{
    int left = PQflush(connection->pg);
    bool writing = left > 0;
    if (left < 0) {
        /* The reason, or answers that came before, may still be there to read. */
        read_answers(connection);
        return;
    }
    if (writing != connection->writing)
        watch_change(connection->watch, writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
    connection->writing = writing;
}

/* A connection that was cut while nobody used it says so only when it is read. */
bool connection_alive(struct connection *connection)
{
    struct pollfd socket = {.fd = PQsocket(connection->pg), .events = POLLIN};
    while (connection->state == READY && !connection->first && poll(&socket, 1, 0) > 0)
        read_answers(connection); /* first the reason, then the end */
    return connection->state == READY;
}

/* ---- opening and losing ---- */

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    log_debug("notice of the server", "detail",
              PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

bool connection_open(struct connection *connection)
{
    const struct side *side = connection->side;
    int seconds = side->turns && side->role == DB_TENANT ? SLOW_SECONDS : 0;
    PGconn *pg = connect_start(side->conninfo, side->user, side->password, side->schema, seconds);
    if (connect_finish(pg) && PQenterPipelineMode(pg)) {
        PQsetNoticeReceiver(pg, ignore_notice, NULL);
        connection->pg = pg;
        connection->watch = watch_add(PQsocket(pg), EPOLLIN, on_event, connection);
        connection->writing = false;
        connection->state = READY;
        return true;
    }
    log_warn("no connection to the database", "role", side->user, "detail",
             pg ? PQerrorMessage(pg) : "out of memory");
    PQfinish(pg);
    connection->state = CLOSED;
    return false;
}

void connection_lose(struct connection *connection, const char *why)
{
    if (connection->state != READY)
        return;
    if (why)
        log_warn("connection to the database lost", "role", connection->side->user, "detail", why);
    connection->state = CLOSED;
    watch_remove(connection->watch);
    timer_remove(connection->abandoned);
    timer_remove(connection->idle);
    connection->watch = NULL;
    connection->abandoned = connection->idle = NULL;
    PQfinish(connection->pg);
    connection->pg = NULL;
    prepared_clear(&connection->prepared);
    connection_forget_context(connection);
    struct segment *segment = connection->first;
    connection->first = connection->last = NULL;
    connection->in_flight = 0;
    for (struct segment *next; segment; segment = next) {
        next = segment->next;
        struct job *job = carries_job(segment) ? segment->job : NULL;
        free(segment);
        if (!job)
            continue;
        /* Reads may run twice; whether a change has happened nobody can tell. */
        bool again = connection->shared && job->caller && !job->writes &&
                     job->retries <= connection->side->shared_count;
        job_clear(job);
        job->on = NULL;
        job->lost = !again;
        job->retries++;
        if (again)
            side_return(connection->side, job);
        else
            job_finish(job);
    }
    side_progress(connection);
}

void connection_forget_context(struct connection *connection)
{
    free(connection->sent_context);
    free(connection->sent_action);
    connection->sent_context = connection->sent_action = NULL;
    connection->sent_tenant[0] = connection->sent_schema[0] = '\0';
    connection->begun = false;
}
