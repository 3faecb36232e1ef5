/* second_step: between the right password and the session, for accounts that have
 * a second factor; and the same proof asked again before what is dangerous. */
#ifndef AUTH_SECOND_STEP_H
#define AUTH_SECOND_STEP_H

#include <stdbool.h>

#include "auth.h"
#include "base/json.h"

/* ---- proof.c: whether somebody holds a factor of an account ---- */
struct proof {
    const char *code;        /* of an app, or a recovery code; NULL: */
    json_object *credential; /* a passkey's answer, to a challenge of that purpose */
    const char *purpose;     /* sign_in, second_step, step_up */
    const char *ticket;      /* of the sign-in, used up when the proof is right; NULL: none */
};
/* Wrong ones count as wrong passwords. All proofs of one user go one after the
 * other, so that a code is good once and guesses sent at once are counted. false:
 * 401 code_wrong (422 invalid_code when signed in), 401 ticket_invalid, 429 locked_out. WAITS. */
bool proof_check(struct cx *cx, const char *tenant_id, const char *user_id,
                 const struct proof *proof);

/* ---- second_step.c ---- */
/* A ticket for an account with factors: "tenant.secret", good for ten minutes;
 * NULL with the failure set. WAITS. */
char *second_step_ticket(struct cx *cx, const struct account *account);
/* Whose ticket it is; 401 ticket_invalid. WAITS. */
bool second_step_find(struct cx *cx, const char *ticket, struct account *out);
/* The kinds of proof that the account may give here: totp, passkey, recovery. WAITS. */
bool second_step_methods(struct cx *cx, const struct account *account, json_object *methods);
/* Finds and checks; then a session may be opened. WAITS. */
bool second_step_take(struct cx *cx, const char *ticket, const char *code, json_object *credential,
                      struct account *out);

/* Asks the one signed in; then what ROUTE_STEP_UP guards is open for ten minutes.
 * 409 mfa_not_set_up, 422 invalid_code, 429 locked_out. WAITS. */
bool step_up(struct cx *cx, const char *code, json_object *credential);

/* In at once, or by the second step where there is one and no provider asked for it. */
bool enter_or_ask(struct cx *cx, const struct account *account, const char *next);
/* Cookie, and where to go from there. */
bool enter_by_page(struct cx *cx, const struct account *account, const char *next);
/* The page that asks for the code. */
bool show_second_step(struct cx *cx, int status, const char *ticket, const char *next);
/* The path, or "/" when it leads elsewhere. */
const char *local_path(const char *path);

extern const struct route step_routes[];      /* /api/auth/mfa/verify, /api/auth/step-up */
extern const struct route page_step_routes[]; /* /login/code, /account/confirm */

#endif
