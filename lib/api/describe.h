/* describe: an area's table as JSON, for the build: nginx locations, OpenAPI,
 * menu, permissions and the tests that walk the routes are made from it. */
#ifndef API_DESCRIBE_H
#define API_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>

struct area;
struct field;
struct json;
struct route;

bool area_describe(const struct area *area, FILE *out);

/* A table of fields as an array. */
void describe_fields(struct json *json, const struct field *fields);

/* The status of a success. */
int route_status(const struct route *route);

#endif
