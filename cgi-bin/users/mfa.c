/* mfa: two-step sign-in of somebody else: to ask it of them, or to take it away when
 * their factors are lost. */
#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/session.h"
#include "account/credential.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "users.h"

STATEMENT(mfa_ask,
          "update users\n"
          "set mfa_required = $3::bool\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(mfa_forget_factors,
          "delete from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid",
          DB_WRITES);

STATEMENT(mfa_forget_codes,
          "delete from recovery_codes\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid",
          DB_WRITES);

STATEMENT(mfa_state,
          "select u.mfa_required, " HAS_FACTOR(
              "u.tenant_id", "u.id") ", u.name\n"
                                     "from users u\n"
                                     "where u.tenant_id = $1::uuid and u.id = $2::uuid",
          0);

/* Who holds the lost phone holds perhaps a session too. */
static bool forget_factors(struct cx *cx, const char *tenant_id, const char *id)
{
    struct owner owner;
    if (!credential_owner(cx, tenant_id, id, &owner))
        return false;
    struct rows *gone = db_get(&cx->db, &mfa_forget_factors, tenant_id, id);
    if (!gone || !db_get(&cx->db, &mfa_forget_codes, tenant_id, id))
        return fail_db(cx);
    return rows_affected(gone) == 0 ||
           (session_revoke_user(cx, &cx->db, id, NULL, "two-step sign-in was removed") &&
            owner_tell(cx, &owner, OWNER_FACTOR_REMOVED, NULL));
}

static bool store(struct cx *cx, const char *tenant_id, const char *id, bool enabled)
{
    bool stored =
        db_get(&cx->db, &mfa_ask, tenant_id, id, enabled ? "true" : "false") &&
        event_append(&cx->db, enabled ? "user.mfa_required" : "user.mfa_removed", id, NULL) &&
        db_commit(&cx->db);
    return stored || fail_db(cx);
}

static bool set_mfa(struct cx *cx, const char *id, bool enabled, char tenant_id[static UUID_SIZE])
{
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!user_find(cx, id, true, tenant_id) || !credential_may_change(cx, tenant_id, id))
        return false;
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    if (!(enabled || forget_factors(cx, tenant_id, id)) || !store(cx, tenant_id, id, enabled))
        return false;
    session_rights_changed(&cx->db, id);
    return true;
}

static struct rows *read_state(struct cx *cx, const char *tenant_id, const char *id)
{
    struct rows *rows = db_get(&cx->db, &mfa_state, tenant_id, id);
    if (!rows)
        fail_db(cx);
    else if (rows_count(rows) == 0)
        fail(cx, 404, "not_found", "There is no such user.");
    return cx->failure.status == 0 ? rows : NULL;
}

static bool toggle(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    if (!set_mfa(cx, id, input_bool(cx, "enabled", false), tenant_id))
        return false;
    struct rows *rows = read_state(cx, tenant_id, id);
    if (!rows)
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "id", id);
    json_pair_bool(json, "mfaRequired", rows_bool(rows, 0, 0));
    json_pair_bool(json, "mfaEnabled", rows_bool(rows, 0, 1));
    json_close_object(json);
    return respond_end(cx);
}

/* ---- by page ---- */

static const char *path_of(struct cx *cx, const char *id)
{
    const struct resource *resource = cx->route->about;
    return arena_printf(cx->arena, "%s/%s", resource->page, id);
}

bool mfa_add_action(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (record && permissions_allow(&cx->session->permissions, "users.admins:update"))
        page_action(data, "Two-step sign-in",
                    arena_printf(cx->arena, "%s/mfa", path_of(cx, cx_path(cx, "id"))),
                    "shield-lock");
    return true;
}

static bool mfa_page(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const struct resource *resource = cx->route->about;
    const char *id = cx_path(cx, "id"), *path = path_of(cx, id);
    if (!user_find(cx, id, true, tenant_id))
        return false;
    struct rows *rows = read_state(cx, tenant_id, id);
    if (!rows)
        return false;
    json_object *data = page_object(cx);
    page_set(data, "action", arena_printf(cx->arena, "%s/mfa", path));
    page_set(data, "back", path);
    page_set(data, "name", rows_text(rows, 0, 2));
    page_set_bool(data, "required", rows_bool(rows, 0, 0));
    page_set_bool(data, "has_factor", rows_bool(rows, 0, 1));
    page_crumb(data, resource->title, resource->page);
    page_crumb(data, rows_text(rows, 0, 2), path);
    return page_render(cx, 200, "users/mfa", "Two-step sign-in", data);
}

static bool mfa_submit(struct cx *cx)
{
    char tenant_id[UUID_SIZE];
    const char *id = cx_path(cx, "id");
    bool enabled = input_bool(cx, "enabled", false);
    if (!set_mfa(cx, id, enabled, tenant_id))
        return false;
    page_notice(cx, "success",
                enabled ? "Two-step sign-in is asked of this user."
                        : "The factors of this user were removed.");
    return page_go(cx, path_of(cx, id));
}

#define MFA_PAGES(page, resource)                                                                  \
    ROUTE(GET, page, MAY(EITHER, "users.admins:update"), mfa_page, "Two-step sign-in of a user.",  \
          .answer = ANSWER_PAGE, .about = &(resource), .flags = ROUTE_STEP_UP),                    \
        ROUTE(POST, page, MAY(EITHER, "users.admins:update"), mfa_submit,                          \
              "Ask a user for two-step sign-in, or remove its factors.", .answer = ANSWER_PAGE,    \
              .about = &(resource), .body = FIELDS({"enabled", BOOL, REQUIRED}),                   \
              .flags = ROUTE_FORM | ROUTE_STEP_UP | ROUTE_IN_PERSON)

const struct route mfa_routes[] = {
    ROUTE(POST, "/api/admin-users/:id/toggle-mfa", MAY(EITHER, "users.admins:update"), toggle,
          "Ask a user for two-step sign-in, or remove its factors and ask no more.",
          .operation = "setUserSecondFactor", .answer_name = "user second factor", .status = 200,
          .body = FIELDS({"enabled", BOOL, REQUIRED, .example = "false"}),
          .answer_fields = FIELDS({"id", UUID},
                                  {"mfa_required", BOOL,
                                   .help = "Of this person; see also the "
                                           "policy's mfaRoles."},
                                  {"mfa_enabled", BOOL, .help = "There is a factor."}),
          .flags = ROUTE_STEP_UP | ROUTE_IN_PERSON),
    MFA_PAGES("/admin/users/:id/mfa", platform_users),
    MFA_PAGES("/platform/users/:id/mfa", admin_users),
    {.path = NULL},
};
