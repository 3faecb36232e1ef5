/* queues: how much waits in each, and pausing, resuming and retrying all of one. */
#include "queues.h"

#include <string.h>

#include "access/event.h"
#include "http/cx.h"
#include "resource/action.h"
#include "resource/rows_json.h"
#include "worker.h"

STATEMENT(queues_figures,
          "with figures as (\n"
          "    select queue, count(*) filter (where state in ('ready', 'paused')) as waiting,\n"
          "           count(*) filter (where state = 'scheduled') as scheduled,\n"
          "           count(*) filter (where state = 'running') as running,\n"
          "           count(*) filter (where state = 'dead') as dead,\n"
          "           min(run_at) filter (where state in ('ready', 'paused')) as since\n"
          "    from jobs\n"
          "    group by queue\n"
          ")\n"
          "select names.queue, p.queue is not null, coalesce(f.waiting, 0),\n"
          "       coalesce(f.scheduled, 0), coalesce(f.running, 0), coalesce(f.dead, 0), f.since\n"
          "from (select unnest($1::text[]) as queue\n"
          "      union select queue from figures\n"
          "      union select queue from job_pauses) names\n"
          "left join figures f on f.queue = names.queue\n"
          "left join job_pauses p on p.queue = names.queue\n"
          "order by names.queue\n"
          "limit 200",
          DB_SLOW | DB_ON_PLATFORM);

STATEMENT(queue_known,
          "select $1 = any($2::text[]) or exists (select from job_pauses where queue = $1)\n"
          "       or exists (select from jobs where queue = $1)",
          DB_ON_PLATFORM);

STATEMENT(queue_pause, "insert into job_pauses (queue) values ($1) on conflict do nothing",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(queue_unpause, "delete from job_pauses where queue = $1", DB_WRITES | DB_ON_PLATFORM);

STATEMENT(queue_resume, "select house.jobs_resume()", DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

STATEMENT(queue_retry, "select house.jobs_retry($1, null)", DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

static const struct field queue_fields[] = {{"queue", TEXT},
                                            {"paused", BOOL},
                                            {"waiting", INT},
                                            {"scheduled", INT},
                                            {"running", INT},
                                            {"dead", INT},
                                            {"waiting_since", TIME, NULLABLE},
                                            {.type = FIELD_END}};

/* Of every kind that is linked, as SQL's array. */
static const char *declared(struct cx *cx)
{
    struct buf out;
    size_t areas;
    const struct area *const *all = areas_linked(&areas);
    buf_init(&out, cx->arena);
    buf_putc(&out, '{');
    for (size_t i = 0; i < areas; i++)
        for (const struct job_kind *const *kind = all[i]->jobs; kind && *kind; kind++)
            buf_printf(&out, "%s\"%s\"", out.len > 1 ? "," : "", (*kind)->queue);
    buf_putc(&out, '}');
    return out.data;
}

struct rows *queues_read(struct cx *cx)
{
    struct rows *rows = db_get(&cx->db, &queues_figures, declared(cx));
    if (!rows)
        fail_db(cx);
    return rows;
}

static bool list(struct cx *cx)
{
    const struct rows *rows = queues_read(cx);
    return rows && respond_all_rows(cx, queue_fields, rows);
}

const struct route queue_routes[] = {
    ROUTE(GET, "/api/platform/queues", MAY(PLATFORM, "platform.jobs:read"), list,
          "How much waits, runs and failed in each queue.", .operation = "listQueues",
          .answer_name = "queue", .answer = ANSWER_LIST, .answer_fields = queue_fields),
    {.path = NULL},
};

/* ---- what one does with a queue: actions of no single job ---- */

static const struct field taken[] = {{"queue", TEXT, REQUIRED, 1, 100,
                                      .help = "One that has jobs, or is paused.",
                                      .example = "email"},
                                     {.type = FIELD_END}};

static bool is_known(struct cx *cx, const char *queue)
{
    const struct rows *rows = db_get(&cx->db, &queue_known, queue, declared(cx));
    if (!rows)
        return fail_db(cx);
    return rows_bool(rows, 0, 0) ||
           fail_field(cx, "queue", "unknown_queue", "There is no such queue.");
}

/* NULL with the failure set. */
static const struct rows *do_with_queue(struct cx *cx, const struct statement *statement,
                                        const char *event)
{
    const char *queue = input_text(cx, "queue");
    act_for_platform(cx);
    if (!is_known(cx, queue))
        return NULL;
    const struct rows *rows = db_get(&cx->db, statement, queue);
    if (rows && event_append(&cx->db, event, queue, NULL))
        return rows;
    fail_db(cx);
    return NULL;
}

static bool queue_pause_run(struct cx *cx, const struct list_result *none)
{
    (void)none;
    return do_with_queue(cx, &queue_pause, "queue.paused") != NULL;
}

static bool queue_resume_run(struct cx *cx, const struct list_result *none)
{
    (void)none;
    return do_with_queue(cx, &queue_unpause, "queue.resumed") &&
           (db_get0(&cx->db, &queue_resume) || fail_db(cx));
}

static bool queue_retry_run(struct cx *cx, const struct list_result *none)
{
    (void)none;
    const struct rows *rows = do_with_queue(cx, &queue_retry, "queue.retried");
    if (!rows)
        return false;
    record_give(cx, "retried", rows_text(rows, 0, 0));
    return true;
}

const struct action pause_queue = {
    .name = "pause-queue",
    .title = "Pause a queue",
    .icon = "player-pause",
    .summary = "Begin no job of a queue until it is resumed.",
    .operation = "pauseQueue",
    .done = "The queue is paused: what runs goes on.",
    .takes = taken,
    .errors = "422 queue.unknown_queue",
    .flags = ACTION_ON_LIST,
    .run = queue_pause_run,
};

const struct action resume_queue = {
    .name = "resume-queue",
    .title = "Resume a queue",
    .icon = "player-play",
    .summary = "Go on with a paused queue.",
    .operation = "resumeQueue",
    .done = "The queue goes on.",
    .takes = taken,
    .errors = "422 queue.unknown_queue",
    .flags = ACTION_ON_LIST,
    .run = queue_resume_run,
};

const struct action retry_queue = {
    .name = "retry-queue",
    .title = "Retry a queue",
    .icon = "refresh",
    .summary = "Put the dead letters of a queue back into it, at most 10,000 at once.",
    .operation = "retryQueue",
    .done = "They are in their queue again.",
    .takes = taken,
    .gives = FIELDS({"retried", INT, .label = "Jobs", .help = "How many.", .example = "5"}),
    .errors = "422 queue.unknown_queue",
    .flags = ACTION_ON_LIST,
    .run = queue_retry_run,
};
