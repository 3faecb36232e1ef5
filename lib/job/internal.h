/* internal: what the files of job share.
 *
 * A claimed job waits in line (runner.c) until there is room, runs as a coroutine
 * (attempt.c), and is gone with the commit of its transaction, or by a removal that
 * it shares with others (removal.c).
 */
#ifndef JOB_INTERNAL_H
#define JOB_INTERNAL_H

#include "base/uuid.h"
#include "job/runner.h"

struct coroutine;

/* How many of a kind this process has. */
struct load {
    int running, waiting;
};

struct claimed {
    struct claimed *next;           /* in a line */
    struct claimed *newer, **older; /* among those that run */
    const struct job_kind *kind;
    struct load *load;   /* of its kind */
    struct arena *arena; /* its own; it lies in it */
    char tenant_id[UUID_SIZE], id[UUID_SIZE];
    const char *claim, *schema, *payload;
    int attempt, attempts;
    int64_t claimed_us; /* monotonic */
    struct coroutine *coroutine;
};

/* ---- runner.c ---- */
int kind_timeout_s(const struct job_kind *kind);
/* An attempt is over. */
void runner_finished(struct claimed *it, enum job_outcome outcome, int64_t took_us);
void runner_wake(void);                    /* there may be something to claim */
void runner_look_within(int64_t delay_us); /* something will be due then */
bool runner_stopping(void);
void runner_give_back(struct claimed *first); /* a line of them; frees them. WAITS */

/* ---- attempt.c ---- */
void attempt_run(void *claimed); /* a coroutine */

/* ---- removal.c ---- */
void removal_add(struct claimed *done); /* takes it over */
int removal_backlog(void);
/* The three lists that SQL takes: tenants, ids, claims. */
struct claim_lists {
    const char *tenants, *ids, *claims;
};
struct claim_lists claims_list(struct arena *arena, const struct claimed *first);
void claims_free(struct claimed *first);

/* ---- schedule.c ---- */
bool schedules_start(const struct job_schedule *const *schedules, size_t count);
void schedules_stop(void);

#endif
