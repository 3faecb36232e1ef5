/* jobs: those that wait, run, or failed for good, as operators see them. */
#include <string.h>

#include "access/event.h"
#include "http/cx.h"
#include "queues.h"
#include "worker.h"

STATEMENT(job_state, "select state from jobs where id = $1::uuid for update",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(job_retry, "select house.jobs_retry(null, $1::uuid)", DB_WRITES | DB_ON_PLATFORM);

static bool not_found(struct cx *cx)
{
    return fail(cx, 404, "not_found", "There is no such job: it may be done.");
}

/* Inside a transaction: holds it. NULL: the failure says why. */
static const char *hold(struct cx *cx, const char *id)
{
    const struct rows *rows = uuid_is(id) ? db_get(&cx->db, &job_state, id) : NULL;
    if (rows && rows_count(rows) > 0)
        return rows_text(rows, 0, 0);
    if (uuid_is(id) && !rows)
        fail_db(cx);
    else
        not_found(cx);
    return NULL;
}

static bool job_retry_run(struct cx *cx, const struct list_result *job)
{
    const char *id = record_value(job, "id");
    act_for_platform(cx);
    const struct rows *rows = db_get(&cx->db, &job_retry, id);
    if (!rows || !event_append(&cx->db, "queue_job.retried", id, NULL))
        return fail_db(cx);
    return rows_int(rows, 0, 0) > 0 ||
           fail(cx, 409, "job_waits", "Another one of its key waits already.");
}

static const struct action retry_job = {
    .name = "retry",
    .title = "Retry",
    .icon = "refresh",
    .summary = "Put a dead letter back into its queue, with all its attempts.",
    .done = "It is in its queue again.",
    .when = "state = 'dead'",
    .refused = {"job_not_dead", "It has not failed for good: nothing to retry."},
    .errors = "409 job_waits",
    .flags = ACTION_MANY | ACTION_TO_LIST,
    .run = job_retry_run,
};

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    (void)operation;
    (void)input;
    const char *state = hold(cx, id);
    if (state && strcmp(state, "running") == 0)
        return fail(cx, 409, "job_running", "It runs at this moment.");
    return state != NULL;
}

static bool finish(struct cx *cx, enum operation operation, const char *id)
{
    (void)operation;
    act_for_platform(cx);
    return event_append(&cx->db, "queue_job.deleted", id, NULL) || fail_db(cx);
}

const struct resource jobs = {
    .name = "jobs",
    .one = "queue job",
    .title = "Jobs",
    .about = "Work that happens later. What is done is gone; what failed for good stays here.",
    .permission = "platform.jobs",
    .table = "jobs",
    .api = "/api/platform/jobs",
    .page = "/platform/jobs",
    .icon = "stack-2",
    .follows = "jobs",
    .scope = SCOPE_PLATFORM,
    .operations = OP_LIST | OP_GET | OP_DELETE,
    .sort = "-createdAt",
    .label = "kind",
    .no_common_times = true,
    .no_events = true,
    .fields = FIELDS(
        {"kind", TEXT, READ_ONLY | FILTERED | LISTED, .example = "mail.send"},
        {"queue", TEXT, READ_ONLY | FILTERED | LISTED, .example = "email"},
        {"state", CHOICE, READ_ONLY | FILTERED | LISTED, .member = "status", .label = "Status",
         .choices = CHOICES("ready", "scheduled", "paused", "running", "dead"), .example = "dead"},
        {"attempt", INT, READ_ONLY | LISTED, .label = "Attempts so far", .example = "3"},
        {"attempts", INT, READ_ONLY, .label = "Attempts at most", .example = "20"},
        {"error", SENTENCE, READ_ONLY | NULLABLE | LISTED, .label = "What went wrong"},
        {"failed_at", TIME, READ_ONLY | NULLABLE},
        {"run_at", TIME, READ_ONLY, .label = "At the earliest"},
        {"priority", INT, READ_ONLY, .sql = "priority::integer", .help = "Smaller goes first."},
        {"key", TEXT, READ_ONLY | NULLABLE, .help = "Only one of a key waits."},
        {"payload", JSON, READ_ONLY | LIST_OMITTED, .sql = "house.job_payload_shown(payload)",
         .help = "What may be a secret is shown as ***."},
        {"worker", TEXT, READ_ONLY | NULLABLE},
        {"lease_until", TIME, READ_ONLY | NULLABLE, .label = "Its worker has it until"},
        {"tenant_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "tenants.tenants",
         .on_delete = CASCADE},
        {"created_at", TIME, READ_ONLY | SORTED | LISTED, .label = "Added", .sorted_by = "id"}),
    .actions = ACTIONS(&retry_job, &pause_queue, &resume_queue, &retry_queue),
    .prepare = prepare,
    .finish = finish,
    .template_list = "worker/jobs",
    .add_to_page = jobs_add_to_page,
};
