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
    .label = "name",
    .fields = FIELDS(
        {"deal_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "crm.deals",
         .on_delete = CASCADE},
        {"position", INT, READ_ONLY, .example = "1", .help = "Its place, from 1 on."}, LINE,
        {"currency", CURRENCY, READ_ONLY, .example = "EUR", .help = "That of the deal.",
         .sql = "select d.currency from deals d where d.tenant_id = deal_lines.tenant_id and "
                "d.id = deal_lines.deal_id"}),
};

#define KIND_OF_STAGE                                                                              \
    "select s.kind from stages s where s.tenant_id = deals.tenant_id and s.id = deals.stage_id"
/* No more than JavaScript counts exactly: the largest lines together would be more than any column
 * holds. */
#define TOTAL_OF_LINES                                                                             \
    "select least(coalesce(sum(l.quantity::numeric * l.unit_price), 0), "                          \
    "9007199254740991)::bigint\n"                                                                  \
    "from deal_lines l\n"                                                                          \
    "where l.tenant_id = deals.tenant_id and l.deal_id = deals.id"
/* The first open one of the first pipeline. */
#define FIRST_STAGE                                                                                \
    "select s.id\n"                                                                                \
    "from stages s\n"                                                                              \
    "join pipelines p on p.tenant_id = s.tenant_id and p.id = s.pipeline_id\n"                     \
    "where s.kind = 'open'\n"                                                                      \
    "order by p.position, p.id, s.position, s.id\n"                                                \
    "limit 1"
/* From the deal's stage to the one that is meant, as the first says (its leads_to). */
#define STAGE_FOLLOWS                                                                              \
    "exists (\n"                                                                                   \
    "    select\n"                                                                                 \
    "    from stages f\n"                                                                          \
    "    join stages t on t.tenant_id = f.tenant_id and t.id = $\n"                                \
    "    where f.tenant_id = deals.tenant_id and f.id = deals.stage_id\n"                          \
    "    and (f.id = t.id or f.leads_to = 'anywhere'\n"                                            \
    "         or (f.leads_to <> 'nowhere' and t.pipeline_id = f.pipeline_id\n"                     \
    "             and (t.kind = 'lost' or t.position > f.position)\n"                              \
    "             and (t.kind = 'lost' or f.leads_to = 'forward' or not exists (\n"                \
    "                 select\n"                                                                    \
    "                 from stages between_them\n"                                                  \
    "                 where between_them.tenant_id = f.tenant_id\n"                                \
    "                 and between_them.pipeline_id = f.pipeline_id\n"                              \
    "                 and between_them.position > f.position\n"                                    \
    "                 and between_them.position < t.position)))))"

static const struct action deal_move = BOARD_MOVE_RANKED(
    {"stage_id", UUID, REQUIRED, .label = "Stage", .refers = "crm.stages", .offered = true},
    {"lost_reason", TEXT, NULLABLE, 1, 500, .label = "Reason of the loss",
     .shown_when = SHOWN_WHEN("stage_id", "kind", "lost", true),
     .help = "Why nothing came of it."});

static const struct board deal_board = {
    .by = "stage_id", .within = "pipeline_id", .sum = "value", .ranked = true};

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
    .comments = true,
    .merges = true,
    .alike = CHOICES("name"),
    .sort = "-createdAt",
    .owner = "owner_id",
    .imports = IMPORTS(deals, "name"),
    .actions = ACTIONS(&deal_move),
    .board = &deal_board,
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
         .example = "Lenses for the new shop"},
        {"company_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Company",
         .refers = "crm.companies"},
        {"contact_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Contact",
         .refers = "crm.contacts", .help = "Whom you speak to about it."},
        {"stage_id", UUID, FILTERED | LISTED, .label = "Stage", .refers = "crm.stages",
         .offered = true, .initial_sql = FIRST_STAGE, .follows_sql = STAGE_FOLLOWS},
        {"status", CHOICE, READ_ONLY | LISTED, .choices = CHOICES("open", "won", "lost"),
         .help = "Whether the deal is open, won or lost, by its stage.", .sql = KIND_OF_STAGE},
        {"lost_reason", TEXT, NULLABLE, 1, 500, .label = "Reason of the loss",
         .shown_when = SHOWN_WHEN("stage_id", "kind", "lost", true),
         .help = "Why nothing came of it."},
        {"probability", INT, NULLABLE | FILTERED, 0, 100, .example = "40",
         .changed_with = DEAL_AMOUNTS, .help = "In percent; 0 to 100."},
        {"value", MONEY, NULLABLE | FILTERED | SORTED | LISTED, 0, 100000000000000,
         .currency = "currency", .example = "1250000", .seen_with = DEAL_AMOUNTS, .hint = "",
         .help = "The API counts the currency's smallest unit."},
        {"currency", CURRENCY, FILTERED, .initial = "EUR", .initial_of = "currency",
         .example = "EUR"},
        {"lines", ARRAY, LIST_OMITTED, 0, 100, .fields = FIELDS(CHILD_ID, LINE),
         .child = &deal_lines, .seen_with = DEAL_AMOUNTS,
         .example = "[{\"name\": \"Lenses\", \"quantity\": 20, \"unitPriceAmount\": 12500}]",
         .help = "What is offered; a price is of one unit, in the deal's currency."},
        {"total", MONEY, READ_ONLY, .label = "Total of the lines", .currency = "currency",
         .example = "250000", .seen_with = DEAL_AMOUNTS, .sql = TOTAL_OF_LINES,
         .help = "The sum of quantity times price over all lines."},
        {"expected_close_on", DATE, NULLABLE | FILTERED | SORTED | LISTED,
         .label = "Expected to close", .example = "2027-03-31"},
        {"closed_at", TIME, READ_ONLY | NULLABLE | FILTERED | SORTED, .label = "Closed",
         .help = "When it came to a stage that ends it; null while it is open."},
        {"owner_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Owner",
         .refers = "users.platform-users", .on_delete = SET_NULL,
         .help = "The user who looks after this deal."},
        {BOARD_RANK, DECIMAL, READ_ONLY | SORTED | HIDDEN | LIST_OMITTED, .example = "1764523612.5",
         .help = "Its place on the board: of two deals in a stage the greater stands further up."},
        CUSTOM_FIELDS("crm.deals")),
};
