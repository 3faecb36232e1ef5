#include "access/access.h"

#include <string.h>

#include "access/internal.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "access/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(access_keys,
          "select id from signing_keys where retired_at is null order by created_at, id", 0);
STATEMENT(access_revocations,
          "select id, (extract(epoch from revoked_at) * 1000000)::bigint\n"
          "from house.recent_revocations($1::int)",
          0);

/* ---- the steps of a request ---- */

static bool needs_session(const struct cx *cx)
{
    return cx->route->access.level != ACCESS_PUBLIC;
}

/* On public pages a bad or old session is no session; elsewhere it is refused. */
static bool identify(struct cx *cx)
{
    struct claims claims = {.user_id = NULL};
    bool presented = false, wanted = needs_session(cx) || cx->is_page;
    if (wanted && !session_read_bearer(cx, &claims, &presented)) {
        if (needs_session(cx))
            return false;
        cx->failure = (struct failure){.status = 0};
        presented = false;
    }
    if (!tenant_resolve(cx, presented ? claims.tenant_id : NULL))
        return false;
    if (!wanted)
        return true;
    if (presented ? session_from_claims(cx, &claims) : session_from_cookie(cx))
        return true;
    if (needs_session(cx) || cx->failure.status == 503)
        return false;
    cx->failure = (struct failure){.status = 0};
    return true;
}

static bool is_owner(const struct session *session)
{
    return session &&
           (text_equal(session->role, "owner") || text_equal(session->role, "reseller_admin"));
}

static bool is_reading(const struct cx *cx)
{
    return cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD;
}

/* A suspended tenant is read-only, for its owner alone. */
static bool check_status(struct cx *cx)
{
    enum tenant_status status = cx->tenant->status;
    if (status == TENANT_TRIAL || status == TENANT_ACTIVE || !needs_session(cx))
        return true;
    bool open = is_reading(cx) || (cx->route->flags & ROUTE_SUSPENDED);
    if (status == TENANT_SUSPENDED && is_owner(cx->session) && open)
        return true;
    return fail(cx, 403, status == TENANT_SUSPENDED ? "tenant_suspended" : "tenant_inactive",
                "This tenant is %s.", status == TENANT_SUSPENDED ? "suspended" : "not active");
}

static bool check_level(struct cx *cx)
{
    const struct access *access = &cx->route->access;
    if (access->level == ACCESS_PUBLIC)
        return true;
    if (!cx->session) {
        response_header_set(cx, "WWW-Authenticate", "Bearer");
        return fail(cx, 401, "not_signed_in", "Sign in first.");
    }
    if (access->scope == SCOPE_PLATFORM && !cx->session->is_operator)
        return fail(cx, 403, "wrong_audience", "This is for operators of the platform.");
    if (access->level == ACCESS_ROLE && !text_equal(cx->session->role, access->needs))
        return fail(cx, 403, "role_missing", "This needs the role %s.", access->needs);
    if (access->level == ACCESS_PERMISSION &&
        !permissions_allow(&cx->session->permissions, access->needs))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", access->needs);
    return true;
}

static void point_database(struct cx *cx)
{
    enum scope scope = cx->route->access.scope;
    bool operator= cx->session && cx->session->is_operator;
    if (scope == SCOPE_PLATFORM || (scope == SCOPE_EITHER && operator))
        db_init(&cx->db, cx->arena, DB_PLATFORM, NULL, "everyone");
    else
        db_init(&cx->db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    if (cx->session)
        db_act_as(&cx->db, "user", cx->session->user_id, cx->session->name, cx->request.remote,
                  request_header(&cx->request, "User-Agent"), cx->request_id);
    else
        db_act_as(&cx->db, "system", NULL, NULL, cx->request.remote,
                  request_header(&cx->request, "User-Agent"), cx->request_id);
}

static bool must_change_first(struct cx *cx)
{
    if (!cx->is_page || !cx->session || !cx->session->must_change_password || !needs_session(cx))
        return false;
    return !text_starts(cx->route->path, "/account") && !text_equal(cx->route->path, "/logout");
}

bool access_check(struct cx *cx)
{
    if (!identify(cx))
        return false;
    point_database(cx);
    if (!limit_check(cx) || !check_level(cx) || !check_status(cx) || !csrf_check(cx))
        return false;
    if (must_change_first(cx))
        return fail(cx, 403, "password_change_required", "Choose a password of your own first.");
    return true;
}

/* ---- the start of a worker ---- */

static void heard_tenant(void *arg, const char *id)
{
    (void)arg;
    shared_generation_bump(id ? id : "*"); /* NULL: something may have been missed */
}

static void heard_revocation(void *arg, const char *id)
{
    (void)arg;
    if (id && !shared_revoked(id, clock_now_us() - 1000000))
        shared_revoke(id, clock_now_us(), config_int(CONFIG_TULOU_ACCESS_MINUTES) * 60 + 60);
}

static bool read_keys(struct db *db)
{
    const char *ids[8];
    struct rows *rows = db_get0(db, &access_keys);
    if (!rows)
        return false;
    size_t count = rows_count(rows), first = count > COUNT(ids) ? count - COUNT(ids) : 0;
    for (size_t i = first; i < count; i++)
        ids[i - first] = rows_text(rows, i, 0);
    token_set_keys(ids, (int)(count - first));
    return true;
}

static bool read_revocations(struct db *db)
{
    const char *minutes =
        arena_printf(db->arena, "%lld", (long long)config_int(CONFIG_TULOU_ACCESS_MINUTES));
    struct rows *rows = db_get(db, &access_revocations, minutes);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        shared_revoke(rows_text(rows, i, 0), rows_int(rows, i, 1),
                      config_int(CONFIG_TULOU_ACCESS_MINUTES) * 60 + 60);
    return rows != NULL;
}

/* Keys may be added while we run (rotation): read again now and then, and until
 * the database is there at all. */
static void keep_keys(void *unused)
{
    (void)unused;
    coroutine_background();
    struct arena *arena = arena_new();
    bool revocations = false;
    for (;;) {
        struct db db;
        db_init(&db, arena, DB_TENANT, NULL, "shared");
        bool read = read_keys(&db);
        revocations = revocations || read_revocations(&db);
        arena_reset(arena);
        if (!wait_us(read ? 60000000 : 500000))
            break;
    }
    arena_free(arena);
}

bool access_start(void)
{
    struct arena *arena = arena_new();
    bool opened = shared_open(arena_printf(arena, "%s/run/shared", config_text(CONFIG_TULOU_VAR)));
    arena_free(arena);
    if (!opened)
        return false;
    db_listen("tenant_changed", heard_tenant, NULL);
    db_listen("session_revoked", heard_revocation, NULL);
    return coroutine_start(keep_keys, NULL);
}
