#include "api/openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static const struct {
    const char *name, *status, *code, *description;
} failures[] = {
    {"BadRequest", "400", "unknown_parameter",
     "Malformed: the JSON, a parameter or a header cannot be read."},
    {"NotSignedIn", "401", "not_signed_in",
     "Nobody is signed in, or the token is bad, expired or revoked."},
    {"NotAllowed", "403", "permission_missing",
     "Signed in, but not allowed; or the tenant does not match."},
    {"NotFound", "404", "not_found", "There is no such thing in this tenant."},
    {"Conflict", "409", "conflict", "It conflicts with what is there already."},
    {"VersionMismatch", "412", "version_mismatch",
     "The record has changed since the ETag of If-Match."},
    {"TooLarge", "413", "body_too_large", "The body is larger than this address takes."},
    {"WrongType", "415", "unsupported_media_type",
     "The content type is not one that this address takes."},
    {"Invalid", "422", "validation_failed", "Fields are invalid: `details` has one row for each."},
    {"UpgradeRequired", "426", "upgrade_required", "This address is for WebSocket."},
    {"TooMany", "429", "rate_limited", "Too many requests: see Retry-After."},
    {"Unavailable", "503", "unavailable", "Cannot serve just now: see Retry-After."},
};

static void set_schema(json_object *parent, const char *key, const char *json)
{
    json_object_object_add(parent, key, json_tokener_parse(json));
}

static json_object *failure_example(const char *status, const char *code, const char *message)
{
    json_object *example = json_object_new_object();
    json_object_object_add(example, "success", json_object_new_boolean(0));
    json_object *error = put_object(example, "error");
    put_text(error, "message", message);
    put_text(error, "code", code);
    json_object_object_add(error, "statusCode", json_object_new_int64(strtoll(status, NULL, 10)));
    put_text(error, "requestId", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
    return example;
}

static void add_failures(json_object *components)
{
    json_object *responses = put_object(components, "responses");
    for (size_t i = 0; i < COUNT(failures); i++) {
        json_object *response = put_object(responses, failures[i].name);
        put_text(response, "description", failures[i].description);
        json_object *media = put_object(put_object(response, "content"), "application/json");
        json_object_object_add(media, "schema", schema_ref("schemas", "Failure"));
        json_object_object_add(
            media, "example",
            failure_example(failures[i].status, failures[i].code, failures[i].description));
    }
}

static void add_common_schemas(json_object *schemas)
{
    set_schema(schemas, "ListMeta",
               "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
               "\"page\":{\"type\":\"integer\"},\"limit\":{\"type\":\"integer\"},"
               "\"total\":{\"type\":\"integer\"},\"totalPages\":{\"type\":\"integer\"},"
               "\"totalIsMore\":{\"const\":true,\"description\":\"Counting ended at total; "
               "there are more.\"},"
               "\"nextCursor\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"limit\"]}");
    set_schema(
        schemas, "Failure",
        "{\"type\":\"object\",\"required\":[\"success\",\"error\"],\"additionalProperties\":false,"
        "\"properties\":{\"success\":{\"const\":false},\"error\":{\"type\":\"object\","
        "\"required\":[\"message\",\"code\",\"statusCode\",\"requestId\"],"
        "\"additionalProperties\":false,\"properties\":{"
        "\"message\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
        "\"statusCode\":{\"type\":\"integer\"},\"requestId\":{\"type\":\"string\"},"
        "\"details\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
        "\"required\":[\"field\",\"code\",\"message\"],\"properties\":{"
        "\"field\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
        "\"message\":{\"type\":\"string\"}}}}}}}}");
}

/* Lists give every field of a record, besides its own, as the engine adds them. */
json_object *openapi_record_fields(json_object *resource)
{
    static const char *const common =
        "[{\"name\":\"id\",\"type\":\"uuid\",\"readOnly\":true,\"label\":\"Id\"},"
        "{\"name\":\"createdAt\",\"type\":\"time\",\"readOnly\":true,\"label\":\"Created\"},"
        "{\"name\":\"updatedAt\",\"type\":\"time\",\"readOnly\":true,\"label\":\"Updated\"}]";
    json_object *all = json_tokener_parse(common), *own = member(resource, "fields");
    if (member_true(resource, "noCommonTimes"))
        json_object_array_del_idx(all, 1, 2);
    for (size_t i = 0; i < json_object_array_length(own); i++)
        json_object_array_add(all, json_object_get(json_object_array_get_idx(own, i)));
    return all;
}

static void add_named(json_object *schemas, const char *one, const char *suffix,
                      json_object *schema)
{
    char *name = schema_name(one, suffix);
    json_object_object_add(schemas, name, schema);
    free(name);
}

static void add_resource_schemas(json_object *schemas, json_object *resource)
{
    const char *one = member_text(resource, "one");
    json_object *fields = openapi_record_fields(resource);
    add_named(schemas, one, "", openapi_object_schema(fields, SCHEMA_ANSWER));
    add_named(schemas, one, "Create", openapi_object_schema(fields, SCHEMA_CREATE));
    add_named(schemas, one, "Replace", openapi_object_schema(fields, SCHEMA_REPLACE));
    add_named(schemas, one, "Patch", openapi_object_schema(fields, SCHEMA_MERGE));
    json_object_put(fields);
}

static json_object *find_resource(json_object *area, const char *one)
{
    json_object *resources = member(area, "resources");
    for (size_t i = 0; one && i < json_object_array_length(resources); i++) {
        json_object *resource = json_object_array_get_idx(resources, i);
        if (text_equal(member_text(resource, "one"), one))
            return resource;
    }
    return NULL;
}

/* "/api/x/:id" is "/api/x/{id}" in OpenAPI. */
static char *template_path(const char *path)
{
    struct buf out = {0};
    bool inside = false;
    for (const char *c = path; *c; c++) {
        if (inside && *c == '/') {
            buf_putc(&out, '}');
            inside = false;
        }
        inside = inside || *c == ':';
        buf_putc(&out, *c == ':' ? '{' : *c);
    }
    if (inside)
        buf_putc(&out, '}');
    return out.data;
}

static void add_route(json_object *paths, json_object *area, json_object *route)
{
    const char *path = member_text(route, "path");
    if (!text_starts(path, "/api/") || text_equal(member_text(route, "answer"), "page"))
        return;
    char *key = template_path(path);
    json_object *item = member(paths, key);
    if (!item)
        item = put_object(paths, key);
    free(key);
    struct buf method = {0};
    for (const char *c = member_text(route, "method"); *c; c++)
        buf_putc(&method, (char)tolower((unsigned char)*c));
    json_object *resource = find_resource(area, member_text(route, "resource"));
    json_object_object_add(item, method.data,
                           openapi_operation(route, resource, member_text(area, "title")));
    buf_free(&method);
}

static void add_area(json_object *document, json_object *schemas, json_object *area)
{
    json_object *tag = json_object_new_object();
    put_text(tag, "name", member_text(area, "title"));
    json_object_array_add(member(document, "tags"), tag);
    json_object *resources = member(area, "resources"), *routes = member(area, "routes");
    for (size_t i = 0; i < json_object_array_length(resources); i++)
        add_resource_schemas(schemas, json_object_array_get_idx(resources, i));
    for (size_t i = 0; i < json_object_array_length(routes); i++)
        add_route(member(document, "paths"), area, json_object_array_get_idx(routes, i));
}

json_object *openapi_document(json_object *described)
{
    json_object *document = json_object_new_object();
    put_text(document, "openapi", "3.1.0");
    set_schema(
        document, "info",
        "{\"title\":\"Tulou\",\"version\":\"1\",\"description\":\"A multi-tenant platform. "
        "Sign in at /api/auth/login and send the access token as a bearer token; programs send an "
        "API key (tulou_…) instead, which opens what its permissions name. A tenant is "
        "named by its host, by X-Tenant-Slug or X-Tenant-Id, or by the token alone.\"}");
    set_schema(document, "servers", "[{\"url\":\"/\",\"description\":\"This host\"}]");
    set_schema(document, "security", "[{\"bearer\":[]},{\"cookie\":[]}]");
    json_object_object_add(document, "tags", json_object_new_array());
    put_object(document, "paths");
    json_object *components = put_object(document, "components");
    set_schema(components, "securitySchemes",
               "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
               "\"description\":\"An access token (JWT), or an API key.\"},"
               "\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"tulou_session\"}}");
    json_object *schemas = put_object(components, "schemas");
    add_common_schemas(schemas);
    add_failures(components);
    json_object *areas = member(described, "areas");
    for (size_t i = 0; i < json_object_array_length(areas); i++)
        add_area(document, schemas, json_object_array_get_idx(areas, i));
    return document;
}
