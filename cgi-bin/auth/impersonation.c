/* impersonation: the tenant's side of an operator who acts as a user: coming in
 * with the platform's ticket, and going. How it begins is in the area `tenants`. */
#include <string.h>

#include "access/event.h"
#include "access/session.h"
#include "access/tenant.h"
#include "auth.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"

/* Whoever deletes it has it: a ticket is good once. */
STATEMENT(impersonation_use,
          "delete from sign_in_tickets t\n"
          "using users u\n"
          "where t.tenant_id = $1::uuid and t.token_hash = $2 and t.expires_at > now()\n"
          "and t.impersonator_id is not null\n"
          "and u.tenant_id = t.tenant_id and u.id = t.user_id and u.status = 'active'\n"
          "returning u.id, u.name, t.impersonator_id, t.impersonator_name, t.reason, t.minutes,\n"
          "          t.parent_id",
          DB_WRITES);

static bool open_session(struct cx *cx, const struct rows *ticket, struct session_tokens *out)
{
    const struct impersonation by = {.operator_id = rows_text(ticket, 0, 2),
                                     .operator_name = rows_text(ticket, 0, 3),
                                     .reason = rows_text(ticket, 0, 4),
                                     .session_id = rows_text(ticket, 0, 6),
                                     .minutes = (int)rows_int(ticket, 0, 5)};
    struct session user = {.impersonator_id = by.operator_id,
                           .impersonator_name = by.operator_name,
                           .name = rows_text(ticket, 0, 1)};
    db_act_as(&cx->db, "user", rows_text(ticket, 0, 0), session_actor_name(cx, &user),
              cx->request.remote, request_header(&cx->request, "User-Agent"), cx->request_id);
    db_act_for(&cx->db, by.operator_id);
    return session_open_as(cx, &cx->db, rows_text(ticket, 0, 0), SESSION_COOKIE, &by, out) &&
           (event_append(&cx->db, "session.created", out->session_id, NULL) || fail_db(cx));
}

static bool come(struct cx *cx)
{
    char hash[65];
    struct session_tokens tokens;
    if (!origin_is_ours(cx))
        return fail(cx, 403, "csrf_invalid", "This form came from elsewhere.");
    const char *purpose = arena_printf(cx->arena, "impersonate %s", input_text(cx, "ticket"));
    text_sha256(purpose, strlen(purpose), hash);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct rows *rows = db_get(&cx->db, &impersonation_use, cx->tenant->id, hash);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 403, "impersonation_used", "This was used before, or took too long.");
    if (!open_session(cx, rows, &tokens))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    response_cookie(cx, cookie_name(cx, "tulou_session"), tokens.cookie, 3600);
    return page_go(cx, "/");
}

/* Back to where the operator is themselves. */
static bool go(struct cx *cx)
{
    const struct tenant *platform = tenant_by_slug(cx, "platform");
    if (!cx->session->impersonator_id)
        return page_go(cx, "/");
    cx->db.action = "session.impersonation_ended";
    if (!session_revoke(cx, &cx->db, cx->session->id, "impersonation ended"))
        return false;
    response_cookie(cx, cookie_name(cx, "tulou_session"), "", 0);
    json_object *data = page_object(cx);
    page_set(data, "name", cx->session->name);
    page_set(data, "back",
             arena_printf(cx->arena, "%s/platform/tenants/%s",
                          platform ? tenant_url(cx->arena, platform) : "", cx->tenant->id));
    return page_render(cx, 200, "auth/impersonation_ended", "You are yourself again", data);
}

const struct route impersonation_routes[] = {
    ROUTE(POST, "/login/impersonate", PUBLIC(TENANT), come,
          "An operator comes in as a user, with the platform's ticket.", .answer = ANSWER_PAGE,
          .body = FIELDS({"ticket", SECRET, REQUIRED, 1, 200}),
          .flags = ROUTE_FORM | ROUTE_HANDOVER | ROUTE_AUTH_LIMIT),
    ROUTE(POST, "/account/impersonation/stop", SIGNED_IN(TENANT), go,
          "An operator stops acting as the user.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_SUSPENDED),
    {.path = NULL},
};
