/* bulk: what a file of users may have besides their fields, and the addresses of imports and
 * exports from before the engine had them. */
#include "import/import.h"
#include "users.h"

const struct import_rules user_import_rules = {
    .resource = &platform_users,
    .keys = CHOICES("email"),
    .also = FIELDS({"password_hash", TEXT, INPUT_ONLY, 1, 200, .label = "Password hash",
                    .help = "Of another system; operators alone bring it."}),
};

const struct route bulk_routes[] = {
    ROUTE(POST, "/api/platform-users/bulk-import", MAY(EITHER, "users.users:import"), import_send,
          "Import users from CSV, as POST /api/platform-users/import does.",
          .operation = "bulkImportUsers", .answer_name = "user import", .status = 202,
          .deprecated = "2026-11-30", .flags = ROUTE_UPLOAD, .body_limit = 50 << 20,
          .media = "text/csv", .sample = "email,name\r\nnora@example.com,Nora Blum\r\n",
          .answer_fields = import_answer, .query = import_query, .about = &user_import_rules),
    ROUTE(POST, "/api/platform-users/bulk-export", MAY(EITHER, "users.users:export"),
          resource_export, "Export what the filter shows as CSV.", .operation = "bulkExportUsers",
          .answer = ANSWER_FILE, .errors = "422 export_too_large, 429 too_many_exports",
          .deprecated = "2026-11-30", .flags = ROUTE_LIST_QUERY | ROUTE_NOT_REPEATED,
          .about = &platform_users),
    {.path = NULL},
};
