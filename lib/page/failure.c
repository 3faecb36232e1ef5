/* failure: a page for what went wrong, with a way on from each. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"

static const struct {
    int status;
    const char *code; /* NULL: any other of the status */
    const char *title, *advice;
} words[] = {
    {400, NULL, "This request cannot be read", "Go back and try again."},
    {402, NULL, "There is no credit left", "An administrator can add credit."},
    {403, "tenant_suspended", "This workspace is suspended",
     "Its owner can still sign in, read and export everything."},
    {403, "csrf_invalid", "This form is too old",
     "Go back, load the page again and send the form once more."},
    {403, NULL, "You may not do this",
     "If you need it, ask an administrator of your workspace for the permission."},
    {404, "tenant_unknown", "There is no workspace here", "Check the address that you were given."},
    {404, "link_invalid", "This link does not work",
     "Open it in the message once more, or ask for a new one."},
    {404, NULL, "There is nothing here", "The address is wrong, or what was here is gone."},
    {405, NULL, "This does not work here", "Go back and try another way."},
    {409, NULL, "This cannot be done now",
     "Somebody may have changed it meanwhile. Look at it again."},
    {410, "link_expired", "This link is too old", NULL},
    {410, NULL, "This link was used already", NULL},
    {412, NULL, "Somebody changed this meanwhile", "Load it again to see what is new."},
    {413, NULL, "That is too large", "Send less at once."},
    {414, NULL, "This address is too long", NULL},
    {415, NULL, "This kind of file cannot be used", NULL},
    {422, NULL, "Something needs to be corrected", NULL},
    {429, NULL, "Too much at once", "Wait a moment, then try again."},
    {500, NULL, "Something went wrong on our side",
     "It was written down. If it happens again, tell us the number below."},
    {503, NULL, "We are not ready for this", "It will pass. Try again in a moment."},
};

static size_t words_for(const struct failure *failure)
{
    size_t other = COUNT(words) - 2; /* 500 */
    for (size_t i = 0; i < COUNT(words); i++) {
        if (words[i].status != failure->status)
            continue;
        if (words[i].code && text_equal(words[i].code, failure->code))
            return i;
        if (!words[i].code)
            other = i;
    }
    return other;
}

/* After signing in: this page, or for a form the page that it stood on. */
static bool go_sign_in(struct cx *cx)
{
    struct buf to;
    bool form = cx->request.method != HTTP_GET && cx->request.method != HTTP_HEAD;
    buf_init(&to, cx->arena);
    buf_puts(&to, "/login?next=");
    text_url(&to, form ? "/" : frame_address(cx));
    buf_clear(&cx->response.body);
    if (!request_header(&cx->request, "HX-Request"))
        return respond_redirect(cx, to.data);
    response_header_set(cx, "HX-Redirect", to.data);
    return respond_html(cx, 401);
}

/* The page before this one, when it is one of ours. */
static const char *came_from(const struct cx *cx)
{
    const char *from = request_header(&cx->request, "Referer");
    const char *host = from ? strstr(from, "://") : NULL;
    size_t len = cx->request.origin_host ? strlen(cx->request.origin_host) : 0;
    if (!host || len == 0 || strncmp(host + 3, cx->request.origin_host, len) != 0)
        return NULL;
    const char *path = host + 3 + len;
    return path[0] == '/' && path[1] != '/' ? path : NULL;
}

/* What must be done first, by its code: led there, and back where that makes sense. */
static const struct {
    const char *code, *path;
    bool back;
} first_of_all[] = {{"password_change_required", "/account/password", false},
                    {"mfa_enrolment_required", "/account/two-step", false},
                    {"step_up_required", "/account/confirm?next=", true}};

static bool go_first(struct cx *cx)
{
    struct buf to;
    const char *from = came_from(cx);
    bool shown = cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD;
    for (size_t i = 0; i < COUNT(first_of_all); i++) {
        if (!text_equal(cx->failure.code, first_of_all[i].code))
            continue;
        buf_init(&to, cx->arena);
        buf_puts(&to, first_of_all[i].path);
        if (first_of_all[i].back)
            text_url(&to, shown ? frame_address(cx) : from ? from : "/");
        return respond_redirect(cx, to.data);
    }
    return false;
}

static void add_way(json_object *ways, const char *title, const char *path, bool primary)
{
    json_object *way = page_item(ways);
    page_set(way, "title", title);
    page_set(way, "path", path);
    page_set_bool(way, "primary", primary);
}

/* Where a link that no longer works is had anew. */
static const struct {
    const char *path, *title, *to;
} again_at[] = {{"/reset-password", "Ask for a new link", "/forgot-password"},
                {"/verify-email", "Your account", "/account"}};

static bool add_new_link(const struct cx *cx, json_object *ways)
{
    for (size_t i = 0; text_starts(cx->failure.code, "link_") && i < COUNT(again_at); i++)
        if (text_equal(cx->request.path, again_at[i].path)) {
            add_way(ways, again_at[i].title, again_at[i].to, true);
            return true;
        }
    return false;
}

static void add_ways(struct cx *cx, json_object *data)
{
    json_object *ways = page_list(data, "ways");
    const char *from = came_from(cx), *home = cx->session ? frame_home(cx) : "/";
    const char *place, *path;
    if (text_equal(cx->failure.code, "tenant_unknown")) { /* all of this host is unknown */
        add_way(ways, "To the platform's start page",
                url_of_host(cx->arena, config_text(CONFIG_TULOU_DOMAIN)), true);
        return;
    }
    bool again = (cx->failure.status == 429 || cx->failure.status >= 500) &&
                 cx->request.method == HTTP_GET && cx->request.path;
    bool led = add_new_link(cx, ways);
    if (again)
        add_way(ways, "Try again", frame_address(cx), true);
    if (from && !text_equal(from, frame_address(cx)))
        add_way(ways, "Back", from, !again && !led);
    if (menu_place(cx, &place, &path) && !text_equal(path, from) && !text_equal(path, home) &&
        !text_equal(path, cx->request.path))
        add_way(ways, place, path, false);
    add_way(ways, cx->session ? "To the overview" : "To the start page", home,
            !again && !from && !led);
    if (!cx->session && cx->tenant)
        add_way(ways, "Sign in", "/login", false);
}

static void add_details(json_object *data, const struct failure *failure)
{
    json_object *items = page_list(data, "items"), *blockers = page_list(data, "blockers");
    bool in_use = text_equal(failure->code, "in_use");
    for (const struct failure_detail *it = failure->details; it; it = it->next) {
        if (in_use) {
            json_object *blocker = page_item(blockers);
            page_set(blocker, "text", it->message);
            page_set(blocker, "path", it->path);
            continue;
        }
        struct buf line = {0};
        buf_printf(&line, "%s: %s", it->field, it->message);
        json_object_array_add(items, json_object_new_string(line.data));
        buf_free(&line);
    }
    page_set_bool(data, "has_items", failure->details && !in_use);
    page_set_bool(data, "has_blockers", failure->details && in_use);
}

/* When even the templates are missing. */
static void write_plainly(struct cx *cx)
{
    struct buf *out = &cx->response.body;
    buf_clear(out);
    buf_puts(out, "<!doctype html>\n<html lang=\"en\"><title>Trouble</title>\n<h1>");
    text_html(out, cx->failure.message, strlen(cx->failure.message));
    buf_puts(out, "</h1>\n<p><a href=\"/\">To the start page</a></p></html>\n");
    respond_html(cx, cx->failure.status);
}

void page_write_failure(struct cx *cx)
{
    size_t row = words_for(&cx->failure);
    cx->response.no_body = false;
    buf_clear(&cx->response.body);
    if (resend_offer(cx))
        return;
    if (text_equal(cx->failure.code, "tenant_moved")) {
        respond_redirect_out(cx,
                             arena_printf(cx->arena, "%s%s", tenant_own_url(cx->arena, cx->tenant),
                                          frame_address(cx)));
        return;
    }
    if (cx->failure.status == 401 && !text_equal(cx->request.path, "/login")) {
        go_sign_in(cx);
        return;
    }
    if (go_first(cx))
        return;
    json_object *data = page_object(cx);
    page_set_int(data, "status", cx->failure.status);
    page_set(data, "message", cx->failure.message);
    page_set(data, "advice", words[row].advice);
    page_set(data, "request_id", cx->request_id);
    page_set(data, "subtitle", NULL);
    add_details(data, &cx->failure);
    add_ways(cx, data);
    if (!page_render(cx, cx->failure.status, "layout/error", words[row].title, data))
        write_plainly(cx);
}
