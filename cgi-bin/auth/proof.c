/* proof: whether somebody holds a factor of an account. */
#include <string.h>

#include "access/lockout.h"
#include "access/session.h"
#include "access/tenant.h"
#include "access/totp.h"
#include "account/factors.h"
#include "account/recovery.h"
#include "auth.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "passkeys.h"
#include "second_step.h"

/* One proof of a user at a time: what another has used or counted is seen. */
STATEMENT(proof_lock,
          "select email\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid and status = 'active'\n"
          "for no key update",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(proof_ticket,
          "select id\n"
          "from sign_in_tickets\n"
          "where tenant_id = $1::uuid and token_hash = $2 and purpose = 'second_step'\n"
          "and expires_at > now()",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(proof_ticket_use,
          "delete from sign_in_tickets\n"
          "where tenant_id = $1::uuid and token_hash = $2",
          DB_WRITES | DB_ON_PLATFORM);

static bool try_code(struct cx *cx, const char *tenant_id, const char *user_id, const char *text,
                     bool *right)
{
    char *code = totp_digits(cx->arena, text);
    return (code ? factor_use_app(&cx->db, tenant_id, user_id, code, right)
                 : recovery_use(&cx->db, tenant_id, user_id, text, right)) ||
           fail_db(cx);
}

static bool ticket_gone(struct cx *cx)
{
    return fail(cx, 401, "ticket_invalid", "This sign-in took too long: begin again.");
}

static bool check_ticket(struct cx *cx, const char *tenant_id, const char *hash)
{
    struct rows *rows = db_get(&cx->db, &proof_ticket, tenant_id, hash);
    if (!rows)
        return fail_db(cx);
    return rows_count(rows) == 1 || ticket_gone(cx);
}

static bool refuse(struct cx *cx, const char *tenant_id, const char *email,
                   const struct proof *proof)
{
    if (!lockout_record(cx, tenant_id, email, false))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    bool is_code = proof->code != NULL;
    const char *why = is_code ? "This is not a right code." : "This passkey could not be verified.";
    if (!cx->session)
        return fail(cx, 401, is_code ? "code_wrong" : "passkey_invalid", "%s", why);
    return is_code ? fail_field(cx, "code", "invalid_code", "%s", why)
                   : fail_field(cx, "credential", "invalid_passkey", "%s", why);
}

static bool accept(struct cx *cx, const char *tenant_id, const char *email, const char *ticket)
{
    if (ticket && !db_get(&cx->db, &proof_ticket_use, tenant_id, ticket))
        return fail_db(cx);
    return lockout_record(cx, tenant_id, email, true) && (db_commit(&cx->db) || fail_db(cx));
}

/* Attempts are counted by the platform's role, whoever asks. */
static bool begin(struct cx *cx, const char *tenant_id)
{
    struct actor *actor = cx->db.actor;
    db_init(&cx->db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
    cx->db.actor = actor;
    return db_begin(&cx->db) || fail_db(cx);
}

bool proof_check(struct cx *cx, const char *tenant_id, const char *user_id,
                 const struct proof *proof)
{
    char hash[65];
    bool right = false;
    if (proof->ticket)
        text_sha256(proof->ticket, strlen(proof->ticket), hash);
    if (!begin(cx, tenant_id))
        return false;
    struct rows *user = db_get(&cx->db, &proof_lock, tenant_id, user_id);
    if (!user)
        return fail_db(cx);
    if (rows_count(user) == 0)
        return ticket_gone(cx);
    const char *email = rows_text(user, 0, 0);
    if ((proof->ticket && !check_ticket(cx, tenant_id, hash)) ||
        !lockout_check(cx, tenant_id, email) ||
        !(proof->code
              ? try_code(cx, tenant_id, user_id, proof->code, &right)
              : passkey_prove(cx, tenant_id, user_id, proof->purpose, proof->credential, &right)))
        return false;
    return right ? accept(cx, tenant_id, email, proof->ticket ? hash : NULL)
                 : refuse(cx, tenant_id, email, proof);
}
