/* pages_workspaces: one's linked workspaces, linking one more, and switching. What
 * goes from one host to another goes as a ticket, in a form. */
#include <string.h>

#include "access/access.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "second_step.h"
#include "workspaces.h"

#define PAGE "/account/workspaces"

static const char link_cookie[] = "tulou_link";
enum { LINK_S = 600 };

/* $5: how long it is good. */
STATEMENT(workspaces_ticket,
          "insert into sign_in_tickets (tenant_id, user_id, token_hash, purpose, chain_id,\n"
          "                             parent_id, expires_at)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $6::uuid, $7::uuid,\n"
          "        now() + make_interval(secs => $5::int))",
          DB_WRITES | DB_ON_PLATFORM);

/* Who asks to be linked: the account and session that made the ticket. */
STATEMENT(workspaces_asker,
          "select s.tenant_id, s.id, n.name, u.email\n"
          "from sign_in_tickets t\n"
          "join sessions s on s.tenant_id = t.tenant_id and s.id = t.chain_id\n"
          "join users u on u.tenant_id = t.tenant_id and u.id = t.user_id\n"
          "join tenants n on n.id = t.tenant_id\n"
          "where t.tenant_id = $1::uuid and t.token_hash = $2 and t.purpose = 'link'\n"
          "and t.expires_at > now()",
          DB_ON_PLATFORM);

STATEMENT(workspaces_ticket_forget,
          "delete from sign_in_tickets\n"
          "where tenant_id = $1::uuid and token_hash = $2 and purpose = 'link'",
          DB_WRITES | DB_ON_PLATFORM);

/* Whoever deletes it has it: a ticket is good once. */
STATEMENT(workspaces_ticket_use,
          "delete from sign_in_tickets\n"
          "where tenant_id = $1::uuid and token_hash = $2 and purpose = 'switch'\n"
          "and expires_at > now()\n"
          "returning user_id, chain_id, parent_id",
          DB_WRITES);

static const struct field link_fields[] = {
    {"workspace", SLUG, REQUIRED, 3, 40, .label = "Other workspace",
     .help = "The short name in its address, before the first dot.", .example = "lakeview"},
    {.type = FIELD_END}};

/* ---- the list ---- */

static bool show_list(struct cx *cx, int status)
{
    struct failure why = cx->failure;
    json_object *data = page_object(cx), *list = page_list(data, "workspaces");
    cx->failure = (struct failure){.status = 0};
    struct rows *rows = workspaces_all(cx);
    const char *hindrance = NULL;
    if (!rows || !workspace_standing(cx, &hindrance))
        return false;
    cx->failure = why;
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "id", rows_text(rows, i, WORKSPACE_ID));
        page_set(item, "name", rows_text(rows, i, WORKSPACE_NAME));
        page_set(item, "slug", rows_text(rows, i, WORKSPACE_SLUG));
    }
    page_set_bool(data, "has_workspaces", rows_count(rows) > 0);
    page_set_bool(data, "may_link", !hindrance);
    page_set_bool(data, "by_sso", text_equal(hindrance, "link_by_sso"));
    page_set_bool(data, "password_foreign", text_equal(hindrance, "link_password_foreign"));
    page_set_bool(data, "unproven", text_equal(hindrance, "link_email_unverified"));
    page_set(data, "email", cx->session->email);
    json_object_object_add(data, "fields", page_form_fields(cx, link_fields, NULL, true));
    page_crumb(data, "My account", "/account");
    return page_render(cx, status, "auth/linked", "Workspaces", data);
}

static bool list_page(struct cx *cx)
{
    return show_list(cx, 200);
}

static bool unlink_submit(struct cx *cx)
{
    if (!workspace_unlink(cx, cx_path(cx, "id")))
        return false;
    page_notice(cx, "success", "The workspace is no longer linked.");
    return page_go(cx, PAGE);
}

/* ---- to another host ---- */

static const char *make_ticket(struct cx *cx, const char *tenant_id, const char *user_id,
                               const char *purpose, const char *chain_id, int seconds)
{
    char hash[65];
    struct db db;
    const char *ticket = arena_printf(cx->arena, "%s.%s", tenant_id, text_random(cx->arena, 32));
    text_sha256(ticket, strlen(ticket), hash);
    workspace_db(cx, &db, tenant_id, user_id);
    if (db_get(&db, &workspaces_ticket, tenant_id, user_id, hash, purpose,
               arena_printf(cx->arena, "%d", seconds), chain_id, cx->session->id))
        return ticket;
    cx->db.error = db.error;
    fail_db(cx);
    return NULL;
}

enum lead { LEAD_ON, LEAD_ASKS_TO_SIGN_IN, LEAD_ASKS_TO_LINK };

/* The form goes on by itself where there is a script, unless it asks. */
static bool lead(struct cx *cx, const struct tenant *tenant, const char *door, const char *ticket,
                 enum lead kind)
{
    bool asks = kind != LEAD_ON;
    json_object *data = page_object(cx);
    const char *origin = tenant_url(cx->arena, tenant);
    page_posts_to(cx, origin);
    page_set(data, "action", asks ? door : arena_printf(cx->arena, "%s%s", origin, door));
    page_set(data, "ticket", ticket);
    page_set(data, "name", tenant->name);
    page_set(data, "back", PAGE);
    page_set_bool(data, "asks", asks);
    page_set_bool(data, "links", kind == LEAD_ASKS_TO_LINK);
    return page_render(cx, 200, "auth/lead", cx_printf(cx, "Go to %s", tenant->name), data);
}

static bool switch_submit(struct cx *cx)
{
    struct account account = {.has_factor = false};
    if (!workspace_account(cx, input_text(cx, "workspace"), &account))
        return false;
    const struct tenant *tenant = tenant_by_id(cx, account.tenant_id);
    const char *ticket =
        tenant ? make_ticket(cx, account.tenant_id, account.user_id, "switch", account.chain_id, 60)
               : NULL;
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such workspace.");
    return ticket && workspace_left(cx) && lead(cx, tenant, "/login/switch", ticket, LEAD_ON);
}

/* ---- coming from another host ---- */

static bool hash_own(struct cx *cx, const char *ticket, char hash[static 65])
{
    text_sha256(ticket, strlen(ticket), hash);
    return text_starts(ticket, cx->tenant->id);
}

static bool enter(struct cx *cx, const char *user_id, const char *chain_id, const char *parent_id)
{
    struct account account = {.has_factor = false};
    if (!workspace_account_find(cx, cx->tenant->id, user_id, chain_id, parent_id, &account))
        return false;
    if (!account.has_factor)
        return enter_by_page(cx, &account, "/");
    const char *ticket = second_step_ticket(cx, &account);
    return ticket && show_second_step(cx, 200, ticket, "/");
}

/* A page of a domain that a tenant has may be anybody's: whoever comes from there
 * is asked by a page of ours, so that nobody is signed in as somebody unawares. */
static bool come(struct cx *cx)
{
    char hash[65];
    const char *ticket = input_text(cx, "ticket");
    if (!origin_is_below_base(cx))
        return lead(cx, cx->tenant, "/login/switch", ticket, LEAD_ASKS_TO_SIGN_IN);
    struct rows *rows = hash_own(cx, ticket, hash)
                            ? db_get(&cx->db, &workspaces_ticket_use, cx->tenant->id, hash)
                            : NULL;
    if (!rows && cx->db.error.status != DB_OK)
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0) {
        page_notice(cx, "warning", "That took too long. Please sign in.");
        return page_go(cx, "/login");
    }
    return enter(cx, rows_text(rows, 0, 0), rows_text(rows, 0, 1), rows_text(rows, 0, 2));
}

/* ---- linking: from here with a ticket, there by who is signed in ---- */

static bool link_submit(struct cx *cx)
{
    const char *slug = cx->failure.status == 0 ? input_text(cx, "workspace") : NULL;
    const struct tenant *tenant = slug ? tenant_by_slug(cx, slug) : NULL;
    if (slug && tenant && text_equal(tenant->id, cx->tenant->id))
        fail_field(cx, "workspace", "link_same_tenant", "You are in this workspace now.");
    else if (slug && (!tenant || tenant->kind == TENANT_PLATFORM))
        fail_field(cx, "workspace", "unknown_workspace", "There is no such workspace.");
    const char *hindrance = NULL;
    if (!tenant || cx->failure.status != 0)
        return cx->failure.status == 422 && show_list(cx, 422);
    if (!workspace_standing(cx, &hindrance))
        return false;
    if (hindrance) /* the page says which, and what to do */
        return page_go(cx, PAGE);
    const char *ticket = make_ticket(cx, cx->session->tenant_id, cx->session->user_id, "link",
                                     cx->session->id, LINK_S);
    return ticket && lead(cx, tenant, "/login/link", ticket, LEAD_ON);
}

/* Whether the page was one of the tenant that the ticket says it is from. */
static bool is_from_asker(struct cx *cx, const char *ticket)
{
    char *tenant_id = arena_copy(cx->arena, ticket, strcspn(ticket, "."));
    const struct tenant *asker = uuid_is(tenant_id) ? tenant_by_id(cx, tenant_id) : NULL;
    return asker &&
           text_equal(request_header(&cx->request, "Origin"), tenant_url(cx->arena, asker));
}

/* It only remembers who asks: nothing is linked before a page has asked. Whoever comes
 * from a domain that a tenant has is asked before that too, since its pages may be
 * anybody's; whoever comes from anywhere else does not come from a workspace. */
static bool link_come(struct cx *cx)
{
    const char *ticket = input_text(cx, "ticket");
    if (!origin_is_below_base(cx))
        return is_from_asker(cx, ticket)
                   ? lead(cx, cx->tenant, "/login/link", ticket, LEAD_ASKS_TO_LINK)
                   : fail(cx, 403, "csrf_invalid", "This form came from elsewhere.");
    response_cookie(cx, cookie_name(cx, link_cookie), ticket, LINK_S);
    return page_go(cx, PAGE "/join");
}

/* false: none, or with the failure set. */
static bool find_asker(struct cx *cx, struct db *db, char hash[static 65], struct rows **asker)
{
    const char *ticket = request_cookie(&cx->request, cookie_name(cx, link_cookie));
    char *tenant_id = ticket ? arena_copy(cx->arena, ticket, strcspn(ticket, ".")) : NULL;
    if (!tenant_id || !uuid_is(tenant_id))
        return false;
    text_sha256(ticket, strlen(ticket), hash);
    db_init(db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
    *asker = db_get(db, &workspaces_asker, tenant_id, hash);
    if (*asker)
        return rows_count(*asker) == 1;
    cx->db.error = db->error;
    return fail_db(cx);
}

static bool nobody_asks(struct cx *cx)
{
    if (cx->failure.status != 0)
        return false;
    page_notice(cx, "warning", "That took too long. Please begin again in the other workspace.");
    return page_go(cx, PAGE);
}

static bool join_page(struct cx *cx)
{
    char hash[65];
    struct db db;
    struct rows *asker;
    if (!find_asker(cx, &db, hash, &asker))
        return nobody_asks(cx);
    const char *name = rows_text(asker, 0, 2);
    json_object *data = page_object(cx);
    page_set(data, "name", name);
    page_set(data, "email", rows_text(asker, 0, 3));
    page_set(data, "here", cx->tenant->name);
    page_set(data, "own", cx->session->email);
    page_set_bool(data, "same", text_equal(rows_text(asker, 0, 3), cx->session->email));
    page_crumb(data, "Workspaces", PAGE);
    return page_render(cx, 200, "auth/join", cx_printf(cx, "Link with %s", name), data);
}

static bool join_submit(struct cx *cx)
{
    char hash[65];
    struct db db;
    struct rows *asker;
    if (!find_asker(cx, &db, hash, &asker))
        return nobody_asks(cx);
    bool linked = workspace_link(cx, rows_text(asker, 0, 0), rows_text(asker, 0, 1));
    if (!linked && cx->failure.status != 409)
        return false;
    page_notice(cx, linked ? "success" : "warning",
                linked ? "The workspaces are linked." : cx->failure.message);
    cx->failure = (struct failure){.status = 0};
    db_get(&db, &workspaces_ticket_forget, rows_text(asker, 0, 0), hash);
    response_cookie(cx, cookie_name(cx, link_cookie), "", 0);
    return page_go(cx, PAGE);
}

#define TICKET FIELDS({"ticket", SECRET, REQUIRED, 1, 200})
#define OWN (ROUTE_FORM | ROUTE_IN_PERSON)

const struct route page_workspace_routes[] = {
    ROUTE(GET, PAGE, SIGNED_IN(TENANT), list_page, "One's linked workspaces.",
          .answer = ANSWER_PAGE, .flags = ROUTE_IN_PERSON),
    ROUTE(POST, PAGE "/switch", SIGNED_IN(TENANT), switch_submit, "Go to a linked workspace.",
          .answer = ANSWER_PAGE, .body = FIELDS({"workspace", UUID, REQUIRED}),
          .flags = OWN | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED),
    ROUTE(POST, PAGE "/:id/unlink", SIGNED_IN(TENANT), unlink_submit, "End a link.",
          .answer = ANSWER_PAGE, .flags = OWN),
    ROUTE(POST, PAGE "/link", SIGNED_IN(TENANT), link_submit, "Ask another workspace to link.",
          .answer = ANSWER_PAGE, .body = link_fields,
          .flags = OWN | ROUTE_SHOWS_ERRORS | ROUTE_NOT_REPEATED | ROUTE_AUTH_LIMIT),
    ROUTE(GET, PAGE "/join", SIGNED_IN(TENANT), join_page, "Asks whether to link.",
          .answer = ANSWER_PAGE, .flags = ROUTE_IN_PERSON | ROUTE_STEP_UP),
    ROUTE(POST, PAGE "/join", SIGNED_IN(TENANT), join_submit, "Link with who asks.",
          .answer = ANSWER_PAGE, .flags = OWN | ROUTE_STEP_UP),
    ROUTE(POST, "/login/switch", PUBLIC(TENANT), come, "Come in from a linked workspace.",
          .answer = ANSWER_PAGE, .body = TICKET,
          .flags = ROUTE_FORM | ROUTE_HANDOVER | ROUTE_AUTH_LIMIT),
    ROUTE(POST, "/login/link", PUBLIC(TENANT), link_come, "Come to link a workspace.",
          .answer = ANSWER_PAGE, .body = TICKET,
          .flags = ROUTE_FORM | ROUTE_HANDOVER | ROUTE_AUTH_LIMIT),
    {.path = NULL},
};
