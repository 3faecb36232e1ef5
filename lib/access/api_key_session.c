/* api_key_session: who asks by an API key.
 *
 * What the database says of a key is kept for a few seconds in the process, and
 * not even so long when the key, its maker or the whole tenant is known to have
 * lost something since (shared memory, which NOTIFY fills on other machines). */
#include <stdlib.h>
#include <string.h>

#include "access/api_key.h"
#include "access/factor.h"
#include "access/internal.h"
#include "access/network.h"
#include "access/permission.h"
#include "access/roles.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"

/* Times in microseconds since 1970. */
STATEMENT(api_key_find,
          "select k.id, k.key_hash, k.name, k.permissions,\n"
          "       (select string_agg(n, ',') from jsonb_array_elements_text(k.networks) n),\n"
          "       (extract(epoch from k.expires_at) * 1000000)::bigint,\n"
          "       k.revoked_at is null and u.status = 'active', u.id, u.email,\n"
          "       k.last_used_at is null or k.last_used_at < now() - interval '1 minute',\n"
          "       u.must_change_password and u.password_hash is not null,\n"
          "       house.mfa_needed_here(u.id) and not " HAS_FACTOR(
              "u.tenant_id",
              "u.id") "\n"
                      "from api_keys k\n"
                      "join users u on u.tenant_id = k.tenant_id and u.id = k.created_by\n"
                      "where k.tenant_id = $1::uuid and k.key_hash = $2",
          0);
enum {
    ID,
    HASH,
    NAME,
    PERMISSIONS,
    NETWORKS,
    EXPIRES,
    GOOD,
    MAKER,
    EMAIL_OF_MAKER,
    UNNOTED,
    MUST_CHANGE,
    MUST_ENROL
};

/* Written at most once a minute, whoever of several is first. */
STATEMENT(api_key_touch,
          "update api_keys\n"
          "set last_used_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "and (last_used_at is null or last_used_at < now() - interval '1 minute')",
          DB_WRITES);

enum { CACHED = 256 };

static const int64_t fresh_us = 5000000;

/* One answer of the look-up, shared by the requests that hold it; all that it
 * points to lies in its arena. */
struct cached {
    struct arena *arena;
    struct session session;
    const char *hash, *networks; /* networks NULL: all */
    int64_t expires_us;          /* 0: never */
    int64_t read_us;             /* wall clock before it was read, for revocations */
    int64_t loaded_us;           /* monotonic */
    bool good;                   /* neither revoked nor of somebody who may not sign in */
    unsigned holders;
};

static struct cached *cache[CACHED];

static void release(void *arg)
{
    struct cached *cached = arg;
    if (--cached->holders > 0)
        return;
    arena_free(cached->arena);
    free(cached);
}

static struct cached **slot_of(const char *hash)
{
    char digits[5] = {hash[0], hash[1], hash[2], hash[3], '\0'};
    return &cache[strtoul(digits, NULL, 16) % CACHED];
}

static bool is_fresh(const struct cached *cached)
{
    const struct session *session = &cached->session;
    return clock_monotonic_us() - cached->loaded_us < fresh_us &&
           !shared_revoked(session->id, cached->read_us) &&
           !shared_revoked(session->user_id, cached->read_us) &&
           !shared_revoked(session->tenant_id, cached->read_us);
}

/* What the key was given, as far as its maker still has it. The rank is the
 * maker's, but the key has no role: what asks for one is not for programs. */
static bool fill(struct cached *cached, struct db *db, const struct rows *rows, bool is_operator)
{
    struct rights rights;
    struct session *session = &cached->session;
    cached->hash = rows_text(rows, 0, HASH);
    cached->networks = rows_text(rows, 0, NETWORKS);
    cached->expires_us = rows_int(rows, 0, EXPIRES);
    cached->good = rows_bool(rows, 0, GOOD);
    *session = (struct session){.kind = SESSION_API_KEY,
                                .email = rows_text(rows, 0, EMAIL_OF_MAKER),
                                .name = rows_text(rows, 0, NAME),
                                .role = "",
                                .must_change_password = rows_bool(rows, 0, MUST_CHANGE),
                                .must_enrol = rows_bool(rows, 0, MUST_ENROL),
                                .is_operator = is_operator};
    memcpy(session->id, rows_text(rows, 0, ID), UUID_SIZE);
    memcpy(session->user_id, rows_text(rows, 0, MAKER), UUID_SIZE);
    memcpy(session->tenant_id, db->tenant_id, UUID_SIZE);
    if (!rights_load(db, session->tenant_id, session->user_id, &rights))
        return false;
    struct permissions given = permissions_read(db->arena, rows_text(rows, 0, PERMISSIONS));
    session->permissions = permissions_meet(db->arena, &given, &rights.permissions);
    session->rank = rights.rank;
    return true;
}

static void touch(struct db *db, const struct cached *cached)
{
    bool expired = cached->expires_us && cached->expires_us <= clock_now_us();
    if (cached->good && !expired)
        db_get(db, &api_key_touch, cached->session.tenant_id, cached->session.id);
}

static struct cached *new_cached(void)
{
    struct cached *cached = calloc(1, sizeof *cached);
    if (!cached)
        log_out_of_memory();
    cached->arena = arena_new();
    cached->holders = 1;
    cached->read_us = clock_now_us();
    cached->loaded_us = clock_monotonic_us();
    return cached;
}

/* NULL with the failure set: there is none, or the database is away. WAITS. */
static struct cached *load(struct cx *cx, const struct api_key *key)
{
    struct db db;
    struct cached *cached = new_cached();
    db_init(&db, cached->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    struct rows *rows = db_get(&db, &api_key_find, cx->tenant->id, key->hash);
    bool found = rows && rows_count(rows) == 1;
    if (found && fill(cached, &db, rows, cx->tenant->kind == TENANT_PLATFORM)) {
        if (rows_bool(rows, 0, UNNOTED))
            touch(&db, cached);
        return cached;
    }
    if (rows && !found) {
        fail(cx, 401, "api_key_unknown", "This API key is not known.");
    } else {
        cx->db.error.status = db.error.status; /* its texts end with the arena */
        fail_db(cx);
    }
    release(cached);
    return NULL;
}

/* Held until the request ends. */
static const struct cached *look_up(struct cx *cx, const struct api_key *key)
{
    struct cached **slot = slot_of(key->hash);
    if (!*slot || !text_equal_secret((*slot)->hash, key->hash) || !is_fresh(*slot)) {
        struct cached *loaded = load(cx, key);
        if (!loaded)
            return NULL;
        if (*slot)
            release(*slot);
        *slot = loaded;
    }
    (*slot)->holders++;
    arena_defer(cx->arena, release, *slot);
    return *slot;
}

bool session_from_key(struct cx *cx, const struct api_key *key)
{
    const struct cached *cached = look_up(cx, key);
    if (!cached)
        return false;
    if (!cached->good)
        return fail(cx, 401, "api_key_revoked", "This API key was revoked.");
    if (cached->expires_us && cached->expires_us <= clock_now_us())
        return fail(cx, 401, "api_key_expired", "This API key has expired.");
    if (cached->networks && !network_holds(cached->networks, cx->request.remote))
        return fail(cx, 403, "network_denied", "This API key may not be used from this network.");
    cx->session = &cached->session;
    return true;
}
