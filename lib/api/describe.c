#include "api/describe.h"

#include <string.h>

#include "api/area.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "import/import.h"
#include "resource/event_kind.h"
#include "resource/file_field.h"
#include "resource/merge.h"
#include "resource/reference.h"

static const struct {
    unsigned flag;
    const char *name;
} route_flag_names[] = {{ROUTE_FORM, "form"},
                        {ROUTE_UPLOAD, "upload"},
                        {ROUTE_AUTH_LIMIT, "authLimit"},
                        {ROUTE_SUSPENDED, "suspended"},
                        {ROUTE_LOOSE_BODY, "looseBody"},
                        {ROUTE_MERGE, "merge"},
                        {ROUTE_KEEPS_SIGHT, "keepsSight"},
                        {ROUTE_NOT_REPEATED, "notRepeated"},
                        {ROUTE_IN_PERSON, "inPerson"},
                        {ROUTE_STEP_UP, "stepUp"},
                        {ROUTE_ENROLMENT, "enrolment"},
                        {ROUTE_BARE, "bare"},
                        {ROUTE_FOR_KEYS, "forKeys"},
                        {ROUTE_MAY_LAST, "mayLast"},
                        {ROUTE_FIRST_PASSWORD, "firstPassword"}};

static const char *const levels[] = {[ACCESS_PUBLIC] = "public",
                                     [ACCESS_SIGNED_IN] = "signedIn",
                                     [ACCESS_ROLE] = "role",
                                     [ACCESS_PERMISSION] = "permission"};
static const char *const scopes[] = {[SCOPE_NONE] = "none",
                                     [SCOPE_TENANT] = "tenant",
                                     [SCOPE_PLATFORM] = "platform",
                                     [SCOPE_EITHER] = "either"};
static const char *const answers[] = {
    [ANSWER_ITEM] = "item",         [ANSWER_LIST] = "list",    [ANSWER_NOTHING] = "nothing",
    [ANSWER_FILE] = "file",         [ANSWER_PAGE] = "page",    [ANSWER_REDIRECT] = "redirect",
    [ANSWER_DOWNLOAD] = "download", [ANSWER_STREAM] = "stream"};
static const char *const page_sets[] = {[PLATFORM_PAGES] = "platform",
                                        [ADMIN_PAGES] = "admin",
                                        [STAFF_PAGES] = "staff",
                                        [PORTAL_PAGES] = "portal"};

int route_status(const struct route *route)
{
    if (route->status)
        return route->status;
    return route->answer == ANSWER_NOTHING ? 204 : route->answer == ANSWER_REDIRECT ? 303 : 200;
}

static void pair_if(struct json *json, const char *key, const char *text)
{
    if (text)
        json_pair(json, key, text);
}

static void describe_flags(struct json *json, unsigned flags)
{
    unsigned flag;
    const char *name;
    for (size_t i = 0; (name = field_flag_at(i, &flag)) != NULL; i++)
        if (flags & flag)
            json_pair_bool(json, name, true);
}

static void describe_reference(struct json *json, const struct field *field)
{
    if (!field->refers)
        return;
    json_pair(json, "refers", field->refers);
    json_pair(json, "includes", reference_name(field));
    json_pair(json, "onDelete", field_on_delete_name(field->on_delete));
}

static void describe_transitions(struct json *json, const struct transition *transitions)
{
    json_key(json, "transitions");
    json_open_array(json);
    for (const struct transition *it = transitions; it->to; it++) {
        json_open_object(json);
        pair_if(json, "from", it->from);
        json_pair(json, "to", it->to);
        pair_if(json, "needs", it->needs);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_condition(struct json *json, const struct shown_when *when)
{
    json_key(json, "shownWhen");
    json_open_object(json);
    json_pair(json, "field", when->field);
    json_pair(json, "name", text_camel(json->out->arena, when->field));
    pair_if(json, "of", when->of);
    json_pair(json, "values", when->values);
    if (when->required)
        json_pair_bool(json, "required", true);
    json_close_object(json);
}

static void describe_field(struct json *json, const struct field *field)
{
    json_open_object(json);
    json_pair(json, "name", field_json_name(field));
    json_pair(json, "column", field->name);
    bool is_file = field->type == FILE_FIELD;
    json_pair(json, "type", field_type_name(is_file ? OBJECT : field->type));
    if (is_file)
        json_pair_bool(json, "file", true);
    describe_flags(json, field->flags);
    if (field->min)
        json_pair_int(json, "min", field->min);
    if (field->max)
        json_pair_int(json, "max", field->max);
    pair_if(json, "least", field->least);
    pair_if(json, "most", field->most);
    json_pair(json, "label", field_label(field));
    pair_if(json, "help", field->help);
    pair_if(json, "hint", field->hint);
    pair_if(json, "section", field->section);
    pair_if(json, "example", field->example);
    pair_if(json, "initial", field->initial);
    pair_if(json, "initialOf", field->initial_of);
    pair_if(json, "initialSql", field->initial_sql);
    if (field->role_keys)
        json_pair_bool(json, "roleKeys", true);
    if (field->offered)
        json_pair_bool(json, "offered", true);
    pair_if(json, "followsSql", field->follows_sql);
    describe_reference(json, field);
    pair_if(json, "currency", field->currency);
    pair_if(json, "sql", field->sql);
    pair_if(json, "sortedBy", field->sorted_by);
    pair_if(json, "seenWith", field->seen_with);
    pair_if(json, "changedWith", field->changed_with);
    pair_if(json, "custom", field->custom);
    if (field->choices) {
        json_key(json, "choices");
        json_open_array(json);
        for (const char *const *choice = field->choices; *choice; choice++)
            json_put_text(json, *choice);
        json_close_array(json);
    }
    if (field->transitions)
        describe_transitions(json, field->transitions);
    if (field->shown_when)
        describe_condition(json, field->shown_when);
    if (field->child) {
        json_key(json, "child");
        json_open_object(json);
        json_pair(json, "name", field->child->name);
        json_pair(json, "one", field->child->one);
        json_pair(json, "table", field->child->table);
        json_pair(json, "column", field->child->parent_column);
        json_pair(json, "parent", field->child->parent->table);
        json_close_object(json);
    }
    if (field->fields || is_file) {
        json_key(json, "fields");
        describe_fields(json, is_file ? file_field_members : field->fields);
    } else if (field->type == ARRAY || field->item != FIELD_END) {
        json_pair(json, "item", field_type_name(field->item));
    }
    json_close_object(json);
}

void describe_fields(struct json *json, const struct field *fields)
{
    json_open_array(json);
    for (; fields && fields->type != FIELD_END; fields++)
        describe_field(json, fields);
    json_close_array(json);
}

static void pair_fields(struct json *json, const char *key, const struct field *fields)
{
    if (!fields)
        return;
    json_key(json, key);
    describe_fields(json, fields);
}

/* The resource that a generic route answers, so that its schema has one name. */
static const char *resource_of(const struct area *area, const struct route *route)
{
    for (const struct resource *const *it = area->resources; it && *it; it++)
        if (route->about == *it && !route->answer_fields)
            return route->action ? action_home(*it, route->action)->one : (*it)->one;
    return NULL;
}

static void describe_route(struct json *json, const struct area *area, const struct route *route,
                           bool shown)
{
    json_open_object(json);
    json_pair(json, "method", method_name(route->method));
    json_pair(json, "path", route->path);
    json_pair(json, "level", levels[route->access.level]);
    json_pair(json, "scope", scopes[route->access.scope]);
    pair_if(json, "needs", route->access.needs);
    pair_if(json, "summary", route->summary);
    json_pair(json, "answer", answers[route->answer]);
    json_pair_int(json, "status", route_status(route));
    if (shown)
        json_pair_bool(json, "shown", true);
    pair_if(json, "operation", route->operation);
    pair_if(json, "answerName", route->answer_name);
    for (size_t i = 0; i < COUNT(route_flag_names); i++)
        if (route->flags & route_flag_names[i].flag)
            json_pair_bool(json, route_flag_names[i].name, true);
    pair_if(json, "resource", resource_of(area, route));
    if (route->action)
        json_pair(json, "action", route->action->name);
    if (route->action && (route->action->flags & ACTION_ON_LIST))
        json_pair_bool(json, "onList", true);
    if (route->action && (route->action->flags & ACTION_TO_LIST))
        json_pair_bool(json, "mayEnd", true);
    pair_if(json, "errors", route->errors);
    pair_if(json, "media", route->media);
    pair_if(json, "sample", route->sample);
    pair_if(json, "deprecated", route->deprecated);
    pair_if(json, "sunset", route->sunset);
    if (route->body_limit)
        json_pair_int(json, "bodyLimit", (int64_t)route->body_limit);
    pair_fields(json, "query", route->query);
    pair_fields(json, "body", route->body);
    pair_fields(json, "answerFields", route->answer_fields);
    pair_fields(json, "gives", route->gives);
    json_close_object(json);
}

/* Whether a GET shows what is at the address, so that it has a version. */
static bool is_shown(const struct route *const *routes, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (routes[i]->method == HTTP_GET && text_equal(routes[i]->path, path) &&
            (routes[i]->answer == ANSWER_ITEM || routes[i]->answer == ANSWER_LIST))
            return true;
    return false;
}

static void describe_routes(struct json *json, const struct area *area)
{
    const struct route *const *routes;
    size_t count = area_routes(area, &routes);
    json_key(json, "routes");
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        describe_route(json, area, routes[i], is_shown(routes, count, routes[i]->path));
    json_close_array(json);
}

static void describe_actions(struct json *json, const struct resource *resource)
{
    json_key(json, "actions");
    json_open_array(json);
    for (const struct action *const *it = resource->actions; it && *it; it++) {
        json_open_object(json);
        json_pair(json, "name", (*it)->name);
        json_pair(json, "title", (*it)->title);
        pair_if(json, "needs", action_needs(resource, *it));
        if (!((*it)->flags & ACTION_NO_API))
            pair_if(json, "api", action_home(resource, *it)->api);
        pair_if(json, "when", (*it)->when);
        pair_if(json, "refused", (*it)->refused.code);
        pair_if(json, "event", (*it)->event);
        pair_if(json, "told", (*it)->told);
        pair_if(json, "summary", (*it)->summary);
        json_pair_bool(json, "many", ((*it)->flags & ACTION_MANY) != 0);
        if ((*it)->flags & ACTION_ON_LIST)
            json_pair_bool(json, "onList", true);
        if ((*it)->flags & ACTION_SENDS)
            json_pair_bool(json, "sends", true);
        if ((*it)->flags & ACTION_OUTSIDE)
            json_pair_bool(json, "outside", true);
        json_pair_bool(json, "onPage", resource->page && !((*it)->flags & ACTION_NO_PAGE));
        pair_fields(json, "takes", (*it)->takes);
        pair_fields(json, "gives", (*it)->gives);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_resources(struct json *json, const struct area *area)
{
    json_key(json, "resources");
    json_open_array(json);
    for (const struct resource *const *it = area->resources; it && *it; it++) {
        json_open_object(json);
        json_pair(json, "name", (*it)->name);
        json_pair(json, "one", (*it)->one);
        json_pair(json, "title", (*it)->title);
        pair_if(json, "about", (*it)->about);
        pair_if(json, "permission", (*it)->permission);
        pair_if(json, "personal", (*it)->personal);
        pair_if(json, "shared", (*it)->shared);
        pair_if(json, "sharesWith", (*it)->shares_with);
        json_pair(json, "table", (*it)->table);
        pair_if(json, "sameAs", (*it)->same_as);
        json_pair(json, "event", event_word_of(*it));
        if ((*it)->no_events)
            json_pair_bool(json, "noEvents", true);
        pair_if(json, "errors", (*it)->errors);
        pair_if(json, "api", (*it)->api);
        pair_if(json, "page", (*it)->page);
        pair_if(json, "icon", (*it)->icon);
        json_pair(json, "scope", scopes[(*it)->scope]);
        pair_if(json, "label", (*it)->label);
        pair_if(json, "where", (*it)->where);
        pair_if(json, "sort", (*it)->sort);
        pair_if(json, "follows", (*it)->follows);
        json_pair_int(json, "operations", (*it)->operations);
        if ((*it)->attachments)
            json_pair_bool(json, "attachments", true);
        if ((*it)->merges)
            json_pair_bool(json, "merges", true);
        pair_if(json, "owner", (*it)->owner);
        if ((*it)->comments)
            json_pair_bool(json, "comments", true);
        if ((*it)->in_timeline)
            json_pair_bool(json, "inTimeline", true);
        if ((*it)->any_of)
            json_pair(json, "anyOf", field_json_name(field_find((*it)->fields, (*it)->any_of[0])));
        if ((*it)->parent) {
            json_pair(json, "parent", (*it)->parent->name);
            json_pair(json, "parentColumn", (*it)->parent_column);
        }
        if ((*it)->no_tenant)
            json_pair_bool(json, "noTenant", true);
        if ((*it)->no_common_times)
            json_pair_bool(json, "noCommonTimes", true);
        pair_fields(json, "fields", (*it)->fields);
        if ((*it)->actions)
            describe_actions(json, *it);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_menu(struct json *json, const struct area *area)
{
    json_key(json, "menu");
    json_open_array(json);
    for (const struct menu_entry *it = area->menu; it && it->title; it++) {
        json_open_object(json);
        json_pair(json, "set", page_sets[it->set]);
        json_pair(json, "title", it->title);
        json_pair(json, "path", it->path);
        pair_if(json, "icon", it->icon);
        pair_if(json, "needs", it->needs);
        pair_if(json, "group", it->group);
        pair_if(json, "kinds", it->kinds);
        json_pair_int(json, "order", it->order);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_permissions(struct json *json, const struct area *area)
{
    json_key(json, "permissions");
    json_open_array(json);
    for (const struct permission_entry *it = area->permissions; it && it->name; it++) {
        json_open_object(json);
        json_pair(json, "name", it->name);
        json_pair(json, "title", it->title);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_grants(struct json *json, const struct area *area)
{
    json_key(json, "grants");
    json_open_array(json);
    for (const struct role_grant *it = area->grants; it && it->role; it++) {
        json_open_object(json);
        json_pair(json, "role", it->role);
        json_pair(json, "grant", it->grant);
        json_close_object(json);
    }
    json_close_array(json);
}

/* What the engine tells of a resource's imports. */
static void describe_import_event(struct json *json, const struct resource *resource)
{
    const char *many = text_plural(json->out->arena, resource->one);
    json_open_object(json);
    json_pair(json, "type", import_event(resource));
    json_pair(json, "about",
              arena_printf(json->out->arena, "Told when an import of %s has ended.", many));
    json_pair(json, "told", "An import has ended.");
    json_close_object(json);
}

/* And of its merges. */
static void describe_merge_event(struct json *json, const struct resource *resource)
{
    static const struct field data[] = {
        {"name", TEXT, .example = "Nora Blum", .help = "What it was called."},
        {"winner_id", UUID, .help = "The record into which it was merged."},
        {"owner_id", UUID, NULLABLE, .help = "Whose it was."},
        {.type = FIELD_END}};
    const char *one = resource->one;
    json_open_object(json);
    json_pair(json, "type", merge_event(resource));
    json_pair(json, "about",
              arena_printf(json->out->arena, "Told when %s %s was merged into another one.",
                           text_article(one), one));
    json_pair(json, "told", "{actor} merged the {one} {name} into another one.");
    pair_fields(json, "data", data);
    json_close_object(json);
}

static void describe_events(struct json *json, const struct area *area)
{
    json_key(json, "events");
    json_open_array(json);
    for (const struct event_declared *it = area->events; it && it->type; it++) {
        json_open_object(json);
        json_pair(json, "type", it->type);
        json_pair(json, "about", it->about);
        json_pair(json, "told", it->told);
        pair_fields(json, "data", it->data);
        json_close_object(json);
    }
    for (const struct resource *const *it = area->resources; it && *it; it++)
        if ((*it)->imports)
            describe_import_event(json, *it);
    for (const struct resource *const *it = area->resources; it && *it; it++)
        if ((*it)->merges)
            describe_merge_event(json, *it);
    json_close_array(json);
}

static void describe_settings(struct json *json, const struct area *area)
{
    json_key(json, "settings");
    json_open_array(json);
    for (const struct settings_section *it = area->settings; it && it->key; it++) {
        json_open_object(json);
        json_pair(json, "key", it->key);
        json_pair(json, "title", it->title);
        json_pair(json, "about", it->about);
        json_pair_bool(json, "platform", it->platform);
        pair_fields(json, "fields", it->fields);
        json_close_object(json);
    }
    json_close_array(json);
}

static void describe_notifications(struct json *json, const struct area *area)
{
    json_key(json, "notifications");
    json_open_array(json);
    for (const struct notification_kind *const *it = area->notifications; it && *it; it++) {
        json_open_object(json);
        json_pair(json, "type", (*it)->type);
        json_pair(json, "title", (*it)->title);
        json_pair(json, "about", (*it)->about);
        json_pair_bool(json, "email", (*it)->email);
        json_close_object(json);
    }
    json_close_array(json);
}

/* The build ends where an action could not be done. */
static bool actions_are_whole(const struct area *area, struct arena *arena)
{
    struct buf report;
    buf_init(&report, arena);
    for (const struct resource *const *it = area->resources; it && *it; it++)
        action_check_declared(*it, &report);
    if (report.len > 0)
        fprintf(stderr, "%s", report.data);
    return report.len == 0;
}

bool area_describe(const struct area *area, FILE *out)
{
    struct arena *arena = arena_new();
    struct buf text;
    struct json json;
    buf_init(&text, arena);
    json_start(&json, &text);
    json_open_object(&json);
    json_pair(&json, "name", area->name);
    json_pair(&json, "title", area->title);
    pair_if(&json, "about", area->about);
    json_pair_int(&json, "workers", area->workers);
    json_pair_bool(&json, "platform", area->platform);
    describe_routes(&json, area);
    describe_resources(&json, area);
    describe_menu(&json, area);
    describe_permissions(&json, area);
    describe_grants(&json, area);
    describe_events(&json, area);
    describe_settings(&json, area);
    describe_notifications(&json, area);
    json_close_object(&json);
    buf_putc(&text, '\n');
    bool written = actions_are_whole(area, arena) &&
                   fwrite(text.data, 1, text.len, out) == text.len && fflush(out) == 0;
    arena_free(arena);
    return written;
}
