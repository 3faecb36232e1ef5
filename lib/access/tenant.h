/* tenant: which tenant a request is for, and what is known about it.
 *
 * Resolution in the order of spec/tenancy.md: custom domain, subdomain,
 * X-Tenant-Slug or X-Tenant-Id, claim of the token; all that are given must
 * agree. The look-up goes through a SECURITY DEFINER function that shows only
 * the columns below. Results are cached in the process; a change bumps a
 * generation in shared memory (access/shared.h) in the transaction's wake and
 * NOTIFY tells other machines, so that no stale tenant is served.
 */
#ifndef ACCESS_TENANT_H
#define ACCESS_TENANT_H

#include <stdbool.h>

#include "base/language_format.h"
#include "base/uuid.h"

struct cx;
struct db;
struct language;
struct arena;

enum tenant_kind { TENANT_PLATFORM, TENANT_RESELLER, TENANT_BUSINESS };
enum tenant_status { TENANT_TRIAL, TENANT_ACTIVE, TENANT_INACTIVE, TENANT_SUSPENDED };

struct branding {
    const char *name, *logo_url, *favicon_url, *primary, *accent; /* colours: #rrggbb */
    const char *login_text, *footer, *email_sender;
};

struct tenant {
    char id[UUID_SIZE];
    char parent_id[UUID_SIZE]; /* "" for the platform */
    enum tenant_kind kind;
    enum tenant_status status;
    const char *name, *slug, *schema; /* schema: "shared" or "tenant_<uuid>" */
    const char *locale, *time_zone, *currency;
    enum date_order date_order;
    /* Read once, when the tenant was looked up; shared by all requests that hold it, never changed.
     * By section; {"key": true} after defaults, plan and overrides. */
    struct json_object *settings, *features;
    struct branding branding; /* after inheritance: own, reseller's, platform's */
    const char *domain;       /* its primary one; NULL: it has none of its own */
    const char *networks;     /* rules for network_allows() of access/network.h, or NULL */
    bool unverified; /* signed up by itself, and no owner's address was verified yet: it works, but
                        nobody gets mail from it (mail/mail.h) */
};

/* What the host alone says; NULL with failure set (404 tenant_unknown). Fills
 * cx->tenant. `claim_tenant` is the token's, or NULL. WAITS on a cache miss. */
bool tenant_resolve(struct cx *cx, const char *claim_tenant);
/* Whether the host is a slug that cx->tenant gave up lately (90 days): it still leads here. */
bool tenant_is_at_old_address(struct cx *cx);
/* By id, through the same cache; owned by the cx's arena. NULL: unknown; or the database is away,
 * which fails the request and what cx->db has open. WAITS. */
const struct tenant *tenant_by_id(struct cx *cx, const char *id);
const struct tenant *tenant_by_slug(struct cx *cx, const char *slug);
/* The one of kind platform. NULL: the database is away. WAITS. */
const struct tenant *tenant_platform(struct cx *cx);
/* Whether strangers may make a tenant at this host: at the platform's, once the
 * operator switched it on (the section "signup" of its settings). */
bool tenant_takes_signups(struct cx *cx);
/* Say that a tenant (or what it inherits from) changed, by `db`: it counts from the commit on (see
 * db_after_commit()). NULL: at once. */
void tenant_changed(struct db *db, const char *id);
bool tenant_feature(const struct tenant *tenant, const char *key);
/* A text of settings (section.key), NULL when unset. In the cx's arena. */
const char *tenant_setting(struct cx *cx, const char *section, const char *key);
const char *tenant_setting_of(struct cx *cx, const struct tenant *tenant, const char *section,
                              const char *key);
/* The language of somebody of the tenant who chose `locale`; NULL: they chose none. Who chose what
 * we do not speak reads English. The answer NULL: English. */
const struct language *tenant_language(const struct tenant *tenant, const char *locale);
/* How the tenant of the request writes dates. */
enum date_order tenant_date_order(const struct cx *cx);
/* Where a tenant is reached, for links: "http://acme.localhost:8080", or its
 * primary domain in place of the host. */
char *tenant_url(struct arena *arena, const struct tenant *tenant);
/* The same below the base domain, whatever domains it has: what is stored, and
 * what may be asked before a domain of its own leads here. */
char *tenant_own_url(struct arena *arena, const struct tenant *tenant);
/* The same for any host: with the scheme and the port of the public address. */
char *url_of_host(struct arena *arena, const char *host);

/* Acts in another tenant: the session's own, any (platform role), or a child
 * of the session's reseller tenant; points cx->db at it. false: 404. WAITS. */
bool tenant_enter(struct cx *cx, const char *tenant_id);

#endif
