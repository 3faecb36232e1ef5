/* email: one's own e-mail address, verified and changed. */
#include "access/tenant.h"
#include "account/credential.h"
#include "auth.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/link_mail.h"
#include "page/page.h"
#include "resource/input.h"

/* What a provider of the tenant says is believed in the tenant; the link is sent all the
 * same to whom it is to prove the address elsewhere. */
STATEMENT(email_verified,
          "select email_verified_at is not null and email_proven_at is not null\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

static bool send_link(struct cx *cx, enum link_purpose purpose, const char *email)
{
    const struct session *me = cx->session;
    int allowed = link_allowed(&cx->db, me->tenant_id, me->user_id, purpose);
    if (allowed < 0)
        return fail_db(cx);
    if (allowed == 0) {
        response_header_set(cx, "Retry-After", "3600");
        return fail(cx, 429, "too_many_links",
                    "Enough of these were sent within an hour; look into your inbox.");
    }
    return link_mail(cx, &cx->db,
                     &(struct link_mail){.purpose = purpose,
                                         .tenant = cx->tenant,
                                         .user_id = me->user_id,
                                         .email = email,
                                         .name = me->name});
}

bool email_change_ask(struct cx *cx, const char *email, const char *password)
{
    const char *hash;
    if (text_equal(email, cx->session->email))
        return fail_field(cx, "email", "unchanged", "This is your address already.");
    return credential_prove(cx, password, &hash) && send_link(cx, LINK_EMAIL_CHANGE, email);
}

bool email_is_verified(struct cx *cx, bool *verified)
{
    struct rows *rows =
        db_get(&cx->db, &email_verified, cx->session->tenant_id, cx->session->user_id);
    *verified = rows && rows_count(rows) == 1 && rows_bool(rows, 0, 0);
    return rows || fail_db(cx);
}

bool email_verify_ask(struct cx *cx)
{
    bool verified = false;
    if (!email_is_verified(cx, &verified))
        return false;
    if (verified)
        return fail(cx, 409, "already_verified", "Your address was confirmed before.");
    return send_link(cx, LINK_EMAIL_VERIFICATION, cx->session->email);
}

/* ---- by API ---- */

static bool change_api(struct cx *cx)
{
    return email_change_ask(cx, input_text(cx, "email"), input_text(cx, "current_password")) &&
           respond_nothing(cx);
}

static bool verify_api(struct cx *cx)
{
    return email_verify_ask(cx) && respond_nothing(cx);
}

/* ---- by page ---- */

static const struct field change_fields[] = {
    {"email", EMAIL, REQUIRED, .label = "New e-mail address",
     .help = "A link goes there; until it is followed, the old address stays.",
     .example = "ana.ruiz@example.com"},
    {"current_password", SECRET, REQUIRED, 1, 1024, .label = "Current password",
     .example = "tulou-demo-2026"},
    {.type = FIELD_END}};

static bool show_change(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    page_set(data, "action", "/account/email");
    page_set(data, "back", "/account");
    page_set(data, "submit", "Send the link");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set_bool(data, "multipart", false);
    json_object_object_add(data, "fields", page_form_fields(cx, change_fields, NULL, true));
    page_crumb(data, "My account", "/account");
    return page_render(cx, status, "layout/form", "Change e-mail address", data);
}

static bool change_page(struct cx *cx)
{
    return show_change(cx, 200);
}

static bool change_submit(struct cx *cx)
{
    const char *email = input_text(cx, "email");
    if (cx->failure.status != 0 || !email_change_ask(cx, email, input_text(cx, "current_password")))
        return cx->failure.status == 422 || cx->failure.status == 429
                   ? show_change(cx, cx->failure.status)
                   : false;
    page_notice(cx, "success",
                cx_printf(cx, "A link is on its way to %s. Follow it to finish.", email));
    return page_go(cx, "/account");
}

static bool verify_submit(struct cx *cx)
{
    if (!email_verify_ask(cx))
        return false;
    page_notice(cx, "success", cx_printf(cx, "A link is on its way to %s.", cx->session->email));
    return page_go(cx, "/account");
}

const struct route email_routes[] = {
    ROUTE(POST, "/api/auth/change-email", SIGNED_IN(TENANT), change_api,
          "Send a link to a new address; the account changes to it when the link is followed.",
          .operation = "changeEmail", .body = change_fields, .answer = ANSWER_NOTHING,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_IN_PERSON | ROUTE_STEP_UP,
          .errors = "429 too_many_links, 429 locked_out"),
    ROUTE(POST, "/api/auth/send-verification", SIGNED_IN(TENANT), verify_api,
          "Send a link to one's own address that confirms it.",
          .operation = "sendEmailVerification", .answer = ANSWER_NOTHING, .flags = ROUTE_IN_PERSON,
          .errors = "409 already_verified, 429 too_many_links"),
    ROUTE(GET, "/account/email", SIGNED_IN(TENANT), change_page, "E-mail address page.",
          .answer = ANSWER_PAGE, .flags = ROUTE_STEP_UP | ROUTE_IN_PERSON),
    ROUTE(POST, "/account/email", SIGNED_IN(TENANT), change_submit,
          "Send a link to one's new address.", .answer = ANSWER_PAGE, .body = change_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_NOT_REPEATED | ROUTE_AUTH_LIMIT |
                   ROUTE_IN_PERSON | ROUTE_STEP_UP),
    ROUTE(POST, "/account/verify-email", SIGNED_IN(TENANT), verify_submit,
          "Send a link that confirms one's address.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_IN_PERSON),
    {.path = NULL},
};
