#include "access/factor.h"

#include "access/session.h"
#include "access/tenant.h"
#include "http/cx.h"

STATEMENT(factor_recent,
          "select s.confirmed_at > now() - interval '10 minutes'\n"
          "       or not " HAS_FACTOR(
              "s.tenant_id", "s.user_id") "\n"
                                          "from sessions s\n"
                                          "where s.tenant_id = $1::uuid and s.id = $2::uuid",
          0);

STATEMENT(factor_confirmed,
          "update sessions\n"
          "set confirmed_at = clock_timestamp()\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

/* The session's own tenant, whatever the route's handle is set to. */
static struct rows *run_own(struct cx *cx, const struct statement *statement)
{
    struct db own;
    const struct session *me = cx->session;
    db_init(&own, cx->arena, DB_TENANT, me->tenant_id, cx->tenant->schema);
    struct rows *rows = db_get(&own, statement, me->tenant_id, me->id);
    if (!rows)
        cx->db.error = own.error;
    return rows;
}

bool factor_step_up_check(struct cx *cx)
{
    if (!cx->session || cx->session->kind == SESSION_API_KEY)
        return true;
    struct rows *rows = run_own(cx, &factor_recent);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 1 && rows_bool(rows, 0, 0))
        return true;
    return fail(cx, 403, "step_up_required", "Confirm that it is you first.");
}

bool factor_step_up_done(struct cx *cx)
{
    return run_own(cx, &factor_confirmed) || fail_db(cx);
}
