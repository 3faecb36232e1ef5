/* tenants: what the files of this area share. */
#ifndef TENANTS_H
#define TENANTS_H

#include "access/tenant.h"
#include "api/area.h"

struct cx;
struct rows;

extern const struct resource tenants;
extern const struct resource resellers;
extern const struct resource deleted_tenants;
extern const struct action suspend_tenant, activate_tenant, extend_trial;
extern const struct action restore_tenant, delete_tenant;
extern const struct route slug_routes[];        /* whether an address is free */
extern const struct route life_routes[];        /* deleted */
extern const struct route onboarding_routes[];  /* the checklist */
extern const struct route profile_routes[];     /* what a tenant says of itself; its plan */
extern const struct route part_routes[];        /* settings, branding, quotas, features */
extern const struct route domain_routes[];      /* custom domains */
extern const struct route figure_routes[];      /* the current tenant, users, analytics */
extern const struct route impersonate_routes[]; /* operators as users */
extern const struct route platform_pages[];     /* dashboard, the tenant's tabs */
extern const struct route branding_pages[];
extern const struct route logo_routes[];
extern const struct route domain_pages[];

extern const struct field branding_fields[];
enum { SECTION_GENERAL, SECTION_API, SECTION_DELETION };
extern const struct settings_section tenant_sections[];

/* All whose time has come, and one of them. */
extern const struct job_kind trials_job, trial_job, erasures_job, erase_job, leavings_job,
    logos_job;
extern const struct notification_kind notice_trial;

/* Points cx->db at the tenant of the path: one's own, a child of one's
 * reseller, or any for operators. 404 otherwise. WAITS. */
bool enter_path_tenant(struct cx *cx);

/* What changed must be seen at the next request once it is committed. Returns true. */
bool changed(struct cx *cx, const char *tenant_id);

/* ---- pages.c ---- */
/* Adds links to what the one signed in may do with the tenant shown; after
 * onboarding_add_to_page(), which says whether it is on trial. */
bool tenant_add_ways(struct cx *cx, json_object *data, const struct list_result *record);

/* ---- parts.c, for pages too ---- */
bool branding_read(struct cx *cx, struct list_result *out);
bool branding_store(struct cx *cx);
/* ---- domain_pages.c ---- */
/* What a tenant's detail page shows of its domains. */
struct json_object;
bool domains_add_to_page(struct cx *cx, struct json_object *data, const struct list_result *record);
/* ---- life.c, for pages too ---- */
/* NULL for operators: any tenant; else the parent whose children may be meant. */
const char *tenant_parent_filter(const struct cx *cx);
/* ---- trial.c ---- */
/* Whether it is suspended because its trial is over. */
bool tenant_trial_ended(enum tenant_status status, const char *reason);
/* Adds a job of the kind for each id, one at a time for each tenant. WAITS. */
bool tenant_jobs_add(struct job *job, const struct rows *ids, const struct job_kind *kind);
/* ---- erase.c ---- */
/* Days that a deleted tenant can be restored; -1: the database is away. WAITS. */
int64_t tenant_grace_days(struct cx *cx);
/* ---- onboarding.c ---- */
/* Adds steps, their count, verify_by and on_trial of a tenant to its page. WAITS. */
bool onboarding_add_to_page(struct cx *cx, json_object *data, const char *tenant_id);
/* PostgreSQL's time for people, in the zone of cx's tenant; NULL for NULL. */
const char *tenant_time(struct cx *cx, const char *stored);

#endif
