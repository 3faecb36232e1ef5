/* deals: what may be sold, to whom, for how much and when. */
#include "crm.h"

static const struct child deal_lines = {"deal_lines", "deal_id", "deals"};
static const struct field lines[] = {
    {"name", TEXT, REQUIRED, 1, 200, .example = "Lenses"},
    {"quantity", INT, 0, 1, 1000000, .initial = "1", .example = "20"},
    {"unit_price", MONEY, NULLABLE, 0, 100000000000000, .currency = "currency", .example = "12500"},
    {.type = FIELD_END}};

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
                      .help = "In percent; 0 to 100."},
                     {"value", MONEY, NULLABLE | FILTERED | SORTED | LISTED, 0, 100000000000000,
                      .currency = "currency", .example = "1250000",
                      .help = "The API counts the currency's smallest unit."},
                     {"currency", CURRENCY, 0, .initial = "EUR", .example = "EUR"},
                     {"lines", ARRAY, LIST_OMITTED, 0, 100, .fields = lines, .child = &deal_lines,
                      .example = "[{\"name\": \"Lenses\", \"quantity\": 20, \"unitPrice\": 12500}]",
                      .help = "What is offered; a price is of one unit, in the deal's currency."},
                     {"expected_close_on", DATE, NULLABLE | FILTERED | SORTED | LISTED,
                      .label = "Expected to close", .example = "2027-03-31"},
                     {"owner_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Owner",
                      .refers = "users.platform-users", .on_delete = SET_NULL,
                      .help = "The user who looks after this deal."}),
};
