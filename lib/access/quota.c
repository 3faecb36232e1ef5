#include "access/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/tenant.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "http/cx.h"

STATEMENT(quota_calls, "select most, used, granted from house.quota_calls($1::bigint, $2::bool)",
          DB_WRITES);

enum { CHAINS = 1024 };
static const int64_t settle_us = 5000000;

/* What this process holds of one tenant. */
struct account {
    struct account *next;
    int64_t granted; /* may still be served */
    int64_t served;  /* and not brought yet, where there is no limit */
    int64_t until_us;
    bool unlimited;
    char tenant_id[UUID_SIZE];
    char schema[72];
};

static struct account *accounts[CHAINS];
static struct timer *settling;

static struct account **account_place(const char *tenant_id)
{
    unsigned hash = 2166136261u;
    for (const char *c = tenant_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    struct account **at = &accounts[hash % CHAINS];
    while (*at && strcmp((*at)->tenant_id, tenant_id) != 0)
        at = &(*at)->next;
    return at;
}

static struct account *account_of(const char *tenant_id, const char *schema)
{
    struct account **at = account_place(tenant_id);
    struct account *account = *at;
    if (account)
        return account;
    account = calloc(1, sizeof *account);
    if (!account)
        log_out_of_memory();
    snprintf(account->tenant_id, sizeof account->tenant_id, "%s", tenant_id);
    snprintf(account->schema, sizeof account->schema, "%s", schema);
    *at = account;
    return account;
}

/* What was served and not brought is in `served` until the database has it. */
static struct rows *bring(struct db *db, int64_t served, bool more)
{
    return db_get(db, &quota_calls, arena_printf(db->arena, "%lld", (long long)served),
                  more ? "true" : "false");
}

/* ---- giving back ---- */

static void settle(struct arena *arena, struct account *account)
{
    struct db db;
    int64_t due = account->served - account->granted;
    db_init(&db, arena, DB_TENANT, account->tenant_id, account->schema);
    if (due != 0 && !bring(&db, due, false) && due > 0)
        account_of(account->tenant_id, account->schema)->served += due; /* the next time */
    free(account);
}

/* Taken out of the table first: those that come while it waits stay for the next round. */
static void settle_chain(struct arena *arena, size_t chain)
{
    struct account *all = accounts[chain];
    accounts[chain] = NULL;
    while (all) {
        struct account *one = all;
        all = one->next;
        settle(arena, one);
    }
}

static void settle_later(void);

static void settle_all(void *unused)
{
    struct arena *arena = arena_new();
    bool any = false;
    (void)unused;
    for (size_t chain = 0; chain < CHAINS; chain++)
        if (accounts[chain])
            settle_chain(arena, chain);
    for (size_t chain = 0; chain < CHAINS; chain++)
        any = any || accounts[chain];
    arena_free(arena);
    settling = NULL;
    if (any)
        settle_later();
}

static void settle_now(void *unused)
{
    if (!coroutine_start(settle_all, unused))
        settling = NULL;
}

static void settle_later(void)
{
    if (!settling)
        settling = timer_add(settle_us, settle_now, NULL);
}

/* ---- counting ---- */

static bool quota_refuse(struct cx *cx, const struct rows *rows)
{
    static const int64_t day_us = 86400000000;
    int left_s = (int)((day_us - clock_now_us() % day_us) / 1000000) + 1;
    response_header_set(cx, "Retry-After", arena_printf(cx->arena, "%d", left_s));
    const char *limit = rows_text(rows, 0, 0), *used = rows_text(rows, 0, 1);
    fail(cx, 403, "quota_exceeded", "The plan allows %s API calls a day, of which %s are used.",
         limit, used);
    cx->failure.quota = arena_printf(
        cx->arena, "{\"key\":\"apiCallsPerDay\",\"limit\":%s,\"used\":%s}", limit, used);
    return false;
}

static bool serve_one(struct account *account)
{
    if (account->unlimited && clock_monotonic_us() < account->until_us) {
        account->served++;
        return true;
    }
    if (account->granted <= 0)
        return false;
    account->granted--;
    return true;
}

bool quota_count_call(struct cx *cx)
{
    const struct tenant *tenant = cx->tenant;
    struct account *account = account_of(tenant->id, tenant->schema);
    struct db db;
    settle_later();
    if (serve_one(account))
        return true;
    int64_t served = account->served;
    account->served = 0;
    db_init(&db, cx->arena, DB_TENANT, tenant->id, tenant->schema);
    struct rows *rows = bring(&db, served, true);
    account = account_of(tenant->id, tenant->schema); /* it may have been settled meanwhile */
    if (!rows) {
        account->served += served;
        cx->db.error = db.error;
        return fail_db(cx);
    }
    account->unlimited = !rows_text(rows, 0, 0);
    account->until_us = clock_monotonic_us() + settle_us;
    account->granted += rows_int(rows, 0, 2);
    return serve_one(account) || quota_refuse(cx, rows);
}
