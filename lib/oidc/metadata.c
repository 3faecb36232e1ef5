/* metadata: what a provider says of itself (OpenID Connect Discovery 1.0). */
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/sentence.h"
#include "base/text.h"
#include "oidc/internal.h"

enum { KEPT_S = 600, ADDRESS_MOST = 1000 };

/* The client checks where an address leads; this is for those that only the
 * browser sees, and for a plain word before anything is sent. */
static bool is_address(const char *text)
{
    bool plain = strcmp(config_text(CONFIG_TULOU_ALLOW_PRIVATE), "1") == 0;
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > ADDRESS_MOST || strchr(text, '#'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("\"<>\\^`{|}", text[i]))
            return false;
    const char *host = text_starts(text, "https://")           ? text + 8
                       : plain && text_starts(text, "http://") ? text + 7
                                                               : NULL;
    return host && strcspn(host, "/?") > 0 && strcspn(host, "/?") <= strcspn(host, "@");
}

bool oidc_issuer_is(const char *text)
{
    return is_address(text) && !strchr(text, '?');
}

/* ---- reading ---- */

/* A list that is absent allows what its default says. */
static bool lists(json_object *metadata, const char *name, const char *value, bool otherwise)
{
    json_object *list;
    if (!json_object_object_get_ex(metadata, name, &list))
        return otherwise;
    return oidc_claim_has(metadata, name, value);
}

static bool take_address(struct arena *arena, json_object *metadata, const char *name,
                         const char **out, const char **problem)
{
    const char *text = oidc_claim_text(metadata, name);
    if (is_address(text)) {
        *out = arena_text(arena, text);
        return true;
    }
    *problem = sentence_keep(arena, "The provider's metadata has no usable %s.", name);
    return false;
}

static const char *why_not(json_object *metadata)
{
    static const char auth[] = "token_endpoint_auth_methods_supported";
    if (!lists(metadata, "response_types_supported", "code", true))
        return "The provider does not offer the authorization code flow.";
    if (!lists(metadata, "code_challenge_methods_supported", "S256", true))
        return "The provider does not offer PKCE with S256.";
    if (!lists(metadata, auth, "client_secret_basic", true) &&
        !lists(metadata, auth, "client_secret_post", true) && !lists(metadata, auth, "none", true))
        return "The provider takes neither client_secret_basic nor client_secret_post.";
    static const char *const ours[] = {"RS256", "PS256", "ES256", "EdDSA", "Ed25519"};
    for (size_t i = 0; i < COUNT(ours); i++)
        if (lists(metadata, "id_token_signing_alg_values_supported", ours[i], true))
            return NULL;
    return "The provider signs with no algorithm that we accept.";
}

static bool read_endpoints(struct arena *arena, json_object *metadata, struct oidc_metadata *out,
                           const char **problem)
{
    json_object *member;
    return take_address(arena, metadata, "authorization_endpoint", &out->authorization_endpoint,
                        problem) &&
           take_address(arena, metadata, "token_endpoint", &out->token_endpoint, problem) &&
           take_address(arena, metadata, "jwks_uri", &out->jwks_uri, problem) &&
           (!json_object_object_get_ex(metadata, "userinfo_endpoint", &member) ||
            take_address(arena, metadata, "userinfo_endpoint", &out->userinfo_endpoint, problem));
}

static bool read_object(struct arena *arena, const char *issuer, json_object *metadata,
                        struct oidc_metadata *out, const char **problem)
{
    static const char auth[] = "token_endpoint_auth_methods_supported";
    *out = (struct oidc_metadata){.issuer = issuer};
    if (!text_equal(oidc_claim_text(metadata, "issuer"), issuer)) {
        *problem = "The provider's metadata names another issuer: it must be exactly the one "
                   "given, slash for slash.";
        return false;
    }
    *problem = why_not(metadata);
    if (*problem || !read_endpoints(arena, metadata, out, problem))
        return false;
    out->auth =
        lists(metadata, auth, "client_secret_basic", true) ? OIDC_AUTH_BASIC : OIDC_AUTH_POST;
    out->sends_issuer = oidc_claim_true(metadata, "authorization_response_iss_parameter_supported");
    return true;
}

bool oidc_metadata_read(struct arena *arena, const char *issuer, const char *data, size_t len,
                        struct oidc_metadata *out, const char **problem)
{
    json_object *metadata = document_read(arena, data, len, problem);
    return metadata && read_object(arena, issuer, metadata, out, problem);
}

/* ---- fetching ---- */

bool oidc_discover(struct arena *arena, const char *issuer, bool fresh, struct oidc_metadata *out,
                   const char **problem)
{
    size_t len = strlen(issuer);
    const char *url =
        arena_printf(arena, "%.*s/.well-known/openid-configuration",
                     (int)(len > 0 && issuer[len - 1] == '/' ? len - 1 : len), issuer);
    json_object *metadata = document_get(arena, url, fresh ? 0 : KEPT_S, problem);
    return metadata && read_object(arena, issuer, metadata, out, problem);
}

int oidc_count_keys(struct arena *arena, const struct oidc_metadata *metadata, const char **problem)
{
    json_object *keys = document_get(arena, metadata->jwks_uri, 0, problem);
    return keys ? keys_count(arena, keys) : -1;
}
