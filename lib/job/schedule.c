/* schedule: adds the jobs that the clock brings. Each process keeps when each
 * schedule is next; the row of its name says in the database up to when it was
 * fired, and who moves that on adds the job by the same commit. What came due
 * while no worker ran is fired once, when one is back. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "job/cron.h"
#include "job/internal.h"

STATEMENT(schedule_fired,
          "select (extract(epoch from fired_at) * 1000000)::bigint\n"
          "from public.job_schedules\n"
          "where name = $1",
          DB_ON_PLATFORM);

STATEMENT(schedule_begin,
          "insert into public.job_schedules (name, fired_at)\n"
          "values ($1, date_trunc('minute', now()))\n"
          "on conflict (name) do nothing",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(schedule_move,
          "update public.job_schedules\n"
          "set fired_at = to_timestamp($2::bigint)\n"
          "where name = $1 and fired_at < to_timestamp($2::bigint)\n"
          "returning name",
          DB_WRITES | DB_ON_PLATFORM);

static const int64_t look_us = 60000000, again_us = 5000000, second_us = 1000000;

struct entry {
    const struct job_schedule *schedule;
    struct cron cron;
    int64_t next_us; /* 0: to be found out; INT64_MAX: never */
};

static struct {
    struct entry *entries;
    size_t count;
    struct timer *timer;
    bool stopping;
} clock_work;

/* ---- one schedule, against the database ---- */

static bool read_fired(struct db *db, const char *name, int64_t *fired_us)
{
    const struct rows *rows = db_get(db, &schedule_fired, name);
    if (rows && rows_count(rows) == 0 && db_get(db, &schedule_begin, name))
        rows = db_get(db, &schedule_fired, name);
    if (!rows || rows_count(rows) == 0)
        return false;
    *fired_us = rows_int(rows, 0, 0);
    return true;
}

/* True too when another was faster. */
static bool fire(struct db *db, const struct job_schedule *schedule, int64_t at_us)
{
    if (!db_begin(db))
        return false;
    const struct rows *mine =
        db_get(db, &schedule_move, schedule->name,
               arena_printf(db->arena, "%lld", (long long)(at_us / second_us)));
    bool done = mine != NULL;
    if (mine && rows_count(mine) > 0)
        done = job_add(db, &(struct job_new){.kind = schedule->kind, .payload = schedule->payload});
    if (done)
        return db_commit(db);
    db_rollback(db);
    return false;
}

/* The last time that is due, if any; and the first that is not. */
static bool find_due(const struct entry *entry, int64_t fired_us, int64_t now_us, int64_t *due_us,
                     int64_t *next_us)
{
    bool due = false;
    *next_us = fired_us;
    for (;;) {
        if (!cron_next(&entry->cron, entry->schedule->zone, *next_us, next_us)) {
            *next_us = INT64_MAX;
            return due;
        }
        if (*next_us > now_us)
            return due;
        *due_us = *next_us;
        due = true;
    }
}

static bool look_at(struct db *db, struct entry *entry, int64_t now_us)
{
    int64_t fired_us, due_us, next_us;
    if (!read_fired(db, entry->schedule->name, &fired_us))
        return false;
    if (find_due(entry, fired_us, now_us, &due_us, &next_us) && !fire(db, entry->schedule, due_us))
        return false;
    entry->next_us = next_us;
    return true;
}

/* ---- all of them ---- */

static void look(void *arg);

static void look_in(int64_t delay_us)
{
    timer_remove(clock_work.timer);
    clock_work.timer = timer_add(delay_us > 0 ? delay_us : 0, look, NULL);
}

static void look_at_all(void *arg)
{
    struct arena *arena = arena_new();
    int64_t now_us = clock_now_us(), wait = look_us;
    (void)arg;
    for (size_t i = 0; i < clock_work.count && !clock_work.stopping; i++) {
        struct entry *entry = &clock_work.entries[i];
        struct db db;
        db_init(&db, arena, DB_PLATFORM, NULL, "everyone");
        db_act_as(&db, "system", NULL, entry->schedule->name, NULL, NULL, NULL);
        if (entry->next_us <= now_us && !look_at(&db, entry, now_us)) {
            log_warn("a schedule cannot be looked at", "schedule", entry->schedule->name, "detail",
                     db.error.message);
            wait = wait < again_us ? wait : again_us;
        } else if (entry->next_us - now_us < wait) {
            wait = entry->next_us - now_us;
        }
    }
    arena_free(arena);
    if (!clock_work.stopping)
        look_in(wait);
}

static void look(void *arg)
{
    (void)arg;
    clock_work.timer = NULL;
    if (!coroutine_start(look_at_all, NULL))
        look_in(again_us);
}

/* ---- starting ---- */

static bool read_entry(struct entry *entry, const struct job_schedule *schedule)
{
    const char *problem = NULL;
    *entry = (struct entry){.schedule = schedule};
    if (!cron_parse(schedule->cron, &entry->cron))
        problem = "its times cannot be read";
    else if (schedule->zone && !clock_zone_exists(schedule->zone))
        problem = "there is no such time zone";
    else if (!(schedule->kind->flags & JOB_PLATFORM))
        problem = "it belongs to no tenant, so its kind must be of the platform";
    for (const struct entry *other = clock_work.entries; other != entry; other++)
        if (strcmp(other->schedule->name, schedule->name) == 0)
            problem = "another has its name";
    if (problem)
        log_error("a schedule is wrong", "schedule", schedule->name, "detail", problem);
    return problem == NULL;
}

bool schedules_start(const struct job_schedule *const *schedules, size_t count)
{
    memset(&clock_work, 0, sizeof clock_work);
    if (count == 0)
        return true;
    clock_work.entries = calloc(count, sizeof *clock_work.entries);
    for (size_t i = 0; i < count; i++)
        if (!clock_work.entries || !read_entry(&clock_work.entries[i], schedules[i]))
            return false;
    clock_work.count = count;
    look_in(0);
    return true;
}

void schedules_stop(void)
{
    clock_work.stopping = true;
    timer_remove(clock_work.timer);
    clock_work.timer = NULL;
}
