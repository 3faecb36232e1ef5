/* worker: the program that is linked of all areas, and does their jobs. */
#include "worker.h"

#include <string.h>

#include "http/cx.h"

void act_for_platform(struct cx *cx)
{
    memcpy(cx->db.tenant_id, "00000000-0000-7000-8000-000000000001", UUID_SIZE);
}

static const struct area worker = {
    .name = "worker",
    .title = "Jobs",
    .about = "Work that happens later: queues, and what failed in them.",
    .more_routes = (const struct route *const[]){queue_routes, job_pages, NULL},
    .resources = RESOURCES(&jobs),
    .menu = MENU({PLATFORM_PAGES, "Jobs", "/platform/jobs", "stack-2", "platform.jobs:read",
                  "Operation", "platform", 80}),
    .prepare = worker_prepare,
    .begin = worker_begin,
    .end = worker_end,
    .transactions = CONFIG_TULOU_JOBS,
    .platform = true,
};

AREA_MAIN(worker)
