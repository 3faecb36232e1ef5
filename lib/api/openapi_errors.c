/* openapi_errors: what an operation answers when it went wrong. What several may answer stands
 * under components/responses with its usual codes, and what any may (malformed, not signed in, not
 * allowed, too often, not now) is one of them: Refused, as default. An operation's own codes stand
 * in its x-errors, and each has an example in the answer of its status. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"

static const struct common {
    const char *name, *status, *codes, *description, *header;
} failures[] = {
    {"BadRequest", "400",
     "unknown_parameter bad_parameter bad_cursor bad_query bad_path bad_host bad_cookie bad_form "
     "bad_multipart bad_request body_incomplete json_syntax json_depth json_duplicate_key "
     "json_not_an_object json_number_range json_too_large json_utf8 multipart_boundary "
     "multipart_header multipart_incomplete multipart_text multipart_too_many_parts "
     "idempotency_key_invalid idempotency_not_supported if_match_not_supported unknown_version "
     "repeated_parameter",
     "Malformed: the JSON, a parameter or a header cannot be read.", NULL},
    {"NotSignedIn", "401",
     "not_signed_in token_malformed token_expired token_stale token_signature token_algorithm "
     "token_audience token_issuer token_key session_revoked api_key_malformed api_key_unknown "
     "api_key_expired api_key_revoked",
     "Nobody is signed in, or the token is bad, expired or revoked.", "WWW-Authenticate"},
    {"NotAllowed", "403",
     "permission_missing wrong_audience role_missing tenant_mismatch tenant_suspended "
     "tenant_inactive api_key_refused csrf_invalid network_denied step_up_required "
     "password_change_required mfa_enrolment_required impersonation_refused "
     "impersonation_forbidden quota_exceeded forbidden",
     "Signed in, but not allowed; or the tenant does not match.", NULL},
    {"NotFound", "404", "not_found tenant_unknown", "There is no such thing in this tenant.", NULL},
    {"Conflict", "409", "conflict in_use idempotency_in_progress idempotency_interrupted",
     "It conflicts with what is there already.", NULL},
    {"Gone", "410", "gone", "It was there, and is over.", NULL},
    {"VersionMismatch", "412", "version_mismatch precondition_failed",
     "The record has changed since the ETag of If-Match.", NULL},
    {"TooLarge", "413", "body_too_large multipart_field_too_large",
     "The body is larger than this address takes.", NULL},
    {"WrongType", "415", "unsupported_media_type",
     "The content type is not one that this address takes.", NULL},
    {"Invalid", "422", "validation_failed invalid_value too_large idempotency_key_reused",
     "Fields are invalid: `details` has one row for each.", NULL},
    {"UpgradeRequired", "426", "upgrade_required", "This address is for WebSocket.", NULL},
    {"TooMany", "429", "rate_limited", "Too many requests: see Retry-After.", "Retry-After"},
    {"Unavailable", "503", "unavailable busy database_unavailable deadline_exceeded not_ready",
     "Cannot serve just now: see Retry-After.", "Retry-After"},
};

/* May come of whatever is asked. */
static const char *const everywhere[] = {"400", "401", "403", "413", "415", "429", "503"};

static const struct common *usual_of(const char *status)
{
    for (size_t i = 0; i < COUNT(failures); i++)
        if (strcmp(failures[i].status, status) == 0)
            return &failures[i];
    return NULL;
}

const char *openapi_failure_name(const char *status)
{
    const struct common *usual = usual_of(status);
    return usual ? usual->name : "Refused";
}

static const char *first_code(struct openapi *api, const struct common *usual)
{
    return arena_copy(api->arena, usual->codes, strcspn(usual->codes, " "));
}

/* ---- codes ---- */

static void note_code(struct openapi *api, const char *code, const char *status)
{
    const char *known = member_text(api->codes, code);
    if (!known)
        put_text(api->codes, code, status);
    else if (strcmp(known, status) != 0)
        openapi_complain(api, "the code %s has two statuses, %s and %s", code, known, status);
}

/* "409 slug_taken, 422 code.invalid_code": the second is one of the field `code`. */
static void each_in(const char *list, error_taker *take, void *arg)
{
    char status[4], name[128];
    int used;
    for (; list && sscanf(list, " %3[0-9] %127[A-Za-z0-9_.]%n", status, name, &used) == 2;
         list += used + (list[used] == ',')) {
        char *point = strchr(name, '.');
        if (point)
            *point = '\0';
        take(arg, status, point ? point + 1 : name, point ? name : NULL);
    }
}

void route_each_error(json_object *route, json_object *resource, error_taker *take, void *arg)
{
    each_in(member_text(route, "errors"), take, arg);
    if (resource && !route_is(route, "GET"))
        each_in(member_text(resource, "errors"), take, arg);
}

/* ---- one failure ---- */

static void put_detail(json_object *error, const char *field, const char *code, const char *message)
{
    json_object *row = json_object_new_object();
    put_text(row, "in", "body");
    put_text(row, "field", field);
    put_text(row, "code", code);
    put_text(row, "message", message);
    json_object_array_add(put_array(error, "details"), row);
}

/* With a field it is invalid, and the code stands in its row. */
static json_object *failure_example(struct openapi *api, const char *status, const char *code,
                                    const char *field, const char *message)
{
    json_object *example = json_object_new_object();
    put_bool(example, "success", false);
    json_object *error = put_object(example, "error");
    put_text(error, "message", field ? "Some fields are invalid." : message);
    put_text(error, "code", field ? "validation_failed" : code);
    if (field)
        put_detail(error, field, code, message);
    put_text(error, "documentationUrl",
             arena_printf(api->arena, "/api/docs/errors#%s", field ? "validation_failed" : code));
    put_int(error, "statusCode", strtoll(status, NULL, 10));
    put_text(error, "requestId", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
    return example;
}

/* By its component, so that it stands there once however many operations fail so. */
static void add_example(struct openapi *api, json_object *response, const char *status,
                        const char *code, const char *field)
{
    json_object *media = member(member(response, "content"), "application/json");
    json_object *example = json_object_new_object();
    const struct common *usual = usual_of(status);
    const char *words = text_equal(first_code(api, usual), code)
                            ? usual->description
                            : arena_printf(api->arena, "%s.", text_title(api->arena, code));
    const char *name = text_pascal(api->arena, code);
    if (field)
        name =
            arena_printf(api->arena, "%sIn%c%s", name, toupper((unsigned char)*field), field + 1);
    json_object_object_add(example, "value", failure_example(api, status, code, field, words));
    json_object_object_add(member(media, "examples"), code,
                           openapi_component(api, "examples", name, example));
}

static void add_media(json_object *response)
{
    json_object *media = put_object(put_object(response, "content"), "application/json");
    json_object_object_add(media, "schema", schema_ref("schemas", "Failure"));
    put_object(media, "examples");
}

static void add_code(json_object *list, const char *status, const char *code, const char *field)
{
    json_object *row = json_object_new_object();
    put_int(row, "status", strtoll(status, NULL, 10));
    put_text(row, "code", code);
    put_text(row, "field", field);
    json_object_array_add(list, row);
}

/* The usual codes of a status into a response. */
static void add_usual(struct openapi *api, json_object *response, const struct common *usual)
{
    json_object *list = member(response, "x-errors");
    const char *at = usual->codes;
    if (!list)
        list = put_array(response, "x-errors");
    for (size_t len; *at; at += len + (at[len] == ' ')) {
        len = strcspn(at, " ");
        const char *code = arena_copy(api->arena, at, len);
        add_code(list, usual->status, code, NULL);
        note_code(api, code, usual->status);
    }
}

static json_object *empty_failure(const char *description)
{
    json_object *response = json_object_new_object();
    put_text(response, "description", description);
    openapi_add_header(response, "X-Request-Id");
    openapi_add_header(response, "Tulou-Version");
    add_media(response);
    return response;
}

static json_object *new_failure(struct openapi *api, const struct common *usual)
{
    json_object *response = empty_failure(usual->description);
    if (usual->header)
        openapi_add_header(response, usual->header);
    add_example(api, response, usual->status, first_code(api, usual), NULL);
    return response;
}

static json_object *new_refusal(struct openapi *api)
{
    json_object *response = empty_failure(
        "400: malformed; 401: nobody is signed in, or no longer; 403: not allowed; 413 and 415: a "
        "body that is too large or of another type; 429: too many requests, and 503: not just now "
        "(both say by Retry-After when to come again).");
    openapi_add_header(response, "RateLimit");
    openapi_add_header(response, "RateLimit-Policy");
    for (size_t i = 0; i < COUNT(everywhere); i++) {
        const struct common *usual = usual_of(everywhere[i]);
        if (usual->header)
            openapi_add_header(response, usual->header);
        add_usual(api, response, usual);
        add_example(api, response, usual->status, first_code(api, usual), NULL);
    }
    return response;
}

static void add_failure_schemas(struct openapi *api)
{
    json_object *schemas = put_object(api->components, "schemas");
    put_json(
        schemas, "FailureDetail",
        "{\"type\":\"object\",\"required\":[\"in\",\"field\",\"code\",\"message\"],"
        "\"properties\":{\"in\":{\"type\":\"string\",\"enum\":[\"body\",\"query\",\"path\"],"
        "\"description\":\"Where it stands.\"},"
        "\"field\":{\"type\":\"string\",\"description\":\"Its path: items[2].quantity.\"},"
        "\"allowed\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
        "\"description\":\"The values that would do now, of invalid_transition.\"},"
        "\"resource\":{\"type\":\"string\",\"description\":\"Of in_use: what refers to it, where "
        "you may see that.\"},"
        "\"count\":{\"type\":\"integer\",\"description\":\"Of in_use: how many of them.\"},"
        "\"code\":{\"type\":\"string\",\"description\":\"What is wrong with it.\"},"
        "\"message\":{\"type\":\"string\",\"description\":\"The same for people.\"}}}");
    put_json(schemas, "FailureQuota",
             "{\"type\":\"object\",\"required\":[\"key\",\"limit\",\"used\"],\"properties\":{"
             "\"key\":{\"type\":\"string\",\"description\":\"As in the tenant's quotas: users.\"},"
             "\"limit\":{\"type\":\"integer\",\"description\":\"What the plan allows.\"},"
             "\"used\":{\"type\":\"integer\",\"description\":\"What is used of it.\"}}}");
    put_json(schemas, "FailureError",
             "{\"type\":\"object\",\"required\":[\"message\",\"code\",\"documentationUrl\","
             "\"statusCode\",\"requestId\"],\"properties\":{"
             "\"message\":{\"type\":\"string\",\"description\":\"For people; it may change.\"},"
             "\"code\":{\"$ref\":\"#/components/schemas/ErrorCode\"},"
             "\"documentationUrl\":{\"type\":\"string\",\"format\":\"uri-reference\","
             "\"description\":\"What the code means, on this host.\"},"
             "\"statusCode\":{\"type\":\"integer\",\"description\":\"The status of the answer.\"},"
             "\"requestId\":{\"type\":\"string\",\"description\":\"As in X-Request-Id.\"},"
             "\"quota\":{\"$ref\":\"#/components/schemas/FailureQuota\","
             "\"description\":\"Of quota_exceeded: which, and its numbers.\"},"
             "\"details\":{\"type\":\"array\",\"description\":\"A row for each field.\","
             "\"items\":{\"$ref\":\"#/components/schemas/FailureDetail\"}}}}");
    put_json(schemas, "Failure",
             "{\"type\":\"object\",\"required\":[\"success\",\"error\"],\"properties\":{"
             "\"success\":{\"const\":false},"
             "\"error\":{\"$ref\":\"#/components/schemas/FailureError\"}}}");
}

void openapi_add_failure_components(struct openapi *api)
{
    add_failure_schemas(api);
    for (size_t i = 0; i < COUNT(failures); i++)
        note_code(api, first_code(api, &failures[i]), failures[i].status);
}

/* Open: codes may be added. */
void openapi_add_codes(struct openapi *api)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "description",
             "Stays as it is; others may be added. docs/errors.md has all of them.");
    json_object *any = put_array(schema, "anyOf"), *known = json_object_new_object();
    put_text(known, "type", "string");
    json_object *values = put_array(known, "enum");
    json_object_object_foreach(api->codes, code, status)
    {
        (void)status;
        push_text(values, code);
    }
    json_object_array_add(any, known);
    json_object_array_add(any, schema_text(NULL));
    json_object_put(openapi_component(api, "schemas", "ErrorCode", schema));
}

/* ---- the failures of an operation ---- */

static void add_usual_failure(struct openapi *api, json_object *responses, const char *status)
{
    const struct common *usual = usual_of(status);
    json_object *response = new_failure(api, usual);
    add_usual(api, response, usual);
    json_object_object_add(responses, status,
                           openapi_component(api, "responses", usual->name, response));
}

struct own {
    struct openapi *api;
    json_object *responses, *list;
};

static void take_own(void *arg, const char *status, const char *code, const char *field)
{
    struct own *own = arg;
    const struct common *usual = usual_of(status);
    if (!usual) {
        openapi_complain(own->api, "%s %s: there is no response of this status", status, code);
        return;
    }
    json_object *response = member(own->responses, status);
    if (!response || member(response, "$ref")) {
        response = new_failure(own->api, usual);
        json_object_object_add(own->responses, status, response);
    }
    if (!field)
        note_code(own->api, code, status);
    add_code(own->list, status, code, field);
    add_example(own->api, response, status, code, field);
}

/* Who is led on by a browser is told by a page. */
static void show_as_pages(json_object *responses)
{
    json_object_object_foreach(responses, status, response)
    {
        (void)response;
        if (*status < '4') /* "default" too is a failure */
            continue;
        json_object *page = json_object_new_object();
        put_text(page, "description", "A page that says what is wrong.");
        json_object *media = put_object(put_object(page, "content"), "text/html");
        json_object_object_add(media, "schema", schema_text(NULL));
        put_text(media, "example", "<!doctype html>");
        json_object_object_add(responses, status, page);
    }
}

static void add_usual_failures(struct openapi *api, json_object *responses, json_object *route,
                               json_object *resource)
{
    bool has_path = strchr(member_text(route, "path"), ':') != NULL;
    bool takes = route_takes_body(route), posted = route_is(route, "POST");
    bool written = !route_is(route, "GET");
    json_object_object_add(responses, "default",
                           openapi_component(api, "responses", "Refused", new_refusal(api)));
    if (has_path || !text_equal(member_text(route, "scope"), "none"))
        add_usual_failure(api, responses, "404");
    if (posted || (resource && written))
        add_usual_failure(api, responses, "409");
    if (route_takes_version(route, resource))
        add_usual_failure(api, responses, "412");
    if (takes || posted || member(route, "query"))
        add_usual_failure(api, responses, "422");
}

void openapi_add_failures(struct openapi *api, json_object *operation, json_object *responses,
                          json_object *route, json_object *resource)
{
    struct own own = {api, responses, json_object_new_array()};
    add_usual_failures(api, responses, route, resource);
    route_each_error(route, resource, take_own, &own);
    if (route_answers(route, "redirect"))
        show_as_pages(responses);
    if (json_object_array_length(own.list) > 0)
        json_object_object_add(operation, "x-errors", own.list);
    else
        json_object_put(own.list);
}
