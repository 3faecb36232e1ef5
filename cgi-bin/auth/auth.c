/* auth: signing in and out, the account of the one signed in, its sessions. */
#include "auth.h"

#include "account/credential.h"
#include "api/area.h"
#include "factors.h"
#include "passkeys.h"
#include "second_step.h"
#include "sso.h"

STATEMENT(auth_clean_up,
          "with old_sessions as (\n"
          "    delete from sessions where expires_at < now() - interval '30 days'\n"
          "), old_tickets as (\n"
          "    delete from sign_in_tickets where expires_at < now() - interval '1 day'\n"
          "), old_factors as (\n"
          "    delete from mfa_factors\n"
          "    where confirmed_at is null and created_at < now() - interval '1 day'\n"
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
    return (db_get0(job->db, &auth_clean_up) && db_get0(job->db, &auth_forget)) || job_fail_db(job);
}

static const struct job_kind clean_up_job = {"auth.clean_up", "cleanup", clean_up,
                                             .flags = JOB_PLATFORM};

static const struct area auth = {
    .name = "auth",
    .title = "Sign-in",
    .about = "Signing in and out, second factors, one's own account, single sign-on.",
    .more_routes =
        (const struct route *const[]){
            token_routes,        account_routes,      avatar_routes,         step_routes,
            factor_routes,       link_routes,         email_routes,          page_link_routes,
            page_sign_in_routes, page_account_routes, page_step_routes,      page_factor_routes,
            passkey_routes,      page_passkey_routes, impersonation_routes,  sso_routes,
            sso_check_routes,    workspace_routes,    page_workspace_routes, NULL},
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
