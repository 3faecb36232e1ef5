/* openapi_responses: what an operation answers when it went well. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"
#include "resource/resource.h"

static json_object *constant(bool value)
{
    json_object *schema = json_object_new_object();
    put_bool(schema, "const", value);
    return schema;
}

/* What every list says of itself. */
static json_object *meta_schema(struct openapi *api)
{
    return openapi_component(
        api, "schemas", "ListMeta",
        json_tokener_parse(
            "{\"type\":\"object\",\"properties\":{"
            "\"page\":{\"type\":\"integer\",\"description\":\"The page; not with after.\"},"
            "\"limit\":{\"type\":\"integer\",\"description\":\"Rows of a page.\"},"
            "\"total\":{\"type\":\"integer\",\"description\":\"All rows, where they were "
            "counted.\"},"
            "\"totalPages\":{\"type\":\"integer\",\"description\":\"Pages of that many rows.\"},"
            "\"totalIsAtLeast\":{\"const\":true,\"description\":\"Counting ended at total; "
            "there are more.\"},"
            "\"nextCursor\":{\"type\":[\"string\",\"null\"],\"description\":\"For after: the rows "
            "behind these; null where there are none.\"}},\"required\":[\"limit\"]}"));
}

/* A closed set is answered whole, without meta. */
bool route_is_paged(json_object *route, json_object *resource)
{
    json_object *query = member(route, "query");
    if (!route_answers(route, "list"))
        return false;
    for (size_t i = 0; query && i < json_object_array_length(query); i++)
        if (text_equal(member_text(json_object_array_get_idx(query, i), "name"), "limit"))
            return true;
    return resource && !member(route, "answerFields");
}

/* An answer of a route. */
struct answered {
    json_object *route, *resource;
    bool list;
};

/* Those of the record, and what the route gives besides. To be released. */
static json_object *record_fields(json_object *route, json_object *resource)
{
    json_object *fields = openapi_record_fields(resource), *gives = member(route, "gives");
    for (size_t i = 0; gives && i < json_object_array_length(gives); i++)
        json_object_array_add(fields, json_object_get(json_object_array_get_idx(gives, i)));
    return fields;
}

/* Of what is answered, in its envelope. */
static json_object *answer_example(const struct answered *answer)
{
    json_object *route = answer->route, *resource = answer->resource;
    json_object *fields = member(route, "answerFields"), *example = json_object_new_object();
    json_object *all = fields ? json_object_get(fields) : NULL;
    if (!fields && resource)
        all = record_fields(route, resource);
    json_object *data = openapi_example(all, SCHEMA_ANSWER);
    json_object_put(all);
    put_bool(example, "success", true);
    if (!answer->list) {
        json_object_object_add(example, "data", data);
        return example;
    }
    json_object_array_add(put_array(example, "data"), data);
    if (route_is_paged(route, resource))
        put_json(example, "meta",
                 "{\"page\":1,\"limit\":20,\"total\":1,\"totalPages\":1,\"nextCursor\":null}");
    return example;
}

/* {"success", "data"} around the data, which is taken over; named after what is in it. */
static json_object *envelope(struct openapi *api, const char *name, json_object *data,
                             const struct answered *answer)
{
    bool list = answer->list, paged = route_is_paged(answer->route, answer->resource);
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    json_object *properties = put_object(schema, "properties");
    json_object_object_add(properties, "success", constant(true));
    json_object *names = put_array(schema, "required");
    push_text(names, "success");
    push_text(names, "data");
    if (list) {
        json_object *array = put_object(properties, "data");
        put_text(array, "type", "array");
        json_object_object_add(array, "items", data);
        if (paged)
            json_object_object_add(properties, "meta", meta_schema(api));
        if (paged)
            push_text(names, "meta");
    } else {
        json_object_object_add(properties, "data", data);
    }
    json_object_array_add(put_array(schema, "examples"), answer_example(answer));
    return openapi_component(
        api, "schemas", arena_printf(api->arena, "%s%sEnvelope", name, list ? "List" : ""), schema);
}

/* The record, or what `fields` left of it. */
static json_object *record_schema(struct openapi *api, json_object *resource, const char *name,
                                  bool sparse)
{
    json_object *fields = openapi_record_fields(resource);
    json_object *whole = openapi_fields_schema(api, name, fields, SCHEMA_ANSWER);
    if (sparse) {
        json_object *either = json_object_new_object(), *any = put_array(either, "anyOf");
        json_object_array_add(any, whole);
        json_object_array_add(any,
                              openapi_fields_schema(api, arena_printf(api->arena, "%sSparse", name),
                                                    fields, SCHEMA_SPARSE));
        whole = either;
    }
    json_object_put(fields);
    return whole;
}

/* The record and what is given besides, this once: a schema of its own. */
static json_object *given_schema(struct openapi *api, json_object *route, json_object *resource,
                                 const char *name)
{
    json_object *fields = record_fields(route, resource);
    json_object *schema = openapi_fields_schema(api, name, fields, SCHEMA_ANSWER);
    json_object_put(fields);
    return schema;
}

static json_object *free_answer(struct openapi *api, const char *name)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    put_bool(schema, "additionalProperties", true);
    return openapi_component(api, "schemas", name, schema);
}

static json_object *answer_schema(struct openapi *api, const struct answered *answer)
{
    json_object *route = answer->route, *resource = answer->resource;
    json_object *fields = member(route, "answerFields");
    const char *own = member_text(route, "answerName");
    const char *name =
        own ? text_pascal(api->arena, own) : openapi_operation_schema(api, route, "Result");
    if (fields)
        return envelope(api, name, openapi_fields_schema(api, name, fields, SCHEMA_ANSWER), answer);
    if (!resource)
        return envelope(api, name, free_answer(api, name), answer);
    if (member(route, "gives"))
        return envelope(api, name, given_schema(api, route, resource, name), answer);
    name = openapi_record_name(api, resource);
    bool sparse = answer->list || route_chooses_fields(route, resource);
    const char *chosen = arena_printf(api->arena, "%sChosen", name);
    return envelope(api, sparse && !answer->list ? chosen : name,
                    record_schema(api, resource, name, sparse), answer);
}

/* ---- headers ---- */

void openapi_add_header_components(struct openapi *api)
{
    static const struct {
        const char *name, *about;
    } headers[] = {
        {"X-Request-Id", "The number of this request, which the log has too."},
        {"Tulou-Version", "The version of the API: 1."},
        {"Idempotency-Replayed", "true: the first request with this key was answered so."},
        {"RateLimit", "What is left of the limit, and in how many seconds it is whole again."},
        {"RateLimit-Policy", "The limit that counts: requests and seconds."},
        {"Retry-After", "In how many seconds to come again."},
        {"WWW-Authenticate", "How to sign in (RFC 6750)."},
        {"ETag", "The version of what is shown, for If-Match and If-None-Match."},
        {"Location", "The address of what was made, or where the browser goes on."},
        {"Content-Disposition", "The name of the file."},
        {"Deprecation", "Since when this should no longer be used (RFC 9745)."},
        {"Upgrade", "The protocol that the connection speaks from now on."},
    };
    for (size_t i = 0; i < COUNT(headers); i++) {
        json_object *header = json_object_new_object();
        put_text(header, "description", headers[i].about);
        json_object_object_add(header, "schema", schema_text(NULL));
        json_object_put(openapi_component(api, "headers", headers[i].name, header));
    }
}

void openapi_add_header(json_object *response, const char *name)
{
    json_object *headers = member(response, "headers");
    if (!headers)
        headers = put_object(response, "headers");
    json_object_object_add(headers, name, schema_ref("headers", name));
}

/* Those that every answer has stand with Refused alone. */
static void add_headers(json_object *response, json_object *route)
{
    if (route_takes_key(route))
        openapi_add_header(response, "Idempotency-Replayed");
    if (member(route, "deprecated"))
        openapi_add_header(response, "Deprecation");
}

/* ---- what comes ---- */

bool route_chooses_fields(json_object *route, json_object *resource)
{
    json_object *query = member(route, "query");
    return resource && route_is(route, "GET") && route_answers(route, "item") && query &&
           text_equal(member_text(json_object_array_get_idx(query, 0), "name"), "fields");
}

/* Whether what is shown is one thing, or a list that is written as a whole. */
bool route_has_version(json_object *route, json_object *resource)
{
    return route_answers(route, "item") && (resource || route_is(route, "GET"));
}

bool route_takes_version(json_object *route, json_object *resource)
{
    bool replaces = route_is(route, "PUT") || route_is(route, "PATCH") || route_is(route, "DELETE");
    bool of_record = member(route, "action") && !member_true(route, "onList");
    bool known = of_record || (replaces && member_true(route, "shown"));
    /* What comes and goes by itself, as jobs do, is gone before its version is another. */
    return known && (!resource || !member_true(resource, "noCommonTimes"));
}

static void add_not_modified(json_object *responses)
{
    json_object *response = put_object(responses, "304");
    put_text(response, "description", "It still is what If-None-Match says.");
    openapi_add_header(response, "ETag");
}

static void add_plain(json_object *content, const char *type, const char *example)
{
    content_add(content, type, schema_text(NULL), NULL);
    put_text(member(content, type), "example", example);
}

static void add_file(json_object *response, json_object *route)
{
    json_object *content = put_object(response, "content");
    put_text(response, "description", "The file.");
    openapi_add_header(response, "Content-Disposition");
    if (member_text(route, "media")) {
        put_object(content, member_text(route, "media")); /* bytes have no schema */
        return;
    }
    add_plain(content, "text/csv", "\"id\",\"name\"\r\n");
    for (size_t i = 0;
         member(route, "query") && i < json_object_array_length(member(route, "query")); i++)
        if (text_equal(member_text(json_object_array_get_idx(member(route, "query"), i), "name"),
                       "format"))
            add_plain(content, "application/jsonl", "{\"id\":\"…\"}\n");
}

static const char *describe_success(json_object *route, json_object *resource)
{
    const char *status = member_text(route, "status");
    if (text_equal(status, "201"))
        return "It was made, and is this.";
    if (text_equal(status, "202"))
        return "It has begun.";
    if (route_answers(route, "list"))
        return "The rows.";
    return route_is(route, "GET") ? "What there is."
           : resource             ? "As it is now."
                                  : "Done; the outcome.";
}

static void add_json(struct openapi *api, json_object *response, json_object *route,
                     json_object *resource)
{
    const struct answered answer = {route, resource, route_answers(route, "list")};
    content_add(put_object(response, "content"), "application/json", answer_schema(api, &answer),
                NULL);
}

static void add_success(struct openapi *api, json_object *responses, json_object *route,
                        json_object *resource)
{
    json_object *response = put_object(responses, member_text(route, "status"));
    if (route_answers(route, "stream") && text_equal(member_text(route, "status"), "101")) {
        put_text(response, "description", "The connection speaks WebSocket from now on.");
        openapi_add_header(response, "Upgrade");
        return;
    }
    if (route_answers(route, "redirect")) {
        put_text(response, "description", "The browser goes on elsewhere.");
        openapi_add_header(response, "Location");
        return;
    }
    if (route_answers(route, "stream")) {
        put_text(response, "description", "Events, until one goes.");
        add_plain(put_object(response, "content"), "text/event-stream",
                  "event: ready\ndata: {}\n\n");
        return;
    }
    add_headers(response, route);
    if (route_answers(route, "nothing")) {
        put_text(response, "description", "Done; there is nothing to say.");
        return;
    }
    if (route_answers(route, "file")) {
        add_file(response, route);
        return;
    }
    put_text(response, "description", describe_success(route, resource));
    add_json(api, response, route, resource);
    if (route_has_version(route, resource))
        openapi_add_header(response, "ETag");
    /* A row that is appended to a record may have no address of its own. */
    bool made =
        resource && text_equal(member_text(route, "status"), "201") &&
        (!member_text(resource, "parent") || (member_int(resource, "operations") & OP_GET) != 0);
    if (made || text_equal(member_text(route, "status"), "202"))
        openapi_add_header(response, "Location");
}

/* What was done took the record away. */
static void add_gone(json_object *responses, json_object *route)
{
    json_object *response = put_object(responses, "204");
    put_text(response, "description", "Done; the record is no longer listed.");
    add_headers(response, route);
}

/* The same members, where a job goes on with it. */
static void add_begun(struct openapi *api, json_object *responses, json_object *route,
                      json_object *resource)
{
    json_object *response = put_object(responses, "202");
    put_text(response, "description", "It has begun; Location says where it can be watched.");
    add_headers(response, route);
    add_json(api, response, route, resource);
    openapi_add_header(response, "Location");
}

json_object *openapi_responses(struct openapi *api, json_object *route, json_object *resource)
{
    json_object *responses = json_object_new_object();
    add_success(api, responses, route, resource);
    if (route_has_version(route, resource) && route_is(route, "GET"))
        add_not_modified(responses);
    if (member_true(route, "mayEnd"))
        add_gone(responses, route);
    if (member_true(route, "mayLast"))
        add_begun(api, responses, route, resource);
    return responses;
}
