/* routes: all routes of an area, in one array: its own, those of its resources
 * and their pages, those of its settings sections. */
#include <stdlib.h>

#include "api/area.h"
#include "api/settings.h"
#include "base/log.h"
#include "comment/comment.h"
#include "import/import.h"
#include "page/page.h"
#include "resource/action.h"

struct collection {
    const struct route **items;
    size_t count, room;
};

static void collect(struct collection *all, const struct route *route)
{
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 64;
        const struct route **items = realloc(all->items, all->room * sizeof *items);
        if (!items)
            log_out_of_memory();
        all->items = items;
    }
    all->items[all->count++] = route;
}

static void collect_table(struct collection *all, const struct route *table)
{
    for (; table && table->path; table++)
        collect(all, table);
}

static void collect_many(struct collection *all, const struct route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        collect(all, &routes[i]);
}

size_t area_routes(const struct area *area, const struct route *const **routes)
{
    static struct collection all; /* one area for each program */
    if (all.count == 0) {
        collect_table(&all, area->routes);
        for (const struct route *const *table = area->more_routes; table && *table; table++)
            collect_table(&all, *table);
        for (const struct resource *const *it = area->resources; it && *it; it++) {
            const struct route *made;
            size_t count = resource_routes(*it, &made);
            collect_many(&all, made, count);
            count = resource_action_routes(*it, &made);
            collect_many(&all, made, count);
            count = import_routes(*it, &made);
            collect_many(&all, made, count);
            count = comment_routes(*it, &made);
            collect_many(&all, made, count);
            if ((*it)->page || (*it)->parent) {
                count = page_routes(*it, &made);
                collect_many(&all, made, count);
            }
        }
        for (const struct settings_section *it = area->settings; it && it->key; it++)
            collect_table(&all, settings_routes(it));
    }
    *routes = all.items;
    return all.count;
}
