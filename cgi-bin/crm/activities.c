/* activities: what people do with leads, contacts, companies and deals, and what they are to do. */
#include "crm.h"
#include "http/cx.h"

/* One is done or open again by the status alone; when it was done says the trigger of the table. */
STATEMENT(activity_set_status, "update activities\nset status = $2\nwhere id = $1::uuid",
          DB_WRITES);

static bool activity_set(struct cx *cx, const struct list_result *old, const char *status)
{
    return db_get(&cx->db, &activity_set_status, record_value(old, "id"), status) || fail_db(cx);
}

static bool activity_complete_run(struct cx *cx, const struct list_result *old)
{
    return activity_set(cx, old, "done");
}

static bool activity_reopen_run(struct cx *cx, const struct list_result *old)
{
    return activity_set(cx, old, "open") && activity_plan_reminder(cx, record_value(old, "id"));
}

static const struct action activity_complete = {
    .name = "complete",
    .title = "Mark as done",
    .icon = "check",
    .summary = "Mark an activity as done.",
    .when = "status = 'open'",
    .refused = {"activity_done", "It is done already."},
    .done = "Marked as done.",
    .event = "completed",
    .told = "{actor} completed the activity {name}.",
    .flags = ACTION_MANY,
    .run = activity_complete_run,
};

static const struct action activity_reopen = {
    .name = "reopen",
    .title = "Reopen",
    .icon = "refresh",
    .summary = "Open an activity again that was marked as done.",
    .when = "status = 'done'",
    .refused = {"activity_open", "It is open: there is nothing to reopen."},
    .done = "It is open again.",
    .event = "reopened",
    .told = "{actor} reopened the activity {name}.",
    .flags = ACTION_MANY,
    .run = activity_reopen_run,
};

static bool activity_finish(struct cx *cx, enum operation operation, const char *id)
{
    return operation == OP_DELETE || activity_plan_reminder(cx, id);
}

const struct resource activities = {
    .name = "activities",
    .one = "activity",
    .title = "Activities",
    .about = "Calls, e-mails, meetings, tasks and notes: what was done, and what is to be done.",
    .permission = "crm.activities",
    .table = "activities",
    .api = "/api/crm/activities",
    .page = "/admin/crm/activities",
    .icon = "checklist",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .attachments = true,
    .comments = true,
    .sort = "-createdAt",
    .owner = "owner_id",
    .imports = IMPORTS(activities, "subject"),
    .actions = ACTIONS(&activity_complete, &activity_reopen),
    .in_timeline = true,
    .any_of = CHOICES("lead_id", "contact_id", "company_id", "deal_id"),
    .finish = activity_finish,
    .label = "subject",
    .fields = FIELDS(
        {"type", CHOICE, FILTERED | LISTED, .initial = "task",
         .choices = CHOICES("call", "email", "meeting", "task", "note")},
        {"subject", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
         .example = "Call about the offer"},
        {"body", LONG, NULLABLE | SEARCHED | LIST_OMITTED, 0, 10000, .label = "Details",
         .example = "They want to know when the lenses can be there."},
        {"status", CHOICE, FILTERED | LISTED, .initial = "open", .choices = CHOICES("open", "done"),
         .choice_labels = CHOICES("To do", "Done")},
        {"due_at", TIME, NULLABLE | FILTERED | SORTED | LISTED, .label = "Due",
         .example = "2027-03-31T09:00:00Z"},
        {"reminder_minutes", INT, NULLABLE, 0, 40320, .label = "Reminder",
         .help = "How many minutes before it is due the owner gets a notice; empty: none.",
         .example = "30"},
        {"done_at", TIME, READ_ONLY | NULLABLE, .label = "Done", .help = "When it was done."},
        {"lead_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Lead", .refers = "crm.leads",
         .on_delete = SET_NULL},
        {"contact_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Contact",
         .refers = "crm.contacts", .on_delete = SET_NULL},
        {"company_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Company",
         .refers = "crm.companies", .on_delete = SET_NULL},
        {"deal_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Deal", .refers = "crm.deals",
         .on_delete = SET_NULL},
        {"owner_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Owner",
         .refers = "users.platform-users", .on_delete = SET_NULL,
         .help = "The user who does it, and who is reminded of it."}),
};
