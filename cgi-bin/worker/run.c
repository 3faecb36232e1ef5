/* run: the runner of this process, from the tables of the areas. */
#include <signal.h>
#include <stdlib.h>

#include "api/metrics.h"
#include "base/config.h"
#include "base/log.h"
#include "job/runner.h"
#include "worker.h"

/* The master waits 25 seconds for those whom it has told to end. */
static const int64_t patience_us = 20000000;

static size_t count_of(const struct area *area, size_t *schedules)
{
    size_t kinds = 0;
    *schedules = 0;
    while (area->jobs && area->jobs[kinds])
        kinds++;
    while (area->schedules && area->schedules[*schedules].name)
        (*schedules)++;
    return kinds;
}

static void *room_for(size_t count)
{
    void *memory = calloc(count + 1, sizeof(void *));
    if (!memory)
        abort();
    return memory;
}

static struct job_runner runner;

/* They are kept for the process's life. */
static void gather(void)
{
    size_t areas, kinds = 0, schedules = 0, of_area;
    const struct area *const *all = areas_linked(&areas);
    for (size_t i = 0; i < areas; i++) {
        kinds += count_of(all[i], &of_area);
        schedules += of_area;
    }
    const struct job_kind **kind = room_for(kinds);
    const struct job_schedule **schedule = room_for(schedules);
    runner = (struct job_runner){.kinds = kind, .schedules = schedule};
    for (size_t i = 0; i < areas; i++) {
        size_t count = count_of(all[i], &of_area);
        for (size_t k = 0; k < count; k++)
            kind[runner.kind_count++] = all[i]->jobs[k];
        for (size_t k = 0; k < of_area; k++)
            schedule[runner.schedule_count++] = &all[i]->schedules[k];
    }
}

bool worker_prepare(void)
{
    gather();
    runner.at_once = (int)config_int(CONFIG_TULOU_JOBS);
    runner.slack_s = (int)config_int(CONFIG_TULOU_JOBS_SLACK);
    runner.ended = metrics_count_job;
    return metrics_prepare_jobs("worker", runner.kinds, runner.kind_count);
}

void worker_begin(void)
{
    if (job_runner_start(&runner))
        return;
    log_error("the worker cannot begin: no job is done");
    raise(SIGTERM);
}

void worker_end(void)
{
    job_runner_stop(patience_us);
}
