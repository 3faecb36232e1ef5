#include "api/precondition.h"

#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/uuid.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/action.h"
#include "resource/input.h"
#include "resource/resource.h"

/* What settings, branding, profiles and one's own account are parts of; whoever changes such a
 * part, with a condition or without, changes or locks one of these rows. */
STATEMENT(precondition_lock,
          "with tenant as (\n"
          "    select id from tenants where id = any($1::uuid[]) for no key update\n"
          "), account as (\n"
          "    select id from users where tenant_id = $2::uuid and id = any($3::uuid[])\n"
          "    for no key update\n"
          ")\n"
          "select (select count(*) from tenant), (select count(*) from account)",
          DB_WRITES);

/* ---- what an address shows ---- */

static const char *tag_of_answer(struct cx *cx)
{
    for (const struct header *it = cx->response.headers; it; it = it->next)
        if (strcmp(it->name, "ETag") == 0)
            return it->value;
    const struct buf *body = &cx->response.body;
    return arena_printf(cx->arena, "\"%s\"", etag_digits(cx->arena, body->data, body->len));
}

static bool is_shown(const struct route *route)
{
    return route && (route->answer == ANSWER_ITEM || route->answer == ANSWER_LIST);
}

/* Where a handler points the database, for itself alone. */
static void point_home(struct cx *cx, const struct db *home)
{
    memcpy(cx->db.tenant_id, home->tenant_id, sizeof cx->db.tenant_id);
    cx->db.schema = home->schema;
    cx->db.action = home->action;
}

static bool call_read(struct cx *cx, const struct route_match *match)
{
    cx->route = match->route;
    memcpy(cx->path, match->values, sizeof cx->path);
    cx->request.method = HTTP_GET;
    cx->request.query = NULL;
    cx->response = (struct response){.status = 0};
    buf_init(&cx->response.body, cx->arena);
    return input_check(cx) && match->route->handle(cx);
}

/* The tag of what a GET of this address answers now, NULL when there is nothing. false: that
 * cannot be said, and the failure is set. */
static bool read_current(struct cx *cx, const struct router *router, const char **tag)
{
    struct route_match match = router_find(router, cx->arena, HTTP_GET, cx->request.path);
    struct cx kept = *cx;
    *tag = NULL;
    if (!is_shown(match.route))
        return true;
    bool good = call_read(cx, &match);
    if (good)
        *tag = tag_of_answer(cx);
    struct failure failure = cx->failure;
    struct db db = cx->db;
    *cx = kept;
    cx->db = db;
    point_home(cx, &kept.db);
    bool nothing = !good && (failure.status == 404 || failure.status == 422);
    if (!good && !nothing)
        cx->failure = failure;
    return good || nothing;
}

/* ---- writes ---- */

static bool is_of_engine(const struct route *route)
{
    return route->handle == resource_replace || route->handle == resource_merge ||
           route->handle == resource_delete || route->handle == action_handle;
}

static bool refuse_version(struct cx *cx)
{
    return fail(cx, 412, "version_mismatch", "It has changed since: read it again.");
}

static bool check_none(struct cx *cx, const char *header, const char *tag)
{
    return !etag_listed(header, tag) ||
           fail(cx, 412, "precondition_failed", "If-None-Match: there is something here already.");
}

static bool lock(struct cx *cx)
{
    const char *id = strstr(cx->route->path, "/:id") ? cx_path(cx, "id") : NULL;
    const char *and = id && uuid_is(id) ? arena_printf(cx->arena, ",%s", id) : "";
    const struct session *me = cx->session;
    if (!me)
        return true;
    return db_get(&cx->db, &precondition_lock,
                  arena_printf(cx->arena, "{%s%s}", cx->tenant->id, and), me->tenant_id,
                  arena_printf(cx->arena, "{%s%s}", me->user_id, and)) ||
           fail_db(cx);
}

/* The new tag stands with the answer where that is not another thing's. */
static bool tag_written(struct cx *cx, const struct router *router)
{
    const char *tag;
    if (cx->response.status != 200 || !read_current(cx, router, &tag))
        return cx->failure.status == 0;
    if (tag)
        response_header_set(cx, "ETag", tag);
    return true;
}

static bool write_if_match(struct cx *cx, const struct router *router, handler *handle)
{
    const char *match = request_header(&cx->request, "If-Match"), *tag;
    const char *none = request_header(&cx->request, "If-None-Match");
    if (!db_begin(&cx->db) || !lock(cx))
        return cx->failure.status ? false : fail_db(cx);
    struct db home = cx->db;
    if (!read_current(cx, router, &tag) || !check_none(cx, none, tag))
        return false;
    if (!etag_listed(match, tag))
        return refuse_version(cx);
    if (!handle(cx))
        return false;
    point_home(cx, &home);
    return tag_written(cx, router) && (db_commit(&cx->db) || fail_db(cx));
}

static bool write_if(struct cx *cx, const struct router *router, handler *handle)
{
    const char *none = request_header(&cx->request, "If-None-Match"), *tag;
    if (request_header(&cx->request, "If-Match") && !is_of_engine(cx->route))
        return write_if_match(cx, router, handle);
    if (none && (!read_current(cx, router, &tag) || !check_none(cx, none, tag)))
        return false;
    return handle(cx);
}

/* ---- reads ---- */

/* Whether what is shown is one thing: an item, or a list that is written as a whole. */
static bool is_single(struct cx *cx, const struct router *router)
{
    return cx->route->answer == ANSWER_ITEM ||
           (cx->route->answer == ANSWER_LIST &&
            router_find(router, cx->arena, HTTP_PUT, cx->request.path).route);
}

static bool read_if(struct cx *cx, const struct router *router, handler *handle)
{
    if (!handle(cx))
        return false;
    if (cx->response.status != 200 || !is_single(cx, router))
        return true;
    const char *tag = tag_of_answer(cx), *match = request_header(&cx->request, "If-Match");
    if (match && !etag_listed(match, tag))
        return refuse_version(cx);
    response_header_set(cx, "ETag", tag);
    if (etag_listed(request_header(&cx->request, "If-None-Match"), tag)) {
        cx->response.status = 304;
        cx->response.no_body = true;
    }
    return true;
}

/* Whether a version of what is at this address can be known. */
static bool keeps_versions(struct cx *cx, const struct router *router)
{
    if (cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD)
        return is_single(cx, router);
    const struct action *action = cx->route->action;
    if (cx->request.method == HTTP_POST && (!action || (action->flags & ACTION_ON_LIST)))
        return false;
    return is_of_engine(cx->route) ||
           is_shown(router_find(router, cx->arena, HTTP_GET, cx->request.path).route);
}

bool precondition_run(struct cx *cx, const struct router *router, handler *handle)
{
    enum http_method method = cx->request.method;
    if (cx->is_page || cx->route->answer == ANSWER_STREAM || (cx->route->flags & ROUTE_BARE))
        return handle(cx);
    if (request_header(&cx->request, "If-Match") && !keeps_versions(cx, router))
        return fail(cx, 400, "if_match_not_supported",
                    "Nothing here has a version: send the request without If-Match.");
    return method == HTTP_GET || method == HTTP_HEAD ? read_if(cx, router, handle)
                                                     : write_if(cx, router, handle);
}
