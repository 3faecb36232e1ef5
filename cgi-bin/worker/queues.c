/* queues: how much waits in each, and pausing, resuming and retrying all of one. */
#include "queues.h"

#include <string.h>

#include "access/event.h"
#include "http/cx.h"
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

/* ---- what one does with a queue ---- */

static const struct verb {
    const char *name, *action;
    const struct statement *first, *then;
} verbs[] = {
    [QUEUE_PAUSE] = {"pause", "queue.paused", &queue_pause, NULL},
    [QUEUE_RESUME] = {"resume", "queue.resumed", &queue_unpause, &queue_resume},
    [QUEUE_RETRY] = {"retry", "queue.retried", &queue_retry, NULL},
};

static bool is_known(struct cx *cx, const char *queue)
{
    const struct rows *rows = db_get(&cx->db, &queue_known, queue, declared(cx));
    if (!rows)
        return fail_db(cx);
    return rows_bool(rows, 0, 0) || fail(cx, 404, "not_found", "There is no such queue.");
}

static bool run(struct cx *cx, const struct verb *verb, const char *queue, int64_t *count)
{
    const struct rows *rows = db_get(&cx->db, verb->first, queue);
    if (!rows || (verb->then && !db_get0(&cx->db, verb->then)) ||
        !event_append(&cx->db, verb->action, queue, NULL))
        return fail_db(cx);
    *count = rows_count(rows) > 0 ? rows_int(rows, 0, 0) : 0;
    return true;
}

bool queue_do(struct cx *cx, enum queue_verb verb, const char *queue, int64_t *count)
{
    act_for_platform(cx);
    int scope = db_scope(&cx->db);
    if (!is_known(cx, queue))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (run(cx, &verbs[verb], queue, count))
        return db_commit(&cx->db) || fail_db(cx);
    db_rollback_to(&cx->db, scope);
    return false;
}

bool queue_verb_find(const char *name, enum queue_verb *out)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0) {
            *out = (enum queue_verb)i;
            return true;
        }
    return false;
}

static bool pause_queue(struct cx *cx)
{
    int64_t count = 0;
    return queue_do(cx, QUEUE_PAUSE, cx_path(cx, "queue"), &count) && respond_nothing(cx);
}

static bool resume_queue(struct cx *cx)
{
    int64_t count = 0;
    return queue_do(cx, QUEUE_RESUME, cx_path(cx, "queue"), &count) && respond_nothing(cx);
}

static const struct field retried_fields[] = {{"retried", INT}, {.type = FIELD_END}};

static bool retry_queue(struct cx *cx)
{
    int64_t count = 0;
    if (!queue_do(cx, QUEUE_RETRY, cx_path(cx, "queue"), &count))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_int(json, "retried", count);
    json_close_object(json);
    return respond_end(cx);
}

const struct route queue_routes[] = {
    ROUTE(GET, "/api/platform/queues", MAY(PLATFORM, "platform.jobs:read"), list,
          "How much waits, runs and failed in each queue.", .operation = "listQueues",
          .answer_name = "queue", .answer = ANSWER_LIST, .answer_fields = queue_fields),
    ROUTE(POST, "/api/platform/queues/:queue/pause", MAY(PLATFORM, "platform.jobs:update"),
          pause_queue, "Begin no job of a queue until it is resumed.", .operation = "pauseQueue",
          .answer = ANSWER_NOTHING),
    ROUTE(POST, "/api/platform/queues/:queue/resume", MAY(PLATFORM, "platform.jobs:update"),
          resume_queue, "Go on with a paused queue.", .operation = "resumeQueue",
          .answer = ANSWER_NOTHING),
    ROUTE(POST, "/api/platform/queues/:queue/retry", MAY(PLATFORM, "platform.jobs:update"),
          retry_queue, "Put the dead letters of a queue back into it, at most 10,000 at once.",
          .operation = "retryQueue", .answer_name = "queue retry", .answer_fields = retried_fields),
    {.path = NULL},
};
