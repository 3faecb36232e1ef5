/* watch: that jobs come, run and go, for operators who look at them. Jobs are no
 * events, and come by thousands a second; so they are looked at once a second,
 * while somebody follows, by the counters that the database server keeps. */
#include "base/arena.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "realtime.h"

STATEMENT(watch_jobs,
          "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint\n"
          "from pg_stat_all_tables\n"
          "where relname = 'jobs'",
          DB_ON_PLATFORM | DB_SLOW);

static const char needs[] = "platform.jobs:read";
static const int64_t second_us = 1000000;

static bool is_followed(const struct room *room)
{
    const struct client *it = room->clients;
    while (it && !(it->channels & CHANNEL_JOBS))
        it = it->next;
    return it != NULL;
}

static struct room *followed_room(void)
{
    struct room *room = rooms_first();
    while (room && !is_followed(room))
        room = room->next;
    return room;
}

/* -1: the database is away. */
static int64_t changes(struct arena *arena)
{
    struct db db;
    db_init(&db, arena, DB_PLATFORM, NULL, "everyone");
    struct rows *rows = db_get0(&db, &watch_jobs);
    return rows ? rows_int(rows, 0, 0) : -1;
}

/* Of the rooms that follow there is one: that of the platform (see opening.c).
 * Who begins to follow is told at once: something may have changed since their
 * page was made. */
static void run(void *unused)
{
    int64_t last = -1;
    struct arena *arena = arena_new();
    (void)unused;
    coroutine_background();
    while (wait_us(second_us)) {
        int64_t now = followed_room() ? changes(arena) : -1;
        struct room *room = followed_room();
        if (room && now != last && now >= 0)
            room_publish(room, message_plain(CHANNEL_JOBS, needs, "{\"type\":\"jobs\"}"));
        last = now;
        arena_reset(arena);
    }
    arena_free(arena);
}

void watch_start(void)
{
    if (!coroutine_start(run, NULL))
        log_out_of_memory();
}
