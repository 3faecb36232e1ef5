/* record_timeline: everything about a record, on its page (resource/timeline.h). */
#include "resource/timeline.h"

#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/event_changes.h"

enum { TIMELINE_SHOWN = 20 };

void page_add_changes(json_object *out, const struct event_told *told)
{
    json_object *changes = page_list(out, "changes");
    for (size_t i = 0; i < told->change_count; i++) {
        json_object *change = page_item(changes);
        page_set(change, "field", told->changes[i].label);
        page_set(change, "from", told->changes[i].from);
        page_set(change, "to", told->changes[i].to);
    }
}

static const char *timeline_when(struct cx *cx, const char *at)
{
    char iso[32];
    int64_t us;
    return clock_from_database(at, iso) && clock_parse(iso, &us) ? show_instant(cx, us) : at;
}

/* Of the record itself the sentence leads nowhere: one is there. */
static void timeline_add_item(struct cx *cx, json_object *items, const struct timeline_item *it,
                              const char *own_path)
{
    json_object *item = page_item(items);
    page_set(item, "told", it->told.text);
    page_set(item, "at", timeline_when(cx, it->at));
    page_set(item, "path", text_equal(it->told.path, own_path) ? NULL : it->told.path);
    page_set_bool(item, "file", text_equal(it->kind, "file"));
    page_set_bool(item, "now", text_equal(it->kind, "record"));
    if (it->told.changed)
        page_add_changes(item, &it->told);
    else
        page_list(item, "changes");
}

bool timeline_add(struct cx *cx, json_object *data, const struct resource *resource,
                  const struct list_result *record)
{
    struct timeline timeline;
    const char *after = parameter_get(cx->request.query, "_timeline");
    page_set(data, "timeline", NULL);
    if (!timeline_is_kept(resource))
        return true;
    if (!timeline_read(cx, resource, record, after, TIMELINE_SHOWN, &timeline))
        return false;
    const char *path = arena_printf(cx->arena, "%s/%s", resource->page, record_value(record, "id"));
    json_object *section = page_add(data, "timeline"), *items = page_list(section, "items");
    for (size_t i = 0; i < timeline.count; i++)
        timeline_add_item(cx, items, &timeline.items[i], path);
    page_set_bool(section, "empty", timeline.count == 0);
    page_set(section, "older",
             timeline.next_cursor
                 ? arena_printf(cx->arena, "%s?_timeline=%s#timeline", path, timeline.next_cursor)
                 : NULL);
    page_set(section, "newest", after ? arena_printf(cx->arena, "%s#timeline", path) : NULL);
    return true;
}
