/* internal: what the files of lib/oidc share. */
#ifndef OIDC_INTERNAL_H
#define OIDC_INTERNAL_H

#include <openssl/types.h>

#include "base/json.h"
#include "oidc/oidc.h"

/* ---- document.c: what providers publish ---- */
/* A JSON object at an address, not older than max_age_s; NULL with *problem. WAITS. */
json_object *document_get(struct arena *arena, const char *url, int max_age_s,
                          const char **problem);
/* Anew, though at most once in half a minute for each address: then the one kept. WAITS. */
json_object *document_renew(struct arena *arena, const char *url, const char **problem);
/* A body as an object. */
json_object *document_read(struct arena *arena, const char *data, size_t len, const char **problem);

/* ---- signature.c: JSON Web Signatures (RFC 7515) ---- */
struct bytes {
    const unsigned char *data;
    size_t len;
};
struct algorithm;
struct signed_token {
    const struct algorithm *algorithm;
    const char *key_id; /* or NULL */
    struct bytes input, signature;
    json_object *claims;
};
/* Takes a compact one apart. false with *problem: it is none, or of an algorithm that
 * is not ours. */
bool signed_token_read(struct arena *arena, const char *text, struct signed_token *out,
                       const char **problem);
enum oidc_verdict signed_token_verify(struct arena *arena, const struct signed_token *token,
                                      json_object *keys);
/* How many keys of a set could have signed for us. */
int keys_count(struct arena *arena, json_object *keys);
/* The left half of a text's digest, as base64url (Core 3.1.3.6). */
const char *half_digest(struct arena *arena, const struct algorithm *algorithm, const char *text);

/* ---- jwk.c: keys (RFC 7517, 7518 6, 8037 2) ---- */
/* NULL: it is none of this type and curve, or too weak. Free with EVP_PKEY_free(). */
EVP_PKEY *jwk_read(struct arena *arena, json_object *jwk, const char *type, const char *curve);

/* base64url without padding. */
bool base64url_read(struct arena *arena, const char *text, size_t len, struct bytes *out);
const char *base64url_make(struct arena *arena, const void *data, size_t len);

#endif
