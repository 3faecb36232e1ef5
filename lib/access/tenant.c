#include "access/tenant.h"

#include <string.h>

#include "access/access.h"
#include "access/internal.h"
#include "access/session.h"
#include "base/config.h"
#include "base/language.h"
#include "base/text.h"
#include "http/cx.h"

/* Nobody may take it for a tenant that does not exist: the request has failed, and so has what
 * it has open. */
static void look_up_failed(struct cx *cx)
{
    db_fail(&cx->db);
    fail_db(cx);
}

const struct tenant *tenant_by_id(struct cx *cx, const char *id)
{
    const struct tenant *tenant = NULL;
    if (uuid_is(id) && !tenant_look_up(cx, BY_ID, text_lower(cx->arena, id), &tenant))
        look_up_failed(cx);
    return tenant;
}

const struct tenant *tenant_by_slug(struct cx *cx, const char *slug)
{
    const struct tenant *tenant;
    if (!tenant_look_up(cx, BY_SLUG, slug, &tenant))
        look_up_failed(cx);
    return tenant;
}

const struct tenant *tenant_platform(struct cx *cx)
{
    return tenant_by_id(cx, platform_id);
}

/* ---- resolution ---- */

static bool is_bare(const char *host)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < COUNT(own); i++)
        if (strcmp(host, own[i]) == 0)
            return true;
    return strcmp(host, config_text(CONFIG_TULOU_DOMAIN)) == 0;
}

/* The label before the base domain, or NULL. */
static char *subdomain_of(struct cx *cx, const char *host)
{
    const char *base = config_text(CONFIG_TULOU_DOMAIN);
    size_t len = strlen(host), tail = strlen(base);
    if (len <= tail + 1 || strcmp(host + len - tail, base) != 0 || host[len - tail - 1] != '.')
        return NULL;
    char *label = arena_copy(cx->arena, host, len - tail - 1);
    return strchr(label, '.') ? NULL : label;
}

static bool unknown(struct cx *cx)
{
    return fail(cx, 404, "tenant_unknown", "There is no such tenant.");
}

/* What names a tenant must name one that is there, and the same as the others. */
static bool agree(struct cx *cx, enum tenant_key kind, const char *key)
{
    const struct tenant *found;
    if (!tenant_look_up(cx, kind, key, &found))
        return fail_db(cx);
    if (!found)
        return unknown(cx);
    if (cx->tenant && strcmp(cx->tenant->id, found->id) != 0)
        return fail(cx, 403, "tenant_mismatch", "Host, header and token name different tenants.");
    cx->tenant = found;
    access_choose_language(cx);
    return true;
}

/* The bare base domain says nothing, so that a header or a token may. */
static bool agree_host(struct cx *cx)
{
    const char *host = cx->request.host;
    if (is_bare(host))
        return true;
    const char *label = subdomain_of(cx, host);
    return label ? agree(cx, BY_SLUG, label) : agree(cx, BY_DOMAIN, host);
}

static bool agree_slug(struct cx *cx)
{
    const char *slug = request_header(&cx->request, "X-Tenant-Slug");
    return !slug || agree(cx, BY_SLUG, slug);
}

static bool agree_id(struct cx *cx, const char *id)
{
    if (!id || (cx->tenant && strcasecmp(cx->tenant->id, id) == 0))
        return true;
    return uuid_is(id) ? agree(cx, BY_ID, text_lower(cx->arena, id)) : unknown(cx);
}

const struct language *tenant_language(const struct tenant *tenant, const char *locale)
{
    return language_find(locale ? locale : tenant->locale);
}

enum date_order tenant_date_order(const struct cx *cx)
{
    return cx->tenant ? cx->tenant->date_order : DATE_DAY_FIRST;
}

bool tenant_resolve(struct cx *cx, const char *claim_tenant)
{
    if (!agree_host(cx) || !agree_slug(cx) ||
        !agree_id(cx, request_header(&cx->request, "X-Tenant-Id")) || !agree_id(cx, claim_tenant))
        return false;
    return cx->tenant || agree(cx, BY_ID, platform_id);
}

bool tenant_is_at_old_address(struct cx *cx)
{
    const char *host = cx->request.host, *label = is_bare(host) ? NULL : subdomain_of(cx, host);
    return label && cx->tenant && strcmp(label, cx->tenant->slug) != 0;
}

bool tenant_enter(struct cx *cx, const char *tenant_id)
{
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    const struct session *session = cx->session;
    if (!tenant && cx->db.error.status == DB_UNAVAILABLE)
        return fail_db(cx);
    bool own = tenant && strcmp(tenant->id, session->tenant_id) == 0;
    bool child = tenant && strcmp(tenant->parent_id, session->tenant_id) == 0;
    if (!tenant || !(own || child || session->is_operator))
        return fail(cx, 404, "not_found", "There is no such tenant.");
    memcpy(cx->db.tenant_id, tenant->id, UUID_SIZE);
    if (cx->db.role == DB_TENANT)
        cx->db.schema = tenant->schema;
    return true;
}

/* ---- small questions ---- */

bool tenant_feature(const struct tenant *tenant, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(tenant->features, key, &value) &&
           json_object_get_boolean(value);
}

const char *tenant_setting_of(struct cx *cx, const struct tenant *tenant, const char *section,
                              const char *key)
{
    json_object *part, *value;
    if (!json_object_object_get_ex(tenant->settings, section, &part) ||
        !json_object_object_get_ex(part, key, &value) || !value)
        return NULL;
    return arena_text(cx->arena, json_object_get_string(value));
}

const char *tenant_setting(struct cx *cx, const char *section, const char *key)
{
    return tenant_setting_of(cx, cx->tenant, section, key);
}

bool tenant_takes_signups(struct cx *cx)
{
    return cx->tenant->kind == TENANT_PLATFORM &&
           text_equal(tenant_setting(cx, "signup", "enabled"), "true");
}

char *url_of_host(struct arena *arena, const char *host)
{
    const char *public_url = config_text(CONFIG_TULOU_PUBLIC_URL);
    const char *scheme = "http", *port = "";
    if (*public_url) {
        const char *mark = strstr(public_url, "://");
        const char *own = mark ? mark + 3 : public_url, *colon = strrchr(own, ':');
        scheme = mark ? arena_copy(arena, public_url, (size_t)(mark - public_url)) : scheme;
        port = colon ? arena_copy(arena, colon, strcspn(colon, "/")) : "";
    } else {
        port = arena_printf(arena, ":%s", config_text(CONFIG_PORT));
    }
    return arena_printf(arena, "%s://%s%s", scheme, host, port);
}

char *tenant_own_url(struct arena *arena, const struct tenant *tenant)
{
    const char *domain = config_text(CONFIG_TULOU_DOMAIN);
    bool bare = tenant->kind == TENANT_PLATFORM;
    return url_of_host(arena, bare ? domain : arena_printf(arena, "%s.%s", tenant->slug, domain));
}

char *tenant_url(struct arena *arena, const struct tenant *tenant)
{
    return tenant->domain ? url_of_host(arena, tenant->domain) : tenant_own_url(arena, tenant);
}
