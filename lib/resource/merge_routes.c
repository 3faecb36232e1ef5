/* merge_routes: POST {api}/merge. */
#include <strings.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/merge.h"

enum { TAKE_BYTES = 65536 };

static const struct field merge_fields[] = {
    {"ids", ARRAY, REQUIRED, 2, MERGE_MOST, .item = UUID,
     .example = "[\"0192f0c1-7c1e-7000-8000-000000000001\", "
                "\"0192f0c1-7c1e-7000-8000-000000000002\"]",
     .help = "The records that become one, each once."},
    {"winner_id", UUID, REQUIRED, .example = "0192f0c1-7c1e-7000-8000-000000000001",
     .help = "The one of them that stays; the ids of the others lead to it from then on."},
    {"take", JSON, 0, 0, TAKE_BYTES, .example = "{}",
     .help = "Whose value wins: the id of one of the records by the name of a field (`{\"email\": "
             "\"0192…\", \"custom.size\": \"0192…\"}`). Of what is not named the winner's, or, "
             "where it has none, that of the first of the others that has one. Rows that belong to "
             "a record (the lines of a deal) come together unless one of them is named."},
    {"dry_run", BOOL, 0, .initial = "false", .example = "true",
     .help = "true: it is done and taken back; the answer says what would be."},
    {.type = FIELD_END}};

static const struct field moved_fields[] = {
    {"resource", TEXT, NULLABLE, .example = "crm.deals",
     .help = "What referred to the others; null of what one may not read."},
    {"field", TEXT, NULLABLE, .example = "contactId", .help = "By which field, if by one."},
    {"count", INT, .example = "3"},
    {.type = FIELD_END}};
static const struct field merge_answer_fields[] = {
    {"record", JSON, .example = "{}",
     .help = "The winner as it is then, as its address answers it."},
    {"merged_ids", ARRAY, .item = UUID, .help = "Of the others, which are no more."},
    {"moved", ARRAY, .fields = moved_fields, .help = "What refers to the winner now."},
    {"run_id", UUID, NULLABLE,
     .help = "Of the bulk run by which it can be undone for thirty days; null of a dry run."},
    {.type = FIELD_END}};

static bool merge_read(struct cx *cx, struct merge *merge)
{
    const struct value *ids = input_value(cx->input, "ids"), *take = input_value(cx->input, "take");
    const char *winner = input_text(cx, "winner_id");
    merge->winner = MERGE_MOST;
    for (size_t i = 0; i < json_object_array_length(ids->json); i++) {
        const char *id =
            text_lower(cx->arena, json_object_get_string(json_object_array_get_idx(ids->json, i)));
        for (size_t j = 0; j < merge->count; j++)
            if (text_equal(merge->ids[j], id))
                return fail_field(cx, "ids", "repeated", "Name each record once.");
        if (strcasecmp(id, winner) == 0)
            merge->winner = merge->count;
        merge->ids[merge->count++] = id;
    }
    merge->take = take->presence == GIVEN ? take->json : NULL;
    if (merge->take && !json_object_is_type(merge->take, json_type_object))
        return fail_field(cx, "take", "invalid", "Give an object of ids by the names of fields.");
    return merge->winner < MERGE_MOST ||
           fail_field(cx, "winnerId", "unknown_reference", "Name one of the records.");
}

static bool merge_answer(struct cx *cx, const struct merge *merge)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "record");
    record_write_json(json, &merge->record, 0);
    json_key(json, "mergedIds");
    json_open_array(json);
    for (size_t i = 0; i < merge->count; i++)
        if (i != merge->winner)
            json_put_text(json, merge->ids[i]);
    json_close_array(json);
    json_key(json, "moved");
    merge_write_moved(cx, json, merge);
    json_pair(json, "runId", merge->run_id);
    json_close_object(json);
    return respond_end(cx);
}

static bool merge_handle(struct cx *cx)
{
    struct merge merge = {.resource = cx->route->about, .dry = input_bool(cx, "dry_run", false)};
    return merge_read(cx, &merge) && merge_run(cx, &merge) && merge_answer(cx, &merge);
}

size_t merge_routes(const struct resource *resource, struct route *routes)
{
    if (!resource->merges || !resource->api)
        return 0;
    const char *many = text_plural(engine_arena(), resource->one);
    routes[0] = (struct route){
        .method = HTTP_POST,
        .path = engine_text("%s/merge", resource->api),
        .access = resource_access(resource, engine_text("%s:delete", resource->permission)),
        .handle = merge_handle,
        .summary = engine_text("Merge %s: they become one of them.", many),
        .operation = engine_text("merge%s", text_pascal(engine_arena(), many)),
        .body = merge_fields,
        .answer_fields = merge_answer_fields,
        .answer_name = engine_text("merged %s", resource->one),
        .errors = "403 not_yours, 404 not_found, 409 merge_too_large, 409 custom_value_taken",
        .flags = sight_route_flags(resource),
        .about = resource,
    };
    return 1;
}
