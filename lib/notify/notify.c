#include "notify/notify.h"

#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "db/db.h"
#include "http/cx.h"

STATEMENT(notify_insert,
          "insert into notifications (tenant_id, user_id, type, title, body, link)\n"
          "select u.tenant_id, u.id, $3, left($4, 200), left($5, 2000), $6\n"
          "from users u\n"
          "where u.tenant_id = $1::uuid and u.id = $2::uuid\n"
          "and not exists (select from notification_preferences p\n"
          "                where p.tenant_id = u.tenant_id and p.user_id = u.id\n"
          "                and p.type = $3 and p.channel = 'in_app' and not p.is_on)",
          DB_WRITES);

STATEMENT(notify_count,
          "select count(*)\n"
          "from notifications\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and read_at is null",
          0);

bool notify_user(struct db *db, const char *tenant_id, const char *user_id,
                 const struct notification_kind *kind, const struct notification *notification)
{
    const char *action = db->action; /* of what the caller does, not of this */
    db->action = NULL;
    bool told = db_get(db, &notify_insert, tenant_id, user_id, kind->type, notification->title,
                       notification->body, notification->link) != NULL;
    db->action = action;
    return told;
}

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
