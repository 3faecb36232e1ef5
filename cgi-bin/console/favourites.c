/* favourites: pages that somebody marked to find them again: a record, or a list with its filters.
 * They stand in the menu and the palette of whoever marked them, and of nobody else. */
#include <string.h>

#include "access/session.h"
#include "base/text.h"
#include "console.h"
#include "http/cx.h"
#include "page/page.h"

enum { FAVOURITES_MOST = 50 };

STATEMENT(favourites_count,
          "select count(*), count(*) filter (where path = $2)\n"
          "from favourites\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and user_id = $1::uuid",
          0);

STATEMENT(favourites_of_path,
          "select id\n"
          "from favourites\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and user_id = $1::uuid\n"
          "and path = $2",
          0);

static bool path_is_ours(const char *path)
{
    return path[0] == '/' && path[1] != '/' && !strchr(path, '\\');
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    (void)id;
    if (operation != OP_CREATE)
        return true;
    const char *path = input_value(input, "path")->text;
    if (!path_is_ours(path))
        return fail_field(cx, "path", "invalid_path", "Give the address of a page here: /admin/…");
    struct rows *rows = db_get(&cx->db, &favourites_count, cx->session->user_id, path);
    if (!rows)
        return fail_db(cx);
    if (rows_int(rows, 0, 1) > 0)
        return fail(cx, 409, "favourite_known", "This page is one of your favourites already.");
    if (rows_int(rows, 0, 0) >= FAVOURITES_MOST)
        return fail(cx, 409, "too_many_favourites",
                    "There are fifty favourites: take one away first.");
    input_set(input, "user_id", cx->session->user_id);
    return true;
}

const struct resource favourites = {
    .name = "favourites",
    .one = "favourite",
    .title = "Favourites",
    .about = "Pages that one marked to find them again; seen by oneself alone.",
    .personal = "user_id",
    .table = "favourites",
    .api = "/api/favourites",
    .icon = "star",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_MERGE | OP_DELETE,
    .errors = "409 favourite_known, 409 too_many_favourites",
    .sort = "id",
    .label = "title",
    .no_events = true,
    .fields = FIELDS({"title", TEXT, REQUIRED | LISTED, 1, 200, .example = "Leads of this week"},
                     {"path", TEXT, REQUIRED | CREATE_ONLY | LISTED, 1, 500,
                      .help = "Of a page of ours, with its query.",
                      .example = "/admin/crm/leads?status=new"},
                     {"user_id", UUID, READ_ONLY | HIDDEN, .help = "Whose it is: oneself."}),
    .prepare = prepare,
};

/* ---- the star of a page ---- */

static bool mark(struct cx *cx, const char *path, const char *title)
{
    struct input *input;
    struct list_result made;
    json_object *body = page_object(cx);
    page_set(body, "path", path);
    page_set(body, "title", title);
    return input_read_json(cx, favourites.fields, body, INPUT_CREATE, &input) &&
           record_create(cx, &favourites, input, &made);
}

/* Marks the page, or takes the mark away: what the button said. */
static bool star(struct cx *cx)
{
    const char *path = input_text(cx, "path");
    if (!path_is_ours(path))
        return fail_field(cx, "path", "invalid_path", "Give the address of a page here: /admin/…");
    struct rows *rows = db_get(&cx->db, &favourites_of_path, cx->session->user_id, path);
    if (!rows)
        return fail_db(cx);
    bool marked = rows_count(rows) > 0, wanted = input_bool(cx, "marked", true);
    if (marked != wanted && !(marked ? record_delete(cx, &favourites, rows_text(rows, 0, 0))
                                     : mark(cx, path, input_text(cx, "title"))))
        return false;
    page_notice(cx, "success", wanted ? "Added to your favourites." : "Taken off your favourites.");
    return page_go(cx, path);
}

const struct route favourite_pages[] = {
    ROUTE(POST, "/favourites", SIGNED_IN(TENANT), star,
          "Marks a page as a favourite, or takes the mark away.", .answer = ANSWER_PAGE,
          .body = FIELDS({"path", TEXT, REQUIRED, 1, 500}, {"title", TEXT, REQUIRED, 1, 200},
                         {"marked", BOOL, 0, .initial = "true"}),
          .flags = ROUTE_FORM),
    {.path = NULL},
};
