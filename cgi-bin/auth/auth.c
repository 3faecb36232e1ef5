/* auth: signing in and out, the account of the one signed in, its sessions. */
#include "auth.h"

#include "api/area.h"

STATEMENT(auth_clean_up,
          "with old_sessions as (\n"
          "    delete from sessions where expires_at < now() - interval '30 days'\n"
          "), old_tickets as (\n"
          "    delete from sign_in_tickets where expires_at < now() - interval '1 day'\n"
          "), old_attempts as (\n"
          "    delete from login_attempts where created_at < now() - interval '90 days'\n"
          ")\n"
          "delete from idempotency_keys where created_at < now() - interval '24 hours'",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

STATEMENT(auth_forget, "select house.forget_rights_changes()", DB_WRITES | DB_ON_PLATFORM);

/* Rows that nobody can use any more. */
static bool clean_up(struct db *db)
{
    return db_get0(db, &auth_clean_up) && db_get0(db, &auth_forget);
}

static const struct area auth = {
    .name = "auth",
    .title = "Sign-in",
    .more_routes = (const struct route *const[]){token_routes, account_routes, page_sign_in_routes,
                                                 page_account_routes, NULL},
    .tasks = TASKS({"auth.clean_up", 3600, clean_up}),
    .notifications = NOTIFICATIONS(&notice_password_changed),
    .platform = true,
};

AREA_MAIN(auth)
