/* impersonate: an operator acts in a tenant as one of its users, with a reason
 * and for a while. What they do is written down under both names. */
#include <string.h>

#include "access/access.h"
#include "access/event.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

enum { MINUTES = 30 };

STATEMENT(impersonate_user,
          "select id, name, email\n"
          "from users\n"
          "where tenant_id = $1::uuid and (id = $2::uuid or email = $3) and status = 'active'",
          0);

STATEMENT(impersonate_users,
          "select email, name\n"
          "from users\n"
          "where tenant_id = $1::uuid and status = 'active'\n"
          "and (strpos(lower(name), lower($2)) > 0 or strpos(email, lower($2)) > 0)\n"
          "order by last_login_at desc nulls last, id\n"
          "limit 20",
          DB_SLOW);

/* Good for a minute, at /login/impersonate of the tenant's host. The purpose is
 * part of what is hashed, so that no other door takes it. */
STATEMENT(
    impersonate_ticket,
    "insert into sign_in_tickets (tenant_id, user_id, token_hash, expires_at,\n"
    "                             impersonator_id, impersonator_name, reason, minutes,\n"
    "                             parent_id)\n"
    "values ($1::uuid, $2::uuid, $3, now() + interval '1 minute', $4::uuid, $5, $6, $7::int,\n"
    "        $8::uuid)",
    DB_WRITES | DB_ON_PLATFORM);

static const struct field body_fields[] = {
    {"user_id", UUID, REQUIRED, .refers = "users.platform-users",
     .example = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f", .help = "As whom."},
    {"reason", TEXT, REQUIRED, 3, 500, .example = "Ticket 4711: an invoice cannot be opened"},
    {"minutes", INT, 0, 5, 60, .initial = "30", .example = "15"},
    {.type = FIELD_END}};

static const struct field form_fields[] = {{"email", EMAIL, REQUIRED, .label = "E-mail"},
                                           {"reason", TEXT, REQUIRED, 3, 500},
                                           {"minutes", INT, 0, 5, 60, .initial = "30"},
                                           {.type = FIELD_END}};

static const struct field token_fields[] = {
    {"access_token", TEXT, AS_NAMED, .help = "Send it as Authorization: Bearer."},
    {"token_type", TEXT, AS_NAMED},
    {"expires_in", INT, AS_NAMED, .help = "Seconds; there is no refresh token."},
    {"session_id", UUID},
    {"tenant_id", UUID},
    {"user", OBJECT, .fields = FIELDS({"id", UUID}, {"email", EMAIL}, {"name", TEXT})},
    {.type = FIELD_END}};

struct target {
    const struct tenant *tenant;
    const char *id, *name, *email;
};

/* A tenant may keep operators out of its users' skins; operators have none. */
static bool find_tenant(struct cx *cx, const struct tenant **out)
{
    if (!enter_path_tenant(cx))
        return false;
    *out = tenant_by_id(cx, cx->db.tenant_id);
    if (!*out)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    return impersonation_check(cx, *out);
}

static bool find_target(struct cx *cx, const char *id, const char *email, struct target *out)
{
    *out = (struct target){.tenant = NULL};
    if (!find_tenant(cx, &out->tenant))
        return false;
    struct rows *rows = db_get(&cx->db, &impersonate_user, out->tenant->id, id, email);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such active user.");
    out->id = rows_text(rows, 0, 0);
    out->name = rows_text(rows, 0, 1);
    out->email = rows_text(rows, 0, 2);
    return true;
}

static struct impersonation by_me(const struct cx *cx)
{
    return (struct impersonation){.operator_id = cx->session->user_id,
                                  .operator_name = cx->session->name,
                                  .session_id = cx->session->id,
                                  .reason = input_text(cx, "reason"),
                                  .minutes = (int)input_int(cx, "minutes", MINUTES)};
}

static char *describe(struct cx *cx, const struct target *target)
{
    struct buf out;
    struct json json;
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair(&json, "tenant", target->tenant->slug);
    json_pair(&json, "user", target->email);
    json_pair(&json, "reason", input_text(cx, "reason"));
    json_pair_int(&json, "minutes", input_int(cx, "minutes", MINUTES));
    json_close_object(&json);
    return out.data;
}

/* In the tenant's log and in the platform's. */
static bool write_events(struct cx *cx, const struct target *target)
{
    char tenant_id[UUID_SIZE];
    const char *what = describe(cx, target);
    if (!event_append(&cx->db, "user.impersonated", target->id, what))
        return fail_db(cx);
    memcpy(tenant_id, cx->db.tenant_id, UUID_SIZE);
    memcpy(cx->db.tenant_id, cx->session->tenant_id, UUID_SIZE);
    bool done = event_append(&cx->db, "user.impersonated", target->id, what);
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
    return done || fail_db(cx);
}

static bool answer(struct cx *cx, const struct target *target, const struct session_tokens *tokens)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "access_token", tokens->access);
    json_pair(json, "token_type", "Bearer");
    json_pair_int(json, "expires_in", tokens->expires_in);
    json_pair(json, "sessionId", tokens->session_id);
    json_pair(json, "tenantId", target->tenant->id);
    json_key(json, "user");
    json_open_object(json);
    json_pair(json, "id", target->id);
    json_pair(json, "email", target->email);
    json_pair(json, "name", target->name);
    json_close_object(json);
    json_close_object(json);
    return respond_end(cx);
}

static bool impersonate(struct cx *cx)
{
    struct target target;
    struct session_tokens tokens;
    struct impersonation by = by_me(cx);
    if (!find_target(cx, input_text(cx, "user_id"), NULL, &target))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return session_open_as(cx, &cx->db, target.id, SESSION_TOKEN, &by, &tokens) &&
           write_events(cx, &target) && (db_commit(&cx->db) || fail_db(cx)) &&
           answer(cx, &target, &tokens);
}

/* ---- by page ---- */

/* Those who signed in lately, or those whom the search finds; who was chosen stays. */
static bool add_users(struct cx *cx, json_object *data, const char *tenant_id)
{
    const char *typed = parameter_get(cx->request.query, "q");
    const char *query = text_trim(cx->arena, typed ? typed : "");
    const char *chosen = parameter_get(cx->request.form, "email");
    struct rows *rows = db_get(&cx->db, &impersonate_users, tenant_id, query);
    json_object *list = page_list(data, "users");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "email", rows_text(rows, i, 0));
        page_set(item, "name", rows_text(rows, i, 1));
        page_set_bool(item, "chosen", text_equal(rows_text(rows, i, 0), chosen));
    }
    page_set(data, "q", query);
    page_set_bool(data, "asked", *query != 0);
    page_set_bool(data, "nobody", rows_count(rows) == 0);
    return true;
}

/* They are chosen in a list, in the place of an input. */
static void take_out_address(json_object *data, json_object *fields)
{
    json_object *field = json_object_array_get_idx(fields, 0);
    page_set(data, "email_error", page_text(field, "error"));
    json_object_array_del_idx(fields, 0, 1);
}

static bool show_form(struct cx *cx, int status)
{
    const struct tenant *tenant = NULL;
    json_object *data = page_object(cx);
    if (!find_tenant(cx, &tenant) || !add_users(cx, data, tenant->id))
        return false;
    const char *back = arena_printf(cx->arena, "/platform/tenants/%s", tenant->id);
    page_set(data, "action", arena_printf(cx->arena, "%s/impersonate", back));
    page_set(data, "back", back);
    json_object *fields = page_form_fields(cx, form_fields, NULL, true);
    take_out_address(data, fields);
    json_object_object_add(data, "fields", fields);
    page_crumb(data, "Tenants", "/platform/tenants");
    page_crumb(data, tenant->name, back);
    return page_render(cx, status, "tenants/impersonate",
                       cx_printf(cx, "Act as a user of %s", tenant->name), data);
}

static bool form_page(struct cx *cx)
{
    return show_form(cx, 200);
}

static bool store_ticket(struct cx *cx, const struct target *target, const char *ticket)
{
    char hash[65];
    struct impersonation by = by_me(cx);
    const char *purpose = arena_printf(cx->arena, "impersonate %s", ticket);
    text_sha256(purpose, strlen(purpose), hash);
    return db_get(&cx->db, &impersonate_ticket, target->tenant->id, target->id, hash,
                  by.operator_id, by.operator_name, by.reason,
                  arena_printf(cx->arena, "%d", by.minutes), by.session_id) ||
           fail_db(cx);
}

/* The next step is on the tenant's own host, so it takes a press of a button. */
static bool form_submit(struct cx *cx)
{
    struct target target;
    const char *ticket = text_random(cx->arena, 32);
    if (cx->failure.status != 0)
        return show_form(cx, 422);
    if (!find_target(cx, NULL, input_text(cx, "email"), &target)) {
        if (cx->failure.status != 404 || !target.tenant)
            return false;
        cx->failure = (struct failure){.status = 0};
        fail_field(cx, "email", "unknown_user", "There is no active user of this address.");
        return show_form(cx, 422);
    }
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!store_ticket(cx, &target, ticket) || !write_events(cx, &target))
        return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    json_object *data = page_object(cx);
    page_posts_to(cx, tenant_url(cx->arena, target.tenant));
    page_set(data, "action",
             arena_printf(cx->arena, "%s/login/impersonate", tenant_url(cx->arena, target.tenant)));
    page_set(data, "ticket", ticket);
    page_set(data, "name", target.name);
    page_set(data, "tenant", target.tenant->name);
    page_set_int(data, "minutes", input_int(cx, "minutes", MINUTES));
    page_set(data, "back", arena_printf(cx->arena, "/platform/tenants/%s", target.tenant->id));
    return page_render(cx, 200, "tenants/impersonate_ready",
                       cx_printf(cx, "Act as %s", target.name), data);
}

#define IMPERSONATE MAY(PLATFORM, "platform.tenants:impersonate")

const struct route impersonate_routes[] = {
    ROUTE(POST, "/api/tenants/:id/impersonate", IMPERSONATE, impersonate,
          "Act as a user of a tenant for a while: an access token with the user's rights.",
          .operation = "impersonateTenantUser", .answer_name = "impersonation", .body = body_fields,
          .answer_fields = token_fields,
          .flags = ROUTE_IN_PERSON | ROUTE_NOT_REPEATED | ROUTE_STEP_UP,
          .errors = "403 impersonation_forbidden, 403 network_denied"),
    ROUTE(GET, "/platform/tenants/:id/impersonate", IMPERSONATE, form_page,
          "Asks as whom, and why.", .answer = ANSWER_PAGE,
          .query = FIELDS({"q", TEXT, 0, 0, 200, .label = "Name or e-mail"}),
          .flags = ROUTE_IN_PERSON | ROUTE_STEP_UP),
    ROUTE(POST, "/platform/tenants/:id/impersonate", IMPERSONATE, form_submit,
          "Leads to the tenant as one of its users.", .answer = ANSWER_PAGE, .body = form_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_IN_PERSON | ROUTE_NOT_REPEATED |
                   ROUTE_STEP_UP),
    {.path = NULL},
};
