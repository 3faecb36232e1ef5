/* passkey_options: what a browser is asked, as WebAuthn's JSON (section 5.1). */
#include <fido/param.h>
#include <fido/types.h>
#include <sodium.h>
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "passkeys.h"

STATEMENT(
    passkey_challenge_insert,
    "insert into passkey_challenges (tenant_id, user_id, purpose, challenge_hash, expires_at)\n"
    "values ($1::uuid, $2::uuid, $3, $4, now() + interval '10 minutes')",
    DB_WRITES | DB_ON_PLATFORM);

STATEMENT(passkey_ids,
          "select credential_id\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and kind = 'passkey'\n"
          "and rp_id = $3 and confirmed_at is not null\n"
          "order by id\n"
          "limit 20",
          DB_ON_PLATFORM);

static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

static void platform(struct cx *cx, struct db *db, const char *tenant_id)
{
    db_init(db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
}

static bool failed(struct cx *cx, const struct db *db)
{
    cx->db.error = db->error;
    return fail_db(cx);
}

/* Challenge and time, as both kinds have them. */
static json_object *begin(struct cx *cx, const char *purpose, const char *tenant_id,
                          const char *user_id)
{
    char hash[65];
    struct db db;
    char *challenge = text_random(cx->arena, 32);
    text_sha256(challenge, strlen(challenge), hash);
    platform(cx, &db, tenant_id);
    if (!db_get(&db, &passkey_challenge_insert, tenant_id, user_id, purpose, hash)) {
        failed(cx, &db);
        return NULL;
    }
    json_object *options = page_object(cx);
    page_set(options, "challenge", challenge);
    page_set_int(options, "timeout", 300000);
    return options;
}

static bool add_ids(struct cx *cx, json_object *options, const char *key, const char *tenant_id,
                    const char *user_id)
{
    struct db db;
    json_object *list = page_list(options, key);
    if (!user_id)
        return true;
    platform(cx, &db, tenant_id);
    struct rows *rows = db_get(&db, &passkey_ids, tenant_id, user_id, cx->request.host);
    if (!rows)
        return failed(cx, &db);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "type", "public-key");
        page_set(item, "id", rows_text(rows, i, 0));
    }
    return true;
}

/* Not to be told apart from outside: the user's id, encoded. */
static void add_user(struct cx *cx, json_object *options)
{
    const struct session *me = cx->session;
    char id[64];
    sodium_bin2base64(id, sizeof id, (const unsigned char *)me->user_id, strlen(me->user_id),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    json_object *user = page_add(options, "user");
    page_set(user, "id", id);
    page_set(user, "name", me->email);
    page_set(user, "displayName", me->name);
}

json_object *passkey_creation_options(struct cx *cx)
{
    const struct session *me = cx->session;
    json_object *options = begin(cx, "register", me->tenant_id, me->user_id);
    if (!options || !add_ids(cx, options, "excludeCredentials", me->tenant_id, me->user_id))
        return NULL;
    json_object *rp = page_add(options, "rp"), *kinds = page_list(options, "pubKeyCredParams");
    page_set(rp, "id", cx->request.host);
    page_set(rp, "name", cx->tenant->branding.name);
    add_user(cx, options);
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        json_object *kind = page_item(kinds);
        page_set(kind, "type", "public-key");
        page_set_int(kind, "alg", algorithms[i]);
    }
    json_object *selection = page_add(options, "authenticatorSelection");
    page_set(selection, "residentKey", "preferred");
    page_set(selection, "userVerification", "preferred");
    page_set(options, "attestation", "none");
    return options;
}

json_object *passkey_request_options(struct cx *cx, const char *purpose, const char *tenant_id,
                                     const char *user_id)
{
    json_object *options = begin(cx, purpose, tenant_id, user_id);
    if (!options || !add_ids(cx, options, "allowCredentials", tenant_id, user_id))
        return NULL;
    page_set(options, "rpId", cx->request.host);
    page_set(options, "userVerification",
             strcmp(purpose, "sign_in") == 0 ? "required" : "preferred");
    return options;
}
