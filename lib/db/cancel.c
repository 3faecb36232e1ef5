/* cancel: telling the server that nobody waits any more.
 *
 * A cancel request names a connection, not a statement: on a shared one it may
 * arrive when the batch it was meant for is over and hit the next. That one is
 * rolled back by it and simply goes again (may_repeat in connection.c). It is
 * sent only for the batch that the server works on; one further back in the
 * line is given the time ABANDONED_US once it gets there, since most are
 * quicker than a cancel. PQcancel blocks, hence a helper thread.
 */
#include <stdlib.h>

#include "db/internal.h"

struct cancel {
    PGcancel *request;
    struct connection *connection;
};

static void request_cancel(void *arg)
{
    char problem[256];
    struct cancel *cancel = arg;
    PQcancel(cancel->request, problem, sizeof problem);
}

static void run_cancel(void *arg)
{
    struct cancel *cancel = arg;
    struct connection *connection = cancel->connection;
    thread_call(request_cancel, cancel);
    PQfreeCancel(cancel->request);
    free(cancel);
    connection->cancelling = false;
    connection_watch_over(connection);
    side_progress(connection);
}

void connection_cancel(struct connection *connection)
{
    if (connection->cancelling || connection->state != READY)
        return;
    struct cancel *cancel = calloc(1, sizeof *cancel);
    if (!cancel)
        abort();
    cancel->request = PQgetCancel(connection->pg);
    cancel->connection = connection;
    connection->cancelling = true;
    if (cancel->request && coroutine_start(run_cancel, cancel))
        return;
    connection->cancelling = false;
    PQfreeCancel(cancel->request);
    free(cancel);
}

/* Also while its statements are prepared, which may wait for a lock on a table. Whoever
 * else counted on what then is not prepared goes again (result_is_stale_plan). */
static bool holds_the_line(const struct connection *connection)
{
    const struct segment *first = connection->first;
    return first && first->job && !first->job->caller && first->job->kind == JOB_BATCH;
}

static void patience_ends(void *arg)
{
    struct connection *connection = arg;
    connection->abandoned = NULL;
    if (holds_the_line(connection))
        connection_cancel(connection);
}

void connection_watch_over(struct connection *connection)
{
    timer_remove(connection->abandoned);
    connection->abandoned = NULL;
    if (holds_the_line(connection) && !connection->cancelling)
        connection->abandoned = timer_add(ABANDONED_US, patience_ends, connection);
}

void connection_abandon(struct connection *connection, struct job *job)
{
    job->caller = NULL;
    job->batch = NULL;
    if (holds_the_line(connection) && connection->first->job == job)
        connection_cancel(connection);
}
