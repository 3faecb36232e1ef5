/* passkeys: challenges for them, and what was answered. A passkey belongs to the
 * host that it was made at, and answers there alone. */
#ifndef AUTH_PASSKEYS_H
#define AUTH_PASSKEYS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/uuid.h"
#include "http/route.h"

struct cx;
struct account;

/* PublicKeyCredentialCreationOptionsJSON for the one signed in; NULL with the
 * failure set. WAITS. */
json_object *passkey_creation_options(struct cx *cx);
/* PublicKeyCredentialRequestOptionsJSON for a purpose (sign_in, second_step,
 * step_up) of a user of the tenant, NULL: of whoever has one. WAITS. */
json_object *passkey_request_options(struct cx *cx, const char *purpose, const char *tenant_id,
                                     const char *user_id);

/* Registers what a browser made; recovery codes as factor_confirm(). 422
 * invalid_passkey, 409 too_many_factors. WAITS. */
bool passkey_register(struct cx *cx, const char *name, json_object *credential, char id[UUID_SIZE],
                      const char *const **codes);

/* Whether the user's passkey signed our challenge for this purpose; uses the
 * challenge up. In cx->db's transaction. false: the failure is set. WAITS. */
bool passkey_prove(struct cx *cx, const char *tenant_id, const char *user_id, const char *purpose,
                   json_object *credential, bool *right);

/* Whose the passkey says it is, at this host; 401 passkey_unknown. WAITS. */
bool passkey_account(struct cx *cx, json_object *credential, struct account *out);
/* Finds and checks; then a session may be opened. WAITS. */
bool passkey_sign_in(struct cx *cx, json_object *credential, struct account *out);

extern const struct route passkey_routes[];      /* API */
extern const struct route page_passkey_routes[]; /* by page */

#endif
