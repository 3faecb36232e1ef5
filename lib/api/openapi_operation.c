/* openapi_operation: one route as an OpenAPI operation, and its body. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
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

json_object *schema_any_object(void)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
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

bool route_takes_key(json_object *route)
{
    return route_is(route, "POST") && !member_true(route, "notRepeated");
}

/* ---- request body ---- */

static enum schema_use body_use(json_object *route)
{
    if (route_is(route, "PUT"))
        return SCHEMA_REPLACE;
    return route_is(route, "PATCH") || member_true(route, "merge") ? SCHEMA_MERGE : SCHEMA_CREATE;
}

static json_object *body_schema(json_object *route, json_object *resource)
{
    static const char *const suffixes[] = {
        [SCHEMA_CREATE] = "Create", [SCHEMA_REPLACE] = "Replace", [SCHEMA_MERGE] = "Patch"};
    enum schema_use use = body_use(route);
    if (!resource || member(route, "action"))
        return openapi_object_schema(member(route, "body"), use);
    char *name = schema_name(member_text(resource, "one"), suffixes[use]);
    json_object *ref = schema_ref("schemas", name);
    free(name);
    return ref;
}

/* One file in a form; some may also come bare. */
static void add_upload(json_object *content, const char *media, const char *sample)
{
    json_object *form = schema_any_object(), *example = json_object_new_object();
    json_object_object_add(put_object(form, "properties"), "file", schema_text("binary"));
    put_text(example, "file", sample);
    content_add(content, "multipart/form-data", form, example);
    if (!media)
        return;
    content_add(content, media, schema_text(NULL), NULL);
    put_text(member(content, media), "example", sample);
}

static void add_body(json_object *operation, json_object *route, json_object *resource)
{
    json_object *fields = member(route, "body");
    bool writes = route_is(route, "POST") || route_is(route, "PUT") || route_is(route, "PATCH");
    bool upload = member_true(route, "upload"), loose = member_true(route, "looseBody");
    if (!writes || (!fields && !upload && !loose))
        return;
    json_object *body = put_object(operation, "requestBody");
    json_object_object_add(body, "required", json_object_new_boolean(1));
    json_object *content = put_object(body, "content");
    if (upload)
        add_upload(content, member_text(route, "media"), member_text(route, "sample"));
    else if (!fields)
        content_add(content, "application/json", schema_any_object(), NULL);
    else
        content_add(content, "application/json", body_schema(route, resource),
                    openapi_example(fields, body_use(route)));
    if (fields && member_true(route, "merge"))
        content_add(content, "application/merge-patch+json", body_schema(route, resource), NULL);
}

/* ---- the operation ---- */

static void add_description(json_object *operation, json_object *route)
{
    struct buf text = {0};
    const char *needs = member_text(route, "needs"), *errors = member_text(route, "errors");
    if (route_is_public(route))
        buf_puts(&text, "Open to everybody.");
    else if (needs)
        buf_printf(&text, "Needs the %s `%s`.",
                   text_equal(member_text(route, "level"), "role") ? "role" : "permission", needs);
    else
        buf_puts(&text, "For everybody signed in.");
    if (route_is(route, "POST") && !route_takes_key(route))
        buf_puts(&text, " An Idempotency-Key is refused here: what it uses up is good once anyway, "
                        "or it signs in or out.");
    if (errors)
        buf_printf(&text, " Errors of its own: %s.", errors);
    const char *since = member_text(route, "deprecated"), *sunset = member_text(route, "sunset");
    if (since)
        buf_printf(&text, " Deprecated since %s.", since);
    if (sunset)
        buf_printf(&text, " It goes on %s at the earliest.", sunset);
    put_text(operation, "description", text.data);
    buf_free(&text);
}

json_object *openapi_operation(json_object *route, json_object *resource, const char *tag)
{
    json_object *operation = json_object_new_object(), *tags = json_object_new_array();
    put_text(operation, "operationId", member_text(route, "operation"));
    put_text(operation, "summary", member_text(route, "summary"));
    add_description(operation, route);
    json_object_array_add(tags, json_object_new_string(tag));
    json_object_object_add(operation, "tags", tags);
    if (route_is_public(route))
        json_object_object_add(operation, "security", json_object_new_array());
    if (member(route, "deprecated"))
        json_object_object_add(operation, "deprecated", json_object_new_boolean(1));
    put_text(operation, "x-permission", member_text(route, "needs"));
    put_text(operation, "x-scope", member_text(route, "scope"));
    json_object_object_add(operation, "parameters", openapi_parameters(route, resource));
    add_body(operation, route, resource);
    json_object_object_add(operation, "responses", openapi_responses(route, resource));
    return operation;
}
