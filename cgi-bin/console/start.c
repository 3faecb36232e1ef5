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
#include "resource/event_changes.h"
#include "resource/event_sight.h"
#include "resource/event_told.h"
#include "resource/model.h"
#include "resource/resource.h"
#include "resource/shape.h"

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

static bool add_chart(struct cx *cx, json_object *data)
{
    int64_t days = query_int(cx, "days", 30);
    /* A row for each day, also those on which nothing happened. */
    struct rows *rows = dashboard_events(
        cx,
        "select to_char(day, 'YYYY-MM-DD'), count(events.id)\n"
        "from generate_series(date_trunc('day', now()) - make_interval(days => $1::int - 1),\n"
        "                     date_trunc('day', now()), '1 day') day\n"
        "left join events on at >= day and at < day + interval '1 day'",
        "\ngroup by day\norder by day", arena_printf(cx->arena, "%d", (int)days), DB_SLOW);
    if (!rows)
        return fail_db(cx);
    json_object *chart = page_chart(data, "chart", "line", "Activity by day");
    for (size_t i = 0; i < rows_count(rows); i++)
        page_chart_day(cx, chart, rows_text(rows, i, 0), rows_int(rows, i, 1));
    page_set_bool(data, "week", days == 7);
    page_set_bool(data, "month", days == 30);
    page_set_bool(data, "quarter", days == 90);
    return true;
}

enum { RECENT = 8 };

/* In words, with the way to what they are about. */
static bool add_recent(struct cx *cx, json_object *data)
{
    struct event events[RECENT];
    const char *changes[RECENT];
    char text[32];
    int64_t us;
    /* As the one who asks may see them: they are told field by field. */
    const char *select =
        arena_printf(cx->arena, "select " EVENT_COLUMNS_WITH("%s") "from events where true",
                     shape_changes_sql(cx));
    struct rows *rows = dashboard_events(cx, select, "\norder by id desc\nlimit 8", NULL, 0);
    json_object *list = page_list(data, "recent");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++) {
        events[i] = event_read(rows, i);
        changes[i] = rows_text(rows, i, EVENT_COLUMN_CHANGES);
    }
    const struct event_told *told = event_tell(cx, events, changes, rows_count(rows));
    if (!told)
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        if (clock_from_database(events[i].at, text) && clock_parse(text, &us))
            page_set(item, "at", show_instant(cx, us));
        page_set(item, "told", told[i].text);
        page_set(item, "path", told[i].path);
        page_set(item, "more", event_changes_line(cx, &told[i]));
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
    if (!add_state(cx, data) || !dashboard_add_figures(cx, data, query_int(cx, "days", 30)) ||
        !add_chart(cx, data))
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
