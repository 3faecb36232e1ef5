#include "access/tenant.h"

#include <stdlib.h>
#include <string.h>

#include "access/session.h"
#include "access/shared.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(tenant_find, "select * from house.tenant_resolve($1, $2, $3::uuid)", 0);

enum { CACHED = 2048, KEY_MAX = 300 };

static const int64_t fresh_us = 60000000, unknown_fresh_us = 2000000;
static const char platform_id[] = "00000000-0000-7000-8000-000000000001";

/* One answer of the look-up, shared by the requests that hold it. */
struct cached {
    struct arena *arena;   /* of its own: tenant and key */
    struct tenant *tenant; /* NULL: there is none by this key */
    const char *key;
    uint32_t generation;
    int64_t loaded_us;
    unsigned holders;
};

static struct cached *cache[CACHED];

static unsigned slot_of(const char *key)
{
    unsigned hash = 2166136261u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % CACHED;
}

static void release(void *arg)
{
    struct cached *cached = arg;
    if (--cached->holders == 0) {
        arena_free(cached->arena);
        free(cached);
    }
}

static void hold(struct cx *cx, struct cached *cached)
{
    cached->holders++;
    arena_defer(cx->arena, release, cached);
}

/* Changes when the tenant, or one that it inherits from, changes. */
static uint32_t generation_of(const struct tenant *tenant)
{
    uint32_t sum = shared_generation("*") + shared_generation(platform_id);
    if (tenant)
        sum += shared_generation(tenant->id) + shared_generation(tenant->parent_id);
    return sum;
}

static bool is_fresh(const struct cached *cached)
{
    int64_t age = clock_monotonic_us() - cached->loaded_us;
    return cached->generation == generation_of(cached->tenant) &&
           age < (cached->tenant ? fresh_us : unknown_fresh_us);
}

void tenant_changed(const char *id)
{
    shared_generation_bump(id);
}

static int word_of(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (text_equal(word, words[i]))
            return i;
    return 0;
}

static const char *schema_of(struct arena *arena, const char *isolation, const char *id)
{
    if (strcmp(isolation, "schema") != 0)
        return "shared";
    char *name = arena_printf(arena, "tenant_%s", id), *to = name;
    for (const char *from = name; *from; from++)
        if (*from != '-')
            *to++ = *from;
    *to = '\0';
    return name;
}

static struct tenant *read_tenant(struct arena *arena, const struct rows *rows)
{
    static const char *const kinds[] = {"platform", "reseller", "business"};
    static const char *const statuses[] = {"trial", "active", "inactive", "suspended"};
    struct tenant *tenant = arena_alloc(arena, sizeof *tenant);
    const char *text[20];
    for (int i = 0; i < 20; i++)
        text[i] = arena_text(arena, rows_text(rows, 0, i));
    memcpy(tenant->id, text[0], UUID_SIZE);
    if (text[1])
        memcpy(tenant->parent_id, text[1], UUID_SIZE);
    tenant->kind = (enum tenant_kind)word_of(text[2], kinds, 3);
    tenant->status = (enum tenant_status)word_of(text[3], statuses, 4);
    tenant->name = text[4];
    tenant->slug = text[5];
    tenant->schema = schema_of(arena, text[6], tenant->id);
    tenant->locale = text[7];
    tenant->time_zone = text[8];
    tenant->currency = text[9];
    tenant->settings = text[10];
    tenant->features = text[11];
    tenant->branding = (struct branding){.name = text[12],
                                         .logo_url = text[13],
                                         .favicon_url = text[14],
                                         .primary = text[15],
                                         .accent = text[16],
                                         .login_text = text[17],
                                         .footer = text[18],
                                         .email_sender = text[19]};
    return tenant;
}

static struct cached *load(struct cx *cx, const char *key, const char *domain, const char *slug,
                           const char *id)
{
    struct db db;
    db_init(&db, cx->arena, DB_TENANT, NULL, "shared");
    uint32_t before = generation_of(NULL); /* a change while we look must not be missed */
    uint32_t own = id ? shared_generation(id) : 0;
    struct rows *rows = db_get(&db, &tenant_find, domain, slug, id);
    if (!rows) {
        cx->db.error = db.error;
        return NULL;
    }
    struct cached *cached = calloc(1, sizeof *cached);
    if (!cached)
        abort();
    cached->arena = arena_new();
    cached->key = arena_text(cached->arena, key);
    cached->loaded_us = clock_monotonic_us();
    cached->tenant = rows_count(rows) > 0 ? read_tenant(cached->arena, rows) : NULL;
    cached->generation = generation_of(cached->tenant);
    if (generation_of(NULL) != before || (id && shared_generation(id) != own))
        cached->generation--; /* stale already: serve this request, load again for the next */
    cached->holders = 1;
    return cached;
}

/* By one of the three; *found NULL: unknown. false: the database is away. */
static bool look_up(struct cx *cx, char kind, const char *value, const struct tenant **found)
{
    char key[KEY_MAX];
    *found = NULL;
    if (snprintf(key, sizeof key, "%c:%s", kind, value) >= KEY_MAX)
        return true;
    struct cached **slot = &cache[slot_of(key)];
    if (!*slot || strcmp((*slot)->key, key) != 0 || !is_fresh(*slot)) {
        struct cached *loaded = load(cx, key, kind == 'd' ? value : NULL,
                                     kind == 's' ? value : NULL, kind == 'i' ? value : NULL);
        if (!loaded)
            return false;
        if (*slot)
            release(*slot);
        *slot = loaded;
    }
    hold(cx, *slot);
    *found = (*slot)->tenant;
    return true;
}

const struct tenant *tenant_by_id(struct cx *cx, const char *id)
{
    const struct tenant *tenant = NULL;
    if (uuid_is(id))
        look_up(cx, 'i', text_lower(cx->arena, id), &tenant);
    return tenant;
}

const struct tenant *tenant_by_slug(struct cx *cx, const char *slug)
{
    const struct tenant *tenant;
    look_up(cx, 's', slug, &tenant);
    return tenant;
}

/* ---- resolution ---- */

enum named { NAMED_NONE, NAMED_YES, NAMED_UNKNOWN, NAMED_FAILED };

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

/* `found` is read after the look-up: the order of arguments is nobody's promise. */
static enum named outcome(bool looked, const struct tenant *const *found)
{
    return !looked ? NAMED_FAILED : *found ? NAMED_YES : NAMED_UNKNOWN;
}

static enum named by_host(struct cx *cx, const struct tenant **out)
{
    const char *host = cx->request.host;
    if (is_bare(host))
        return NAMED_NONE;
    char *label = subdomain_of(cx, host);
    if (label)
        return outcome(look_up(cx, 's', label, out), out);
    return outcome(look_up(cx, 'd', host, out), out);
}

static enum named by_header(struct cx *cx, const struct tenant **out)
{
    const char *slug = request_header(&cx->request, "X-Tenant-Slug");
    const char *id = request_header(&cx->request, "X-Tenant-Id");
    const struct tenant *other = NULL;
    if (slug && id) {
        if (!look_up(cx, 's', slug, out) || (uuid_is(id) && !look_up(cx, 'i', id, &other)))
            return NAMED_FAILED;
        return *out && other && strcmp((*out)->id, other->id) == 0 ? NAMED_YES : NAMED_UNKNOWN;
    }
    if (slug)
        return outcome(look_up(cx, 's', slug, out), out);
    if (!id)
        return NAMED_NONE;
    return uuid_is(id) ? outcome(look_up(cx, 'i', text_lower(cx->arena, id), out), out)
                       : NAMED_UNKNOWN;
}

static enum named by_claim(struct cx *cx, const char *claim, const struct tenant **out)
{
    return claim ? outcome(look_up(cx, 'i', claim, out), out) : NAMED_NONE;
}

bool tenant_resolve(struct cx *cx, const char *claim_tenant)
{
    const struct tenant *found[3] = {NULL, NULL, NULL};
    const enum named named[3] = {by_host(cx, &found[0]), by_header(cx, &found[1]),
                                 by_claim(cx, claim_tenant, &found[2])};
    for (int i = 0; i < 3; i++) {
        if (named[i] == NAMED_FAILED)
            return fail_db(cx);
        if (named[i] == NAMED_UNKNOWN)
            return fail(cx, 404, "tenant_unknown", "There is no such tenant.");
        if (named[i] == NAMED_NONE)
            continue;
        if (cx->tenant && strcmp(cx->tenant->id, found[i]->id) != 0)
            return fail(cx, 403, "tenant_mismatch",
                        "Host, header and token name different tenants.");
        cx->tenant = found[i];
    }
    if (!cx->tenant)
        cx->tenant = tenant_by_id(cx, platform_id);
    return cx->tenant || fail_db(cx);
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

static json_object *parsed(struct cx *cx, const char *text)
{
    bool is_null;
    struct json_problem problem;
    return json_read(cx->arena, text, strlen(text), NULL, &is_null, &problem);
}

bool tenant_feature(const struct tenant *tenant, const char *key)
{
    json_object *features = json_tokener_parse(tenant->features), *value;
    bool on = json_object_object_get_ex(features, key, &value) && json_object_get_boolean(value);
    json_object_put(features);
    return on;
}

const char *tenant_setting(struct cx *cx, const char *section, const char *key)
{
    json_object *settings = parsed(cx, cx->tenant->settings), *part, *value;
    if (!json_object_object_get_ex(settings, section, &part) ||
        !json_object_object_get_ex(part, key, &value) || !value)
        return NULL;
    return arena_text(cx->arena, json_object_get_string(value));
}

char *tenant_url(struct arena *arena, const struct tenant *tenant)
{
    const char *public_url = config_text(CONFIG_TULOU_PUBLIC_URL);
    const char *domain = config_text(CONFIG_TULOU_DOMAIN), *scheme = "http", *port = "";
    if (*public_url) {
        const char *mark = strstr(public_url, "://");
        const char *host = mark ? mark + 3 : public_url, *colon = strrchr(host, ':');
        scheme = mark ? arena_copy(arena, public_url, (size_t)(mark - public_url)) : scheme;
        port = colon ? colon : "";
    } else {
        port = arena_printf(arena, ":%s", config_text(CONFIG_PORT));
    }
    if (tenant->kind == TENANT_PLATFORM)
        return arena_printf(arena, "%s://%s%s", scheme, domain, port);
    return arena_printf(arena, "%s://%s.%s%s", scheme, tenant->slug, domain, port);
}
