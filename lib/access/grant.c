#include "access/grant.h"

#include <assert.h>
#include <json-c/json.h>
#include <string.h>

#include "access/internal.h"
#include "access/session.h"
#include "base/json.h"
#include "base/text.h"
#include "http/cx.h"

/* Changes wait for each other; who merely gives from another tenant (an operator, a
 * reseller) lets others of its own do so too. */
STATEMENT(grant_lock_alone, "select pg_advisory_xact_lock(hashtextextended('rights ' || $1, 0))",
          0);
STATEMENT(grant_lock_shared,
          "select pg_advisory_xact_lock_shared(hashtextextended('rights ' || $1, 0))", 0);

/* A role that is being changed: between role_change_begin() and role_change_end(). */
struct grant {
    struct rights mine; /* before anything was changed */
    const char *tenant_id, *key;
    struct role_set *holders; /* who has it, before */
    size_t count;
};

static bool failed(struct cx *cx, const struct db *db)
{
    cx->db.error = db->error;
    return fail_db(cx);
}

/* ---- what somebody may give ---- */

/* Row-level security shows one tenant; the platform's role sees them all. */
static bool load_rights_at_home(struct db *db, const char *tenant_id, const char *user_id,
                                struct rights *out)
{
    char there[UUID_SIZE];
    const char *schema = db->schema;
    if (db->role == DB_PLATFORM || strcmp(db->tenant_id, tenant_id) == 0)
        return rights_load(db, tenant_id, user_id, out);
    memcpy(there, db->tenant_id, UUID_SIZE);
    memcpy(db->tenant_id, tenant_id, UUID_SIZE);
    if (strcmp(tenant_id, platform_id) == 0)
        db->schema = "shared";
    bool loaded = rights_load(db, tenant_id, user_id, out);
    memcpy(db->tenant_id, there, UUID_SIZE);
    db->schema = schema;
    return loaded;
}

static void limit_rights(struct arena *arena, struct rights *rights,
                         const struct permissions *permissions, int rank)
{
    rights->permissions = permissions_meet(arena, &rights->permissions, permissions);
    if (rank < rights->rank)
        rights->rank = rank;
}

bool grantor_rights(struct db *db, const struct grantor *grantor, struct rights *out)
{
    struct rights operator_rights;
    if (!load_rights_at_home(db, grantor->tenant_id, grantor->user_id, out))
        return false;
    limit_rights(db->arena, out, &grantor->permissions, grantor->rank);
    if (!grantor->impersonator_id)
        return true;
    if (!load_rights_at_home(db, platform_id, grantor->impersonator_id, &operator_rights))
        return false;
    limit_rights(db->arena, out, &operator_rights.permissions, operator_rights.rank);
    return true;
}

struct grantor grantor_of(const struct cx *cx)
{
    const struct session *session = cx->session;
    return (struct grantor){.tenant_id = session->tenant_id,
                            .user_id = session->user_id,
                            .impersonator_id = session->impersonator_id,
                            .permissions = session->permissions,
                            .rank = session->rank};
}

void grantor_write(struct json *json, struct arena *arena, const struct grantor *grantor)
{
    json_open_object(json);
    json_pair(json, "tenant", grantor->tenant_id);
    json_pair(json, "user", grantor->user_id);
    json_pair(json, "operator", grantor->impersonator_id);
    json_pair_int(json, "rank", grantor->rank);
    const char *permissions = permissions_write(arena, &grantor->permissions);
    json_key(json, "permissions");
    json_put_raw(json, permissions, strlen(permissions));
    json_close_object(json);
}

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value;
}

static const char *read_id(struct arena *arena, json_object *object, const char *name)
{
    const char *text = json_object_get_string(member(object, name));
    return text && uuid_is(text) ? arena_text(arena, text) : NULL;
}

struct grantor grantor_read(struct arena *arena, json_object *object)
{
    static const char nobody[] = "00000000-0000-0000-0000-000000000000";
    struct grantor grantor = {.tenant_id = read_id(arena, object, "tenant"),
                              .user_id = read_id(arena, object, "user"),
                              .impersonator_id = read_id(arena, object, "operator"),
                              .permissions = permissions_read(
                                  arena, json_object_get_string(member(object, "permissions"))),
                              .rank = json_object_get_int(member(object, "rank"))};
    if (!grantor.tenant_id || !grantor.user_id)
        return (struct grantor){.tenant_id = platform_id, .user_id = nobody};
    return grantor;
}

enum grant_answer rights_cover(const struct rights *most, const struct rights *some,
                               const char **lacking)
{
    const char *missing = permissions_lacking(&most->permissions, &some->permissions);
    if (lacking)
        *lacking = missing;
    return some->rank > most->rank ? GRANT_RANK : missing ? GRANT_LACKING : GRANT_YES;
}

/* ---- the question of a request ---- */

bool grant_lock(struct db *db, const char *tenant_id)
{
    return db_get(db, &grant_lock_alone, tenant_id) != NULL;
}

/* The rights at home are held before those of the tenant below it, so that nobody
 * waits in a circle. */
static bool lock(struct db *db, const char *home_id, const char *tenant_id)
{
    return (strcmp(home_id, tenant_id) == 0 || db_get(db, &grant_lock_shared, home_id)) &&
           grant_lock(db, tenant_id);
}

/* Locks and reads at each question: a scope that was rolled back took its lock with it,
 * and what this request has given itself, it had. Outside a transaction there is no lock. */
bool grant_rights(struct cx *cx, struct db *db, const char *tenant_id, struct rights *out)
{
    *out = (struct rights){.role = ""};
    if (!cx->session)
        return fail(cx, 401, "not_signed_in", "Sign in first.");
    const struct grantor me = grantor_of(cx);
    const char *home_id = me.impersonator_id ? platform_id : me.tenant_id;
    return ((db_scope(db) == 0 || lock(db, home_id, tenant_id)) && grantor_rights(db, &me, out)) ||
           failed(cx, db);
}

static bool may_give(struct cx *cx, const struct rights *mine, const struct rights *rights)
{
    const char *lacking;
    switch (rights_cover(mine, rights, &lacking)) {
    case GRANT_RANK:
        return fail(cx, 403, "rank_too_high", "This is ranked above you.");
    case GRANT_LACKING:
        return fail(cx, 403, "permission_lacking", "You may not grant %s, which you lack.",
                    lacking);
    default:
        return true;
    }
}

static bool may_touch(struct cx *cx, const struct rights *mine, const struct rights *rights,
                      const char *what)
{
    const char *lacking;
    switch (rights_cover(mine, rights, &lacking)) {
    case GRANT_RANK:
        return fail(cx, 403, "rank_too_high", "This is ranked above you.");
    case GRANT_LACKING:
        return fail(cx, 403, "permission_lacking",
                    "You may not change %s that holds %s, which you lack.", what, lacking);
    default:
        return true;
    }
}

static const char *tenant_of(const struct cx *cx, const struct db *db)
{
    return *db->tenant_id || !cx->session ? db->tenant_id : cx->session->tenant_id;
}

static bool check_role(struct cx *cx, struct db *db, const struct rights *mine,
                       const char *role_key)
{
    struct rights rights;
    bool exists = true;
    if (builtin_role_find(role_key))
        builtin_role_rights(cx->arena, role_key, &rights);
    else if (!rights_of_role(db, tenant_of(cx, db), role_key, &rights, &exists))
        return failed(cx, db);
    if (!exists)
        return fail_field(cx, "roles", "unknown_role", "There is no role \"%s\".", role_key);
    return may_give(cx, mine, &rights);
}

bool role_may_grant(struct cx *cx, struct db *db, const char *role_key)
{
    struct rights mine;
    return grant_rights(cx, db, tenant_of(cx, db), &mine) && check_role(cx, db, &mine, role_key);
}

bool roles_may_grant(struct cx *cx, struct db *db, json_object *role_keys)
{
    struct rights mine;
    if (!grant_rights(cx, db, tenant_of(cx, db), &mine))
        return false;
    for (size_t i = 0; i < json_object_array_length(role_keys); i++)
        if (!check_role(cx, db, &mine,
                        json_object_get_string(json_object_array_get_idx(role_keys, i))))
            return false;
    return true;
}

bool user_may_change(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id)
{
    struct rights mine, rights;
    if (!grant_rights(cx, db, tenant_id, &mine))
        return false;
    if (!rights_load(db, tenant_id, user_id, &rights))
        return failed(cx, db);
    /* Whoever changes an account may come to use it: what is its own is another's. */
    if (strcmp(user_id, cx->session->user_id) != 0)
        rights.permissions = permissions_of_all(cx->arena, &rights.permissions);
    return may_touch(cx, &mine, &rights, "an account");
}

bool permissions_may_grant(struct cx *cx, struct db *db, const char *tenant_id,
                           const struct permissions *permissions)
{
    const struct rights rights = {.permissions = *permissions};
    struct rights mine;
    return grant_rights(cx, db, tenant_id, &mine) && may_give(cx, &mine, &rights);
}

/* Those of their teams' records, as of all. */
static struct permissions of_teams(struct arena *arena, const struct permissions *permissions)
{
    const char **grants = arena_alloc(arena, sizeof *grants * (permissions->count + 1));
    struct permissions teams = {grants, 0};
    for (size_t i = 0; i < permissions->count; i++)
        if (grant_sight(permissions->grants[i]) == SIGHT_TEAM)
            grants[teams.count++] = grant_permission(arena, permissions->grants[i]);
    return teams;
}

bool team_may_take(struct cx *cx, struct db *db, const char *tenant_id, const char *team_id,
                   const char *user_id)
{
    struct rights mine, rights;
    if (!grant_rights(cx, db, tenant_id, &mine))
        return false;
    if (!rights_of_team(db, tenant_id, team_id, user_id, &rights))
        return failed(cx, db);
    const struct permissions opened = of_teams(cx->arena, &rights.permissions);
    const char *lacking = permissions_lacking(&mine.permissions, &opened);
    return !lacking ||
           fail(cx, 403, "permission_lacking",
                "Members of this team have %s of each other's records, which you lack.", lacking);
}

/* ---- a custom role that changes ---- */

bool role_change_begin(struct cx *cx, struct db *db, const char *tenant_id, const char *role_key)
{
    struct rights rights;
    struct grant *grant = arena_alloc(cx->arena, sizeof *grant);
    *grant = (struct grant){.tenant_id = arena_text(cx->arena, tenant_id),
                            .key = arena_text(cx->arena, role_key)};
    cx->grant = grant;
    if (!grant_rights(cx, db, tenant_id, &grant->mine))
        return false;
    if (!rights_of_role(db, tenant_id, role_key, &rights, NULL) ||
        !rights_of_holders(db, tenant_id, role_key, &grant->holders, &grant->count))
        return failed(cx, db);
    return may_touch(cx, &grant->mine, &rights, "a role");
}

static bool is_same(const struct rights *a, const struct rights *b)
{
    return rights_cover(a, b, NULL) == GRANT_YES && rights_cover(b, a, NULL) == GRANT_YES;
}

/* Who has the role among others may hold what the one who changes it lacks. */
static bool check_holders(struct cx *cx, const struct grant *grant, const struct role_set *sets,
                          size_t count)
{
    size_t k = 0; /* both are in the order of their keys */
    for (size_t i = 0; i < count; i++) {
        while (k < grant->count && strcmp(grant->holders[k].keys, sets[i].keys) < 0)
            k++;
        const struct role_set *before = k < grant->count ? &grant->holders[k] : NULL;
        if (before && strcmp(before->keys, sets[i].keys) != 0)
            before = NULL;
        if (!before && !may_touch(cx, &grant->mine, &sets[i].rights, "an account"))
            return false;
        if (before && !is_same(&before->rights, &sets[i].rights) &&
            !may_touch(cx, &grant->mine, &before->rights, "an account"))
            return false;
    }
    return true;
}

bool role_change_end(struct cx *cx, struct db *db)
{
    struct rights rights;
    struct role_set *sets;
    size_t count;
    const struct grant *grant = cx->grant;
    assert(grant && grant->key); /* role_change_begin() came before */
    if (!rights_of_role(db, grant->tenant_id, grant->key, &rights, NULL) ||
        !rights_of_holders(db, grant->tenant_id, grant->key, &sets, &count))
        return failed(cx, db);
    return may_give(cx, &grant->mine, &rights) && check_holders(cx, grant, sets, count);
}
