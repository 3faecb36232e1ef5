/* runner: does the jobs, in each process of the worker.
 *
 * It hears NOTIFY jobs, and looks by itself at what the clock brings: so an idle
 * one costs next to nothing. Claims take several jobs at once under a lease and a
 * name of their own; each job then runs as a coroutine. Whoever ends a job names
 * the claim, so a lease that was taken over cannot commit.
 */
#ifndef JOB_RUNNER_H
#define JOB_RUNNER_H

#include <stddef.h>

#include "job/job.h"

enum job_outcome {
    JOB_DONE = 1,
    JOB_FAILED, /* it is tried again */
    JOB_DEAD,   /* it is not */
    JOB_LOST    /* another has it, or it was given back */
};

struct job_runner {
    const struct job_kind *const *kinds; /* kept by the caller, as are the schedules */
    size_t kind_count;
    const struct job_schedule *const *schedules;
    size_t schedule_count;
    int at_once; /* jobs running in this process */
    /* After each attempt; NULL: nobody counts. */
    void (*ended)(const struct job_kind *kind, enum job_outcome outcome, int64_t took_us);
    int slack_s; /* that a lease lasts longer than an attempt may take; 0: 30 */
};

/* Once for each process, with connections of both roles; does not wait. Two kinds
 * of one name, or a schedule that cannot be read, are a defect: logged, false. */
bool job_runner_start(const struct job_runner *runner);

/* No more claims; what was claimed and not begun is given back; what runs may go
 * on for `patience_us`, then it is cancelled and given back too. The loop holds
 * until all of that has happened. */
void job_runner_stop(int64_t patience_us);

#endif
