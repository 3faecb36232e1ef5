/* openapi_share: parameters and answers that several operations have alike stand under
 * components once. Their names come of what they are called, as long as one thing is called so;
 * else the first operation's stands before. */
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
    json_object *texts;  /* name -> the one text of it that is there more than once, or "" */
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
    put_int(shared->counts, text, count + 1);
    if (count != 1) /* it is noted when it comes for the second time */
        return;
    const char *known = member_text(shared->texts, name);
    bool free = !known && !member(member(shared->api->components, shared->kind), name);
    put_text(shared->texts, name, free ? text : "");
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
}
