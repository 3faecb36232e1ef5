/* access: roles and permissions, the audit log, security and settings. */
#include "area.h"
#include "base/log.h"

STATEMENT(seal_events, "select house.events_seal(5000)", DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

/* Those that just failed for the first, second, fourth … time. */
STATEMENT(seal_failures,
          "select tenant_id, message\n"
          "from house.seal_failures\n"
          "where failed_at > now() - interval '2 seconds' and times & (times - 1) = 0\n"
          "limit 20",
          DB_ON_PLATFORM | DB_SLOW);

/* Events are sealed a moment after they were written, so that writers never
 * wait for each other. A tenant whose events cannot be is left out, and said. */
static bool seal(struct db *db)
{
    struct rows *failed = db_get0(db, &seal_events) ? db_get0(db, &seal_failures) : NULL;
    for (size_t i = 0; failed && i < rows_count(failed); i++)
        log_error("the events of a tenant cannot be sealed", "tenant", rows_text(failed, i, 0),
                  "detail", rows_text(failed, i, 1));
    return failed != NULL;
}

static const struct area area = {
    .name = "access",
    .title = "Access",
    .about = "Roles and permissions, API keys, networks, the audit log and the security settings.",
    .more_routes =
        (const struct route *const[]){role_routes, matrix_pages, audit_routes, security_routes,
                                      security_user_pages, security_overview_pages, NULL},
    .resources = RESOURCES(&roles, &audit_logs, &login_attempts, &api_keys, &ip_rules),
    .menu = MENU(
        {ADMIN_PAGES, "Roles", "/admin/roles", "lock", "access.roles:read", "People", NULL, 55},
        {ADMIN_PAGES, "Security", "/admin/security", "shield-lock", "access.security:read",
         "Security", NULL, 59},
        {ADMIN_PAGES, "Audit log", "/admin/audit", "history", "access.audit:read", "Security", NULL,
         60},
        {ADMIN_PAGES, "Sign-in attempts", "/admin/login-attempts", "login", "access.security:read",
         "Security", NULL, 62},
        {ADMIN_PAGES, "API keys", "/admin/api-keys", "key", "access.api_keys:read", "Security",
         NULL, 64},
        {ADMIN_PAGES, "Network rules", "/admin/ip-rules", "network", "access.ip_rules:read",
         "Security", NULL, 66},
        {ADMIN_PAGES, "Settings", "/admin/settings", "settings", "tenants.settings:read",
         "Settings", NULL, 75},
        {PLATFORM_PAGES, "Settings", "/platform/settings", "settings", "platform.settings:read",
         "Operation", "platform", 90}),
    .tasks = TASKS({"access.seal_events", 2, seal}),
    .settings = SETTINGS(
        {"security", "Security", "Rules for passwords, sessions and signing in.",
         FIELDS({"password_min_length", INT, 0, 8, 128, .initial = "12",
                 .label = "Shortest password", .example = "12"},
                {"session_days", INT, 0, 1, 90, .initial = "7",
                 .label = "Days that a session lives without use", .example = "7"},
                {"session_hours", INT, 0, 1, 8760, .initial = "720",
                 .label = "Hours after which one signs in again, used or not", .example = "12"},
                {"mfa_roles", ARRAY, 0, 0, 50, .item = TEXT, .role_keys = true, .initial = "[]",
                 .label = "Roles that must use two-step sign-in", .hint = "",
                 .help = "Keys of roles, one on each line: owner, admin …",
                 .example = "[\"auditor\"]"},
                {"sso_required", BOOL, 0, .initial = "false",
                 .label = "Users sign in by single sign-on alone",
                 .help = "Passwords and passkeys then let only owners in, as long "
                         "as there is a provider that is enabled.",
                 .example = "false"},
                {"allow_impersonation", BOOL, 0, .initial = "true",
                 .label = "Operators of the platform may act as users, to help",
                 .example = "true"}),
         .also = "/api/security/policy", .also_named = "security policy",
         .also_deprecated = "2026-11-30"},
        {"operators", "Operators", "How operators of the platform sign in.",
         FIELDS(
             {"need_factor", BOOL, 0, .initial = "true", .label = "Operators need two-step sign-in",
              .help = "Without it a password that leaks opens every tenant.", .example = "false"},
             {"session_hours", INT, 0, 1, 8760, .initial = "12",
              .label = "Hours after which one signs in again, used or not", .example = "12"}),
         .platform = true}),
    .platform = true,
};

AREA_MAIN(area)
