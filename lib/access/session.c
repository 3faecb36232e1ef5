/* session: who asks. */
#include "access/session.h"

#include <string.h>

#include "access/internal.h"
#include "access/roles.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(session_by_cookie,
          "select s.id, s.user_id, u.email, u.name, u.must_change_password and not s.by_sso,\n"
          "       s.last_used_at < now() - interval '5 minutes', s.impersonator_id,\n"
          "       s.impersonator_name, s.expires_at, s.must_enrol,\n"
          "       not s.by_sso and s.impersonator_id is null and exists (\n"
          "               select from account_links l\n"
          "               where l.tenant_id = s.tenant_id and l.user_id = s.user_id),\n"
          "       u.locale\n"
          "from sessions s\n"
          "join users u on u.tenant_id = s.tenant_id and u.id = s.user_id\n"
          "where s.tenant_id = $1::uuid and s.token_hash = $2 and s.kind = 'cookie'\n"
          "and s.revoked_at is null and s.expires_at > now() and u.status = 'active'",
          0);

STATEMENT(session_touch,
          "update sessions\n"
          "set last_used_at = now(),\n"
          "    expires_at = case when impersonator_id is null\n"
          "                      then now() + make_interval(days => $3::int) else expires_at end\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

/* A key that no tenant has made is unknown, not its tenant. */
static bool read_key(struct cx *cx, const char *text, struct bearer *out)
{
    out->is_key = true;
    if (!api_key_parse(text, &out->key))
        return fail(cx, 401, "api_key_malformed", "This is no API key: a part of it is missing?");
    if (!tenant_by_id(cx, out->key.tenant_id))
        return cx->db.error.status != DB_OK
                   ? fail_db(cx)
                   : fail(cx, 401, "api_key_unknown", "This API key is not known.");
    out->tenant_id = out->key.tenant_id;
    return true;
}

static bool read_token(struct cx *cx, const char *text, struct bearer *out)
{
    const char *problem = token_verify(cx->arena, text, &out->claims);
    out->tenant_id = problem ? NULL : out->claims.tenant_id;
    if (!problem)
        return true;
    if (!token_ready()) {
        response_header_set(cx, "Retry-After", "2");
        return fail(cx, 503, "not_ready", "The keys are not there yet; try again.");
    }
    return fail(cx, 401, problem, "The access token is not valid.");
}

bool session_read_bearer(struct cx *cx, struct bearer *out)
{
    const char *header = request_header(&cx->request, "Authorization");
    *out = (struct bearer){.presented = header != NULL};
    if (!header)
        return true;
    if (strncasecmp(header, "Bearer ", 7) != 0)
        return fail(cx, 401, "token_malformed", "Send a bearer token.");
    return api_key_is_meant(header + 7) ? read_key(cx, header + 7, out)
                                        : read_token(cx, header + 7, out);
}

static bool from_claims(struct cx *cx, const struct claims *claims)
{
    if (!claims->session_id || !claims->user_id || !claims->tenant_id)
        return fail(cx, 401, "token_malformed", "The access token is not valid.");
    if (shared_revoked(claims->session_id, claims->issued_us))
        return fail(cx, 401, "session_revoked", "This session was signed out.");
    if (shared_revoked(claims->user_id, claims->issued_us) ||
        shared_revoked(claims->tenant_id, claims->issued_us) ||
        (claims->impersonator_id && shared_revoked(claims->impersonator_id, claims->issued_us)))
        return fail(cx, 401, "token_stale", "Rights have changed: refresh the token.");
    if (claims->is_operator != (cx->tenant->kind == TENANT_PLATFORM))
        return fail(cx, 401, "token_audience", "This token is for another audience.");
    struct session *session = arena_alloc(cx->arena, sizeof *session);
    *session = (struct session){.kind = SESSION_TOKEN,
                                .email = claims->email,
                                .name = claims->name,
                                .locale = claims->locale,
                                .role = claims->role,
                                .rank = claims->rank,
                                .is_operator = claims->is_operator,
                                .must_enrol = claims->must_enrol,
                                .must_change_password = claims->must_change_password,
                                .permissions = claims->permissions,
                                .impersonator_id = claims->impersonator_id,
                                .impersonator_name = claims->impersonator_name};
    memcpy(session->id, claims->session_id, UUID_SIZE);
    memcpy(session->user_id, claims->user_id, UUID_SIZE);
    memcpy(session->tenant_id, claims->tenant_id, UUID_SIZE);
    cx->session = session;
    return true;
}

static bool load_rights(struct cx *cx, struct db *db, struct session *session)
{
    struct rights rights;
    if (!rights_load(db, session->tenant_id, session->user_id, &rights)) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    session->permissions = rights.permissions;
    session->role = rights.role;
    session->rank = rights.rank;
    return true;
}

/* Sessions in use live on; written at most every few minutes. */
static void touch(struct cx *cx, struct db *db, const struct session *session)
{
    db_get(db, &session_touch, session->tenant_id, session->id,
           session_days(cx, session->tenant_id));
}

/* A password of their own is the user's business. */
static void take_operator(struct session *session, const struct rows *rows)
{
    session->impersonator_id = rows_text(rows, 0, 6);
    if (!session->impersonator_id)
        return;
    session->impersonator_name = rows_text(rows, 0, 7);
    session->ends_at = rows_text(rows, 0, 8);
    session->must_change_password = false;
}

bool session_from_cookie(struct cx *cx)
{
    char hash[65];
    struct db db;
    const char *value = request_cookie(&cx->request, cookie_name(cx, "tulou_session"));
    if (!value || !*value)
        return true;
    text_sha256(value, strlen(value), hash);
    db_init(&db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    struct rows *rows = db_get(&db, &session_by_cookie, cx->tenant->id, hash);
    if (!rows) {
        cx->db.error = db.error;
        return fail_db(cx);
    }
    if (rows_count(rows) == 0)
        return true; /* an old cookie is nobody's */
    struct session *session = arena_alloc(cx->arena, sizeof *session);
    *session = (struct session){.kind = SESSION_COOKIE,
                                .email = rows_text(rows, 0, 2),
                                .name = rows_text(rows, 0, 3),
                                .locale = rows_text(rows, 0, 11),
                                .is_operator = cx->tenant->kind == TENANT_PLATFORM,
                                .must_change_password = rows_bool(rows, 0, 4),
                                .must_enrol = rows_bool(rows, 0, 9),
                                .is_linked = rows_bool(rows, 0, 10)};
    memcpy(session->id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(session->user_id, rows_text(rows, 0, 1), UUID_SIZE);
    memcpy(session->tenant_id, cx->tenant->id, UUID_SIZE);
    take_operator(session, rows);
    if (!load_rights(cx, &db, session))
        return false;
    if (rows_bool(rows, 0, 5))
        touch(cx, &db, session);
    session->csrf = csrf_token(cx, session->id);
    cx->session = session;
    return true;
}

bool session_from_bearer(struct cx *cx, const struct bearer *bearer)
{
    return bearer->is_key ? session_from_key(cx, &bearer->key) : from_claims(cx, &bearer->claims);
}

const char *session_actor(const struct session *session)
{
    return session->kind == SESSION_API_KEY ? session->id : session->user_id;
}

const char *session_actor_name(struct cx *cx, const struct session *session)
{
    if (!session->impersonator_id)
        return session->name;
    return arena_printf(cx->arena, "%s as %s", session->impersonator_name, session->name);
}
