/* marked: the favourites of the one signed in, which are of them alone: in the menu, in the
 * palette, and as the star beside the title of a page. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"

STATEMENT(marked_pages,
          "select title, path\n"
          "from favourites\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "order by id\n"
          "limit 50",
          0);

/* By a handle of its own: that of the request may be of another tenant. Without them when they
 * cannot be read, as while the database is away. */
struct rows *marked_read(struct cx *cx)
{
    struct db db;
    if (!cx->session || !cx->tenant || strcmp(cx->tenant->id, cx->session->tenant_id) != 0)
        return NULL;
    db_init(&db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    return db_get(&db, &marked_pages, cx->tenant->id, cx->session->user_id);
}

/* Lists and records: no forms, and no answers to something that was sent. */
static bool can_be_marked(const struct cx *cx)
{
    const char *path = cx->request.path;
    return cx->request.method == HTTP_GET && cx->failure.status == 0 && cx->route &&
           menu_set_of(path) && !text_ends(path, "/new") && !text_ends(path, "/edit") &&
           cx->route->about && !cx->route->action;
}

static bool is_marked(const struct rows *rows, const char *path)
{
    for (size_t i = 0; i < rows_count(rows); i++)
        if (text_equal(rows_text(rows, i, 1), path))
            return true;
    return false;
}

static json_object *group_of_marked(struct cx *cx, json_object *frame, const struct rows *rows)
{
    const char *folds = request_cookie(&cx->request, "folds");
    json_object *group = page_add(frame, "marked"), *entries = page_list(group, "entries");
    page_set(group, "title", "Favourites");
    page_set(group, "number", "favourites");
    page_set(group, "fold", "favourites");
    page_set_bool(group, "folded", folds && strstr(folds, "favourites"));
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *entry = page_item(entries);
        page_set(entry, "title", rows_text(rows, i, 0));
        page_set(entry, "path", rows_text(rows, i, 1));
        page_set(entry, "icon", /* icon */ "star");
        page_set_bool(entry, "current", false);
    }
    return group;
}

/* Behind what has no heading, which is where one begins. */
static void add_group(struct cx *cx, json_object *frame, const struct rows *rows)
{
    json_object *marked = group_of_marked(cx, frame, rows), *menu = page_array(cx);
    json_object *groups = json_object_object_get(frame, "menu");
    size_t count = json_object_array_length(groups), at = 0;
    if (count > 0 && !page_text(json_object_array_get_idx(groups, 0), "title"))
        json_object_array_add(menu, json_object_get(json_object_array_get_idx(groups, at++)));
    json_object_array_add(menu, json_object_get(marked));
    for (; at < count; at++)
        json_object_array_add(menu, json_object_get(json_object_array_get_idx(groups, at)));
    json_object_object_add(frame, "menu", menu);
}

void marked_add(struct cx *cx, json_object *frame)
{
    struct rows *rows = marked_read(cx);
    const char *path = frame_address(cx);
    page_set(frame, "star", NULL);
    if (rows && can_be_marked(cx) && strlen(path) <= 500) {
        bool marked = is_marked(rows, path);
        json_object *star = page_add(frame, "star");
        page_set(star, "path", path);
        page_set_bool(star, "on", marked);
        page_set(star, "next", marked ? "false" : "true");
        page_set(star, "says", marked ? "Take off the favourites" : "Add to favourites");
    }
    if (rows && rows_count(rows) > 0)
        add_group(cx, frame, rows);
}
