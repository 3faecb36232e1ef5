/* attempt: one job, from its claim to its end. */
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/sentence.h"
#include "db/db.h"
#include "job/internal.h"

STATEMENT(attempt_take, "select house.job_take($1::uuid, $2::uuid, $3)", DB_WRITES);

STATEMENT(attempt_failed,
          "select house.job_failed($1::uuid, $2::uuid, $3, $4::boolean, $5, $6::int)",
          DB_WRITES | DB_ON_PLATFORM);

/* Doubling from 15 seconds, at most 8 hours: 20 attempts take three days. */
enum { BACKOFF_FIRST_S = 15, BACKOFF_MAX_S = 28800, ERROR_MAX = 4000 };

enum ending { DONE, LOST, FAILED, STOPPED };

static void put_payload(void *payload)
{
    json_object_put(payload);
}

static void init_job(struct job *job, struct db *db, struct claimed *it)
{
    bool platform = (it->kind->flags & JOB_PLATFORM) != 0;
    db_init(db, it->arena, platform ? DB_PLATFORM : DB_TENANT, platform ? NULL : it->tenant_id,
            it->schema);
    db_act_as(db, "system", NULL, it->kind->name, NULL, NULL, NULL);
    *job = (struct job){.arena = it->arena,
                        .db = db,
                        .id = it->id,
                        .tenant_id = it->tenant_id,
                        .kind = it->kind->name,
                        .attempt = it->attempt,
                        .attempts = it->attempts,
                        .payload = json_tokener_parse(it->payload)};
    arena_defer(it->arena, put_payload, job->payload);
}

static enum ending fail_with_db(struct job *job)
{
    job_fail_db(job);
    return FAILED;
}

/* The removal goes first: it waits for nobody, and who took the lease over waits
 * for us. */
static enum ending run_inside(struct job *job, const struct claimed *it)
{
    struct db *db = job->db;
    if (!db_begin(db))
        return fail_with_db(job);
    const struct rows *taken = db_get(db, &attempt_take, it->tenant_id, it->id, it->claim);
    if (!taken)
        return fail_with_db(job);
    if (!rows_bool(taken, 0, 0))
        return LOST;
    if (!it->kind->run(job))
        return FAILED;
    if (db_scope(db) > 1) {
        job_fail(job, "It left a transaction open.");
        return FAILED;
    }
    return db_scope(db) == 0 || db_commit(db) ? DONE : fail_with_db(job);
}

static enum ending run(struct job *job, struct claimed *it)
{
    int64_t lease_us = (int64_t)kind_timeout_s(it->kind) * 1000000;
    int64_t now = clock_monotonic_us();
    enum ending ending;
    coroutine_set_deadline(now + lease_us);
    if (it->kind->flags & JOB_OUTSIDE)
        ending = it->kind->run(job) ? DONE : FAILED;
    else
        ending = run_inside(job, it);
    db_rollback_to(job->db, 0);
    if (ending != FAILED)
        return ending;
    if (runner_stopping() && coroutine_cancelled())
        return STOPPED;
    if (coroutine_cancelled())
        job_fail(job, "It took longer than %d seconds.", kind_timeout_s(it->kind));
    return FAILED;
}

static int64_t backoff_s(int attempt)
{
    int64_t delay = BACKOFF_MAX_S;
    if (attempt < 12)
        delay = (int64_t)BACKOFF_FIRST_S << (attempt > 0 ? attempt - 1 : 0);
    delay = delay < BACKOFF_MAX_S ? delay : BACKOFF_MAX_S;
    return delay - delay / 8 + randombytes_uniform((uint32_t)(delay / 4) + 1);
}

/* JOB_LOST: another has it by now, or the database is away and will find its lease over. */
static enum job_outcome store_failure(const struct job *job, const struct claimed *it)
{
    struct db db;
    const char *error = job->error ? job->error : SAID("It gave no reason.");
    int64_t retry_s = job->retry_s > 0 ? job->retry_s : backoff_s(it->attempt);
    const int64_t second_us = 1000000;
    db_init(&db, it->arena, DB_PLATFORM, NULL, "everyone");
    db_act_as(&db, "system", NULL, it->kind->name, NULL, NULL, NULL);
    const struct rows *rows =
        db_get(&db, &attempt_failed, it->tenant_id, it->id, it->claim,
               job->refused ? "true" : "false", arena_printf(it->arena, "%.*s", ERROR_MAX, error),
               arena_printf(it->arena, "%lld", (long long)retry_s));
    const char *state = rows ? rows_text(rows, 0, 0) : NULL;
    log_line(state && strcmp(state, "dead") == 0 ? LOG_ERROR : LOG_WARN, "job failed", "kind",
             it->kind->name, "id", it->id, "tenant", it->tenant_id, "detail",
             sentence_read(it->arena, NULL, error), "then",
             state  ? state
             : rows ? "another has it"
                    : db.error.message,
             (char *)0);
    if (!state || strcmp(state, "dropped") == 0)
        return JOB_LOST;
    if (strcmp(state, "scheduled") == 0)
        runner_look_within(retry_s * second_us);
    return strcmp(state, "dead") == 0 ? JOB_DEAD : JOB_FAILED;
}

void attempt_run(void *claimed)
{
    struct claimed *it = claimed;
    struct job job;
    struct db db;
    enum job_outcome outcome = JOB_LOST;
    int64_t begun = clock_monotonic_us();
    it->coroutine = coroutine_current();
    init_job(&job, &db, it);
    enum ending ending = run(&job, it);
    it->coroutine = NULL; /* what follows is not cut */
    coroutine_set_deadline(0);
    coroutine_shield(true);
    int64_t took_us = clock_monotonic_us() - begun;
    if (ending == DONE)
        outcome = JOB_DONE;
    if (ending == FAILED)
        outcome = store_failure(&job, it);
    if (ending == LOST)
        log_warn("a job was taken over before it began", "kind", it->kind->name, "id", it->id);
    runner_finished(it, outcome, took_us);
    if (ending == STOPPED)
        runner_give_back(it);
    else if (ending == DONE && (it->kind->flags & JOB_OUTSIDE))
        removal_add(it);
    else
        arena_free(it->arena);
    coroutine_shield(false);
}
