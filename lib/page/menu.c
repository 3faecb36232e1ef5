/* menu: the entries of all areas (resource/tables.h) that the one signed in may use,
 * for the set of pages that the address belongs to. */
#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/areas.h"
#include "resource/tables.h"

static const struct page_set_row {
    const char *key, *title, *prefix, *icon;
} sets[] = {
    {"platform", "Platform", "/platform", /* icon */ "building-community"},
    {"admin", "Administration", "/admin", /* icon */ "layout-dashboard"},
    {"staff", "Staff", "/staff", /* icon */ "id-badge-2"},
    {"portal", "Portal", "/portal", /* icon */ "home"},
};

static const char *const kind_words[] = {
    [TENANT_PLATFORM] = "platform", [TENANT_RESELLER] = "reseller", [TENANT_BUSINESS] = "business"};

static bool below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return path && strncmp(path, prefix, len) == 0 && (path[len] == 0 || path[len] == '/');
}

const char *menu_set_of(const char *path)
{
    for (size_t i = 0; i < COUNT(sets); i++)
        if (below(path, sets[i].prefix))
            return sets[i].key;
    return NULL;
}

const char *menu_set_title(const char *set)
{
    for (size_t i = 0; i < COUNT(sets); i++)
        if (text_equal(sets[i].key, set))
            return sets[i].title;
    return NULL;
}

/* "platform reseller" holds "reseller", as "admin2.admin4" does "admin4". */
static bool holds(const char *words, const char *word, char between)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len)
        if ((at == words || at[-1] == between) && (at[len] == 0 || at[len] == between))
            return true;
    return false;
}

/* Customers have the portal and nothing else; the platform's pages are for
 * operators and resellers. */
static bool may_enter(const struct cx *cx, const char *set)
{
    bool portal = strcmp(set, "portal") == 0;
    if (text_equal(cx->session->role, "customer") != portal)
        return false;
    return strcmp(set, "platform") != 0 || cx->tenant->kind != TENANT_BUSINESS;
}

static bool is_shown(const struct cx *cx, const struct table_menu *entry)
{
    return may_enter(cx, entry->set) && (!entry->needs || areas_may(cx, entry->needs)) &&
           (!entry->kinds || holds(entry->kinds, kind_words[cx->tenant->kind], ' '));
}

static int by_order(const void *a, const void *b)
{
    const struct menu_item *left = a, *right = b;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

struct menu menu_read(struct cx *cx)
{
    const struct table_menu *all = tables_menu();
    struct menu menu = {0};
    size_t most = 0;
    if (!cx->session || !cx->tenant)
        return menu;
    while (all[most].set)
        most++;
    menu.entries = arena_alloc(cx->arena, (most + 1) * sizeof *menu.entries);
    for (size_t i = 0; i < most; i++)
        if (is_shown(cx, &all[i]))
            menu.entries[menu.count++] = (struct menu_item){.set = all[i].set,
                                                            .title = cx_text(cx, all[i].title),
                                                            .path = all[i].path,
                                                            .icon = all[i].icon,
                                                            .group = cx_text(cx, all[i].group),
                                                            .order = all[i].order,
                                                            .place = i};
    if (menu.count > 1)
        qsort(menu.entries, menu.count, sizeof *menu.entries, by_order);
    return menu;
}

static bool is_first_of_set(const char *path)
{
    for (size_t i = 0; i < COUNT(sets); i++)
        if (text_equal(sets[i].prefix, path))
            return true;
    return false;
}

/* The entry whose address is the longest beginning of the path; the first page of a set,
 * with which all of them begin, is itself alone. */
static const struct menu_item *entry_of(const struct menu *menu, const char *set, const char *path)
{
    const struct menu_item *found = NULL;
    for (size_t i = 0; path && i < menu->count; i++) {
        const struct menu_item *it = &menu->entries[i];
        bool within =
            is_first_of_set(it->path) ? strcmp(path, it->path) == 0 : below(path, it->path);
        if (strcmp(it->set, set) == 0 && within &&
            (!found || strlen(it->path) > strlen(found->path)))
            found = it;
    }
    return found;
}

static const struct menu_item *current_of(const struct cx *cx, const struct menu *menu,
                                          const char *set)
{
    return entry_of(menu, set, cx->request.path);
}

/* A page that has no place in the menu of its own is of the entry that its crumbs name. */
static const struct menu_item *shown_as(const struct cx *cx, const struct menu *menu,
                                        const char *set, json_object *crumbs)
{
    const struct menu_item *found = current_of(cx, menu, set);
    for (size_t i = crumbs ? json_object_array_length(crumbs) : 0; !found && i > 0; i--) {
        const char *path = page_text(json_object_array_get_idx(crumbs, i - 1), "path");
        if (!is_first_of_set(path))
            found = entry_of(menu, set, path);
    }
    return found;
}

static const char *first_path(const struct menu *menu, const char *set)
{
    for (size_t i = 0; i < menu->count; i++)
        if (strcmp(menu->entries[i].set, set) == 0)
            return menu->entries[i].path;
    return NULL;
}

/* The set of the address, else the first that the one signed in has. */
static const char *set_of(const struct cx *cx, const struct menu *menu)
{
    const char *set = menu_set_of(cx->request.path);
    for (size_t i = 0; i < COUNT(sets) && !(set && first_path(menu, set)); i++)
        set = sets[i].key;
    return set;
}

/* Groups that somebody folded: the cookie "folds" names them, "admin2.admin4". The one in which
 * the page is stays open. */
static void add_fold(const struct cx *cx, json_object *group, const char *set)
{
    const char *folds = request_cookie(&cx->request, "folds");
    const char *number = json_object_get_string(json_object_object_get(group, "number"));
    const char *fold = arena_printf(cx->arena, "%s%s", set, number);
    json_object *entries = json_object_object_get(group, "entries");
    bool folded = folds && holds(folds, fold, '.');
    for (size_t i = 0; i < json_object_array_length(entries); i++)
        if (page_flag(json_object_array_get_idx(entries, i), "current"))
            folded = false;
    page_set(group, "fold", fold);
    page_set_bool(group, "folded", folded);
}

static json_object *group_of(json_object *groups, const char *title)
{
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        json_object *group = json_object_array_get_idx(groups, i);
        if (text_equal(page_text(group, "title"), title))
            return group;
    }
    json_object *group = page_item(groups);
    page_set(group, "title", title);
    page_set_int(group, "number", (int64_t)json_object_array_length(groups));
    page_list(group, "entries");
    return group;
}

static void add_entries(const struct cx *cx, json_object *frame, const struct menu *menu,
                        const char *set, json_object *crumbs)
{
    json_object *groups = page_list(frame, "menu");
    const struct menu_item *current = shown_as(cx, menu, set, crumbs);
    for (size_t i = 0; i < menu->count; i++) {
        const struct menu_item *it = &menu->entries[i];
        if (strcmp(it->set, set) != 0)
            continue;
        json_object *entry =
            page_item(json_object_object_get(group_of(groups, it->group), "entries"));
        page_set(entry, "title", it->title);
        page_set(entry, "path", it->path);
        page_set(entry, "icon", it->icon);
        page_set_bool(entry, "current", it == current);
    }
    for (size_t i = 0; i < json_object_array_length(groups); i++)
        add_fold(cx, json_object_array_get_idx(groups, i), set);
}

static void add_sets(json_object *frame, const struct menu *menu, const char *current)
{
    json_object *list = page_list(frame, "sets");
    for (size_t i = 0; i < COUNT(sets); i++) {
        const char *path = first_path(menu, sets[i].key);
        if (!path)
            continue;
        json_object *set = page_item(list);
        page_set(set, "title", sets[i].title);
        page_set(set, "path", path);
        page_set(set, "icon", sets[i].icon);
        page_set_bool(set, "current", strcmp(sets[i].key, current) == 0);
    }
    page_set_bool(frame, "many_sets", json_object_array_length(list) > 1);
}

static const char *home_of(const struct menu *menu, const char *set)
{
    const char *path = first_path(menu, set);
    return path ? path : "/";
}

void menu_add_user_links(json_object *user)
{
    static const struct {
        const char *path, *title, *icon;
    } own[] = {{"/account", "Your account", /* icon */ "user-circle"},
               {"/account/password", "Change password", /* icon */ "key"},
               {"/account/security", "Security", /* icon */ "shield-lock"},
               {"/views", "Saved views", /* icon */ "bookmark"},
               {"/bulk-runs", "Changes of many", /* icon */ "list-check"}};
    json_object *links = page_list(user, "links");
    for (size_t i = 0; i < COUNT(own); i++) {
        if (!tables_have_page(own[i].path))
            continue;
        json_object *link = page_item(links);
        page_set(link, "path", own[i].path);
        page_set(link, "title", own[i].title);
        page_set(link, "icon", own[i].icon);
    }
}

const char *frame_home(struct cx *cx)
{
    struct menu menu = menu_read(cx);
    return home_of(&menu, set_of(cx, &menu));
}

bool menu_place(struct cx *cx, const char **title, const char **path)
{
    struct menu menu = menu_read(cx);
    const struct menu_item *current = current_of(cx, &menu, set_of(cx, &menu));
    if (!current)
        return false;
    *title = current->title;
    *path = current->path;
    return true;
}

/* Whoever no page of a set is open to has those of their own account, and no empty menu. */
static void add_own_entries(const struct cx *cx, json_object *frame)
{
    json_object *user = json_object_object_get(frame, "user");
    json_object *links = json_object_object_get(user, "links");
    json_object *entries =
        json_object_object_get(group_of(json_object_object_get(frame, "menu"), NULL), "entries");
    for (size_t i = 0; links && i < json_object_array_length(links); i++) {
        json_object *link = json_object_array_get_idx(links, i);
        page_set_bool(link, "current", text_equal(page_text(link, "path"), cx->request.path));
        json_object_array_add(entries, json_object_get(link));
    }
}

void menu_add(struct cx *cx, json_object *frame, json_object *crumbs)
{
    struct menu menu = menu_read(cx);
    const char *set = set_of(cx, &menu);
    page_set(frame, "home", home_of(&menu, set));
    add_entries(cx, frame, &menu, set, crumbs);
    if (cx->session && menu.count == 0)
        add_own_entries(cx, frame);
    add_sets(frame, &menu, set);
}
