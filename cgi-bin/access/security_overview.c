/* security_overview: how a tenant stands, for its administrators. */
#include "access/factor.h"
#include "access/session.h"
#include "access/tenant.h"
#include "area.h"
#include "http/cx.h"
#include "page/page.h"

#define OF_TENANT "tenant_id = current_setting('app.tenant_id')::uuid"

STATEMENT(security_counts,
          "select\n"
          "    (select count(*) from sessions where " OF_TENANT "\n"
          "     and revoked_at is null and expires_at > now()),\n"
          "    (select count(*) from login_attempts where " OF_TENANT "\n"
          "     and not succeeded and created_at > now() - interval '1 day'),\n"
          "    (select count(*) from api_keys where " OF_TENANT "\n"
          "     and revoked_at is null and (expires_at is null or expires_at > now())),\n"
          "    (select count(*) from ip_rules where " OF_TENANT "),\n"
          "    (select count(*) from users u where u." OF_TENANT " and u.status = 'active'\n"
          "     and not " HAS_FACTOR("u.tenant_id", "u.id") ")",
          DB_SLOW);

STATEMENT(security_days,
          "select to_char(day, 'YYYY-MM-DD'), count(a.id)\n"
          "from generate_series(date_trunc('day', now()) - interval '13 days',\n"
          "                     date_trunc('day', now()), '1 day') day\n"
          "left join login_attempts a on a." OF_TENANT "\n"
          "    and a.created_at >= day and a.created_at < day + interval '1 day'\n"
          "    and not a.succeeded\n"
          "group by day\n"
          "order by day",
          DB_SLOW);

STATEMENT(security_people,
          "select u.id, u.name, u.email, u.last_login_at,\n"
          "       (select count(*) from sessions s\n"
          "        where s.tenant_id = u.tenant_id and s.user_id = u.id\n"
          "        and s.revoked_at is null and s.expires_at > now()),\n"
          "       " HAS_FACTOR("u.tenant_id",
                               "u.id") "\n"
                                       "from users u\n"
                                       "where u." OF_TENANT " and u.status = 'active'\n"
                                       "order by u.last_login_at desc nulls last, u.id\n"
                                       "limit 100",
          DB_SLOW);

static void add_figure(struct cx *cx, json_object *list, const char *label, int64_t value,
                       const char *path, const char *needs)
{
    json_object *figure = page_item(list);
    page_set(figure, "label", label);
    page_set_int(figure, "value", value);
    page_set(figure, "path", path && may(cx, needs) ? path : NULL);
}

static bool add_figures(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get0(&cx->db, &security_counts);
    json_object *list = page_list(data, "figures");
    if (!rows)
        return fail_db(cx);
    add_figure(cx, list, "Open sessions", rows_int(rows, 0, 0), NULL, NULL);
    add_figure(cx, list, "Users with a password alone", rows_int(rows, 0, 4), NULL, NULL);
    add_figure(cx, list, "Failed sign-ins in a day", rows_int(rows, 0, 1),
               "/admin/login-attempts?succeeded=false", "access.security:read");
    add_figure(cx, list, "Working API keys", rows_int(rows, 0, 2), "/admin/api-keys",
               "access.api_keys:read");
    add_figure(cx, list, "Network rules", rows_int(rows, 0, 3), "/admin/ip-rules",
               "access.ip_rules:read");
    return true;
}

static bool add_chart(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get0(&cx->db, &security_days);
    if (!rows)
        return fail_db(cx);
    json_object *chart = page_chart(data, "chart", "bar", "Failed sign-ins by day");
    for (size_t i = 0; i < rows_count(rows); i++)
        page_chart_day(cx, chart, rows_text(rows, i, 0), rows_int(rows, i, 1));
    return true;
}

static bool add_people(struct cx *cx, json_object *data)
{
    struct rows *rows = db_get0(&cx->db, &security_people);
    json_object *list = page_list(data, "people");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "path",
                 arena_printf(cx->arena, "/admin/security/%s", rows_text(rows, i, 0)));
        page_set(item, "name", rows_text(rows, i, 1));
        page_set(item, "email", rows_text(rows, i, 2));
        security_set_time(cx, item, "seen", rows_text(rows, i, 3));
        page_set_int(item, "sessions", rows_int(rows, i, 4));
        page_set_bool(item, "has_factor", rows_bool(rows, i, 5));
    }
    return true;
}

static bool overview(struct cx *cx)
{
    json_object *data = page_object(cx);
    return add_figures(cx, data) && add_chart(cx, data) && add_people(cx, data) &&
           page_render(cx, 200, "access/security", "Security", data);
}

const struct route security_overview_pages[] = {
    ROUTE(GET, "/admin/security", MAY(TENANT, "access.security:read"), overview,
          "How the tenant stands: sessions, failed sign-ins, keys, users.", .answer = ANSWER_PAGE),
    {.path = NULL},
};
