/* start: the first page of a host, the dashboard of a tenant, the explorer. */
#include <string.h>

#include "access/onboarding.h"
#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/text.h"
#include "console.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/model.h"
#include "resource/resource.h"

enum { LEADS_COUNTED = 100000 };

STATEMENT(dashboard_counts,
          "select\n"
          "    (select count(*) from users where status = 'active'),\n"
          "    (select count(*) from users where last_login_at > now() - interval '30 days'),\n"
          "    (select count(*) from events where at > now() - interval '1 day')",
          0);

/* A row for each day, also those on which nothing happened. */
STATEMENT(dashboard_days,
          "select to_char(day, 'DD Mon'), count(e.id)\n"
          "from generate_series(date_trunc('day', now()) - make_interval(days => $1::int - 1),\n"
          "                     date_trunc('day', now()), '1 day') day\n"
          "left join events e on e.at >= day and e.at < day + interval '1 day'\n"
          "group by day\n"
          "order by day",
          DB_SLOW);

STATEMENT(dashboard_recent,
          "select at, actor_name, house.event_type(action, resource_type), resource_type\n"
          "from events\n"
          "order by at desc, id desc\n"
          "limit 8",
          0);

static bool start_page(struct cx *cx)
{
    if (cx->session && strcmp(page_home(cx), "/") != 0)
        return page_go(cx, page_home(cx));
    json_object *data = page_object(cx);
    page_set_bool(data, "signedIn", cx->session != NULL);
    page_set(data, "loginText", cx->tenant->branding.login_text);
    page_set_bool(data, "signup", tenant_takes_signups(cx));
    return page_render(cx, 200, "console/start", cx->tenant->branding.name, data);
}

static void add_figure(json_object *list, const char *label, int64_t value, const char *path)
{
    json_object *figure = page_item(list);
    page_set(figure, "label", label);
    page_set_int(figure, "value", value);
    page_set(figure, "path", path);
}

/* Those that the one signed in may see. */
static bool add_leads(struct cx *cx, json_object *list)
{
    const struct resource *leads = model_resource("crm.leads");
    if (!leads || !resource_may(cx, leads, "crm.leads:read"))
        return true;
    const struct field *status = field_find(leads->fields, "status");
    struct list_filter lost = {.field = status, .operator= "!=", .value = "lost"};
    struct list_filter open = {
        .field = status, .operator= "!=", .value = "converted", .next = &lost};
    const struct list_query query = {.page = 1, .limit = 1, .sort = "-createdAt", .filters = &open};
    int64_t count;
    if (!list_count(cx, leads, &query, LEADS_COUNTED, &count))
        return false;
    add_figure(list, "Open leads", count, leads->page);
    return true;
}

static bool add_figures(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get0(&cx->db, &dashboard_counts);
    json_object *list = page_list(data, "figures");
    if (!rows)
        return fail_db(cx);
    add_figure(list, "Active users", rows_int(rows, 0, 0),
               may(cx, "users.users:read") ? "/admin/users?status=active" : NULL);
    add_figure(list, "Signed in this month", rows_int(rows, 0, 1), NULL);
    if (!add_leads(cx, list))
        return false;
    add_figure(list, "Events today", rows_int(rows, 0, 2),
               may(cx, "access.audit:read") ? "/admin/audit" : NULL);
    return true;
}

static bool add_chart(struct cx *cx, json_object *data)
{
    int64_t days = query_int(cx, "days", 30);
    struct rows *rows = db_get(&cx->db, &dashboard_days, arena_printf(cx->arena, "%d", (int)days));
    if (!rows)
        return fail_db(cx);
    json_object *chart = page_chart(data, "chart", "line", "Activity by day");
    for (size_t i = 0; i < rows_count(rows); i++)
        page_chart_point(chart, rows_text(rows, i, 0), rows_int(rows, i, 1));
    page_set_bool(data, "week", days == 7);
    page_set_bool(data, "month", days == 30);
    page_set_bool(data, "quarter", days == 90);
    return true;
}

static bool add_recent(struct cx *cx, json_object *data)
{
    char text[32];
    int64_t us;
    struct rows *rows = db_get0(&cx->db, &dashboard_recent);
    json_object *list = page_list(data, "recent");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        if (clock_from_database(rows_text(rows, i, 0), text) && clock_parse(text, &us))
            page_set(item, "at", show_instant(cx, us));
        page_set(item, "who", rows_text(rows, i, 1) ? rows_text(rows, i, 1) : "System");
        page_set(item, "action", rows_text(rows, i, 2));
    }
    return true;
}

/* What a new tenant does first; for those who may, until it is done or put away. */
static void add_checklist(struct cx *cx, json_object *data, const struct onboarding *state)
{
    bool wanted = may(cx, "tenants.settings:update") && state->count < ONBOARDING_STEPS;
    page_set_bool(data, "put_away", wanted && state->dismissed);
    if (!wanted || state->dismissed)
        return;
    json_object *list = page_list(page_add(data, "checklist"), "steps");
    for (int i = 0; i < ONBOARDING_STEPS; i++) {
        const struct onboarding_step *it = &onboarding_steps[i];
        json_object *step = page_item(list);
        page_set(step, "title", it->title);
        page_set(step, "todo", it->todo);
        page_set(step, "path", may(cx, it->needs) ? it->path : NULL);
        page_set_bool(step, "done", state->done[i]);
    }
}

/* What the tenant is told about itself: its trial, and the address to be confirmed. */
static bool add_state(struct cx *cx, json_object *data)
{
    struct onboarding state;
    page_set(data, "checklist", NULL);
    page_set(data, "verify_left", NULL);
    page_set(data, "trial_left", NULL);
    page_set_bool(data, "put_away", false);
    page_set_bool(data, "suspended", cx->tenant->status == TENANT_SUSPENDED);
    if (cx->tenant->kind == TENANT_PLATFORM)
        return true;
    if (!onboarding_read(&cx->db, cx->tenant->id, &state))
        return fail_db(cx);
    page_set(data, "verify_left", state.keep_left);
    page_set_bool(data, "verify_me", state.keep_left && !cx->session->impersonator_id);
    if (cx->tenant->status == TENANT_TRIAL && may(cx, "tenants.settings:read"))
        page_set(data, "trial_left", state.trial_left);
    add_checklist(cx, data, &state);
    return true;
}

static bool dashboard(struct cx *cx)
{
    json_object *data = page_object(cx);
    if (!add_state(cx, data) || !add_figures(cx, data) || !add_chart(cx, data))
        return false;
    bool audit = may(cx, "access.audit:read");
    if (audit && !add_recent(cx, data))
        return false;
    page_set_bool(data, "audit", audit);
    page_set(data, "action", "/admin");
    return page_render(cx, 200, "console/dashboard", "Dashboard", data);
}

static bool explorer(struct cx *cx)
{
    return page_render(cx, 200, "console/docs", "API", page_object(cx));
}

const struct route start_routes[] = {
    ROUTE(GET, "/", PUBLIC(TENANT), start_page, "The start page of the host's tenant.",
          .answer = ANSWER_PAGE),
    ROUTE(GET, "/admin", MAY(TENANT, "insight.dashboard:read"), dashboard,
          "The tenant's dashboard.", .answer = ANSWER_PAGE,
          .query = FIELDS({"days", INT, 0, 7, 90})),
    ROUTE(GET, "/api/docs", PUBLIC(NONE), explorer, "The explorer of the API.",
          .answer = ANSWER_PAGE),
    {.path = NULL},
};
