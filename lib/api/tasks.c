#include "api/tasks.h"

#include "api/area.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "http/cx.h"

/* A transaction-level lock: whoever holds it works, the others try again at
 * their next turn; a killed worker releases it by dying. */
STATEMENT(task_lock,
          "select pg_try_advisory_xact_lock(hashtext('tulou task'), hashtext($1)) as mine",
          DB_ON_PLATFORM);

static bool run_once(const struct area_task *task, struct db *db)
{
    if (!db_begin(db))
        return false;
    struct rows *lock = db_get(db, &task_lock, task->name);
    if (!lock || !rows_bool(lock, 0, 0)) {
        db_rollback(db);
        return lock != NULL;
    }
    bool done = task->run(db);
    return done ? db_commit(db) : (db_rollback(db), false);
}

static void repeat(void *arg)
{
    const struct area_task *task = arg;
    struct arena *arena = arena_new();
    coroutine_background();
    while (wait_us((int64_t)task->seconds * 1000000)) {
        struct db db;
        db_init(&db, arena, DB_PLATFORM, NULL, "everyone");
        db_act_as(&db, "system", NULL, task->name, NULL, NULL, NULL);
        coroutine_shield(true);
        if (!run_once(task, &db))
            log_warn("task failed", "task", task->name, "detail", db.error.message);
        coroutine_shield(false);
        arena_reset(arena);
    }
    arena_free(arena);
}

void tasks_start(const struct area *area)
{
    for (const struct area_task *task = area->tasks; task && task->name; task++)
        if (!coroutine_start(repeat, (void *)task))
            log_error("task could not start", "task", task->name);
}
