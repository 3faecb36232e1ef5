/* Who may give which rights. */
#include "access/grant.h"
#include "gate.h"

/* A user and what their session came with: the same as their roles give, or less. */
struct granter {
    const char *tenant_id, *user_id;
    int rank;
    bool is_operator;
    const char *const *grants;
    size_t count;
    const char *impersonator_id;
};

#define COUNTER_ID "0193aaaa-0000-7000-8000-000000000f0a"
#define CLERK_ID "0193aaaa-0000-7000-8000-000000000f0b"
#define SELLER_ID "0193aaaa-0000-7000-8000-000000000f0c"

/* Somebody whose only role is of their own. */
static void employ(const char *tenant_id, const char *user_id, int rank, const char *permissions)
{
    char sql[2048];
    const char *end = user_id + 28; /* the platform's roles outlive its users */
    snprintf(sql, sizeof sql,
             "delete from everyone.roles where tenant_id = '%s' and key = 'of_%s'; "
             "insert into everyone.users (tenant_id, id, email, name) values "
             "('%s', '%s', '%s@x.test', 'X'); "
             "insert into everyone.roles (tenant_id, key, name, rank, permissions) values "
             "('%s', 'of_%s', 'Own', %d, '%s'); "
             "insert into everyone.user_roles (tenant_id, user_id, role_key) values "
             "('%s', '%s', 'of_%s')",
             tenant_id, end, tenant_id, user_id, user_id, tenant_id, end, rank, permissions,
             tenant_id, user_id, end);
    database_sql(sql);
}

static struct session session_for(const struct granter *who)
{
    struct session session = {.rank = who->rank,
                              .is_operator = who->is_operator,
                              .impersonator_id = who->impersonator_id,
                              .permissions = {who->grants, who->count}};
    strcpy(session.tenant_id, who->tenant_id);
    strcpy(session.user_id, who->user_id);
    return session;
}

static void answered(struct visit *visit, bool yes, const char *code, const char *what)
{
    const char *said = visit->cx->failure.code;
    ck_assert_msg(yes == (code == NULL), "%s: %s", what, said ? said : "granted");
    if (code && strcmp(code, "unknown_role") != 0)
        ck_assert_str_eq(said, code);
}

static void granting(const struct granter *who, const char *in_tenant, const char *role,
                     const char *code)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session session = session_for(who);
    struct db db;
    visit.cx->session = &session;
    db_init(&db, visit.arena, DB_TENANT, in_tenant, "shared");
    ck_assert(db_begin(&db));
    answered(&visit, role_may_grant(visit.cx, &db, role), code, role);
    db_rollback(&db);
    visit_end(&visit);
}

static void changing(const struct granter *who, const char *user_id, const char *code)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session session = session_for(who);
    struct db db;
    visit.cx->session = &session;
    db_init(&db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    answered(&visit, user_may_change(visit.cx, &db, CLUB_ID, user_id), code, user_id);
    visit_end(&visit);
}

static const char *const all[] = {"*"};
static const char *const some[] = {"users.*", "crm.leads:read"};
#define SOME "[\"users.*\", \"crm.leads:read\"]"
static const struct granter owner = {CLUB_ID, OWNER_ID, 90, false, all, 1, NULL};
static const struct granter helper = {CLUB_ID, COUNTER_ID, 80, false, some, 2, NULL};

static void make_roles(void)
{
    database_sql(
        "insert into everyone.roles (tenant_id, key, name, rank, permissions, inherits) values "
        "('" CLUB_ID "', 'desk', 'Desk', 10, '[\"crm.leads:read\"]', null), "
        "('" CLUB_ID "', 'team', 'Team', 10, '[\"crm.leads:read@team\"]', null), "
        "('" CLUB_ID "', 'seller', 'Seller', 10, '[\"crm.*\"]', null), "
        "('" CLUB_ID "', 'sneaky', 'Sneaky', 10, '[]', 'owner'), "
        "('" CLUB_ID "', 'twice', 'Twice', 10, '[]', 'seller'), "
        "('" CLUB_ID "', 'round', 'Round', 10, '[]', 'round')");
}

IN_WORLD(nobody_grants_what_they_lack)
{
    make_roles();
    employ(CLUB_ID, COUNTER_ID, 80, SOME);
    granting(&owner, CLUB_ID, "admin", NULL);
    granting(&owner, CLUB_ID, "sneaky", NULL);
    granting(&owner, CLUB_ID, "superadmin", "rank_too_high");
    granting(&owner, CLUB_ID, "auditor", "permission_lacking");
    granting(&owner, CLUB_ID, "reseller_admin", "permission_lacking");
    granting(&owner, CLUB_ID, "nobody", "unknown_role");
    granting(&helper, CLUB_ID, "owner", "rank_too_high");
    granting(&helper, CLUB_ID, "admin", "permission_lacking");
    granting(&helper, CLUB_ID, "desk", NULL);
    granting(&helper, CLUB_ID, "round", NULL);
    granting(&helper, CLUB_ID, "seller", "permission_lacking");
    granting(&helper, CLUB_ID, "twice", "permission_lacking");
    granting(&helper, CLUB_ID, "sneaky", "rank_too_high");
    granting(&helper, OTHER_ID, "desk", "unknown_role"); /* it is the club's */
}

/* Nor by a key, or by a token that is older than what its user lost. */
IN_WORLD(nobody_grants_more_than_they_came_with_or_have_now)
{
    static const char *const key[] = {"users.users:update"};
    const struct granter by_key = {CLUB_ID, OWNER_ID, 90, false, key, 1, NULL};
    const struct granter of_old = {CLUB_ID, STAFF_ID, 90, false, all, 1, NULL};
    make_roles();
    granting(&by_key, CLUB_ID, "desk", "permission_lacking");
    granting(&by_key, CLUB_ID, "round", NULL);
    granting(&of_old, CLUB_ID, "owner", "rank_too_high");
    granting(&of_old, CLUB_ID, "customer", "permission_lacking");
    granting(&of_old, CLUB_ID, "team", NULL);
    granting(&of_old, CLUB_ID, "desk", "permission_lacking"); /* of all, not of teams alone */
}

IN_WORLD(those_above_a_tenant_grant_what_they_cover)
{
    static const char *const few[] = {"users.*"}, *const much[] = {"*", "platform.*"},
                             *const harbor[] = {"*", "platform.tenants:*", "platform.users:*"};
    const struct granter root = {PLATFORM_ID, SUPERADMIN_ID, 100, true, much, 2, NULL};
    const struct granter clerk = {PLATFORM_ID, CLERK_ID, 95, true, few, 1, NULL};
    const struct granter reseller = {RESELLER_ID, HARBOR_ID, 90, false, harbor, 3, NULL};
    const struct granter seller = {RESELLER_ID, SELLER_ID, 90, false, few, 1, NULL};
    make_roles();
    employ(PLATFORM_ID, CLERK_ID, 95, "[\"users.*\"]");
    employ(RESELLER_ID, SELLER_ID, 90, "[\"users.*\"]");
    granting(&root, CLUB_ID, "owner", NULL);
    granting(&root, CLUB_ID, "sneaky", NULL);
    granting(&reseller, CHILD_ID, "owner", NULL);
    granting(&reseller, CHILD_ID, "superadmin", "rank_too_high");
    granting(&clerk, CLUB_ID, "staff", "permission_lacking");
    granting(&clerk, CLUB_ID, "round", NULL);
    granting(&seller, CHILD_ID, "owner", "permission_lacking");
    granting(&seller, RESELLER_ID, "admin", "permission_lacking");
}

/* What both the operator and the user have. */
IN_WORLD(who_acts_as_a_user_gives_what_is_theirs_as_well)
{
    const struct granter by_clerk = {CLUB_ID, OWNER_ID, 90, false, all, 1, CLERK_ID};
    const struct granter by_root = {CLUB_ID, OWNER_ID, 90, false, all, 1, SUPERADMIN_ID};
    make_roles();
    employ(PLATFORM_ID, CLERK_ID, 50, "[\"crm.*:read\", \"platform.tenants:impersonate\"]");
    granting(&by_root, CLUB_ID, "owner", NULL);
    granting(&by_clerk, CLUB_ID, "owner", "rank_too_high");
    granting(&by_clerk, CLUB_ID, "staff", "permission_lacking");
    granting(&by_clerk, CLUB_ID, "desk", NULL);
    changing(&by_root, STAFF_ID, NULL);
    changing(&by_clerk, STAFF_ID, "permission_lacking");
    changing(&by_clerk, OWNER_ID, "rank_too_high");
}

IN_WORLD(an_account_is_changed_by_those_who_cover_its_rights)
{
    employ(CLUB_ID, COUNTER_ID, 80, SOME);
    employ(CLUB_ID, SELLER_ID, 5, "[\"crm.leads:read\"]");
    employ(CLUB_ID, CLERK_ID, 5, "[\"crm.leads:delete\"]");
    changing(&owner, STAFF_ID, NULL);
    changing(&owner, OWNER_ID, NULL);
    changing(&helper, OWNER_ID, "rank_too_high");
    changing(&helper, STAFF_ID, "permission_lacking");
    changing(&helper, COUNTER_ID, NULL);
    changing(&helper, SELLER_ID, NULL);
    changing(&helper, CLERK_ID, "permission_lacking");
}

/* By the helper, who has users.* and crm.leads:read. */
static void rewriting(const char *key, const char *sql, const char *code)
{
    struct visit visit = visit_begin(NULL, "localhost", NULL);
    struct session session = session_for(&helper);
    struct db db;
    visit.cx->session = &session;
    db_init(&db, visit.arena, DB_TENANT, CLUB_ID, "shared");
    ck_assert(db_begin(&db));
    const struct statement write = {
        .name = arena_text(visit.arena, sql), .sql = sql, .flags = DB_WRITES};
    bool may_change = role_change_begin(visit.cx, &db, CLUB_ID, key) && db_get0(&db, &write) &&
                      role_change_end(visit.cx, &db);
    answered(&visit, may_change, code, key);
    db_rollback(&db);
    visit_end(&visit);
}

#define SET(what, key) "update roles set " what " where key = '" key "'"

IN_WORLD(a_role_becomes_nothing_that_its_author_lacks)
{
    make_roles();
    employ(CLUB_ID, COUNTER_ID, 80, SOME);
    rewriting("desk", SET("permissions = '[]'", "desk"), NULL);
    rewriting("desk", SET("permissions = '[\"users.users:read\"]'", "desk"), NULL);
    rewriting("desk", SET("permissions = '[\"crm.leads:*\"]'", "desk"), "permission_lacking");
    rewriting("desk", SET("inherits = 'owner'", "desk"), "rank_too_high");
    rewriting("desk", SET("inherits = 'staff'", "desk"), "permission_lacking");
    rewriting("desk", SET("inherits = 'twice'", "desk"), "permission_lacking");
    rewriting("desk", SET("inherits = 'round'", "desk"), NULL);
    rewriting("desk", SET("rank = 80", "desk"), NULL);
    rewriting("desk", SET("rank = 81", "desk"), "rank_too_high");
    rewriting("seller", SET("permissions = '[]'", "seller"), "permission_lacking");
    rewriting("sneaky", SET("inherits = null", "sneaky"), "rank_too_high");
}

/* A role is changed for everybody who has it, also by another that inherits it. */
IN_WORLD(a_role_is_not_changed_under_those_who_are_not_covered)
{
    make_roles();
    employ(CLUB_ID, COUNTER_ID, 80, SOME);
    employ(CLUB_ID, CLERK_ID, 5, "[\"crm.leads:delete\"]");
    database_sql("insert into everyone.roles (tenant_id, key, name, inherits) values "
                 "('" CLUB_ID "', 'over', 'Over', 'desk'); "
                 "insert into everyone.user_roles (tenant_id, user_id, role_key) values "
                 "('" CLUB_ID "', '" CLERK_ID "', 'over'), ('" CLUB_ID "', '" OWNER_ID
                 "', 'over')");
    rewriting("desk", SET("permissions = '[]'", "desk"), "permission_lacking");
    rewriting("desk", SET("permissions = permissions || '[\"users.users:read\"]'", "desk"),
              "permission_lacking");
    rewriting("desk", SET("name = 'Front'", "desk"), NULL); /* nobody's rights change */
    database_sql("delete from everyone.user_roles where user_id = '" CLERK_ID "'");
    rewriting("desk", SET("permissions = '[]'", "desk"), NULL); /* the owner has all anyway */
}

static Suite *grant_suite(void)
{
    Suite *suite = suite_create("grant");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, nobody_grants_what_they_lack);
    tcase_add_test(core, nobody_grants_more_than_they_came_with_or_have_now);
    tcase_add_test(core, those_above_a_tenant_grant_what_they_cover);
    tcase_add_test(core, who_acts_as_a_user_gives_what_is_theirs_as_well);
    tcase_add_test(core, an_account_is_changed_by_those_who_cover_its_rights);
    tcase_add_test(core, a_role_becomes_nothing_that_its_author_lacks);
    tcase_add_test(core, a_role_is_not_changed_under_those_who_are_not_covered);
    suite_add_tcase(suite, core);
    return suite;
}

GATE_MAIN(grant_suite)
