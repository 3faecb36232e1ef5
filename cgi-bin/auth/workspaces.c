#include "workspaces.h"

#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/tenant.h"
#include "access/token.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/input.h"
#include "resource/rows_json.h"
#include "tokens.h"

STATEMENT(workspaces_list,
          "select w.id, w.tenant_id, w.user_id, w.slug, w.name, w.linked_at\n"
          "from house.workspaces($1::uuid) w",
          0);

STATEMENT(workspaces_link, "select house.link_accounts($1::uuid, $2::uuid, $3::uuid, $4::uuid)",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(workspaces_standing, "select house.own_session_vouches_not($1::uuid)", 0);

STATEMENT(workspaces_cut, "select house.link_cut($1::uuid)", DB_WRITES);

STATEMENT(workspaces_chain,
          "select coalesce(chain_id, id)\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

/* A factor of the account itself was shown in this chain if a session of it is in
 * the chain: none opens without. */
STATEMENT(
    workspaces_account,
    "select u.email, u.name, u.must_change_password, t.slug, t.name,\n"
    "       " HAS_FACTOR(
        "u.tenant_id",
        "u.id") "\n"
                "       and not exists (select from sessions s\n"
                "                       where s.tenant_id = u.tenant_id and s.user_id = u.id\n"
                "                       and (s.id = $3::uuid or s.chain_id = $3::uuid)\n"
                "                       and s.revoked_at is null and s.expires_at > now()\n"
                "                       and s.impersonator_id is null)\n"
                "from users u\n"
                "join tenants t on t.id = u.tenant_id\n"
                "where u.tenant_id = $1::uuid and u.id = $2::uuid and u.status = 'active'",
    DB_ON_PLATFORM);

static const struct field workspace_fields[] = {{"id", UUID, .help = "Of the link."},
                                                {"tenant_id", UUID},
                                                {"user_id", UUID, .help = "One's account there."},
                                                {"slug", SLUG},
                                                {"name", TEXT},
                                                {"linked_at", TIME},
                                                {.type = FIELD_END}};

void workspace_db(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id)
{
    db_init(db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
    db_act_as(db, "user", user_id, cx->session ? cx->session->name : NULL, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
}

static bool fail_with(struct cx *cx, const struct db *db)
{
    cx->db.error = db->error;
    return fail_db(cx);
}

struct rows *workspaces_all(struct cx *cx)
{
    struct rows *rows = db_get(&cx->db, &workspaces_list, cx->session->id);
    if (!rows)
        fail_db(cx);
    return rows;
}

static bool find(struct cx *cx, const char *id, struct rows **rows, size_t *row)
{
    *rows = workspaces_all(cx);
    for (*row = 0; *rows && *row < rows_count(*rows); (*row)++)
        if (text_equal(rows_text(*rows, *row, WORKSPACE_ID), id))
            return true;
    return *rows && fail(cx, 404, "not_found", "There is no such workspace.");
}

/* ---- linking ---- */

bool workspace_standing(struct cx *cx, const char **why)
{
    struct rows *rows = db_get(&cx->db, &workspaces_standing, cx->session->id);
    *why = rows ? rows_text(rows, 0, 0) : NULL;
    return rows || fail_db(cx);
}

bool workspace_link(struct cx *cx, const char *tenant_id, const char *session_id)
{
    struct db db;
    const struct session *me = cx->session;
    workspace_db(cx, &db, me->tenant_id, me->user_id);
    return db_get(&db, &workspaces_link, me->tenant_id, me->id, tenant_id, session_id) ||
           fail_with(cx, &db);
}

/* In the other tenant's log it is that tenant's own user who does it. */
bool workspace_unlink(struct cx *cx, const char *id)
{
    size_t row;
    struct db db;
    struct rows *rows;
    if (!find(cx, id, &rows, &row))
        return false;
    workspace_db(cx, &db, rows_text(rows, row, WORKSPACE_TENANT),
                 rows_text(rows, row, WORKSPACE_USER));
    struct rows *ended = db_get(&db, &workspaces_cut, rows_text(rows, row, WORKSPACE_USER));
    for (size_t i = 0; ended && i < rows_count(ended); i++)
        session_rights_changed(&db, rows_text(ended, i, 0));
    return ended || fail_with(cx, &db);
}

/* ---- switching ---- */

bool workspace_chain(struct cx *cx, char chain_id[static UUID_SIZE])
{
    struct rows *rows = db_get(&cx->db, &workspaces_chain, cx->session->tenant_id, cx->session->id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 401, "session_revoked", "This session was signed out.");
    memcpy(chain_id, rows_text(rows, 0, 0), UUID_SIZE);
    return true;
}

bool workspace_account_find(struct cx *cx, const char *tenant_id, const char *user_id,
                            const char *chain_id, const char *parent_id, struct account *out)
{
    struct db db;
    workspace_db(cx, &db, tenant_id, user_id);
    struct rows *rows = db_get(&db, &workspaces_account, tenant_id, user_id, chain_id);
    if (!rows)
        return fail_with(cx, &db);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such workspace.");
    *out = (struct account){.email = rows_text(rows, 0, 0),
                            .name = rows_text(rows, 0, 1),
                            .must_change_password = rows_bool(rows, 0, 2),
                            .slug = rows_text(rows, 0, 3),
                            .tenant_name = rows_text(rows, 0, 4),
                            .has_factor = rows_bool(rows, 0, 5)};
    memcpy(out->tenant_id, tenant_id, UUID_SIZE);
    memcpy(out->user_id, user_id, UUID_SIZE);
    memcpy(out->chain_id, chain_id, UUID_SIZE);
    memcpy(out->parent_id, parent_id, UUID_SIZE);
    return true;
}

bool workspace_account(struct cx *cx, const char *id, struct account *out)
{
    size_t row;
    struct rows *rows;
    char chain[UUID_SIZE];
    return find(cx, id, &rows, &row) && workspace_chain(cx, chain) &&
           workspace_account_find(cx, rows_text(rows, row, WORKSPACE_TENANT),
                                  rows_text(rows, row, WORKSPACE_USER), chain, cx->session->id,
                                  out);
}

/* ---- by API ---- */

static bool list(struct cx *cx)
{
    struct rows *rows = workspaces_all(cx);
    return rows && respond_all_rows(cx, workspace_fields, rows);
}

/* The other session's access token proves it. */
static bool link_api(struct cx *cx)
{
    struct claims claims;
    const char *problem = token_verify(cx->arena, input_text(cx, "access_token"), &claims);
    if (problem || claims.impersonator_id || !claims.session_id)
        return fail_field(cx, "access_token", "token_invalid",
                          "This is no valid access token of a person.");
    return workspace_link(cx, claims.tenant_id, claims.session_id) && list(cx);
}

static bool unlink_api(struct cx *cx)
{
    return workspace_unlink(cx, cx_path(cx, "id")) && respond_nothing(cx);
}

bool workspace_left(struct cx *cx)
{
    return event_append(&cx->db, "session.workspace_left", cx->session->id, NULL) || fail_db(cx);
}

static bool switch_api(struct cx *cx)
{
    struct account account = {.has_factor = false};
    struct session_tokens tokens;
    if (!workspace_account(cx, cx_path(cx, "id"), &account))
        return false;
    if (account.has_factor)
        return answer_second_step(cx, &account) && workspace_left(cx);
    return sign_in_open(cx, &account, SESSION_TOKEN, &tokens) && workspace_left(cx) &&
           answer_signed_in(cx, &account, &tokens);
}

const struct route workspace_routes[] = {
    ROUTE(GET, "/api/auth/workspaces", SIGNED_IN(TENANT), list,
          "One's accounts in other workspaces that are linked with this one.",
          .operation = "listMyWorkspaces", .answer_name = "linked workspace", .answer = ANSWER_LIST,
          .answer_fields = workspace_fields, .flags = ROUTE_IN_PERSON),
    ROUTE(POST, "/api/auth/workspaces", SIGNED_IN(TENANT), link_api,
          "Link this account with another of the same verified address; answers the list.",
          .operation = "linkWorkspace", .answer_name = "linked workspace",
          .body = FIELDS({"access_token", SECRET, REQUIRED | AS_NAMED, 1, 8192,
                          .help = "Of a session of the other account.",
                          .example = "eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiJ4In0.c2lnbmF0dXJl"}),
          .answer = ANSWER_LIST, .answer_fields = workspace_fields,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_IN_PERSON | ROUTE_STEP_UP,
          .errors = "409 link_session_over, 409 link_same_tenant, 409 link_email_differs, "
                    "409 link_by_sso, 409 link_password_foreign, 409 link_email_unverified, "
                    "409 link_refused"),
    ROUTE(DELETE, "/api/auth/workspaces/:id", SIGNED_IN(TENANT), unlink_api,
          "End the link with one of them, and the sessions that it opened.",
          .operation = "unlinkWorkspace", .answer = ANSWER_NOTHING, .flags = ROUTE_IN_PERSON),
    ROUTE(POST, "/api/auth/workspaces/:id/switch", SIGNED_IN(TENANT), switch_api,
          "Tokens for the account there; or a ticket, when a second factor is asked there.",
          .operation = "switchWorkspace", .answer_name = "sign-in",
          .answer_fields = signed_in_fields,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_IN_PERSON,
          .errors = "403 workspace_unlinked, 403 network_denied"),
    {.path = NULL},
};
