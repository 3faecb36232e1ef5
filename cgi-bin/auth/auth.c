/* auth: signing in and out, the account of the one signed in, its sessions. */
#include "auth.h"

#include "account/credential.h"
#include "account/factors.h"
#include "api/area.h"
#include "passkeys.h"
#include "second_step.h"
#include "sso.h"

STATEMENT(auth_clean_up,
          "with old_sessions as (\n"
          "    delete from sessions where expires_at < now() - interval '30 days'\n"
          "), old_tickets as (\n"
          "    delete from sign_in_tickets where expires_at < now() - interval '1 day'\n"
          "), old_challenges as (\n"
          "    delete from passkey_challenges where expires_at < now()\n"
          "), old_requests as (\n"
          "    delete from sso_requests where expires_at < now()\n"
          "), old_links as (\n"
          "    delete from links where created_at < now() - interval '30 days'\n"
          "), old_attempts as (\n"
          "    delete from login_attempts where created_at < now() - interval '90 days'\n"
          ")\n"
          "delete from idempotency_keys where created_at < now() - interval '24 hours'",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

STATEMENT(auth_forget, "select house.forget_rights_changes()", DB_WRITES | DB_ON_PLATFORM);

/* Rows that nobody can use any more. */
static bool clean_up(struct job *job)
{
    return (db_get0(job->db, &auth_clean_up) && factor_clean_up(job->db) &&
            db_get0(job->db, &auth_forget)) ||
           job_fail_db(job);
}

static const struct job_kind clean_up_job = {"auth.clean_up", "cleanup", clean_up,
                                             .flags = JOB_PLATFORM};

static const struct event_declared auth_events[] = {
    {"session.created", "Told when somebody signed in.", "{actor} signed in.",
     FIELDS({"method", TEXT, NULLABLE, .example = "sso", .help = "sso, where it was that."})},
    {"session.ended", "Told when somebody signed out.", "{actor} signed out.",
     FIELDS({"why", TEXT, .example = "signed out", .help = "Why it ended."})},
    {"session.revoked", "Told when a session was ended by somebody else or elsewhere.",
     "{actor} ended a session.",
     FIELDS({"why", TEXT, .example = "signed out", .help = "Why it ended."})},
    {"session.impersonation_ended", "Told when an operator stopped acting as a user.",
     "{actor} stopped acting as somebody else.",
     FIELDS({"why", TEXT, .example = "signed out", .help = "Why it ended."})},
    {"session.workspace_left", "Told when somebody went on to another workspace.",
     "{actor} went on to another workspace."},
    {"mfa_factor.created", "Told when somebody added a second factor.",
     "{actor} added a second factor.",
     FIELDS({"kind", TEXT, .example = "totp", .help = "Which kind of factor."})},
    {"mfa_factor.deleted", "Told when somebody removed a second factor.",
     "{actor} removed a second factor.",
     FIELDS({"kind", TEXT, .example = "totp", .help = "Which kind of factor."})},
    {"user.recovery_codes_made", "Told when somebody made new recovery codes.",
     "{actor} made new recovery codes."},
    {"user.recovery_code_used", "Told when somebody signed in with a recovery code.",
     "{actor} used a recovery code."},
    {"user.password_changed", "Told when somebody changed their password.",
     "{actor} changed the password of {name}."},
    {"user.password_recovered", "Told when somebody chose a new password by the link of a mail.",
     "{actor} chose a new password by a link."},
    {"user.invitation_accepted", "Told when an invited user accepted.",
     "{actor} accepted the invitation."},
    {"user.email_changed", "Told when somebody changed their address.",
     "{actor} changed the e-mail address of {name}."},
    {"sso_provider.sign_in_refused", "Told when a sign-in with a provider was refused.",
     "A sign-in with {name} was refused.",
     FIELDS({"provider", TEXT, .example = "Acme", .help = "What the provider is called."},
            {"reason", TEXT, .example = "no_account", .help = "Why it was refused."})},
    EVENTS_OF_ROWS("account_link", "a link to another workspace"),
    {.type = NULL}};

static const struct area auth = {
    .name = "auth",
    .title = "Sign-in",
    .about = "Signing in and out, second factors, one's own account, single sign-on.",
    .more_routes =
        (const struct route *const[]){
            token_routes, account_routes, avatar_routes, step_routes, factor_routes, link_routes,
            email_routes, page_link_routes, page_sign_in_routes, page_account_routes,
            page_step_routes, page_factor_routes, passkey_routes, page_passkey_routes,
            impersonation_routes, sso_routes, workspace_routes, page_workspace_routes, NULL},
    .events = auth_events,
    .resources = RESOURCES(&sso_providers, &sso_identities),
    .menu = MENU({ADMIN_PAGES, "Single sign-on", "/admin/sso", "fingerprint", "access.sso:read",
                  "Security", NULL, 68},
                 {ADMIN_PAGES, "Sign-on accounts", "/admin/sso-identities", "link",
                  "access.sso:read", "Security", NULL, 69}),
    .jobs = JOBS(&clean_up_job),
    .schedules = SCHEDULES({"auth.clean_up", "17 * * * *", NULL, &clean_up_job}),
    .notifications = NOTIFICATIONS(&notice_password_changed),
    .platform = true,
};

AREA_MAIN(auth)
