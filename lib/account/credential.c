#include "account/credential.h"

#include <string.h>

#include "access/factor.h"
#include "access/grant.h"
#include "access/lockout.h"
#include "access/password.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "notify/notify.h"

STATEMENT(credential_state,
          "select email, name, locale, status, must_change_password, password_hash\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "for no key update",
          DB_WRITES);
enum { EMAIL_NOW, NAME_NOW, LOCALE_NOW, STATUS_NOW, MUST_CHANGE_NOW, HASH_NOW };

/* An address that a link of ours was followed at is verified. */
STATEMENT(credential_write,
          "update users\n"
          "set email = coalesce($3, email), status = coalesce($4, status),\n"
          "    password_hash = coalesce($5, password_hash), name = coalesce($6, name),\n"
          "    must_change_password = coalesce($7::bool, must_change_password),\n"
          "    email_verified_at = case when not $8::bool then email_verified_at\n"
          "                             when $3 is null then coalesce(email_verified_at, now())\n"
          "                             else now() end\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

/* The password before what follows from it; both seen by the one signed in alone. */
STATEMENT(credential_own,
          "select u.email, u.password_hash, " HAS_FACTOR("u.tenant_id",
                                                         "u.id") "\n"
                                                                 "from users u\n"
                                                                 "where u.tenant_id = $1::uuid "
                                                                 "and u.id = $2::uuid",
          DB_ON_PLATFORM);

const struct notification_kind notice_password_changed = {
    "auth.password_changed", "Password changed", "Your password was changed."};
const struct notification_kind notice_password_reset = {
    "users.password_reset", "Password reset", "An administrator gave you a new first password."};

/* ---- who may ---- */

bool credential_refuse_impersonator(struct cx *cx)
{
    return !cx->session->impersonator_id ||
           fail(cx, 403, "impersonation_refused", "This is for the user alone.");
}

static bool credential_key_may(const struct session *session)
{
    for (size_t i = 0; i < session->permissions.count; i++)
        if (strcmp(session->permissions.grants[i], CREDENTIAL_PERMISSION) == 0)
            return true;
    return session->kind != SESSION_API_KEY;
}

bool credential_may_change(struct cx *cx, const char *tenant_id, const char *user_id)
{
    if (!credential_refuse_impersonator(cx))
        return false;
    if (!credential_key_may(cx->session))
        return fail(cx, 403, "api_key_refused",
                    "This is open only to API keys with the permission %s.", CREDENTIAL_PERMISSION);
    if (strcmp(user_id, cx->session->user_id) == 0)
        return fail(cx, 409, "own_account",
                    "One changes one's own password, address, status and roles in one's account.");
    return user_may_change(cx, &cx->db, tenant_id, user_id) && factor_step_up_check(cx);
}

/* ---- what is changed ---- */

static const char *credential_actor(struct cx *cx, const char *user_id)
{
    const struct session *me = cx->session;
    bool own = !me || (!me->impersonator_id && strcmp(me->user_id, user_id) == 0);
    return own ? NULL : session_actor_name(cx, me);
}

static struct rows *credential_read(struct cx *cx, const char *tenant_id, const char *user_id,
                                    struct owner *owner)
{
    struct rows *rows = db_get(&cx->db, &credential_state, tenant_id, user_id);
    if (!rows)
        fail_db(cx);
    if (!rows || rows_count(rows) == 0) {
        if (rows)
            fail(cx, 404, "not_found", "There is no such user.");
        return NULL;
    }
    *owner = (struct owner){.email = rows_text(rows, 0, EMAIL_NOW),
                            .name = rows_text(rows, 0, NAME_NOW),
                            .locale = rows_text(rows, 0, LOCALE_NOW),
                            .by = credential_actor(cx, user_id)};
    memcpy(owner->tenant_id, tenant_id, UUID_SIZE);
    memcpy(owner->user_id, user_id, UUID_SIZE);
    return rows;
}

bool credential_owner(struct cx *cx, const char *tenant_id, const char *user_id,
                      struct owner *owner)
{
    return credential_read(cx, tenant_id, user_id, owner) != NULL;
}

/* What is given and other than now; a password always is. */
static struct credential_change credential_differs(const struct credential_change *change,
                                                   const struct rows *now)
{
    struct credential_change left = *change;
    if (text_equal(left.email, rows_text(now, 0, EMAIL_NOW)))
        left.email = NULL;
    if (text_equal(left.status, rows_text(now, 0, STATUS_NOW)))
        left.status = NULL;
    if (left.must_change &&
        text_equal(left.must_change, "true") == rows_bool(now, 0, MUST_CHANGE_NOW))
        left.must_change = NULL;
    return left;
}

static bool credential_hash(struct cx *cx, const char *password, const char **hash)
{
    *hash = password ? password_hash(cx->arena, password) : NULL;
    return !password || *hash || fail(cx, 503, "busy", "Too much work at once; try again.");
}

static bool credential_store(struct cx *cx, const struct owner *owner,
                             const struct credential_change *change)
{
    const char *hash;
    if (!credential_hash(cx, change->password, &hash))
        return false;
    cx->db.action = change->action;
    struct rows *written = db_get(&cx->db, &credential_write, owner->tenant_id, owner->user_id,
                                  change->email, change->status, hash, change->name,
                                  change->must_change, change->by_link ? "true" : "false");
    cx->db.action = NULL;
    return written || fail_db(cx);
}

/* ---- what follows ---- */

static bool credential_ring(struct cx *cx, const struct owner *owner)
{
    const char *by = owner->by;
    const struct notification own = {
        .title = "Your password was changed",
        .body = "Everybody else who was signed in as you was signed out. If it was not you, tell "
                "your administrator now.",
        .link = "/account"};
    const struct notification others = {.title = "Your password was reset",
                                        .body = "%s gave you a new password. Choose your own.",
                                        .about = by,
                                        .link = "/account/password"};
    return notify_user(cx, &cx->db, owner->tenant_id, owner->user_id,
                       by ? &notice_password_reset : &notice_password_changed, by ? &others : &own);
}

static bool credential_tell(struct cx *cx, const struct owner *owner,
                            const struct credential_change *change)
{
    if (change->password &&
        (!owner_tell(cx, owner, OWNER_PASSWORD, change->by_link ? "link" : NULL) ||
         !credential_ring(cx, owner)))
        return false;
    if (change->email && !owner_tell(cx, owner, OWNER_EMAIL, change->email))
        return false;
    return !change->status || owner_tell(cx, owner, OWNER_STATUS, change->status);
}

static bool credential_end_sessions(struct cx *cx, const struct owner *owner,
                                    const struct credential_change *change)
{
    const char *why = change->password ? "password changed"
                      : change->status ? "the status of the account changed"
                      : change->email && owner->by
                          ? "the address of the account was changed by somebody else"
                          : NULL;
    return !why || session_revoke_user(cx, &cx->db, owner->user_id, change->keep, why);
}

/* Tokens say who somebody is and what they must do first. */
static void credential_stale_tokens(struct cx *cx, const struct owner *owner,
                                    const struct credential_change *change)
{
    if (owner->by || change->email || change->status || change->must_change)
        session_rights_changed(&cx->db, owner->user_id);
}

/* The handle stands in the account's tenant for as long as it takes. */
static bool credential_apply(struct cx *cx, const struct owner *owner,
                             const struct credential_change *change, bool is_first)
{
    char home[UUID_SIZE];
    memcpy(home, cx->db.tenant_id, UUID_SIZE);
    memcpy(cx->db.tenant_id, owner->tenant_id, UUID_SIZE);
    bool done = credential_store(cx, owner, change) && credential_end_sessions(cx, owner, change) &&
                session_void_ended(cx, &cx->db) && (is_first || credential_tell(cx, owner, change));
    memcpy(cx->db.tenant_id, home, UUID_SIZE);
    credential_stale_tokens(cx, owner, change);
    return done;
}

static bool credential_is_empty(const struct credential_change *change)
{
    return !change->password && !change->email && !change->status && !change->must_change &&
           !change->name;
}

bool credential_change(struct cx *cx, const char *tenant_id, const char *user_id,
                       const struct credential_change *change)
{
    struct owner owner;
    struct rights mine;
    /* The lock of the rights before the row's: whoever holds the first waits for the second. */
    struct rows *now = grant_rights(cx, &cx->db, tenant_id, &mine)
                           ? credential_read(cx, tenant_id, user_id, &owner)
                           : NULL;
    if (!now)
        return false;
    const struct credential_change left = credential_differs(change, now);
    return credential_is_empty(&left) || (credential_may_change(cx, tenant_id, user_id) &&
                                          credential_apply(cx, &owner, &left, false));
}

bool credential_change_own(struct cx *cx, const char *tenant_id, const char *user_id,
                           const struct credential_change *change)
{
    struct owner owner;
    struct rows *now = credential_read(cx, tenant_id, user_id, &owner);
    if (!now)
        return false;
    if (change->old_hash && !text_equal(change->old_hash, rows_text(now, 0, HASH_NOW)))
        return fail(cx, 409, "conflict", "The password was changed elsewhere just now.");
    const struct credential_change left = credential_differs(change, now);
    owner.by = NULL; /* whoever else may be signed in at this browser */
    bool is_first = change->by_link && !rows_text(now, 0, HASH_NOW); /* an invitation */
    return credential_apply(cx, &owner, &left, is_first);
}

bool credential_set_first(struct cx *cx, const char *tenant_id, const char *user_id,
                          const char *password)
{
    const struct credential_change change = {.password = password};
    struct owner owner;
    return credential_owner(cx, tenant_id, user_id, &owner) &&
           credential_store(cx, &owner, &change);
}

bool credential_set_hash(struct cx *cx, const char *tenant_id, const char *user_id,
                         const char *hash)
{
    return db_get(&cx->db, &credential_write, tenant_id, user_id, NULL, NULL, hash, NULL, NULL,
                  "false") ||
           fail_db(cx);
}

/* ---- one's own password ---- */

/* Attempts are counted by the platform's role, whoever asks. A right password forgives
 * the wrong ones before it only where no factor is asked for as well: else whoever knows
 * it could guess codes without end. */
static bool credential_compare(struct cx *cx, const char *password, const char **hash)
{
    const struct session *me = cx->session;
    struct rows *rows = db_get(&cx->db, &credential_own, me->tenant_id, me->user_id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "This account is gone.");
    const char *email = rows_text(rows, 0, 0);
    if (!lockout_check(cx, me->tenant_id, email))
        return false;
    *hash = rows_text(rows, 0, 1);
    if (!password_verify(*hash, password))
        return lockout_record(cx, me->tenant_id, email, false) &&
               fail_field(cx, "currentPassword", "wrong_password", "This is not your password.");
    return rows_bool(rows, 0, 2) ? lockout_check(cx, me->tenant_id, email)
                                 : lockout_record(cx, me->tenant_id, email, true);
}

bool credential_prove(struct cx *cx, const char *password, const char **hash)
{
    const struct db own = cx->db;
    db_init(&cx->db, cx->arena, DB_PLATFORM, cx->session->tenant_id, "everyone");
    cx->db.actor = own.actor;
    bool proved = credential_compare(cx, password, hash);
    const struct db_error error = cx->db.error;
    cx->db = own;
    if (!proved)
        cx->db.error = error;
    return proved;
}
