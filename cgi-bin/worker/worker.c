/* worker: the program that is linked of all areas, and does their jobs. */
#include "worker.h"

static const struct area worker = {
    .name = "worker",
    .title = "Jobs",
    .begin = worker_begin,
    .end = worker_end,
    .transactions = CONFIG_TULOU_JOBS,
    .platform = true,
};

AREA_MAIN(worker)
