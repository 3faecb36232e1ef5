/* sso_check: whether a provider would work, asked of the provider itself, for
 * whoever sets it up. */
#include "access/tenant.h"
#include "base/sentence.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/action.h"
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

static bool sso_test_run(struct cx *cx, const struct list_result *old)
{
    struct sso_provider provider;
    struct report report;
    if (!sso_provider_find(cx, &cx->db, record_value(old, "id"), &provider))
        return false;
    check(cx, &provider, &report);
    const struct oidc_metadata *metadata = &report.metadata;
    record_give(cx, "works", report.problem ? "false" : "true");
    const struct language *language = cx->is_page ? cx->language : NULL; /* by API English */
    record_give(cx, "problem", sentence_read(cx->arena, language, report.problem));
    record_give(cx, "redirect_uri", redirect_uri(cx));
    record_give(cx, "authorization_endpoint", metadata->authorization_endpoint);
    record_give(cx, "token_endpoint", metadata->token_endpoint);
    record_give(cx, "userinfo_endpoint", metadata->userinfo_endpoint);
    record_give(cx, "jwks_uri", metadata->jwks_uri);
    record_give(cx, "keys", arena_printf(cx->arena, "%d", report.keys > 0 ? report.keys : 0));
    return true;
}

const struct action sso_test = {
    .name = "test",
    .title = "Test the connection",
    .icon = "plug-connected",
    .summary = "Ask a provider whether signing in by it would work, and if not why.",
    .operation = "testSsoProvider",
    .gives = FIELDS({"works", BOOL}, {"problem", TEXT, NULLABLE},
                    {"redirect_uri", URL, .help = "To be registered at the provider."},
                    {"authorization_endpoint", URL, NULLABLE}, {"token_endpoint", URL, NULLABLE},
                    {"userinfo_endpoint", URL, NULLABLE}, {"jwks_uri", URL, NULLABLE},
                    {"keys", INT, .help = "How many of its keys we can verify with."}),
    .flags = ACTION_OUTSIDE | ACTION_SHOWS,
    .run = sso_test_run,
};

void sso_add_test(struct cx *cx, json_object *data)
{
    const char *works = record_given(cx, "works");
    page_set(data, "result", NULL);
    if (!works)
        return;
    json_object *result = page_add(data, "result");
    page_set(result, "problem", record_given(cx, "problem"));
    page_set(result, "authorization_endpoint", record_given(cx, "authorization_endpoint"));
    page_set(result, "keys", record_given(cx, "keys"));
}
