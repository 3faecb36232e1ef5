/* tests: an area whose jobs do what tests/api/jobs.test.mjs asks of them. It is
 * linked into build/tests/worker, which is the worker with this area besides.
 * What a job has done stands in public.job_effects, which the test makes. */
#include <string.h>

#include "api/area.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/loop/loop.h"

STATEMENT(tests_effect,
          "insert into public.job_effects (job, tenant, attempt, note)\n"
          "values ($1::uuid, $2::uuid, $3::int, $4)",
          DB_WRITES);

STATEMENT(tests_effect_once,
          "insert into public.job_effects (job, tenant, attempt, note)\n"
          "values ($1::uuid, $2::uuid, $3::int, $4)\n"
          "on conflict (job, note) do nothing",
          DB_WRITES);

static const struct job_kind inside;

static int64_t number(const struct job *job, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(job->payload, key, &value);
    return json_object_get_int64(value);
}

static const char *text(const struct job *job, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(job->payload, key, &value);
    return json_object_get_string(value);
}

static bool leave_effect(struct job *job, const struct statement *statement)
{
    const char *note = text(job, "note");
    return db_get(job->db, statement, job->id, job->tenant_id,
                  arena_printf(job->arena, "%d", job->attempt), note ? note : "") ||
           job_fail_db(job);
}

/* The children are of the same commit: when it fails there are none. */
static bool add_children(struct job *job)
{
    int64_t count = number(job, "children");
    const struct job_new child = {.kind = &inside,
                                  .payload = "{\"note\": \"child\"}",
                                  .key = text(job, "key"),
                                  .delay_s = number(job, "delay")};
    for (int64_t i = 0; i < count; i++)
        if (!job_add(job->db, &child))
            return job_fail_db(job);
    return true;
}

static bool end_as_asked(struct job *job)
{
    if (text(job, "refuse"))
        return job_refuse(job, "%s", text(job, "refuse"));
    if (job->attempt <= number(job, "failures")) {
        job->retry_s = number(job, "retry");
        return job_fail(job, "asked to fail %d", job->attempt);
    }
    return true;
}

static bool run_inside(struct job *job)
{
    int64_t pause_us = number(job, "ms") * 1000;
    if (!leave_effect(job, &tests_effect) || !add_children(job))
        return false;
    if (pause_us && !wait_us(pause_us))
        return job_fail(job, "cut");
    return end_as_asked(job);
}

static bool run_outside(struct job *job)
{
    int64_t pause_us = number(job, "ms") * 1000;
    if (!leave_effect(job, &tests_effect_once))
        return false;
    if (pause_us && !wait_us(pause_us))
        return job_fail(job, "cut");
    return end_as_asked(job);
}

/* ---- for tests/bench/jobs.mjs, and those that come one after the other ---- */

static bool run_nothing(struct job *job)
{
    return job != NULL;
}

static bool run_row(struct job *job)
{
    return leave_effect(job, &tests_effect);
}

static bool run_started(struct job *job)
{
    const char *now = arena_printf(job->arena, "%lld", (long long)clock_now_us());
    return db_get(job->db, &tests_effect, job->id, job->tenant_id, "1", now) || job_fail_db(job);
}

static const struct job_kind inside = {"tests.inside", "tests", run_inside, 3, 1};
static const struct job_kind outside = {"tests.outside",     "tests", run_outside, 3, 1,
                                        .flags = JOB_OUTSIDE};
static const struct job_kind nothing = {"tests.nothing", "bench", run_nothing,
                                        .flags = JOB_OUTSIDE};
static const struct job_kind row = {"tests.row", "bench", run_row};
static const struct job_kind started = {"tests.started", "bench", run_started,
                                        .flags = JOB_OUTSIDE};
static const struct job_kind one = {"tests.one", "tests", run_row, .at_once = 1};
static const struct job_kind tick = {"tests.tick",         "tests", run_inside, 3, 1,
                                     .flags = JOB_PLATFORM};

#define TICK(number)                                                                               \
    {                                                                                              \
        "tests.tick" #number, "0 3 * * *", "Europe/Madrid", &tick, "{\"note\": \"" #number "\"}"   \
    }

static const struct area tests = {
    .name = "tests",
    .jobs = JOBS(&inside, &outside, &tick, &nothing, &row, &started, &one),
    .schedules = SCHEDULES(TICK(1), TICK(2), TICK(3), TICK(4), TICK(5), TICK(6), TICK(7), TICK(8)),
};

AREA_MAIN(tests)
