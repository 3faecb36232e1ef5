/* signature: signed tokens (RFC 7515) and the key of a set that signed one. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "oidc/internal.h"

enum { TOKEN_MAX = 64 * 1024, KEYS_MAX = 100, P256_BYTES = 32, SIGNATURE_MAX = 1024 };

/* Signatures by a public key alone: neither "none" nor HS256, with which a
 * published key would be the secret. The digest of Ed25519 is for at_hash. */
static const struct algorithm {
    const char *name, *type, *curve;
    const EVP_MD *(*digest)(void);
} algorithms[] = {
    {"RS256", "RSA", NULL, EVP_sha256},        {"PS256", "RSA", NULL, EVP_sha256},
    {"ES256", "EC", "P-256", EVP_sha256},      {"EdDSA", "OKP", "Ed25519", EVP_sha512},
    {"Ed25519", "OKP", "Ed25519", EVP_sha512}, /* its name since RFC 9864 */
};

/* ---- reading ---- */

static json_object *read_part(struct arena *arena, const char *text, size_t len)
{
    struct bytes bytes;
    const char *unused;
    return base64url_read(arena, text, len, &bytes)
               ? document_read(arena, (const char *)bytes.data, bytes.len, &unused)
               : NULL;
}

static const struct algorithm *algorithm_of(const char *name)
{
    for (size_t i = 0; i < COUNT(algorithms); i++)
        if (text_equal(algorithms[i].name, name))
            return &algorithms[i];
    return NULL;
}

/* What must be understood ("crit", RFC 7515 4.1.11) we do not. */
static bool read_header(json_object *header, struct signed_token *out, const char **problem)
{
    json_object *member;
    out->algorithm = algorithm_of(oidc_claim_text(header, "alg"));
    out->key_id = oidc_claim_text(header, "kid");
    *problem = !header           ? "The ID token is malformed."
               : !out->algorithm ? "The ID token is not signed in a way that we accept."
               : json_object_object_get_ex(header, "crit", &member)
                   ? "The ID token demands what we do not know."
                   : NULL;
    return !*problem;
}

bool signed_token_read(struct arena *arena, const char *text, struct signed_token *out,
                       const char **problem)
{
    const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    *out = (struct signed_token){.algorithm = NULL};
    *problem = "The ID token is malformed.";
    if (!second || strchr(second + 1, '.') || strlen(text) > TOKEN_MAX)
        return false;
    if (!read_header(read_part(arena, text, (size_t)(first - text)), out, problem))
        return false;
    *problem = "The ID token is malformed.";
    out->input = (struct bytes){(const unsigned char *)text, (size_t)(second - text)};
    out->claims = read_part(arena, first + 1, (size_t)(second - first - 1));
    return out->claims && base64url_read(arena, second + 1, strlen(second + 1), &out->signature) &&
           out->signature.len > 0 && out->signature.len <= SIGNATURE_MAX;
}

/* ---- keys ---- */

static bool says(json_object *jwk, const char *name, const char *wanted)
{
    const char *said = oidc_claim_text(jwk, name);
    return !said || strcmp(said, wanted) == 0;
}

/* A key that says what it is for is used for nothing else. */
static EVP_PKEY *key_for(struct arena *arena, json_object *jwk, const struct algorithm *algorithm)
{
    if (!json_object_is_type(jwk, json_type_object) || !says(jwk, "use", "sig") ||
        !says(jwk, "alg", algorithm->name))
        return NULL;
    return jwk_read(arena, jwk, algorithm->type, algorithm->curve);
}

static json_object *list_of(json_object *keys, size_t *count)
{
    json_object *list = NULL;
    json_object_object_get_ex(keys, "keys", &list);
    *count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    if (*count > KEYS_MAX)
        *count = KEYS_MAX;
    return list;
}

int keys_count(struct arena *arena, json_object *keys)
{
    size_t count;
    int usable = 0;
    json_object *list = list_of(keys, &count);
    for (size_t i = 0; i < count; i++) {
        EVP_PKEY *key = NULL;
        for (size_t k = 0; k < COUNT(algorithms) && !key; k++)
            key = key_for(arena, json_object_array_get_idx(list, i), &algorithms[k]);
        usable += key != NULL;
        EVP_PKEY_free(key);
    }
    ERR_clear_error();
    return usable;
}

/* ---- verifying ---- */

/* r and s side by side (RFC 7518 3.4), as OpenSSL wants them. */
static bool to_der(const struct bytes *raw, unsigned char **der, int *len)
{
    if (raw->len != 2 * P256_BYTES)
        return false;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw->data, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(raw->data + P256_BYTES, P256_BYTES, NULL);
    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return false;
    }
    *len = i2d_ECDSA_SIG(pair, der);
    ECDSA_SIG_free(pair);
    return *len > 0;
}

static bool set_padding(EVP_PKEY_CTX *context, const struct algorithm *algorithm)
{
    if (strcmp(algorithm->name, "PS256") != 0)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool verify_with(EVP_PKEY *key, const struct signed_token *token)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL;
    unsigned char *der = NULL;
    int der_len = 0;
    const unsigned char *signature = token->signature.data;
    size_t len = token->signature.len;
    bool one_shot = strcmp(token->algorithm->type, "OKP") == 0, right = true;
    if (strcmp(token->algorithm->name, "ES256") == 0) {
        right = to_der(&token->signature, &der, &der_len);
        signature = der;
        len = (size_t)der_len;
    }
    right = right && digest &&
            EVP_DigestVerifyInit(digest, &context, one_shot ? NULL : token->algorithm->digest(),
                                 NULL, key) == 1 &&
            set_padding(context, token->algorithm) &&
            EVP_DigestVerify(digest, signature, len, token->input.data, token->input.len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(digest);
    return right;
}

/* By the key that the token names; by the only one there is when it names none
 * (Core 10.1). */
enum oidc_verdict signed_token_verify(struct arena *arena, const struct signed_token *token,
                                      json_object *keys)
{
    size_t count, fitting = 0;
    bool right = false;
    json_object *list = list_of(keys, &count);
    for (size_t i = 0; i < count && !right; i++) {
        json_object *jwk = json_object_array_get_idx(list, i);
        if (token->key_id && !text_equal(oidc_claim_text(jwk, "kid"), token->key_id))
            continue;
        EVP_PKEY *key = key_for(arena, jwk, token->algorithm);
        fitting += key != NULL;
        right = key && (token->key_id || fitting == 1) && verify_with(key, token);
        EVP_PKEY_free(key);
        if (!token->key_id && fitting > 1)
            break;
    }
    ERR_clear_error();
    return right ? OIDC_GOOD : fitting == 0 ? OIDC_NO_KEY : OIDC_BAD;
}

const char *half_digest(struct arena *arena, const struct algorithm *algorithm, const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(text, strlen(text), digest, &len, algorithm->digest(), NULL) != 1)
        return "";
    return base64url_make(arena, digest, len / 2);
}
