/* action: doing it with one record: locked, looked at, done, read again. */
#include "resource/action.h"

#include <string.h>

#include "access/factor.h"
#include "access/permission.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/event_kind.h"
#include "resource/internal.h"

const char *action_needs(const struct resource *resource, const struct action *action)
{
    if (action->needs || resource->personal)
        return action->needs;
    return engine_text("%s:update", resource->permission);
}

const struct resource *action_home(const struct resource *resource, const struct action *action)
{
    return action->becomes ? action->becomes : resource;
}

unsigned action_route_flags(const struct action *action)
{
    static const unsigned pairs[][2] = {{ACTION_STEP_UP, ROUTE_STEP_UP},
                                        {ACTION_IN_PERSON, ROUTE_IN_PERSON},
                                        {ACTION_OUTSIDE, ROUTE_CALLS_OUT},
                                        {ACTION_SUSPENDED, ROUTE_SUSPENDED}};
    unsigned flags = 0;
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (action->flags & pairs[i][0])
            flags |= pairs[i][1];
    return flags;
}

/* As the route of the action says it: lib/access/access.c. */
static bool is_open_to(const struct cx *cx, const struct action *action)
{
    const struct session *me = cx->session;
    return !(action->flags & ACTION_IN_PERSON) ||
           (me->kind != SESSION_API_KEY && !me->impersonator_id);
}

bool action_may(const struct cx *cx, const struct resource *resource, const struct action *action)
{
    return is_open_to(cx, action) && resource_may(cx, resource, action_needs(resource, action));
}

bool action_check(struct cx *cx, const struct resource *resource, const struct action *action)
{
    const char *needs = action_needs(resource, action);
    if (!resource_may(cx, resource, needs))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", needs);
    if (!is_open_to(cx, action) && cx->session->kind == SESSION_API_KEY)
        return fail(cx, 403, "api_key_refused", "This is not open to API keys.");
    if (!is_open_to(cx, action))
        return fail(cx, 403, "impersonation_refused", "This is for the user alone.");
    return !(action->flags & ACTION_STEP_UP) || factor_step_up_check(cx);
}

const struct action *action_find_many(const struct resource *resource, const char *name)
{
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if (((*it)->flags & ACTION_MANY) && strcmp((*it)->name, name) == 0)
            return *it;
    return NULL;
}

/* ---- one record ---- */

/* The version that the caller asks for is that of the whole record. */
static bool check_version(struct cx *cx, const struct list_result *old)
{
    const char *header = cx->route->action ? request_header(&cx->request, "If-Match") : NULL;
    return !header || etag_listed(header, record_etag(cx, old)) || record_fail_version(cx);
}

static bool check_possible(struct cx *cx, const struct resource *resource,
                           const struct action *action, bool possible)
{
    if (possible)
        return true;
    if (action->refused.code)
        return fail(cx, 409, action->refused.code, "%s", action->refused.message);
    return fail(cx, 409, "action_not_possible", "This %s is not in a state for that.",
                resource->one);
}

/* run() may point the handle at the record's tenant: for itself alone. */
static bool call_run(struct cx *cx, const struct resource *resource, const struct action *action,
                     const struct list_result *old)
{
    struct db home = cx->db;
    if (action->event)
        cx->db.action = arena_printf(cx->arena, "%s.%s", event_word_of(resource), action->event);
    bool done = action->run(cx, old);
    memcpy(cx->db.tenant_id, home.tenant_id, sizeof home.tenant_id);
    cx->db.schema = home.schema;
    cx->db.action = home.action;
    return done;
}

/* The action may have taken the record away from this resource, which is no failure. */
static bool read_after(struct cx *cx, const struct resource *resource, const char *id,
                       struct list_result *out, bool *there)
{
    if (!record_look(cx, resource, id, &viewer_of_all, NULL, 0, out))
        return false;
    *there = rows_count(out->rows) == 1;
    return true;
}

static bool run_with(struct cx *cx, const struct resource *resource, const struct action *action,
                     const char *id, struct list_result *out, bool *there)
{
    const struct viewer viewer = viewer_with(cx, resource, action_needs(resource, action));
    struct list_result old;
    bool lock = !(action->flags & (ACTION_OUTSIDE | ACTION_UNLOCKED));
    if (!record_look(cx, resource, id, &viewer, action->when ? action->when : "true",
                     lock ? RECORD_LOCKED : 0, &old))
        return false;
    if (rows_count(old.rows) == 0)
        return record_explain_missing(cx, resource, id, &viewer) &&
               record_fail_missing(cx, resource);
    bool possible = rows_bool(old.rows, 0, rows_width(old.rows) - 1);
    return check_version(cx, &old) && check_possible(cx, resource, action, possible) &&
           call_run(cx, resource, action, &old) &&
           read_after(cx, action_home(resource, action), id, out, there);
}

bool action_run(struct cx *cx, const struct resource *resource, const struct action *action,
                const char *id, struct list_result *out, bool *there)
{
    *there = false;
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    if (action->flags & ACTION_OUTSIDE)
        return run_with(cx, resource, action, id, out, there);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return run_with(cx, resource, action, id, out, there) && (db_commit(&cx->db) || fail_db(cx));
}

bool action_run_on_list(struct cx *cx, const struct action *action)
{
    if (action->flags & ACTION_OUTSIDE)
        return call_run(cx, cx->route->about, action, NULL);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return call_run(cx, cx->route->about, action, NULL) && (db_commit(&cx->db) || fail_db(cx));
}

/* Done and taken back: what is read before is as it would be. */
static bool run_dry(struct cx *cx, const struct action *action, const char *id,
                    struct list_result *out, bool *there)
{
    int scope = db_scope(&cx->db);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    bool done = action_run(cx, cx->route->about, action, id, out, there);
    db_rollback_to(&cx->db, scope);
    return done;
}

/* ---- what is possible ---- */

bool action_find_possible(struct cx *cx, const struct resource *resource, const char *id,
                          bool possible[static ACTIONS_MAX])
{
    const struct viewer viewer = viewer_of(cx, resource, "read");
    struct list_result seen;
    struct buf conditions;
    int asked[ACTIONS_MAX], count = 0, failed = cx->failure.status; /* a form that was refused */
    buf_init(&conditions, cx->arena);
    for (int i = 0; i < ACTIONS_MAX && resource->actions && resource->actions[i]; i++) {
        const struct action *action = resource->actions[i];
        possible[i] = !(action->flags & ACTION_ON_LIST) && action_may(cx, resource, action);
        if (!possible[i] || !action->when)
            continue;
        buf_printf(&conditions, "%s(%s)", count ? "), (" : "", action->when);
        asked[count++] = i;
    }
    if (count == 0 && !resource->owner && !resource->personal)
        return true;
    if (!record_look(cx, resource, id, &viewer, count ? conditions.data : NULL, 0, &seen))
        return false;
    if (rows_count(seen.rows) == 0)
        return record_fail_missing(cx, resource);
    for (int i = 0; i < count; i++)
        possible[asked[i]] = rows_bool(seen.rows, 0, rows_width(seen.rows) - count + i);
    for (int i = 0; i < ACTIONS_MAX && resource->actions && resource->actions[i]; i++)
        possible[i] =
            possible[i] &&
            record_is_in_sight(cx, resource, &seen, action_needs(resource, resource->actions[i]));
    return cx->failure.status == failed;
}

/* ---- by API ---- */

static bool handle_on_list(struct cx *cx, const struct action *action)
{
    if (!action_run_on_list(cx, action))
        return false;
    if (!action->gives)
        return respond_nothing(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    given_write_json(cx, json, action->gives);
    json_close_object(json);
    return respond_end(cx);
}

bool action_handle(struct cx *cx)
{
    const struct action *action = cx->route->action;
    struct list_result record;
    bool there = false;
    if (action->flags & ACTION_ON_LIST)
        return handle_on_list(cx, action);
    bool dry = (action->flags & ACTION_SENDS) && input_bool(cx, ACTION_DRY_RUN, false);
    const char *id = cx_path(cx, "id");
    if (dry ? !run_dry(cx, action, id, &record, &there)
            : !action_run(cx, cx->route->about, action, id, &record, &there))
        return false;
    return there ? record_answer(cx, &record, 200) : respond_nothing(cx);
}
