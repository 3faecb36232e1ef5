/* fields: the fields that a tenant adds to its records (lib/resource/custom.h). */
#include "fields.h"

#include "api/openapi_tenant.h"

static const struct route routes[] = {
    ROUTE(GET, "/api/openapi.json", PUBLIC(TENANT), openapi_tenant,
          "The document of this API, with the tenant's own fields for whom may read them.",
          .operation = "getApiDocument", .answer = ANSWER_FILE, .media = "application/*",
          .flags = ROUTE_KNOWS_CALLER),
    {.path = NULL},
};

static const struct area area = {
    .name = "fields",
    .title = "Custom fields",
    .about = "Fields of one's own on the records that allow them.",
    .routes = routes,
    .resources = RESOURCES(&custom_fields, &custom_choices),
    .grants = ROLE_GRANTS({"admin", "fields.*"}),
    .menu = MENU({ADMIN_PAGES, "Custom fields", "/admin/custom-fields", "forms",
                  "fields.custom_fields:read", "Settings", "business reseller", 77}),
    .jobs = JOBS(&custom_removal, &custom_filling, &custom_wording),
};

AREA_MAIN(area)
