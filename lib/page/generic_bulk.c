/* What is done with many records of a list: those ticked, or all that it shows. A page asks first,
 * with their names or how many they are, and takes what is needed; up to a hundred are done with
 * then, more are left to a job, whose page says how far it is. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/merge.h"
#include "resource/resource.h"

struct bulk_page {
    struct bulk bulk;
    struct bulk_ids chosen;
    bool all; /* that the list shows */
};

/* "1 lead", "3 leads" */
const char *bulk_counted(struct cx *cx, const struct resource *resource, int64_t count)
{
    return count == 1 ? arena_printf(cx->arena, "1 %s", cx_text(cx, resource->one))
                      : arena_printf(cx->arena, "%lld %s", (long long)count,
                                     cx_in_sentence(cx, resource->title));
}

/* Where the form says that the list is, if that is a page of the resource. */
static const char *bulk_page_list(const struct cx *cx, const struct resource *resource)
{
    const char *next = parameter_get(cx->request.form, "next");
    return next && text_starts(next, resource->page) ? next : resource->page;
}

/* ---- which ---- */

static bool bulk_page_choose_all(struct cx *cx, struct bulk_page *page)
{
    struct parameter *query = NULL, *asked = cx->request.query;
    const struct resource *resource = page->bulk.resource;
    const char *mark = strchr(bulk_page_list(cx, resource), '?');
    if (mark && !parse_urlencoded(cx->arena, mark + 1, strlen(mark + 1), 100, &query))
        return fail(cx, 400, "bad_request", "The address of the list cannot be read.");
    cx->request.query = query;
    list_read_typed(cx, resource);
    query = cx->request.query;
    cx->request.query = asked;
    return bulk_find(cx, resource, query, bulk_most(&page->bulk), &page->chosen);
}

static bool bulk_page_choose(struct cx *cx, struct bulk_page *page)
{
    page->all = text_equal(parameter_get(cx->request.form, "all"), "yes");
    if (page->all)
        return bulk_page_choose_all(cx, page);
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "id") == 0 && uuid_is(it->value) && page->chosen.count < BULK_AT_ONCE)
            bulk_add_id(cx, &page->chosen, it->value);
    return true;
}

/* Back to the list, which says that nothing was ticked, or too much. */
static bool bulk_page_none_ticked(struct cx *cx, const struct bulk_page *page)
{
    if (cx->failure.status != 0 && cx->failure.status != 422)
        return false;
    page_notice(cx, "warning",
                cx->failure.details ? cx->failure.details->message : "Nothing was ticked.");
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, bulk_page_list(cx, page->bulk.resource));
}

/* ---- asking ---- */

void bulk_keep(json_object *data, const char *name, const char *value)
{
    json_object *kept = page_item(json_object_object_get(data, "kept"));
    page_set(kept, "name", name);
    page_set(kept, "value", value);
}

bool bulk_find_row(const struct list_result *records, const char *id, size_t *row)
{
    int column = show_column(records, "id");
    for (*row = 0; *row < rows_count(records->rows); (*row)++)
        if (strcasecmp(rows_text(records->rows, *row, column), id) == 0)
            return true;
    return false;
}

/* Those that are there by their names, and bound by their ids from now on. *found: how many. */
static bool bulk_page_add_named(struct cx *cx, json_object *data, const struct bulk_page *page,
                                int64_t *found)
{
    const struct resource *resource = page->bulk.resource;
    json_object *items = json_object_object_get(data, "items");
    struct list_result records;
    size_t row;
    *found = 0;
    if (!record_get_all(cx, resource, page->chosen.ids, page->chosen.count, &records))
        return false;
    for (size_t i = 0; i < page->chosen.count; i++) {
        if (!bulk_find_row(&records, page->chosen.ids[i], &row))
            continue; /* gone already: nothing to ask */
        json_object_array_add(items,
                              json_object_new_string(show_label(cx, resource, &records, row)));
        bulk_keep(data, "id", page->chosen.ids[i]);
        (*found)++;
    }
    page_set_bool(data, "has_items", *found > 0);
    return true;
}

/* The records in the form that asks; *what: "3 leads". More than a hundred are those of the list
 * at the moment of the answer, if they are still as many. */
static bool bulk_page_add_records(struct cx *cx, json_object *data, const struct bulk_page *page,
                                  const char **what)
{
    int64_t count = (int64_t)page->chosen.count;
    if (count <= BULK_AT_ONCE && !bulk_page_add_named(cx, data, page, &count))
        return false;
    if (count > BULK_AT_ONCE) {
        bulk_keep(data, "all", "yes");
        bulk_keep(data, "count", arena_printf(cx->arena, "%lld", (long long)count));
    }
    bulk_keep(data, "next", bulk_page_list(cx, page->bulk.resource));
    *what = bulk_counted(cx, page->bulk.resource, count);
    return true;
}

static const char *bulk_page_path(struct cx *cx, const struct bulk *bulk)
{
    return arena_printf(cx->arena, "%s/bulk-%s", bulk->resource->page, bulk->verb);
}

const char bulk_can_be_undone[] =
    "This can be undone for thirty days, under Changes of many in the menu of your account.";

static bool bulk_page_ask_delete(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct bulk *bulk = &page->bulk;
    const char *what;
    json_object *data = generic_ask(cx, bulk->resource, bulk_page_path(cx, bulk),
                                    bulk_page_list(cx, bulk->resource));
    if (!bulk_page_add_records(cx, data, page, &what))
        return false;
    if (bulk_is_undoable(bulk))
        page_set(data, "text", bulk_can_be_undone);
    page_set(data, "submit", cx_printf(cx, "Delete %s", what));
    return page_render(cx, status, "layout/confirm", cx_printf(cx, "Delete %s?", what), data);
}

static bool bulk_page_ask_action(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct bulk *bulk = &page->bulk;
    const char *what;
    json_object *data = generic_ask_action(cx, bulk->action, bulk_page_path(cx, bulk),
                                           bulk_page_list(cx, bulk->resource));
    return bulk_page_add_records(cx, data, page, &what) &&
           page_render(cx, status, "layout/action",
                       cx_printf(cx, "%s: %s", bulk->action->title, what), data);
}

static bool bulk_page_ask_update(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct resource *resource = page->bulk.resource;
    const char *what;
    json_object *data =
        generic_ask(cx, resource, bulk_page_path(cx, &page->bulk), bulk_page_list(cx, resource));
    if (!bulk_page_add_records(cx, data, page, &what))
        return false;
    page_set(data, "text",
             bulk_is_undoable(&page->bulk) ? bulk_can_be_undone : "Tick what is to be changed.");
    page_set(data, "submit", cx_printf(cx, "Change %s", what));
    page_set_bool(data, "is_danger", false);
    json_object_object_add(data, "fields", bulk_set_fields(cx, resource));
    return page_render(cx, status, "layout/bulk_update", cx_printf(cx, "Change %s", what), data);
}

static bool bulk_page_ask(struct cx *cx, const struct bulk_page *page, int status)
{
    return page->bulk.action                        ? bulk_page_ask_action(cx, page, status)
           : strcmp(page->bulk.verb, "update") == 0 ? bulk_page_ask_update(cx, page, status)
                                                    : bulk_page_ask_delete(cx, page, status);
}

/* ---- doing ---- */

static void bulk_page_say(struct cx *cx, const struct bulk *bulk, const char *refused)
{
    const char *what = bulk_counted(cx, bulk->resource, bulk->done);
    const char *title = bulk->action                        ? bulk->action->title
                        : strcmp(bulk->verb, "update") == 0 ? "Changed"
                                                            : "Deleted";
    bool undoable = bulk->run_id[0] && bulk->done > 0 && bulk_is_undoable(bulk);
    const char *path =
        undoable ? arena_printf(cx->arena, "%s/%s/undo", BULK_RUNS_PAGE, bulk->run_id) : "";
    if (bulk->done == bulk->handled)
        page_notice_link(cx, "success",
                         arena_printf(cx->arena, "%s: %s.", cx_text(cx, title), what), path,
                         undoable ? "Undo" : "");
    else
        page_notice_link(cx, "warning",
                         cx_printf(cx, "%s: %s. Not done with %lld: %s", title, what,
                                   (long long)(bulk->handled - bulk->done), refused),
                         path, undoable ? "Undo" : "");
}

/* Each for itself; why the last one was refused is said. */
static bool bulk_page_do(struct cx *cx, struct bulk_page *page)
{
    struct bulk *bulk = &page->bulk;
    struct bulk_outcome outcome;
    const char *refused = "";
    bool kept = !bulk->action;
    if (kept && !bulk_keep_begin(cx, bulk, page->chosen.count))
        return false;
    for (size_t i = 0; i < page->chosen.count; i++) {
        if (!bulk_do(cx, bulk, page->chosen.ids[i], &outcome))
            return false;
        refused = outcome.done ? refused : outcome.message;
    }
    if (kept && !bulk_keep_end(cx, bulk))
        return false;
    bulk_page_say(cx, bulk, refused);
    return page_go(cx, bulk_page_list(cx, bulk->resource));
}

static bool bulk_page_leave(struct cx *cx, struct bulk_page *page)
{
    return bulk_leave_to_job(cx, &page->bulk, &page->chosen) &&
           page_go(cx, arena_printf(cx->arena, "%s/%s", BULK_RUNS_PAGE, page->bulk.run_id));
}

/* They were not asked about others than there are now. */
static bool bulk_page_is_as_many(struct cx *cx, const struct bulk_page *page)
{
    const char *count = parameter_get(cx->request.form, "count");
    return page->chosen.count <= BULK_AT_ONCE ||
           text_equal(count, arena_printf(cx->arena, "%zu", page->chosen.count));
}

static bool bulk_page_is_confirmed(const struct cx *cx)
{
    return text_equal(parameter_get(cx->request.form, "_confirmed"), "yes") ||
           text_equal(parameter_get(cx->request.form, "confirm"), "yes");
}

/* What people can put right themselves is shown on the form again. */
static bool bulk_page_ask_again(struct cx *cx, const struct bulk_page *page, int scope)
{
    db_rollback_to(&cx->db, scope);
    return cx->failure.status == 422 && bulk_page_ask(cx, page, 422);
}

static bool bulk_page_handle(struct cx *cx, struct bulk_page *page,
                             bool (*take)(struct cx *, struct bulk *))
{
    bool confirmed = bulk_page_is_confirmed(cx);
    int scope = db_scope(&cx->db);
    struct failure typed = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!bulk_page_choose(cx, page) || page->chosen.count == 0)
        return bulk_page_none_ticked(cx, page);
    if (!confirmed || !bulk_page_is_as_many(cx, page))
        return bulk_page_ask(cx, page, 200);
    cx->failure = typed;
    if (typed.status != 0 || (take && !take(cx, &page->bulk)) || !bulk_check(cx, &page->bulk))
        return bulk_page_ask_again(cx, page, scope);
    bool done =
        page->chosen.count > BULK_AT_ONCE ? bulk_page_leave(cx, page) : bulk_page_do(cx, page);
    return done || bulk_page_ask_again(cx, page, scope);
}

bool generic_bulk_action(struct cx *cx)
{
    const struct action *action = cx->route->action;
    struct bulk_page page = {.bulk = {.resource = cx->route->about,
                                      .verb = action->name,
                                      .action = action,
                                      .taken = cx->input}};
    return bulk_page_handle(cx, &page, NULL);
}

bool generic_bulk_delete(struct cx *cx)
{
    struct bulk_page page = {.bulk = {.resource = cx->route->about, .verb = "delete"}};
    return bulk_page_handle(cx, &page, NULL);
}

bool generic_bulk_update(struct cx *cx)
{
    struct bulk_page page = {.bulk = {.resource = cx->route->about, .verb = "update", .set = "{}"}};
    return bulk_page_handle(cx, &page, bulk_set_take);
}

/* ---- what the list offers ---- */

static void bulk_button_add(struct cx *cx, json_object *buttons, const struct resource *resource,
                            const char *verb, const char *title, const char *icon)
{
    json_object *button = page_item(buttons);
    page_set(button, "title", title);
    page_set(button, "icon", icon);
    page_set(button, "path", arena_printf(cx->arena, "%s/bulk-%s", resource->page, verb));
    page_set_bool(button, "danger", false);
}

json_object *generic_bulk_buttons(struct cx *cx, const struct resource *resource)
{
    json_object *buttons = page_array(cx);
    if (bulk_offers_update(resource) && generic_may(cx, resource, OP_MERGE))
        bulk_button_add(cx, buttons, resource, "update", "Change", "pencil");
    if (merge_may(cx, resource))
        bulk_button_add(cx, buttons, resource, BULK_MERGE, "Merge", /* icon */ "git-merge");
    for (const struct action *const *it = resource->actions; it && *it; it++) {
        if (!((*it)->flags & ACTION_MANY) || ((*it)->flags & ACTION_NO_PAGE) ||
            !action_may(cx, resource, *it))
            continue;
        bulk_button_add(cx, buttons, resource, (*it)->name, (*it)->title, (*it)->icon);
        json_object *button =
            json_object_array_get_idx(buttons, json_object_array_length(buttons) - 1);
        page_set_bool(button, "danger", ((*it)->flags & ACTION_DANGER) != 0);
    }
    return buttons;
}
