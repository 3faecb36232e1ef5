#include "access/roles.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"

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
            "insight.*", "ai.*", "credits.*:read", "portal.*")},
    {"staff", "Staff",
     "Scans, looks customers up, writes messages, answers tickets; its own leads and its teams'.",
     TENANT_BUSINESS, 30,
     GRANTS("crm.leads:read@team", "crm.deals:read@team", "crm.contacts:read", "crm.companies:read",
            "crm.leads:update@own", "crm.deals:update@own", "checkin.scan:*",
            "checkin.customers:read", "messaging.messages:*", "support.tickets:*",
            "insight.dashboard:read")},
    {"customer", "Customer", "Sees its own data, buys, shows its QR code.", TENANT_BUSINESS, 10,
     GRANTS("portal.*")},
    {.key = NULL},
};

/* Each role, and below it those that it inherits (a custom role may inherit a
 * custom or a built-in one); `depth` bounds a circle. `first` gives pairs of a set of
 * roles and one role in it. */
#define WITH_INHERITED(first)                                                                      \
    "with recursive " first "    union\n"                                                          \
    "    select mine.keys, r.inherits, mine.depth + 1\n"                                           \
    "    from mine\n"                                                                              \
    "    join roles r on r.tenant_id = $1::uuid and r.key = mine.key\n"                            \
    "    where r.inherits is not null and mine.depth < 5\n"                                        \
    ")\n"                                                                                          \
    "select mine.key, mine.depth = 0, r.rank, r.permissions, t.kind, r.key is not null,\n"         \
    "       mine.keys\n"                                                                           \
    "from mine\n"                                                                                  \
    "left join roles r on r.tenant_id = $1::uuid and r.key = mine.key\n"                           \
    "left join tenants t on t.id = $1::uuid\n"                                                     \
    "order by mine.keys, mine.depth, mine.key"

enum { KEY, DIRECT, RANK, PERMISSIONS, KIND, KNOWN, KEYS }; /* its columns */

STATEMENT(rights_user,
          WITH_INHERITED("mine as (\n"
                         "    select null::text as keys, role_key as key, 0 as depth\n"
                         "    from user_roles\n"
                         "    where tenant_id = $1::uuid and user_id = $2::uuid\n"),
          0);

STATEMENT(rights_role,
          WITH_INHERITED("mine as (\n"
                         "    select null::text as keys, $2::text as key, 0 as depth\n"),
          0);

STATEMENT(rights_team,
          WITH_INHERITED("mine as (\n"
                         "    select distinct null::text as keys, role_key as key, 0 as depth\n"
                         "    from user_roles\n"
                         "    where tenant_id = $1::uuid\n"
                         "    and user_id in (select m.user_id\n"
                         "                    from team_members m\n"
                         "                    where m.tenant_id = $1::uuid\n"
                         "                    and m.team_id = $2::uuid\n"
                         "                    union all\n"
                         "                    select $3::uuid)\n"),
          0);

/* Upwards to the roles that lead to $2, and to who has them; then down from the next
 * sets behind $3. */
STATEMENT(rights_holders,
          WITH_INHERITED("leads_there as (\n"
                         "    select $2::text as key, 0 as depth\n"
                         "    union\n"
                         "    select r.key, l.depth + 1\n"
                         "    from leads_there l\n"
                         "    join roles r on r.tenant_id = $1::uuid and r.inherits = l.key\n"
                         "    where l.depth < 5\n"
                         "),\n"
                         "sets as (\n"
                         "    select distinct (select jsonb_agg(o.role_key order by o.role_key)\n"
                         "                     from user_roles o\n"
                         "                     where o.tenant_id = $1::uuid\n"
                         "                     and o.user_id = h.user_id) as keys\n"
                         "    from user_roles h\n"
                         "    where h.tenant_id = $1::uuid\n"
                         "    and h.role_key in (select l.key from leads_there l)\n"
                         "),\n"
                         "next as (\n"
                         "    select s.keys\n"
                         "    from sets s\n"
                         "    where s.keys::text collate \"C\" > $3\n"
                         "    order by s.keys::text collate \"C\"\n"
                         "    limit 200\n"
                         "),\n"
                         "mine as (\n"
                         "    select n.keys::text collate \"C\" as keys, k.key, 0 as depth\n"
                         "    from next n, jsonb_array_elements_text(n.keys) k (key)\n"),
          0);

const struct builtin_role *builtin_role_find(const char *key)
{
    for (const struct builtin_role *role = builtin_roles; role->key; role++)
        if (text_equal(role->key, key))
            return role;
    return NULL;
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

/* What areas give, kept for the process. */
static struct area_grant {
    const char *role, *grant;
} * area_grants;
static size_t area_grants_count;

bool builtin_role_add_grant(const char *key, const char *grant)
{
    struct area_grant *grown =
        builtin_role_find(key) ? realloc(area_grants, (area_grants_count + 1) * sizeof *area_grants)
                               : NULL;
    if (!grown)
        return false;
    area_grants = grown;
    area_grants[area_grants_count++] = (struct area_grant){key, grant};
    return true;
}

static void add_builtin_grants(struct rights *rights, struct arena *arena,
                               const struct builtin_role *role)
{
    add_grants(rights, arena, role->grants, grants_count(role->grants));
    for (size_t i = 0; i < area_grants_count; i++)
        if (strcmp(area_grants[i].role, role->key) == 0)
            add_grants(rights, arena, &area_grants[i].grant, 1);
}

struct permissions builtin_role_grants(struct arena *arena, const struct builtin_role *role)
{
    struct rights all = {.role = ""};
    add_builtin_grants(&all, arena, role);
    return all.permissions;
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

void builtin_role_rights(struct arena *arena, const char *key, struct rights *out)
{
    const struct builtin_role *role = builtin_role_find(key);
    *out = (struct rights){.role = ""};
    if (!role)
        return;
    add_builtin_grants(out, arena, role);
    out->role = role->key;
    out->role_rank = out->rank = role->rank;
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
    const char *key = rows_text(rows, row, KEY);
    const struct builtin_role *builtin = builtin_role_find(key);
    if (builtin && !builtin_role_in(builtin, kind_of(rows_text(rows, row, KIND))))
        return;
    int rank = builtin ? builtin->rank : (int)rows_int(rows, row, RANK);
    if (builtin) {
        add_builtin_grants(rights, arena, builtin);
    } else {
        struct permissions custom = permissions_read(arena, rows_text(rows, row, PERMISSIONS));
        add_grants(rights, arena, custom.grants, custom.count);
    }
    bool direct = rows_bool(rows, row, DIRECT);
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
    struct rows *rows = db_get(db, &rights_user, tenant_id, user_id);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        add_role(out, db->arena, rows, i);
    return rows != NULL;
}

bool rights_of_team(struct db *db, const char *tenant_id, const char *team_id, const char *user_id,
                    struct rights *out)
{
    *out = (struct rights){.role = ""};
    struct rows *rows = db_get(db, &rights_team, tenant_id, team_id, user_id);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        add_role(out, db->arena, rows, i);
    return rows != NULL;
}

bool rights_of_role(struct db *db, const char *tenant_id, const char *key, struct rights *out,
                    bool *exists)
{
    *out = (struct rights){.role = ""};
    struct rows *rows = db_get(db, &rights_role, tenant_id, key);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        add_role(out, db->arena, rows, i);
    if (rows && exists)
        *exists = builtin_role_find(key) || (rows_count(rows) > 0 && rows_bool(rows, 0, KNOWN));
    return rows != NULL;
}

struct sets {
    struct arena *arena;
    struct role_set *list;
    size_t count, room;
};

static struct role_set *set_of(struct sets *sets, const char *keys)
{
    if (sets->count > 0 && strcmp(sets->list[sets->count - 1].keys, keys) == 0)
        return &sets->list[sets->count - 1];
    if (sets->count == sets->room) {
        struct role_set *old = sets->list;
        sets->room = sets->room ? sets->room * 2 : 16;
        sets->list = arena_alloc(sets->arena, sizeof *sets->list * sets->room);
        if (sets->count > 0)
            memcpy(sets->list, old, sizeof *old * sets->count);
    }
    sets->list[sets->count] = (struct role_set){.keys = keys, .rights = {.role = ""}};
    return &sets->list[sets->count++];
}

bool rights_of_holders(struct db *db, const char *tenant_id, const char *key, struct role_set **out,
                       size_t *count)
{
    struct sets sets = {.arena = db->arena};
    const struct rows *rows;
    do {
        const char *after = sets.count > 0 ? sets.list[sets.count - 1].keys : "";
        rows = db_get(db, &rights_holders, tenant_id, key, after);
        for (size_t i = 0; rows && i < rows_count(rows); i++)
            add_role(&set_of(&sets, rows_text(rows, i, KEYS))->rights, db->arena, rows, i);
    } while (rows && rows_count(rows) > 0);
    *out = sets.list;
    *count = sets.count;
    return rows != NULL;
}
