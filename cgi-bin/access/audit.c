/* audit: the log of what happened, read-only for everybody. */
#include <string.h>

#include "access/session.h"
#include "area.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/event_data.h"
#include "resource/event_sight.h"
#include "resource/event_told.h"
#include "resource/shape.h"

STATEMENT(audit_verify,
          "select checked, broken_seq, reason, event_id\n"
          "from house.events_verify_own()",
          DB_SLOW);

/* ---- the envelope, as everywhere (access/event.h) ---- */

/* Read together, since what is told of a change depends on what was changed. */
static const char *audit_data_sql(const struct cx *cx)
{
    return arena_printf(
        cx->arena, "jsonb_build_array(house.event_type(action, resource_type), resource_id, %s)",
        shape_changes_sql(cx));
}

static void audit_data_write(struct json *json, struct arena *arena, const char *text)
{
    event_data_write(json, arena, true, text);
}

static const struct field audit_fields[] = {
    {"type", TEXT, READ_ONLY | FILTERED | LISTED, .label = "What", .example = "lead.created",
     .help = "What happened: what one record is called, and a verb in the past.",
     .sql = "house.event_type(action, resource_type)",
     .matched = "resource_type = any (house.event_stored_words("
                "array(select split_part(it, '.', 1) from unnest($) it))) "
                "and action = any (house.event_stored_actions($))"},
    {"created_at", TIME, READ_ONLY | SORTED | FILTERED | LISTED, .label = "When", .sql = "at",
     .sorted_by = "id", .example = "2026-11-21T09:30:00Z", .help = "When it happened."},
    {"tenant_id", UUID, READ_ONLY | HIDDEN},
    {"actor", OBJECT, READ_ONLY | HIDDEN | MEMBER_ONLY, .fields = event_actor_fields,
     .help = "Who did it.",
     .sql = "jsonb_build_object('kind', actor_kind, 'id', actor_id, 'name', actor_name)"},
    {"actor_name", TEXT, READ_ONLY | NULLABLE | LISTED | COLUMN_ONLY, .label = "Who"},
    {"actor_kind", CHOICE, READ_ONLY | FILTERED | COLUMN_ONLY, .label = "Kind of actor",
     .choices = CHOICES("user", "api_key", "system"), .example = "user"},
    {"actor_id", UUID, READ_ONLY | NULLABLE | FILTERED | HIDDEN | COLUMN_ONLY},
    {"resource", OBJECT, READ_ONLY | HIDDEN | MEMBER_ONLY, .fields = event_subject_fields,
     .help = "What it happened to.",
     .sql = "jsonb_build_object('type', house.event_word(resource_type), 'id', resource_id)"},
    {"resource_type", TEXT, READ_ONLY | NULLABLE | FILTERED | COLUMN_ONLY,
     .label = "Kind of record", .sql = "house.event_word(resource_type)",
     .matched = "resource_type = any (house.event_stored_words($))"},
    {"resource_id", TEXT, READ_ONLY | NULLABLE | FILTERED | HIDDEN | COLUMN_ONLY},
    {"request_id", TEXT, READ_ONLY | NULLABLE, .label = "Request"},
    {"data", OBJECT, READ_ONLY | HIDDEN | MEMBER_ONLY, .sql = "changes", .sql_for = audit_data_sql,
     .write = audit_data_write,
     .help = "What changed: of a record what it was before and what it is after, as the webhook of "
             "this type says."},
    {"changes", JSON, READ_ONLY | NULLABLE | COLUMN_ONLY, .label = "Before and after",
     .sql_for = shape_changes_sql},
    {"impersonator_id", UUID, READ_ONLY | NULLABLE | HIDDEN,
     .help = "The operator who acted as the user."},
    {"ip", TEXT, READ_ONLY | NULLABLE, .label = "Address"},
    {"user_agent", AGENT, READ_ONLY | NULLABLE, .label = "Browser"},
    {.type = FIELD_END}};

static const char *audit_value(const struct list_result *result, size_t row, const char *name)
{
    for (int i = 0; result->fields[i]; i++)
        if (strcmp(result->fields[i]->name, name) == 0)
            return rows_text(result->rows, row, i);
    return NULL;
}

/* People read what happened in words. */
static bool audit_tell(struct cx *cx, struct list_result *result)
{
    size_t count = rows_count(result->rows);
    struct event *events = arena_alloc(cx->arena, sizeof *events * (count + 1));
    const char **changes = arena_alloc(cx->arena, sizeof *changes * (count + 1));
    for (size_t i = 0; i < count; i++) {
        events[i] = (struct event){.type = audit_value(result, i, "type"),
                                   .actor_name = audit_value(result, i, "actor_name"),
                                   .word = audit_value(result, i, "resource_type"),
                                   .resource_id = audit_value(result, i, "resource_id")};
        changes[i] = audit_value(result, i, "changes");
    }
    result->told_field = field_find(audit_fields, "type");
    result->told = event_tell(cx, events, changes, count);
    return result->told != NULL;
}

const struct resource audit_logs = {
    .name = "audit",
    .one = "audit event",
    .title = "Audit log",
    .about = "Every change, who made it and when. Nobody can change it.",
    .permission = "access.audit",
    .table = "events",
    .api = "/api/audit/logs",
    .page = "/admin/audit",
    .icon = "history",
    .follows = "events",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_EXPORT,
    .sort = "-createdAt",
    .label = "type",
    .no_common_times = true,
    .no_events = true,
    .narrow = event_sight_sql,
    .tell = audit_tell,
    .fields = audit_fields,
};

const struct resource login_attempts = {
    .name = "login-attempts",
    .one = "sign-in attempt",
    .title = "Sign-in attempts",
    .about = "Who tried to sign in, and whether it worked.",
    .permission = "access.security",
    .table = "login_attempts",
    .api = "/api/security/login-attempts",
    .page = "/admin/login-attempts",
    .icon = "login",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST,
    .sort = "-createdAt",
    .label = "email",
    .no_common_times = true,
    .no_events = true,
    .fields = FIELDS({"created_at", TIME, READ_ONLY | SORTED | FILTERED | LISTED, .label = "When",
                      .example = "2026-11-21T09:30:00Z"},
                     {"email", EMAIL, READ_ONLY | FILTERED | LISTED, .label = "E-mail"},
                     {"succeeded", BOOL, READ_ONLY | FILTERED | LISTED, .label = "Worked"},
                     {"ip", TEXT, READ_ONLY | NULLABLE | LISTED, .label = "Address"},
                     {"user_agent", AGENT, READ_ONLY | NULLABLE, .label = "Browser"}),
};

static const struct field verify_fields[] = {
    {"intact", BOOL},
    {"checked", INT, .help = "How many events from the first on are as they were sealed."},
    {"broken_at", INT, NULLABLE, .help = "The number of the first event that is not."},
    {"reason", CHOICE, NULLABLE,
     .choices = CHOICES("changed", "missing", "reordered", "added", "seal"),
     .help = "What became of it. \"seal\": the batch that begins with it is not the one that was "
             "sealed there."},
    {"event_id", UUID, NULLABLE, .help = "Its id, where that is known."},
    {.type = FIELD_END}};

static bool verify(struct cx *cx)
{
    struct rows *rows = db_get0(&cx->db, &audit_verify);
    if (!rows)
        return fail_db(cx);
    bool intact = rows_text(rows, 0, 1) == NULL;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_bool(json, "intact", intact);
    json_pair_int(json, "checked", rows_int(rows, 0, 0));
    json_key(json, "brokenAt");
    if (intact)
        json_put_null(json);
    else
        json_put_int(json, rows_int(rows, 0, 1));
    json_pair(json, "reason", rows_text(rows, 0, 2));
    json_pair(json, "eventId", rows_text(rows, 0, 3));
    json_close_object(json);
    return respond_end(cx);
}

const struct route audit_routes[] = {
    ROUTE(GET, "/api/audit/verify", MAY(TENANT, "access.audit:verify"), verify,
          "Verify the seals of the audit log.", .operation = "verifyAuditLog",
          .answer_name = "audit verification", .answer_fields = verify_fields),
    {.path = NULL},
};
