/* exchange: the two ways to the provider: the browser's, to sign in there, and
 * ours, with the code that it brings back (OpenID Connect Core 3.1). */
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/sentence.h"
#include "base/text.h"
#include "client/client.h"
#include "oidc/internal.h"

enum { KEYS_KEPT_S = 600, TIMEOUT_S = 5, ANSWER_MAX = 256 * 1024, WORD_MOST = 60 };

static void add(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%s=", out->len == 0 || strchr("?&", out->data[out->len - 1]) ? "" : "&",
               name);
    text_url(out, value);
}

/* ---- the browser's way ---- */

/* RFC 7636 4.2. */
static const char *challenge_of(struct arena *arena, const char *verifier)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)verifier, strlen(verifier));
    return base64url_make(arena, digest, sizeof digest);
}

char *oidc_authorization_url(struct arena *arena, const struct oidc_metadata *metadata,
                             const struct oidc_client *client, const struct oidc_request *request)
{
    struct buf url;
    buf_init(&url, arena);
    buf_puts(&url, metadata->authorization_endpoint);
    buf_putc(&url, strchr(metadata->authorization_endpoint, '?') ? '&' : '?');
    add(&url, "response_type", "code");
    add(&url, "client_id", client->id);
    add(&url, "redirect_uri", request->redirect_uri);
    add(&url, "scope", client->scopes);
    add(&url, "state", request->state);
    add(&url, "nonce", request->nonce);
    add(&url, "code_challenge", challenge_of(arena, request->verifier));
    add(&url, "code_challenge_method", "S256");
    return url.data;
}

/* ---- our way ---- */

/* Each part form-encoded, then together as base64 (RFC 6749 2.3.1). */
static const char *basic_of(struct arena *arena, const struct oidc_client *client)
{
    struct buf pair;
    buf_init(&pair, arena);
    text_url(&pair, client->id);
    buf_putc(&pair, ':');
    text_url(&pair, client->secret);
    size_t size = sodium_base64_encoded_len(pair.len, sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(arena, "Authorization: Basic %s",
                        sodium_bin2base64(arena_alloc(arena, size), size,
                                          (const unsigned char *)pair.data, pair.len,
                                          sodium_base64_VARIANT_ORIGINAL));
}

/* A word of RFC 6749 5.2, if it is one. */
static const char *error_word(struct arena *arena, json_object *answer)
{
    const char *word = oidc_claim_text(answer, "error");
    size_t len = word ? strlen(word) : 0;
    bool good = len > 0 && len <= WORD_MOST && strspn(word, "abcdefghijklmnopqrstuvwxyz_") == len;
    return good ? arena_printf(arena, " (%s)", word) : "";
}

static json_object *ask(struct arena *arena, const struct client_request *request, const char *what,
                        const char **problem)
{
    struct client_answer answer;
    if (!client_fetch(arena, request, &answer)) {
        *problem =
            sentence_keep(arena, "The provider's %s did not answer: %s.", what, answer.problem);
        return NULL;
    }
    json_object *object = document_read(arena, answer.body, answer.body_len, problem);
    if (answer.status == 200)
        return object;
    *problem = sentence_keep(arena, "The provider's %s answered with status %d%s.", what,
                             answer.status, error_word(arena, object));
    return NULL;
}

static json_object *ask_for_tokens(struct arena *arena, const struct oidc_metadata *metadata,
                                   const struct oidc_client *client,
                                   const struct oidc_request *request, const char *code,
                                   const char **problem)
{
    struct buf body;
    bool basic = *client->secret && metadata->auth == OIDC_AUTH_BASIC;
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                   "Accept: application/json",
                                   basic ? basic_of(arena, client) : NULL, NULL};
    buf_init(&body, arena);
    add(&body, "grant_type", "authorization_code");
    add(&body, "code", code);
    add(&body, "redirect_uri", request->redirect_uri);
    add(&body, "code_verifier", request->verifier);
    if (!basic)
        add(&body, "client_id", client->id);
    if (!basic && *client->secret)
        add(&body, "client_secret", client->secret);
    return ask(arena,
               &(struct client_request){.url = metadata->token_endpoint,
                                        .headers = headers,
                                        .body = body.data,
                                        .body_len = body.len,
                                        .timeout_s = TIMEOUT_S,
                                        .body_max = ANSWER_MAX,
                                        .flags = CLIENT_OUTSIDE | CLIENT_HTTPS_ONLY},
               SAID("token endpoint"), problem);
}

/* A key that is not known may be a new one. */
static bool verify(struct arena *arena, const struct oidc_metadata *metadata, const char *token,
                   const struct oidc_expected *expected, json_object **claims, const char **problem)
{
    json_object *keys = document_get(arena, metadata->jwks_uri, KEYS_KEPT_S, problem);
    if (!keys)
        return false;
    enum oidc_verdict verdict = oidc_token_verify(arena, token, keys, expected, claims, problem);
    if (verdict != OIDC_NO_KEY)
        return verdict == OIDC_GOOD;
    keys = document_renew(arena, metadata->jwks_uri, problem);
    return keys && oidc_token_verify(arena, token, keys, expected, claims, problem) == OIDC_GOOD;
}

/* ---- user info ---- */

static bool lacks(json_object *claims, const char *const *wanted)
{
    json_object *member;
    for (; *wanted; wanted++)
        if (!json_object_object_get_ex(claims, *wanted, &member))
            return true;
    return false;
}

/* Never what the token itself says, nor what says how it was made. */
static void take_over(json_object *claims, const char *name, json_object *value)
{
    static const char *const tokens_own[] = {"iss", "aud",   "azp",     "exp", "iat", "nbf",
                                             "jti", "nonce", "at_hash", "amr", "acr", "auth_time"};
    json_object *member;
    for (size_t i = 0; i < COUNT(tokens_own); i++)
        if (strcmp(tokens_own[i], name) == 0)
            return;
    if (!json_object_object_get_ex(claims, name, &member))
        json_object_object_add(claims, name, json_object_get(value));
}

/* An address and whether it is verified come from one source. */
static void drop_half_address(json_object *claims, json_object *info)
{
    json_object *member;
    if (json_object_object_get_ex(info, "email", &member) &&
        (!json_object_object_get_ex(claims, "email", &member) ||
         !json_object_object_get_ex(claims, "email_verified", &member))) {
        json_object_object_del(claims, "email");
        json_object_object_del(claims, "email_verified");
    } else {
        json_object_object_del(info, "email");
        json_object_object_del(info, "email_verified");
    }
}

static bool add_user_info(struct arena *arena, const struct oidc_metadata *metadata,
                          const char *access_token, json_object *claims, const char **problem)
{
    const char *const headers[] = {arena_printf(arena, "Authorization: Bearer %s", access_token),
                                   "Accept: application/json", NULL};
    json_object *info = ask(arena,
                            &(struct client_request){.url = metadata->userinfo_endpoint,
                                                     .headers = headers,
                                                     .timeout_s = TIMEOUT_S,
                                                     .body_max = ANSWER_MAX,
                                                     .flags = CLIENT_OUTSIDE | CLIENT_HTTPS_ONLY},
                            SAID("user info"), problem);
    if (!info)
        return false;
    if (!text_equal(oidc_claim_text(info, "sub"), oidc_claim_text(claims, "sub"))) {
        *problem = "The provider's user info is somebody else's.";
        return false;
    }
    drop_half_address(claims, info);
    json_object_object_foreach(info, name, value)
    {
        take_over(claims, name, value);
    }
    return true;
}

bool oidc_exchange(struct arena *arena, const struct oidc_metadata *metadata,
                   const struct oidc_client *client, const struct oidc_request *request,
                   const char *code, const char *const *wanted, json_object **claims,
                   const char **problem)
{
    json_object *tokens = ask_for_tokens(arena, metadata, client, request, code, problem);
    if (!tokens)
        return false;
    const char *id_token = oidc_claim_text(tokens, "id_token");
    const struct oidc_expected expected = {.issuer = client->issuer,
                                           .client_id = client->id,
                                           .nonce = request->nonce,
                                           .access_token = oidc_claim_text(tokens, "access_token"),
                                           .now_s = clock_now_us() / 1000000};
    *problem = "The provider sent no ID token.";
    if (!id_token || !verify(arena, metadata, id_token, &expected, claims, problem))
        return false;
    if (!metadata->userinfo_endpoint || !expected.access_token || !lacks(*claims, wanted))
        return true;
    return add_user_info(arena, metadata, expected.access_token, *claims, problem);
}
