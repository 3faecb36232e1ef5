/* pages_step: the page between the password and the session, and the one that asks
 * again before what is dangerous. */
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "passkeys.h"
#include "resource/input.h"
#include "second_step.h"

const char *local_path(const char *path)
{
    return path && path[0] == '/' && path[1] != '/' && path[1] != '\\' ? path : "/";
}

bool enter_by_page(struct cx *cx, const struct account *account, const char *next)
{
    struct session_tokens tokens;
    if (!sign_in_open(cx, account, SESSION_COOKIE, &tokens)) {
        if (!text_equal(cx->failure.code, "sso_required"))
            return false;
        page_notice(cx, "warning", cx->failure.message);
        return page_go(cx, "/login");
    }
    /* As long as a session may live at all: its row says how long it does. */
    response_cookie(cx, cookie_name(cx, "tulou_session"), tokens.cookie, 90LL * 86400);
    return page_go(cx, account->must_change_password && !account->by_sso ? "/account/password"
                                                                         : local_path(next));
}

bool enter_or_ask(struct cx *cx, const struct account *account, const char *next)
{
    if (!account->has_factor || account->provider_mfa)
        return enter_by_page(cx, account, next);
    const char *ticket = second_step_ticket(cx, account);
    return ticket && show_second_step(cx, 200, ticket, next);
}

/* What a passkey is to sign, for the script; null: there is none at this host. */
static bool add_options(struct cx *cx, json_object *data, const char *purpose,
                        const char *tenant_id, const char *user_id)
{
    json_object *options = passkey_request_options(cx, purpose, tenant_id, user_id), *ids = NULL;
    if (!options)
        return false;
    json_object_object_get_ex(options, "allowCredentials", &ids);
    page_set(data, "passkey",
             json_object_array_length(ids) > 0 ? json_object_to_json_string(options) : NULL);
    return true;
}

static bool add_passkeys(struct cx *cx, json_object *data, const char *ticket)
{
    struct account account;
    struct failure why = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!second_step_find(cx, ticket, &account))
        return false;
    cx->failure = why;
    return add_options(cx, data, "second_step", account.tenant_id, account.user_id);
}

bool show_second_step(struct cx *cx, int status, const char *ticket, const char *next)
{
    json_object *data = page_object(cx);
    page_set(data, "ticket", ticket);
    page_set(data, "next", local_path(next));
    if (!add_passkeys(cx, data, ticket))
        return false;
    return page_render(cx, status, "auth/code", "One more step", data);
}

static const char *typed(const struct cx *cx, const char *name)
{
    return parameter_get(cx->request.form, name);
}

/* What has run out begins anew; a wrong code may be tried again. */
static bool code_refused(struct cx *cx)
{
    const char *ticket = typed(cx, "ticket");
    if (!ticket || text_equal(cx->failure.code, "ticket_invalid")) {
        page_notice(cx, "warning", "That sign-in took too long. Please begin again.");
        return page_go(cx, "/login");
    }
    return cx->failure.status != 503 &&
           show_second_step(cx, cx->failure.status, ticket, typed(cx, "next"));
}

static bool code_submit(struct cx *cx)
{
    struct account account;
    if (cx->failure.status == 0 &&
        second_step_take(cx, input_text(cx, "ticket"), input_text(cx, "code"),
                         input_value(cx->input, "credential")->json, &account))
        return enter_by_page(cx, &account, input_text(cx, "next"));
    return code_refused(cx);
}

static bool show_confirm(struct cx *cx, int status, const char *next)
{
    json_object *data = page_object(cx);
    page_set(data, "next", local_path(next));
    if (!add_options(cx, data, "step_up", cx->session->tenant_id, cx->session->user_id))
        return false;
    return page_render(cx, status, "auth/confirm", "Confirm that it is you", data);
}

static bool confirm_page(struct cx *cx)
{
    return show_confirm(cx, 200, query_text(cx, "next"));
}

static bool confirm_submit(struct cx *cx)
{
    if (cx->failure.status == 0 &&
        step_up(cx, input_text(cx, "code"), input_value(cx->input, "credential")->json))
        return page_go(cx, local_path(input_text(cx, "next")));
    int status = cx->failure.status;
    return (status == 422 || status == 429) && show_confirm(cx, status, typed(cx, "next"));
}

const struct route page_step_routes[] = {
    ROUTE(POST, "/login/code", PUBLIC(PLATFORM), code_submit, "The second step of signing in.",
          .answer = ANSWER_PAGE,
          .body = FIELDS({"ticket", SECRET, REQUIRED, 1, 200}, {"code", SECRET, 0, 1, 64},
                         {"credential", JSON, 0, 0, 16384}, {"next", TEXT, 0, 0, 2000}),
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED),
    ROUTE(GET, "/account/confirm", SIGNED_IN(TENANT), confirm_page,
          "Asks for a factor again, before what is dangerous.", .answer = ANSWER_PAGE,
          .query = FIELDS({"next", TEXT, 0, 0, 2000}), .flags = ROUTE_IN_PERSON | ROUTE_ENROLMENT),
    ROUTE(POST, "/account/confirm", SIGNED_IN(TENANT), confirm_submit, "Prove a factor again.",
          .answer = ANSWER_PAGE,
          .body = FIELDS({"code", SECRET, 0, 1, 64}, {"credential", JSON, 0, 0, 16384},
                         {"next", TEXT, 0, 0, 2000}),
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED |
                   ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_SUSPENDED),
    {.path = NULL},
};
