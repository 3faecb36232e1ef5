/* erase: deleted tenants, which can be restored for a while, and their end.
 *
 * Deleting closes a tenant at once. Once its grace is over (the section "deletion"
 * of the platform's settings) a job erases all of it: its files first, which can be
 * done again, then every row (house.tenant_erase), which leaves one event in the
 * platform's log. Who signed up and did not prove an address in time goes the same
 * way. */
#include <errno.h>
#include <string.h>

#include "access/storage.h"
#include "access/tenant.h"
#include "api/settings.h"
#include "http/cx.h"
#include "job/work.h"
#include "page/page.h"
#include "tenants.h"

STATEMENT(erase_due, "select house.tenants_to_erase($1::int)", DB_ON_PLATFORM);
/* Locked, so that it is not restored or verified meanwhile. */
STATEMENT(erase_find,
          "select id\n"
          "from tenants\n"
          "where id = $1::uuid and id in (select house.tenants_to_erase($2::int))\n"
          "for update",
          DB_WRITES | DB_ON_PLATFORM);
STATEMENT(erase_all, "select house.tenant_erase($1::uuid, $2::int)", DB_WRITES | DB_ON_PLATFORM);

static const char *text_of(struct arena *arena, int64_t number)
{
    return arena_printf(arena, "%lld", (long long)number);
}

/* -1: the database is away. */
int64_t tenant_grace_days(struct cx *cx)
{
    const struct tenant *platform = tenant_platform(cx);
    return platform ? settings_int(cx, platform, &tenant_sections[SECTION_DELETION], "grace_days")
                    : -1;
}

static bool grace(struct job *job, const char **days)
{
    struct cx cx;
    job_cx(job, &cx);
    int64_t number = tenant_grace_days(&cx);
    *days = text_of(job->arena, number);
    return number >= 0 || job_fail_cx(job, &cx);
}

static bool erase(struct job *job)
{
    const char *days, *id = job_text(job, "tenant");
    if (!uuid_is(id))
        return job_refuse(job, "It names no tenant.");
    if (!grace(job, &days))
        return false;
    struct rows *due = db_get(job->db, &erase_find, id, days);
    if (!due || rows_count(due) == 0)
        return due || job_fail_db(job);
    if (!storage_erase(job->arena, id))
        return job_fail(job, "Its files cannot be removed: %s", strerror(errno));
    return db_get(job->db, &erase_all, id, days) != NULL || job_fail_db(job);
}

const struct job_kind erase_job = {"tenants.erase_one", "tenants", erase, .timeout_s = 3600,
                                   .flags = JOB_PLATFORM};

static bool look(struct job *job)
{
    const char *days;
    if (!grace(job, &days))
        return false;
    struct rows *due = db_get(job->db, &erase_due, days);
    return due ? tenant_jobs_add(job, due, &erase_job) : job_fail_db(job);
}

const struct job_kind erasures_job = {"tenants.erase", "tenants", look, .flags = JOB_PLATFORM};

/* ---- those that can be restored ---- */

static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    int64_t days = record ? tenant_grace_days(cx) : 0;
    if (record)
        page_set_int(data, "grace", days);
    return days >= 0 || fail_db(cx);
}

const struct resource deleted_tenants = {
    .name = "deleted-tenants",
    .one = "deleted tenant",
    .event = "tenant",
    .title = "Deleted tenants",
    .about = "Tenants that were deleted and can still be restored; after that they are erased.",
    .permission = "platform.tenants",
    .table = "tenants",
    .api = "/api/tenants/deleted",
    .page = "/platform/deleted-tenants",
    .icon = "trash",
    .scope = SCOPE_EITHER,
    .no_tenant = true,
    .operations = OP_LIST | OP_GET,
    .where = "deleted_at is not null and kind <> 'platform'",
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200},
        {"slug", SLUG, REQUIRED | SEARCHED | FILTERED | LISTED, 3, 40},
        {"kind", CHOICE, REQUIRED | FILTERED | LISTED, .choices = CHOICES("business", "reseller")},
        {"deleted_at", TIME, NULLABLE | LISTED}),
    .actions = ACTIONS(&restore_tenant),
    .add_to_page = add_to_page,
    .template_detail = "tenants/deleted_detail",
};
