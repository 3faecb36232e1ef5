#include "notify/notify.h"

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/language_format.h"
#include "db/db.h"
#include "http/cx.h"
#include "mail/mail.h"
#include "page/page.h"

/* Title and body are objects of what they are in each language, $8 the tenant's. Answers to whom
 * to write besides; $7: whether this kind goes by e-mail when
 * nothing was chosen. */
STATEMENT(notify_insert,
          "with told as (\n"
          "    insert into notifications (tenant_id, user_id, type, title, body, link)\n"
          "    select u.tenant_id, u.id, $3, left(coalesce($4::jsonb ->> l.own, $4::jsonb ->> $8), "
          "200),\n"
          "           left(coalesce($5::jsonb ->> l.own, $5::jsonb ->> $8), 2000), $6\n"
          "    from users u\n"
          "    cross join lateral (select split_part(u.locale, '-', 1) as own) l\n"
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

/* ---- in the language of the reader ---- */

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* A title or a body in cx->language. */
static const char *say(struct cx *cx, const struct notification *it, const char *format,
                       const struct tenant *tenant)
{
    char iso[32];
    int64_t us;
    const char *about = it->about ? it->about : "";
    if (it->at && clock_from_database(it->at, iso) && clock_parse(iso, &us))
        about = language_time(cx->arena, cx->language, tenant->date_order, us, tenant->time_zone);
    return format ? cx_printf(cx, format, about) : NULL;
}

/* {"en": "…", "de": "…"}; NULL for no text. */
static const char *say_in_all(struct cx *cx, const struct notification *it, const char *format,
                              const struct tenant *tenant)
{
    const struct language *own = cx->language;
    struct buf out;
    struct json json;
    if (!format)
        return NULL;
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    json_open_object(&json);
    for (size_t i = 0; i < languages_count; i++) {
        cx->language = &languages[i];
        json_pair(&json, languages[i].code, say(cx, it, format, tenant));
    }
    json_close_object(&json);
    cx->language = own;
    return out.data;
}

static bool write_to(struct cx *cx, struct db *db, const struct tenant *tenant,
                     const struct rows *rows, const struct notification_kind *kind,
                     const struct notification *notification)
{
    json_object *data = notification->data ? notification->data : page_object(cx);
    const struct language *own = cx->language;
    const struct mail mail = {.template =
                                  notification->template ? notification->template : "notification",
                              .to = rows_text(rows, 0, 0),
                              .to_name = rows_text(rows, 0, 1),
                              .locale = rows_text(rows, 0, 2),
                              /* those that nobody has to ask for warn or need an answer */
                              .quota = kind->email ? MAIL_ALWAYS : MAIL_IF_LEFT,
                              .data = data};
    cx->language = tenant_language(tenant, mail.locale);
    const char *title = say(cx, notification, notification->title, tenant);
    const char *body = say(cx, notification, notification->body, tenant);
    page_set(data, "title", title);
    page_set(data, "body", body ? body : title);
    if (notification->at)
        page_set(data, "date", say(cx, notification, "%s", tenant));
    cx->language = own;
    page_set(data, "link",
             address(cx, tenant, notification->link ? notification->link : "/notifications"));
    page_set(data, "preferences", address(cx, tenant, "/notifications/preferences"));
    return mail_queue(cx, db, tenant, &mail);
}

static struct rows *ring(struct cx *cx, struct db *db, const struct tenant *tenant,
                         const char *user_id, const struct notification_kind *kind,
                         const struct notification *it)
{
    const struct language *language = tenant_language(tenant, NULL);
    return db_get(db, &notify_insert, tenant->id, user_id, kind->type,
                  say_in_all(cx, it, it->title, tenant), say_in_all(cx, it, it->body, tenant),
                  it->link, kind->email ? "true" : "false",
                  language ? language->code : languages->code);
}

bool notify_user(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id,
                 const struct notification_kind *kind, const struct notification *notification)
{
    const char *action = db->action; /* of what the caller does, not of this */
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    if (!tenant)
        return cx->failure.status != 0 ? false
                                       : fail(cx, 404, "not_found", "There is no such tenant.");
    db->action = NULL;
    struct rows *rows = ring(cx, db, tenant, user_id, kind, notification);
    bool told =
        rows && (rows_count(rows) == 0 || write_to(cx, db, tenant, rows, kind, notification));
    db->action = action;
    if (told || cx->failure.status != 0)
        return told;
    cx->db.error = db->error;
    return fail_db(cx);
}
