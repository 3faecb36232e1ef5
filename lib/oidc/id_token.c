/* id_token: whether what a provider says is said to us, now, and of this sign-in
 * (OpenID Connect Core 3.1.3.7). */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "oidc/internal.h"

/* Clocks of others may be so far off; a token is used at once, so an old one is
 * somebody else's. */
enum { LEEWAY_S = 60, AGE_MOST_S = 600, SUBJECT_MOST = 255 };

static bool number(json_object *claims, const char *name, int64_t *out)
{
    json_object *value;
    if (!json_object_object_get_ex(claims, name, &value) ||
        (!json_object_is_type(value, json_type_int) &&
         !json_object_is_type(value, json_type_double)))
        return false;
    *out = json_object_get_int64(value);
    return true;
}

/* To us; if to others as well, or if it says so, we must be the one it was made for. */
static bool is_for(json_object *claims, const char *client_id)
{
    json_object *audience = NULL, *party = NULL;
    json_object_object_get_ex(claims, "aud", &audience);
    bool many =
        json_object_is_type(audience, json_type_array) && json_object_array_length(audience) > 1;
    bool named = json_object_object_get_ex(claims, "azp", &party);
    if (!oidc_claim_has(claims, "aud", client_id))
        return false;
    return (!many && !named) || text_equal(oidc_claim_text(claims, "azp"), client_id);
}

static const char *check_times(json_object *claims, int64_t now_s)
{
    int64_t expires, issued, not_before;
    json_object *member;
    if (!number(claims, "exp", &expires) || !number(claims, "iat", &issued))
        return "The ID token does not say when it was made and how long it holds.";
    if (expires <= now_s - LEEWAY_S || issued < now_s - AGE_MOST_S)
        return "The ID token has expired.";
    if (issued > now_s + LEEWAY_S)
        return "The ID token comes from the future: is the provider's clock right?";
    if (json_object_object_get_ex(claims, "nbf", &member) &&
        (!number(claims, "nbf", &not_before) || not_before > now_s + LEEWAY_S))
        return "The ID token is not good yet.";
    return NULL;
}

static bool is_subject(const char *subject)
{
    size_t len = subject ? strlen(subject) : 0;
    for (size_t i = 0; i < len; i++)
        if (subject[i] < ' ' || subject[i] > '~')
            return false;
    return len > 0 && len <= SUBJECT_MOST;
}

static bool hash_fits(struct arena *arena, const struct signed_token *token,
                      const char *access_token)
{
    json_object *member;
    if (!json_object_object_get_ex(token->claims, "at_hash", &member))
        return true;
    return access_token && text_equal_secret(oidc_claim_text(token->claims, "at_hash"),
                                             half_digest(arena, token->algorithm, access_token));
}

static const char *check_claims(struct arena *arena, const struct signed_token *token,
                                const struct oidc_expected *expected)
{
    json_object *claims = token->claims;
    const char *nonce = oidc_claim_text(claims, "nonce");
    if (!text_equal(oidc_claim_text(claims, "iss"), expected->issuer))
        return "The ID token comes from another issuer.";
    if (!is_for(claims, expected->client_id))
        return "The ID token is meant for another application.";
    const char *problem = check_times(claims, expected->now_s);
    if (problem)
        return problem;
    if (!nonce || !text_equal_secret(nonce, expected->nonce))
        return "The ID token belongs to another sign-in.";
    if (!hash_fits(arena, token, expected->access_token))
        return "The ID token belongs to another access token.";
    return is_subject(oidc_claim_text(claims, "sub")) ? NULL : "The ID token names nobody.";
}

enum oidc_verdict oidc_token_verify(struct arena *arena, const char *token, json_object *keys,
                                    const struct oidc_expected *expected, json_object **claims,
                                    const char **problem)
{
    struct signed_token parts;
    *claims = NULL;
    if (!signed_token_read(arena, token, &parts, problem))
        return OIDC_BAD;
    enum oidc_verdict verdict = signed_token_verify(arena, &parts, keys);
    *problem = verdict == OIDC_GOOD ? check_claims(arena, &parts, expected)
               : verdict == OIDC_NO_KEY
                   ? "The ID token is signed with a key that the provider does "
                     "not publish."
                   : "The signature of the ID token is wrong.";
    if (verdict == OIDC_GOOD && *problem)
        verdict = OIDC_BAD;
    if (verdict == OIDC_GOOD)
        *claims = parts.claims;
    return verdict;
}
