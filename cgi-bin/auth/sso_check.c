/* sso_check: whether a provider would work, asked of the provider itself, for
 * whoever sets it up. */
#include "access/tenant.h"
#include "base/sentence.h"
#include "http/cx.h"
#include "page/page.h"
#include "sso.h"

struct report {
    const char *problem; /* NULL: it would work */
    struct oidc_metadata metadata;
    int keys;
};

static void check(struct cx *cx, const struct sso_provider *provider, struct report *out)
{
    *out = (struct report){.keys = 0};
    if (!oidc_discover(cx->arena, provider->client.issuer, true, &out->metadata, &out->problem))
        return;
    out->problem = NULL;
    out->keys = oidc_count_keys(cx->arena, &out->metadata, &out->problem);
    if (out->keys == 0)
        out->problem = "The provider publishes no key that we can use (RS256, PS256, ES256 or "
                       "EdDSA).";
}

static const char *redirect_uri(struct cx *cx)
{
    return sso_redirect_uri(cx, tenant_url(cx->arena, cx->tenant));
}

static bool test(struct cx *cx)
{
    struct sso_provider provider;
    struct report report;
    if (!sso_provider_find(cx, &cx->db, cx_path(cx, "id"), &provider))
        return false;
    check(cx, &provider, &report);
    const struct oidc_metadata *metadata = &report.metadata;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_bool(json, "works", !report.problem);
    json_pair(json, "problem", sentence_read(cx->arena, NULL, report.problem));
    json_pair(json, "redirectUri", redirect_uri(cx));
    json_pair(json, "authorizationEndpoint", metadata->authorization_endpoint);
    json_pair(json, "tokenEndpoint", metadata->token_endpoint);
    json_pair(json, "userinfoEndpoint", metadata->userinfo_endpoint);
    json_pair(json, "jwksUri", metadata->jwks_uri);
    json_pair_int(json, "keys", report.keys > 0 ? report.keys : 0);
    json_close_object(json);
    return respond_end(cx);
}

static bool test_page(struct cx *cx)
{
    struct sso_provider provider;
    struct report report;
    struct list_result record;
    const char *id = cx_path(cx, "id");
    if (!sso_provider_find(cx, &cx->db, id, &provider) ||
        !record_get(cx, &sso_providers, id, &record))
        return false;
    check(cx, &provider, &report);
    json_object *data = page_detail_data(cx, &sso_providers, &record);
    if (!data || !sso_providers.add_to_page(cx, data, &record))
        return false;
    json_object *result = page_add(data, "result");
    page_set(result, "problem", sentence_read(cx->arena, cx->language, report.problem));
    page_set(result, "token_endpoint", report.metadata.token_endpoint);
    page_set(result, "authorization_endpoint", report.metadata.authorization_endpoint);
    page_set_int(result, "keys", report.keys);
    return page_render(cx, 200, "auth/sso_provider", provider.name, data);
}

const struct route sso_check_routes[] = {
    ROUTE(POST, "/api/security/sso-providers/:id/test", MAY(TENANT, "access.sso:update"), test,
          "Ask a provider whether signing in by it would work, and if not why.",
          .operation = "testSsoProvider", .answer_name = "SSO provider test", .status = 200,
          .answer_fields =
              FIELDS({"works", BOOL}, {"problem", TEXT, NULLABLE},
                     {"redirect_uri", URL, .help = "To be registered at the provider."},
                     {"authorization_endpoint", URL, NULLABLE}, {"token_endpoint", URL, NULLABLE},
                     {"userinfo_endpoint", URL, NULLABLE}, {"jwks_uri", URL, NULLABLE},
                     {"keys", INT, .help = "How many of its keys we can verify with."}),
          .flags = ROUTE_CALLS_OUT),
    ROUTE(POST, "/admin/sso/:id/test", MAY(TENANT, "access.sso:update"), test_page,
          "Test the connection to a provider.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_LOOSE_BODY | ROUTE_CALLS_OUT),
    {.path = NULL},
};
