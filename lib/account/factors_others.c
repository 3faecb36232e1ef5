/* factors_others: what others cause: somebody signs in by a factor, or an administrator asks for
 * one or takes them all away. */
#include "access/event.h"
#include "access/factor.h"
#include "access/session.h"
#include "access/totp.h"
#include "account/credential.h"
#include "account/factors.h"
#include "account/recovery.h"
#include "base/clock.h"
#include "base/secret.h"
#include "http/cx.h"

STATEMENT(factor_apps,
          "select id, secret\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and kind = 'totp'\n"
          "and confirmed_at is not null",
          DB_WRITES | DB_ON_PLATFORM);

/* A step that was used, or one before it, is refused (RFC 6238 5.2). */
STATEMENT(factor_app_use,
          "update mfa_factors\n"
          "set last_step = $3::bigint, last_used_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid and last_step < $3::bigint\n"
          "returning id",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(factor_passkey_use,
          "update mfa_factors\n"
          "set sign_count = $3::bigint, last_used_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(factor_require,
          "update users\n"
          "set mfa_required = $3::bool\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(factor_delete_all,
          "delete from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid",
          DB_WRITES);

STATEMENT(factor_delete_begun,
          "delete from mfa_factors\n"
          "where confirmed_at is null and created_at < now() - interval '1 day'",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

bool factor_use_app(struct db *db, const char *tenant_id, const char *user_id, const char *code,
                    bool *right)
{
    int64_t now_s = clock_now_us() / 1000000;
    struct rows *apps = db_get(db, &factor_apps, tenant_id, user_id);
    for (size_t i = 0; apps && i < rows_count(apps) && !*right; i++) {
        const char *secret = secret_open(db->arena, TOTP_PURPOSE, rows_text(apps, i, 1));
        int64_t step = secret ? totp_step(secret, code, now_s) : 0;
        if (step == 0)
            continue;
        struct rows *used = db_get(db, &factor_app_use, tenant_id, rows_text(apps, i, 0),
                                   arena_printf(db->arena, "%lld", (long long)step));
        if (!used)
            return false;
        *right = rows_count(used) == 1;
    }
    return apps != NULL;
}

bool factor_used_passkey(struct db *db, const char *tenant_id, const char *id, int64_t sign_count)
{
    return db_get(db, &factor_passkey_use, tenant_id, id,
                  arena_printf(db->arena, "%lld", (long long)sign_count)) != NULL;
}

bool factor_ask(struct cx *cx, const char *tenant_id, const char *user_id, bool asked)
{
    return db_get(&cx->db, &factor_require, tenant_id, user_id, asked ? "true" : "false") ||
           fail_db(cx);
}

bool factor_forget_all(struct cx *cx, const char *tenant_id, const char *user_id)
{
    struct owner owner;
    if (!credential_owner(cx, tenant_id, user_id, &owner))
        return false;
    struct rows *gone = db_get(&cx->db, &factor_delete_all, tenant_id, user_id);
    if (!gone || !recovery_forget(&cx->db, tenant_id, user_id))
        return fail_db(cx);
    return rows_affected(gone) == 0 ||
           (session_revoke_user(cx, &cx->db, user_id, NULL, "two-step sign-in was removed") &&
            owner_tell(cx, &owner, OWNER_FACTOR_REMOVED, NULL));
}

bool factor_clean_up(struct db *db)
{
    return db_get0(db, &factor_delete_begun) != NULL;
}
