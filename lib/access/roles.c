#include "access/roles.h"

#include <string.h>

#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"

#define GRANTS(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct builtin_role builtin_roles[] = {
    {"superadmin", "Superadmin", "Everything on the platform.", TENANT_PLATFORM, 100,
     GRANTS("*", "platform.*")},
    {"support", "Support", "Reads tenants and answers tickets.", TENANT_PLATFORM, 50,
     GRANTS("platform.tenants:read", "platform.tenants:impersonate", "platform.users:read",
            "support.*", "users.users:read", "crm.*:read")},
    {"finance", "Finance", "Plans, invoices, payments, settlements, credits.", TENANT_PLATFORM, 50,
     GRANTS("platform.tenants:read", "billing.*", "credits.*")},
    {"auditor", "Auditor", "Reads everything, changes nothing.", TENANT_PLATFORM, 40,
     GRANTS("*:read", "platform.*:read", "access.audit:export", "access.audit:verify")},
    {"reseller_admin", "Reseller", "Creates, manages and bills its own tenants.", TENANT_RESELLER,
     90, GRANTS("*", "platform.tenants:*", "platform.users:*")},
    {"owner", "Owner", "Everything in the tenant, billing included.", TENANT_BUSINESS, 90,
     GRANTS("*")},
    {"admin", "Administrator", "Everything in the tenant but billing and deletion.",
     TENANT_BUSINESS, 80,
     GRANTS("users.*", "access.*", "tenants.*", "crm.*", "messaging.*", "support.*", "checkin.*",
            "insight.*", "ai.*", "credits.*:read")},
    {"staff", "Staff", "Scans, looks customers up, writes messages, answers tickets.",
     TENANT_BUSINESS, 30,
     GRANTS("crm.*:read", "checkin.scan:*", "checkin.customers:read", "messaging.messages:*",
            "support.tickets:*", "insight.dashboard:read")},
    {"customer", "Customer", "Sees its own data, buys, shows its QR code.", TENANT_BUSINESS, 10,
     GRANTS("portal.*")},
    {.key = NULL},
};

/* Each role, and below it those that it inherits (a custom role may inherit a
 * custom or a built-in one); `depth` bounds a circle. */
#define WITH_INHERITED(first)                                                                      \
    "with recursive mine as (\n" first "    union\n"                                               \
    "    select r.inherits, mine.depth + 1\n"                                                      \
    "    from mine\n"                                                                              \
    "    join roles r on r.tenant_id = $1::uuid and r.key = mine.key\n"                            \
    "    where r.inherits is not null and mine.depth < 5\n"                                        \
    ")\n"                                                                                          \
    "select mine.key, mine.depth = 0, r.rank, r.permissions, t.kind, r.key is not null\n"          \
    "from mine\n"                                                                                  \
    "left join roles r on r.tenant_id = $1::uuid and r.key = mine.key\n"                           \
    "left join tenants t on t.id = $1::uuid"

STATEMENT(rights_of_user,
          WITH_INHERITED("    select role_key as key, 0 as depth\n"
                         "    from user_roles\n"
                         "    where tenant_id = $1::uuid and user_id = $2::uuid\n"),
          0);

STATEMENT(rights_of_role, WITH_INHERITED("    select $2::text as key, 0 as depth\n"), 0);

STATEMENT(roles_add,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "select $1::uuid, $2::uuid, key\n"
          "from jsonb_array_elements_text($3::jsonb) key\n"
          "on conflict (tenant_id, user_id, role_key) do nothing",
          DB_WRITES);

STATEMENT(roles_drop,
          "delete from user_roles\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "and role_key <> all (array(select jsonb_array_elements_text($3::jsonb)))",
          DB_WRITES);

const struct builtin_role *builtin_role_find(const char *key)
{
    for (const struct builtin_role *role = builtin_roles; role->key; role++)
        if (text_equal(role->key, key))
            return role;
    return NULL;
}

bool role_is_owner(const char *key)
{
    return text_equal(key, "owner") || text_equal(key, "reseller_admin");
}

bool builtin_role_in(const struct builtin_role *role, enum tenant_kind kind)
{
    return role->kind == kind ||
           (kind == TENANT_RESELLER && role->kind == TENANT_BUSINESS && role->rank < 90);
}

static void add_grants(struct rights *rights, struct arena *arena, const char *const *grants,
                       size_t count)
{
    const char **all = arena_alloc(arena, sizeof *all * (rights->permissions.count + count));
    size_t total = rights->permissions.count;
    if (total > 0)
        memcpy(all, rights->permissions.grants, sizeof *all * total);
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < total && !known; k++)
            known = strcmp(all[k], grants[i]) == 0;
        if (!known)
            all[total++] = grants[i];
    }
    rights->permissions = (struct permissions){all, total};
}

static size_t grants_count(const char *const *grants)
{
    size_t count = 0;
    while (grants[count])
        count++;
    return count;
}

static enum tenant_kind kind_of(const char *word)
{
    return text_equal(word, "platform")   ? TENANT_PLATFORM
           : text_equal(word, "reseller") ? TENANT_RESELLER
                                          : TENANT_BUSINESS;
}

static void add_role(struct rights *rights, struct arena *arena, const struct rows *rows,
                     size_t row)
{
    const char *key = rows_text(rows, row, 0);
    const struct builtin_role *builtin = builtin_role_find(key);
    if (builtin && !builtin_role_in(builtin, kind_of(rows_text(rows, row, 4))))
        return;
    int rank = builtin ? builtin->rank : (int)rows_int(rows, row, 2);
    if (builtin) {
        add_grants(rights, arena, builtin->grants, grants_count(builtin->grants));
    } else {
        struct permissions custom = permissions_read(arena, rows_text(rows, row, 3));
        add_grants(rights, arena, custom.grants, custom.count);
    }
    bool direct = rows_bool(rows, row, 1);
    if (direct && (rank > rights->role_rank || (rank == rights->role_rank && builtin))) {
        rights->role_rank = rank;
        rights->role = arena_text(arena, key);
    }
    if (rank > rights->rank)
        rights->rank = rank;
}

bool rights_load(struct db *db, const char *tenant_id, const char *user_id, struct rights *out)
{
    *out = (struct rights){.role = ""};
    struct rows *rows = db_get(db, &rights_of_user, tenant_id, user_id);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        add_role(out, db->arena, rows, i);
    return rows != NULL;
}

static bool covers(struct cx *cx, const char *const *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!permissions_cover(&cx->session->permissions, grants[i]))
            return fail(cx, 403, "permission_lacking", "You may not grant %s, which you lack.",
                        grants[i]);
    return true;
}

static bool check_rank(struct cx *cx, int rank)
{
    if (rank > cx->session->rank)
        return fail(cx, 403, "rank_too_high", "This is ranked above you.");
    return true;
}

/* An operator, or a reseller in its child, gives roles that it could not have
 * itself: those of a business, up to its own rank. */
static bool is_below(const struct cx *cx, const struct db *db)
{
    return *db->tenant_id && strcmp(db->tenant_id, cx->session->tenant_id) != 0;
}

bool role_may_grant(struct cx *cx, struct db *db, const char *role_key)
{
    struct rights rights = {.role = ""};
    const struct builtin_role *builtin = builtin_role_find(role_key);
    if (builtin)
        return check_rank(cx, builtin->rank) &&
               ((is_below(cx, db) && builtin->kind == TENANT_BUSINESS) ||
                covers(cx, builtin->grants, grants_count(builtin->grants)));
    const char *tenant_id = *db->tenant_id ? db->tenant_id : cx->session->tenant_id;
    struct rows *rows = db_get(db, &rights_of_role, tenant_id, role_key);
    if (!rows) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    if (rows_count(rows) == 0 || !rows_bool(rows, 0, 5))
        return fail_field(cx, "roles", "unknown_role", "There is no role \"%s\".", role_key);
    for (size_t i = 0; i < rows_count(rows); i++)
        add_role(&rights, cx->arena, rows, i);
    return check_rank(cx, rights.rank) &&
           (is_below(cx, db) || covers(cx, rights.permissions.grants, rights.permissions.count));
}

bool roles_give(struct db *db, const char *tenant_id, const char *user_id, const char *keys,
                bool *changed)
{
    struct rows *added = db_get(db, &roles_add, tenant_id, user_id, keys);
    struct rows *dropped = added ? db_get(db, &roles_drop, tenant_id, user_id, keys) : NULL;
    if (changed && dropped)
        *changed = rows_affected(added) + rows_affected(dropped) > 0;
    return dropped != NULL;
}

bool user_may_change(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id)
{
    struct rights rights;
    if (!rights_load(db, tenant_id, user_id, &rights)) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    return check_rank(cx, rights.rank);
}
