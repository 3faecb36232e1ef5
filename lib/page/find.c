/* find: the search across everything. What can be found is what the areas' tables
 * say: the pages of the menus, what can be made, and the records of resources that
 * have a page in the menu and searched fields (find_records.c). */
#include <string.h>

#include "access/permission.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/model.h"
#include "resource/tables.h"

enum { PAGES_FOUND = 8 };

json_object *find_group(json_object *data, const char *title, const char *icon)
{
    json_object *group = page_item(json_object_object_get(data, "groups"));
    page_set(group, "title", title);
    page_set(group, "icon", icon);
    page_set(group, "more", NULL);
    page_list(group, "items");
    return group;
}

void find_item(json_object *group, const char *title, const char *detail, const char *path,
               const char *icon)
{
    json_object *item = page_item(json_object_object_get(group, "items"));
    page_set(item, "title", title);
    page_set(item, "detail", detail);
    page_set(item, "path", path);
    page_set(item, "icon", icon);
}

static bool is_in_menu(const struct menu *menu, const char *path)
{
    for (size_t i = 0; i < menu->count; i++)
        if (text_equal(menu->entries[i].path, path))
            return true;
    return false;
}

static bool names(const char *query, const char *title)
{
    return title && strcasestr(title, query) != NULL;
}

/* With the set that a page is of, where somebody has several. */
static void add_pages(json_object *group, const struct menu *menu, const char *query)
{
    json_object *items = json_object_object_get(group, "items");
    bool several =
        menu->count && !text_equal(menu->entries[0].set, menu->entries[menu->count - 1].set);
    for (size_t i = 0; i < menu->count; i++) {
        const struct menu_item *it = &menu->entries[i];
        if (!names(query, it->title) && !names(query, it->group))
            continue;
        if (*query && json_object_array_length(items) == PAGES_FOUND)
            return;
        find_item(group, it->title, several ? menu_set_title(it->set) : it->group, it->path,
                  it->icon);
    }
}

static void add_settings(struct cx *cx, json_object *group, const struct menu *menu,
                         const char *query)
{
    static const char base[] = "/admin/settings";
    if (!*query || !is_in_menu(menu, base))
        return;
    for (const struct table_section *it = tables_sections(); it->key; it++) {
        const char *title = cx_text(cx, it->title);
        if (names(query, title) || names(query, cx_text(cx, it->about)))
            find_item(group, title, "Settings", arena_printf(cx->arena, "%s#%s", base, it->key),
                      /* icon */ "settings");
    }
}

/* Without a question they are left to the head of the page, but for who has nothing else. */
static void add_account(struct cx *cx, json_object *group, const struct menu *menu,
                        const char *query)
{
    json_object *user = page_object(cx);
    menu_add_user_links(user);
    json_object *links = json_object_object_get(user, "links");
    bool asked = *query || menu->count == 0;
    for (size_t i = 0; asked && i < json_object_array_length(links); i++) {
        json_object *it = json_object_array_get_idx(links, i);
        if (names(query, page_text(it, "title")))
            find_item(group, page_text(it, "title"), "Account", page_text(it, "path"),
                      page_text(it, "icon"));
    }
}

/* "New lead", wherever a resource of the menu has a form for it. */
static void add_makers(struct cx *cx, json_object *group, const struct menu *menu,
                       const char *query)
{
    for (size_t i = 0; i < model_count(); i++) {
        const struct resource *it = model_at(i);
        const char *path = it->page ? arena_printf(cx->arena, "%s/new", it->page) : NULL;
        const char *title = cx_printf(cx, "New %s", cx_text(cx, it->one));
        if (path && names(query, title) && is_in_menu(menu, it->page) && tables_have_page(path) &&
            resource_may(cx, it, arena_printf(cx->arena, "%s:create", it->permission)))
            find_item(group, title, NULL, path, /* icon */ "plus");
    }
}

static void add_marked(struct cx *cx, json_object *group, const char *query)
{
    struct rows *rows = marked_read(cx);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        if (names(query, rows_text(rows, i, 0)))
            find_item(group, rows_text(rows, i, 0), NULL, rows_text(rows, i, 1),
                      /* icon */ "star");
}

/* Groups of nothing are left out. */
static void tidy(struct cx *cx, json_object *data)
{
    json_object *groups = json_object_object_get(data, "groups"), *kept = page_array(cx);
    size_t total = 0;
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        json_object *group = json_object_array_get_idx(groups, i);
        size_t count = json_object_array_length(json_object_object_get(group, "items"));
        if (count == 0)
            continue;
        page_set_int(group, "number", (int64_t)json_object_array_length(kept));
        json_object_array_add(kept, json_object_get(group));
        total += count;
    }
    json_object_object_add(data, "groups", kept);
    page_set(data, "count", total ? show_number(cx, (int64_t)total) : NULL);
}

bool page_find(struct cx *cx, const char *query, json_object *data)
{
    struct menu menu = menu_read(cx);
    page_list(data, "groups");
    add_marked(cx, find_group(data, "Favourites", /* icon */ "star"), query);
    /* Who types "new lead" wants to make one; pages may say these words in what they are about. */
    if (*query)
        add_makers(cx, find_group(data, "Make", /* icon */ "plus"), &menu, query);
    json_object *pages = find_group(data, "Pages", /* icon */ "layout-dashboard");
    add_pages(pages, &menu, query);
    add_settings(cx, pages, &menu, query);
    add_account(cx, pages, &menu, query);
    if (!*query)
        add_makers(cx, find_group(data, "Make", /* icon */ "plus"), &menu, query);
    if (!find_records(cx, &menu, query, data))
        return false;
    tidy(cx, data);
    return true;
}
