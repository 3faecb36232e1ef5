/* bulk_runs: what one did with many records at once (lib/resource/bulk.h), and undoing it. */
#include <string.h>

#include "access/session.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/conditions.h"
#include "resource/model.h"
#include "worker.h"

/* A key sees what it did itself. */
static const char *narrow_to_key(const struct cx *cx, struct conditions *where)
{
    if (!cx->session || cx->session->kind != SESSION_API_KEY)
        return NULL;
    return arena_printf(cx->arena, "actor_id = $%d", conditions_parameter(where, cx->session->id));
}

#define UNDOABLE                                                                                   \
    "undoable and status = 'done' and done > 0 and created_at > now() - interval '30 days'"

/* This program is linked of all areas: it knows every hook that undoing would pass by. */
static bool undo_run(struct cx *cx, const struct list_result *old)
{
    const struct resource *resource = model_resource(record_value(old, "resource"));
    bool deletes = strcmp(record_value(old, "action"), "delete") == 0;
    const struct bulk bulk = {.resource = resource, .set = deletes ? NULL : "{}"};
    if (!resource || !bulk_is_undoable(&bulk))
        return fail(cx, 409, "not_undoable", "This cannot be undone (any more).");
    return bulk_undo_later(cx, record_value(old, "id"));
}

static const struct action undo = {
    .name = "undo",
    .title = "Undo",
    .icon = "arrow-back-up",
    .summary = "Put back what was changed or deleted; what was changed since stays as it is.",
    .ask =
        "What was changed or deleted becomes as it was before. What somebody changed since stays "
        "as it is, and is named.",
    .done = "It is being undone.",
    .when = UNDOABLE,
    .refused = {"not_undoable", "This cannot be undone (any more)."},
    .flags = ACTION_CONFIRM,
    .run = undo_run,
};

static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    return !record || page_add_bulk_run(cx, data, record);
}

const struct resource bulk_runs = {
    .name = "bulk-runs",
    .one = "bulk run",
    .title = "Changes of many",
    .about = "What you did with many records at once. Changes and deletions can be undone for "
             "thirty days.",
    .personal = "user_id",
    .for_keys = true,
    .narrow = narrow_to_key,
    .table = "bulk_runs",
    .api = BULK_RUNS_API,
    .page = BULK_RUNS_PAGE,
    .icon = "list-check",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET,
    .sort = "-id",
    .label = "created_at",
    .no_common_times = true,
    .no_events = true,
    .follows = "events",
    .fields = FIELDS(
        {"user_id", UUID, READ_ONLY | HIDDEN, .help = "Who did it: oneself."},
        {"created_at", TIME, READ_ONLY | LISTED, .label = "When"},
        {"resource", TEXT, READ_ONLY | LISTED, .label = "Of", .example = "crm.leads",
         .help = "Area and name of the resource."},
        {"action", TEXT, READ_ONLY | LISTED, .label = "What", .example = "update"},
        {"status", CHOICE, READ_ONLY | LISTED, .example = "done",
         .choices = CHOICES("running", "done", "undoing", "undone")},
        {"total", INT, READ_ONLY | LISTED, .label = "Records", .example = "2500"},
        {"handled", INT, READ_ONLY, .example = "2500", .help = "Records that it came to."},
        {"done", INT, READ_ONLY | LISTED, .example = "2488", .label = "Done"},
        {"restored", INT, READ_ONLY, .example = "0", .help = "Put back by undoing."},
        {"kept", INT, READ_ONLY, .example = "0",
         .help = "Left as they are when it was undone, because they were changed since."},
        {"undoable_until", TIME, READ_ONLY | NULLABLE,
         .sql = "case when undoable and status = 'done' and done > 0\n"
                "then created_at + interval '30 days' end"},
        {"refused", JSON, READ_ONLY | LIST_OMITTED | HIDDEN,
         .sql = "(select coalesce(jsonb_agg(jsonb_build_object('id', r.record_id,\n"
                "'name', r.label, 'state', r.state, 'status', r.status, 'code', r.code,\n"
                "'message', r.message) order by r.position), '[]')\n"
                "from (select * from bulk_rows b where b.tenant_id = bulk_runs.tenant_id\n"
                "and b.run_id = bulk_runs.id and b.state in ('refused', 'kept')\n"
                "order by b.position limit 10000) r)",
         .help = "What was refused, and what undoing left as it is: id, name, state, status, code "
                 "and message; 10,000 at most.",
         .example = "[]"}),
    .actions = ACTIONS(&undo),
    .template_detail = "layout/bulk_run",
    .add_to_page = add_to_page,
};
