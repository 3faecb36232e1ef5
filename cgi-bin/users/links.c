/* links: a tenant ends what ties an account of its own to other workspaces. Whether
 * there is anything is not said: that is the user's own business. */
#include <string.h>

#include "access/session.h"
#include "http/cx.h"
#include "page/page.h"
#include "users.h"

STATEMENT(links_cut, "select house.link_cut($1::uuid)", DB_WRITES);

static bool cut(struct cx *cx, const char *id)
{
    char tenant_id[UUID_SIZE];
    if (!user_find(cx, id, true, tenant_id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    struct rows *ended = db_get(&cx->db, &links_cut, id);
    for (size_t i = 0; ended && i < rows_count(ended); i++)
        session_rights_changed(&cx->db, rows_text(ended, i, 0));
    return ended || fail_db(cx);
}

static bool unlink_api(struct cx *cx)
{
    return cut(cx, cx_path(cx, "id")) && respond_nothing(cx);
}

/* ---- by page ---- */

static const char *path_of(struct cx *cx, const char *more)
{
    return arena_printf(cx->arena, "%s/%s%s", platform_users.page, cx_path(cx, "id"), more);
}

bool links_add_action(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (record && cx->route->about == &platform_users &&
        permissions_allow(&cx->session->permissions, "users.users:update"))
        page_action(data, "Unlink", path_of(cx, "/unlink"), "unlink");
    return true;
}

static bool unlink_page(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    if (!user_find(cx, cx_path(cx, "id"), true, tenant_id))
        return false;
    json_object *data = page_object(cx);
    page_set(data, "action", path_of(cx, "/unlink"));
    page_set(data, "back", path_of(cx, ""));
    page_set(data, "submit", "End links");
    page_set(data, "text",
             "If this account is linked with accounts of the same person in other workspaces, the "
             "link ends: neither is reached from the other without its password, and sessions "
             "that came from there are over.");
    page_list(data, "kept");
    page_set_bool(data, "has_items", false);
    page_crumb(data, platform_users.title, platform_users.page);
    page_crumb(data, "User", path_of(cx, ""));
    return page_render(cx, 200, "layout/confirm", "Links with other workspaces", data);
}

static bool unlink_submit(struct cx *cx)
{
    if (!cut(cx, cx_path(cx, "id")))
        return false;
    page_notice(cx, "success", "No other workspace leads to this account now.");
    return page_go(cx, path_of(cx, ""));
}

const struct route link_routes[] = {
    ROUTE(POST, "/api/platform-users/:id/unlink", MAY(EITHER, "users.users:update"), unlink_api,
          "End what links an account with the same person's in other tenants, if anything does.",
          .operation = "unlinkUser", .answer = ANSWER_NOTHING),
    ROUTE(GET, "/admin/users/:id/unlink", MAY(EITHER, "users.users:update"), unlink_page,
          "Asks whether to end the links of an account.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/users/:id/unlink", MAY(EITHER, "users.users:update"), unlink_submit,
          "End the links of an account.", .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    {.path = NULL},
};
