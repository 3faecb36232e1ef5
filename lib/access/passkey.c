#include "access/passkey.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>
#include <string.h>

#include "access/cbor.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

/* Authenticator data (section 6.1): hash of the host, flags, counter; then, if the
 * flags say so, AAGUID, length of the id, id and key of the credential; extensions. */
enum {
    RP_HASH = 32,
    FLAGS_AT = 32,
    HEAD_LEN = 37,
    AAGUID_LEN = 16,
    ID_AT = HEAD_LEN + AAGUID_LEN + 2
};
enum { USER_PRESENT = 1, HAS_CREDENTIAL = 64, ID_MAX = 1023 };

static const char *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, key, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

static bool decode(struct arena *arena, const char *text, struct bytes *out)
{
    size_t size = text ? strlen(text) : 0;
    unsigned char *data = arena_alloc(arena, size + 1);
    out->data = data;
    return size > 0 && sodium_base642bin(data, size + 1, text, size, NULL, &out->len, NULL,
                                         sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static const char *encode(struct arena *arena, const unsigned char *data, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(arena, size), size, data, len,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool read_client_data(struct arena *arena, struct passkey_answer *out)
{
    bool is_null;
    struct json_problem problem;
    json_object *crossed = NULL;
    json_object *data = json_read(arena, (const char *)out->client_data.data, out->client_data.len,
                                  NULL, &is_null, &problem);
    out->type = member(data, "type");
    out->challenge = member(data, "challenge");
    out->origin = member(data, "origin");
    if (!out->type || !out->challenge || !out->origin)
        return false;
    return !json_object_object_get_ex(data, "crossOrigin", &crossed) ||
           !json_object_get_boolean(crossed);
}

/* Whether what libfido2 reads as CBOR announces no more than is there. */
static bool is_bounded(const struct bytes *data)
{
    size_t at = HEAD_LEN;
    if (data->len < HEAD_LEN)
        return false;
    if (data->data[FLAGS_AT] & HAS_CREDENTIAL) {
        if (data->len < ID_AT)
            return false;
        at = ID_AT + (size_t)(data->data[ID_AT - 2] << 8 | data->data[ID_AT - 1]);
    }
    return at <= data->len && cbor_is_bounded(data->data + at, data->len - at);
}

bool passkey_read(struct arena *arena, json_object *credential, struct passkey_answer *out)
{
    json_object *response = NULL;
    struct bytes id;
    *out = (struct passkey_answer){.id = member(credential, "id")};
    if (!decode(arena, out->id, &id) || id.len > ID_MAX ||
        !json_object_object_get_ex(credential, "response", &response) ||
        !decode(arena, member(response, "clientDataJSON"), &out->client_data) ||
        !decode(arena, member(response, "authenticatorData"), &out->authenticator_data) ||
        !is_bounded(&out->authenticator_data))
        return false;
    const char *signature = member(response, "signature");
    return (!signature || decode(arena, signature, &out->signature)) &&
           read_client_data(arena, out);
}

/* The first part of the authenticator data, which libfido2 checks only of what is
 * signed (section 6.1): whose, and what happened. */
static bool is_ours(const struct bytes *data, const char *rp_id)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    if (data->len <= FLAGS_AT)
        return false;
    crypto_hash_sha256(hash, (const unsigned char *)rp_id, strlen(rp_id));
    int wanted = USER_PRESENT | HAS_CREDENTIAL;
    return memcmp(data->data, hash, RP_HASH) == 0 && (data->data[FLAGS_AT] & wanted) == wanted;
}

static bool read_credential(struct arena *arena, const struct bytes *data, int algorithm,
                            struct passkey *out)
{
    fido_cred_t *credential = fido_cred_new();
    bool read = credential && fido_cred_set_type(credential, algorithm) == FIDO_OK &&
                fido_cred_set_authdata_raw(credential, data->data, data->len) == FIDO_OK &&
                fido_cred_id_len(credential) > 0 && fido_cred_pubkey_len(credential) > 0;
    if (read) {
        out->algorithm = algorithm;
        out->sign_count = fido_cred_sigcount(credential);
        out->id = encode(arena, fido_cred_id_ptr(credential), fido_cred_id_len(credential));
        out->public_key =
            encode(arena, fido_cred_pubkey_ptr(credential), fido_cred_pubkey_len(credential));
    }
    fido_cred_free(&credential);
    return read;
}

bool passkey_made(struct arena *arena, const struct passkey_answer *answer, const char *rp_id,
                  struct passkey *out)
{
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    *out = (struct passkey){.rp_id = rp_id};
    if (!text_equal(answer->type, "webauthn.create") ||
        !is_ours(&answer->authenticator_data, rp_id))
        return false;
    for (size_t i = 0; i < COUNT(algorithms); i++)
        if (read_credential(arena, &answer->authenticator_data, algorithms[i], out))
            return text_equal(out->id, answer->id);
    return false;
}

/* libfido2 checks host, flags and signature. */
static bool verify_with(fido_assert_t *assertion, int algorithm, const struct bytes *key)
{
    bool right = false;
    if (algorithm == COSE_ES256) {
        es256_pk_t *pk = es256_pk_new();
        right = pk && es256_pk_from_ptr(pk, key->data, key->len) == FIDO_OK &&
                fido_assert_verify(assertion, 0, algorithm, pk) == FIDO_OK;
        es256_pk_free(&pk);
    } else if (algorithm == COSE_EDDSA) {
        eddsa_pk_t *pk = eddsa_pk_new();
        right = pk && eddsa_pk_from_ptr(pk, key->data, key->len) == FIDO_OK &&
                fido_assert_verify(assertion, 0, algorithm, pk) == FIDO_OK;
        eddsa_pk_free(&pk);
    } else if (algorithm == COSE_RS256) {
        rs256_pk_t *pk = rs256_pk_new();
        right = pk && rs256_pk_from_ptr(pk, key->data, key->len) == FIDO_OK &&
                fido_assert_verify(assertion, 0, algorithm, pk) == FIDO_OK;
        rs256_pk_free(&pk);
    }
    return right;
}

static bool fill(fido_assert_t *assertion, const struct passkey_answer *answer, const char *rp_id,
                 bool verified)
{
    const struct bytes *client = &answer->client_data, *data = &answer->authenticator_data,
                       *signature = &answer->signature;
    return fido_assert_set_clientdata(assertion, client->data, client->len) == FIDO_OK &&
           fido_assert_set_rp(assertion, rp_id) == FIDO_OK &&
           fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assertion, verified ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, data->data, data->len) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, signature->data, signature->len) == FIDO_OK;
}

/* Devices that count at all count up (section 6.1.1); many answer 0 for ever. */
static bool count_on(const fido_assert_t *assertion, struct passkey *key)
{
    int64_t count = fido_assert_sigcount(assertion, 0);
    if (count <= key->sign_count && (count != 0 || key->sign_count != 0))
        return false;
    key->sign_count = count;
    return true;
}

bool passkey_signed(struct arena *arena, const struct passkey_answer *answer, struct passkey *key,
                    bool verified)
{
    struct bytes public_key;
    if (!text_equal(answer->type, "webauthn.get") || !answer->signature.data ||
        !decode(arena, key->public_key, &public_key))
        return false;
    fido_assert_t *assertion = fido_assert_new();
    bool right = assertion && fill(assertion, answer, key->rp_id, verified) &&
                 verify_with(assertion, key->algorithm, &public_key) && count_on(assertion, key);
    fido_assert_free(&assertion);
    return right;
}
