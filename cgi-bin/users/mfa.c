/* mfa: two-step sign-in of somebody else: to ask it of them, or to take it away when their
 * factors are lost. What is written stands in account/factors.h. */
#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/grant.h"
#include "access/session.h"
#include "account/credential.h"
#include "account/factors.h"
#include "http/cx.h"
#include "users.h"

static bool set_asked(struct cx *cx, const struct list_result *user, bool asked)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    const char *event = asked ? "user.mfa_required" : "user.mfa_removed";
    if (!credential_may_change(cx, tenant_id, id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    if ((!asked && !factor_forget_all(cx, tenant_id, id)) || !factor_ask(cx, tenant_id, id, asked))
        return false;
    session_rights_changed(&cx->db, id);
    return event_append(&cx->db, event, id, NULL) || fail_db(cx);
}

static bool user_require_mfa_run(struct cx *cx, const struct list_result *user)
{
    return set_asked(cx, user, true);
}

static bool user_reset_mfa_run(struct cx *cx, const struct list_result *user)
{
    return set_asked(cx, user, false);
}

#define USER_MFA ACTION_UNLOCKED | ACTION_CONFIRM | ACTION_STEP_UP | ACTION_IN_PERSON | ACTION_MANY

const struct action require_mfa = {
    .name = "require-mfa",
    .title = "Ask for two-step sign-in",
    .icon = "shield-lock",
    .summary = "Ask a user for two-step sign-in: nothing else is open until it is set up.",
    .ask = "Until the user has set up an app or a passkey, nothing else is open to them.",
    .done = "Two-step sign-in is asked of this user.",
    .needs = "users.admins:update",
    .when = "not mfa_required",
    .refused = {"already_required", "It is asked of this user already."},
    .errors = "409 own_account",
    .flags = USER_MFA,
    .run = user_require_mfa_run,
};

const struct action reset_mfa = {
    .name = "reset-mfa",
    .title = "Remove two-step sign-in",
    .icon = "shield-off",
    .summary = "Remove a user's second factors and recovery codes, and ask for none any more.",
    .ask = "For somebody whose phone or key is lost. The user is signed out everywhere, is told by "
           "e-mail, and signs in with the password alone.",
    .done = "The factors of this user were removed.",
    .needs = "users.admins:update",
    .when = "mfa_required or " HAS_FACTOR("users.tenant_id", "users.id"),
    .refused = {"mfa_not_set_up", "This user has no second factor, and none is asked for."},
    .errors = "409 own_account",
    .flags = USER_MFA | ACTION_DANGER,
    .run = user_reset_mfa_run,
};

/* ---- what lets in now, and what keeps out ---- */

static bool user_sign_out_run(struct cx *cx, const struct list_result *user)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    if (!user_may_change(cx, &cx->db, tenant_id, id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    return session_revoke_user(cx, &cx->db, id, NULL, "revoked by an administrator") &&
           (event_append(&cx->db, "user.signed_out", id, NULL) || fail_db(cx));
}

const struct action sign_out_user = {
    .name = "sign-out",
    .title = "Sign out everywhere",
    .icon = "logout",
    .summary = "End all sessions of a user.",
    .ask = "All sessions of the user end at once. They can sign in again.",
    .done = "The user is signed out everywhere.",
    .flags = ACTION_CONFIRM | ACTION_DANGER | ACTION_UNLOCKED | ACTION_MANY,
    .run = user_sign_out_run,
};

/* Wrong passwords since the last sign-in, as access/lockout.h counts them. */
#define HAS_FAILURES                                                                               \
    "exists (select from login_attempts f\n"                                                       \
    "        where f.tenant_id = users.tenant_id and f.email = users.email and not f.succeeded\n"  \
    "        and f.created_at > now() - interval '1 day'\n"                                        \
    "        and not exists (select from login_attempts s\n"                                       \
    "                        where s.tenant_id = f.tenant_id and s.email = f.email\n"              \
    "                        and s.succeeded and s.created_at >= f.created_at))"

/* Of no address: that somebody forgave says nothing of where the user signs in. */
STATEMENT(user_forgive,
          "insert into login_attempts (tenant_id, email, user_agent, succeeded)\n"
          "values ($1::uuid, $2, 'Unlocked by an administrator', true)",
          DB_WRITES);

static bool user_unlock_run(struct cx *cx, const struct list_result *user)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    if (!user_may_change(cx, &cx->db, tenant_id, id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    return (db_get(&cx->db, &user_forgive, tenant_id, record_value(user, "email")) &&
            event_append(&cx->db, "user.unlocked", id, NULL)) ||
           fail_db(cx);
}

const struct action unlock_user = {
    .name = "unlock",
    .title = "Unlock",
    .icon = "lock-open",
    .summary = "Forgive a user's wrong passwords, after which one waits.",
    .ask = "Wrong passwords until now count no more: the user need not wait to try again.",
    .done = "The user can sign in without waiting.",
    .when = HAS_FAILURES,
    .refused = {"not_locked", "There is nothing to forgive: no wrong password since the last "
                              "sign-in."},
    .flags = ACTION_CONFIRM | ACTION_UNLOCKED | ACTION_MANY,
    .run = user_unlock_run,
};
