/* resource_action_routes: the addresses of a resource's actions by API. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/action.h"
#include "resource/bulk.h"
#include "resource/internal.h"

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Adds the words in lower case, each but the first of all with a capital. */
static void add_words(struct buf *name, const char *words, size_t len)
{
    bool begins = name->len > 0;
    for (size_t i = 0; i < len; i++) {
        bool gap = words[i] == '-' || words[i] == ' ';
        if (!gap)
            buf_putc(name, begins ? to_upper(words[i]) : to_lower(words[i]));
        begins = gap && name->len > 0;
    }
}

/* "reset-password", "API key": resetApiKeyPassword. */
static const char *operation_name(const char *verb, const char *noun)
{
    struct buf name;
    size_t first = strcspn(verb, "-");
    buf_init(&name, engine_arena());
    add_words(&name, verb, first);
    add_words(&name, noun, strlen(noun));
    add_words(&name, verb + first, strlen(verb + first));
    return name.data;
}

static const char *errors_of(const struct action *action)
{
    const char *code = action->refused.code ? action->refused.code : "action_not_possible";
    const char *own = action->errors;
    if (!action->when)
        return own;
    return engine_text("409 %s%s%s", code, own ? ", " : "", own ? own : "");
}

#define DRY_RUN_FIELD                                                                              \
    {                                                                                              \
        ACTION_DRY_RUN, BOOL, 0,                                                                   \
            .initial = "false", .example = "true",                                                 \
            .help = "true: nothing is changed or sent; the answer says what would be."             \
    }

/* What it takes by API: to be tried only, too, where it sends. */
static const struct field *body_of(const struct action *action)
{
    static const struct field dry = DRY_RUN_FIELD;
    size_t count = action->takes ? field_count(action->takes) : 0;
    if (!(action->flags & ACTION_SENDS))
        return action->takes;
    struct field *fields = arena_alloc(engine_arena(), (count + 2) * sizeof *fields);
    if (count > 0)
        memcpy(fields, action->takes, count * sizeof *fields);
    fields[count] = dry;
    fields[count + 1] = (struct field){.type = FIELD_END};
    return fields;
}

static const char *operation_of(const struct resource *resource, const struct action *action)
{
    bool on_list = (action->flags & ACTION_ON_LIST) != 0;
    return operation_name(action->name,
                          on_list ? text_plural(engine_arena(), resource->one) : resource->one);
}

static struct route route_of(const struct resource *resource, const struct action *action)
{
    bool on_list = (action->flags & ACTION_ON_LIST) != 0;
    return (struct route){
        .method = HTTP_POST,
        .path = engine_text("%s%s/%s", action_home(resource, action)->api, on_list ? "" : "/:id",
                            action->name),
        .access = resource_access(resource, action_needs(resource, action)),
        .handle = action_handle,
        .summary = action->summary,
        .body = body_of(action),
        .gives = on_list ? NULL : action->gives,
        .answer = on_list && !action->gives ? ANSWER_NOTHING : ANSWER_ITEM,
        .answer_fields = on_list ? action->gives : NULL,
        .errors = errors_of(action),
        .operation = action->operation ? action->operation : operation_of(resource, action),
        .flags = action_route_flags(action) | sight_route_flags(resource),
        .about = resource,
        .action = action,
    };
}

/* ---- with many ---- */

enum { FILTER_BYTES = 4096, SET_BYTES = 32768 };

static bool deletes_many(const struct resource *resource)
{
    return (resource->operations & OP_DELETE) && !(resource->write_flags & ROUTE_IN_PERSON);
}

/* One permission for all that it offers, else that of reading: each asks for its own then. */
static const char *bulk_needs(const struct resource *resource)
{
    const char *needs = NULL, *own[ACTIONS_MAX + 2];
    size_t count = 0;
    if (resource->personal)
        return NULL;
    if (deletes_many(resource))
        own[count++] = engine_text("%s:delete", resource->permission);
    if (bulk_offers_update(resource))
        own[count++] = engine_text("%s:update", resource->permission);
    for (const struct action *const *it = resource->actions; it && *it && count < COUNT(own); it++)
        if ((*it)->flags & ACTION_MANY)
            own[count++] = action_needs(resource, *it);
    for (size_t i = 0; i < count; i++) {
        if (needs && strcmp(needs, own[i]) != 0)
            return engine_text("%s:read", resource->permission);
        needs = own[i];
    }
    return needs;
}

static const char *const *bulk_verbs(const struct resource *resource, size_t *count)
{
    const char **verbs = arena_alloc(engine_arena(), (ACTIONS_MAX + 3) * sizeof *verbs);
    *count = 0;
    if (deletes_many(resource))
        verbs[(*count)++] = "delete";
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if (((*it)->flags & ACTION_MANY) && *count <= ACTIONS_MAX)
            verbs[(*count)++] = (*it)->name;
    if (bulk_offers_update(resource))
        verbs[(*count)++] = "update";
    return verbs;
}

/* What an action takes; that it is required is checked once the action is known. */
static void add_taken(struct field *fields, size_t *count, const struct action *action)
{
    for (const struct field *it = action->takes; it && it->type != FIELD_END; it++) {
        if (field_find(fields, it->name))
            continue;
        fields[*count] = *it;
        fields[*count].flags &= ~(unsigned)REQUIRED;
        fields[(*count)++].initial = NULL;
    }
}

bool action_is_bulk_member(const char *name)
{
    static const char *const names[] = {"ids", "action", "filter", "set", ACTION_DRY_RUN};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* {"status": "new"}: of a field that may be set. */
static const char *set_example(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (field_is_column(it) && it->example && !it->refers && !it->seen_with &&
            !it->changed_with && !(it->flags & (CREATE_ONLY | GUARDED)) && it->type == TEXT)
            return engine_text("{\"%s\": \"%s\"}", field_json_name(it), it->example);
    return NULL;
}

static const struct field *bulk_fields(const struct resource *resource)
{
    size_t verbs, count = 4, room = 6;
    const char *const *choices = bulk_verbs(resource, &verbs);
    for (const struct action *const *it = resource->actions; it && *it; it++)
        room += (*it)->takes ? field_count((*it)->takes) : 0;
    struct field *fields = arena_alloc(engine_arena(), room * sizeof *fields);
    fields[0] = (struct field){.name = "ids",
                               .type = ARRAY,
                               .min = 1,
                               .max = BULK_NAMED,
                               .item = UUID,
                               .example = "[\"0192f0c1-7c1e-7000-8000-000000000001\"]",
                               .help = "The records, each once; or else a filter."};
    fields[1] = (struct field){.name = "action",
                               .type = CHOICE,
                               .flags = REQUIRED,
                               .choices = choices,
                               .example = choices[0],
                               .help = "What is done with each of them."};
    fields[2] = (struct field){.name = "filter",
                               .type = JSON,
                               .max = FILTER_BYTES,
                               .help = "In place of ids: those that the list finds with these "
                                       "parameters (`{\"status\": \"new\", \"valueAmount[gte]\": "
                                       "100, \"q\": \"blum\"}`) at this moment, 100,000 at "
                                       "most. With more than 100 the answer is 202, and a job "
                                       "goes on."};
    fields[3] = (struct field)DRY_RUN_FIELD;
    if (bulk_offers_update(resource))
        fields[count++] = (struct field){.name = "set",
                                         .type = JSON,
                                         .max = SET_BYTES,
                                         .example = verbs == 1 ? set_example(resource) : NULL,
                                         .help = "Of an update: the new values, as PATCH takes "
                                                 "them; what is absent stays."};
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if ((*it)->flags & ACTION_MANY)
            add_taken(fields, &count, *it);
    return fields;
}

static const struct field result_fields[] = {
    {"id", UUID, .help = "Of the record."},
    {"status", INT, .example = "200", .help = "What a request for it alone would have answered."},
    {"code", TEXT, NULLABLE, .help = "Of the error; null: it was done."},
    {"message", TEXT, NULLABLE, .help = "Of the error, for people."},
    {.type = FIELD_END}};
static const struct field bulk_answer_fields[] = {
    {"results", ARRAY, .fields = result_fields,
     .help = "One for each record, in their order; none where a job goes on."},
    {"done", INT, .example = "1"},
    {"failed", INT, .example = "0"},
    {"run_id", UUID, NULLABLE,
     .help = "Of the bulk run: of a change or deletion, which can be undone by it, and of whatever "
             "a job goes on with."},
    {.type = FIELD_END}};

static unsigned bulk_flags(const struct resource *resource)
{
    unsigned flags = 0;
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if ((*it)->flags & ACTION_MANY)
            flags |= action_route_flags(*it) & ROUTE_CALLS_OUT;
    return flags;
}

static struct route bulk_route(const struct resource *resource)
{
    return (struct route){
        .method = HTTP_POST,
        .path = engine_text("%s/bulk", resource->api),
        .access = resource_access(resource, bulk_needs(resource)),
        .handle = action_handle_bulk,
        .summary = engine_text("Do one thing with many %s; each succeeds or fails for itself.",
                               text_plural(engine_arena(), resource->one)),
        .body = bulk_fields(resource),
        .answer_fields = bulk_answer_fields,
        .answer_name = "bulk result",
        .operation = operation_name("bulk", text_plural(engine_arena(), resource->one)),
        .flags = bulk_flags(resource) | sight_route_flags(resource) | ROUTE_MAY_LAST,
        .about = resource,
    };
}

size_t resource_action_routes(const struct resource *resource, const struct route **routes)
{
    struct route *made = arena_alloc(engine_arena(), (ACTIONS_MAX + 1) * sizeof *made);
    size_t count = 0, verbs;
    *routes = made;
    if (!resource->api)
        return 0;
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if (count < ACTIONS_MAX && !((*it)->flags & ACTION_NO_API))
            made[count++] = route_of(resource, *it);
    bulk_verbs(resource, &verbs);
    if (verbs > 0 && !resource->parent) /* what belongs to one record is no list of its own */
        made[count++] = bulk_route(resource);
    return count;
}
