#include "access/onboarding.h"

#include "db/db.h"

/* key, title, what to do, page, permission, when it is done (SQL about the row t of tenants). */
#define STEPS(X)                                                                                   \
    X("profile", "Say who you are", "Your address and whom to write to, for invoices and help.",   \
      "/admin/organisation", "tenants.profile:update",                                             \
      "t.email is not null and t.address is not null")                                             \
    X("branding", "Make it yours", "Your name, colours and logo on every page and e-mail.",        \
      "/admin/branding", "tenants.branding:update",                                                \
      "exists (select from tenant_branding b where b.tenant_id = t.id)")                           \
    X("users", "Bring your people", "Invite those you work with, each with a role.",               \
      "/admin/users", "users.users:create",                                                        \
      "(select count(*) > 1 from users u where u.tenant_id = t.id)")                               \
    X("plan", "Choose a plan", "See how long your trial lasts and what comes after it.",           \
      "/admin/plan", "tenants.settings:read",                                                      \
      "t.status = 'active' or (t.plan_level > 0 and t.trial_ends_at is null)")                     \
    X("data", "Enter your first data", "Add a lead by hand, or import those you have.",            \
      "/admin/crm/leads", "crm.leads:create",                                                      \
      "exists (select from leads l where l.tenant_id = t.id)")

#define STEP_ENTRY(key, title, todo, path, needs, sql) {key, title, todo, path, needs},
#define STEP_COLUMN(key, title, todo, path, needs, sql) sql ",\n       "
#define STEP_FACT(key, title, todo, path, needs, sql)                                              \
    "\n        || jsonb_build_object('" key "', " sql ")"

const struct onboarding_step onboarding_steps[ONBOARDING_STEPS] = {STEPS(STEP_ENTRY)};

#define DAYS_UNTIL(column) "ceil(extract(epoch from " column " - now()) / 86400)::int"
#define COLUMNS                                                                                    \
    STEPS(STEP_COLUMN)                                                                             \
    "t.onboarding ? 'dismissedAt', t.status_reason, t.trial_ends_at, t.verify_by,\n"               \
    "       " DAYS_UNTIL("t.trial_ends_at") ", " DAYS_UNTIL("t.verify_by") "\n"

STATEMENT(onboarding_get,
          "select " COLUMNS "from tenants t\n"
          "where t.id = $1::uuid and t.deleted_at is null",
          0);

STATEMENT(onboarding_set,
          "update tenants t\n"
          "set onboarding = case when $2 = 'false' then t.onboarding - 'dismissedAt'\n"
          "                      when $2 = 'true' and not t.onboarding ? 'dismissedAt'\n"
          "                      then t.onboarding || jsonb_build_object('dismissedAt', now())\n"
          "                      else t.onboarding end" STEPS(
              STEP_FACT) "\n"
                         "where t.id = $1::uuid and t.deleted_at is null\n"
                         "returning " COLUMNS,
          DB_WRITES);

static bool take(const struct rows *rows, struct onboarding *out)
{
    *out = (struct onboarding){.count = 0};
    if (!rows || rows_count(rows) == 0)
        return false;
    for (int i = 0; i < ONBOARDING_STEPS; i++) {
        out->done[i] = rows_bool(rows, 0, i);
        out->count += out->done[i];
    }
    out->dismissed = rows_bool(rows, 0, ONBOARDING_STEPS);
    out->status_reason = rows_text(rows, 0, ONBOARDING_STEPS + 1);
    out->trial_ends_at = rows_text(rows, 0, ONBOARDING_STEPS + 2);
    out->verify_by = rows_text(rows, 0, ONBOARDING_STEPS + 3);
    out->trial_left = rows_text(rows, 0, ONBOARDING_STEPS + 4);
    out->keep_left = rows_text(rows, 0, ONBOARDING_STEPS + 5);
    return true;
}

bool onboarding_read(struct db *db, const char *tenant_id, struct onboarding *out)
{
    return take(db_get(db, &onboarding_get, tenant_id), out);
}

bool onboarding_record(struct db *db, const char *tenant_id, const char *dismiss,
                       struct onboarding *out)
{
    return take(db_get(db, &onboarding_set, tenant_id, dismiss), out);
}
