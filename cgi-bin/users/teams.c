/* teams: who works together. A permission may be of the records of one's teams
 * (access/permission.h), so who joins a team comes to what its members own: only who
 * could see that may let them in (access/grant.h). Who leaves loses it at once. */
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "users.h"

enum { MEMBERS_MOST = 500, FOUND_MOST = 20 };

STATEMENT(team_members_shown,
          "select m.id, u.name, u.email, u.id\n"
          "from team_members m\n"
          "join users u on u.tenant_id = m.tenant_id and u.id = m.user_id\n"
          "where m.team_id = $1::uuid\n"
          "order by u.name collate \"und-x-icu\", u.id\n"
          "limit 501",
          0);

STATEMENT(team_members_offered,
          "select u.id, u.name, u.email\n"
          "from users u\n"
          "where u.id = any (array(select house.search_users($2)))\n"
          "and u.status = 'active'\n"
          "and not exists (select from team_members m\n"
          "                where m.tenant_id = u.tenant_id and m.team_id = $1::uuid\n"
          "                and m.user_id = u.id)\n"
          "order by u.name collate \"und-x-icu\", u.id\n"
          "limit 20",
          0);

/* ---- rules ---- */

static bool member_prepare(struct cx *cx, enum operation operation, const char *id,
                           struct input *input)
{
    (void)id;
    return operation != OP_CREATE ||
           team_may_take(cx, &cx->db, cx->session->tenant_id, input_value(input, "team_id")->text,
                         input_value(input, "user_id")->text);
}

/* ---- the page of a team: its members, and who may be added ---- */

static json_object *add_person(json_object *list, const struct rows *rows, size_t row, int name)
{
    json_object *it = page_item(list);
    page_set(it, "name", rows_text(rows, row, name));
    page_set(it, "email", rows_text(rows, row, name + 1));
    return it;
}

static bool add_members(struct cx *cx, json_object *data, const char *team_id)
{
    const struct rows *rows = db_get(&cx->db, &team_members_shown, team_id);
    json_object *list = page_list(data, "members");
    bool removable = may(cx, "users.teams:delete"), readable = may(cx, "users.users:read");
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows) && i < MEMBERS_MOST; i++) {
        json_object *it = add_person(list, rows, i, 1);
        page_set(it, "path",
                 readable ? arena_printf(cx->arena, "/admin/users/%s", rows_text(rows, i, 3))
                          : NULL);
        page_set(it, "remove",
                 removable ? arena_printf(cx->arena, "/admin/teams/%s/members/%s", team_id,
                                          rows_text(rows, i, 0))
                           : NULL);
    }
    page_set_bool(data, "none", rows_count(rows) == 0);
    page_set_bool(data, "more", rows_count(rows) > MEMBERS_MOST);
    return true;
}

static bool add_offered(struct cx *cx, json_object *data, const char *team_id)
{
    const char *typed = parameter_get(cx->request.query, "q");
    const char *query = text_trim(cx->arena, typed ? typed : "");
    json_object *list = page_list(data, "offered");
    page_set(data, "q", query);
    page_set_bool(data, "asked", *query != 0);
    page_set_bool(data, "may_add", may(cx, "users.teams:create") && may(cx, "users.users:read"));
    if (!*query || !may(cx, "users.users:read"))
        return true;
    const struct rows *rows = db_get(&cx->db, &team_members_offered, team_id, query);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        page_set(add_person(list, rows, i, 1), "id", rows_text(rows, i, 0));
    page_set_bool(data, "nobody", rows_count(rows) == 0);
    return true;
}

static bool add_to_team_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    const char *id = record ? record_value(record, "id") : NULL;
    return !id || (add_members(cx, data, id) && add_offered(cx, data, id));
}

const struct resource teams = {
    .name = "teams",
    .one = "team",
    .title = "Teams",
    .about = "Who works together. A permission may be of the records of one's teams alone.",
    .permission = "users.teams",
    .table = "teams",
    .api = "/api/teams",
    .page = "/admin/teams",
    .icon = "users-group",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "name",
    .fields =
        FIELDS({"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 100,
                .example = "Northern sales"},
               {"about", TEXT, NULLABLE | LISTED, 0, 500, .example = "Sells north of the river."}),
    .template_detail = "users/team",
    .add_to_page = add_to_team_page,
};

const struct resource team_members = {
    .name = "team-members",
    .one = "team member",
    .title = "Team members",
    .about = "Who is in which team.",
    .permission = "users.teams",
    .table = "team_members",
    .api = "/api/team-members",
    .icon = "users-group",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_DELETE,
    .fields = FIELDS({"team_id", UUID, REQUIRED | CREATE_ONLY | FILTERED, .refers = "users.teams",
                      .on_delete = CASCADE, .example = "0192f0c1-7c1e-7000-8000-000000000011"},
                     {"user_id", UUID, REQUIRED | CREATE_ONLY | FILTERED,
                      .refers = "users.platform-users", .on_delete = CASCADE,
                      .example = "0192f0c1-7c1e-7000-8000-000000000012"}),
    .prepare = member_prepare,
};

/* ---- adding and taking away, by page ---- */

static const char *team_path(struct cx *cx)
{
    return arena_printf(cx->arena, "%s/%s", teams.page, cx_path(cx, "id"));
}

static bool add_member(struct cx *cx)
{
    struct input *input;
    struct list_result made, team;
    json_object *body = page_object(cx);
    page_set(body, "teamId", cx_path(cx, "id"));
    page_set(body, "userId", parameter_get(cx->request.form, "userId"));
    if (!record_get(cx, &teams, cx_path(cx, "id"), &team) ||
        !input_read_json(cx, team_members.fields, body, INPUT_CREATE, &input) ||
        !record_create(cx, &team_members, input, &made))
        return false;
    page_notice(cx, "success", "Member added.");
    return page_go(cx, team_path(cx));
}

static bool remove_member(struct cx *cx)
{
    if (!record_delete(cx, &team_members, cx_path(cx, "member")))
        return false;
    page_notice(cx, "success", "Member taken out of the team.");
    return page_go(cx, team_path(cx));
}

const struct route team_pages[] = {
    ROUTE(POST, "/admin/teams/:id/members", MAY(TENANT, "users.teams:create"), add_member,
          "Adds a member to a team.", .answer = ANSWER_PAGE,
          .body = FIELDS({"user_id", UUID, REQUIRED}), .flags = ROUTE_FORM),
    ROUTE(POST, "/admin/teams/:id/members/:member", MAY(TENANT, "users.teams:delete"),
          remove_member, "Takes a member out of a team.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_LOOSE_BODY),
    {.path = NULL},
};
