/* sso_users: whose account a provider's claims mean. */
#include <string.h>

#include "access/factor.h"
#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "account/account.h"
#include "base/text.h"
#include "http/cx.h"
#include "sso.h"

/* Two sign-ins of one person at once make one account. */
STATEMENT(sso_lock, "select pg_advisory_xact_lock(hashtextextended($1, 0))", 0);

STATEMENT(sso_known,
          "select user_id\n"
          "from sso_identities\n"
          "where tenant_id = $1::uuid and provider_id = $2::uuid and issuer = $3 and subject = $4",
          0);

STATEMENT(sso_by_email,
          "select u.id, exists (select from sso_identities i\n"
          "                     where i.tenant_id = u.tenant_id and i.user_id = u.id\n"
          "                     and i.provider_id = $3::uuid and i.issuer = $4)\n"
          "from users u\n"
          "where u.tenant_id = $1::uuid and u.email = $2",
          0);

STATEMENT(sso_user,
          "select u.email, u.name, u.status, u.must_change_password, " HAS_FACTOR(
              "u.tenant_id", "u.id") "\n"
                                     "from users u\n"
                                     "where u.tenant_id = $1::uuid and u.id = $2::uuid\n"
                                     "for no key update",
          0);

STATEMENT(sso_link,
          "insert into sso_identities (tenant_id, provider_id, user_id, issuer, subject)\n"
          "values ($1::uuid, $2::uuid, $3::uuid, $4, $5)",
          DB_WRITES);

STATEMENT(sso_seen,
          "update sso_identities\n"
          "set last_used_at = now(), email = $5\n"
          "where tenant_id = $1::uuid and provider_id = $2::uuid and issuer = $3 and subject = $4",
          DB_WRITES);

/* Those of the list that there are, and what only this user holds and somebody must. */
STATEMENT(sso_roles_possible,
          "select coalesce(jsonb_agg(distinct k.key), '[]')\n"
          "from (select w.key\n"
          "      from jsonb_array_elements_text($3::jsonb) as w (key)\n"
          "      where house.is_builtin_role(w.key)\n"
          "      or exists (select from roles r where r.tenant_id = $1::uuid and r.key = w.key)\n"
          "      union all\n"
          "      select r.role_key\n"
          "      from user_roles r\n"
          "      where r.tenant_id = $1::uuid and r.user_id = $2::uuid\n"
          "      and r.role_key in ('owner', 'reseller_admin', 'superadmin')\n"
          "      and not exists (select from user_roles o\n"
          "                      join users u on u.tenant_id = o.tenant_id and u.id = o.user_id\n"
          "                      where o.tenant_id = $1::uuid and o.role_key = r.role_key\n"
          "                      and o.user_id <> r.user_id and u.status = 'active')) as k (key)",
          0);

static const char no_role[] = "You have no role here. Ask an administrator for one.";

struct search {
    struct cx *cx;
    struct db db;
    const struct sso_provider *provider;
    json_object *claims, *roles;
    const char *subject, *email; /* email: verified, or NULL */
    const char *user_id;
    struct rights rights;
    bool is_new;  /* linked or made by this sign-in */
    bool changed; /* its roles were */
    const char *why;
};

/* A sentence for the person. */
static bool refuse(struct search *search, const char *why)
{
    search->why = why;
    return false;
}

static bool failed(struct search *search)
{
    search->cx->db.error = search->db.error;
    return fail_db(search->cx);
}

/* ---- the address ---- */

/* One that the provider has not verified may be anybody's. */
static const char *verified_email(struct cx *cx, json_object *claims)
{
    const char *email = oidc_claim_text(claims, "email"), *code, *message;
    static const struct field field = {"email", EMAIL, REQUIRED};
    struct value value = {.presence = ABSENT};
    if (!email || !oidc_claim_true(claims, "email_verified") ||
        !field_check_text(cx, &field, email, &value, &code, &message))
        return NULL;
    return value.text;
}

static bool check_domain(struct search *search)
{
    json_object *domains = search->provider->email_domains;
    const char *at = search->email ? strrchr(search->email, '@') : NULL;
    size_t count = json_object_array_length(domains);
    for (size_t i = 0; at && i < count; i++)
        if (text_equal(json_object_get_string(json_object_array_get_idx(domains, i)), at + 1))
            return true;
    return count == 0 ||
           refuse(search, "Your e-mail address is not one of those that may sign in here.");
}

/* ---- found ---- */

static bool find_known(struct search *search)
{
    struct rows *rows = db_get(&search->db, &sso_known, search->db.tenant_id, search->provider->id,
                               search->provider->client.issuer, search->subject);
    if (!rows)
        return failed(search);
    if (rows_count(rows) > 0)
        search->user_id = rows_text(rows, 0, 0);
    return true;
}

static const char *why_no_email(const struct search *search)
{
    const char *format = oidc_claim_true(search->claims, "email_verified")
                             ? "%s names no e-mail address that mail can be sent to, so it cannot "
                               "be matched with an account."
                             : "%s does not say that your e-mail address is verified, so it cannot "
                               "be matched with an account.";
    return arena_printf(search->cx->arena, format, search->provider->name);
}

static bool find_by_email(struct search *search)
{
    if (search->user_id)
        return true;
    search->is_new = true;
    if (!search->email)
        return refuse(search, why_no_email(search));
    struct rows *rows = db_get(&search->db, &sso_by_email, search->db.tenant_id, search->email,
                               search->provider->id, search->provider->client.issuer);
    if (!rows)
        return failed(search);
    if (rows_count(rows) == 0)
        return true;
    if (rows_bool(rows, 0, 1))
        return refuse(search, "The account of this e-mail address belongs to somebody else there. "
                              "An administrator can unlink it.");
    search->user_id = rows_text(rows, 0, 0);
    return true;
}

/* ---- made ---- */

static bool has_role(json_object *roles, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(roles); i++)
        if (text_equal(json_object_get_string(json_object_array_get_idx(roles, i)), key))
            return true;
    return false;
}

/* The place in the organisation follows from the mightiest role. */
static const char *kind_for(const struct search *search)
{
    if (search->cx->tenant->kind == TENANT_PLATFORM)
        return "operator";
    static const char *const kinds[] = {"owner", "admin", "staff", "customer"};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (has_role(search->roles, kinds[i]))
            return kinds[i];
    return "staff";
}

static const char *name_for(const struct search *search)
{
    json_object *claims = search->claims;
    struct arena *arena = search->cx->arena;
    const char *name = oidc_claim_text(claims, "name"),
               *given = oidc_claim_text(claims, "given_name"),
               *family = oidc_claim_text(claims, "family_name"), *code, *message;
    static const struct field field = {"name", TEXT, REQUIRED, 1, 200};
    struct value value = {.presence = ABSENT};
    if (!name && (given || family))
        name = arena_printf(arena, "%s %s", given ? given : "", family ? family : "");
    name = name ? text_trim(arena, name) : "";
    return field_check_text(search->cx, &field, name, &value, &code, &message)
               ? value.text
               : arena_copy(arena, search->email, strcspn(search->email, "@"));
}

static bool make_user(struct search *search)
{
    if (search->user_id)
        return true;
    if (!search->provider->create_users)
        return refuse(search,
                      "There is no account for you here yet. Ask an administrator for one.");
    if (json_object_array_length(search->roles) == 0)
        return refuse(search, no_role);
    char *id = arena_alloc(search->cx->arena, UUID_SIZE);
    uuid_new(id);
    const struct account_new account = {.tenant_id = search->db.tenant_id,
                                        .id = id,
                                        .email = search->email,
                                        .name = name_for(search),
                                        .kind = kind_for(search),
                                        .verified = true};
    if (!account_open(&search->db, &account))
        return search->db.error.status == DB_RAISED
                   ? refuse(search, "This workspace has as many users as it may have.")
                   : failed(search);
    search->user_id = id;
    return true;
}

/* ---- let in ---- */

static bool check_status(struct search *search, const char *status)
{
    bool invited = search->is_new && text_equal(status, "pending");
    return text_equal(status, "active") || invited ||
           refuse(search, "This account may not sign in. Ask an administrator.");
}

/* Whoever chose the provider could be whomever it names, and see what is theirs. */
static bool check_rights(struct search *search)
{
    struct rights *rights = &search->rights;
    enum tenant_status status = search->cx->tenant->status;
    if (!rights_load(&search->db, search->db.tenant_id, search->user_id, rights))
        return failed(search);
    const struct rights entered = {.permissions =
                                       permissions_of_all(search->cx->arena, &rights->permissions),
                                   .rank = rights->rank};
    enum grant_answer answer = rights_cover(&search->provider->most, &entered, NULL);
    if (answer == GRANT_RANK)
        return refuse(search, "This account is ranked above those who may sign in this way.");
    if (answer == GRANT_LACKING)
        return refuse(search, "This account has rights that those who may sign in this way lack.");
    return status == TENANT_TRIAL || status == TENANT_ACTIVE ||
           (status == TENANT_SUSPENDED && role_is_owner(rights->role)) ||
           refuse(search, "This workspace is not active.");
}

static bool store_identity(struct search *search)
{
    const char *tenant = search->db.tenant_id, *provider = search->provider->id,
               *issuer = search->provider->client.issuer;
    if (search->is_new && (!db_get(&search->db, &sso_link, tenant, provider, search->user_id,
                                   issuer, search->subject) ||
                           !account_welcome(&search->db, tenant, search->user_id)))
        return failed(search);
    return db_get(&search->db, &sso_seen, tenant, provider, issuer, search->subject,
                  search->email) ||
           failed(search);
}

static bool give_roles(struct search *search, bool made)
{
    if (!made && !search->provider->roles_follow)
        return true;
    const char *tenant = search->db.tenant_id;
    const char *wanted = json_object_to_json_string_ext(search->roles, JSON_C_TO_STRING_PLAIN);
    struct rows *rows = db_get(&search->db, &sso_roles_possible, tenant, search->user_id, wanted);
    return (rows && account_set_roles(&search->db, tenant, search->user_id, rows_text(rows, 0, 0),
                                      &search->changed)) ||
           failed(search);
}

static bool is_mfa(const struct search *search)
{
    json_object *values = search->provider->mfa_values;
    for (size_t i = 0; i < json_object_array_length(values); i++) {
        const char *value = json_object_get_string(json_object_array_get_idx(values, i));
        if (oidc_claim_has(search->claims, "amr", value) ||
            oidc_claim_has(search->claims, "acr", value))
            return true;
    }
    return false;
}

static bool read_account(struct search *search, struct account *out)
{
    struct rows *rows = db_get(&search->db, &sso_user, search->db.tenant_id, search->user_id);
    if (!rows)
        return failed(search);
    if (rows_count(rows) == 0 || !check_status(search, rows_text(rows, 0, 2)))
        return false;
    const struct tenant *tenant = search->cx->tenant;
    *out = (struct account){.email = rows_text(rows, 0, 0),
                            .name = rows_text(rows, 0, 1),
                            .slug = tenant->slug,
                            .tenant_name = tenant->name,
                            .must_change_password = rows_bool(rows, 0, 3),
                            .has_factor = rows_bool(rows, 0, 4),
                            .by_sso = true,
                            .provider_mfa = is_mfa(search)};
    memcpy(out->user_id, search->user_id, UUID_SIZE);
    memcpy(out->tenant_id, tenant->id, UUID_SIZE);
    return true;
}

/* The rights are asked before anything is linked, and of what they became. */
static bool settle(struct search *search, struct account *out)
{
    bool made = search->user_id == NULL;
    return make_user(search) && read_account(search, out) && (made || check_rights(search)) &&
           store_identity(search) && give_roles(search, made) && check_rights(search) &&
           (!made || *search->rights.role || refuse(search, no_role));
}

/* Whose roles follow may have lost them all: that is stored, though they stay out. */
static bool find(struct search *search, struct account *out)
{
    const char *lock =
        arena_printf(search->cx->arena, "sso %s %s", search->provider->id, search->subject);
    bool may_give = search->provider->create_users || search->provider->roles_follow;
    if (!db_begin(&search->db) || !db_get(&search->db, &sso_lock, lock) ||
        (may_give && !grant_lock(&search->db, search->db.tenant_id)))
        return failed(search);
    if (!check_domain(search) || !find_known(search) || !find_by_email(search) ||
        !settle(search, out))
        return false;
    if (!db_commit(&search->db))
        return failed(search);
    if (search->changed)
        session_rights_changed(&search->db, search->user_id);
    return !search->provider->roles_follow || *search->rights.role || refuse(search, no_role);
}

bool sso_find_account(struct cx *cx, const struct sso_provider *provider, json_object *claims,
                      struct account *out, const char **why)
{
    struct search search = {.cx = cx,
                            .provider = provider,
                            .claims = claims,
                            .roles = sso_roles(cx, provider, claims),
                            .subject = oidc_claim_text(claims, "sub"),
                            .email = verified_email(cx, claims)};
    db_init(&search.db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    db_act_as(&search.db, "system", NULL, arena_printf(cx->arena, "Sign-on: %s", provider->name),
              cx->request.remote, request_header(&cx->request, "User-Agent"), cx->request_id);
    bool found = find(&search, out);
    db_rollback(&search.db);
    *why = search.why;
    return found;
}
