/* deals: what may be sold, to whom, for how much and when. */
#include "crm.h"

#define LINE                                                                                       \
    {"name", TEXT, REQUIRED, 1, 200, .example = "Lenses"},                                         \
        {"quantity", INT, 0, 1, 1000000, .initial = "1", .example = "20"},                         \
    {                                                                                              \
        "unit_price", MONEY, NULLABLE, 0, 100000000000000, .currency = "currency",                 \
                                                           .example = "12500"                      \
    }

const struct resource deal_lines = {
    .name = "deal-lines",
    .one = "deal line",
    .title = "Lines",
    .about = "What is offered in a deal.",
    .permission = "crm.deals",
    .table = "deal_lines",
    .api = "/api/crm/deals/:id/lines",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_MERGE | OP_DELETE,
    .parent = &deals,
    .parent_column = "deal_id",
    .sort = "position",
    .fields = FIELDS(
        {"deal_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "crm.deals",
         .on_delete = CASCADE},
        {"position", INT, READ_ONLY, .example = "1", .help = "Its place, from 1 on."}, LINE,
        {"currency", CURRENCY, READ_ONLY, .example = "EUR", .help = "That of the deal.",
         .sql = "select d.currency from deals d where d.tenant_id = deal_lines.tenant_id and "
                "d.id = deal_lines.deal_id"}),
};

const struct resource deals = {
    .name = "deals",
    .one = "deal",
    .title = "Deals",
    .about = "What may be sold, to whom, for how much and when.",
    .permission = "crm.deals",
    .table = "deals",
    .api = "/api/crm/deals",
    .page = "/admin/crm/deals",
    .icon = "heart-handshake",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .attachments = true,
    .sort = "-createdAt",
    .owner = "owner_id",
    .fields = FIELDS({"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
                      .example = "Lenses for the new shop"},
                     {"company_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Company",
                      .refers = "crm.companies"},
                     {"contact_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Contact",
                      .refers = "crm.contacts", .help = "Whom you speak to about it."},
                     {"stage", CHOICE, FILTERED | SORTED | LISTED, .initial = "prospecting",
                      .choices = CHOICES("prospecting", "qualification", "proposal", "negotiation",
                                         "won", "lost")},
                     {"probability", INT, NULLABLE | FILTERED, 0, 100, .example = "40",
                      .changed_with = DEAL_AMOUNTS, .help = "In percent; 0 to 100."},
                     {"value", MONEY, NULLABLE | FILTERED | SORTED | LISTED, 0, 100000000000000,
                      .currency = "currency", .example = "1250000", .seen_with = DEAL_AMOUNTS,
                      .help = "The API counts the currency's smallest unit."},
                     {"currency", CURRENCY, 0, .initial = "EUR", .example = "EUR"},
                     {"lines", ARRAY, LIST_OMITTED, 0, 100, .fields = FIELDS(CHILD_ID, LINE),
                      .child = &deal_lines, .seen_with = DEAL_AMOUNTS,
                      .example = "[{\"name\": \"Lenses\", \"quantity\": 20, \"unitPrice\": 12500}]",
                      .help = "What is offered; a price is of one unit, in the deal's currency."},
                     {"expected_close_on", DATE, NULLABLE | FILTERED | SORTED | LISTED,
                      .label = "Expected to close", .example = "2027-03-31"},
                     {"owner_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Owner",
                      .refers = "users.platform-users", .on_delete = SET_NULL,
                      .help = "The user who looks after this deal."}),
};
