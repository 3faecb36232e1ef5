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

static const char ended_reason[] = "trial_ended";

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
          "where id = $1::uuid and deleted_at is null\n"
          "and ($3::uuid is null or parent_id = $3::uuid)\n"
          "and (status = 'trial' or (status = 'suspended' and status_reason = $4))\n"
          "returning id, status, trial_ends_at",
          DB_WRITES);

const struct notification_kind notice_trial = {
    "tenants.trial", "Your trial", "The trial of this workspace ends soon, or has ended.",
    .email = true};

bool tenant_trial_ended(enum tenant_status status, const char *reason)
{
    return status == TENANT_SUSPENDED && text_equal(reason, ended_reason);
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
    const char *date = tenant_time(&cx, ends_at);
    json_object *data = page_object(&cx);
    page_set(data, "date", date);
    const struct notification what = {
        .title =
            ended ? "Your trial is over" : arena_printf(job->arena, "Your trial ends on %s", date),
        .body = ended ? "The workspace is closed for its people. You can still sign in, read and "
                        "export; with a plan everything opens again."
                      : "Choose a plan before, and everything goes on as it is.",
        .link = "/admin/plan",
        .template = ended ? "trial_ended" : "trial_ending",
        .data = data};
    return tell_owners(job, tenant_id, &what);
}

/* Ends the trial, or says that it will end soon; neither when another was faster. */
static bool move_on(struct job *job)
{
    json_object *value = NULL;
    json_object_object_get_ex(job->payload, "tenant", &value);
    const char *id = json_object_get_string(value);
    if (!uuid_is(id))
        return job_refuse(job, "It names no tenant.");
    memcpy(job->db->tenant_id, id, UUID_SIZE);
    job->db->action = "tenants.trial_ended";
    struct rows *rows = db_get(job->db, &trial_end, id, ended_reason);
    bool ended = rows && rows_count(rows) > 0;
    if (rows && !ended) {
        job->db->action = "tenants.trial_warned";
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

static const struct field extend_fields[] = {
    {"days", INT, REQUIRED, 1, 365, .initial = "14", .example = "14",
     .help = "From the end of the trial, or from now when it is over."},
    {.type = FIELD_END}};

static const struct field extended_fields[] = {
    {"id", UUID}, {"status", TEXT}, {"trial_ends_at", TIME}, {.type = FIELD_END}};

/* NULL with the failure set. */
static struct rows *extend(struct cx *cx, const char *id)
{
    if (!uuid_is(id) || !tenant_is_within_reach(cx, id))
        return NULL;
    cx->db.action = "tenants.trial_extended";
    struct rows *rows = db_get(&cx->db, &trial_extend, id, input_text(cx, "days"),
                               tenant_parent_filter(cx), ended_reason);
    cx->db.action = NULL;
    if (!rows)
        fail_db(cx);
    else if (rows_count(rows) == 0)
        fail(cx, 409, "not_on_trial", "This tenant is not on trial.");
    else
        tenant_changed(&cx->db, id);
    return cx->failure.status ? NULL : rows;
}

static bool extend_api(struct cx *cx)
{
    struct rows *rows = extend(cx, cx_path(cx, "id"));
    if (!rows)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    for (int i = 0; i < rows_width(rows); i++) {
        json_key(json, field_json_name(&extended_fields[i]));
        field_write_json(json, &extended_fields[i], rows_text(rows, 0, i), rows_length(rows, 0, i));
    }
    json_close_object(json);
    return respond_end(cx);
}

static bool show_extend(struct cx *cx, int status)
{
    struct list_result tenant;
    const char *id = cx_path(cx, "id"), *name = "", *slug = "";
    if (!tenant_read_name(cx, id, &tenant, &name, &slug))
        return false;
    const char *back = arena_printf(cx->arena, "/platform/tenants/%s", id);
    json_object *data = page_object(cx);
    page_set(data, "action", arena_printf(cx->arena, "%s/trial", back));
    page_set(data, "back", back);
    page_set(data, "submit", "Extend the trial");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set_bool(data, "multipart", false);
    json_object_object_add(data, "fields", page_form_fields(cx, extend_fields, NULL, true));
    page_crumb(data, "Tenants", "/platform/tenants");
    page_crumb(data, name, back);
    return page_render(cx, status, "layout/form",
                       arena_printf(cx->arena, "Extend the trial of %s", name), data);
}

static bool extend_page(struct cx *cx)
{
    return show_extend(cx, 200);
}

static bool extend_submit(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    struct rows *rows = cx->failure.status == 0 ? extend(cx, id) : NULL;
    if (!rows)
        return cx->failure.status == 422 || cx->failure.status == 409
                   ? show_extend(cx, cx->failure.status)
                   : fail(cx, 404, "not_found", "There is no such tenant.");
    page_notice(cx, "success",
                arena_printf(cx->arena, "The trial lasts until %s.",
                             tenant_time(cx, rows_text(rows, 0, 2))));
    return page_go(cx, arena_printf(cx->arena, "/platform/tenants/%s", id));
}

const struct route trial_routes[] = {
    ROUTE(POST, "/api/tenants/:id/extend-trial", MAY(EITHER, "platform.tenants:update"), extend_api,
          "Make a trial longer; one that is over opens the tenant again.",
          .operation = "extendTenantTrial", .answer_name = "tenant trial", .body = extend_fields,
          .answer_fields = extended_fields, .errors = "409 not_on_trial"),
    ROUTE(GET, "/platform/tenants/:id/trial", MAY(EITHER, "platform.tenants:update"), extend_page,
          "Make a trial longer.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/platform/tenants/:id/trial", MAY(EITHER, "platform.tenants:update"),
          extend_submit, "Make a trial longer.", .answer = ANSWER_PAGE, .body = extend_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    {.path = NULL},
};
