/* openapi: the OpenAPI 3.1 document of all areas, made from their tables
 * (areas.json) at build time, so that it cannot differ from the code.
 *
 * Whatever is an object has a name and stands under components once: the record
 * of a resource is called by its `one`, what else is read or written by the route's
 * `operation` or `answer_name`. A name that is meant twice, an operation without
 * a name of its own and a code with two statuses are defects, and fail the build. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;

/* The document while it is made, and what is wrong with it. */
struct openapi {
    struct arena *arena;
    json_object *document;   /* owned */
    json_object *components; /* in the document */
    json_object *areas;      /* as described; not owned */
    json_object *operations; /* operationId -> its path; owned */
    json_object *codes;      /* code -> its status; owned */
    int defects;             /* each is told on stderr */
};

/* A new document, NULL when there are defects; the caller owns it (json_object_put). */
json_object *openapi_document(json_object *areas);

/* The same of some areas, to stand in the place of theirs: what operations have alike stands in
 * each of them, since its name is that of all areas. */
json_object *openapi_part(json_object *areas);

/* Tells of a defect. */
void openapi_complain(struct openapi *api, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts `content` (taken over) under components and gives a new reference to it. What has the name
 * already must be the same. */
json_object *openapi_component(struct openapi *api, const char *kind, const char *name,
                               json_object *content);

/* ---- parts: openapi_schema.c ---- */
/* What a schema is for: which fields stand in it and which are required. Answers are open to new
 * members, bodies are closed; SPARSE is an answer of `fields`, QUERY a parameter. */
enum schema_use {
    SCHEMA_ANSWER,
    SCHEMA_SPARSE,
    SCHEMA_CREATE,
    SCHEMA_REPLACE,
    SCHEMA_MERGE,
    SCHEMA_QUERY
};
/* The object of described fields as the component `name`: a new reference to it. */
json_object *openapi_fields_schema(struct openapi *api, const char *name, json_object *fields,
                                   enum schema_use use);
/* The schema of one field; what is an object in it is named after `parent`. */
json_object *openapi_field_schema(struct openapi *api, const char *parent, json_object *field,
                                  enum schema_use use);
/* An example object: of an answer with all that stands in it, else of the fields
 * that have an example. */
json_object *openapi_example(json_object *fields, enum schema_use use);

/* ---- parts: openapi_operation.c, openapi_parameters.c, openapi_responses.c, openapi_errors.c ----
 * Each is new; the caller owns it. `resource` may be NULL. */
json_object *openapi_operation(struct openapi *api, json_object *route, json_object *resource,
                               const char *tag);
json_object *openapi_parameters(struct openapi *api, json_object *route, json_object *resource);
json_object *openapi_responses(struct openapi *api, json_object *route, json_object *resource);
/* The failures of an operation into its responses; its own codes as x-errors. */
void openapi_add_failures(struct openapi *api, json_object *operation, json_object *responses,
                          json_object *route, json_object *resource);
/* "NotFound" of 404: the component of what any operation may answer so. */
const char *openapi_failure_name(const char *status);
/* Components: what all failures share, and the headers of answers. */
void openapi_add_failure_components(struct openapi *api);
void openapi_add_header_components(struct openapi *api);
/* What several operations say alike goes under components; openapi_share.c. */
void openapi_share(struct openapi *api);
/* The webhooks, once the operations have made the envelope: openapi_events.c. */
void openapi_add_events(struct openapi *api);
/* ErrorCode, once all operations have said theirs. */
void openapi_add_codes(struct openapi *api);

/* Of all operations, in words (Markdown): info.description. openapi_conventions.c. */
extern const char openapi_conventions[];

/* ---- what these share ---- */
/* All that a record of the resource has: what the engine adds, and its fields.
 * The caller owns it. */
json_object *openapi_record_fields(json_object *resource);
/* "lead" and its like: the name of the schema of a resource's records. */
const char *openapi_record_name(struct openapi *api, json_object *resource);
/* "listLeads" -> "ListLeads" and a suffix, in the arena. */
const char *openapi_operation_schema(struct openapi *api, json_object *route, const char *suffix);
void openapi_add_header(json_object *response, const char *name); /* by its component */
json_object *schema_text(const char *format);                     /* format may be NULL */
/* Takes schema and example over. */
void content_add(json_object *content, const char *type, json_object *schema, json_object *example);
bool route_is(json_object *route, const char *method);
bool route_is_public(json_object *route);
bool route_answers(json_object *route, const char *answer);
bool route_is_paged(json_object *route, json_object *resource);       /* a list that may grow */
bool route_chooses_fields(json_object *route, json_object *resource); /* a GET of one by `fields` */
bool route_takes_body(json_object *route);
bool route_takes_api_keys(json_object *route);
bool route_takes_key(json_object *route);                            /* Idempotency-Key */
bool route_takes_version(json_object *route, json_object *resource); /* If-Match, If-None-Match */
bool route_has_version(json_object *route, json_object *resource);   /* answers an ETag */
/* Calls back with each code of its own, the route's and its resource's; `field` is NULL but for
 * those of one field in details. */
typedef void error_taker(void *arg, const char *status, const char *code, const char *field);
void route_each_error(json_object *route, json_object *resource, error_taker *take, void *arg);

/* ---- small helpers over json-c ---- */
const char *member_text(json_object *object, const char *key); /* NULL when absent */
json_object *member(json_object *object, const char *key);
int64_t member_int(json_object *object, const char *key);
int member_true(json_object *object, const char *key);
void put_text(json_object *object, const char *key, const char *text); /* NULL: nothing */
void put_int(json_object *object, const char *key, int64_t number);
void put_bool(json_object *object, const char *key, bool value);
void put_json(json_object *object, const char *key, const char *json);
json_object *put_object(json_object *object, const char *key);
json_object *put_array(json_object *object, const char *key);
void push_text(json_object *array, const char *text);
json_object *schema_ref(const char *kind, const char *name); /* "#/components/kind/name" */

#endif
