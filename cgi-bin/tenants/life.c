/* life: from trial to deletion. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "http/cx.h"
#include "tenants.h"

/* Who is active has a plan: no trial ends any more, and nobody waits for a proof. */
STATEMENT(life_status,
          "update tenants\n"
          "set status = $2, status_reason = $3,\n"
          "    trial_ends_at = case when $2 <> 'active' then trial_ends_at end,\n"
          "    verify_by = case when $2 <> 'active' then verify_by end\n"
          "where id = $1::uuid and kind <> 'platform' and deleted_at is null\n"
          "and ($4::uuid is null or parent_id = $4::uuid)\n"
          "returning id, status, status_reason",
          DB_WRITES);

STATEMENT(
    life_find,
    "select slug, deleted_at is not null\n"
    "from tenants\n"
    "where id = $1::uuid and kind <> 'platform' and ($2::uuid is null or parent_id = $2::uuid)",
    0);

/* The tenant is gone for everybody at once; its rows stay for the grace period, and
 * its status as it is, for when it comes back. */
STATEMENT(life_delete,
          "update tenants\n"
          "set deleted_at = now()\n"
          "where id = $1::uuid and deleted_at is null\n"
          "and not exists (select from tenants c\n"
          "                where c.parent_id = $1::uuid and c.deleted_at is null)\n"
          "returning id",
          DB_WRITES);

/* Those deleted long ago had lost their status: active. */
STATEMENT(life_restore,
          "update tenants\n"
          "set deleted_at = null,\n"
          "    status = case when status_reason = 'deleted' then 'active' else status end,\n"
          "    status_reason = nullif(status_reason, 'deleted')\n"
          "where id = $1::uuid and deleted_at > now() - make_interval(days => $3::int)\n"
          "and ($2::uuid is null or parent_id = $2::uuid)\n"
          "returning id",
          DB_WRITES);

static const struct field status_fields[] = {
    {"id", UUID}, {"status", TEXT}, {"status_reason", TEXT, NULLABLE}, {.type = FIELD_END}};

bool enter_path_tenant(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    if (!uuid_is(id))
        return fail(cx, 404, "not_found", "There is no such tenant.");
    return tenant_enter(cx, id);
}

bool changed(struct cx *cx, const char *tenant_id)
{
    tenant_changed(&cx->db, tenant_id);
    return true;
}

const char *tenant_parent_filter(const struct cx *cx)
{
    return cx->session->is_operator ? NULL : cx->session->tenant_id;
}

static bool not_found(struct cx *cx)
{
    return fail(cx, 404, "not_found", "There is no such tenant.");
}

static struct rows *run_status(struct cx *cx, const char *id, const char *status,
                               const char *reason)
{
    cx->db.action = strcmp(status, "suspended") == 0 ? "tenants.suspended" : "tenants.activated";
    struct rows *rows = db_get(&cx->db, &life_status, id, status, reason, tenant_parent_filter(cx));
    cx->db.action = NULL;
    if (!rows)
        fail_db(cx);
    else if (rows_count(rows) == 0)
        not_found(cx);
    else
        tenant_changed(&cx->db, id);
    return cx->failure.status ? NULL : rows;
}

bool tenant_set_status(struct cx *cx, const char *id, const char *status, const char *reason)
{
    return uuid_is(id) ? run_status(cx, id, status, reason) != NULL : not_found(cx);
}

static bool answer_status(struct cx *cx, const char *status)
{
    const char *id = cx_path(cx, "id");
    struct rows *rows = uuid_is(id) ? run_status(cx, id, status, input_text(cx, "reason")) : NULL;
    if (!rows)
        return not_found(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "id", rows_text(rows, 0, 0));
    json_pair(json, "status", rows_text(rows, 0, 1));
    json_pair(json, "statusReason", rows_text(rows, 0, 2));
    json_close_object(json);
    return respond_end(cx);
}

static bool suspend(struct cx *cx)
{
    return answer_status(cx, "suspended");
}

static bool activate(struct cx *cx)
{
    return answer_status(cx, "active");
}

bool tenant_delete(struct cx *cx, const char *id)
{
    cx->db.action = "tenants.deleted";
    struct rows *rows = db_get(&cx->db, &life_delete, id);
    cx->db.action = NULL;
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 409, "tenant_has_children", "It still has tenants of its own.");
    tenant_changed(&cx->db, id);
    return true;
}

bool tenant_is_within_reach(struct cx *cx, const char *id)
{
    struct rows *found = db_get(&cx->db, &life_find, id, tenant_parent_filter(cx));
    if (!found)
        return fail_db(cx);
    return (rows_count(found) > 0 && !rows_bool(found, 0, 1)) || not_found(cx);
}

static bool delete (struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    if (!uuid_is(id))
        return not_found(cx);
    struct rows *found = db_get(&cx->db, &life_find, id, tenant_parent_filter(cx));
    if (!found)
        return fail_db(cx);
    if (rows_count(found) == 0 || rows_bool(found, 0, 1))
        return not_found(cx);
    if (strcmp(rows_text(found, 0, 0), query_text(cx, "confirm")) != 0)
        return fail_field(cx, "confirm", "confirm_mismatch",
                          "Type the slug of the tenant to delete it.");
    return tenant_delete(cx, id) && respond_nothing(cx);
}

bool tenant_restore(struct cx *cx, const char *id)
{
    int64_t days = tenant_grace_days(cx);
    if (!uuid_is(id))
        return not_found(cx);
    if (days < 0)
        return fail_db(cx);
    cx->db.action = "tenants.restored";
    struct rows *rows = db_get(&cx->db, &life_restore, id, tenant_parent_filter(cx),
                               arena_printf(cx->arena, "%d", (int)days));
    cx->db.action = NULL;
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return not_found(cx);
    tenant_changed(&cx->db, id);
    return true;
}

static bool restore(struct cx *cx)
{
    return tenant_restore(cx, cx_path(cx, "id")) && respond_nothing(cx);
}

const struct route life_routes[] = {
    ROUTE(POST, "/api/tenants/:id/suspend", MAY(EITHER, "platform.tenants:suspend"), suspend,
          "Suspend a tenant: read-only, for its owner alone.", .operation = "suspendTenant",
          .answer_name = "tenant status",
          .body = FIELDS({"reason", TEXT, 0, 1, 500, .example = "Invoice overdue"}),
          .answer_fields = status_fields, .flags = ROUTE_STEP_UP),
    ROUTE(POST, "/api/tenants/:id/activate", MAY(EITHER, "platform.tenants:suspend"), activate,
          "Activate a tenant.", .operation = "activateTenant", .answer_name = "tenant status",
          .body = FIELDS({"reason", TEXT, 0, 1, 500, .example = "Paid"}),
          .answer_fields = status_fields, .flags = ROUTE_STEP_UP),
    ROUTE(DELETE, "/api/tenants/:id", MAY(EITHER, "platform.tenants:delete"), delete,
          "Delete a tenant: closed at once, erased once the platform's days of grace are over.",
          .operation = "deleteTenant", .answer = ANSWER_NOTHING,
          .errors = "409 tenant_has_children",
          .query = FIELDS({"confirm", TEXT, REQUIRED, 1, 40, .help = "The tenant's slug."}),
          .flags = ROUTE_STEP_UP),
    ROUTE(POST, "/api/tenants/:id/restore", MAY(EITHER, "platform.tenants:delete"), restore,
          "Undo a deletion within the days of grace.", .operation = "restoreTenant",
          .answer = ANSWER_NOTHING),
    {.path = NULL},
};
