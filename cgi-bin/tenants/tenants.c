/* tenants: organisations, their life, their branding, limits and features. */
#include "tenants.h"

#include "domains.h"

static const struct area area = {
    .name = "tenants",
    .title = "Tenants",
    .more_routes = (const struct route *const[]){life_routes, part_routes, domain_routes,
                                                 figure_routes, impersonate_routes, platform_pages,
                                                 branding_pages, logo_routes, domain_pages, NULL},
    .resources = RESOURCES(&tenants, &resellers),
    .menu = MENU({PLATFORM_PAGES, "Overview", "/platform", "layout-dashboard",
                  "platform.tenants:read", NULL, "platform reseller", 1},
                 {PLATFORM_PAGES, "Tenants", "/platform/tenants", "building-community",
                  "platform.tenants:read", NULL, "platform reseller", 10},
                 {PLATFORM_PAGES, "Resellers", "/platform/resellers", "affiliate",
                  "platform.tenants:read", NULL, "platform", 20},
                 {ADMIN_PAGES, "Branding", "/admin/branding", "palette", "tenants.branding:read",
                  "Settings", NULL, 70},
                 {ADMIN_PAGES, "Domains", "/admin/domains", "world", "tenants.settings:read",
                  "Settings", "business reseller", 72}),
    .jobs = JOBS(&domain_check_job, &domains_due_job),
    .schedules = SCHEDULES({"tenants.domains_due", "*/5 * * * *", NULL, &domains_due_job}),
    .notifications = NOTIFICATIONS(&notice_domain),
    .settings =
        SETTINGS({"general", "General", "How dates, numbers and names are shown.",
                  FIELDS({"date_format", CHOICE, 0, .initial = "day_month_year",
                          .choices = CHOICES("day_month_year", "month_day_year", "year_month_day"),
                          .example = "day_month_year"},
                         {"week_starts", CHOICE, 0, .initial = "monday",
                          .choices = CHOICES("monday", "sunday", "saturday"), .example = "monday"},
                         {"support_email", EMAIL, NULLABLE, .label = "Support e-mail",
                          .example = "help@example.com"})},
                 {"api", "API", "Which other sites may call this tenant's API from a browser.",
                  FIELDS({"allowed_origins", ARRAY, 0, 0, 20, .initial = "[]", .item = URL,
                          .label = "Allowed origins",
                          .help = "One on each line, like https://app.example.com.",
                          .example = "[\"https://app.example.com\"]"})}),
    .platform = true,
};

AREA_MAIN(area)
