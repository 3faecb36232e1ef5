#include "api/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/secret.h"
#include "http/cx.h"
#include "resource/input.h"

STATEMENT(idempotency_claim,
          "insert into idempotency_keys (tenant_id, actor_id, key, request_sha256)\n"
          "values ($1::uuid, $2::uuid, $3, $4)\n"
          "on conflict (tenant_id, actor_id, key) do update\n"
          "set request_sha256 = excluded.request_sha256, status = null, answer = null,\n"
          "    content_type = null, location = null, etag = null, created_at = now()\n"
          "where idempotency_keys.created_at < now() - interval '24 hours'\n"
          "returning 1",
          DB_WRITES);

STATEMENT(idempotency_find,
          "select request_sha256, status, answer, content_type, location, etag\n"
          "from idempotency_keys\n"
          "where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3",
          0);

STATEMENT(idempotency_keep,
          "update idempotency_keys\n"
          "set status = $4::int, answer = $5, content_type = $6, location = $7, etag = $8\n"
          "where tenant_id = $1::uuid and actor_id = $2::uuid and key = $3",
          DB_WRITES);

/* Whose key it is. Strangers have theirs together, at each tenant: the key and the
 * body that go with an answer are known to whoever sent both. */
struct owner {
    const char *tenant_id, *actor_id;
};

static struct owner owner_of(const struct cx *cx)
{
    static const char nobody[] = "00000000-0000-0000-0000-000000000000";
    if (cx->session)
        return (struct owner){cx->session->tenant_id, session_actor(cx->session)};
    return (struct owner){cx->tenant ? cx->tenant->id : NULL, nobody};
}

/* Pages give a key with their forms, to those signed in alone. */
static const char *presented_key(const struct cx *cx)
{
    if (cx->request.method != HTTP_POST || (cx->route->flags & ROUTE_NOT_REPEATED) ||
        !owner_of(cx).tenant_id || (!cx->session && cx->is_page))
        return NULL;
    const char *key = request_header(&cx->request, "Idempotency-Key");
    return key || !cx->session ? key : parameter_get(cx->request.form, "_once");
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

static bool replay(struct cx *cx, struct owner owner, const char *key, const char *digest)
{
    struct rows *rows = db_get(&cx->db, &idempotency_find, owner.tenant_id, owner.actor_id, key);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0 || !rows_text(rows, 0, 1))
        return fail(cx, 409, "idempotency_in_progress",
                    "The first request with this key is still running.");
    if (strcmp(rows_text(rows, 0, 0), digest) != 0)
        return fail(cx, 422, "idempotency_key_reused",
                    "This Idempotency-Key was used with another request.");
    cx->response.status = (int)rows_int(rows, 0, 1);
    cx->response.type = rows_text(rows, 0, 3);
    cx->response.no_body = rows_length(rows, 0, 2) == 0;
    buf_clear(&cx->response.body);
    buf_add(&cx->response.body, rows_text(rows, 0, 2), rows_length(rows, 0, 2));
    if (rows_text(rows, 0, 4))
        response_header_set(cx, "Location", rows_text(rows, 0, 4));
    if (rows_text(rows, 0, 5))
        response_header_set(cx, "ETag", rows_text(rows, 0, 5));
    response_header_set(cx, "Idempotency-Replayed", "true");
    return true;
}

static const char *answered_header(const struct cx *cx, const char *name)
{
    for (const struct header *header = cx->response.headers; header; header = header->next)
        if (strcmp(header->name, name) == 0)
            return header->value;
    return NULL;
}

static bool keep_answer(struct cx *cx, struct owner owner, const char *key)
{
    const char *status = arena_printf(cx->arena, "%d", cx->response.status);
    const char *answer = arena_copy(cx->arena, cx->response.body.data, cx->response.body.len);
    return db_get(&cx->db, &idempotency_keep, owner.tenant_id, owner.actor_id, key, status, answer,
                  cx->response.type, answered_header(cx, "Location"),
                  answered_header(cx, "ETag")) ||
           fail_db(cx);
}

/* The handler may have entered another tenant; the key's row is its owner's. */
static void return_home(struct cx *cx, const struct db *home)
{
    memcpy(cx->db.tenant_id, home->tenant_id, sizeof cx->db.tenant_id);
    cx->db.schema = home->schema;
}

bool idempotency_run(struct cx *cx, handler *handle)
{
    const char *key = presented_key(cx);
    if (!key)
        return handle(cx);
    if (!key_is_valid(key))
        return fail(cx, 400, "idempotency_key_invalid",
                    "An Idempotency-Key has 1 to 255 visible characters.");
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct db home = cx->db;
    struct owner owner = owner_of(cx);
    const char *digest = request_digest(cx);
    struct rows *claimed =
        db_get(&cx->db, &idempotency_claim, owner.tenant_id, owner.actor_id, key, digest);
    if (!claimed)
        return fail_db(cx);
    if (rows_count(claimed) == 0)
        return replay(cx, owner, key, digest);
    if (!handle(cx))
        return false;
    if (cx->failure.status != 0) /* a form shown again: nothing was done, nothing is kept */
        return true;
    return_home(cx, &home);
    if (!keep_answer(cx, owner, key))
        return false;
    return db_commit(&cx->db) || fail_db(cx);
}
