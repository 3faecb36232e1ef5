/* record_timeline: everything about a record, on its page (resource/timeline.h). */
#include "resource/timeline.h"

#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/event_changes.h"
#include "resource/part.h"

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
static json_object *timeline_add_item(struct cx *cx, json_object *items,
                                      const struct timeline_item *it, const char *own_path)
{
    json_object *item = page_item(items);
    page_set(item, "told", it->told.text);
    page_set(item, "at", timeline_when(cx, it->at));
    page_set(item, "path", text_equal(it->told.path, own_path) ? NULL : it->told.path);
    page_set_bool(item, "file", text_equal(it->kind, "file"));
    page_set_bool(item, "now", text_equal(it->kind, "record"));
    page_set(item, "comment", it->comment);
    page_set_bool(item, "edited", it->edited);
    page_set(item, "edit", NULL);
    page_set(item, "delete", NULL);
    if (it->told.changed)
        page_add_changes(item, &it->told);
    else
        page_list(item, "changes");
    return item;
}

/* What somebody wrote they change; who may delete the record deletes it too. */
static void timeline_add_ways(struct cx *cx, json_object *item, const struct timeline_item *it,
                              const char *path, bool may_delete)
{
    const char *at = arena_printf(cx->arena, "%s/comments/%s", path, it->id);
    const char *me = part_maker(cx);
    bool own = me && text_equal(it->event.actor_id, me);
    page_set(item, "edit", own ? arena_printf(cx->arena, "%s/edit", at) : NULL);
    page_set(item, "delete", own || may_delete ? arena_printf(cx->arena, "%s/delete", at) : NULL);
}

const struct field timeline_comment_form[] = {
    {"comment", LONG, REQUIRED, 1, 10000, .label = "Comment",
     .help = "Whom you name as in @Nora Blum is told, if they may see this."},
    {.type = FIELD_END}};

static void timeline_add_form(struct cx *cx, json_object *section, const struct resource *resource,
                              const char *path)
{
    json_object *form = resource->comments ? page_add(section, "form") : NULL;
    if (!form) {
        page_set(section, "form", NULL);
        return;
    }
    page_set(form, "action", arena_printf(cx->arena, "%s/comments", path));
    json_object_object_add(form, "fields", page_form_fields(cx, timeline_comment_form, NULL, true));
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
    const char *needs = arena_printf(cx->arena, "%s:delete", resource->permission);
    bool may_delete = resource->comments && resource_may(cx, resource, needs) &&
                      record_is_in_sight(cx, resource, record, needs);
    for (size_t i = 0; i < timeline.count; i++) {
        json_object *item = timeline_add_item(cx, items, &timeline.items[i], path);
        if (timeline.items[i].comment)
            timeline_add_ways(cx, item, &timeline.items[i], path, may_delete);
    }
    timeline_add_form(cx, section, resource, path);
    page_set_bool(section, "empty", timeline.count == 0);
    page_set(section, "older",
             timeline.next_cursor
                 ? arena_printf(cx->arena, "%s?_timeline=%s#timeline", path, timeline.next_cursor)
                 : NULL);
    page_set(section, "newest", after ? arena_printf(cx->arena, "%s#timeline", path) : NULL);
    return true;
}
