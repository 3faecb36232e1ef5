/* passkeys: registering them, and proving by them. */
#include "passkeys.h"

#include <string.h>

#include "access/factor.h"
#include "access/passkey.h"
#include "access/session.h"
#include "access/tenant.h"
#include "account/factors.h"
#include "base/text.h"
#include "http/cx.h"
#include "second_step.h"

/* Whoever deletes it has it: a challenge is good once. */
STATEMENT(passkey_challenge_use,
          "delete from passkey_challenges\n"
          "where tenant_id = $1::uuid and challenge_hash = $2 and purpose = $3\n"
          "and (user_id is null or user_id = $4::uuid) and expires_at > now()\n"
          "returning id",
          DB_WRITES);

STATEMENT(passkey_get,
          "select id, algorithm, public_key, sign_count\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and credential_id = $3\n"
          "and rp_id = $4 and kind = 'passkey' and confirmed_at is not null",
          0);

STATEMENT(passkey_owner,
          "select u.id, u.email, u.name, u.must_change_password\n"
          "from mfa_factors f\n"
          "join users u on u.tenant_id = f.tenant_id and u.id = f.user_id\n"
          "where f.tenant_id = $1::uuid and f.credential_id = $2 and f.rp_id = $3\n"
          "and f.confirmed_at is not null and u.status = 'active'",
          DB_ON_PLATFORM);

static bool is_from_here(struct cx *cx, const struct passkey_answer *answer)
{
    return text_equal(answer->origin, arena_printf(cx->arena, "%s://%s", cx->request.scheme,
                                                   cx->request.origin_host));
}

static bool use_challenge(struct cx *cx, const char *tenant_id, const char *user_id,
                          const char *purpose, const struct passkey_answer *answer, bool *ours)
{
    char hash[65];
    text_sha256(answer->challenge, strlen(answer->challenge), hash);
    struct rows *rows = db_get(&cx->db, &passkey_challenge_use, tenant_id, hash, purpose, user_id);
    *ours = rows && rows_count(rows) == 1;
    return rows || fail_db(cx);
}

/* ---- registering ---- */

bool passkey_register(struct cx *cx, const char *name, json_object *credential, char id[UUID_SIZE],
                      const char *const **codes)
{
    struct passkey_answer answer;
    struct passkey key;
    bool ours = false, had = false;
    const struct session *me = cx->session;
    if (!passkey_read(cx->arena, credential, &answer) || !is_from_here(cx, &answer) ||
        !passkey_made(cx->arena, &answer, cx->request.host, &key))
        return fail_field(cx, "credential", "invalid_passkey", "This passkey cannot be used here.");
    if (!factor_lock_user(cx, &had) ||
        !use_challenge(cx, me->tenant_id, me->user_id, "register", &answer, &ours))
        return false;
    if (!ours)
        return fail_field(cx, "credential", "invalid_passkey", "That took too long: try again.");
    return factor_add_passkey(cx, name, &key, id) &&
           factor_confirmed(cx, "passkey", id, had, codes);
}

/* ---- proving ---- */

static bool read_key(struct cx *cx, const char *tenant_id, const char *user_id,
                     const struct passkey_answer *answer, struct passkey *key, const char **id)
{
    struct rows *rows =
        db_get(&cx->db, &passkey_get, tenant_id, user_id, answer->id, cx->request.host);
    *id = NULL;
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return true;
    *id = rows_text(rows, 0, 0);
    *key = (struct passkey){.rp_id = cx->request.host,
                            .id = answer->id,
                            .algorithm = (int)rows_int(rows, 0, 1),
                            .public_key = rows_text(rows, 0, 2),
                            .sign_count = rows_int(rows, 0, 3)};
    return true;
}

/* Alone it stands for the password too: then the device asks for its owner. */
bool passkey_prove(struct cx *cx, const char *tenant_id, const char *user_id, const char *purpose,
                   json_object *credential, bool *right)
{
    struct passkey_answer answer;
    struct passkey key = {.id = NULL};
    const char *id = NULL;
    bool ours = false, alone = strcmp(purpose, "sign_in") == 0;
    *right = false;
    if (!passkey_read(cx->arena, credential, &answer) || !is_from_here(cx, &answer))
        return true;
    if (!use_challenge(cx, tenant_id, user_id, purpose, &answer, &ours) ||
        !read_key(cx, tenant_id, user_id, &answer, &key, &id))
        return false;
    if (!ours || !id || !passkey_signed(cx->arena, &answer, &key, alone))
        return true;
    *right = true;
    return factor_used_passkey(&cx->db, tenant_id, id, key.sign_count) || fail_db(cx);
}

bool passkey_account(struct cx *cx, json_object *credential, struct account *out)
{
    struct passkey_answer answer;
    struct rows *rows = NULL;
    if (passkey_read(cx->arena, credential, &answer)) {
        rows = db_get(&cx->db, &passkey_owner, cx->tenant->id, answer.id, cx->request.host);
        if (!rows)
            return fail_db(cx);
    }
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 401, "passkey_unknown", "This passkey is not known here.");
    *out = (struct account){.email = rows_text(rows, 0, 1),
                            .name = rows_text(rows, 0, 2),
                            .slug = cx->tenant->slug,
                            .tenant_name = cx->tenant->name,
                            .must_change_password = rows_bool(rows, 0, 3),
                            .has_factor = true};
    memcpy(out->user_id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(out->tenant_id, cx->tenant->id, UUID_SIZE);
    return true;
}

bool passkey_sign_in(struct cx *cx, json_object *credential, struct account *out)
{
    struct proof proof = {.credential = credential, .purpose = "sign_in"};
    if (!passkey_account(cx, credential, out))
        return false;
    db_act_as(&cx->db, "user", out->user_id, out->name, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    return proof_check(cx, out->tenant_id, out->user_id, &proof);
}
