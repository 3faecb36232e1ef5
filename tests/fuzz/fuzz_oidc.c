/* fuzz_oidc: whatever a provider answers (metadata, keys, ID tokens) is read within
 * its bounds, and no token is good that nobody signed. The first byte says what
 * the rest is; of a token, keys may follow after a line end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "oidc/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The base point of P-256, and others of which nobody has the private half. */
static const char nobodys_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
                                   "\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\","
                                   "\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"},"
                                   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"b\","
                                   "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void read_metadata(struct arena *arena, const char *text, size_t len)
{
    struct oidc_metadata metadata;
    const char *problem = NULL;
    bool good = oidc_metadata_read(arena, "https://id.example.com", text, len, &metadata, &problem);
    if (good != (problem == NULL))
        abort();
    if (good && (!text_starts(metadata.authorization_endpoint, "https://") ||
                 !text_starts(metadata.token_endpoint, "https://") ||
                 !text_starts(metadata.jwks_uri, "https://")))
        abort();
}

static void read_claims(struct arena *arena, const char *text, size_t len)
{
    struct json_problem problem;
    bool is_null;
    json_object *claims = json_read(arena, text, len, NULL, &is_null, &problem);
    static const char *const names[] = {"groups", "a.b.c", "..", "", "realm_access.roles"};
    for (size_t i = 0; i < COUNT(names); i++) {
        oidc_claim_has(claims, names[i], "a");
        oidc_claim_true(claims, names[i]);
    }
}

/* With keys that the same provider sent, anything may be good but what is wrong
 * whoever signs it: no input of ours has this nonce. */
static void read_token(struct arena *arena, const char *text)
{
    static const struct oidc_expected expected = {.issuer = "https://id.example.com",
                                                  .client_id = "tulou",
                                                  .nonce = "3f7c1d0e-nobody-says-this",
                                                  .access_token = "an access token",
                                                  .now_s = 1100};
    struct json_problem why;
    bool is_null;
    const char *line = strchr(text, '\n'), *problem;
    const char *keys_text = line ? line + 1 : nobodys_keys;
    json_object *claims,
        *keys = json_read(arena, keys_text, strlen(keys_text), NULL, &is_null, &why);
    const char *token = arena_copy(arena, text, line ? (size_t)(line - text) : strlen(text));
    if (!json_object_is_type(keys, json_type_object))
        return;
    if (oidc_token_verify(arena, token, keys, &expected, &claims, &problem) == OIDC_GOOD ||
        claims || !problem)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, data + 1, size - 1);
    switch (data[0]) {
    case 'm':
        read_metadata(arena, text, size - 1);
        break;
    case 'c':
        read_claims(arena, text, size - 1);
        break;
    default:
        read_token(arena, text);
    }
    arena_free(arena);
    return 0;
}
