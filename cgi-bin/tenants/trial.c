/* trial: how a trial ends by itself, and how it is made longer.
 *
 * A tenant on trial with an end (tenants.trial_ends_at) is suspended when it comes,
 * with the reason "trial_ended": nobody works in it any more, its owner still signs
 * in, reads, exports and chooses a plan (spec/tenancy.md). Its owners are told three
 * days before and at the end. One job looks for those whose time has come and adds
 * one for each, which moves the tenant on in the transaction that tells the owners:
 * whatever runs late, twice or on two machines, each happens once. A trial without
 * an end, as operators make them, goes on.
 */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "job/work.h"
#include "page/page.h"
#include "tenants.h"

#define ENDED_REASON "trial_ended"

STATEMENT(trials_due,
          "select id\n"
          "from tenants\n"
          "where status = 'trial' and deleted_at is null\n"
          "and trial_ends_at <= now() + interval '3 days'\n"
          "and (trial_ends_at <= now() or trial_warned_for is distinct from trial_ends_at)\n"
          "order by trial_ends_at\n"
          "limit 1000",
          DB_ON_PLATFORM);

STATEMENT(trial_end,
          "update tenants\n"
          "set status = 'suspended', status_reason = $2\n"
          "where id = $1::uuid and status = 'trial' and deleted_at is null\n"
          "and trial_ends_at <= now()\n"
          "returning trial_ends_at",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(trial_warn,
          "update tenants\n"
          "set trial_warned_for = trial_ends_at\n"
          "where id = $1::uuid and status = 'trial' and deleted_at is null\n"
          "and trial_ends_at <= now() + interval '3 days'\n"
          "and trial_warned_for is distinct from trial_ends_at\n"
          "returning trial_ends_at",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(trial_owners,
          "select distinct u.id\n"
          "from user_roles r\n"
          "join users u on u.tenant_id = r.tenant_id and u.id = r.user_id\n"
          "where r.tenant_id = $1::uuid and r.role_key in ('owner', 'reseller_admin')\n"
          "and u.status = 'active'\n"
          "order by u.id\n"
          "limit 50",
          DB_ON_PLATFORM);

STATEMENT(trial_extend,
          "update tenants\n"
          "set trial_ends_at = greatest(trial_ends_at, now()) + make_interval(days => $2::int),\n"
          "    status = 'trial', status_reason = null\n"
          "where id = $1::uuid and ($3::uuid is null or parent_id = $3::uuid)\n"
          "returning id",
          DB_WRITES);

const struct notification_kind notice_trial = {
    "tenants.trial", "Your trial", "The trial of this workspace ends soon, or has ended.",
    .email = true};

bool tenant_trial_ended(enum tenant_status status, const char *reason)
{
    return status == TENANT_SUSPENDED && text_equal(reason, ENDED_REASON);
}

/* ---- by itself ---- */

static bool tell_owners(struct job *job, const char *tenant_id, const struct notification *what)
{
    struct cx cx;
    job_cx(job, &cx);
    struct rows *owners = db_get(job->db, &trial_owners, tenant_id);
    if (!owners)
        return job_fail_db(job);
    for (size_t i = 0; i < rows_count(owners); i++)
        if (!notify_user(&cx, job->db, tenant_id, rows_text(owners, i, 0), &notice_trial, what))
            return job_fail_cx(job, &cx);
    return true;
}

static bool tell(struct job *job, const char *tenant_id, const char *ends_at, bool ended)
{
    struct cx cx;
    job_cx(job, &cx);
    cx.tenant = tenant_by_id(&cx, tenant_id);
    if (!cx.tenant)
        return job_fail(job, "The tenant cannot be read.");
    const struct notification what = {
        .title = ended ? "Your trial is over" : "Your trial ends on %s",
        .body = ended ? "The workspace is closed for its people. You can still sign in, read and "
                        "export; with a plan everything opens again."
                      : "Choose a plan before, and everything goes on as it is.",
        .link = "/admin/plan",
        .template = ended ? "trial_ended" : "trial_ending",
        .at = ends_at};
    return tell_owners(job, tenant_id, &what);
}

/* Ends the trial, or says that it will end soon; neither when another was faster. */
static bool move_on(struct job *job)
{
    const char *id = job_text(job, "tenant");
    if (!uuid_is(id))
        return job_refuse(job, "It names no tenant.");
    memcpy(job->db->tenant_id, id, UUID_SIZE);
    job->db->action = "tenant.trial_ended";
    struct rows *rows = db_get(job->db, &trial_end, id, ENDED_REASON);
    bool ended = rows && rows_count(rows) > 0;
    if (rows && !ended) {
        job->db->action = "tenant.trial_warned";
        rows = db_get(job->db, &trial_warn, id);
    }
    job->db->action = NULL;
    if (!rows)
        return job_fail_db(job);
    return rows_count(rows) == 0 || tell(job, id, rows_text(rows, 0, 0), ended);
}

const struct job_kind trial_job = {"tenants.trial", "tenants", move_on, .flags = JOB_PLATFORM};

bool tenant_jobs_add(struct job *job, const struct rows *ids, const struct job_kind *kind)
{
    for (size_t i = 0; i < rows_count(ids); i++) {
        const char *id = rows_text(ids, i, 0);
        const struct job_new each = {.kind = kind,
                                     .key = id,
                                     .payload =
                                         arena_printf(job->arena, "{\"tenant\":\"%s\"}", id)};
        if (!job_add(job->db, &each))
            return job_fail_db(job);
    }
    return true;
}

static bool look(struct job *job)
{
    struct rows *due = db_get0(job->db, &trials_due);
    return due ? tenant_jobs_add(job, due, &trial_job) : job_fail_db(job);
}

const struct job_kind trials_job = {"tenants.trials", "tenants", look, .flags = JOB_PLATFORM};

/* ---- made longer ---- */

static bool trial_extend_run(struct cx *cx, const struct list_result *tenant)
{
    const char *id = record_value(tenant, "id");
    struct rows *rows =
        db_get(&cx->db, &trial_extend, id, input_text(cx, "days"), tenant_parent_filter(cx));
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    return changed(cx, id);
}

const struct action extend_trial = {
    .name = "extend-trial",
    .title = "Extend the trial",
    .icon = "calendar-plus",
    .summary = "Make a trial longer; one that is over opens the tenant again.",
    .done = "The trial is longer now.",
    .when = "status = 'trial' or (status = 'suspended' and status_reason = '" ENDED_REASON "')",
    .refused = {"not_on_trial", "This tenant is not on trial."},
    .takes = FIELDS({"days", INT, REQUIRED, 1, 365, .initial = "14", .example = "14",
                     .help = "From the end of the trial, or from now when it is over."}),
    .event = "trial_extended",
    .told = "{actor} extended the trial of the tenant {name}.",
    .flags = ACTION_MANY,
    .run = trial_extend_run,
};
