/* openapi_operation: one route as an OpenAPI operation. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/buf.h"
#include "base/text.h"

/* ---- parameters ---- */

static json_object *add_parameter(json_object *list, const char *in, const char *name,
                                  const char *about, json_object *schema)
{
    json_object *parameter = json_object_new_object();
    put_text(parameter, "name", name);
    put_text(parameter, "in", in);
    put_text(parameter, "description", about);
    if (strcmp(in, "path") == 0)
        json_object_object_add(parameter, "required", json_object_new_boolean(1));
    json_object_object_add(parameter, "schema", schema);
    json_object_array_add(list, parameter);
    return parameter;
}

static json_object *text_schema(const char *format)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "string");
    put_text(schema, "format", format);
    return schema;
}

static json_object *whole_schema(int64_t initial, int64_t most)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "integer");
    json_object_object_add(schema, "minimum", json_object_new_int64(1));
    json_object_object_add(schema, "maximum", json_object_new_int64(most));
    json_object_object_add(schema, "default", json_object_new_int64(initial));
    return schema;
}

static void add_path_parameters(json_object *list, const char *path)
{
    for (const char *at = strchr(path, ':'); at; at = strchr(at + 1, ':')) {
        struct buf name = {0};
        for (const char *c = at + 1; *c && *c != '/'; c++)
            buf_putc(&name, *c);
        bool is_id = text_ends(name.data, "id") || text_ends(name.data, "Id");
        add_parameter(list, "path", name.data, NULL, text_schema(is_id ? "uuid" : NULL));
        buf_free(&name);
    }
}

static void add_filter(json_object *list, const char *name, const char *operator,
                       const char * about, json_object *schema)
{
    struct buf full = {0};
    buf_printf(&full, operator? "%s[%s]" : "%s", name, operator);
    add_parameter(list, "query", full.data, about, schema);
    buf_free(&full);
}

static bool is_ordered(const char *type)
{
    static const char *const ordered[] = {"int", "money", "basisPoints", "time", "date"};
    for (size_t i = 0; i < COUNT(ordered); i++)
        if (text_equal(type, ordered[i]))
            return true;
    return false;
}

static void add_filters(json_object *list, json_object *field)
{
    static const struct {
        const char *operator, * about;
    } ranges[] = {
        {"gt", "greater than"}, {"gte", "at least"}, {"lt", "less than"}, {"lte", "at most"}};
    const char *name = member_text(field, "name");
    add_filter(list, name, NULL, "Equal to this.", text_schema(NULL));
    add_filter(list, name, "ne", "Other than this.", text_schema(NULL));
    add_filter(list, name, "in", "One of these, separated by commas.", text_schema(NULL));
    if (member_true(field, "nullable"))
        add_filter(list, name, "null", "true: without a value; false: with one.",
                   text_schema(NULL));
    for (size_t i = 0; is_ordered(member_text(field, "type")) && i < COUNT(ranges); i++)
        add_filter(list, name, ranges[i].operator, ranges[i].about, text_schema(NULL));
}

/* The parameters that every list of a resource takes. */
static void add_list_parameters(json_object *list, json_object *resource)
{
    json_object *fields = member(resource, "fields");
    bool searched = false;
    add_parameter(list, "query", "page", "Page, from 1.", whole_schema(1, 1000000));
    add_parameter(list, "query", "limit", "Rows of a page.", whole_schema(20, 100));
    add_parameter(list, "query", "after",
                  "Cursor of the last answer (nextCursor): the rows behind it, without counting.",
                  text_schema(NULL));
    add_parameter(list, "query", "sort",
                  "Field to sort by, with - in front for descending; several by commas.",
                  text_schema(NULL));
    add_parameter(list, "query", "fields", "Fields to answer, separated by commas.",
                  text_schema(NULL));
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        searched = searched || member_true(field, "searched");
        if (member_true(field, "filtered"))
            add_filters(list, field);
    }
    if (searched)
        add_parameter(list, "query", "q", "Text to search for.", text_schema(NULL));
}

static void add_query_parameters(json_object *list, json_object *query)
{
    for (size_t i = 0; query && i < json_object_array_length(query); i++) {
        json_object *field = json_object_array_get_idx(query, i);
        json_object *parameter =
            add_parameter(list, "query", member_text(field, "name"), member_text(field, "help"),
                          openapi_field_schema(field, SCHEMA_MERGE));
        if (member_true(field, "required"))
            json_object_object_add(parameter, "required", json_object_new_boolean(1));
    }
}

static bool is_method(json_object *route, const char *method)
{
    return text_equal(member_text(route, "method"), method);
}

static bool is_public(json_object *route)
{
    return text_equal(member_text(route, "level"), "public");
}

static bool takes_key(json_object *route)
{
    return is_method(route, "POST") && !member_true(route, "notRepeated");
}

/* Records without times have no version to tell. */
static bool has_versions(json_object *resource)
{
    return resource && !member_true(resource, "noCommonTimes");
}

static void add_header_parameters(json_object *list, json_object *route, json_object *resource)
{
    if (takes_key(route))
        add_parameter(list, "header", "Idempotency-Key",
                      "The same key and body have one effect and one answer for 24 hours.",
                      text_schema(NULL));
    bool changes =
        is_method(route, "PUT") || is_method(route, "PATCH") || is_method(route, "DELETE");
    if (has_versions(resource) && changes)
        add_parameter(list, "header", "If-Match", "ETag that the record must still have.",
                      text_schema(NULL));
}

static json_object *parameters(json_object *route, json_object *resource)
{
    json_object *list = json_object_new_array();
    add_path_parameters(list, member_text(route, "path"));
    if (resource && text_equal(member_text(route, "answer"), "list"))
        add_list_parameters(list, resource);
    add_query_parameters(list, member(route, "query"));
    add_header_parameters(list, route, resource);
    return list;
}

/* ---- request body ---- */

static enum schema_use body_use(json_object *route)
{
    if (is_method(route, "PUT"))
        return SCHEMA_REPLACE;
    return is_method(route, "PATCH") || member_true(route, "merge") ? SCHEMA_MERGE : SCHEMA_CREATE;
}

static void add_content(json_object *content, const char *type, json_object *schema,
                        json_object *example)
{
    json_object *media = put_object(content, type);
    json_object_object_add(media, "schema", schema);
    if (example && json_object_object_length(example) > 0)
        json_object_object_add(media, "example", example);
    else
        json_object_put(example);
}

static json_object *body_schema(json_object *route, json_object *resource)
{
    static const char *const suffixes[] = {
        [SCHEMA_CREATE] = "Create", [SCHEMA_REPLACE] = "Replace", [SCHEMA_MERGE] = "Patch"};
    enum schema_use use = body_use(route);
    if (!resource)
        return openapi_object_schema(member(route, "body"), use);
    char *name = schema_name(member_text(resource, "one"), suffixes[use]);
    json_object *ref = schema_ref("schemas", name);
    free(name);
    return ref;
}

static json_object *any_object(void)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    return schema;
}

/* One file in a form; some may also come bare. */
static void add_upload(json_object *content, const char *media, const char *sample)
{
    json_object *form = any_object(), *example = json_object_new_object();
    json_object_object_add(put_object(form, "properties"), "file", text_schema("binary"));
    put_text(example, "file", sample);
    add_content(content, "multipart/form-data", form, example);
    if (!media)
        return;
    add_content(content, media, text_schema(NULL), NULL);
    put_text(member(content, media), "example", sample);
}

static void add_body(json_object *operation, json_object *route, json_object *resource)
{
    json_object *fields = member(route, "body");
    bool writes = is_method(route, "POST") || is_method(route, "PUT") || is_method(route, "PATCH");
    bool upload = member_true(route, "upload"), loose = member_true(route, "looseBody");
    if (!writes || (!fields && !upload && !loose))
        return;
    json_object *body = put_object(operation, "requestBody");
    json_object_object_add(body, "required", json_object_new_boolean(1));
    json_object *content = put_object(body, "content");
    if (upload)
        add_upload(content, member_text(route, "media"), member_text(route, "sample"));
    else if (!fields)
        add_content(content, "application/json", any_object(), NULL);
    else
        add_content(content, "application/json", body_schema(route, resource),
                    openapi_example(fields, body_use(route)));
    if (fields && member_true(route, "merge"))
        add_content(content, "application/merge-patch+json", body_schema(route, resource), NULL);
}

/* ---- answers ---- */

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
        return any_object();
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
    json_object_object_add(header, "schema", text_schema(NULL));
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
        add_content(content, "text/csv", text_schema(NULL), NULL);
        put_text(member(content, "text/csv"), "example", "\"id\",\"name\"\r\n");
        return;
    }
    if (text_equal(answer, "stream")) {
        add_content(content, "text/event-stream", text_schema(NULL), NULL);
        put_text(member(content, "text/event-stream"), "example", "event: ready\ndata: {}\n\n");
        return;
    }
    bool list = text_equal(answer, "list");
    add_content(content, "application/json", envelope(answer_schema(route, resource), list),
                answer_example(route, resource, list));
    if (has_versions(resource) && !list)
        add_header(response, "ETag", "Version of the record, for If-Match and If-None-Match.");
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
        json_object_object_add(media, "schema", text_schema(NULL));
        put_text(media, "example", "<!doctype html>");
        json_object_object_add(responses, status, page);
    }
}

static void add_failures(json_object *responses, json_object *route, json_object *resource)
{
    bool has_path = strchr(member_text(route, "path"), ':') != NULL;
    bool takes =
        member(route, "body") || member_true(route, "upload") || member_true(route, "looseBody");
    bool posted = is_method(route, "POST");
    add_failure(responses, "400", "BadRequest");
    const char *own = member_text(route, "errors");
    if (!is_public(route) || (own && strstr(own, "401")))
        add_failure(responses, "401", "NotSignedIn");
    add_failure(responses, "403", "NotAllowed");
    if (has_path || !text_equal(member_text(route, "scope"), "none"))
        add_failure(responses, "404", "NotFound");
    if (posted || resource || (own && strstr(own, "409")))
        add_failure(responses, "409", "Conflict");
    if (has_versions(resource) && has_path)
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

/* ---- the operation ---- */

static void add_description(json_object *operation, json_object *route)
{
    struct buf text = {0};
    const char *needs = member_text(route, "needs"), *errors = member_text(route, "errors");
    if (is_public(route))
        buf_puts(&text, "Open to everybody.");
    else if (needs)
        buf_printf(&text, "Needs the %s `%s`.",
                   text_equal(member_text(route, "level"), "role") ? "role" : "permission", needs);
    else
        buf_puts(&text, "For everybody signed in.");
    if (is_method(route, "POST") && !takes_key(route))
        buf_puts(&text, " No Idempotency-Key is kept for it: the answer holds a secret, or what it "
                        "uses up is good once anyway.");
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
    if (is_public(route))
        json_object_object_add(operation, "security", json_object_new_array());
    if (member(route, "deprecated"))
        json_object_object_add(operation, "deprecated", json_object_new_boolean(1));
    put_text(operation, "x-permission", member_text(route, "needs"));
    put_text(operation, "x-scope", member_text(route, "scope"));
    json_object_object_add(operation, "parameters", parameters(route, resource));
    add_body(operation, route, resource);
    json_object *responses = put_object(operation, "responses");
    add_success(responses, route, resource);
    add_failures(responses, route, resource);
    if (text_equal(member_text(route, "answer"), "redirect"))
        show_as_pages(responses);
    return operation;
}
