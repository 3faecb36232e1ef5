/* users: the accounts of a tenant, and those of operators. */
#include "users.h"
#include "account/credential.h"

static const struct event_declared user_events[] = {
    {"user.activated", "Told when a user was let in again.", "{actor} activated {name}."},
    {"user.deactivated", "Told when a user was kept from signing in.",
     "{actor} deactivated {name}."},
    {"user.password_reset", "Told when an administrator gave a user a first password.",
     "{actor} gave {name} a first password."},
    {"user.mfa_required", "Told when a user was asked to use two-step sign-in.",
     "{actor} asked {name} to use two-step sign-in."},
    {"user.mfa_removed", "Told when the two-step sign-in of a user was removed.",
     "{actor} removed the two-step sign-in of {name}."},
    {"user.signed_out", "Told when an administrator ended all sessions of a user.",
     "{actor} signed {name} out everywhere."},
    {"user.unlocked", "Told when an administrator forgave wrong passwords of a user.",
     "{actor} unlocked the account of {name}."},
    {"user.imported", "Told before 2026-11-30 when an import of users had ended.",
     "An import of users has ended."},
    EVENTS_OF_ROWS("user_role", "a role of a user"),
    {.type = NULL}};

static const struct area area = {
    .name = "users",
    .title = "Users",
    .about = "The people of a tenant, their invitations and their import.",
    .more_routes = (const struct route *const[]){action_routes, bulk_routes, figure_routes,
                                                 invite_many_routes, team_pages, NULL},
    .resources = RESOURCES(&platform_users, &admin_users, &owner_users, &student_users,
                           &parent_users, &staff_users, &teams, &team_members),
    .events = user_events,
    .permissions = PERMISSIONS(
        {"users.users:import_hashes", "Import users with hashes of their passwords"},
        {CREDENTIAL_PERMISSION, "Passwords, addresses and status of users, by API key"}),
    .menu = MENU({ADMIN_PAGES, "Users", "/admin/users", "users", "users.users:read", "People",
                  "business reseller", 50},
                 {ADMIN_PAGES, "Teams", "/admin/teams", "users-group", "users.teams:read", "People",
                  "business reseller", 51},
                 {PLATFORM_PAGES, "Operators", "/platform/users", "user-shield",
                  "users.admins:read", "People", "platform", 50}),
    .notifications = NOTIFICATIONS(&notice_password_reset, &notice_rights_changed),
    .platform = true,
};

AREA_MAIN(area)
