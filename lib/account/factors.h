/* factors: the one place that writes what second factors there are: apps, passkeys, and whether
 * somebody must have one (recovery codes: account/recovery.h). Whatever changes those of a user
 * locks the user's row first, so that of two changes at once the second sees the first; the owner
 * is told of it, and the log has its event.
 */
#ifndef ACCOUNT_FACTORS_H
#define ACCOUNT_FACTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

struct cx;
struct db;
struct passkey; /* access/passkey.h */
struct rows;

/* ---- of the one signed in ---- */

/* Of an app, not confirmed yet: base32 secret, otpauth:// address, QR code. */
struct new_factor {
    char id[UUID_SIZE];
    const char *name, *secret, *address, *picture;
};
/* Begins one; 409 too_many_factors. WAITS. */
bool factor_begin(struct cx *cx, const char *name, struct new_factor *out);
/* One that was begun and is not confirmed, again; 404. WAITS. */
bool factor_pending(struct cx *cx, const char *id, struct new_factor *out);
/* Confirms it by a code of the app; the recovery codes that come with a user's
 * first factor in *codes, else NULL. 404, 422 invalid_code. WAITS. */
bool factor_confirm(struct cx *cx, const char *id, const char *code, const char *const **codes);
/* 404. WAITS. */
bool factor_rename(struct cx *cx, const char *id, const char *name);
/* Removes one, or all with NULL; 404, 409 mfa_required. WAITS. */
bool factor_remove(struct cx *cx, const char *id);
/* Begins a transaction in which nobody else changes the user's factors; *had says
 * whether there is a confirmed one. WAITS. */
bool factor_lock_user(struct cx *cx, bool *had);
/* The end of confirming one of any kind, in the transaction that did it. */
bool factor_confirmed(struct cx *cx, const char *kind, const char *id, bool had,
                      const char *const **codes);
/* Adds a passkey, in the transaction of factor_lock_user(): 409 passkey_known, 409
 * too_many_factors. WAITS. */
bool factor_add_passkey(struct cx *cx, const char *name, const struct passkey *key,
                        char id[UUID_SIZE]);

/* What a user has: in rows id, kind, name, created_at, last_used_at. */
struct factor_state {
    struct rows *factors;
    bool required;          /* by the tenant or an administrator */
    int64_t recovery_codes; /* unused ones */
};
bool factor_state(struct cx *cx, struct factor_state *out);

/* ---- of whoever signs in: in a transaction in which the user's row is locked ---- */
/* Whether it is the code of one of the user's apps; it is used up then (RFC 6238 5.2). false:
 * db->error. WAITS. */
bool factor_use_app(struct db *db, const char *tenant_id, const char *user_id, const char *code,
                    bool *right);
/* A passkey was used so many times, as it says. false: db->error. WAITS. */
bool factor_used_passkey(struct db *db, const char *tenant_id, const char *id, int64_t sign_count);

/* ---- of somebody else: what credential_may_change() allows, in a transaction ---- */
/* Whether they must have one. false: the failure is set. WAITS. */
bool factor_ask(struct cx *cx, const char *tenant_id, const char *user_id, bool asked);
/* Takes them all away with the recovery codes and ends the user's sessions: who holds the lost
 * phone holds perhaps a session too. WAITS. */
bool factor_forget_all(struct cx *cx, const char *tenant_id, const char *user_id);

/* Deletes those that were begun a day ago and never confirmed, of all tenants. WAITS. */
bool factor_clean_up(struct db *db);

#endif
