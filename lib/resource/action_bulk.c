/* action_bulk: POST {api}/bulk: one action, or deletion, with many records: those named, or those
 * that a filter finds at that moment. Each is a transaction of its own, so that one that cannot be
 * done keeps no other from it, and the answer says of each what became of it. */
#include <string.h>
#include <strings.h>

#include "access/factor.h"
#include "access/permission.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/action.h"
#include "resource/internal.h"

/* The members that the action takes, from those of all actions that the route declares. */
static bool take_input(struct cx *cx, const struct action *action, const struct input *sent,
                       struct input **out)
{
    struct input *input = input_new(cx, action ? action->takes : NULL);
    const struct place place = {.cx = cx, .prefix = "", .mode = INPUT_CREATE};
    input->is_form = sent->is_form;
    input->body_sha256 = sent->body_sha256;
    for (size_t i = 0; sent->fields[i].type != FIELD_END; i++) {
        const char *name = sent->fields[i].name;
        const struct field *own = field_find(input->fields, name);
        if (own)
            input->values[own - input->fields] = sent->values[i];
        else if (sent->values[i].presence != ABSENT && !action_is_bulk_member(name))
            fail_field(cx, field_json_name(&sent->fields[i]), "unknown_field",
                       "This action does not take it.");
    }
    *out = input;
    return input_require(&place, input->fields, input->values) && cx->failure.status == 0;
}

/* The permission, and what else the route of one record would ask. */
static bool check(struct cx *cx, const struct resource *resource, const struct action *action)
{
    if (action)
        return action_check(cx, resource, action);
    const char *needs = engine_text("%s:delete", resource->permission);
    if (!resource_may(cx, resource, needs))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", needs);
    return !(resource->write_flags & ROUTE_STEP_UP) || factor_step_up_check(cx);
}

/* ---- with which ---- */

struct chosen {
    const char *ids[ACTION_BULK_MAX];
    size_t count;
};

static bool is_chosen(const struct chosen *chosen, const char *id)
{
    for (size_t i = 0; i < chosen->count; i++)
        if (strcasecmp(chosen->ids[i], id) == 0)
            return true;
    return false;
}

static void choose_named(struct chosen *out, json_object *ids)
{
    for (size_t i = 0; i < json_object_array_length(ids); i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
        if (!is_chosen(out, id))
            out->ids[out->count++] = id;
    }
}

static bool refuse_filter(struct cx *cx, const char *name, const char *code, const char *message)
{
    return fail_field(cx, *name ? arena_printf(cx->arena, "filter.%s", name) : "filter", code, "%s",
                      message);
}

/* What only says how a list is shown chooses nothing. */
static bool chooses_records(const char *name)
{
    static const char *const shows[] = {"page", "limit",  "after",  "count",
                                        "sort", "fields", "include"};
    for (size_t i = 0; i < COUNT(shows); i++)
        if (strcmp(name, shows[i]) == 0)
            return false;
    return true;
}

static struct parameter **add_parameter(struct cx *cx, struct parameter **tail, const char *name,
                                        json_object *value)
{
    *tail = arena_alloc(cx->arena, sizeof **tail);
    **tail = (struct parameter){.name = name, .value = json_object_get_string(value)};
    return &(*tail)->next;
}

/* {"status": "new", "valueAmount[gte]": 100}: as the parameters of a list would say it. */
static bool read_filter(struct cx *cx, json_object *filter, struct parameter **out)
{
    struct parameter **tail = out;
    if (!json_object_is_type(filter, json_type_object) || json_object_object_length(filter) == 0)
        return refuse_filter(cx, "", "invalid", "Name at least one filter of the list.");
    json_object_object_foreach(filter, name, value)
    {
        if (!chooses_records(name))
            return refuse_filter(cx, name, "unknown_field", "The list has no such filter.");
        if (!value || json_object_is_type(value, json_type_object))
            return refuse_filter(cx, name, "invalid", "Give a text, a number or true or false.");
        bool many = json_object_is_type(value, json_type_array);
        if (many && !text_ends(name, "[in]"))
            return refuse_filter(cx, name, "invalid", "Several values belong to [in].");
        for (size_t i = 0; many && i < json_object_array_length(value); i++)
            tail = add_parameter(cx, tail, name, json_object_array_get_idx(value, i));
        if (!many)
            tail = add_parameter(cx, tail, name, value);
    }
    return true;
}

/* The list says what is wrong with a parameter; here it is a member of the body. */
static bool refuse_as_member(struct cx *cx)
{
    const struct failure_detail *it = cx->failure.details;
    if (cx->failure.status != 400 || !it)
        return false;
    cx->failure = (struct failure){.status = 0};
    return refuse_filter(cx, it->field, it->code, it->message);
}

bool action_find_matching(struct cx *cx, const struct resource *resource,
                          struct parameter *parameters, struct list_result *out)
{
    struct list_query query;
    struct parameter *asked = cx->request.query;
    const struct field *only_id[] = {resource_columns(resource)[0], NULL};
    cx->request.query = parameters;
    bool understood = list_read_query(cx, resource, &query);
    cx->request.query = asked;
    if (!understood)
        return refuse_as_member(cx);
    query.page = 1;
    query.limit = ACTION_BULK_MAX + 1;
    query.count = false;
    query.after = NULL;
    query.labels = NULL;
    query.columns = only_id;
    if (!list_run(cx, resource, &query, out))
        return false;
    return rows_count(out->rows) <= ACTION_BULK_MAX ||
           refuse_filter(cx, "", "too_many", "More than 100 records match; narrow the filter.");
}

static bool choose_matching(struct cx *cx, json_object *filter, struct chosen *out)
{
    struct parameter *parameters = NULL;
    struct list_result found = {.rows = NULL};
    if (!read_filter(cx, filter, &parameters) ||
        !action_find_matching(cx, cx->route->about, parameters, &found))
        return false;
    for (size_t i = 0; i < rows_count(found.rows); i++)
        out->ids[out->count++] = rows_text(found.rows, i, 0);
    return true;
}

static bool choose(struct cx *cx, const struct input *sent, struct chosen *out)
{
    const struct value *ids = input_value(sent, "ids");
    const struct field *filters = field_find(sent->fields, "filter");
    const struct value *filter = filters ? input_value(sent, "filter") : NULL;
    bool named = ids->presence == GIVEN, filtered = filter && filter->presence == GIVEN;
    out->count = 0;
    if (named && filtered)
        return fail_field(cx, "filter", "not_with_ids", "Give ids or a filter.");
    if (!named && !filtered)
        return fail_field(cx, "ids", "required", "Say with which records.");
    if (filtered)
        return choose_matching(cx, filter->json, out);
    choose_named(out, ids->json);
    return true;
}

/* ---- doing it ---- */

struct bulk {
    const struct action *action; /* NULL: deletion */
    bool dry;
    int64_t done, failed;
};

/* One of many; what it left open when it failed is rolled back, and all when it is only tried. */
static bool do_one(struct cx *cx, const struct bulk *bulk, const char *id, bool *there)
{
    struct list_result record;
    const struct resource *resource = cx->route->about;
    int scope = db_scope(&cx->db);
    if (bulk->dry && !db_begin(&cx->db))
        return fail_db(cx);
    bool done = bulk->action ? action_run(cx, resource, bulk->action, id, &record, there)
                             : record_delete(cx, resource, id);
    if (!done || bulk->dry)
        db_rollback_to(&cx->db, scope);
    return done;
}

static void write_one(struct cx *cx, struct json *json, const char *id, bool done, bool there)
{
    json_open_object(json);
    json_pair(json, "id", id);
    json_pair_int(json, "status", !done ? cx->failure.status : there ? 200 : 204);
    json_pair(json, "code", done ? NULL : cx->failure.code);
    json_pair(json, "message", done ? NULL : cx->failure.message);
    json_close_object(json);
}

/* What is wrong on our side is wrong for all that follow too. */
static bool ends_all(const struct failure *failure)
{
    return failure->status == 0 || failure->status >= 500 || failure->status == 401;
}

static bool write_all(struct cx *cx, struct json *json, struct bulk *bulk,
                      const struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        bool there = false;
        bool done = do_one(cx, bulk, chosen->ids[i], &there);
        if (!done && ends_all(&cx->failure))
            return false;
        write_one(cx, json, chosen->ids[i], done, there);
        *(done ? &bulk->done : &bulk->failed) += 1;
        cx->failure = (struct failure){.status = 0};
    }
    return true;
}

static bool answer_all(struct cx *cx, struct bulk *bulk, const struct chosen *chosen)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "results");
    json_open_array(json);
    if (!write_all(cx, json, bulk, chosen))
        return false;
    json_close_array(json);
    json_pair_int(json, "done", bulk->done);
    json_pair_int(json, "failed", bulk->failed);
    json_close_object(json);
    return respond_end(cx);
}

/* What calls others cannot be taken back. */
static bool may_be_tried(struct cx *cx, const struct bulk *bulk)
{
    return !bulk->dry || !bulk->action || !(bulk->action->flags & ACTION_OUTSIDE) ||
           fail_field(cx, "dryRun", "not_possible", "This action cannot be tried.");
}

bool action_handle_bulk(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct input *sent = cx->input, *own;
    struct chosen *chosen = arena_alloc(cx->arena, sizeof *chosen);
    struct bulk bulk = {.action = action_find_many(resource, input_text(cx, "action")),
                        .dry = input_bool(cx, ACTION_DRY_RUN, false)};
    if (!may_be_tried(cx, &bulk) || !take_input(cx, bulk.action, sent, &own) ||
        !check(cx, resource, bulk.action) || !choose(cx, sent, chosen))
        return false;
    own->query_fields = sent->query_fields;
    own->query_values = sent->query_values;
    cx->input = own;
    bool answered = answer_all(cx, &bulk, chosen);
    cx->input = sent;
    return answered;
}
