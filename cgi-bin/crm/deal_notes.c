/* deal_notes: what is written down about a deal, one after the other. */
#include "crm.h"

const struct resource deal_notes = {
    .name = "deal-notes",
    .one = "deal note",
    .title = "Notes",
    .about = "What is written down about a deal.",
    .permission = "crm.deals",
    .table = "deal_notes",
    .api = "/api/crm/deals/:id/notes",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_MERGE | OP_DELETE,
    .parent = &deals,
    .parent_column = "deal_id",
    .sort = "-createdAt",
    .label = "text",
    .fields = FIELDS({"deal_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "crm.deals",
                      .on_delete = CASCADE},
                     {"text", LONG, REQUIRED | MARKDOWN, 1, 10000, .label = "Note",
                      .example = "They decide in March."},
                     {"created_by_id", UUID, READ_ONLY | NULLABLE | FILTERED, .label = "Written by",
                      .refers = "users.platform-users", .on_delete = SET_NULL},
                     {"edited_at", TIME, READ_ONLY | NULLABLE, .label = "Edited",
                      .help = "When its text was changed last; null: never."}),
};
