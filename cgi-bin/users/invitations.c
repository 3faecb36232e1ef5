/* invitations: the link by which a user chooses the first password. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/link_mail.h"
#include "users.h"

static bool may_be_invited(const struct user *user)
{
    return text_equal(user->status, "pending") ||
           (text_equal(user->status, "active") && !user->has_password);
}

static bool check(struct cx *cx, const struct user *user, const struct tenant *tenant)
{
    if (tenant->unverified)
        return fail(cx, 403, "tenant_unverified",
                    "Nobody is invited before the owner's address is confirmed: look into your "
                    "inbox for the link.");
    int allowed = link_allowed(&cx->db, user->tenant_id, user->id, LINK_INVITATION);
    if (allowed < 0)
        return fail_db(cx);
    if (!may_be_invited(user))
        return fail(cx, 409, "not_invitable", "This user has a password, or may not sign in.");
    if (allowed > 0)
        return true;
    response_header_set(cx, "Retry-After", "3600");
    return fail(cx, 429, "too_many_links", "This user was invited often enough within an hour.");
}

/* Operators invite into any tenant: the link and the message are that tenant's. */
bool user_invite(struct cx *cx, const struct user *user)
{
    char before[UUID_SIZE];
    const struct tenant *tenant = tenant_by_id(cx, user->tenant_id);
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such user.");
    if (!check(cx, user, tenant))
        return false;
    memcpy(before, cx->db.tenant_id, UUID_SIZE);
    memcpy(cx->db.tenant_id, user->tenant_id, UUID_SIZE);
    bool sent = link_mail(cx, &cx->db,
                          &(struct link_mail){.purpose = LINK_INVITATION,
                                              .tenant = tenant,
                                              .user_id = user->id,
                                              .email = user->email,
                                              .name = user->name,
                                              .locale = user->locale,
                                              .by = cx->session->name});
    memcpy(cx->db.tenant_id, before, UUID_SIZE);
    return sent;
}

static bool user_invite_run(struct cx *cx, const struct list_result *record)
{
    struct user user;
    return user_read(cx, record_value(record, "id"), true, &user) && user_invite(cx, &user);
}

const struct action invite_user = {
    .name = "invite",
    .title = "Send an invitation",
    .icon = "mail",
    .summary = "Send a user without a password a link to choose one.",
    .done = "The invitation is on its way.",
    .when = "status = 'pending' or (status = 'active' and password_hash is null)",
    .refused = {"not_invitable", "This user has a password, or may not sign in."},
    .errors = "403 tenant_unverified, 429 too_many_links",
    .flags = ACTION_UNLOCKED | ACTION_MANY | ACTION_SENDS,
    .run = user_invite_run,
};
