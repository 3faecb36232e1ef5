#include "mail/link_mail.h"

#include "access/tenant.h"
#include "http/cx.h"
#include "mail/mail.h"
#include "page/page.h"

static const struct {
    enum link_purpose purpose;
    const char *template, *page;
} ways[] = {
    {LINK_PASSWORD_RESET, "reset_password", "reset-password"},
    {LINK_INVITATION, "invitation", "accept-invitation"},
    {LINK_EMAIL_VERIFICATION, "verify_email", "verify-email"},
    {LINK_EMAIL_CHANGE, "change_email", "verify-email"},
};

static size_t way_of(enum link_purpose purpose)
{
    size_t i = 0;
    while (ways[i].purpose != purpose)
        i++;
    return i;
}

static bool queue(struct cx *cx, struct db *db, const struct link_mail *what, const char *token)
{
    size_t way = way_of(what->purpose);
    json_object *data = page_object(cx);
    page_set(data, "link",
             arena_printf(cx->arena, "%s/%s?token=%s", tenant_url(cx->arena, what->tenant),
                          ways[way].page, token));
    page_set_int(data, "hours", link_hours(what->purpose));
    page_set_int(data, "days", link_hours(what->purpose) / 24);
    page_set(data, "email", what->email);
    page_set(data, "by", what->by);
    return mail_queue(
        cx, db, what->tenant,
        &(struct mail){.template = what->template ? what->template : ways[way].template,
                       .to = what->email,
                       .to_name = what->name,
                       .locale = what->locale,
                       .unverified_too = what->purpose != LINK_INVITATION,
                       .quota = what->purpose == LINK_INVITATION ? MAIL_OR_REFUSED : MAIL_ALWAYS,
                       .data = data});
}

bool link_mail(struct cx *cx, struct db *db, const struct link_mail *what)
{
    const char *token = NULL;
    bool queued = db_begin(db);
    if (queued)
        token = link_make(db, what->tenant->id, what->user_id, what->purpose, what->email);
    queued = token && queue(cx, db, what, token) && db_commit(db);
    if (queued)
        return true;
    cx->db.error = db->error;
    return cx->failure.status ? false : fail_db(cx);
}
