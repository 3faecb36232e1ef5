/* figures: users in numbers. */
#include "http/cx.h"
#include "users.h"

STATEMENT(figures_all,
          "select count(*), count(*) filter (where status = 'active'),\n"
          "       count(*) filter (where last_login_at > now() - interval '30 days'),\n"
          "       count(*) filter (where created_at > now() - interval '30 days')\n"
          "from users",
          DB_SLOW);

STATEMENT(figures_admins,
          "select count(*), count(*) filter (where status = 'active'),\n"
          "       count(*) filter (where last_login_at > now() - interval '30 days'),\n"
          "       count(*) filter (where created_at > now() - interval '30 days')\n"
          "from users\n"
          "where kind in ('operator', 'admin', 'owner')",
          DB_SLOW);

STATEMENT(figures_by_kind,
          "select kind, count(*)\n"
          "from users\n"
          "group by kind\n"
          "order by kind",
          DB_SLOW);

static const struct field figure_fields[] = {
    {"total", INT},
    {"active", INT},
    {"signed_in_30_days", INT},
    {"created_30_days", INT},
    {"by_kind", ARRAY, .fields = FIELDS({"kind", TEXT}, {"count", INT})},
    {.type = FIELD_END}};

static bool answer(struct cx *cx, const struct statement *statement)
{
    struct rows *counts = db_get0(&cx->db, statement);
    struct rows *kinds = counts ? db_get0(&cx->db, &figures_by_kind) : NULL;
    if (!kinds)
        return fail_db(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    for (int i = 0; i < 4; i++)
        json_pair_int(json, field_json_name(&figure_fields[i]), rows_int(counts, 0, i));
    json_key(json, "byKind");
    json_open_array(json);
    for (size_t i = 0; i < rows_count(kinds); i++) {
        json_open_object(json);
        json_pair(json, "kind", rows_text(kinds, i, 0));
        json_pair_int(json, "count", rows_int(kinds, i, 1));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static bool all(struct cx *cx)
{
    return answer(cx, &figures_all);
}

static bool admins(struct cx *cx)
{
    return answer(cx, &figures_admins);
}

const struct route figure_routes[] = {
    ROUTE(GET, "/api/platform-users/analytics", MAY(EITHER, "users.users:read"), all,
          "Users in numbers.", .operation = "getUserFigures", .answer_name = "user figures",
          .answer_fields = figure_fields),
    ROUTE(GET, "/api/admin-users/analytics", MAY(EITHER, "users.admins:read"), admins,
          "Administrators in numbers.", .operation = "getAdministratorFigures",
          .answer_name = "user figures", .answer_fields = figure_fields),
    {.path = NULL},
};
