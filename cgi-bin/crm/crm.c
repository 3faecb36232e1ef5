/* crm: customer relations: leads, the people and companies that they become, and deals. */
#include "crm.h"
#include "analytics.h"
#include "forecast.h"

static const struct area crm = {
    .name = "crm",
    .title = "CRM",
    .about = "Leads, the people and companies that they become, and deals with them.",
    .resources = RESOURCES(&leads, &contacts, &companies, &deals, &deal_lines, &deal_notes,
                           &activities, &pipelines, &stages, &exchange_rates, &assignment_rules),
    .more_routes = (const struct route *const[]){forecast_routes, analytics_routes, NULL},
    .permissions =
        PERMISSIONS({LEAD_REOPEN, "Reopen converted leads"},
                    {DEAL_AMOUNTS, "See and change the amounts of deals"},
                    {"crm.leads:private", "See and change private fields of leads"},
                    {"crm.contacts:private", "See and change private fields of contacts"},
                    {"crm.companies:private", "See and change private fields of companies"},
                    {"crm.deals:private", "See and change private fields of deals"}),
    .grants =
        ROLE_GRANTS({"staff", DEAL_AMOUNTS "@team"}, {"staff", "crm.analytics:read"},
                    {"staff", "crm.activities:read@team"}, {"staff", "crm.activities:create@own"},
                    {"staff", "crm.activities:update@own"}, {"staff", "crm.activities:delete@own"}),
    .routes = crm_timeline_routes,
    .jobs = JOBS(&activity_reminder_job),
    .notifications = NOTIFICATIONS(&notice_activity_due),
    .menu = MENU({ADMIN_PAGES, "Leads", "/admin/crm/leads", "target", "crm.leads:read", "CRM",
                  "business reseller", 30},
                 {ADMIN_PAGES, "Contacts", "/admin/crm/contacts", "address-book",
                  "crm.contacts:read", "CRM", "business reseller", 31},
                 {ADMIN_PAGES, "Companies", "/admin/crm/companies", "building",
                  "crm.companies:read", "CRM", "business reseller", 32},
                 {ADMIN_PAGES, "Deals", "/admin/crm/deals", "heart-handshake", "crm.deals:read",
                  "CRM", "business reseller", 33},
                 {ADMIN_PAGES, "Activities", "/admin/crm/activities", "checklist",
                  "crm.activities:read", "CRM", "business reseller", 34},
                 {ADMIN_PAGES, "Forecast", "/admin/crm/forecast", "chart-bar", DEAL_AMOUNTS, "CRM",
                  "business reseller", 36},
                 {ADMIN_PAGES, "Analytics", "/admin/crm/analytics", "chart-funnel",
                  "crm.analytics:read", "CRM", "business reseller", 37},
                 {ADMIN_PAGES, "Exchange rates", "/admin/crm/exchange-rates", "coins",
                  "crm.rates:read", "CRM", "business reseller", 38},
                 {ADMIN_PAGES, "Assignment rules", "/admin/crm/assignment-rules", "arrows-shuffle",
                  "crm.assignment:read", "CRM", "business reseller", 39},
                 {ADMIN_PAGES, "Pipelines", "/admin/crm/pipelines", "git-branch",
                  "crm.pipelines:read", "CRM", "business reseller", 35},
                 {ADMIN_PAGES, "Stages", "/admin/crm/stages", "layout-kanban", "crm.pipelines:read",
                  "CRM", "business reseller", 35}),
    .settings = SETTINGS(
        {"crm", "Customer relations", "Who gets new leads.",
         FIELDS({"assign_by_rules", BOOL, 0, .initial = "false",
                 .label = "Give new leads to teams by the assignment rules", .example = "true",
                 .help = "Those that name no owner, where whoever makes them may choose any; else "
                         "whoever makes a lead owns it."})}),
    .workers = 2,
};

AREA_MAIN(crm)
