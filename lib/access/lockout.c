#include "access/lockout.h"

#include "access/internal.h"
#include "base/clock.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "http/cx.h"

/* Failures within a day since the last success, for each tenant that the
 * address has an account in (or was tried in), and those from this address
 * within a quarter of an hour; with the seconds since the last one. A success
 * in one tenant forgives nothing in another, where the password may differ.
 * From an address where the account was signed in to within a month only the
 * failures from there count. */
STATEMENT(lockout_state,
          "select true as account, count(*) as failures,\n"
          "       extract(epoch from clock_timestamp() - max(f.created_at))::bigint as age\n"
          "from login_attempts f\n"
          "left join lateral (\n"
          "    select s.created_at\n"
          "    from login_attempts s\n"
          "    where s.tenant_id = f.tenant_id and s.email = $2 and s.succeeded\n"
          "    order by s.created_at desc\n"
          "    limit 1\n"
          ") last on true\n"
          "where f.email = $2 and ($1::uuid is null or f.tenant_id = $1::uuid)\n"
          "and not f.succeeded and f.created_at > now() - interval '1 day'\n"
          "and (last.created_at is null or f.created_at > last.created_at)\n"
          "and (f.ip = $3 or not exists (\n"
          "    select from login_attempts k\n"
          "    where k.tenant_id = f.tenant_id and k.email = $2 and k.succeeded and k.ip = $3\n"
          "    and k.created_at > now() - interval '30 days'))\n"
          "group by f.tenant_id\n"
          "union all\n"
          "select false, count(*),\n"
          "       extract(epoch from clock_timestamp() - max(f.created_at))::bigint\n"
          "from login_attempts f\n"
          "where f.ip = $3 and not f.succeeded\n"
          "and f.created_at > now() - interval '15 minutes'",
          DB_ON_PLATFORM);

/* Without a tenant a failure counts in all that have such an account, or where
 * none has, as the platform's: so both are locked after as many. */
STATEMENT(lockout_note,
          "with tried as (\n"
          "    select $1::uuid as tenant_id\n"
          "    where $1::uuid is not null\n"
          "    union\n"
          "    select u.tenant_id\n"
          "    from users u\n"
          "    where $1::uuid is null and u.email = $2\n"
          "    limit 20\n"
          ")\n"
          "insert into login_attempts (tenant_id, email, ip, user_agent, succeeded)\n"
          "select t.tenant_id, $2, $3, $4, $5::bool\n"
          "from tried t\n"
          "union all\n"
          "select $6::uuid, $2, $3, $4, $5::bool\n"
          "where not exists (select from tried)",
          DB_WRITES | DB_ON_PLATFORM);

static const int64_t settle_us = 300000;

enum { LONGEST_S = 900, ACCOUNT_FREE = 5, ADDRESS_FREE = 200, ADDRESS_STEP = 20 };

/* None for the first few, then 2, 4, 8 … seconds, at most a quarter of an hour. */
static int64_t delay_after(int64_t failures, int64_t allowed, int64_t step)
{
    if (failures < allowed)
        return 0;
    int64_t doublings = (failures - allowed) / step;
    return doublings >= 9 ? LONGEST_S : 2LL << doublings;
}

static int64_t wait_of(const struct rows *rows, size_t row)
{
    bool account = rows_bool(rows, row, 0);
    int64_t failures = rows_int(rows, row, 1);
    int64_t delay = account ? delay_after(failures, ACCOUNT_FREE, 1)
                            : delay_after(failures, ADDRESS_FREE, ADDRESS_STEP);
    int64_t age = rows_int(rows, row, 2); /* negative when the clock was set back */
    return delay - (age > 0 ? age : 0);
}

bool lockout_check(struct cx *cx, const char *tenant_id, const char *email)
{
    int64_t wait = 0;
    struct rows *rows = db_get(&cx->db, &lockout_state, tenant_id, email, cx->request.remote);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        if (wait_of(rows, i) > wait)
            wait = wait_of(rows, i);
    if (wait == 0)
        return true;
    response_header_set(cx, "Retry-After", arena_printf(cx->arena, "%lld", (long long)wait));
    return fail(cx, 429, "locked_out", "Too many wrong passwords. Try again in %lld seconds.",
                (long long)wait);
}

static bool note(struct cx *cx, const char *tenant_id, const char *email, bool succeeded)
{
    return db_get(&cx->db, &lockout_note, tenant_id, email, cx->request.remote,
                  request_header(&cx->request, "User-Agent"), succeeded ? "true" : "false",
                  platform_id) ||
           fail_db(cx);
}

/* A right password is looked at again: of many guesses sent at once the first
 * wrong ones lock out the rest, though none was known when they came. */
bool lockout_record(struct cx *cx, const char *tenant_id, const char *email, bool succeeded)
{
    return (!succeeded || lockout_check(cx, tenant_id, email)) &&
           note(cx, tenant_id, email, succeeded);
}

bool lockout_forgive(struct cx *cx, const char *tenant_id, const char *email)
{
    return note(cx, tenant_id, email, true);
}

void lockout_settle(const struct cx *cx)
{
    int64_t spent = clock_monotonic_us() - cx->started_us;
    wait_us(settle_us - spent % settle_us);
}
