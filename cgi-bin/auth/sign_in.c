/* sign_in: whether e-mail address and password are right, and the session that
 * follows from it. */
#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/lockout.h"
#include "access/password.h"
#include "access/tenant.h"
#include "account/account.h"
#include "account/owner.h"
#include "auth.h"
#include "base/agent.h"
#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"

/* The platform role reads here, since before signing in nobody has a tenant.
 * Accounts that may not sign in are left out, so that they answer as unknown. What
 * strangers signed up with the address comes last, so that it crowds nobody out. */
STATEMENT(
    sign_in_accounts,
    "select u.id, u.tenant_id, t.slug, t.name, u.name, u.password_hash,\n"
    "       u.must_change_password, " HAS_FACTOR(
        "u.tenant_id",
        "u.id") ",\n"
                "       u.must_change_password\n"
                "       and u.password_set_at < now() - make_interval(days => $3::int)\n"
                "from users u\n"
                "join tenants t on t.id = u.tenant_id\n"
                "where u.email = $1\n"
                "and ($2::uuid is null or u.tenant_id = $2::uuid)\n"
                "and u.status = 'active'\n"
                "and t.deleted_at is null\n"
                "and (t.status in ('trial', 'active') or (t.status = 'suspended' and exists (\n"
                "    select from user_roles r\n"
                "    where r.tenant_id = u.tenant_id and r.user_id = u.id\n"
                "    and r.role_key in ('owner', 'reseller_admin'))))\n"
                "order by t.verify_by is not null, u.last_login_at desc nulls last, u.id\n"
                "limit 5",
    DB_ON_PLATFORM);

STATEMENT(sign_in_note,
          "update users\n"
          "set last_login_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

/* Whoever may still sign in without a provider where the tenant requires one: its
 * owners, and everybody as long as there is no provider to sign in by. */
STATEMENT(sign_in_without_sso,
          "select not exists (select from sso_providers p\n"
          "                   where p.tenant_id = $1::uuid and p.enabled)\n"
          "       or exists (select from user_roles r\n"
          "                  where r.tenant_id = $1::uuid and r.user_id = $2::uuid\n"
          "                  and r.role_key in ('owner', 'reseller_admin', 'superadmin'))",
          0);

STATEMENT(sign_in_by_sso,
          "update sessions\n"
          "set by_sso = true, provider_mfa = $3::bool, must_enrol = must_enrol and not $3::bool\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

STATEMENT(sign_in_places,
          "select ip, user_agent\n"
          "from sessions\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id <> $3::uuid\n"
          "and impersonator_id is null\n"
          "order by last_used_at desc, id desc\n"
          "limit 50",
          0);

STATEMENT(sign_in_link_holds, "select house.link_holds($1::uuid, $2::uuid, $3::uuid)",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(sign_in_chain,
          "update sessions\n"
          "set chain_id = $3::uuid, parent_id = $4::uuid\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

static void take_account(struct sign_in *out, const struct rows *rows, size_t row,
                         const char *email)
{
    struct account *account = &out->accounts[out->count++];
    *account = (struct account){.email = email,
                                .slug = rows_text(rows, row, 2),
                                .tenant_name = rows_text(rows, row, 3),
                                .name = rows_text(rows, row, 4),
                                .must_change_password = rows_bool(rows, row, 6),
                                .has_factor = rows_bool(rows, row, 7)};
    memcpy(account->user_id, rows_text(rows, row, 0), UUID_SIZE);
    memcpy(account->tenant_id, rows_text(rows, row, 1), UUID_SIZE);
}

/* A hash of older costs is replaced while the password is at hand; when that
 * fails it is done at the next sign-in. */
static void refresh_hash(struct cx *cx, const struct account *account, const char *hash,
                         const char *password)
{
    if (!password_is_old(hash))
        return;
    const char *fresh = password_hash(cx->arena, password);
    struct db db = cx->db;
    db_act_as(&db, "system", NULL, NULL, cx->request.remote, NULL, cx->request_id);
    if (fresh)
        account_rehash(&db, account->tenant_id, account->user_id, hash, fresh);
}

static void check_accounts(struct cx *cx, const struct rows *rows, const char *email,
                           const char *password, struct sign_in *out)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        const char *hash = rows_text(rows, i, 5);
        if (!password_verify(hash, password))
            continue;
        if (rows_bool(rows, i, 8)) {
            out->expired = true;
            continue;
        }
        take_account(out, rows, i, email);
        refresh_hash(cx, &out->accounts[out->count - 1], hash, password);
    }
    if (rows_count(rows) == 0)
        password_verify(NULL, password);
}

/* A right password forgives the wrong ones before it only where nothing is asked
 * after it: else whoever knows it could guess codes without end. */
static bool record(struct cx *cx, const struct sign_in *found, const char *email,
                   const char *tenant_id)
{
    if (found->count == 0)
        return lockout_record(cx, tenant_id, email, false);
    const struct account *account = &found->accounts[0];
    return account->has_factor ? lockout_check(cx, account->tenant_id, email)
                               : lockout_record(cx, account->tenant_id, email, true);
}

bool sign_in_check(struct cx *cx, const char *email, const char *password, const char *tenant_id,
                   struct sign_in *out)
{
    *out = (struct sign_in){.count = 0};
    if (!lockout_check(cx, tenant_id, email))
        return false;
    struct rows *rows = db_get(
        &cx->db, &sign_in_accounts, email, tenant_id,
        arena_printf(cx->arena, "%lld", (long long)config_int(CONFIG_TULOU_FIRST_PASSWORD_DAYS)));
    if (!rows)
        return fail_db(cx);
    check_accounts(cx, rows, email, password, out);
    if (!record(cx, out, email, tenant_id))
        return false;
    if (out->count == 0)
        lockout_settle(cx);
    if (out->count == 0 && out->expired)
        return fail(cx, 403, "password_expired",
                    "This first password was not changed in time. Choose one by a link: press "
                    "\"Forgot your password?\", or ask your administrator for a new one.");
    if (out->count == 0)
        return fail(cx, 401, "invalid_credentials", "The e-mail address or the password is wrong.");
    return true;
}

/* Asked where every session begins, so that no way in is forgotten. */
static bool may_enter(struct cx *cx, struct db *db, const struct account *account)
{
    const struct tenant *tenant = tenant_by_id(cx, account->tenant_id);
    if (account->by_sso || !tenant ||
        !text_equal(tenant_setting_of(cx, tenant, "security", "ssoRequired"), "true"))
        return true;
    struct rows *rows = db_get(db, &sign_in_without_sso, account->tenant_id, account->user_id);
    return rows && (rows_bool(rows, 0, 0) ||
                    fail(cx, 403, "sso_required",
                         "This workspace lets its users in by single sign-on alone."));
}

static bool note_how(struct db *db, const struct account *account, const char *session_id)
{
    return !account->by_sso || db_get(db, &sign_in_by_sso, account->tenant_id, session_id,
                                      account->provider_mfa ? "true" : "false");
}

/* Who comes from a linked workspace comes as long as the link holds. */
static bool open_session(struct cx *cx, struct db *db, const struct account *account,
                         enum session_kind kind, struct session_tokens *out)
{
    if (!*account->chain_id)
        return session_open(cx, db, account->user_id, kind, out);
    struct rows *holds =
        db_get(db, &sign_in_link_holds, account->tenant_id, account->user_id, account->parent_id);
    if (holds && !rows_bool(holds, 0, 0))
        return fail(cx, 403, "workspace_unlinked", "This workspace is no longer linked.");
    return holds && session_open(cx, db, account->user_id, kind, out) &&
           db_get(db, &sign_in_chain, account->tenant_id, out->session_id, account->chain_id,
                  account->parent_id);
}

/* Half of an address: where a provider's customers come from changes in the rest. */
static size_t sign_in_network(const char *ip)
{
    const char mark = strchr(ip, ':') ? ':' : '.';
    const char *at = strchr(ip, mark);
    at = at ? strchr(at + 1, mark) : NULL;
    return at ? (size_t)(at - ip) + 1 : strlen(ip);
}

static bool sign_in_is_from(struct cx *cx, const struct rows *places, size_t row, const char *agent)
{
    const char *ip = rows_text(places, row, 0), *here = cx->request.remote;
    bool near = ip && here && strncmp(ip, here, sign_in_network(here)) == 0;
    return near && text_equal(agent_show(cx->arena, NULL, rows_text(places, row, 1)), agent);
}

/* Who never signed in before is told nothing: everything is new. */
static bool sign_in_tell_device(struct cx *cx, struct db *db, const struct account *account,
                                const char *session_id)
{
    const char *agent = agent_show(cx->arena, NULL, request_header(&cx->request, "User-Agent"));
    struct owner owner = {.email = account->email, .name = account->name};
    struct rows *places =
        db_get(db, &sign_in_places, account->tenant_id, account->user_id, session_id);
    bool known = places && rows_count(places) == 0;
    for (size_t i = 0; places && i < rows_count(places) && !known; i++)
        known = sign_in_is_from(cx, places, i, agent) || (!agent && !rows_text(places, i, 1));
    if (!places || known)
        return places != NULL;
    const struct db own = cx->db;
    memcpy(owner.tenant_id, account->tenant_id, UUID_SIZE);
    memcpy(owner.user_id, account->user_id, UUID_SIZE);
    cx->db = *db;
    bool told = owner_tell(cx, &owner, OWNER_DEVICE, agent ? agent : "an unknown program");
    *db = cx->db;
    cx->db = own;
    return told;
}

bool sign_in_open(struct cx *cx, const struct account *account, enum session_kind kind,
                  struct session_tokens *out)
{
    struct db db;
    db_init(&db, cx->arena, DB_PLATFORM, account->tenant_id, "everyone");
    db_act_as(&db, "user", account->user_id, account->name, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    if (!db_begin(&db) || !may_enter(cx, &db, account) ||
        !open_session(cx, &db, account, kind, out))
        goto failed;
    if (!note_how(&db, account, out->session_id) ||
        !db_get(&db, &sign_in_note, account->tenant_id, account->user_id) ||
        !sign_in_tell_device(cx, &db, account, out->session_id) ||
        !event_append(&db, "session.created", out->session_id,
                      account->by_sso ? "{\"method\": \"sso\"}" : NULL) ||
        !db_commit(&db))
        goto failed;
    return true;
failed:
    db_rollback(&db);
    cx->db.error = db.error;
    return cx->failure.status ? false : fail_db(cx);
}
