/* switcher: where else the one signed in may go: to their linked workspaces, and
 * operators to tenants. There is none when there is nowhere to go. */
#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "http/cx.h"
#include "page/page_parts.h"

STATEMENT(switcher_workspaces, "select w.id, w.name from house.workspaces($1::uuid) w", 0);

/* The page's own handle may be set to another tenant, or to none. */
static struct rows *read_workspaces(struct cx *cx)
{
    struct db db;
    const struct session *me = cx->session;
    if (!me->is_linked || me->impersonator_id)
        return NULL;
    db_init(&db, cx->arena, DB_TENANT, me->tenant_id, cx->tenant->schema);
    return db_get(&db, &switcher_workspaces, me->id);
}

void switcher_add(struct cx *cx, json_object *frame)
{
    const struct session *me = cx->session;
    struct rows *rows = me ? read_workspaces(cx) : NULL;
    size_t count = rows ? rows_count(rows) : 0;
    bool search = me && cx->tenant->kind != TENANT_BUSINESS && may(cx, "platform.tenants:read");
    if (count == 0 && !search) {
        page_set(frame, "switcher", NULL);
        return;
    }
    json_object *switcher = page_add(frame, "switcher"), *list = page_list(switcher, "workspaces");
    page_set(switcher, "label", count > 0 ? "Switch workspace" : "Go to a tenant");
    page_set_bool(switcher, "search", search);
    for (size_t i = 0; i < count; i++) {
        json_object *item = page_item(list);
        page_set(item, "id", rows_text(rows, i, 0));
        page_set(item, "name", rows_text(rows, i, 1));
    }
}
