#include "access/lockout.h"

#include "base/text.h"
#include "http/cx.h"

/* Failures since the last success, of the account and of the address, within a
 * day, and seconds since the last one. */
STATEMENT(
    lockout_state,
    "select\n"
    "    (select count(*) from login_attempts a\n"
    "     where a.tenant_id = $1::uuid and a.email = $2 and not a.succeeded\n"
    "     and a.created_at > now() - interval '1 day'\n"
    "     and a.created_at > coalesce((select max(s.created_at) from login_attempts s\n"
    "                                  where s.tenant_id = $1::uuid and s.email = $2\n"
    "                                  and s.succeeded), '-infinity')),\n"
    "    (select extract(epoch from now() - max(a.created_at))::bigint from login_attempts a\n"
    "     where a.tenant_id = $1::uuid and a.email = $2 and not a.succeeded),\n"
    "    (select count(*) from login_attempts a\n"
    "     where a.tenant_id = $1::uuid and a.ip = $3 and not a.succeeded\n"
    "     and a.created_at > now() - interval '10 minutes')",
    DB_ON_PLATFORM);

STATEMENT(lockout_note,
          "insert into login_attempts (tenant_id, email, ip, user_agent, succeeded)\n"
          "values ($1::uuid, $2, $3, $4, $5::bool)",
          DB_WRITES | DB_ON_PLATFORM);

enum { FREE_TRIES = 5, LONGEST_S = 900, ADDRESS_TRIES = 300 };

/* Attempts that name no tenant are the platform's to look at. */
static const char platform_id[] = "00000000-0000-7000-8000-000000000001";

/* None for the first five, then 2, 4, 8 … seconds, at most a quarter of an hour. */
static int64_t delay_after(int64_t failures)
{
    if (failures < FREE_TRIES)
        return 0;
    int64_t step = failures - FREE_TRIES;
    int64_t delay = step > 9 ? LONGEST_S : 2LL << step;
    return delay > LONGEST_S ? LONGEST_S : delay;
}

bool lockout_check(struct cx *cx, const char *tenant_id, const char *email)
{
    struct rows *rows = db_get(&cx->db, &lockout_state, tenant_id ? tenant_id : platform_id, email,
                               cx->request.remote);
    if (!rows)
        return fail_db(cx);
    int64_t wait = delay_after(rows_int(rows, 0, 0)) - rows_int(rows, 0, 1);
    if (rows_int(rows, 0, 2) >= ADDRESS_TRIES && wait < 60)
        wait = 60;
    if (rows_int(rows, 0, 0) < FREE_TRIES && rows_int(rows, 0, 2) < ADDRESS_TRIES)
        return true;
    if (wait <= 0)
        return true;
    response_header_set(cx, "Retry-After", arena_printf(cx->arena, "%lld", (long long)wait));
    return fail(cx, 429, "locked_out", "Too many wrong passwords. Try again in %lld seconds.",
                (long long)wait);
}

bool lockout_record(struct cx *cx, const char *tenant_id, const char *email, bool succeeded)
{
    return db_get(&cx->db, &lockout_note, tenant_id ? tenant_id : platform_id, email,
                  cx->request.remote, request_header(&cx->request, "User-Agent"),
                  succeeded ? "true" : "false") ||
           fail_db(cx);
}
