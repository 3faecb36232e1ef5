#include "account/factors.h"

#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/passkey.h"
#include "access/session.h"
#include "access/tenant.h"
#include "access/totp.h"
#include "account/credential.h"
#include "account/recovery.h"
#include "base/clock.h"
#include "base/qr.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(factor_lock,
          "select u.id, " HAS_FACTOR("u.tenant_id",
                                     "u.id") "\n"
                                             "from users u\n"
                                             "where u.tenant_id = $1::uuid and u.id = $2::uuid\n"
                                             "for no key update of u",
          DB_WRITES);

/* What was begun before and left is replaced. */
STATEMENT(factor_forget,
          "delete from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and kind = $3\n"
          "and confirmed_at is null",
          DB_WRITES);

STATEMENT(factor_insert,
          "insert into mfa_factors (tenant_id, user_id, kind, name, secret)\n"
          "select $1::uuid, $2::uuid, 'totp', $3, $4\n"
          "where (select count(*) from mfa_factors\n"
          "       where tenant_id = $1::uuid and user_id = $2::uuid) < 10\n"
          "returning id",
          DB_WRITES);

STATEMENT(factor_insert_passkey,
          "insert into mfa_factors (tenant_id, user_id, kind, name, rp_id, credential_id,\n"
          "                         algorithm, public_key, sign_count, confirmed_at)\n"
          "select $1::uuid, $2::uuid, 'passkey', $3, $4, $5, $6::integer, $7, $8::bigint, now()\n"
          "where (select count(*) from mfa_factors\n"
          "       where tenant_id = $1::uuid and user_id = $2::uuid) < 10\n"
          "returning id",
          DB_WRITES);

STATEMENT(factor_begun,
          "select id, name, secret\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid\n"
          "and kind = 'totp' and confirmed_at is null",
          0);

STATEMENT(factor_confirm_app,
          "update mfa_factors\n"
          "set confirmed_at = now(), last_used_at = now(), last_step = $3::bigint\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(factor_name,
          "update mfa_factors\n"
          "set name = $4\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid\n"
          "and confirmed_at is not null\n"
          "returning id",
          DB_WRITES);

STATEMENT(factor_delete,
          "delete from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "and ($3::uuid is null or id = $3::uuid)\n"
          "returning id, kind, confirmed_at is not null",
          DB_WRITES);

STATEMENT(factor_needed,
          "select house.mfa_needed_here($2::uuid)\n"
          "       and not " HAS_FACTOR("$1::uuid", "$2::uuid"),
          0);

STATEMENT(factor_list,
          "select id, kind, name, created_at, last_used_at\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and confirmed_at is not null\n"
          "order by created_at, id\n"
          "limit 20",
          0);

STATEMENT(factor_counts,
          "select house.mfa_needed_here($2::uuid),\n"
          "       (select count(*)\n"
          "        from recovery_codes\n"
          "        where tenant_id = $1::uuid and user_id = $2::uuid and used_at is null)",
          0);

bool factor_lock_user(struct cx *cx, bool *had)
{
    const struct session *me = cx->session;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct rows *rows = db_get(&cx->db, &factor_lock, me->tenant_id, me->user_id);
    if (!rows)
        return fail_db(cx);
    *had = rows_count(rows) == 1 && rows_bool(rows, 0, 1);
    return rows_count(rows) == 1 || fail(cx, 404, "not_found", "This account is gone.");
}

static bool no_factor(struct cx *cx)
{
    return fail(cx, 404, "not_found", "There is no such factor.");
}

/* What the app must know. The address holds the secret too. */
static bool show_app(struct cx *cx, const char *id, const char *name, const char *secret,
                     struct new_factor *out)
{
    *out = (struct new_factor){.name = name, .secret = secret};
    memcpy(out->id, id, UUID_SIZE);
    out->address = totp_address(cx->arena, secret, cx->tenant->branding.name, cx->session->email);
    out->picture = qr_picture(cx->arena, out->address);
    return out->picture || fail(cx, 500, "internal", "The QR code cannot be drawn.");
}

bool factor_begin(struct cx *cx, const char *name, struct new_factor *out)
{
    const struct session *me = cx->session;
    const char *secret = totp_new_secret(cx->arena);
    bool had = false;
    if (!factor_lock_user(cx, &had))
        return false;
    const char *sealed = secret ? secret_seal(cx->arena, TOTP_PURPOSE, secret) : NULL;
    if (!sealed)
        return fail(cx, 500, "internal", "No secret can be made.");
    struct rows *rows = NULL;
    if (db_get(&cx->db, &factor_forget, me->tenant_id, me->user_id, "totp"))
        rows = db_get(&cx->db, &factor_insert, me->tenant_id, me->user_id, name, sealed);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 409, "too_many_factors", "Remove one first: ten are the most.");
    return (db_commit(&cx->db) || fail_db(cx)) &&
           show_app(cx, rows_text(rows, 0, 0), name, secret, out);
}

bool factor_pending(struct cx *cx, const char *id, struct new_factor *out)
{
    const struct session *me = cx->session;
    struct rows *rows =
        uuid_is(id) ? db_get(&cx->db, &factor_begun, me->tenant_id, me->user_id, id) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return no_factor(cx);
    const char *secret = secret_open(cx->arena, TOTP_PURPOSE, rows_text(rows, 0, 2));
    return secret ? show_app(cx, rows_text(rows, 0, 0), rows_text(rows, 0, 1), secret, out)
                  : no_factor(cx);
}

static bool factor_tell_owner(struct cx *cx, enum owner_news news, const char *kind)
{
    struct owner owner;
    const struct session *me = cx->session;
    return credential_owner(cx, me->tenant_id, me->user_id, &owner) &&
           owner_tell(cx, &owner, news, kind);
}

bool factor_confirmed(struct cx *cx, const char *kind, const char *id, bool had,
                      const char *const **codes)
{
    const struct session *me = cx->session;
    *codes = had ? NULL : recovery_make(&cx->db, me->tenant_id, me->user_id);
    if (!(had || *codes) || !event_append(&cx->db, "mfa_factor.created", id,
                                          arena_printf(cx->arena, "{\"kind\": \"%s\"}", kind)))
        return fail_db(cx);
    if (!factor_tell_owner(cx, OWNER_FACTOR_ADDED, kind))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    if (me->must_enrol)
        session_rights_changed(&cx->db, me->user_id);
    return factor_step_up_done(cx);
}

bool factor_confirm(struct cx *cx, const char *id, const char *code, const char *const **codes)
{
    struct new_factor begun = {.name = NULL};
    bool had = false;
    if (!factor_lock_user(cx, &had) || !factor_pending(cx, id, &begun))
        return false;
    const char *digits = totp_digits(cx->arena, code);
    int64_t step = digits ? totp_step(begun.secret, digits, clock_now_us() / 1000000) : 0;
    if (step == 0)
        return fail_field(cx, "code", "invalid_code",
                          "This is not the code that the app shows now. Is its clock right?");
    if (!db_get(&cx->db, &factor_confirm_app, cx->session->tenant_id, id,
                arena_printf(cx->arena, "%lld", (long long)step)))
        return fail_db(cx);
    return factor_confirmed(cx, "totp", id, had, codes);
}

bool factor_add_passkey(struct cx *cx, const char *name, const struct passkey *key,
                        char id[UUID_SIZE])
{
    const struct session *me = cx->session;
    struct rows *rows =
        db_get(&cx->db, &factor_insert_passkey, me->tenant_id, me->user_id, name, key->rp_id,
               key->id, arena_printf(cx->arena, "%d", key->algorithm), key->public_key,
               arena_printf(cx->arena, "%lld", (long long)key->sign_count));
    if (!rows)
        return cx->db.error.status == DB_UNIQUE
                   ? fail(cx, 409, "passkey_known", "This passkey is registered already.")
                   : fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 409, "too_many_factors", "Remove one first: ten are the most.");
    memcpy(id, rows_text(rows, 0, 0), UUID_SIZE);
    return true;
}

bool factor_rename(struct cx *cx, const char *id, const char *name)
{
    const struct session *me = cx->session;
    struct rows *rows =
        uuid_is(id) ? db_get(&cx->db, &factor_name, me->tenant_id, me->user_id, id, name) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    return (rows && rows_count(rows) == 1) || no_factor(cx);
}

/* What must be there may be exchanged, not removed. */
static bool check_enough_left(struct cx *cx, const struct rows *gone)
{
    struct rows *rows =
        db_get(&cx->db, &factor_needed, cx->session->tenant_id, cx->session->user_id);
    if (!rows)
        return fail_db(cx);
    if (rows_bool(rows, 0, 0) && rows_bool(gone, 0, 2))
        return fail(cx, 409, "mfa_required",
                    "Your workspace asks for two-step sign-in: set up "
                    "another factor before you remove the last one.");
    return true;
}

static bool factor_delete_own(struct cx *cx, const char *id)
{
    const struct session *me = cx->session;
    struct rows *gone = db_get(&cx->db, &factor_delete, me->tenant_id, me->user_id, id);
    if (!gone)
        return fail_db(cx);
    if (rows_count(gone) == 0)
        return id ? no_factor(cx) : db_commit(&cx->db) || fail_db(cx);
    if (!check_enough_left(cx, gone))
        return false;
    for (size_t i = 0; i < rows_count(gone); i++)
        if (!event_append(&cx->db, "mfa_factor.deleted", rows_text(gone, i, 0),
                          arena_printf(cx->arena, "{\"kind\": \"%s\"}", rows_text(gone, i, 1))))
            return fail_db(cx);
    if (!recovery_forget_useless(&cx->db, me->tenant_id, me->user_id))
        return fail_db(cx);
    return (!rows_bool(gone, 0, 2) || factor_tell_owner(cx, OWNER_FACTOR_REMOVED, NULL)) &&
           (db_commit(&cx->db) || fail_db(cx));
}

bool factor_remove(struct cx *cx, const char *id)
{
    bool had = false;
    if (id && !uuid_is(id))
        return no_factor(cx);
    return factor_lock_user(cx, &had) && factor_delete_own(cx, id);
}

bool factor_state(struct cx *cx, struct factor_state *out)
{
    const struct session *me = cx->session;
    out->factors = db_get(&cx->db, &factor_list, me->tenant_id, me->user_id);
    struct rows *counts =
        out->factors ? db_get(&cx->db, &factor_counts, me->tenant_id, me->user_id) : NULL;
    if (!counts)
        return fail_db(cx);
    out->required = rows_bool(counts, 0, 0);
    out->recovery_codes = rows_int(counts, 0, 1);
    return true;
}
