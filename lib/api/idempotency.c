#include "api/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/input.h"

/* Nobody waits for a row here: a claim is a transaction of its own, and one that is being
 * answered is locked only for the moment of its commit. */
STATEMENT(idempotency_claim,
          "insert into idempotency_keys (tenant_id, actor_id, key, request_sha256, claim,\n"
          "                              lease_until)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5::uuid, now() + make_interval(secs => $6::int))\n"
          "on conflict (tenant_id, actor_id, key) do nothing\n"
          "returning 1",
          DB_WRITES);

/* One that nobody answered in time, or whose day is over. */
STATEMENT(idempotency_take_over,
          "with free as (\n"
          "    select id\n"
          "    from idempotency_keys\n"
          "    where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3\n"
          "    and ((status is null and lease_until < now())\n"
          "         or created_at < now() - interval '24 hours')\n"
          "    for update skip locked)\n"
          "update idempotency_keys k\n"
          "set request_sha256 = $4, claim = $5::uuid,\n"
          "    lease_until = now() + make_interval(secs => $6::int), status = null,\n"
          "    answer = null, content_type = null, location = null, etag = null,\n"
          "    created_at = now()\n"
          "from free\n"
          "where k.tenant_id = $1::uuid and k.id = free.id\n"
          "returning 1",
          DB_WRITES);

STATEMENT(idempotency_find,
          "select request_sha256, status, answer, content_type, location, etag, sealed,\n"
          "       ceil(extract(epoch from lease_until - now()))::int,\n"
          "       created_at < now() - interval '24 hours'\n"
          "from idempotency_keys\n"
          "where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3",
          0);

STATEMENT(idempotency_keep,
          "update idempotency_keys\n"
          "set status = $5::int, answer = $6, sealed = true, content_type = $7, location = $8,\n"
          "    etag = $9\n"
          "where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3\n"
          "and claim = $4::uuid and status is null\n"
          "returning 1",
          DB_WRITES);

STATEMENT(idempotency_release,
          "delete from idempotency_keys\n"
          "where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3\n"
          "and claim = $4::uuid and status is null",
          DB_WRITES);

enum {
    /* Seconds for which a claim is left alone. One whose work is in the transaction that stores
     * the answer may be taken over at any time, since only one of two can store it; of what
     * called out nobody may begin again while it can still be running. */
    LEASE_S = 10,
    SLACK_S = 30,
    /* How long a repeat waits for the first to be answered. */
    PATIENCE_US = 5000000,
    LOOK_FIRST_US = 10000,
    LOOK_MAX_US = 200000
};

static const char purpose[] = "idempotency answer";

struct repeat {
    struct cx *cx;
    struct db db; /* the key's own: the handler may enter another tenant, and has a transaction */
    const char *tenant_id, *actor_id, *key, *digest, *lease;
    bool calls_out;
    char claim[UUID_SIZE];
};

/* ---- whose key it is ---- */

/* Strangers have theirs together, at each tenant: the key and the body that go with an answer
 * are known to whoever sent both. */
static const char *actor_of(const struct cx *cx)
{
    static const char nobody[] = "00000000-0000-0000-0000-000000000000";
    return cx->session ? session_actor(cx->session) : nobody;
}

static const char *tenant_of(const struct cx *cx)
{
    if (cx->session)
        return cx->session->tenant_id;
    return cx->tenant ? cx->tenant->id : NULL;
}

static bool takes_key(const struct cx *cx)
{
    return cx->request.method == HTTP_POST && !(cx->route->flags & ROUTE_NOT_REPEATED) &&
           tenant_of(cx) && (cx->session || !cx->is_page);
}

/* Pages give a key with their forms, to those signed in alone. */
static const char *presented_key(const struct cx *cx)
{
    if (cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD)
        return NULL;
    const char *key = request_header(&cx->request, "Idempotency-Key");
    return key || !takes_key(cx) || !cx->session ? key : parameter_get(cx->request.form, "_once");
}

static bool key_is_valid(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            return false;
    return len >= 1 && len <= 255;
}

/* The same body sent to another address is another request. A body may hold a
 * password, so who reads the table must not be able to try which one fits: the
 * digest (BLAKE2b, RFC 7693) is keyed. */
static char *request_digest(struct cx *cx)
{
    unsigned char key[SECRET_BYTES], digest[32];
    char *hex = arena_alloc(cx->arena, 2 * sizeof digest + 1);
    const char *text =
        arena_printf(cx->arena, "%s %s?%s\n%s", method_name(cx->request.method), cx->request.path,
                     cx->request.query_string, cx->input ? cx->input->body_sha256 : "");
    secret_derive("idempotency", key);
    crypto_generichash(digest, sizeof digest, (const unsigned char *)text, strlen(text), key,
                       sizeof key);
    sodium_memzero(key, sizeof key);
    return sodium_bin2hex(hex, 2 * sizeof digest + 1, digest, sizeof digest);
}

static void repeat_init(struct repeat *repeat, struct cx *cx, const char *key)
{
    bool calls_out = (cx->route->flags & ROUTE_CALLS_OUT) != 0;
    int64_t outside_s = config_int(CONFIG_TULOU_DEADLINE_MS) / 1000 + SLACK_S;
    *repeat = (struct repeat){
        .cx = cx,
        .db = cx->db,
        .tenant_id = tenant_of(cx),
        .actor_id = actor_of(cx),
        .key = key,
        .digest = request_digest(cx),
        .calls_out = calls_out,
        .lease = arena_printf(cx->arena, "%d", calls_out ? (int)outside_s : LEASE_S),
    };
    uuid_new(repeat->claim);
}

/* ---- claiming, and the answer of the first ---- */

static bool repeat_fail_db(struct repeat *repeat)
{
    repeat->cx->db.error = repeat->db.error;
    return fail_db(repeat->cx);
}

/* 1: it is ours; 0: somebody has it; -1: the failure is set. */
static int repeat_try(struct repeat *repeat, const struct statement *statement)
{
    struct rows *rows = db_get(&repeat->db, statement, repeat->tenant_id, repeat->actor_id,
                               repeat->key, repeat->digest, repeat->claim, repeat->lease);
    if (!rows)
        repeat_fail_db(repeat);
    return !rows ? -1 : rows_count(rows) > 0;
}

static bool replay(struct cx *cx, const struct rows *rows)
{
    const char *answer = rows_text(rows, 0, 2);
    if (rows_bool(rows, 0, 6))
        answer = secret_open(cx->arena, purpose, answer);
    if (!answer)
        return fail(cx, 409, "idempotency_interrupted",
                    "The answer to the first request with this key cannot be read any more: look "
                    "what became of it.");
    cx->response.status = (int)rows_int(rows, 0, 1);
    cx->response.type = rows_text(rows, 0, 3);
    cx->response.no_body = *answer == '\0';
    buf_clear(&cx->response.body);
    buf_puts(&cx->response.body, answer);
    if (rows_text(rows, 0, 4))
        response_header_set(cx, "Location", rows_text(rows, 0, 4));
    if (rows_text(rows, 0, 5))
        response_header_set(cx, "ETag", rows_text(rows, 0, 5));
    response_header_set(cx, "Idempotency-Replayed", "true");
    return true;
}

static bool fail_in_progress(struct cx *cx, int64_t retry_s)
{
    response_header_set(
        cx, "Retry-After",
        arena_printf(cx->arena, "%lld", (long long)(retry_s > 0 && retry_s < 10 ? retry_s : 1)));
    return fail(cx, 409, "idempotency_in_progress",
                "The first request with this key is still running.");
}

/* What the row says: 1 it is ours now, 0 look again, -1 it is settled: the failure is set, or
 * *replayed. */
static int repeat_look(struct repeat *repeat, bool patient, bool *replayed)
{
    struct cx *cx = repeat->cx;
    struct rows *rows =
        db_get(&repeat->db, &idempotency_find, repeat->tenant_id, repeat->actor_id, repeat->key);
    if (!rows) {
        repeat_fail_db(repeat);
        return -1;
    }
    if (rows_count(rows) == 0) /* the first failed, and gave it back */
        return repeat_try(repeat, &idempotency_claim);
    if (rows_bool(rows, 0, 8))
        return repeat_try(repeat, &idempotency_take_over);
    if (strcmp(rows_text(rows, 0, 0), repeat->digest) != 0) {
        fail(cx, 422, "idempotency_key_reused",
             "This Idempotency-Key was used with another request.");
        return -1;
    }
    if (rows_text(rows, 0, 1)) {
        *replayed = replay(cx, rows);
        return -1;
    }
    int64_t left_s = rows_int(rows, 0, 7);
    if (left_s <= 0 && !repeat->calls_out)
        return repeat_try(repeat, &idempotency_take_over);
    if (left_s <= 0)
        fail(cx, 409, "idempotency_interrupted",
             "The first request with this key was cut off, and nobody knows how far it came: look "
             "what is there, and send it with another key if it is to be done again.");
    else if (repeat->calls_out || !patient)
        fail_in_progress(cx, left_s);
    return cx->failure.status ? -1 : 0;
}

/* true: the work is ours to do. Else the failure is set, or *replayed. */
static bool repeat_claim(struct repeat *repeat, bool *replayed)
{
    int mine = repeat_try(repeat, &idempotency_claim);
    int64_t until_us = clock_monotonic_us() + PATIENCE_US, pause_us = LOOK_FIRST_US;
    while (mine == 0) {
        mine = repeat_look(repeat, clock_monotonic_us() < until_us, replayed);
        if (mine == 0 && !wait_us(pause_us)) {
            fail_in_progress(repeat->cx, 1);
            mine = -1;
        }
        pause_us = pause_us * 2 < LOOK_MAX_US ? pause_us * 2 : LOOK_MAX_US;
    }
    return mine > 0;
}

/* ---- the work, and its answer ---- */

static const char *answered_header(const struct cx *cx, const char *name)
{
    for (const struct header *header = cx->response.headers; header; header = header->next)
        if (strcmp(header->name, name) == 0)
            return header->value;
    return NULL;
}

/* In the work's own transaction, if it has one: then both are stored or neither. */
static bool repeat_keep(struct repeat *repeat, struct db *db)
{
    struct cx *cx = repeat->cx;
    const char *status = arena_printf(cx->arena, "%d", cx->response.status);
    const char *text = arena_copy(cx->arena, cx->response.body.data, cx->response.body.len);
    struct rows *rows =
        db_get(db, &idempotency_keep, repeat->tenant_id, repeat->actor_id, repeat->key,
               repeat->claim, status, secret_seal(cx->arena, purpose, text), cx->response.type,
               answered_header(cx, "Location"), answered_header(cx, "ETag"));
    if (!rows) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    return rows_count(rows) == 1 || fail_in_progress(cx, 1);
}

/* Nothing was done, so that the same key may be sent again. Who cannot say so leaves it to the
 * lease. */
static void repeat_release(struct repeat *repeat)
{
    if (!db_get(&repeat->db, &idempotency_release, repeat->tenant_id, repeat->actor_id, repeat->key,
                repeat->claim))
        log_warn("an idempotency key was not given back", "detail", repeat->db.error.message);
}

static bool run_inside(struct repeat *repeat, handler *handle)
{
    struct cx *cx = repeat->cx;
    db_begin_around(&cx->db);
    int scope = db_scope(&cx->db);
    bool done = handle(cx);
    if (!done || cx->failure.status != 0) /* or a form shown again: nothing was done */
        return done;
    if (db_scope(&cx->db) != scope) {
        log_error("a handler left its transaction open", "path", cx->route->path);
        return fail(cx, 500, "internal", "Something went wrong on our side.");
    }
    memcpy(cx->db.tenant_id, repeat->db.tenant_id, sizeof cx->db.tenant_id);
    cx->db.schema = repeat->db.schema;
    return repeat_keep(repeat, &cx->db) && (db_commit(&cx->db) || fail_db(cx));
}

static bool run_outside(struct repeat *repeat, handler *handle)
{
    struct cx *cx = repeat->cx;
    bool done = handle(cx);
    if (!done || cx->failure.status != 0)
        return done;
    /* It has happened: that its answer is not kept takes nothing from it. */
    if (!repeat_keep(repeat, &repeat->db)) {
        log_warn("the answer to an idempotency key was not kept", "path", cx->route->path);
        cx->failure = (struct failure){.status = 0};
    }
    return true;
}

bool idempotency_run(struct cx *cx, handler *handle)
{
    struct repeat repeat;
    bool replayed = false;
    const char *key = presented_key(cx);
    if (!key)
        return handle(cx);
    if (!takes_key(cx))
        return fail(cx, 400, "idempotency_not_supported",
                    "This address keeps no Idempotency-Key: send the request without one.");
    if (!key_is_valid(key))
        return fail(cx, 400, "idempotency_key_invalid",
                    "An Idempotency-Key has 1 to 255 visible characters.");
    repeat_init(&repeat, cx, key);
    if (!repeat_claim(&repeat, &replayed))
        return replayed;
    bool done = repeat.calls_out ? run_outside(&repeat, handle) : run_inside(&repeat, handle);
    db_rollback_to(&cx->db, 0);
    if (!done || cx->failure.status != 0)
        repeat_release(&repeat);
    return done;
}
