/* openapi_responses: what an operation answers, well or badly. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/text.h"

static json_object *envelope(json_object *data, bool list)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    json_object *properties = put_object(schema, "properties");
    json_object *success = put_object(properties, "success");
    json_object_object_add(success, "const", json_object_new_boolean(1));
    json_object *names = json_object_new_array();
    json_object_array_add(names, json_object_new_string("success"));
    json_object_array_add(names, json_object_new_string("data"));
    if (list) {
        json_object *array = put_object(properties, "data");
        put_text(array, "type", "array");
        json_object_object_add(array, "items", data);
        json_object_object_add(properties, "meta", schema_ref("schemas", "ListMeta"));
        json_object_array_add(names, json_object_new_string("meta"));
    } else {
        json_object_object_add(properties, "data", data);
    }
    json_object_object_add(schema, "required", names);
    json_object_object_add(schema, "additionalProperties", json_object_new_boolean(0));
    return schema;
}

static json_object *answer_schema(json_object *route, json_object *resource)
{
    json_object *fields = member(route, "answerFields");
    if (fields)
        return openapi_object_schema(fields, SCHEMA_ANSWER);
    if (!resource)
        return schema_any_object();
    char *name = schema_name(member_text(resource, "one"), "");
    json_object *ref = schema_ref("schemas", name);
    free(name);
    return ref;
}

/* Of what is answered, in its envelope. */
static json_object *answer_example(json_object *route, json_object *resource, bool list)
{
    json_object *fields = member(route, "answerFields"), *example = json_object_new_object();
    json_object *all = fields ? json_object_get(fields) : NULL;
    if (!fields && resource)
        all = openapi_record_fields(resource);
    json_object *data = openapi_example(all, SCHEMA_ANSWER);
    json_object_put(all);
    json_object_object_add(example, "success", json_object_new_boolean(1));
    if (!list) {
        json_object_object_add(example, "data", data);
        return example;
    }
    json_object *rows = json_object_new_array();
    json_object_array_add(rows, data);
    json_object_object_add(example, "data", rows);
    json_object_object_add(
        example, "meta",
        json_tokener_parse("{\"page\":1,\"limit\":20,\"total\":1,\"totalPages\":1,"
                           "\"nextCursor\":null}"));
    return example;
}

static void add_header(json_object *response, const char *name, const char *about)
{
    json_object *header = put_object(put_object(response, "headers"), name);
    put_text(header, "description", about);
    json_object_object_add(header, "schema", schema_text(NULL));
}

/* What follows is no longer HTTP (RFC 9110 15.2.2). */
static void add_upgrade(json_object *response)
{
    put_text(response, "description", "The connection speaks WebSocket from now on.");
    add_header(response, "Upgrade", "websocket");
}

static void add_success(json_object *responses, json_object *route, json_object *resource)
{
    const char *answer = member_text(route, "answer");
    json_object *response = put_object(responses, member_text(route, "status"));
    put_text(response, "description", text_equal(answer, "nothing") ? "Done." : "The answer.");
    if (text_equal(answer, "nothing"))
        return;
    if (text_equal(member_text(route, "status"), "101")) {
        add_upgrade(response);
        return;
    }
    if (text_equal(answer, "redirect")) {
        add_header(response, "Location", "Where the browser goes on.");
        return;
    }
    json_object *content = put_object(response, "content");
    if (text_equal(answer, "file")) {
        content_add(content, "text/csv", schema_text(NULL), NULL);
        put_text(member(content, "text/csv"), "example", "\"id\",\"name\"\r\n");
        return;
    }
    if (text_equal(answer, "stream")) {
        content_add(content, "text/event-stream", schema_text(NULL), NULL);
        put_text(member(content, "text/event-stream"), "example", "event: ready\ndata: {}\n\n");
        return;
    }
    bool list = text_equal(answer, "list");
    content_add(content, "application/json", envelope(answer_schema(route, resource), list),
                answer_example(route, resource, list));
    if (!list && (resource || route_is(route, "GET")))
        add_header(response, "ETag", "Version of what is shown, for If-Match and If-None-Match.");
}

/* What comes and goes by itself, as jobs do, is gone before its version is another. */
static bool has_versions(json_object *resource)
{
    return resource && !member_true(resource, "noCommonTimes");
}

bool route_takes_version(json_object *route, json_object *resource)
{
    bool replaces = route_is(route, "PUT") || route_is(route, "PATCH") ||
                    route_is(route, "DELETE") || member(route, "action");
    return replaces && (!resource || has_versions(resource));
}

static void add_failure(json_object *responses, const char *status, const char *name)
{
    json_object_object_add(responses, status, schema_ref("responses", name));
}

/* Who is led on by a browser is told by a page. */
static void show_as_pages(json_object *responses)
{
    json_object_object_foreach(responses, status, response)
    {
        (void)response;
        if (*status < '4')
            continue;
        json_object *page = json_object_new_object();
        put_text(page, "description", "A page that says what is wrong.");
        json_object *media = put_object(put_object(page, "content"), "text/html");
        json_object_object_add(media, "schema", schema_text(NULL));
        put_text(media, "example", "<!doctype html>");
        json_object_object_add(responses, status, page);
    }
}

static void add_failures(json_object *responses, json_object *route, json_object *resource)
{
    bool has_path = strchr(member_text(route, "path"), ':') != NULL;
    bool takes =
        member(route, "body") || member_true(route, "upload") || member_true(route, "looseBody");
    bool posted = route_is(route, "POST");
    add_failure(responses, "400", "BadRequest");
    const char *own = member_text(route, "errors");
    if (!route_is_public(route) || (own && strstr(own, "401")))
        add_failure(responses, "401", "NotSignedIn");
    add_failure(responses, "403", "NotAllowed");
    if (has_path || !text_equal(member_text(route, "scope"), "none"))
        add_failure(responses, "404", "NotFound");
    if (posted || resource || (own && strstr(own, "409")))
        add_failure(responses, "409", "Conflict");
    if (route_takes_version(route, resource) || (has_versions(resource) && has_path))
        add_failure(responses, "412", "VersionMismatch");
    if (takes || posted) {
        add_failure(responses, "413", "TooLarge");
        add_failure(responses, "415", "WrongType");
    }
    if (takes || posted || member(route, "query"))
        add_failure(responses, "422", "Invalid");
    if (own && strstr(own, "426"))
        add_failure(responses, "426", "UpgradeRequired");
    add_failure(responses, "429", "TooMany");
    add_failure(responses, "503", "Unavailable");
}

json_object *openapi_responses(json_object *route, json_object *resource)
{
    json_object *responses = json_object_new_object();
    add_success(responses, route, resource);
    add_failures(responses, route, resource);
    if (text_equal(member_text(route, "answer"), "redirect"))
        show_as_pages(responses);
    return responses;
}
