/* pages_sign_in: the pages that lead in and out. */
#include <string.h>

#include "access/access.h"
#include "access/factor.h"
#include "access/session.h"
#include "access/tenant.h"
#include "access/ticket.h"
#include "auth.h"
#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "second_step.h"
#include "sso.h"

/* Whoever deletes it has it: a ticket is good once. */
STATEMENT(ticket_use,
          "delete from sign_in_tickets t\n"
          "using users u\n"
          "where t.tenant_id = $1::uuid and t.token_hash = $2 and t.purpose = 'workspace'\n"
          "and t.impersonator_id is null and t.expires_at > now()\n"
          "and u.tenant_id = t.tenant_id and u.id = t.user_id and u.status = 'active'\n"
          "returning u.id, u.name, u.must_change_password, " HAS_FACTOR("u.tenant_id", "u.id"),
          DB_WRITES);

static const struct field login_fields[] = {{"email", EMAIL, REQUIRED, .label = "E-mail"},
                                            {"password", SECRET, REQUIRED, 1, 1024},
                                            {"next", TEXT, 0, 0, 2000},
                                            {.type = FIELD_END}};

static bool show_login(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    const char *typed = parameter_get(cx->request.form, "email");
    const char *next = parameter_get(cx->request.form, "next");
    if (!next)
        next = parameter_get(cx->request.query, "next");
    page_set(data, "email", typed);
    page_set(data, "next", local_path(next));
    page_set(data, "loginText", cx->tenant->branding.login_text);
    page_set_bool(data, "suspended", cx->tenant->status == TENANT_SUSPENDED);
    page_set_bool(data, "signup", tenant_takes_signups(cx));
    if (!sso_add_buttons(cx, data, local_path(next)))
        return false;
    return page_render(cx, status, "auth/login", "Sign in", data);
}

static bool login_page(struct cx *cx)
{
    if (cx->session)
        return page_go(cx, "/");
    return show_login(cx, 200);
}

/* ---- the workspaces of somebody who knows the password ---- */

static bool add_workspace(struct cx *cx, json_object *list, const struct account *account)
{
    const struct tenant *tenant = tenant_by_id(cx, account->tenant_id);
    char *ticket = ticket_make(&cx->db, account->tenant_id, account->user_id);
    if (!tenant || !ticket)
        return fail_db(cx);
    json_object *item = page_item(list);
    page_set(item, "name", account->tenant_name);
    page_set(item, "address", tenant_url(cx->arena, tenant));
    page_posts_to(cx, tenant_url(cx->arena, tenant));
    page_set(item, "ticket", ticket);
    return true;
}

static bool show_workspaces(struct cx *cx, const struct sign_in *found)
{
    json_object *data = page_object(cx), *list = page_list(data, "workspaces");
    for (size_t i = 0; i < found->count; i++)
        if (!add_workspace(cx, list, &found->accounts[i]))
            return false;
    return page_render(cx, 200, "auth/workspaces", "Choose a workspace", data);
}

static bool login_submit(struct cx *cx)
{
    struct sign_in found;
    bool bare = cx->tenant->kind == TENANT_PLATFORM;
    if (cx->failure.status != 0 ||
        !sign_in_check(cx, input_text(cx, "email"), input_text(cx, "password"),
                       bare ? NULL : cx->tenant->id, &found))
        return cx->failure.status == 503 ? false : show_login(cx, cx->failure.status);
    bool here = found.count == 1 && strcmp(found.accounts[0].tenant_id, cx->tenant->id) == 0;
    return here ? enter_or_ask(cx, &found.accounts[0], input_text(cx, "next"))
                : show_workspaces(cx, &found);
}

/* Only our own list of workspaces may post here: its origin is the bare domain. */
bool origin_is_ours(struct cx *cx)
{
    const char *origin = request_header(&cx->request, "Origin");
    const char *own =
        arena_printf(cx->arena, "%s://%s", cx->request.scheme, cx->request.origin_host);
    const char *domain = config_text(CONFIG_TULOU_DOMAIN);
    if (text_equal(origin, own))
        return true;
    const char *at = origin ? strstr(origin, "://") : NULL;
    size_t len = strlen(domain);
    return at && strncmp(at + 3, domain, len) == 0 && (at[3 + len] == ':' || at[3 + len] == '\0');
}

bool origin_is_below_base(struct cx *cx)
{
    const char *origin = request_header(&cx->request, "Origin");
    const char *domain = config_text(CONFIG_TULOU_DOMAIN);
    const char *at = origin ? strstr(origin, "://") : NULL;
    size_t len = at ? strcspn(at + 3, ":") : 0, tail = strlen(domain);
    return origin_is_ours(cx) || (len > tail && at[3 + len - tail - 1] == '.' &&
                                  strncmp(at + 3 + len - tail, domain, tail) == 0);
}

static bool login_continue(struct cx *cx)
{
    char hash[65];
    const char *ticket = input_text(cx, "ticket");
    if (!origin_is_ours(cx))
        return fail(cx, 403, "csrf_invalid", "This form came from elsewhere.");
    text_sha256(ticket, strlen(ticket), hash);
    struct rows *rows = db_get(&cx->db, &ticket_use, cx->tenant->id, hash);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return page_go(cx, "/login");
    struct account account = {.slug = cx->tenant->slug,
                              .tenant_name = cx->tenant->name,
                              .name = rows_text(rows, 0, 1),
                              .must_change_password = rows_bool(rows, 0, 2),
                              .has_factor = rows_bool(rows, 0, 3)};
    memcpy(account.user_id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(account.tenant_id, cx->tenant->id, UUID_SIZE);
    return enter_or_ask(cx, &account, "/");
}

/* ---- out ---- */

static bool logout_page(struct cx *cx)
{
    if (!cx->session)
        return page_go(cx, "/login");
    return page_render(cx, 200, "auth/logout", "Sign out", page_object(cx));
}

static bool logout_submit(struct cx *cx)
{
    if (cx->session) {
        if (!session_revoke(cx, &cx->db, cx->session->id, "signed out"))
            return false;
        response_cookie(cx, cookie_name(cx, "tulou_session"), "", 0);
    }
    return page_go(cx, "/login");
}

const struct route page_sign_in_routes[] = {
    ROUTE(GET, "/login", PUBLIC(NONE), login_page, "Sign-in page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/login", PUBLIC(PLATFORM), login_submit, "Sign in by page.", .answer = ANSWER_PAGE,
          .body = login_fields, .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT),
    ROUTE(POST, "/login/continue", PUBLIC(TENANT), login_continue, "Enter a chosen workspace.",
          .answer = ANSWER_PAGE, .body = FIELDS({"ticket", SECRET, REQUIRED, 1, 200}),
          .flags = ROUTE_FORM | ROUTE_HANDOVER | ROUTE_AUTH_LIMIT),
    ROUTE(GET, "/logout", PUBLIC(NONE), logout_page, "Sign-out page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/logout", PUBLIC(NONE), logout_submit, "Sign out by page.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM),
    {.path = NULL},
};
