/* action_bulk: POST {api}/bulk: one action, deletion or new values for many records: those named,
 * or those that a filter finds at that moment. Each is done for itself, and the answer says of each
 * what became of it; where they are more than one request does, it names the run that goes on. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/internal.h"

/* The members that the action takes, from those of all actions that the route declares. */
static bool take_input(struct cx *cx, const struct action *action, const struct input *sent,
                       struct input **out)
{
    struct input *input = input_new(cx, action ? action->takes : NULL);
    const struct place place = {.cx = cx, .prefix = "", .mode = INPUT_CREATE};
    input->is_form = sent->is_form;
    input->body_sha256 = sent->body_sha256;
    input->query_fields = sent->query_fields;
    input->query_values = sent->query_values;
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

static bool take_set(struct cx *cx, struct bulk *bulk, const struct input *sent)
{
    bool has = field_find(sent->fields, "set") != NULL;
    const struct value *set = has ? input_value(sent, "set") : NULL;
    bool given = set && set->presence == GIVEN;
    if (strcmp(bulk->verb, "update") != 0)
        return !given || fail_field(cx, "set", "unknown_field", "Only an update sets something.");
    bulk->set = given ? set->text : "{}";
    return true;
}

static void write_one(struct json *json, const char *id, const struct bulk_outcome *outcome)
{
    json_open_object(json);
    json_pair(json, "id", id);
    json_pair_int(json, "status", outcome->status);
    json_pair(json, "code", outcome->code);
    json_pair(json, "message", outcome->message);
    json_close_object(json);
}

static bool end_answer(struct cx *cx, struct json *json, const struct bulk *bulk)
{
    json_close_array(json);
    json_pair_int(json, "done", bulk->done);
    json_pair_int(json, "failed", bulk->handled - bulk->done);
    json_pair(json, "runId", bulk->run_id[0] ? bulk->run_id : NULL);
    json_close_object(json);
    return respond_end(cx);
}

static struct json *begin_answer(struct cx *cx, int status)
{
    struct json *json = respond_begin(cx, status);
    json_open_object(json);
    json_key(json, "results");
    json_open_array(json);
    return json;
}

static bool answer_all(struct cx *cx, struct bulk *bulk, const struct bulk_ids *chosen)
{
    struct bulk_outcome outcome;
    bool kept = !bulk->action && !bulk->dry && chosen->count > 0;
    if (kept && !bulk_keep_begin(cx, bulk, chosen->count))
        return false;
    struct json *json = begin_answer(cx, 200);
    for (size_t i = 0; i < chosen->count; i++) {
        if (!bulk_do(cx, bulk, chosen->ids[i], &outcome))
            return false;
        write_one(json, chosen->ids[i], &outcome);
    }
    return (!kept || bulk_keep_end(cx, bulk)) && end_answer(cx, json, bulk);
}

static bool answer_begun(struct cx *cx, struct bulk *bulk, const struct bulk_ids *chosen)
{
    if (!bulk_leave_to_job(cx, bulk, chosen))
        return false;
    response_header_set(cx, "Location",
                        arena_printf(cx->arena, "%s/%s", BULK_RUNS_API, bulk->run_id));
    return end_answer(cx, begin_answer(cx, 202), bulk);
}

/* What calls others cannot be taken back. */
static bool may_be_tried(struct cx *cx, const struct bulk *bulk)
{
    return !bulk->dry || !bulk->action || !(bulk->action->flags & ACTION_OUTSIDE) ||
           fail_field(cx, "dryRun", "not_possible", "This action cannot be tried.");
}

bool action_handle_bulk(struct cx *cx)
{
    struct input *sent = cx->input;
    struct bulk_ids chosen = {.count = 0};
    struct bulk bulk = {.resource = cx->route->about,
                        .verb = input_text(cx, "action"),
                        .dry = input_bool(cx, ACTION_DRY_RUN, false)};
    bulk.action = action_find_many(bulk.resource, bulk.verb);
    if (!may_be_tried(cx, &bulk) || !take_input(cx, bulk.action, sent, &bulk.taken) ||
        !take_set(cx, &bulk, sent) || !bulk_check(cx, &bulk) ||
        !bulk_choose(cx, bulk.resource, sent, bulk_most(&bulk), &chosen))
        return false;
    return chosen.count > BULK_AT_ONCE ? answer_begun(cx, &bulk, &chosen)
                                       : answer_all(cx, &bulk, &chosen);
}
