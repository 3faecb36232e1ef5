/* tenants: organisations, their life, their branding, limits and features. */
#include "tenants.h"

#include "domains.h"

const struct settings_section tenant_sections[] = {
    [SECTION_GENERAL] =
        {"general", "General", "How dates, numbers and names are shown.",
         FIELDS({"date_format", CHOICE, 0, .initial = "day_month_year",
                 .choices = CHOICES("day_month_year", "month_day_year", "year_month_day"),
                 .example = "day_month_year"},
                {"week_starts", CHOICE, 0, .initial = "monday",
                 .choices = CHOICES("monday", "sunday", "saturday"), .example = "monday"},
                {"support_email", EMAIL, NULLABLE, .label = "Support e-mail",
                 .example = "help@example.com"})},
    [SECTION_API] = {"api", "API", "Which other sites may call this tenant's API from a browser.",
                     FIELDS({"allowed_origins", ARRAY, 0, 0, 20, .initial = "[]", .item = ORIGIN,
                             .label = "Allowed origins",
                             .help = "One on each line, like https://app.example.com.",
                             .example = "[\"https://app.example.com\"]"})},
    [SECTION_DELETION] = {"deletion", "Deletion", "What becomes of tenants that are deleted.",
                          FIELDS({"grace_days", INT, 0, 1, 3650, .initial = "30",
                                  .label = "Days that a deleted tenant can be restored",
                                  .help = "Then it is erased for good.", .example = "30"}),
                          .platform = true},
    {.key = NULL},
};

static const struct area area = {
    .name = "tenants",
    .title = "Tenants",
    .about = "Tenants with their profile, settings, branding, limits, features and domains.",
    .more_routes = (const struct route *const[]){life_routes, onboarding_routes, profile_routes,
                                                 part_routes, domain_routes, figure_routes,
                                                 impersonate_routes, platform_pages, branding_pages,
                                                 logo_routes, domain_pages, NULL},
    .resources = RESOURCES(&tenants, &resellers, &deleted_tenants),
    .menu = MENU({PLATFORM_PAGES, "Overview", "/platform", "layout-dashboard",
                  "platform.tenants:read", NULL, "platform reseller", 1},
                 {PLATFORM_PAGES, "Tenants", "/platform/tenants", "building-community",
                  "platform.tenants:read", NULL, "platform reseller", 10},
                 {PLATFORM_PAGES, "Resellers", "/platform/resellers", "affiliate",
                  "platform.tenants:read", NULL, "platform", 20},
                 {PLATFORM_PAGES, "Deleted tenants", "/platform/deleted-tenants", "trash",
                  "platform.tenants:read", NULL, "platform reseller", 25},
                 {ADMIN_PAGES, "Organisation", "/admin/organisation", "building",
                  "tenants.profile:read", "Settings", "reseller business", 68},
                 {ADMIN_PAGES, "Plan", "/admin/plan", "receipt", "tenants.settings:read",
                  "Settings", "reseller business", 69},
                 {ADMIN_PAGES, "Branding", "/admin/branding", "palette", "tenants.branding:read",
                  "Settings", NULL, 70},
                 {ADMIN_PAGES, "Domains", "/admin/domains", "world", "tenants.settings:read",
                  "Settings", "business reseller", 72}),
    .settings = tenant_sections,
    .jobs = JOBS(&domain_check_job, &domains_due_job, &trials_job, &trial_job, &erasures_job,
                 &erase_job, &leavings_job, &logos_job),
    .schedules = SCHEDULES({"tenants.domains_due", "*/5 * * * *", NULL, &domains_due_job},
                           {"tenants.trials", "*/5 * * * *", NULL, &trials_job},
                           {"tenants.erase", "23 * * * *", NULL, &erasures_job},
                           {"files.leavings", "* * * * *", NULL, &leavings_job},
                           {"tenants.logos", "*/10 * * * *", NULL, &logos_job}),
    .notifications = NOTIFICATIONS(&notice_domain, &notice_trial),
    .platform = true,
};

AREA_MAIN(area)
