/* pages_step: the page between the password and the session, and the one that asks
 * again before what is dangerous. */
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "second_step.h"

const char *local_path(const char *path)
{
    return path && path[0] == '/' && path[1] != '/' && path[1] != '\\' ? path : "/";
}

bool enter_by_page(struct cx *cx, const struct account *account, const char *next)
{
    struct session_tokens tokens;
    if (!sign_in_open(cx, account, SESSION_COOKIE, &tokens))
        return false;
    /* As long as a session may live at all: its row says how long it does. */
    response_cookie(cx, cookie_name(cx, "tulou_session"), tokens.cookie, 90LL * 86400);
    return page_go(cx, account->must_change_password ? "/account/password" : local_path(next));
}

bool show_second_step(struct cx *cx, int status, const char *ticket, const char *next)
{
    json_object *data = page_object(cx);
    page_set(data, "ticket", ticket);
    page_set(data, "next", local_path(next));
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
        second_step_take(cx, input_text(cx, "ticket"), input_text(cx, "code"), &account))
        return enter_by_page(cx, &account, input_text(cx, "next"));
    return code_refused(cx);
}

static bool show_confirm(struct cx *cx, int status, const char *next)
{
    json_object *data = page_object(cx);
    page_set(data, "next", local_path(next));
    return page_render(cx, status, "auth/confirm", "Confirm that it is you", data);
}

static bool confirm_page(struct cx *cx)
{
    return show_confirm(cx, 200, query_text(cx, "next"));
}

static bool confirm_submit(struct cx *cx)
{
    if (cx->failure.status == 0 && step_up(cx, input_text(cx, "code")))
        return page_go(cx, local_path(input_text(cx, "next")));
    int status = cx->failure.status;
    return (status == 422 || status == 429) && show_confirm(cx, status, typed(cx, "next"));
}

const struct route page_step_routes[] = {
    ROUTE(POST, "/login/code", PUBLIC(PLATFORM), code_submit, "The second step of signing in.",
          .answer = ANSWER_PAGE,
          .body = FIELDS({"ticket", SECRET, REQUIRED, 1, 200}, {"code", SECRET, REQUIRED, 1, 64},
                         {"next", TEXT, 0, 0, 2000}),
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED),
    ROUTE(GET, "/account/confirm", SIGNED_IN(TENANT), confirm_page,
          "Asks for a factor again, before what is dangerous.", .answer = ANSWER_PAGE,
          .query = FIELDS({"next", TEXT, 0, 0, 2000}), .flags = ROUTE_IN_PERSON | ROUTE_ENROLMENT),
    ROUTE(POST, "/account/confirm", SIGNED_IN(TENANT), confirm_submit, "Prove a factor again.",
          .answer = ANSWER_PAGE,
          .body = FIELDS({"code", SECRET, REQUIRED, 1, 64}, {"next", TEXT, 0, 0, 2000}),
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED |
                   ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_SUSPENDED),
    {.path = NULL},
};
