/* passkey: what browsers answer of passkeys (WebAuthn level 3), read and verified
 * by libfido2. Attestation is not asked for: who made a passkey does not matter.
 */
#ifndef ACCESS_PASSKEY_H
#define ACCESS_PASSKEY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct bytes {
    const unsigned char *data;
    size_t len;
};

/* RegistrationResponseJSON or AuthenticationResponseJSON, as far as it is needed;
 * nothing of it is verified yet. */
struct passkey_answer {
    const char *id;                        /* of the credential, base64url */
    const char *type, *challenge, *origin; /* of the client data; challenge: base64url */
    struct bytes client_data, authenticator_data, signature; /* no signature when made */
};

/* false: it is none. All in the arena. */
bool passkey_read(struct arena *arena, json_object *credential, struct passkey_answer *out);

struct passkey {
    const char *rp_id, *id, *public_key; /* the last two base64url */
    int algorithm;                       /* COSE: -7, -8, -257 */
    int64_t sign_count;
};

/* Of the answer to navigator.credentials.create() at the host rp_id (section 7.1,
 * without origin and challenge, which the caller knows). false: not acceptable. */
bool passkey_made(struct arena *arena, const struct passkey_answer *answer, const char *rp_id,
                  struct passkey *out);

/* Whether the answer to navigator.credentials.get() was signed by it (section
 * 7.2); verified: the user must have shown themselves to the device, not just
 * touched it. Sets key->sign_count; a count that goes back is refused. */
bool passkey_signed(struct arena *arena, const struct passkey_answer *answer, struct passkey *key,
                    bool verified);

#endif
