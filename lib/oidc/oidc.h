/* oidc: we as a client of somebody's OpenID provider (OpenID Connect Core 1.0,
 * Discovery 1.0): authorization code flow with PKCE (RFC 7636), and what the
 * provider answers believed only as far as it is signed.
 *
 * Floor: above client, beside access. A provider is chosen by a tenant, so it
 * may be down, slow, or lie: each answer is bounded in time and size, and what
 * is wrong comes back as a sentence for people. Such a sentence is in the arena
 * and holds no secret.
 */
#ifndef OIDC_OIDC_H
#define OIDC_OIDC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Who we are to a provider. */
struct oidc_client {
    const char *issuer, *id;
    const char *secret; /* "": none, a public client */
    const char *scopes; /* "openid email profile" */
};

enum oidc_client_auth { OIDC_AUTH_BASIC, OIDC_AUTH_POST }; /* RFC 6749 2.3.1 */

/* What a provider says of itself. */
struct oidc_metadata {
    const char *issuer, *authorization_endpoint, *token_endpoint, *jwks_uri;
    const char *userinfo_endpoint; /* or NULL */
    enum oidc_client_auth auth;
    bool sends_issuer; /* RFC 9207 3: each answer names it */
};

/* What binds a sign-in to the browser that began it. */
struct oidc_request {
    const char *redirect_uri, *state, *nonce;
    const char *verifier; /* of PKCE: 43 to 128 characters (RFC 7636 4.1) */
};

/* ---- the provider ---- */

/* Whether a text may be an issuer: https (http too with TULOU_ALLOW_PRIVATE=1,
 * for tests), without query and fragment (Discovery 3). */
bool oidc_issuer_is(const char *text);

/* The metadata of an issuer, which must be exactly the one asked for (Discovery
 * 4.3). Kept for ten minutes unless `fresh`. WAITS. */
bool oidc_discover(struct arena *arena, const char *issuer, bool fresh, struct oidc_metadata *out,
                   const char **problem);
/* The reading part of it. */
bool oidc_metadata_read(struct arena *arena, const char *issuer, const char *data, size_t len,
                        struct oidc_metadata *out, const char **problem);
/* How many of the provider's keys we can use, fetched anew; -1 with *problem. WAITS. */
int oidc_count_keys(struct arena *arena, const struct oidc_metadata *metadata,
                    const char **problem);

/* ---- signing in ---- */

/* Where the browser is sent. */
char *oidc_authorization_url(struct arena *arena, const struct oidc_metadata *metadata,
                             const struct oidc_client *client, const struct oidc_request *request);

/* Exchanges a code and verifies the ID token. *claims is what the provider says
 * of the person: the token's, and of the user info (Core 5.3) what the token
 * lacks of `wanted` (NULL-terminated). WAITS. */
bool oidc_exchange(struct arena *arena, const struct oidc_metadata *metadata,
                   const struct oidc_client *client, const struct oidc_request *request,
                   const char *code, const char *const *wanted, json_object **claims,
                   const char **problem);

/* ---- ID tokens (Core 2, 3.1.3.7) ---- */

struct oidc_expected {
    const char *issuer, *client_id, *nonce;
    const char *access_token; /* for at_hash; NULL: none came */
    int64_t now_s;
};

enum oidc_verdict {
    OIDC_GOOD,
    OIDC_BAD,
    OIDC_NO_KEY /* signed by a key that is not among these: they may have changed */
};

/* Verifies a token by a key set (RFC 7517 5): RS256, PS256, ES256 or EdDSA with
 * Ed25519, whatever the header says, and a key made for it. *claims on OIDC_GOOD. */
enum oidc_verdict oidc_token_verify(struct arena *arena, const char *token, json_object *keys,
                                    const struct oidc_expected *expected, json_object **claims,
                                    const char **problem);

/* ---- claims ---- */

/* A text of the claims; NULL when it is missing or something else. */
const char *oidc_claim_text(json_object *claims, const char *name);
/* true, or "true", which some providers write. */
bool oidc_claim_true(json_object *claims, const char *name);
/* Whether a claim is that value or a list in which it stands. A name that is
 * none is a path of members: "realm_access.roles". */
bool oidc_claim_has(json_object *claims, const char *name, const char *value);

#endif
