/* crm: customer relations. Leads now. */
#include "crm.h"

static const struct area crm = {
    .name = "crm",
    .title = "CRM",
    .about = "Leads, and what becomes of them.",
    .resources = RESOURCES(&leads),
    .permissions = PERMISSIONS({LEAD_REOPEN, "Reopen converted leads"}),
    .menu = MENU({ADMIN_PAGES, "Leads", "/admin/crm/leads", "target", "crm.leads:read", "CRM",
                  "business reseller", 30}),
    .workers = 2,
};

AREA_MAIN(crm)
