/* jwk: public keys as JSON (RFC 7517), made into OpenSSL's. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "oidc/internal.h"

/* RSA between 2048 (RFC 7518 3.3) and 8192 bits, beyond which it only costs. */
enum {
    MODULUS_LEAST = 256,
    MODULUS_MOST = 1024,
    EXPONENT_MOST = 8,
    P256_BYTES = 32,
    ED_BYTES = 32
};

bool base64url_read(struct arena *arena, const char *text, size_t len, struct bytes *out)
{
    unsigned char *data = arena_alloc(arena, len + 1);
    out->data = data;
    return sodium_base642bin(data, len + 1, text, len, NULL, &out->len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

const char *base64url_make(struct arena *arena, const void *data, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(arena, size), size, data, len,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool member_bytes(struct arena *arena, json_object *jwk, const char *name, struct bytes *out)
{
    const char *text = oidc_claim_text(jwk, name);
    return text && base64url_read(arena, text, strlen(text), out) && out->len > 0;
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *read_rsa(struct arena *arena, json_object *jwk)
{
    struct bytes n, e;
    if (!member_bytes(arena, jwk, "n", &n) || !member_bytes(arena, jwk, "e", &e) ||
        n.len < MODULUS_LEAST || n.len > MODULUS_MOST || e.len > EXPONENT_MOST)
        return NULL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    /* leading zeros do not make a key longer; an exponent of 1 signs by itself */
    if (build && modulus && exponent && BN_num_bits(modulus) >= MODULUS_LEAST * 8 &&
        BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = from_parameters("RSA", build);
    BN_free(modulus);
    BN_free(exponent);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *read_p256(struct arena *arena, json_object *jwk)
{
    struct bytes x, y;
    unsigned char point[1 + 2 * P256_BYTES] = {4 /* uncompressed */};
    if (!member_bytes(arena, jwk, "x", &x) || !member_bytes(arena, jwk, "y", &y) ||
        x.len != P256_BYTES || y.len != P256_BYTES)
        return NULL;
    memcpy(point + 1, x.data, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.data, P256_BYTES);
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = from_parameters("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *read_ed25519(struct arena *arena, json_object *jwk)
{
    struct bytes x;
    if (!member_bytes(arena, jwk, "x", &x) || x.len != ED_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.len);
}

EVP_PKEY *jwk_read(struct arena *arena, json_object *jwk, const char *type, const char *curve)
{
    if (!text_equal(oidc_claim_text(jwk, "kty"), type) ||
        (curve && !text_equal(oidc_claim_text(jwk, "crv"), curve)))
        return NULL;
    if (strcmp(type, "RSA") == 0)
        return read_rsa(arena, jwk);
    return strcmp(type, "EC") == 0 ? read_p256(arena, jwk) : read_ed25519(arena, jwk);
}
