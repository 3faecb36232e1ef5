/* list_saved: the saved views of a list, as tabs above it, and what saves the present one.
 *
 * A view is opened by an address of its own (cgi-bin/views), which leads to the list with all that
 * it holds and with view=ID, by which the page knows whose draft it shows. view=all is the list
 * without any, where one is shown first to those who have a role. Looking saves nothing. */
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/list_address.h"
#include "resource/model.h"

static const char views_page[] = "/views", share[] = "views.views:share";

STATEMENT(list_views,
          "select id, name, query, shared, owner_id is not distinct from $3::uuid,\n"
          "    coalesce(default_role in (select role_key\n"
          "                              from user_roles\n"
          "                              where tenant_id = $1::uuid and user_id = $3::uuid), "
          "false)\n"
          "from saved_views\n"
          "where tenant_id = $1::uuid and resource = $2 and (owner_id = $3::uuid or shared)\n"
          "order by shared, name collate \"und-x-icu\", id\n"
          "limit 100",
          0);

enum { ID, NAME, QUERY, SHARED, MINE, IS_FIRST }; /* its columns */

bool list_views_read(struct cx *cx, const struct resource *resource, struct rows **out)
{
    const char *name = resource->personal || !cx->session ? NULL : model_name(resource);
    *out = NULL;
    if (!name)
        return true;
    *out = db_get(&cx->db, &list_views, cx->session->tenant_id, name, cx->session->user_id);
    return *out || fail_db(cx);
}

static const char *view_path(struct cx *cx, const char *id, const char *end)
{
    return arena_printf(cx->arena, "%s/%s%s", views_page, id, end);
}

const char *list_views_first(struct cx *cx, const struct rows *views)
{
    for (size_t i = 0; views && !cx->request.query && i < rows_count(views); i++)
        if (rows_bool(views, i, IS_FIRST))
            return view_path(cx, rows_text(views, i, ID), "/open");
    return NULL;
}

bool list_is_of_view(const struct parameter *query)
{
    const char *id = parameter_get(query, "view");
    return id && uuid_is(id);
}

const char *list_plain_address(struct cx *cx, const struct resource *resource)
{
    const char *view = parameter_get(cx->request.query, "view");
    if (!view || (!uuid_is(view) && strcmp(view, "all") != 0))
        return resource->page;
    return arena_printf(cx->arena, "%s?view=%s", resource->page, view);
}

/* Which of them the page shows, or is a draft of; -1: none. */
static int view_current(const struct cx *cx, const struct rows *views)
{
    const char *id = parameter_get(cx->request.query, "view");
    for (size_t i = 0; id && views && i < rows_count(views); i++)
        if (text_equal(rows_text(views, i, ID), id))
            return (int)i;
    return -1;
}

/* What the list shows, without what it would show by itself. */
static const char *view_shown(struct cx *cx, const struct list_page *page, json_object *data)
{
    struct parameter *query = list_address_of(cx->arena, page->shown);
    const struct {
        const char *name, *usual;
    } plain[] = {{"sort", list_usual_sort(page->resource)},
                 {"limit", page_text(data, "plain_limit")},
                 {"fields", page_text(data, "plain_columns")}};
    for (struct parameter **at = &query; *at;) {
        bool says_nothing = false;
        for (size_t i = 0; i < COUNT(plain); i++)
            says_nothing = says_nothing || (strcmp((*at)->name, plain[i].name) == 0 &&
                                            text_equal((*at)->value, plain[i].usual));
        if (says_nothing)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    return list_address_write(cx->arena, query);
}

static void view_add_tab(json_object *tabs, const char *title, const char *path, bool current,
                         bool shared)
{
    json_object *tab = page_item(tabs);
    page_set(tab, "title", title);
    page_set(tab, "path", path);
    page_set_bool(tab, "current", current);
    page_set_bool(tab, "shared", shared);
}

static void view_add_tabs(struct cx *cx, json_object *out, const struct list_page *page,
                          const struct rows *views, int current)
{
    json_object *tabs = page_list(out, "tabs");
    bool any_first = false;
    for (size_t i = 0; i < rows_count(views); i++)
        any_first = any_first || rows_bool(views, i, IS_FIRST);
    view_add_tab(
        tabs, cx_printf(cx, "All %s", cx_in_sentence(cx, page->resource->title)),
        arena_printf(cx->arena, "%s%s", page->resource->page, any_first ? "?view=all" : ""),
        current < 0, false);
    for (size_t i = 0; i < rows_count(views); i++)
        view_add_tab(tabs, rows_text(views, i, NAME),
                     view_path(cx, rows_text(views, i, ID), "/open"), (int)i == current,
                     rows_bool(views, i, SHARED));
}

/* What can be done with the one that is shown. */
static void view_add_own(struct cx *cx, json_object *out, const struct rows *views, int current,
                         bool changed)
{
    const char *id = current >= 0 ? rows_text(views, (size_t)current, ID) : NULL;
    bool may_change = id && (rows_bool(views, (size_t)current, MINE) || may(cx, share));
    page_set(out, "id", id);
    page_set(out, "name", id ? rows_text(views, (size_t)current, NAME) : NULL);
    page_set_bool(out, "changed", changed);
    page_set(out, "save", changed && may_change ? view_path(cx, id, "/keep") : NULL);
    page_set(out, "reset", changed && id ? view_path(cx, id, "/open") : NULL);
    page_set(out, "edit", may_change ? view_path(cx, id, "/edit") : NULL);
}

void list_add_views(struct cx *cx, json_object *data, const struct list_page *page,
                    const struct rows *views)
{
    const char *shown = view_shown(cx, page, data),
               *view = parameter_get(cx->request.query, "view");
    int current = view_current(cx, views);
    page_set(data, "view", view);
    page_set(data, "clear", list_plain_address(cx, page->resource));
    if (!views || (rows_count(views) == 0 && !*shown)) {
        page_set(data, "views", NULL);
        return;
    }
    const char *kept = current >= 0 ? rows_text(views, (size_t)current, QUERY) : "";
    bool changed = strcmp(shown, kept) != 0;
    json_object *out = page_add(data, "views");
    view_add_tabs(cx, out, page, views, current);
    view_add_own(cx, out, views, current, changed);
    page_set(out, "resource", model_name(page->resource));
    page_set(out, "query", shown);
    page_set_bool(out, "can_share", may(cx, share));
    page_set_bool(out, "savable", changed);
}
