/* factors: the second factors of the one signed in. */
#ifndef AUTH_FACTORS_H
#define AUTH_FACTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "http/route.h"

struct cx;
struct rows;

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

/* What a user has: in rows id, kind, name, created_at, last_used_at. */
struct factor_state {
    struct rows *factors;
    bool required;          /* by the tenant or an administrator */
    int64_t recovery_codes; /* unused ones */
};
bool factor_state(struct cx *cx, struct factor_state *out);

/* The page that shows recovery codes, this once. */
bool factor_show_codes(struct cx *cx, const char *const *codes);

extern const struct route factor_routes[];      /* /api/auth/mfa */
extern const struct route page_factor_routes[]; /* /account/two-step */

#endif
