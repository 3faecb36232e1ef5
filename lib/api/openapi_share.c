/* openapi_share: parameters and answers that several operations have alike stand under
 * components once. Their names come of what they are called; where several things are called so,
 * the name is that of the one that stands there most often, and the first operation's stands
 * before the others'. What all operations of an address take stands with the address. */
#include <ctype.h>
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"

/* All that stands in one kind of place, by its text. */
struct shared {
    struct openapi *api;
    const char *kind;    /* "parameters" or "responses" */
    json_object *counts; /* text -> how often */
    json_object *texts;  /* name -> the text of it that is there most often */
    json_object *made;   /* text -> the name of its component */
};

typedef void place_taker(struct shared *shared, json_object *operation, json_object *holder,
                         const char *key, size_t index, json_object *there);

static const char *plain_text(json_object *part)
{
    return json_object_to_json_string_ext(part, JSON_C_TO_STRING_PLAIN);
}

/* "createdAt[gte]" -> "CreatedAtGte" */
static const char *parameter_name(struct arena *arena, json_object *parameter)
{
    struct buf name;
    bool first = true;
    buf_init(&name, arena);
    for (const char *c = member_text(parameter, "name"); *c; c++) {
        bool word = isalnum((unsigned char)*c);
        if (word)
            buf_putc(&name, first ? (char)toupper((unsigned char)*c) : *c);
        first = !word;
    }
    return name.data;
}

static const char *answer_name(const char *status)
{
    static const char *const names[][2] = {
        {"101", "Upgraded"}, {"200", "Answer"}, {"201", "Made"},       {"202", "Begun"},
        {"204", "Nothing"},  {"303", "Onward"}, {"304", "NotModified"}};
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_equal(names[i][0], status))
            return names[i][1];
    return openapi_failure_name(status);
}

static const char *name_of(struct shared *shared, const char *key, json_object *there)
{
    struct arena *arena = shared->api->arena;
    if (!key)
        return parameter_name(arena, there);
    return answer_name(key);
}

static void each_parameter(struct shared *shared, json_object *operation, place_taker *take)
{
    json_object *list = member(operation, "parameters");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *there = json_object_array_get_idx(list, i);
        if (!member(there, "$ref"))
            take(shared, operation, list, NULL, i, there);
    }
}

static void each_answer(struct shared *shared, json_object *operation, place_taker *take)
{
    json_object *all = member(operation, "responses");
    json_object_object_foreach(all, status, there)
    {
        if (!member(there, "$ref"))
            take(shared, operation, all, status, 0, there);
    }
}

static void each_place(struct shared *shared, place_taker *take)
{
    bool parameters = text_equal(shared->kind, "parameters");
    json_object_object_foreach(member(shared->api->document, "paths"), path, item)
    {
        (void)path;
        json_object_object_foreach(item, method, operation)
        {
            (void)method;
            (parameters ? each_parameter : each_answer)(shared, operation, take);
        }
    }
}

static void count_place(struct shared *shared, json_object *operation, json_object *holder,
                        const char *key, size_t index, json_object *there)
{
    (void)operation, (void)holder, (void)index;
    const char *text = plain_text(there), *name = name_of(shared, key, there);
    int64_t count = member(shared->counts, text) ? member_int(shared->counts, text) : 0;
    put_int(shared->counts, text, ++count);
    if (member(member(shared->api->components, shared->kind), name))
        return; /* another thing has that name */
    const char *known = member_text(shared->texts, name);
    if (!known || count > member_int(shared->counts, known))
        put_text(shared->texts, name, text);
}

static void share_place(struct shared *shared, json_object *operation, json_object *holder,
                        const char *key, size_t index, json_object *there)
{
    struct arena *arena = shared->api->arena;
    const char *text = arena_text(arena, plain_text(there)), *name = name_of(shared, key, there);
    if (member_int(shared->counts, text) < 2)
        return;
    const char *made = member_text(shared->made, text);
    if (made)
        name = arena_text(arena, made);
    else if (!text_equal(member_text(shared->texts, name), text))
        name = arena_printf(
            arena, "%s%s",
            text_pascal(arena, text_snake(arena, member_text(operation, "operationId"))), name);
    put_text(shared->made, text, name);
    json_object *ref = openapi_component(shared->api, shared->kind, name, json_object_get(there));
    if (key)
        json_object_object_add(holder, key, ref);
    else
        json_object_array_put_idx(holder, index, ref);
}

/* ---- what all operations of an address take ---- */

static bool takes_parameter(json_object *operation, json_object *parameter)
{
    json_object *list = member(operation, "parameters");
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (json_object_equal(json_object_array_get_idx(list, i), parameter))
            return true;
    return false;
}

static bool all_take_parameter(json_object *item, json_object *parameter)
{
    json_object_object_foreach(item, method, operation)
    {
        (void)method;
        if (!takes_parameter(operation, parameter))
            return false;
    }
    return true;
}

/* Those of the operation without what is in `lifted`. */
static void leave_others(json_object *operation, json_object *lifted)
{
    json_object *list = member(operation, "parameters"), *left = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *it = json_object_array_get_idx(list, i);
        bool is_lifted = false;
        for (size_t j = 0; j < json_object_array_length(lifted); j++)
            is_lifted = is_lifted || json_object_equal(json_object_array_get_idx(lifted, j), it);
        if (!is_lifted)
            json_object_array_add(left, json_object_get(it));
    }
    if (json_object_array_length(left) > 0) {
        json_object_object_add(operation, "parameters", left);
        return;
    }
    json_object_put(left);
    json_object_object_del(operation, "parameters");
}

static void lift_parameters(json_object *item)
{
    json_object *lifted = json_object_new_array(), *first = NULL;
    json_object_object_foreach(item, method, operation)
    {
        first = first ? first : member(operation, "parameters");
        (void)method;
    }
    for (size_t i = 0; i < json_object_array_length(first); i++)
        if (all_take_parameter(item, json_object_array_get_idx(first, i)))
            json_object_array_add(lifted, json_object_get(json_object_array_get_idx(first, i)));
    json_object_object_foreach(item, key, each)
    {
        (void)key;
        leave_others(each, lifted);
    }
    json_object_object_add(item, "parameters", lifted);
}

void openapi_share(struct openapi *api)
{
    static const char *const kinds[] = {"parameters", "responses"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct shared shared = {api, kinds[i], json_object_new_object(), json_object_new_object(),
                                json_object_new_object()};
        each_place(&shared, count_place);
        each_place(&shared, share_place);
        json_object_put(shared.counts);
        json_object_put(shared.texts);
        json_object_put(shared.made);
    }
    json_object_object_foreach(member(api->document, "paths"), path, item)
    {
        (void)path;
        lift_parameters(item);
    }
}
