/* companies: organisations that one does business with. */
#include "crm.h"

const struct resource companies = {
    .name = "companies",
    .one = "company",
    .title = "Companies",
    .about = "Organisations that you do business with.",
    .permission = "crm.companies",
    .table = "companies",
    .api = "/api/crm/companies",
    .page = "/admin/crm/companies",
    .icon = "building",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .attachments = true,
    .merges = true,
    .alike = CHOICES("name", "email"),
    .sort = "name",
    .owner = "owner_id",
    .imports = IMPORTS(companies, "name", "email"),
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
         .example = "Blum Optics"},
        {"website", URL, NULLABLE | SEARCHED | LISTED, .example = "https://blum-optics.example"},
        {"email", EMAIL, NULLABLE | SEARCHED | FILTERED, .label = "E-mail",
         .example = "office@blum-optics.example"},
        {"phone", PHONE, NULLABLE | SEARCHED | LISTED, .example = "+34910100200"},
        {"address", LONG, NULLABLE, 0, 500, .example = "12 River Road"},
        {"owner_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Owner",
         .refers = "users.platform-users", .on_delete = SET_NULL,
         .help = "The user who looks after this company."},
        CUSTOM_FIELDS("crm.companies")),
};
