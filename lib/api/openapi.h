/* openapi: the OpenAPI 3.1.0 document of all areas, made from their tables
 * (areas.json) at build time, so that it cannot differ from the code. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <json-c/json.h>
#include <stdbool.h>

/* A new document; the caller owns it (json_object_put). */
json_object *openapi_document(json_object *areas);

/* ---- parts: openapi_schema.c ---- */
/* What a schema is for: which fields stand in it and which are required. */
enum schema_use { SCHEMA_ANSWER, SCHEMA_CREATE, SCHEMA_REPLACE, SCHEMA_MERGE };
/* An object schema (JSON Schema 2020-12) of described fields. */
json_object *openapi_object_schema(json_object *fields, enum schema_use use);
json_object *openapi_field_schema(json_object *field, enum schema_use use);
/* An example object: of an answer with all that stands in it, else of the fields
 * that have an example. */
json_object *openapi_example(json_object *fields, enum schema_use use);

/* ---- parts: openapi_operation.c, openapi_parameters.c, openapi_responses.c ---- */
/* Each is new; the caller owns it. `resource` may be NULL. */
json_object *openapi_operation(json_object *route, json_object *resource, const char *tag);
json_object *openapi_parameters(json_object *route, json_object *resource);
json_object *openapi_responses(json_object *route, json_object *resource);
/* What these share. content_add() takes schema and example over. */
json_object *schema_text(const char *format); /* format may be NULL */
json_object *schema_any_object(void);
void content_add(json_object *content, const char *type, json_object *schema, json_object *example);
bool route_is(json_object *route, const char *method);
bool route_is_public(json_object *route);
bool route_takes_key(json_object *route);                            /* Idempotency-Key */
bool route_takes_version(json_object *route, json_object *resource); /* If-Match, If-None-Match */

/* ---- parts: openapi.c ---- */
/* All that a record of the resource has: what the engine adds, and its fields.
 * The caller owns it. */
json_object *openapi_record_fields(json_object *resource);

/* ---- small helpers over json-c ---- */
const char *member_text(json_object *object, const char *key); /* NULL when absent */
json_object *member(json_object *object, const char *key);
int64_t member_int(json_object *object, const char *key);
int member_true(json_object *object, const char *key);
void put_text(json_object *object, const char *key, const char *text);
json_object *put_object(json_object *object, const char *key);
json_object *schema_ref(const char *kind,
                        const char *name);              /* {"$ref": "#/components/kind/name"} */
char *schema_name(const char *one, const char *suffix); /* "lead","Input" -> "LeadInput"; heap */

#endif
