/* reader: hears of committed events, and reads them for all rooms at once.
 *
 * While something happens it reads every 20 ms by itself; once nothing does, it
 * sleeps until a writer notifies (see migrations/0018_realtime.sql). It seals
 * before it reads, since the numbers of sealed events are what clients resume
 * from: they follow the order of commits, so none can appear behind one that
 * was read. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "realtime.h"
#include "resource/event_sight.h"

STATEMENT(reader_seal, "select house.events_seal(5000)", DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

STATEMENT(reader_sleep, "select house.live_sleep()", DB_ON_PLATFORM | DB_SLOW);

STATEMENT(reader_events,
          "select l.*,\n"
          "       case when l.changes -> 'before' ? 'custom' or l.changes -> 'after' ? 'custom'\n"
          "           then house.event_custom(l.changes, array(\n"
          "               select f.key\n"
          "               from house.custom_tables t\n"
          "               join everyone.custom_fields f on f.resource = t.resource\n"
          "               where f.tenant_id = l.tenant_id and t.event = l.resource_type\n"
          "               and not f.archived and f.seen_with is null))\n"
          "           else l.changes end\n"
          "from house.live_events($1::uuid[], $2::bigint[], $3::integer) l",
          DB_ON_PLATFORM | DB_SLOW);

enum { AT_ONCE = 200, CALM = 10 };

static const int64_t pace_us = 20000, sleep_us = 30000000, away_us = 500000;

static struct {
    struct coroutine *sleeper; /* the reader, while it waits to be woken */
    bool news;
} reader;

void reader_wake(void)
{
    reader.news = true;
    if (reader.sleeper)
        coroutine_wake(reader.sleeper);
    reader.sleeper = NULL;
}

/* Until it is woken, or so long (0: for ever). */
static void rest(int64_t us)
{
    if (us)
        coroutine_set_deadline(clock_monotonic_us() + us);
    reader.sleeper = coroutine_current();
    while (!reader.news && coroutine_wait())
        ;
    reader.sleeper = NULL;
    reader.news = false;
    coroutine_set_deadline(0);
}

static struct db handle(struct arena *arena)
{
    struct db db;
    db_init(&db, arena, DB_PLATFORM, NULL, "everyone");
    db_act_as(&db, "system", NULL, "realtime", NULL, NULL, NULL);
    return db;
}

struct rows *reader_page(struct arena *arena, const char *tenant_id, int64_t seen)
{
    struct db db = handle(arena);
    return db_get(&db, &reader_events, arena_printf(arena, "{%s}", tenant_id),
                  arena_printf(arena, "{%lld}", (long long)seen),
                  arena_printf(arena, "%d", AT_ONCE));
}

const struct event_needs *reader_needs(struct db *db, const struct rows *rows)
{
    enum { TENANTS, WORDS, IDS, CHANGES, KINDS };
    static const int columns[KINDS] = {[TENANTS] = EVENT_TENANT,
                                       [WORDS] = EVENT_RESOURCE_TYPE,
                                       [IDS] = EVENT_RESOURCE_ID,
                                       [CHANGES] = EVENT_CHANGES};
    size_t count = rows_count(rows);
    const char **all[KINDS];
    for (int kind = 0; kind < KINDS; kind++) {
        all[kind] = arena_alloc(db->arena, sizeof *all[kind] * (count + 1));
        for (size_t i = 0; i < count; i++)
            all[kind][i] = rows_text(rows, i, columns[kind]);
    }
    return event_needs_read(db, all[TENANTS], all[WORDS], all[IDS], all[CHANGES], count);
}

const struct event_needs *reader_page_needs(struct arena *arena, const struct rows *rows)
{
    struct db db = handle(arena);
    return reader_needs(&db, rows);
}

/* A room that is new is asked for the last events that there are. */
static struct rows *read_all(struct db *db)
{
    struct buf tenants, seen;
    buf_init(&tenants, db->arena);
    buf_init(&seen, db->arena);
    for (const struct room *it = rooms_first(); it; it = it->next) {
        buf_printf(&tenants, "%c%s", tenants.len ? ',' : '{', it->tenant_id);
        buf_printf(&seen, "%c%lld", seen.len ? ',' : '{',
                   it->ready ? (long long)it->head : -(long long)RING / 2);
    }
    buf_putc(&tenants, '}');
    buf_putc(&seen, '}');
    return db_get(db, &reader_events, tenants.data, seen.data,
                  arena_printf(db->arena, "%d", AT_ONCE));
}

/* The number of events that were published; rooms may have come and gone since
 * they were asked for, so each is looked up. */
static size_t publish(const struct rows *rows, const struct event_needs *needs)
{
    size_t events = 0;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *tenant_id = rows_text(rows, i, EVENT_TENANT);
        struct room *room = room_find(tenant_id);
        bool is_event = rows_text(rows, i, EVENT_SEQ) != NULL;
        if (room && is_event)
            room_publish(room, message_of_event(rows, i, &needs[i]));
        bool is_last = i + 1 == rows_count(rows) ||
                       strcmp(tenant_id, rows_text(rows, i + 1, EVENT_TENANT)) != 0;
        if (room && !room->ready && is_last)
            room_open(room, rows_int(rows, i, EVENT_HEAD));
        events += is_event;
    }
    return events;
}

/* -1: the database is away. */
static int64_t look(struct db *db)
{
    struct rows *sealed = db_get0(db, &reader_seal);
    struct rows *rows = sealed ? read_all(db) : NULL;
    const struct event_needs *needs = rows ? reader_needs(db, rows) : NULL;
    if (!needs)
        return -1;
    return (int64_t)publish(rows, needs) + rows_int(sealed, 0, 0);
}

/* While the transaction lasts whoever writes an event notifies. */
static int64_t sleep_and_look(struct arena *arena)
{
    struct db db = handle(arena);
    int64_t found = -1;
    if (!db_begin(&db))
        return -1;
    struct rows *rows = db_get0(&db, &reader_sleep);
    if (rows && rows_bool(rows, 0, 0)) {
        struct db other = handle(arena);
        found = look(&other);
        if (found == 0)
            rest(sleep_us);
    } else if (rows) {
        found = 0;
    }
    db_rollback(&db);
    return found;
}

/* One round. `calm`: how many found nothing. */
static void turn(struct arena *arena, int *calm)
{
    struct db db = handle(arena);
    if (*calm >= CALM) {
        *calm = 0;
        if (sleep_and_look(arena) < 0)
            wait_us(away_us);
        return;
    }
    int64_t found = look(&db);
    *calm = found > 0 ? 0 : *calm + 1;
    if (found < 0)
        log_warn("events cannot be read", "detail", db.error.message);
    wait_us(found < 0 ? away_us : pace_us);
}

static void run(void *unused)
{
    int calm = 0;
    struct arena *arena = arena_new();
    (void)unused;
    coroutine_background();
    while (!loop_stopping()) {
        while (!rooms_first())
            rest(0);
        turn(arena, &calm);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void heard(void *unused, const char *payload)
{
    (void)unused;
    (void)payload;
    reader_wake();
}

void reader_start(void)
{
    db_listen("live", heard, NULL);
    if (!coroutine_start(run, NULL))
        abort();
}
