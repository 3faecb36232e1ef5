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
          "where id = $1::uuid and ($4::uuid is null or parent_id = $4::uuid)\n"
          "returning id",
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

static bool set_status(struct cx *cx, const struct list_result *tenant, const char *status)
{
    const char *id = record_value(tenant, "id");
    struct rows *rows = db_get(&cx->db, &life_status, id, status, input_text(cx, "reason"),
                               tenant_parent_filter(cx));
    if (!rows)
        return fail_db(cx);
    return rows_count(rows) > 0 ? changed(cx, id) : not_found(cx);
}

static bool tenant_suspend_run(struct cx *cx, const struct list_result *tenant)
{
    return set_status(cx, tenant, "suspended");
}

static bool tenant_activate_run(struct cx *cx, const struct list_result *tenant)
{
    return set_status(cx, tenant, "active");
}

const struct action suspend_tenant = {
    .name = "suspend",
    .title = "Suspend",
    .icon = "player-pause",
    .summary = "Suspend a tenant: read-only, for its owner alone.",
    .ask = "Its users cannot work any more; its owner can still read, export and pay. Nothing is "
           "lost.",
    .done = "Tenant suspended.",
    .needs = "platform.tenants:suspend",
    .when = "status <> 'suspended'",
    .refused = {"already_suspended", "It is suspended already."},
    .takes = FIELDS({"reason", TEXT, NULLABLE, 1, 500, .example = "Invoice overdue"}),
    .event = "suspended",
    .told = "{actor} suspended the tenant {name}.",
    .flags = ACTION_CONFIRM | ACTION_DANGER | ACTION_STEP_UP | ACTION_MANY,
    .run = tenant_suspend_run,
};

const struct action activate_tenant = {
    .name = "activate",
    .title = "Activate",
    .icon = "player-play",
    .summary = "Activate a tenant.",
    .ask = "Its users can work again.",
    .done = "Tenant activated.",
    .needs = "platform.tenants:suspend",
    .when = "status <> 'active'",
    .refused = {"already_active", "It is active already."},
    .takes = FIELDS({"reason", TEXT, NULLABLE, 1, 500, .example = "Paid"}),
    .event = "activated",
    .told = "{actor} activated the tenant {name}.",
    .flags = ACTION_CONFIRM | ACTION_STEP_UP | ACTION_MANY,
    .run = tenant_activate_run,
};

static bool tenant_delete(struct cx *cx, const char *id)
{
    cx->db.action = "tenant.deleted";
    struct rows *rows = db_get(&cx->db, &life_delete, id);
    cx->db.action = NULL;
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 409, "tenant_has_children", "It still has tenants of its own.");
    tenant_changed(&cx->db, id);
    return true;
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

static bool tenant_delete_run(struct cx *cx, const struct list_result *tenant)
{
    const char *slug = record_value(tenant, "slug");
    if (strcmp(input_text(cx, "confirm"), slug) != 0)
        return fail_field(cx, "confirm", "confirm_mismatch", "Type the tenant's slug, %s.", slug);
    return tenant_delete(cx, record_value(tenant, "id"));
}

const struct action delete_tenant = {
    .name = "delete",
    .title = "Delete",
    .icon = "trash",
    .summary =
        "Delete a tenant: closed at once, erased once the platform's days of grace are over.",
    .ask = "The tenant is closed at once: nobody signs in any more. For some days (Settings, "
           "Deletion says how many) it can be restored as it was. Then all of it is erased for "
           "good: people, data, files, domains and its audit log; one line in the platform's own "
           "log says that it was there. Its slug is [slug].",
    .done = "Tenant deleted. Until it is erased it can be restored here.",
    .needs = "platform.tenants:delete",
    .takes = FIELDS({"confirm", TEXT, REQUIRED, 1, 40, .label = "Its slug",
                     .help = "Type the tenant's slug to delete it."}),
    .becomes = &deleted_tenants,
    .flags = ACTION_DANGER | ACTION_STEP_UP | ACTION_NO_API | ACTION_TO_LIST,
    .run = tenant_delete_run,
};

static bool tenant_restore_run(struct cx *cx, const struct list_result *tenant)
{
    const char *id = record_value(tenant, "id");
    int64_t days = tenant_grace_days(cx);
    if (days < 0)
        return fail_db(cx);
    struct rows *rows = db_get(&cx->db, &life_restore, id, tenant_parent_filter(cx),
                               arena_printf(cx->arena, "%d", (int)days));
    if (!rows)
        return fail_db(cx);
    return rows_count(rows) > 0 ? changed(cx, id) : not_found(cx);
}

const struct action restore_tenant = {
    .name = "restore",
    .title = "Restore",
    .icon = "restore",
    .summary = "Undo a deletion within the days of grace.",
    .done = "Tenant restored.",
    .needs = "platform.tenants:delete",
    .becomes = &tenants,
    .event = "restored",
    .told = "{actor} restored the tenant {name}.",
    .run = tenant_restore_run,
};

const struct route life_routes[] = {
    ROUTE(DELETE, "/api/tenants/:id", MAY(EITHER, "platform.tenants:delete"), delete,
          "Delete a tenant: closed at once, erased once the platform's days of grace are over.",
          .operation = "deleteTenant", .answer = ANSWER_NOTHING,
          .errors = "409 tenant_has_children",
          .query = FIELDS({"confirm", TEXT, REQUIRED, 1, 40, .help = "The tenant's slug."}),
          .flags = ROUTE_STEP_UP),
    {.path = NULL},
};
