#include "notify/notify.h"

#include "access/tenant.h"
#include "db/db.h"
#include "http/cx.h"
#include "mail/mail.h"
#include "page/page.h"

/* Answers to whom to write besides; $7: whether this kind goes by e-mail when
 * nothing was chosen. */
STATEMENT(notify_insert,
          "with told as (\n"
          "    insert into notifications (tenant_id, user_id, type, title, body, link)\n"
          "    select u.tenant_id, u.id, $3, left($4, 200), left($5, 2000), $6\n"
          "    from users u\n"
          "    where u.tenant_id = $1::uuid and u.id = $2::uuid\n"
          "    and not exists (select from notification_preferences p\n"
          "                    where p.tenant_id = u.tenant_id and p.user_id = u.id\n"
          "                    and p.type = $3 and p.channel = 'in_app' and not p.is_on)\n"
          ")\n"
          "select u.email, u.name, u.locale\n"
          "from users u\n"
          "where u.tenant_id = $1::uuid and u.id = $2::uuid and u.status = 'active'\n"
          "and coalesce((select p.is_on from notification_preferences p\n"
          "              where p.tenant_id = u.tenant_id and p.user_id = u.id\n"
          "              and p.type = $3 and p.channel = 'email'), $7::bool)",
          DB_WRITES);

static char *address(struct cx *cx, const struct tenant *tenant, const char *path)
{
    return arena_printf(cx->arena, "%s%s", tenant_url(cx->arena, tenant), path);
}

static bool write_to(struct cx *cx, struct db *db, const struct tenant *tenant,
                     const struct rows *rows, const struct notification_kind *kind,
                     const struct notification *notification)
{
    json_object *data = notification->data ? notification->data : page_object(cx);
    const struct mail mail = {.template =
                                  notification->template ? notification->template : "notification",
                              .to = rows_text(rows, 0, 0),
                              .to_name = rows_text(rows, 0, 1),
                              .locale = rows_text(rows, 0, 2),
                              /* those that nobody has to ask for warn or need an answer */
                              .quota = kind->email ? MAIL_ALWAYS : MAIL_IF_LEFT,
                              .data = data};
    page_set(data, "title", notification->title);
    page_set(data, "body", notification->body ? notification->body : notification->title);
    page_set(data, "link",
             address(cx, tenant, notification->link ? notification->link : "/notifications"));
    page_set(data, "preferences", address(cx, tenant, "/notifications/preferences"));
    return mail_queue(cx, db, tenant, &mail);
}

bool notify_user(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id,
                 const struct notification_kind *kind, const struct notification *notification)
{
    const char *action = db->action; /* of what the caller does, not of this */
    db->action = NULL;
    const struct tenant *tenant = NULL;
    struct rows *rows =
        db_get(db, &notify_insert, tenant_id, user_id, kind->type, notification->title,
               notification->body, notification->link, kind->email ? "true" : "false");
    if (rows && rows_count(rows) > 0)
        tenant =
            tenant_by_id(cx, tenant_id); /* elsewhere: it may fail without rows having failed */
    bool told = rows && cx->failure.status == 0 &&
                (!tenant || write_to(cx, db, tenant, rows, kind, notification));
    db->action = action;
    if (told || cx->failure.status != 0)
        return told;
    cx->db.error = db->error;
    return fail_db(cx);
}
