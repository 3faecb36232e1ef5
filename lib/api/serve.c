#include "api/serve.h"

#include <string.h>

#include "access/access.h"
#include "access/cors.h"
#include "api/area.h"
#include "api/idempotency.h"
#include "api/metrics.h"
#include "api/precondition.h"
#include "api/request_log.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/retire.h"
#include "http/server.h"
#include "page/page.h"

static struct {
    const struct area *area;
    struct router *router;
} served;

bool serve_prepare(const struct area *area)
{
    const struct route *const *routes;
    size_t count = area_routes(area, &routes);
    served.area = area;
    served.router = router_new(routes, count);
    return served.router != NULL && metrics_prepare(area->name, routes, count);
}

static bool looks_like_page(const char *path)
{
    return strncmp(path, "/api/", 5) != 0;
}

static bool is_for_browsers(const struct route *route)
{
    return route->answer == ANSWER_PAGE || route->answer == ANSWER_DOWNLOAD ||
           route->answer == ANSWER_REDIRECT;
}

static bool find_route(struct cx *cx)
{
    struct route_match match =
        router_find(served.router, cx->arena, cx->request.method, cx->request.path);
    cx->is_page = match.route ? is_for_browsers(match.route) : looks_like_page(cx->request.path);
    if (!match.route && match.allow) {
        response_header(cx, "Allow", match.allow);
        return fail(cx, 405, "method_not_allowed", "This address takes %s.", match.allow);
    }
    if (!match.route)
        return fail(cx, 404, "not_found", "There is nothing at this address.");
    cx->route = match.route;
    memcpy(cx->path, match.values, sizeof cx->path);
    return true;
}

/* Whoever asks for a stream has nothing to send first. */
static bool read_body(struct cx *cx)
{
    if (cx->route->answer == ANSWER_STREAM)
        return true;
    size_t limit = cx->route->body_limit ? cx->route->body_limit : ROUTE_BODY_MAX;
    return server_read_body(cx, limit);
}

static bool handle_if(struct cx *cx)
{
    return precondition_run(cx, served.router, cx->route->handle);
}

/* A form's body is read before the access check, which looks for the CSRF
 * token in it; everybody else's only once it is known that they may. */
static bool serve_route(struct cx *cx)
{
    bool form_first = (cx->route->flags & ROUTE_FORM) != 0;
    if (form_first && !read_body(cx))
        return false;
    if (!access_check(cx))
        return false;
    if (!form_first && !read_body(cx))
        return false;
    if (!input_check(cx)) {
        bool shown = (cx->route->flags & ROUTE_SHOWS_ERRORS) && cx->failure.status == 422;
        return shown && cx->route->handle(cx);
    }
    return idempotency_run(cx, handle_if);
}

static bool answer_options(struct cx *cx)
{
    struct route_match match = router_find(served.router, cx->arena, HTTP_OTHER, cx->request.path);
    if (!match.allow)
        return fail(cx, 404, "not_found", "There is nothing at this address.");
    response_header(cx, "Allow", match.allow);
    cors_preflight(cx, match.allow);
    return respond_nothing(cx);
}

/* There is one version so far; who asks for another is told so. */
static bool check_version(struct cx *cx)
{
    const char *version = request_header(&cx->request, "Tulou-Version");
    return !version || strcmp(version, "1") == 0 ||
           fail(cx, 400, "unknown_version", "Tulou-Version: this API has version 1.");
}

static bool dispatch(struct cx *cx)
{
    if (!request_read_head(cx, cx->request.environment)) {
        cx->is_page = cx->request.path && looks_like_page(cx->request.path);
        return false;
    }
    access_choose_language(cx); /* of the browser, until it is known who asks where */
    if (cx->request.method == HTTP_OPTIONS)
        return answer_options(cx);
    if (find_route(cx))
        return (cx->is_page || check_version(cx)) && serve_route(cx);
    if (cx->is_page)
        access_recognise(cx);
    return false;
}

static bool has_header(const struct cx *cx, const char *name)
{
    for (const struct header *header = cx->response.headers; header; header = header->next)
        if (strcmp(header->name, name) == 0)
            return true;
    return false;
}

/* Nothing is kept by browsers and proxies unless the handler says so, or it has a version by which
 * it is asked for again each time. */
static void add_cache_control(struct cx *cx)
{
    if (!has_header(cx, "Cache-Control"))
        response_header(cx, "Cache-Control",
                        has_header(cx, "ETag") ? "private, no-cache" : "no-store");
}

/* How to sign in stands with every 401 (RFC 9110 11.6.1, RFC 6750 3). */
static void challenge(struct cx *cx)
{
    const char *code = cx->failure.code;
    bool bad_token = text_starts(code, "token_") || text_starts(code, "api_key_") ||
                     strcmp(code, "session_revoked") == 0;
    response_header_set(cx, "WWW-Authenticate",
                        bad_token ? "Bearer error=\"invalid_token\"" : "Bearer");
}

static void write_failure(struct cx *cx)
{
    if (cx->failure.status == 0) /* a handler said false without saying why: ours to find */
        fail(cx, 500, "internal", "Something went wrong on our side.");
    if (cx->failure.status == 500)
        log_error("request failed", "code", cx->failure.code, "detail", cx->db.error.message,
                  "sqlstate", cx->db.error.sqlstate, "path", cx->request.path, "requestId",
                  cx->request_id);
    if (cx->failure.status == 401 && !cx->is_page)
        challenge(cx);
    if (cx->response.begun) /* too late to say it: it is broken off */
        cx->response.status = cx->failure.status;
    else if (cx->is_page)
        page_write_failure(cx);
    else
        response_write_failure(cx);
}

static void end_head(struct cx *cx)
{
    cors_answer(cx);
    retire_announce(cx);
    response_header(cx, "X-Request-Id", cx->request_id);
    if (!cx->is_page)
        response_header(cx, "Tulou-Version", "1");
    add_cache_control(cx);
    if (cx->is_page || cx->failure.status != 0)
        response_header(cx, "Content-Language", cx->language ? cx->language->code : "en");
}

void serve_request(struct cx *cx)
{
    cx->area = served.area;
    cx->end_head = end_head;
    bool answered = dispatch(cx);
    db_rollback_to(&cx->db, 0);
    if (!answered)
        write_failure(cx);
    if (!cx->response.begun)
        end_head(cx);
    int64_t took_us = clock_monotonic_us() - cx->started_us;
    metrics_count(cx->route, cx->response.status, took_us);
    request_log(cx, took_us);
}
