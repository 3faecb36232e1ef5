#include "page/unread.h"

#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "db/db.h"
#include "http/cx.h"

STATEMENT(notify_count,
          "select count(*)\n"
          "from notifications\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and read_at is null",
          0);

/* By a handle of its own: that of the request may be of another tenant. */
int64_t notify_unread(struct cx *cx)
{
    struct db db;
    if (!cx->session || !cx->tenant || strcmp(cx->tenant->id, cx->session->tenant_id) != 0)
        return -1;
    db_init(&db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    struct rows *rows = db_get(&db, &notify_count, cx->tenant->id, cx->session->user_id);
    return rows ? rows_int(rows, 0, 0) : -1;
}
