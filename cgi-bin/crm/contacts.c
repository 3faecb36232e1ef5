/* contacts: the people one speaks to. */
#include "crm.h"
#include "file/file.h"

static const struct file_rules photo = {.bytes_max = 10 << 20, .pictures = true, .edge = 512};

const struct resource contacts = {
    .name = "contacts",
    .one = "contact",
    .title = "Contacts",
    .about = "The people you speak to.",
    .permission = "crm.contacts",
    .table = "contacts",
    .api = "/api/crm/contacts",
    .page = "/admin/crm/contacts",
    .icon = "address-book",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .attachments = true,
    .comments = true,
    .merges = true,
    .alike = CHOICES("email", "name"),
    .sort = "name",
    .owner = "owner_id",
    .imports = IMPORTS(contacts, "email"),
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
         .example = "Nora Blum"},
        {"email", EMAIL, NULLABLE | SEARCHED | FILTERED | LISTED, .label = "E-mail",
         .example = "nora@example.com"},
        {"phone", PHONE, NULLABLE | SEARCHED, .example = "+34600100200"},
        {"company_id", UUID, NULLABLE | FILTERED | LISTED, .label = "Company",
         .refers = "crm.companies", .help = "Whom this person works for."},
        {"photo", FILE_FIELD, READ_ONLY | NULLABLE | LISTED, .file = &photo,
         .help = "PNG, JPEG or WebP, 10 MB at most."},
        {"type", CHOICE, FILTERED | SORTED | LISTED, .initial = "customer",
         .choices = CHOICES("lead", "customer", "partner", "vendor", "other")},
        {"status", CHOICE, FILTERED, .initial = "active", .choices = CHOICES("active", "inactive")},
        {"lead_id", UUID, NULLABLE | FILTERED, .label = "Lead", .refers = "crm.leads",
         .on_delete = SET_NULL, .help = "The lead that this contact came from."},
        {"owner_id", UUID, NULLABLE | FILTERED, .label = "Owner", .refers = "users.platform-users",
         .on_delete = SET_NULL, .help = "The user who looks after this contact."},
        CUSTOM_FIELDS("crm.contacts")),
};
