/* assignment: who gets a new lead that names no owner. The database chooses when the lead is made
 * (migrations/…crm_assignment.sql), so that it is fair however many come at once, by whatever way.
 */
#include "crm.h"

const struct resource assignment_rules = {
    .name = "assignment-rules",
    .one = "assignment rule",
    .title = "Assignment rules",
    .about = "Which team gets a new lead that names no owner: the first rule that fits, and in the "
             "team one member after the other.",
    .permission = "crm.assignment",
    .table = "assignment_rules",
    .api = "/api/crm/assignment-rules",
    .page = "/admin/crm/assignment-rules",
    .icon = "arrows-shuffle",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "position",
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SEARCHED | LISTED, 1, 200, .example = "From the website"},
        {"position", INT, SORTED | LISTED, 0, 10000, .initial = "0", .example = "1",
         .help = "Smaller is asked first."},
        {"source", CHOICE, NULLABLE | LISTED, .choices = LEAD_SOURCES,
         .help = "Only leads from there; without one from anywhere."},
        {"value_from", MONEY, NULLABLE, 0, 100000000000000, .label = "Worth at least",
         .currency = "currency", .example = "500000",
         .help = "Only leads in this currency that are worth that much; without it any."},
        {"currency", CURRENCY, 0, .initial = "EUR", .initial_of = "currency", .example = "EUR"},
        {"team_id", UUID, REQUIRED | LISTED, .label = "Team", .refers = "users.teams",
         .help = "Its active members get the leads in turn."},
        {"is_active", BOOL, LISTED, .label = "In use", .initial = "true"}),
};
