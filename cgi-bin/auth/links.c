/* links: what one does with a link of an e-mail, and without being signed in:
 * choose a new password, accept an invitation, confirm an address. */
#include <string.h>

#include "access/lockout.h"
#include "access/policy.h"
#include "access/tenant.h"
#include "account/account.h"
#include "account/credential.h"
#include "auth.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/link_mail.h"
#include "mail/mail.h"
#include "page/page.h"
#include "resource/input.h"

/* Whoever may sign in may choose a new password; in all tenants where none is named. */
STATEMENT(links_forgotten,
          "select u.id, u.tenant_id, u.name, u.locale\n"
          "from users u\n"
          "join tenants t on t.id = u.tenant_id\n"
          "where u.email = $1 and ($2::uuid is null or u.tenant_id = $2::uuid)\n"
          "and u.status = 'active'\n"
          "and t.deleted_at is null and t.status in ('trial', 'active', 'suspended')\n"
          "order by t.verify_by is not null, u.last_login_at desc nulls last, u.id\n"
          "limit 5",
          DB_ON_PLATFORM);

/* ---- forgotten ---- */

static bool send_reset(struct cx *cx, const struct rows *rows, size_t row, const char *email)
{
    struct db db;
    const char *user_id = rows_text(rows, row, 0), *tenant_id = rows_text(rows, row, 1);
    const struct link_mail mail = {.purpose = LINK_PASSWORD_RESET,
                                   .tenant = tenant_by_id(cx, tenant_id),
                                   .user_id = user_id,
                                   .email = email,
                                   .name = rows_text(rows, row, 2),
                                   .locale = rows_text(rows, row, 3)};
    db_init(&db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
    db_act_as(&db, "system", NULL, NULL, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    int allowed = link_allowed(&db, tenant_id, user_id, LINK_PASSWORD_RESET);
    bool sent = allowed == 0 || (allowed > 0 && mail.tenant && link_mail(cx, &db, &mail));
    db_rollback(&db);
    if (!sent && db.error.status == DB_RAISED) { /* too many: nobody learns of it here either */
        cx->failure = (struct failure){.status = 0};
        return true;
    }
    if (!sent && db.error.status != DB_OK)
        cx->db.error = db.error;
    return sent || (cx->failure.status ? false : fail_db(cx));
}

bool password_forgotten(struct cx *cx, const char *email, const char *tenant_id)
{
    struct rows *rows = db_get(&cx->db, &links_forgotten, email, tenant_id);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        if (!send_reset(cx, rows, i, email))
            return false;
    lockout_settle(cx);
    return true;
}

/* ---- with a link ---- */

/* From here on cx->db is the user's own, whom the events name. */
static bool begin_as(struct cx *cx, const struct link *link, const char *action)
{
    memcpy(cx->db.tenant_id, link->tenant_id, UUID_SIZE);
    db_act_as(&cx->db, "user", link->user_id, link->user_name, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!link_use(cx, &cx->db, link))
        return false;
    cx->db.action = action;
    return true;
}

static bool check(struct cx *cx, const struct link *link, const char *password, const char *name)
{
    const struct password_owner owner = {.tenant = tenant_by_id(cx, link->tenant_id),
                                         .email = link->user_email,
                                         .name = name ? name : link->user_name};
    return owner.tenant && password_policy_check(cx, "password", password, &owner);
}

static bool change(struct cx *cx, const struct link *link, const struct credential_change *what)
{
    cx->db.action = NULL;
    return credential_change_own(cx, link->tenant_id, link->user_id, what);
}

bool password_reset(struct cx *cx, const char *token, const char *password)
{
    struct link link;
    const struct credential_change what = {.password = password,
                                           .must_change = "false",
                                           .action = "user.password_recovered",
                                           .by_link = true};
    if (!link_find(cx, token, LINK_PASSWORD_RESET, &link) || !check(cx, &link, password, NULL) ||
        !begin_as(cx, &link, what.action) || !change(cx, &link, &what) ||
        !lockout_forgive(cx, link.tenant_id, link.user_email))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    tenant_changed(&cx->db, link.tenant_id); /* as in email_confirm() */
    return true;
}

bool invitation_accept(struct cx *cx, const char *token, const char *name, const char *password)
{
    struct link link;
    const struct credential_change what = {.password = password,
                                           .name = name,
                                           .status = "active",
                                           .must_change = "false",
                                           .action = "user.invitation_accepted",
                                           .by_link = true};
    return link_find(cx, token, LINK_INVITATION, &link) && check(cx, &link, password, name) &&
           begin_as(cx, &link, what.action) && change(cx, &link, &what) &&
           (db_commit(&cx->db) || fail_db(cx));
}

static bool change_email(struct cx *cx, const struct link *link)
{
    const struct credential_change what = {
        .email = link->email, .action = "user.email_changed", .by_link = true};
    if (change(cx, link, &what))
        return true;
    if (cx->db.error.status != DB_UNIQUE)
        return false;
    cx->failure = (struct failure){.status = 0};
    return fail(cx, 409, "email_taken", "Another account has this address.");
}

/* An address that the account has no more is nobody's to confirm. */
static bool verify_email(struct cx *cx, const struct link *link)
{
    bool still;
    bool asked = account_verify(&cx->db, link->tenant_id, link->user_id, link->email, &still);
    cx->db.action = NULL;
    if (!asked)
        return fail_db(cx);
    return still || fail(cx, 410, "link_used", "The account has another address by now.");
}

bool email_confirm(struct cx *cx, const char *token, struct link *link)
{
    if (!link_find(cx, token, LINK_EMAIL_VERIFICATION | LINK_EMAIL_CHANGE, link))
        return false;
    bool changes = link->purpose == LINK_EMAIL_CHANGE;
    if (!begin_as(cx, link, changes ? "user.email_changed" : "auth.email_verified") ||
        !(changes ? change_email(cx, link) : verify_email(cx, link)))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    tenant_changed(&cx->db, link->tenant_id); /* it may have been the proof it waited for */
    return true;
}

/* ---- by API ---- */

/* The tenant meant, NULL: any. A slug that is nobody's is like an address that is. */
static bool forgot_api(struct cx *cx)
{
    const char *slug = input_text(cx, "tenant");
    const struct tenant *tenant = slug ? tenant_by_slug(cx, slug) : cx->tenant;
    bool bare = cx->tenant->kind == TENANT_PLATFORM;
    if (slug && !bare && (!tenant || !text_equal(tenant->id, cx->tenant->id)))
        return fail(cx, 403, "tenant_mismatch", "The body and the host name different tenants.");
    if (!tenant) {
        lockout_settle(cx);
        return respond_nothing(cx);
    }
    return password_forgotten(cx, input_text(cx, "email"), slug || !bare ? tenant->id : NULL) &&
           respond_nothing(cx);
}

static bool reset_api(struct cx *cx)
{
    return password_reset(cx, input_text(cx, "token"), input_text(cx, "password")) &&
           respond_nothing(cx);
}

static bool accept_api(struct cx *cx)
{
    return invitation_accept(cx, input_text(cx, "token"), input_text(cx, "name"),
                             input_text(cx, "password")) &&
           respond_nothing(cx);
}

static bool verify_api(struct cx *cx)
{
    struct link link;
    if (!email_confirm(cx, input_text(cx, "token"), &link))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "email", link.email);
    json_close_object(json);
    return respond_end(cx);
}

#define LINK_TOKEN                                                                                 \
    {                                                                                              \
        "token", SECRET, REQUIRED, 1, 200,                                                         \
            .help = "From the link in the message.",                                               \
            .example = "k7dQ2vX0pZ5mB8sN1wR4tY6uJ3hL9cF2gA5eD8iO0qM"                               \
    }
#define NEW_PASSWORD                                                                               \
    {                                                                                              \
        "password", SECRET, REQUIRED, 1, 1024, .example = "a better long one"                      \
    }
#define LINK_ERRORS "404 link_invalid, 410 link_used, 410 link_expired"

const struct route link_routes[] = {
    ROUTE(POST, "/api/auth/forgot-password", PUBLIC(PLATFORM), forgot_api,
          "Send a link to choose a new password, if there is such an account; the answer and "
          "its time are the same if there is none.",
          .operation = "requestPasswordReset",
          .body = FIELDS({"email", EMAIL, REQUIRED, .example = "owner@northside.test"},
                         {"tenant", SLUG, 0, 3, 40, .help = "Slug, if the host does not say it.",
                          .example = "northside"}),
          .answer = ANSWER_NOTHING, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED),
    ROUTE(POST, "/api/auth/reset-password", PUBLIC(PLATFORM), reset_api,
          "Choose a new password with a link; all sessions of the user end.",
          .operation = "resetPassword", .body = FIELDS(LINK_TOKEN, NEW_PASSWORD),
          .answer = ANSWER_NOTHING, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = LINK_ERRORS),
    ROUTE(POST, "/api/auth/accept-invitation", PUBLIC(PLATFORM), accept_api,
          "Accept an invitation: choose a password, and correct the name.",
          .operation = "acceptInvitation",
          .body =
              FIELDS(LINK_TOKEN, NEW_PASSWORD, {"name", TEXT, 0, 1, 200, .example = "Ana Ruiz"}),
          .answer = ANSWER_NOTHING, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = LINK_ERRORS),
    ROUTE(POST, "/api/auth/verify-email", PUBLIC(PLATFORM), verify_api,
          "Confirm an e-mail address with a link: the account's own, or the one that it changes "
          "to.",
          .operation = "verifyEmail", .answer_name = "verified email", .body = FIELDS(LINK_TOKEN),
          .answer_fields = FIELDS({"email", EMAIL}), .status = 200,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = LINK_ERRORS ", 409 email_taken"),
    {.path = NULL},
};
