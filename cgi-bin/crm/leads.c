/* leads: people and companies that may become customers. */
#include "crm.h"

/* It may come in anywhere but at its end. What was given up can be taken up again; what became a
 * customer only by somebody who may say that it was a mistake. */
static const struct transition life[] = {{NULL, "contacted qualified unqualified lost"},
                                         {"new", "contacted qualified unqualified lost"},
                                         {"contacted", "new qualified unqualified lost"},
                                         {"qualified", "contacted converted unqualified lost"},
                                         {"unqualified", "contacted lost"},
                                         {"lost", "contacted"},
                                         {"converted", "qualified", LEAD_REOPEN},
                                         {.to = NULL}};

#define STATUS CHOICES("new", "contacted", "qualified", "unqualified", "converted", "lost")

static const struct action lead_move = BOARD_MOVE({"status", CHOICE, REQUIRED, .choices = STATUS});

static const struct board lead_board = {.by = "status", .sum = "value"};

const struct resource leads = {
    .name = "leads",
    .one = "lead",
    .title = "Leads",
    .about = "People and companies that may become customers.",
    .permission = "crm.leads",
    .table = "leads",
    .api = "/api/crm/leads",
    .page = "/admin/crm/leads",
    .icon = "target",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .attachments = true,
    .comments = true,
    .merges = true,
    .alike = CHOICES("email", "name"),
    .sort = "-createdAt",
    .owner = "owner_id",
    .assigned_when = {"crm", "assignByRules"},
    .imports = IMPORTS(leads, "email"),
    .actions = ACTIONS(&lead_convert, &lead_move),
    .board = &lead_board,
    .fields = FIELDS({"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
                      .example = "Nora Blum"},
                     {"email", EMAIL, NULLABLE | SEARCHED | FILTERED | LISTED, .label = "E-mail",
                      .example = "nora@example.com"},
                     {"phone", PHONE, NULLABLE | SEARCHED, .example = "+34600100200"},
                     {"company", TEXT, NULLABLE | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
                      .example = "Blum Optics"},
                     {"source", CHOICE, FILTERED, .initial = "other", .choices = LEAD_SOURCES},
                     {"status", CHOICE, FILTERED | SORTED | LISTED, .initial = "new",
                      .choices = STATUS, .transitions = life},
                     {"value", MONEY, NULLABLE | FILTERED | SORTED | LISTED, 0, 100000000000000,
                      .currency = "currency", .example = "250000", .hint = "",
                      .help = "Expected value; the API counts the currency's smallest unit."},
                     {"currency", CURRENCY, FILTERED, .initial = "EUR", .initial_of = "currency",
                      .example = "EUR"},
                     {"owner_id", UUID, NULLABLE | FILTERED, .label = "Owner",
                      .refers = "users.platform-users", .on_delete = SET_NULL,
                      .help = "The user who looks after this lead."},
                     CUSTOM_FIELDS("crm.leads")),
};
