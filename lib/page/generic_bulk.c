/* What is done with many records of a list: those ticked, or all that it shows. A page asks first,
 * with their names or how many they are, and takes what is needed; up to a hundred are done with
 * then, more are left to a job, whose page says how far it is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/custom.h"
#include "resource/model.h"
#include "resource/resource.h"

struct bulk_page {
    struct bulk bulk;
    struct bulk_ids chosen;
    bool all; /* that the list shows */
};

/* "1 lead", "3 leads" */
static const char *counted(struct cx *cx, const struct resource *resource, int64_t count)
{
    return count == 1 ? arena_printf(cx->arena, "1 %s", cx_text(cx, resource->one))
                      : arena_printf(cx->arena, "%lld %s", (long long)count,
                                     cx_in_sentence(cx, resource->title));
}

/* Where the form says that the list is, if that is a page of the resource. */
static const char *list_of(const struct cx *cx, const struct resource *resource)
{
    const char *next = parameter_get(cx->request.form, "next");
    return next && text_starts(next, resource->page) ? next : resource->page;
}

/* ---- which ---- */

static bool choose_all(struct cx *cx, struct bulk_page *page)
{
    struct parameter *query = NULL, *asked = cx->request.query;
    const struct resource *resource = page->bulk.resource;
    const char *mark = strchr(list_of(cx, resource), '?');
    if (mark && !parse_urlencoded(cx->arena, mark + 1, strlen(mark + 1), 100, &query))
        return fail(cx, 400, "bad_request", "The address of the list cannot be read.");
    cx->request.query = query;
    list_read_typed(cx, resource);
    query = cx->request.query;
    cx->request.query = asked;
    return bulk_find(cx, resource, query, bulk_most(&page->bulk), &page->chosen);
}

static bool choose(struct cx *cx, struct bulk_page *page)
{
    page->all = text_equal(parameter_get(cx->request.form, "all"), "yes");
    if (page->all)
        return choose_all(cx, page);
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "id") == 0 && uuid_is(it->value) && page->chosen.count < BULK_AT_ONCE)
            bulk_add_id(cx, &page->chosen, it->value);
    return true;
}

/* Back to the list, which says that nothing was ticked, or too much. */
static bool none_ticked(struct cx *cx, const struct bulk_page *page)
{
    if (cx->failure.status != 0 && cx->failure.status != 422)
        return false;
    page_notice(cx, "warning",
                cx->failure.details ? cx->failure.details->message : "Nothing was ticked.");
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, list_of(cx, page->bulk.resource));
}

/* ---- asking ---- */

void bulk_keep(json_object *data, const char *name, const char *value)
{
    json_object *kept = page_item(json_object_object_get(data, "kept"));
    page_set(kept, "name", name);
    page_set(kept, "value", value);
}

static bool find_row(const struct list_result *records, const char *id, size_t *row)
{
    int column = show_column(records, "id");
    for (*row = 0; *row < rows_count(records->rows); (*row)++)
        if (strcasecmp(rows_text(records->rows, *row, column), id) == 0)
            return true;
    return false;
}

/* Those that are there by their names, and bound by their ids from now on. *found: how many. */
static bool add_named(struct cx *cx, json_object *data, const struct bulk_page *page,
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
        if (!find_row(&records, page->chosen.ids[i], &row))
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
static bool add_records(struct cx *cx, json_object *data, const struct bulk_page *page,
                        const char **what)
{
    int64_t count = (int64_t)page->chosen.count;
    if (count <= BULK_AT_ONCE && !add_named(cx, data, page, &count))
        return false;
    if (count > BULK_AT_ONCE) {
        bulk_keep(data, "all", "yes");
        bulk_keep(data, "count", arena_printf(cx->arena, "%lld", (long long)count));
    }
    bulk_keep(data, "next", list_of(cx, page->bulk.resource));
    *what = counted(cx, page->bulk.resource, count);
    return true;
}

static const char *verb_path(struct cx *cx, const struct bulk *bulk)
{
    return arena_printf(cx->arena, "%s/bulk-%s", bulk->resource->page, bulk->verb);
}

#define CAN_BE_UNDONE                                                                              \
    "This can be undone for thirty days, under Changes of many in the menu of your account."

static bool ask_delete(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct bulk *bulk = &page->bulk;
    const char *what;
    json_object *data =
        generic_ask(cx, bulk->resource, verb_path(cx, bulk), list_of(cx, bulk->resource));
    if (!add_records(cx, data, page, &what))
        return false;
    if (bulk_is_undoable(bulk))
        page_set(data, "text", CAN_BE_UNDONE);
    page_set(data, "submit", cx_printf(cx, "Delete %s", what));
    return page_render(cx, status, "layout/confirm", cx_printf(cx, "Delete %s?", what), data);
}

static bool ask_action(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct bulk *bulk = &page->bulk;
    const char *what;
    json_object *data =
        generic_ask_action(cx, bulk->action, verb_path(cx, bulk), list_of(cx, bulk->resource));
    return add_records(cx, data, page, &what) &&
           page_render(cx, status, "layout/action",
                       cx_printf(cx, "%s: %s", bulk->action->title, what), data);
}

static bool is_ticked(const struct cx *cx, const char *name)
{
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "_set") == 0 && strcmp(it->value, name) == 0)
            return true;
    return false;
}

/* Those that may be set for many, each with a tick that says that it is. */
static json_object *set_fields(struct cx *cx, const struct resource *resource)
{
    json_object *all = page_form_fields(cx, resource->fields, NULL, false);
    for (size_t i = json_object_array_length(all); i > 0; i--) {
        json_object *it = json_object_array_get_idx(all, i - 1);
        const char *name = json_object_get_string(json_object_object_get(it, "name"));
        const struct field *field = field_find_json(resource->fields, name);
        if (field && !bulk_sets(cx, resource, field)) {
            json_object_array_del_idx(all, i - 1, 1);
            continue;
        }
        page_set_bool(it, "ticked", is_ticked(cx, name));
        page_set_bool(it, "required", false);
    }
    return all;
}

static bool ask_update(struct cx *cx, const struct bulk_page *page, int status)
{
    const struct resource *resource = page->bulk.resource;
    const char *what;
    json_object *data =
        generic_ask(cx, resource, verb_path(cx, &page->bulk), list_of(cx, resource));
    if (!add_records(cx, data, page, &what))
        return false;
    page_set(data, "text",
             bulk_is_undoable(&page->bulk) ? CAN_BE_UNDONE : "Tick what is to be changed.");
    page_set(data, "submit", cx_printf(cx, "Change %s", what));
    json_object_object_add(data, "fields", set_fields(cx, resource));
    return page_render(cx, status, "layout/bulk_update", cx_printf(cx, "Change %s", what), data);
}

static bool ask(struct cx *cx, const struct bulk_page *page, int status)
{
    return page->bulk.action                        ? ask_action(cx, page, status)
           : strcmp(page->bulk.verb, "update") == 0 ? ask_update(cx, page, status)
                                                    : ask_delete(cx, page, status);
}

/* ---- doing ---- */

static void say(struct cx *cx, const struct bulk *bulk, const char *refused)
{
    const char *what = counted(cx, bulk->resource, bulk->done);
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
static bool do_all(struct cx *cx, struct bulk_page *page)
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
    say(cx, bulk, refused);
    return page_go(cx, list_of(cx, bulk->resource));
}

static bool leave_to_job(struct cx *cx, struct bulk_page *page)
{
    return bulk_leave_to_job(cx, &page->bulk, &page->chosen) &&
           page_go(cx, arena_printf(cx->arena, "%s/%s", BULK_RUNS_PAGE, page->bulk.run_id));
}

/* They were not asked about others than there are now. */
static bool is_as_many(struct cx *cx, const struct bulk_page *page)
{
    const char *count = parameter_get(cx->request.form, "count");
    return page->chosen.count <= BULK_AT_ONCE ||
           text_equal(count, arena_printf(cx->arena, "%zu", page->chosen.count));
}

static bool is_confirmed(const struct cx *cx)
{
    return text_equal(parameter_get(cx->request.form, "_confirmed"), "yes") ||
           text_equal(parameter_get(cx->request.form, "confirm"), "yes");
}

/* What people can put right themselves is shown on the form again. */
static bool ask_again(struct cx *cx, const struct bulk_page *page, int scope)
{
    db_rollback_to(&cx->db, scope);
    return cx->failure.status == 422 && ask(cx, page, 422);
}

static bool handle(struct cx *cx, struct bulk_page *page, bool (*take)(struct cx *, struct bulk *))
{
    bool confirmed = is_confirmed(cx);
    int scope = db_scope(&cx->db);
    struct failure typed = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!choose(cx, page) || page->chosen.count == 0)
        return none_ticked(cx, page);
    if (!confirmed || !is_as_many(cx, page))
        return ask(cx, page, 200);
    cx->failure = typed;
    if (typed.status != 0 || (take && !take(cx, &page->bulk)) || !bulk_check(cx, &page->bulk))
        return ask_again(cx, page, scope);
    bool done = page->chosen.count > BULK_AT_ONCE ? leave_to_job(cx, page) : do_all(cx, page);
    return done || ask_again(cx, page, scope);
}

bool generic_bulk_action(struct cx *cx)
{
    const struct action *action = cx->route->action;
    struct bulk_page page = {.bulk = {.resource = cx->route->about,
                                      .verb = action->name,
                                      .action = action,
                                      .taken = cx->input}};
    return handle(cx, &page, NULL);
}

bool generic_bulk_delete(struct cx *cx)
{
    struct bulk_page page = {.bulk = {.resource = cx->route->about, .verb = "delete"}};
    return handle(cx, &page, NULL);
}

/* ---- new values ---- */

static struct field *end_fields(struct field *fields, size_t count)
{
    fields[count] = (struct field){.type = FIELD_END};
    return fields;
}

/* The fields that are ticked, among these. */
static const struct field *ticked_fields(struct cx *cx, const struct resource *resource,
                                         const struct field *all)
{
    size_t count = 0;
    struct field *out = arena_alloc(cx->arena, (field_count(all) + 1) * sizeof *out);
    for (const struct field *it = all; it->type != FIELD_END; it++) {
        bool own = it->flags & MADE || bulk_sets(cx, resource, it);
        bool beside = it->type == CURRENCY && (it->flags & MADE) && it > all &&
                      is_ticked(cx, field_json_name(it - 1)); /* the currency of an amount */
        if (it->type != CUSTOM && own && (beside || is_ticked(cx, field_json_name(it))))
            out[count++] = *it;
    }
    return end_fields(out, count);
}

/* Of an amount of money of the tenant's own, "custom.budget.amount", the member. */
static void add_made(json_object *custom, const char *name, json_object *value)
{
    const char *member = strchr(name, '.');
    if (!member) {
        json_object_object_add(custom, name, value);
        return;
    }
    char key[64];
    json_object *money = NULL;
    snprintf(key, sizeof key, "%.*s", (int)(member - name), name);
    if (!json_object_object_get_ex(custom, key, &money) || !money) {
        money = json_object_new_object();
        json_object_object_add(custom, key, money);
    }
    json_object_object_add(money, member + 1, value);
}

static json_object *value_of(struct cx *cx, const struct field *field, const struct value *value)
{
    struct buf text;
    struct json json;
    if (value->presence != GIVEN)
        return NULL;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    field_write_json(&json, field, value->text, strlen(value->text));
    return json_tokener_parse(text.data);
}

/* What was typed for the ticked fields, as a patch. */
static bool take_typed(struct cx *cx, const struct resource *resource, const struct field *all,
                       json_object *set)
{
    const struct field *fields = ticked_fields(cx, resource, all);
    struct input *typed;
    if (!input_read_form(cx, fields, INPUT_MERGE, &typed))
        return false;
    for (size_t i = 0; fields[i].type != FIELD_END; i++) {
        const char *name = field_json_name(&fields[i]);
        json_object *value = value_of(cx, &fields[i], &typed->values[i]);
        if (fields[i].flags & MADE)
            add_made(set, name + strlen("custom."), value);
        else
            json_object_object_add(set, name, value);
    }
    return true;
}

static bool take_set(struct cx *cx, struct bulk *bulk)
{
    json_object *set = page_object(cx), *made = page_object(cx);
    const struct field *custom = custom_field(bulk->resource);
    const struct custom *own = custom ? custom_of(cx, bulk->resource) : NULL;
    if ((custom && !own) || !take_typed(cx, bulk->resource, bulk->resource->fields, set) ||
        (own && !take_typed(cx, bulk->resource, own->fields, made)))
        return false;
    if (json_object_object_length(made) > 0)
        json_object_object_add(set, "custom", json_object_get(made));
    bulk->set = json_object_to_json_string_ext(set, JSON_C_TO_STRING_PLAIN);
    return json_object_object_length(set) > 0 ||
           fail_field(cx, "set", "required", "Tick at least one field and say what it becomes.");
}

bool generic_bulk_update(struct cx *cx)
{
    struct bulk_page page = {.bulk = {.resource = cx->route->about, .verb = "update", .set = "{}"}};
    return handle(cx, &page, take_set);
}

/* ---- what the list offers ---- */

static void add_button(struct cx *cx, json_object *buttons, const struct resource *resource,
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
        add_button(cx, buttons, resource, "update", "Change", "pencil");
    for (const struct action *const *it = resource->actions; it && *it; it++) {
        if (!((*it)->flags & ACTION_MANY) || ((*it)->flags & ACTION_NO_PAGE) ||
            !action_may(cx, resource, *it))
            continue;
        add_button(cx, buttons, resource, (*it)->name, (*it)->title, (*it)->icon);
        json_object *button =
            json_object_array_get_idx(buttons, json_object_array_length(buttons) - 1);
        page_set_bool(button, "danger", ((*it)->flags & ACTION_DANGER) != 0);
    }
    return buttons;
}

/* ---- how far a run is ---- */

enum { REFUSED_SHOWN = 200 };

static const char *what_of(struct cx *cx, const char *verb, const struct resource *resource)
{
    const struct action *action = resource ? action_find_many(resource, verb) : NULL;
    const char *title = action                        ? action->title
                        : strcmp(verb, "update") == 0 ? "Change"
                        : strcmp(verb, "delete") == 0 ? "Delete"
                                                      : verb;
    return cx_text(cx, title);
}

/* By their names as they are now, as far as one sees them; else as they were kept. */
static bool add_refused(struct cx *cx, json_object *data, const struct resource *resource,
                        const char *run_id)
{
    struct list_result records = {.rows = NULL};
    struct bulk_ids ids = {.count = 0};
    json_object *list = page_list(data, "refused");
    const struct rows *rows = bulk_refused(cx, run_id, REFUSED_SHOWN);
    if (!rows)
        return false;
    for (size_t i = 0; i < rows_count(rows); i++)
        bulk_add_id(cx, &ids, rows_text(rows, i, 0));
    bool reads = resource && (resource->operations & OP_GET) && generic_may(cx, resource, OP_GET);
    if (reads && ids.count > 0 && !record_get_all(cx, resource, ids.ids, ids.count, &records))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *id = rows_text(rows, i, 0), *label = rows_text(rows, i, 1);
        json_object *item = page_item(list);
        size_t row;
        bool there = records.rows && find_row(&records, id, &row);
        page_set(item, "name",
                 there   ? show_label(cx, resource, &records, row)
                 : label ? label
                         : "A record that is not there (any more)");
        page_set(item, "path", there ? arena_printf(cx->arena, "%s/%s", resource->page, id) : NULL);
        page_set(item, "message", rows_text(rows, i, 5));
    }
    page_set_bool(data, "hasRefused", rows_count(rows) > 0);
    page_set_bool(data, "hasMore", rows_count(rows) == REFUSED_SHOWN);
    return true;
}

static int64_t number_of(const struct list_result *record, const char *name)
{
    int64_t number = 0;
    text_to_int(record_value(record, name), INT64_MIN, INT64_MAX, &number);
    return number;
}

bool page_add_bulk_run(struct cx *cx, json_object *data, const struct list_result *record)
{
    const struct resource *resource = model_resource(record_value(record, "resource"));
    const char *status = record_value(record, "status"), *id = record_value(record, "id");
    int64_t handled = number_of(record, "handled"), done = number_of(record, "done");
    bool undone = strcmp(status, "undone") == 0, undoing = strcmp(status, "undoing") == 0;
    page_set(data, "what",
             arena_printf(cx->arena, "%s: %s",
                          what_of(cx, record_value(record, "action"), resource),
                          resource ? counted(cx, resource, number_of(record, "total"))
                                   : record_value(record, "resource")));
    page_set_int(data, "total", undoing ? done : number_of(record, "total"));
    page_set_int(data, "handled",
                 undoing ? number_of(record, "restored") + number_of(record, "kept") : handled);
    page_set_int(data, "done", done);
    page_set_int(data, "refusedCount", handled - done);
    page_set_int(data, "restored", number_of(record, "restored"));
    page_set_int(data, "kept", number_of(record, "kept"));
    page_set_bool(data, "running", undoing || strcmp(status, "running") == 0);
    page_set_bool(data, "undone", undone);
    page_set_bool(data, "undoing", undoing);
    page_set(data, "list", resource && resource->page ? resource->page : NULL);
    page_set(data, "listTitle", resource ? resource->title : NULL);
    return add_refused(cx, data, resource, id);
}
