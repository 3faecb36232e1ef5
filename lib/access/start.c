/* start: what a worker must know before it can tell who asks (keys, revocations)
 * and how it hears of what changes on other machines. */
#include <stdio.h>

#include "access/access.h"
#include "access/internal.h"
#include "access/shared.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/db.h"

/* The last one signs. A new key verifies for two minutes before it signs, so
 * that every process has read it by then; the first of all has nobody to wait
 * for. */
STATEMENT(access_keys,
          "select k.id\n"
          "from signing_keys k\n"
          "where k.retired_at is null\n"
          "order by k.created_at < now() - interval '2 minutes'\n"
          "    or not exists (select from signing_keys e\n"
          "                   where e.retired_at is null and e.created_at < k.created_at),\n"
          "    k.created_at, k.id",
          0);

STATEMENT(access_revocations,
          "select r.subject, (extract(epoch from r.at) * 1000000)::bigint, r.tenant\n"
          "from house.recent_revoked($1::int) r",
          0);

enum { KEYS_MAX = 64 };

static const int64_t read_every_us = 60000000, try_again_us = 500000;

/* How long a change of rights may have waited for its commit. */
static const int64_t commit_margin_us = 5000000;

static int64_t keep_seconds(void)
{
    return config_int(CONFIG_TULOU_ACCESS_MINUTES) * 60 + 60;
}

static bool read_keys(struct db *db)
{
    const char *ids[KEYS_MAX];
    struct rows *rows = db_get0(db, &access_keys);
    if (!rows)
        return false;
    size_t count = rows_count(rows), first = count > COUNT(ids) ? count - COUNT(ids) : 0;
    for (size_t i = first; i < count; i++)
        ids[i - first] = rows_text(rows, i, 0);
    token_set_keys(ids, (int)(count - first));
    return true;
}

/* Learnt from its own program, under the subject's own name or as a change of
 * all in its tenant; that is more exact than what the database can tell. Both are
 * hashes of ids (house.id_hash). */
static bool is_known(const char *subject, const char *tenant, int64_t at_us)
{
    return shared_revoked_hash(subject, at_us) || shared_revoked_hash(tenant, at_us);
}

static bool read_revocations(struct db *db)
{
    const char *minutes =
        arena_printf(db->arena, "%lld", (long long)config_int(CONFIG_TULOU_ACCESS_MINUTES) + 1);
    struct rows *rows = db_get(db, &access_revocations, minutes);
    for (size_t i = 0; rows && i < rows_count(rows); i++) {
        const char *subject = rows_text(rows, i, 0);
        int64_t at_us = rows_int(rows, i, 1);
        if (!is_known(subject, rows_text(rows, i, 2), at_us))
            shared_revoke_hash(subject, at_us + commit_margin_us, keep_seconds());
    }
    return rows != NULL;
}

/* Until the database is there. */
static void learn_revocations(void *arena)
{
    for (;;) {
        struct db db;
        db_init(&db, arena, DB_TENANT, NULL, "shared");
        bool read = read_revocations(&db);
        arena_reset(arena);
        if (read || !wait_us(try_again_us))
            return;
    }
}

/* Tokens are accepted once there are keys, so revocations come first. Keys may
 * be added while we run: they are read again now and then. */
static void keep_keys(void *unused)
{
    (void)unused;
    coroutine_background();
    struct arena *arena = arena_new();
    learn_revocations(arena);
    for (;;) {
        struct db db;
        db_init(&db, arena, DB_TENANT, NULL, "shared");
        bool read = read_keys(&db);
        arena_reset(arena);
        if (!wait_us(read ? read_every_us : try_again_us))
            break;
    }
    arena_free(arena);
}

/* ---- other machines ---- */

static void heard_tenant(void *unused, const char *id)
{
    (void)unused;
    shared_generation_bump(id ? id : "*"); /* NULL: something may have been missed */
}

static void catch_up(void *unused)
{
    (void)unused;
    coroutine_background();
    struct arena *arena = arena_new();
    learn_revocations(arena);
    arena_free(arena);
}

/* "HASH MICROSECONDS TENANT'S HASH" of a change, before its commit. One that was made on
 * this machine is known since just after its commit; of others we learn now. */
static void heard_revoked(void *unused, const char *payload)
{
    char subject[80], tenant[80];
    long long at_us;
    (void)unused;
    if (!payload) {
        if (!coroutine_start(catch_up, NULL))
            log_error("revocations could not be read again");
    } else if (sscanf(payload, "%79s %lld %79s", subject, &at_us, tenant) == 3 &&
               !is_known(subject, tenant, at_us)) {
        shared_revoke_hash(subject, clock_now_us(), keep_seconds());
    }
}

/* Before the first request: a worker that replaces another must accept the
 * tokens that the other accepted. Without the database keep_keys() goes on. */
static void learn_at_once(struct arena *arena)
{
    struct db db;
    db_init(&db, arena, DB_TENANT, NULL, "shared");
    if (!read_revocations(&db) || !read_keys(&db))
        log_warn("the database is away; requests wait for the keys");
}

bool access_start(void)
{
    struct arena *arena = arena_new();
    bool opened = shared_open(arena_printf(arena, "%s/run/shared", config_text(CONFIG_TULOU_VAR)));
    if (opened) {
        db_listen("tenant_changed", heard_tenant, NULL);
        db_listen("revoked", heard_revoked, NULL);
        learn_at_once(arena);
    }
    arena_free(arena);
    return opened && coroutine_start(keep_keys, NULL);
}
