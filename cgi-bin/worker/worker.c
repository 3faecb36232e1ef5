/* worker: the program that is linked of all areas, and does their jobs. */
#include "worker.h"

#include <string.h>

#include "http/cx.h"
#include "import/import.h"
#include "resource/bulk.h"

void act_for_platform(struct cx *cx)
{
    memcpy(cx->db.tenant_id, "00000000-0000-7000-8000-000000000001", UUID_SIZE);
}

static const struct event_declared worker_events[] = {
    {"queue.paused", "Told when a queue was paused.", "{actor} paused a queue."},
    {"queue.resumed", "Told when a queue was resumed.", "{actor} resumed a queue."},
    {"queue.retried", "Told when all dead letters of a queue were put back.",
     "{actor} put back what had failed in a queue."},
    {"queue_job.retried", "Told when a dead letter was put back into its queue.",
     "{actor} put a job back into its queue."},
    {"queue_job.deleted", "Told when a job was deleted.", "{actor} deleted a job."},
    {"bulk_run.finished", "Told when a job has done something with many records.",
     "{actor} did something with many records."},
    {"bulk_run.reverted", "Told when a job has undone what was done with many records.",
     "{actor} undid what was done with many records."},
    {.type = NULL}};

static const struct area worker = {
    .name = "worker",
    .title = "Jobs",
    .about = "Work that happens later: queues, what failed in them, and what is done with many "
             "records.",
    .more_routes = (const struct route *const[]){queue_routes, NULL},
    .events = worker_events,
    .resources = RESOURCES(&jobs, &bulk_runs),
    .jobs = JOBS(&bulk_job, &bulk_platform_job, &bulk_forget_job, &import_job, &import_forget_job),
    .schedules = SCHEDULES({"bulk.forget", "27 3 * * *", NULL, &bulk_forget_job},
                           {"core.forget_imports", "41 3 * * *", NULL, &import_forget_job}),
    .menu = MENU({PLATFORM_PAGES, "Jobs", "/platform/jobs", "stack-2", "platform.jobs:read",
                  "Operation", "platform", 80}),
    .prepare = worker_prepare,
    .begin = worker_begin,
    .end = worker_end,
    .transactions = CONFIG_TULOU_JOBS,
    .platform = true,
};

AREA_MAIN(worker)
