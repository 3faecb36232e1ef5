/* tenants: what the files of this area share. */
#ifndef TENANTS_H
#define TENANTS_H

#include "api/area.h"

struct cx;

extern const struct resource tenants;
extern const struct resource resellers;
extern const struct route life_routes[];        /* suspend, activate, delete, restore, onboarding */
extern const struct route part_routes[];        /* settings, branding, quotas, features */
extern const struct route domain_routes[];      /* custom domains */
extern const struct route figure_routes[];      /* the current tenant, users, analytics */
extern const struct route impersonate_routes[]; /* operators as users */
extern const struct route platform_pages[];     /* dashboard, the tenant's tabs */
extern const struct route branding_pages[];
extern const struct route logo_routes[];
extern const struct route domain_pages[];

extern const struct field branding_fields[];

/* Points cx->db at the tenant of the path: one's own, a child of one's
 * reseller, or any for operators. 404 otherwise. WAITS. */
bool enter_path_tenant(struct cx *cx);

/* What changed must be seen at the next request: call when it is committed. */
bool changed(struct cx *cx, const char *tenant_id);

/* ---- pages.c ---- */
/* Adds links to what the one signed in may do with the tenant shown (add_to_page). */
bool tenant_add_ways(struct cx *cx, json_object *data, const struct list_result *record);

/* ---- parts.c, for pages too ---- */
bool branding_read(struct cx *cx, struct list_result *out);
bool branding_store(struct cx *cx);
/* ---- domain_pages.c ---- */
/* What a tenant's detail page shows of its domains. */
struct json_object;
bool domains_add_to_page(struct cx *cx, struct json_object *data, const struct list_result *record);
/* ---- life.c, for pages too ---- */
bool tenant_delete(struct cx *cx, const char *id);
bool tenant_set_status(struct cx *cx, const char *id, const char *status, const char *reason);

#endif
