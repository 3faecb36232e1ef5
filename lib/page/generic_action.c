/* The pages of a resource's actions: the buttons of a record, and the page that asks or takes
 * what the action needs. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/resource.h"

/* Else its button does it at once. */
static bool has_page(const struct action *action)
{
    return action->takes || (action->flags & (ACTION_CONFIRM | ACTION_STEP_UP));
}

static const char *path_of(struct cx *cx, const struct resource *resource, const char *id,
                           const char *verb)
{
    return arena_printf(cx->arena, "%s/%s%s%s", resource->page, id, *verb ? "/" : "", verb);
}

static void add_button(struct cx *cx, json_object *data, const struct resource *resource,
                       const struct action *action, const char *id, bool folded)
{
    json_object *button =
        page_action(data, action->title, path_of(cx, resource, id, action->name), action->icon);
    page_set_bool(button, "danger", (action->flags & ACTION_DANGER) != 0);
    page_set_bool(button, "post", !has_page(action));
    page_set_bool(button, "folded", folded);
    if (folded)
        page_set_bool(data, "has_folded", true);
}

/* A long row of buttons is no help: of more than three all but two stand behind "More". */
static void add_buttons(struct cx *cx, json_object *data, const struct resource *resource,
                        const char *id, const bool *shown)
{
    int count = 0, at = 0;
    for (int i = 0; resource->actions[i]; i++)
        count += shown[i];
    for (int i = 0; resource->actions[i]; i++)
        if (shown[i])
            add_button(cx, data, resource, resource->actions[i], id, count > 3 && at++ >= 2);
}

bool generic_add_actions(struct cx *cx, json_object *data, const struct resource *resource,
                         const char *id)
{
    bool possible[ACTIONS_MAX] = {false};
    if (!resource->actions)
        return true;
    if (!action_find_possible(cx, resource, id, possible))
        return false;
    for (int i = 0; resource->actions[i]; i++)
        possible[i] = possible[i] && !(resource->actions[i]->flags & ACTION_NO_PAGE);
    add_buttons(cx, data, resource, id, possible);
    return true;
}

void generic_add_list_actions(struct cx *cx, json_object *data, const struct resource *resource)
{
    for (const struct action *const *it = resource->actions; it && *it; it++) {
        const struct action *action = *it;
        if (!(action->flags & ACTION_ON_LIST) || (action->flags & ACTION_NO_PAGE) ||
            !action_may(cx, resource, action))
            continue;
        json_object *button = page_action(
            data, action->title, arena_printf(cx->arena, "%s/%s", resource->page, action->name),
            action->icon);
        page_set_bool(button, "danger", (action->flags & ACTION_DANGER) != 0);
        page_set_bool(button, "post", !has_page(action));
    }
}

/* ---- the page that asks ---- */

json_object *generic_ask_action(struct cx *cx, const struct action *action, const char *path,
                                const char *back)
{
    json_object *data = page_object(cx);
    const struct field *takes = action->takes;
    page_list(data, "actions");
    page_list(data, "items");
    page_list(data, "kept");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set(data, "action", path);
    page_set(data, "back", back);
    page_set(data, "text", action->ask);
    page_set(data, "submit", action->title);
    page_set_bool(data, "has_items", false);
    page_set_bool(data, "is_danger", (action->flags & ACTION_DANGER) != 0);
    json_object_object_add(
        data, "fields", takes ? page_form_fields(cx, takes, NULL, true) : json_object_new_array());
    generic_crumbs(cx, data, cx->route->about);
    return data;
}

/* Of no record. */
static bool show_ask_on_list(struct cx *cx, int status)
{
    const struct resource *resource = cx->route->about;
    const struct action *action = cx->route->action;
    json_object *data = generic_ask_action(
        cx, action, arena_printf(cx->arena, "%s/%s", resource->page, action->name), resource->page);
    return page_render(cx, status, "layout/action", action->title, data);
}

/* The page of the resource from which one came, where the link or the form says so; else NULL. */
static const char *came_from(const struct cx *cx, const struct resource *resource)
{
    const struct parameter *given =
        cx->request.method == HTTP_POST ? cx->request.form : cx->request.query;
    const char *next = parameter_get(given, "next");
    return next && text_starts(next, resource->page) ? next : NULL;
}

/* What will follow, with the record's own values: "Its slug is [slug]." */
static const char *ask_text(struct cx *cx, const char *text, const struct list_result *record)
{
    struct buf out;
    buf_init(&out, cx->arena);
    for (const char *at = text; *at;) {
        size_t plain = strcspn(at, "["), name = at[plain] ? strcspn(at + plain, "]") : 0;
        buf_printf(&out, "%.*s", (int)plain, at);
        at += plain;
        if (*at != '[')
            break;
        const char *value = record_value(record, arena_copy(cx->arena, at + 1, name - 1));
        buf_puts(&out, value ? value : "");
        at += name + (at[name] == ']');
    }
    return out.data;
}

static bool show_ask(struct cx *cx, int status)
{
    const struct resource *resource = cx->route->about;
    const struct action *action = cx->route->action;
    if (action->flags & ACTION_ON_LIST)
        return show_ask_on_list(cx, status);
    const char *id = cx_path(cx, "id");
    bool can_open = (resource->operations & OP_GET) != 0;
    struct list_result record;
    const struct failure refused = cx->failure; /* what was typed matters to who sees the record */
    cx->failure = (struct failure){.status = 0};
    if (!record_get(cx, resource, id, &record))
        return false;
    cx->failure = refused;
    const char *label = show_label(cx, resource, &record, 0), *path = path_of(cx, resource, id, "");
    const char *next = came_from(cx, resource);
    json_object *data = generic_ask_action(cx, action, path_of(cx, resource, id, action->name),
                                           next       ? next
                                           : can_open ? path
                                                      : resource->page);
    if (next)
        bulk_keep(data, "next", next);
    if (can_open)
        page_crumb(data, label, path);
    if (action->ask)
        page_set(data, "text", ask_text(cx, cx_text(cx, action->ask), &record));
    return page_render(cx, status, "layout/action", cx_printf(cx, "%s: %s", action->title, label),
                       data);
}

/* What people can put right themselves, or should know. */
static bool can_show(const struct cx *cx)
{
    return cx->failure.status == 409 || cx->failure.status == 412 || cx->failure.status == 422;
}

/* The refusal stands on the page that has the button. */
static bool go_back_refused(struct cx *cx, const char *path)
{
    page_notice(cx, "warning", cx->failure.message);
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, path);
}

bool generic_action_ask(struct cx *cx)
{
    return show_ask(cx, 200);
}

static const char *said(struct cx *cx, const struct action *action)
{
    return action->done ? action->done : cx_printf(cx, "%s: done.", action->title);
}

/* What was given is shown, or said on the page that is next. */
static bool go_on(struct cx *cx, const char *path)
{
    const struct action *action = cx->route->action;
    const char *text = said(cx, action);
    if (generic_gives_secret(action->gives))
        return generic_show_given(cx, action->gives, action->title, path);
    const char *said_too = generic_say_given(cx, action->gives, text), *title;
    const char *leads_to = generic_given_path(cx, action->gives, &title);
    if (leads_to)
        page_notice_link(cx, "success", said_too, leads_to, title);
    else
        page_notice(cx, "success", said_too);
    return page_go(cx, path);
}

/* The page of the record as it is afterwards; the list's where there is none. */
static const char *next_path(struct cx *cx, bool there)
{
    const struct action *action = cx->route->action;
    const struct resource *home = action_home(cx->route->about, action);
    const char *next = came_from(cx, cx->route->about);
    if (next)
        return next;
    bool opens = there && (home->operations & OP_GET) && !(action->flags & ACTION_TO_LIST);
    return opens ? path_of(cx, home, cx_path(cx, "id"), "") : home->page;
}

/* The page of the record that the action is about; the list's where there is none. */
static const char *own_path(struct cx *cx, const struct resource *resource)
{
    bool of_record = !(cx->route->action->flags & ACTION_ON_LIST);
    return of_record && (resource->operations & OP_GET)
               ? path_of(cx, resource, cx_path(cx, "id"), "")
               : resource->page;
}

static bool do_action(struct cx *cx, bool *there)
{
    const struct action *action = cx->route->action;
    struct list_result record;
    *there = false;
    if (action->flags & ACTION_ON_LIST)
        return action_run_on_list(cx, action);
    return action_run(cx, cx->route->about, action, cx_path(cx, "id"), &record, there);
}

bool generic_action(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    const struct action *action = cx->route->action;
    bool there = false;
    int scope = db_scope(&cx->db);
    if (cx->failure.status == 0 && do_action(cx, &there))
        return action->flags & ACTION_SHOWS
                   ? generic_detail_of(cx, resource, cx_path(cx, "id"), 200)
                   : go_on(cx, next_path(cx, there));
    if (!can_show(cx))
        return false;
    db_rollback_to(&cx->db, scope);
    return has_page(action) ? show_ask(cx, cx->failure.status)
                            : go_back_refused(cx, own_path(cx, resource));
}
