/* action_bulk: POST {api}/bulk: one action, or deletion, with many records. Each is a
 * transaction of its own, so that one that cannot be done keeps no other from it, and the answer
 * says of each what became of it. */
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
        else if (sent->values[i].presence != ABSENT && strcmp(name, "ids") != 0 &&
                 strcmp(name, "action") != 0)
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

/* One of many; what it left open when it failed is rolled back. */
static bool do_one(struct cx *cx, const struct resource *resource, const struct action *action,
                   const char *id, bool *there)
{
    struct list_result record;
    int scope = db_scope(&cx->db);
    bool done = action ? action_run(cx, resource, action, id, &record, there)
                       : record_delete(cx, resource, id);
    if (!done)
        db_rollback_to(&cx->db, scope);
    return done;
}

struct tally {
    int64_t done, failed;
};

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

static bool is_repeated(json_object *ids, size_t at)
{
    const char *id = json_object_get_string(json_object_array_get_idx(ids, at));
    for (size_t i = 0; i < at; i++)
        if (strcasecmp(json_object_get_string(json_object_array_get_idx(ids, i)), id) == 0)
            return true;
    return false;
}

static bool write_all(struct cx *cx, struct json *json, const struct action *action,
                      json_object *ids, struct tally *tally)
{
    for (size_t i = 0; i < json_object_array_length(ids); i++) {
        bool there = false;
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
        if (is_repeated(ids, i))
            continue;
        bool done = do_one(cx, cx->route->about, action, id, &there);
        if (!done && ends_all(&cx->failure))
            return false;
        write_one(cx, json, id, done, there);
        *(done ? &tally->done : &tally->failed) += 1;
        cx->failure = (struct failure){.status = 0};
    }
    return true;
}

static bool answer_all(struct cx *cx, const struct action *action, json_object *ids)
{
    struct tally tally = {0, 0};
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "results");
    json_open_array(json);
    if (!write_all(cx, json, action, ids, &tally))
        return false;
    json_close_array(json);
    json_pair_int(json, "done", tally.done);
    json_pair_int(json, "failed", tally.failed);
    json_close_object(json);
    return respond_end(cx);
}

bool action_handle_bulk(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct input *sent = cx->input, *own;
    json_object *ids = input_value(sent, "ids")->json;
    const struct action *action = action_find_many(resource, input_text(cx, "action"));
    if (!take_input(cx, action, sent, &own) || !check(cx, resource, action))
        return false;
    own->query_fields = sent->query_fields;
    own->query_values = sent->query_values;
    cx->input = own;
    bool answered = answer_all(cx, action, ids);
    cx->input = sent;
    return answered;
}
