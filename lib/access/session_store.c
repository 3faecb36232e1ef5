/* session_store: opening, rotating and revoking sessions. */
#include <sodium.h>
#include <string.h>

#include "access/event.h"
#include "access/internal.h"
#include "access/network.h"
#include "access/roles.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "access/token.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"

enum { TOKEN_BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

STATEMENT(
    session_insert,
    "insert into sessions (tenant_id, id, user_id, kind, token_hash, ip, user_agent, expires_at)\n"
    "values ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7, now() + make_interval(days => $8::int))",
    DB_WRITES);

STATEMENT(session_insert_as,
          "insert into sessions (tenant_id, id, user_id, kind, token_hash, ip, user_agent,\n"
          "                      expires_at, impersonator_id, impersonator_name, reason,\n"
          "                      parent_id)\n"
          "values ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7,\n"
          "        now() + make_interval(mins => $8::int), $9::uuid, $10, $11, $12::uuid)",
          DB_WRITES);

STATEMENT(session_user,
          "select u.email, u.name, s.must_enrol, u.must_change_password and not s.by_sso,\n"
          "       u.locale\n"
          "from users u\n"
          "join sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id\n"
          "where u.tenant_id = $1::uuid and u.id = $2::uuid and u.status = 'active'\n"
          "and s.id = $3::uuid",
          0);

/* Locks the session, so that of two uses of one token at once the second finds
 * it used. */
STATEMENT(session_by_refresh,
          "select id, user_id\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and token_hash = $2 and kind = 'token'\n"
          "and impersonator_id is null and revoked_at is null and expires_at > now()\n"
          "for update",
          0);

STATEMENT(session_rotate,
          "with old as (\n"
          "    insert into used_tokens (tenant_id, session_id, token_hash, network, user_agent)\n"
          "    values ($1::uuid, $2::uuid, $3, $6, $7)\n"
          ")\n"
          "update sessions\n"
          "set token_hash = $4, last_used_at = now(),\n"
          "    expires_at = now() + make_interval(days => $5::int)\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

/* The same client within ten seconds, whose successor nobody has used: its answer was
 * lost, or two of its windows asked at once. */
STATEMENT(session_by_used,
          "select u.session_id, s.user_id,\n"
          "       u.created_at > clock_timestamp() - interval '10 seconds'\n"
          "       and u.network = $4 and u.user_agent is not distinct from $5\n"
          "       and s.token_hash = $3 and s.revoked_at is null and s.expires_at > now()\n"
          "from used_tokens u\n"
          "join sessions s on s.tenant_id = u.tenant_id and s.id = u.session_id\n"
          "where u.tenant_id = $1::uuid and u.token_hash = $2",
          0);

/* Also by a token that was used up: whoever has it wants to be signed out. */
STATEMENT(session_of_refresh,
          "select s.id, s.user_id, u.name\n"
          "from sessions s\n"
          "join users u on u.tenant_id = s.tenant_id and u.id = s.user_id\n"
          "where s.tenant_id = $1::uuid and s.kind = 'token' and s.id in (\n"
          "    select n.id from sessions n where n.tenant_id = $1::uuid and n.token_hash = $2\n"
          "    union all\n"
          "    select o.session_id from used_tokens o\n"
          "    where o.tenant_id = $1::uuid and o.token_hash = $2)",
          0);

/* Both answer all that ended: also what was opened from it, in whichever tenant. */
STATEMENT(session_end, "select s from house.session_end($1::uuid, $2) s", DB_WRITES);

STATEMENT(session_end_user, "select s from house.sessions_end($1::uuid, $2::uuid, $3) s",
          DB_WRITES);

STATEMENT(sessions_ended,
          "select s from unnest(string_to_array(\n"
          "    nullif(current_setting('app.sessions_ended', true), ''), ',')) s",
          0);

static int64_t access_seconds(void)
{
    return config_int(CONFIG_TULOU_ACCESS_MINUTES) * 60;
}

static bool fail_with(struct cx *cx, const struct db *db)
{
    cx->db.error = db->error;
    return fail_db(cx);
}

/* How long a session lives without use: the tenant's setting, or everybody's. */
const char *session_days(struct cx *cx, const char *tenant_id)
{
    int64_t count = config_int(CONFIG_TULOU_SESSION_DAYS);
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    const char *set = tenant ? tenant_setting_of(cx, tenant, "security", "sessionDays") : NULL;
    if (set)
        text_to_int(set, 1, 90, &count);
    return arena_printf(cx->arena, "%lld", (long long)count);
}

/* The tenant stands in front, since at the bare domain a token must say where
 * it belongs. */
static char *new_secret(struct cx *cx, const char *tenant_id)
{
    return arena_printf(cx->arena, "%s.%s", tenant_id, text_random(cx->arena, 32));
}

/* A suspended tenant's owner may come in, to read, export and pay. */
static bool tenant_lets_in(struct cx *cx, const struct tenant *tenant, const struct rights *rights)
{
    if (tenant->status == TENANT_INACTIVE)
        return fail(cx, 403, "tenant_inactive", "This tenant is not active.");
    if (tenant->status == TENANT_SUSPENDED && !role_is_owner(rights->role))
        return fail(cx, 403, "tenant_suspended", "This tenant is suspended.");
    return true;
}

/* The time of issue is taken before the rights are read: a change that is
 * committed in between makes the token stale. */
static bool make_access(struct cx *cx, struct db *db, const char *user_id,
                        const struct impersonation *by, struct session_tokens *out)
{
    struct rights rights;
    int64_t now_us = clock_now_us(), seconds = access_seconds();
    if (by && by->minutes * 60 < seconds)
        seconds = by->minutes * 60;
    const struct tenant *tenant = tenant_by_id(cx, db->tenant_id);
    if (!tenant && cx->db.error.status != DB_OK)
        return fail_db(cx);
    struct rows *user = db_get(db, &session_user, db->tenant_id, user_id, out->session_id);
    if (!user || !rights_load(db, db->tenant_id, user_id, &rights))
        return fail_with(cx, db);
    if (!tenant || rows_count(user) == 0)
        return fail(cx, 401, "session_revoked", "This account may not sign in.");
    if (!tenant_lets_in(cx, tenant, &rights))
        return false;
    struct claims claims = {.user_id = user_id,
                            .email = rows_text(user, 0, 0),
                            .name = rows_text(user, 0, 1),
                            .locale = rows_text(user, 0, 4),
                            .role = rights.role,
                            .rank = rights.rank,
                            .tenant_id = db->tenant_id,
                            .session_id = out->session_id,
                            .is_operator = tenant->kind == TENANT_PLATFORM,
                            .must_enrol = rows_bool(user, 0, 2),
                            .must_change_password = !by && rows_bool(user, 0, 3),
                            .permissions = rights.permissions,
                            .issued_us = now_us,
                            .expires_at = now_us / 1000000 + seconds,
                            .impersonator_id = by ? by->operator_id : NULL,
                            .impersonator_name = by ? by->operator_name : NULL};
    out->access = token_sign(cx->arena, &claims);
    out->expires_in = seconds;
    return out->access || fail(cx, 503, "not_ready", "The keys are not there yet; try again.");
}

/* Who signs in from where the tenant does not let them in would only be
 * refused later, at each request. */
static bool network_lets_in(struct cx *cx, const char *tenant_id)
{
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    if (!tenant)
        return cx->db.error.status != DB_OK
                   ? fail_db(cx)
                   : fail(cx, 401, "session_revoked", "This account may not sign in.");
    return network_check(cx, tenant);
}

/* The secret goes out as what the kind of session is asked by. */
static void begin(struct cx *cx, const struct db *db, enum session_kind kind,
                  struct session_tokens *out, char hash[static 65])
{
    bool cookie = kind == SESSION_COOKIE;
    char *secret = cookie ? text_random(cx->arena, 32) : new_secret(cx, db->tenant_id);
    *out = (struct session_tokens){.refresh = cookie ? NULL : secret,
                                   .cookie = cookie ? secret : NULL};
    uuid_new(out->session_id);
    text_sha256(secret, strlen(secret), hash);
}

bool session_open(struct cx *cx, struct db *db, const char *user_id, enum session_kind kind,
                  struct session_tokens *out)
{
    char hash[65];
    if (!network_lets_in(cx, db->tenant_id))
        return false;
    begin(cx, db, kind, out, hash);
    if (!db_get(db, &session_insert, db->tenant_id, out->session_id, user_id,
                kind == SESSION_COOKIE ? "cookie" : "token", hash, cx->request.remote,
                request_header(&cx->request, "User-Agent"), session_days(cx, db->tenant_id)))
        return fail_with(cx, db);
    return kind == SESSION_COOKIE || make_access(cx, db, user_id, NULL, out);
}

bool session_open_as(struct cx *cx, struct db *db, const char *user_id, enum session_kind kind,
                     const struct impersonation *by, struct session_tokens *out)
{
    char hash[65];
    if (!network_lets_in(cx, platform_id))
        return false;
    begin(cx, db, kind, out, hash);
    if (!db_get(db, &session_insert_as, db->tenant_id, out->session_id, user_id,
                kind == SESSION_COOKIE ? "cookie" : "token", hash, cx->request.remote,
                request_header(&cx->request, "User-Agent"),
                arena_printf(cx->arena, "%d", by->minutes), by->operator_id, by->operator_name,
                by->reason, by->session_id))
        return fail_with(cx, db);
    out->refresh = NULL;
    return kind == SESSION_COOKIE || make_access(cx, db, user_id, by, out);
}

/* ---- rotation ---- */

/* What follows a refresh token: always the same, so that it can be told again although
 * only its hash is stored. */
static char *session_successor(struct cx *cx, const struct db *db, const char *refresh)
{
    unsigned char key[SECRET_BYTES], out[32];
    char *text = arena_alloc(cx->arena, sodium_base64_encoded_len(sizeof out, TOKEN_BASE64));
    secret_derive("refresh", key);
    crypto_generichash(out, sizeof out, (const unsigned char *)refresh, strlen(refresh), key,
                       sizeof key);
    sodium_memzero(key, sizeof key);
    sodium_bin2base64(text, sodium_base64_encoded_len(sizeof out, TOKEN_BASE64), out, sizeof out,
                      TOKEN_BASE64);
    return arena_printf(cx->arena, "%s.%s", db->tenant_id, text);
}

struct rotation {
    const char *refresh, *user_agent;
    char old[65], fresh[65], network[64]; /* hashes; where the client is */
};

/* A used token comes back: from the same client at once it is answered as before; else,
 * whoever has it, the family ends. */
static bool session_rotate_again(struct cx *cx, struct db *db, const struct rotation *it,
                                 struct session_tokens *out)
{
    struct rows *used = db_get(db, &session_by_used, db->tenant_id, it->old, it->fresh, it->network,
                               it->user_agent);
    if (!used)
        return fail_with(cx, db);
    if (rows_count(used) == 0)
        return fail(cx, 401, "refresh_token_invalid", "The refresh token is not valid.");
    if (rows_bool(used, 0, 2)) {
        memcpy(out->session_id, rows_text(used, 0, 0), UUID_SIZE);
        return make_access(cx, db, rows_text(used, 0, 1), NULL, out) &&
               (db_commit(db) || fail_with(cx, db));
    }
    if (!session_revoke(cx, db, rows_text(used, 0, 0), "refresh token used twice"))
        return false;
    if (!db_commit(db))
        return fail_with(cx, db);
    return fail(cx, 401, "refresh_token_reused", "This refresh token was used before: signed out.");
}

static bool rotate(struct cx *cx, struct db *db, const char *refresh, struct session_tokens *out)
{
    struct rotation it = {.user_agent = request_header(&cx->request, "User-Agent")};
    out->refresh = session_successor(cx, db, refresh);
    text_sha256(refresh, strlen(refresh), it.old);
    text_sha256(out->refresh, strlen(out->refresh), it.fresh);
    network_of(cx->request.remote, it.network, sizeof it.network);
    if (!db_begin(db))
        return fail_with(cx, db);
    struct rows *rows = db_get(db, &session_by_refresh, db->tenant_id, it.old);
    if (!rows)
        return fail_with(cx, db);
    if (rows_count(rows) == 0)
        return session_rotate_again(cx, db, &it, out);
    memcpy(out->session_id, rows_text(rows, 0, 0), UUID_SIZE);
    if (!db_get(db, &session_rotate, db->tenant_id, out->session_id, it.old, it.fresh,
                session_days(cx, db->tenant_id), it.network, it.user_agent))
        return fail_with(cx, db);
    return make_access(cx, db, rows_text(rows, 0, 1), NULL, out) &&
           (db_commit(db) || fail_with(cx, db));
}

/* The tenant of a refresh token, which stands in front of it; NULL with *refused false:
 * it is nobody's. At a tenant's host it must be the tenant's own. */
static const struct tenant *session_tenant_of(struct cx *cx, const char *refresh, bool *refused)
{
    char *tenant_id = arena_copy(cx->arena, refresh, strcspn(refresh, "."));
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    *refused = !tenant && cx->db.error.status != DB_OK;
    if (*refused)
        fail_db(cx);
    if (!tenant || cx->tenant->kind == TENANT_PLATFORM || strcmp(cx->tenant->id, tenant->id) == 0)
        return tenant;
    *refused = !fail(cx, 403, "tenant_mismatch", "Host and token name different tenants.");
    return NULL;
}

bool session_refresh(struct cx *cx, const char *refresh, struct session_tokens *out)
{
    struct db db;
    bool refused;
    *out = (struct session_tokens){.refresh = NULL};
    const struct tenant *tenant = session_tenant_of(cx, refresh, &refused);
    if (!tenant)
        return !refused &&
               fail(cx, 401, "refresh_token_invalid", "The refresh token is not valid.");
    if (!network_check(cx, tenant))
        return false;
    db_init(&db, cx->arena, DB_TENANT, tenant->id, tenant->schema);
    db_act_as(&db, "system", NULL, NULL, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    bool done = rotate(cx, &db, refresh, out);
    db_rollback(&db);
    return done;
}

bool session_revoke_refresh(struct cx *cx, const char *refresh)
{
    struct db db;
    char hash[65];
    bool refused;
    const struct tenant *tenant = session_tenant_of(cx, refresh, &refused);
    if (!tenant)
        return !refused;
    text_sha256(refresh, strlen(refresh), hash);
    db_init(&db, cx->arena, DB_TENANT, tenant->id, tenant->schema);
    struct rows *rows = db_get(&db, &session_of_refresh, tenant->id, hash);
    if (!rows)
        return fail_with(cx, &db);
    if (rows_count(rows) == 0)
        return true;
    db_act_as(&db, "user", rows_text(rows, 0, 1), rows_text(rows, 0, 2), cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    db.action = "session.ended";
    return session_revoke(cx, &db, rows_text(rows, 0, 0), "signed out");
}

/* ---- revoking ---- */

static int64_t revocation_seconds(void)
{
    return access_seconds() + 60;
}

/* What never comes back is void whenever its tokens say that they were issued: the clock
 * may be set back between the two. */
static void session_void_for_good(void *id)
{
    shared_revoke(id, clock_now_us() + revocation_seconds() * 1000000, revocation_seconds());
}

static void session_void_until_now(void *id)
{
    shared_revoke(id, clock_now_us(), revocation_seconds());
}

/* Not before the commit: a token that is issued meanwhile has what was before. */
static void revoke_with(struct db *db, void (*revoke)(void *id), const char *id)
{
    if (db)
        db_after_commit(db, revoke, arena_text(db->arena, id));
    else
        revoke((void *)id);
}

/* An operator's handle sees all tenants and may be set to none: then it is
 * about the operator's own. */
static const char *tenant_of(const struct cx *cx, const struct db *db)
{
    return *db->tenant_id || !cx->session ? db->tenant_id : cx->session->tenant_id;
}

static const char *action_of(const struct cx *cx, const struct db *db, const char *session_id)
{
    bool own = cx->session && strcmp(cx->session->id, session_id) == 0;
    bool named = db->action && strncmp(db->action, "session.", 8) == 0;
    return named ? db->action : own ? "session.ended" : "session.revoked";
}

static void session_revoke_rows(struct db *db, const struct rows *ended)
{
    for (size_t i = 0; i < rows_count(ended); i++)
        revoke_with(db, session_void_for_good, rows_text(ended, i, 0));
}

/* Together with the row of the log. NULL: it failed; no rows: there was nothing to end. */
static struct rows *end_and_tell(struct cx *cx, struct db *db, const char *session_id,
                                 const char *why)
{
    if (!db_begin(db))
        return NULL;
    struct rows *ended = db_get(db, &session_end, session_id, why);
    if (!ended ||
        (rows_count(ended) > 0 && !event_append(db, action_of(cx, db, session_id), session_id,
                                                arena_printf(cx->arena, "{\"why\": \"%s\"}", why))))
        return NULL;
    return db_commit(db) ? ended : NULL;
}

bool session_revoke(struct cx *cx, struct db *db, const char *session_id, const char *why)
{
    char home[UUID_SIZE];
    int scope = db_scope(db);
    memcpy(home, db->tenant_id, UUID_SIZE);
    memmove(db->tenant_id, tenant_of(cx, db), UUID_SIZE);
    struct rows *ended = end_and_tell(cx, db, session_id, why);
    memcpy(db->tenant_id, home, UUID_SIZE);
    if (ended)
        session_revoke_rows(db, ended);
    else
        db_rollback_to(db, scope);
    return ended || fail_with(cx, db);
}

bool session_revoke_user(struct cx *cx, struct db *db, const char *user_id, const char *keep,
                         const char *why)
{
    char home[UUID_SIZE];
    memcpy(home, db->tenant_id, UUID_SIZE);
    memmove(db->tenant_id, tenant_of(cx, db), UUID_SIZE);
    struct rows *ended = db_get(db, &session_end_user, user_id, keep, why);
    memcpy(db->tenant_id, home, UUID_SIZE);
    if (ended)
        session_revoke_rows(db, ended);
    return ended || fail_with(cx, db);
}

bool session_void_ended(struct cx *cx, struct db *db)
{
    struct rows *ended = db_get0(db, &sessions_ended);
    if (ended)
        session_revoke_rows(db, ended);
    return ended || fail_with(cx, db);
}

void session_rights_changed(struct db *db, const char *id)
{
    revoke_with(db, session_void_until_now, id);
}

void session_key_revoked(struct db *db, const char *id)
{
    revoke_with(db, session_void_for_good, id);
}
