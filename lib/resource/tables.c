#include "resource/tables.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/areas.h"
#include "resource/described.h"
#include "resource/model.h"

/* Until they are linked they are empty. */
static struct {
    struct arena *arena;
    struct table_menu *menu;
    struct table_section *sections;
    struct table_notice *notices;
    struct table_event *events, *action_events;
    struct table_child *children;
    const char **areas, **pages;
} tables = {
    .menu = (struct table_menu[1]){{0}},
    .sections = (struct table_section[1]){{0}},
    .notices = (struct table_notice[1]){{0}},
    .events = (struct table_event[1]){{0}},
    .action_events = (struct table_event[1]){{0}},
    .children = (struct table_child[1]){{0}},
    .areas = (const char *[1]){NULL},
    .pages = (const char *[1]){NULL},
};

/* Room for all members of the lists `key`, and the entry that closes them. */
static void *table_make(const char *key, size_t size)
{
    struct described_place place = {0};
    size_t count = 1;
    while (described_next(key, &place))
        count++;
    void *made = arena_alloc(tables.arena, count * size);
    memset(made, 0, count * size);
    return made;
}

static void menu_link(void)
{
    struct described_place place = {0};
    struct table_menu *to = tables.menu = table_make("menu", sizeof *to);
    for (json_object *it; (it = described_next("menu", &place)) != NULL;)
        *to++ = (struct table_menu){.set = described_text(it, "set"),
                                    .title = described_text(it, "title"),
                                    .path = described_text(it, "path"),
                                    .icon = described_text(it, "icon"),
                                    .group = described_text(it, "group"),
                                    .needs = described_text(it, "needs"),
                                    .kinds = described_text(it, "kinds"),
                                    .order = described_number(it, "order")};
}

static void sections_link(void)
{
    struct described_place place = {0};
    struct table_section *to = tables.sections = table_make("settings", sizeof *to);
    for (json_object *it; (it = described_next("settings", &place)) != NULL;)
        *to++ = (struct table_section){described_text(it, "key"), described_text(it, "title"),
                                       described_text(it, "about"), described_flag(it, "platform"),
                                       model_fields(it, "fields")};
}

static void notices_link(void)
{
    struct described_place place = {0};
    struct table_notice *to = tables.notices = table_make("notifications", sizeof *to);
    for (json_object *it; (it = described_next("notifications", &place)) != NULL;)
        *to++ = (struct table_notice){described_text(it, "type"), described_text(it, "title"),
                                      described_text(it, "about"), described_flag(it, "email")};
}

static void events_link(void)
{
    struct described_place place = {0};
    struct table_event *to = tables.events = table_make("events", sizeof *to);
    for (json_object *it; (it = described_next("events", &place)) != NULL;)
        *to++ = (struct table_event){described_text(it, "type"), described_text(it, "told"),
                                     json_object_object_get_ex(it, "data", NULL)};
}

static json_object *actions_of(json_object *resource)
{
    json_object *actions = NULL;
    json_object_object_get_ex(resource, "actions", &actions);
    return actions;
}

static size_t actions_count(void)
{
    struct described_place place = {0};
    size_t count = 0;
    for (json_object *it; (it = described_next("resources", &place)) != NULL;)
        if (actions_of(it))
            count += json_object_array_length(actions_of(it));
    return count;
}

static void action_events_link(void)
{
    struct described_place place = {0};
    size_t size = (actions_count() + 1) * sizeof *tables.action_events;
    struct table_event *to = tables.action_events = arena_alloc(tables.arena, size);
    memset(to, 0, size);
    for (json_object *it; (it = described_next("resources", &place)) != NULL;) {
        json_object *actions = actions_of(it);
        for (size_t i = 0; actions && i < json_object_array_length(actions); i++) {
            json_object *action = json_object_array_get_idx(actions, i);
            const char *verb = described_text(action, "event");
            if (verb)
                *to++ = (struct table_event){
                    .type = arena_printf(tables.arena, "%s.%s", described_text(it, "event"), verb),
                    .told = described_text(action, "told")};
        }
    }
}

/* A parent is of its child's area. */
static void children_link(void)
{
    struct described_place place = {0};
    struct table_child *to = tables.children = table_make("resources", sizeof *to);
    for (json_object *it; (it = described_next("resources", &place)) != NULL;)
        if (described_text(it, "parent"))
            *to++ = (struct table_child){described_text(it, "event"),
                                         arena_printf(tables.arena, "%s.%s", described_area(&place),
                                                      described_text(it, "parent")),
                                         described_text(it, "parentColumn")};
}

static void pages_link(void)
{
    struct described_place place = {0};
    const char **to = tables.pages = table_make("routes", sizeof *to);
    for (json_object *it; (it = described_next("routes", &place)) != NULL;)
        if (text_equal(described_text(it, "method"), "GET"))
            *to++ = described_text(it, "path");
}

static void areas_link(void)
{
    const char **to = tables.areas =
        arena_alloc(tables.arena, (AREAS_MAX + 1) * sizeof *tables.areas);
    for (struct described_place place = {0}; (*to = described_area(&place)) != NULL; place.area++)
        to++;
}

void tables_link(void)
{
    tables.arena = arena_new();
    menu_link();
    sections_link();
    notices_link();
    events_link();
    action_events_link();
    children_link();
    pages_link();
    areas_link();
}

const struct table_menu *tables_menu(void)
{
    return tables.menu;
}

const struct table_section *tables_sections(void)
{
    return tables.sections;
}

const struct table_notice *tables_notices(void)
{
    return tables.notices;
}

const struct table_event *tables_events(void)
{
    return tables.events;
}

const struct table_event *tables_action_events(void)
{
    return tables.action_events;
}

const struct table_child *tables_children(void)
{
    return tables.children;
}

const char *const *tables_area_names(void)
{
    return tables.areas;
}

const struct table_section *tables_section(const char *key)
{
    for (const struct table_section *it = tables.sections; it && it->key; it++)
        if (text_equal(it->key, key))
            return it;
    return NULL;
}

bool tables_have_page(const char *path)
{
    for (const char *const *it = tables.pages; it && *it; it++)
        if (strcmp(*it, path) == 0)
            return true;
    return false;
}
