/* openapi_tenant: the OpenAPI document as one tenant has it: with its custom fields, typed, in
 * what is read and written, and among what lists filter and sort by. */
#ifndef API_OPENAPI_TENANT_H
#define API_OPENAPI_TENANT_H

#include <stdbool.h>

struct cx;

/* Handler of GET /api/openapi.json: of the fields of resources that the one signed in may read;
 * else everybody's document. */
bool openapi_tenant(struct cx *cx);

#endif
