/* activity_reminders: owners get a notice before what they are to do is due.
 *
 * Whenever an activity is written a job is added for the moment of its notice. The job looks again
 * when its time has come: it tells nobody of what is done, deleted or due at another time by then
 * (for which the change has added a job of its own). The row that it leaves is unique for that
 * moment and is committed with the notice, so that it goes out exactly once.
 */
#include "access/session.h"
#include "base/language.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"
#include "job/work.h"

/* A notice whose time has passed goes out at once, as long as the activity is not due. */
STATEMENT(reminder_plan,
          "select extract(epoch from due_at - make_interval(mins => reminder_minutes))::bigint,\n"
          "       greatest(ceil(extract(epoch from\n"
          "           due_at - make_interval(mins => reminder_minutes) - now())), 0)::bigint\n"
          "from activities\n"
          "where id = $1::uuid and status = 'open' and owner_id is not null\n"
          "and reminder_minutes is not null and due_at > now()",
          0);

STATEMENT(reminder_due,
          "select owner_id, subject\n"
          "from activities\n"
          "where id = $1::uuid and status = 'open' and owner_id is not null\n"
          "and extract(epoch from due_at - make_interval(mins => reminder_minutes))::bigint\n"
          "    = $2::bigint\n"
          "for update",
          DB_WRITES);

STATEMENT(reminder_insert,
          "insert into activity_reminders (tenant_id, activity_id, at)\n"
          "values (current_setting('app.tenant_id')::uuid, $1::uuid, to_timestamp($2::bigint))\n"
          "on conflict (tenant_id, activity_id, at) do nothing\n"
          "returning id",
          DB_WRITES);

const struct notification_kind notice_activity_due = {
    "crm.activity_due", "Activities that are due",
    "The time that you chose before an activity of yours is due has come.", .email = true};

static bool reminder_tell(struct job *job, const char *id, const struct rows *due)
{
    struct cx cx;
    job_cx(job, &cx);
    const struct notification notice = {
        .title = SAID("Due soon: %s"),
        .body = "The time at which you wanted to be reminded of it has come.",
        .about = rows_text(due, 0, 1),
        .link = arena_printf(job->arena, "%s/%s", activities.page, id)};
    return notify_user(&cx, job->db, job->tenant_id, rows_text(due, 0, 0), &notice_activity_due,
                       &notice) ||
           job_fail_cx(job, &cx);
}

static bool reminder_run(struct job *job)
{
    const char *id = job_text(job, "activity"), *at = job_text(job, "at");
    if (!uuid_is(id) || !at)
        return job_refuse(job, "It names no activity.");
    const struct rows *due = db_get(job->db, &reminder_due, id, at);
    if (!due)
        return job_fail_db(job);
    if (rows_count(due) == 0)
        return true;
    const struct rows *first = db_get(job->db, &reminder_insert, id, at);
    if (!first)
        return job_fail_db(job);
    return rows_count(first) == 0 || reminder_tell(job, id, due);
}

const struct job_kind activity_reminder_job = {"crm.remind", "reminders", reminder_run};

bool activity_plan_reminder(struct cx *cx, const char *id)
{
    const struct rows *plan = db_get(&cx->db, &reminder_plan, id);
    if (!plan)
        return fail_db(cx);
    if (rows_count(plan) == 0)
        return true;
    const char *at = rows_text(plan, 0, 0);
    const struct job_new job = {
        .kind = &activity_reminder_job,
        .payload = arena_printf(cx->arena, "{\"activity\": \"%s\", \"at\": \"%s\"}", id, at),
        .key = arena_printf(cx->arena, "%s:%s", id, at),
        .delay_s = rows_int(plan, 0, 1)};
    return job_add(&cx->db, &job) || fail_db(cx);
}
