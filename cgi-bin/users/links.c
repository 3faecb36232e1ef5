/* links: a tenant ends what ties an account of its own to other workspaces. Whether
 * there is anything is not said: that is the user's own business. */
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "http/cx.h"
#include "users.h"

STATEMENT(links_cut, "select house.link_cut($1::uuid)", DB_WRITES);

static bool user_unlink_run(struct cx *cx, const struct list_result *user)
{
    const char *id = record_value(user, "id"), *tenant_id = record_value(user, "tenant_id");
    if (!user_may_change(cx, &cx->db, tenant_id, id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    struct rows *ended = db_get(&cx->db, &links_cut, id);
    for (size_t i = 0; ended && i < rows_count(ended); i++)
        session_rights_changed(&cx->db, rows_text(ended, i, 0));
    return ended || fail_db(cx);
}

const struct action unlink_user = {
    .name = "unlink",
    .title = "Unlink",
    .icon = "unlink",
    .summary = "End what links an account with the same person's in other tenants, if anything "
               "does.",
    .ask = "If this account is linked with accounts of the same person in other workspaces, the "
           "link ends: neither is reached from the other without its password, and sessions that "
           "came from there are over.",
    .done = "No other workspace leads to this account now.",
    .flags = ACTION_UNLOCKED | ACTION_CONFIRM,
    .run = user_unlink_run,
};
