/* signup: strangers who make a tenant for themselves.
 *
 * The operator switches it on (off at first: who installs this decides by whom it
 * is used). Whoever signs up gets a tenant on trial (cgi-bin/tenants/trial.c), is
 * its owner, and works in it at once. Until the owner's address is verified the
 * tenant sends no e-mail but the links that verify it and a new password, ten a
 * day (lib/access/link.h), nobody can be invited, and after some days without a
 * proof all of it is erased (cgi-bin/tenants/erase.c): so nobody is kept from
 * working by a slow mailbox, and nobody makes us write to strangers in number.
 *
 * The answer never depends on whether the address has an account: it may have any
 * number of tenants. How often an address or a network signs up within a day is
 * limited, whoever asks.
 */
#include "signup.h"

STATEMENT(signup_forget, "delete from public.signups where created_at < now() - interval '1 day'",
          DB_WRITES | DB_ON_PLATFORM);

/* Those that no limit counts any more. */
static bool forget(struct job *job)
{
    return db_get0(job->db, &signup_forget) != NULL || job_fail_db(job);
}

static const struct job_kind forget_job = {"signup.forget", "cleanup", forget,
                                           .flags = JOB_PLATFORM};

const struct settings_section signup_sections[] = {
    {"signup", "Sign-up", "Whether strangers may make a workspace for themselves, and its trial.",
     FIELDS({"enabled", BOOL, 0, .initial = "false",
             .label = "Anybody may sign up, at the platform's own address", .example = "false"},
            {"trial_days", INT, 0, 1, 365, .initial = "14", .label = "Days of the trial",
             .example = "14"},
            {"plan_level", INT, 0, 0, 100, .initial = "0", .label = "Plan level of the trial",
             .help = "The features of that level are on.", .example = "0"},
            {"unverified_days", INT, 0, 1, 90, .initial = "7",
             .label = "Days to confirm the address", .help = "What nobody confirms is erased then.",
             .example = "7"},
            {"network_limit", INT, 0, 1, 100000, .initial = "10",
             .label = "Sign-ups a day from one network", .example = "10"}),
     .platform = true},
    {.key = NULL},
};

static const struct event_declared signup_events[] = {
    {"tenant.signed_up", "Told when somebody made a workspace of their own.", "{name} signed up."},
    {.type = NULL}};

static const struct area area = {
    .name = "signup",
    .title = "Sign-up",
    .about = "Strangers make a workspace of their own, on trial.",
    .more_routes = (const struct route *const[]){signup_routes, signup_pages, NULL},
    .events = signup_events,
    .settings = signup_sections,
    .jobs = JOBS(&forget_job),
    .schedules = SCHEDULES({"signup.forget", "41 * * * *", NULL, &forget_job}),
    .platform = true,
};

AREA_MAIN(area)
