/* openapi_operation: one route as an OpenAPI operation, and its body. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"

/* ---- what its parts share ---- */

json_object *schema_text(const char *format)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "string");
    put_text(schema, "format", format);
    return schema;
}

void content_add(json_object *content, const char *type, json_object *schema, json_object *example)
{
    json_object *media = put_object(content, type);
    json_object_object_add(media, "schema", schema);
    if (example && json_object_object_length(example) > 0)
        json_object_object_add(media, "example", example);
    else
        json_object_put(example);
}

bool route_is(json_object *route, const char *method)
{
    return text_equal(member_text(route, "method"), method);
}

bool route_is_public(json_object *route)
{
    return text_equal(member_text(route, "level"), "public");
}

bool route_answers(json_object *route, const char *answer)
{
    return text_equal(member_text(route, "answer"), answer);
}

bool route_takes_body(json_object *route)
{
    bool writes = route_is(route, "POST") || route_is(route, "PUT") || route_is(route, "PATCH");
    return writes && (member(route, "body") || member_true(route, "upload") ||
                      member_true(route, "looseBody"));
}

/* As check_key() of access/access.c decides. */
bool route_takes_api_keys(json_object *route)
{
    bool is_open =
        text_equal(member_text(route, "level"), "permission") || member_true(route, "forKeys");
    return is_open && !member_true(route, "inPerson");
}

bool route_takes_key(json_object *route)
{
    return route_is(route, "POST") && !member_true(route, "notRepeated");
}

/* ---- request body ---- */

static enum schema_use body_use(json_object *route)
{
    if (route_is(route, "PATCH") || member_true(route, "merge"))
        return SCHEMA_MERGE;
    return route_is(route, "PUT") ? SCHEMA_REPLACE : SCHEMA_CREATE;
}

static json_object *body_schema(struct openapi *api, json_object *route, json_object *resource)
{
    static const char *const suffixes[] = {
        [SCHEMA_CREATE] = "Create", [SCHEMA_REPLACE] = "Replace", [SCHEMA_MERGE] = "Patch"};
    enum schema_use use = body_use(route);
    if (!resource || member(route, "action"))
        return openapi_fields_schema(api, openapi_operation_schema(api, route, "Body"),
                                     member(route, "body"), use);
    const char *name = arena_printf(
        api->arena, "%s%s", text_pascal(api->arena, member_text(resource, "one")), suffixes[use]);
    json_object *fields = openapi_record_fields(resource);
    json_object *ref = openapi_fields_schema(api, name, fields, use);
    json_object_put(fields);
    return ref;
}

/* One file in a form. */
static void add_upload(struct openapi *api, json_object *content, json_object *route)
{
    json_object *form = json_object_new_object(), *example = json_object_new_object();
    put_text(form, "type", "object");
    json_object *file = put_object(put_object(form, "properties"), "file");
    put_text(file, "type", "string");
    put_text(file, "format", "binary");
    put_text(file, "description", "The file.");
    if (member(route, "bodyLimit"))
        put_int(file, "maxLength", member_int(route, "bodyLimit"));
    push_text(put_array(form, "required"), "file");
    put_text(example, "file", member_text(route, "sample"));
    content_add(
        content, "multipart/form-data",
        openapi_component(api, "schemas", openapi_operation_schema(api, route, "Form"), form),
        example);
}

static json_object *free_body(struct openapi *api, json_object *route)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    put_bool(schema, "additionalProperties", true);
    return openapi_component(api, "schemas", openapi_operation_schema(api, route, "Body"), schema);
}

/* Whether the body may be left out: nothing in it must be given. */
static bool needs_body(json_object *route, enum schema_use use)
{
    json_object *fields = member(route, "body");
    if (!fields || use != SCHEMA_CREATE)
        return true;
    for (size_t i = 0; i < json_object_array_length(fields); i++)
        if (member_true(json_object_array_get_idx(fields, i), "required"))
            return true;
    return false;
}

static void add_body(struct openapi *api, json_object *operation, json_object *route,
                     json_object *resource)
{
    json_object *fields = member(route, "body");
    if (!route_takes_body(route))
        return;
    json_object *body = put_object(operation, "requestBody");
    put_bool(body, "required", needs_body(route, body_use(route)));
    json_object *content = put_object(body, "content");
    if (member_true(route, "upload"))
        add_upload(api, content, route);
    else if (!fields)
        content_add(content, "application/json", free_body(api, route), NULL);
    else
        content_add(content, "application/json", body_schema(api, route, resource),
                    openapi_example(fields, body_use(route)));
}

/* ---- the operation ---- */

static void describe_retirement(struct buf *text, json_object *route)
{
    const char *since = member_text(route, "deprecated"), *sunset = member_text(route, "sunset");
    if (since)
        buf_printf(text, " Deprecated since %s.", since);
    if (sunset)
        buf_printf(text, " It goes on %s at the earliest.", sunset);
}

static void add_description(struct openapi *api, json_object *operation, json_object *route)
{
    struct buf text;
    const char *needs = member_text(route, "needs"), *media = member_text(route, "media");
    buf_init(&text, api->arena);
    if (route_is_public(route))
        buf_puts(&text, "Open to everybody.");
    else if (needs)
        buf_printf(&text, "Needs the %s `%s`.",
                   text_equal(member_text(route, "level"), "role") ? "role" : "permission", needs);
    else
        buf_puts(&text, "For everybody signed in.");
    if (member_true(route, "stepUp"))
        buf_puts(&text, " Who has a second factor must have shown it within ten minutes.");
    if (member_true(route, "keepsSight"))
        buf_puts(&text, " It may be held for some records alone.");
    if (route_is(route, "POST") && !route_takes_key(route))
        buf_puts(&text, " It takes no Idempotency-Key.");
    if (member_true(route, "upload") && media)
        buf_printf(&text, " The file may come bare too, as %s.", media);
    describe_retirement(&text, route);
    put_text(operation, "description", text.data);
}

static void add_security(json_object *operation, json_object *route)
{
    static const char *const schemes[] = {"bearer", "apiKey", "session"};
    if (!route_is_public(route) && route_takes_api_keys(route))
        return; /* as the document says of all */
    json_object *all = put_array(operation, "security");
    for (size_t i = 0; !route_is_public(route) && i < COUNT(schemes); i++) {
        if (text_equal(schemes[i], "apiKey"))
            continue;
        json_object *one = json_object_new_object();
        put_array(one, schemes[i]);
        json_object_array_add(all, one);
    }
}

json_object *openapi_operation(struct openapi *api, json_object *route, json_object *resource,
                               const char *tag)
{
    json_object *operation = json_object_new_object();
    put_text(operation, "operationId", member_text(route, "operation"));
    put_text(operation, "summary", member_text(route, "summary"));
    add_description(api, operation, route);
    push_text(put_array(operation, "tags"), tag);
    add_security(operation, route);
    if (member(route, "deprecated"))
        put_bool(operation, "deprecated", true);
    put_text(operation, "x-permission", member_text(route, "needs"));
    put_text(operation, "x-scope", member_text(route, "scope"));
    json_object_object_add(operation, "parameters", openapi_parameters(api, route, resource));
    add_body(api, operation, route, resource);
    json_object *responses = openapi_responses(api, route, resource);
    openapi_add_failures(api, operation, responses, route, resource);
    json_object_object_add(operation, "responses", responses);
    return operation;
}
