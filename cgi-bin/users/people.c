/* people: users as resources. One table, seen as all users of tenants, as those
 * who administer, and by kind. */
#include <string.h>

#include "access/factor.h"
#include "access/grant.h"
#include "access/password.h"
#include "access/permission.h"
#include "access/policy.h"
#include "access/roles.h"
#include "access/session.h"
#include "access/tenant.h"
#include "account/account.h"
#include "account/credential.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "users.h"

STATEMENT(people_find,
          "select id, tenant_id, email, name, locale, status, password_hash is not null\n"
          "from users\n"
          "where id = $1::uuid",
          0);

STATEMENT(people_roles,
          "select role_key\n"
          "from user_roles\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "limit 100",
          0);

bool user_read(struct cx *cx, const char *id, bool to_change, struct user *user)
{
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &people_find, id) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such user.");
    *user = (struct user){.email = rows_text(rows, 0, 2),
                          .name = rows_text(rows, 0, 3),
                          .locale = rows_text(rows, 0, 4),
                          .status = rows_text(rows, 0, 5),
                          .has_password = rows_bool(rows, 0, 6)};
    memcpy(user->id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(user->tenant_id, rows_text(rows, 0, 1), UUID_SIZE);
    return !to_change || user_may_change(cx, &cx->db, user->tenant_id, id);
}

bool user_find(struct cx *cx, const char *id, bool to_change, char tenant_id[static UUID_SIZE])
{
    struct user user;
    if (!user_read(cx, id, to_change, &user))
        return false;
    memcpy(tenant_id, user.tenant_id, UUID_SIZE);
    return true;
}

const char *role_of_kind(const char *kind)
{
    static const char *const pairs[][2] = {{"owner", "owner"},      {"admin", "admin"},
                                           {"staff", "staff"},      {"customer", "customer"},
                                           {"student", "customer"}, {"parent", "customer"}};
    for (size_t i = 0; kind && i < COUNT(pairs); i++)
        if (strcmp(pairs[i][0], kind) == 0)
            return pairs[i][1];
    return NULL;
}

/* Custom roles are looked up in the tenant they belong to. */
static bool may_grant_all(struct cx *cx, const char *tenant_id, json_object *roles)
{
    struct db there = cx->db;
    memcpy(there.tenant_id, tenant_id, UUID_SIZE);
    return roles_may_grant(cx, &there, roles);
}

bool roles_store(struct cx *cx, const char *tenant_id, const char *user_id, json_object *roles)
{
    const char *list = json_object_to_json_string_ext(roles, JSON_C_TO_STRING_PLAIN);
    if (!may_grant_all(cx, tenant_id, roles))
        return false;
    return account_set_roles(&cx->db, tenant_id, user_id, list, NULL) || fail_db(cx);
}

static const struct value *given_value(const struct input *input, const char *name)
{
    const struct field *field = field_find(input->fields, name);
    return field ? &input->values[field - input->fields] : NULL;
}

static struct value *value_of(struct input *input, const char *name)
{
    const struct field *field = field_find(input->fields, name);
    return field ? &input->values[field - input->fields] : NULL;
}

/* Among administrators an operator makes operators unless a tenant is named. */
static void default_administrator(struct cx *cx, struct input *input, enum operation operation)
{
    struct value *tenant = value_of(input, "tenant_id"), *kind = value_of(input, "kind");
    if (operation == OP_CREATE && tenant->presence != GIVEN && cx->session->is_operator)
        *tenant = (struct value){.presence = GIVEN, .text = cx->session->tenant_id};
    bool ours = cx->session->is_operator && text_equal(tenant->text, cx->session->tenant_id);
    if (operation != OP_MERGE && kind->presence != GIVEN)
        *kind = (struct value){.presence = GIVEN, .text = ours ? "operator" : "admin"};
}

static const char *text_given(const struct input *input, const char *name, const char *otherwise)
{
    const struct value *value = given_value(input, name);
    return value && value->presence == GIVEN ? value->text : otherwise;
}

/* By the rules of the tenant that the user is of, or will be of. */
static bool check_password(struct cx *cx, const struct user *user, const struct input *input)
{
    const char *password = text_given(input, "password", NULL);
    const char *tenant_id = text_given(input, "tenant_id", user->tenant_id);
    if (!password)
        return true;
    const struct password_owner owner = {.tenant = *tenant_id ? tenant_by_id(cx, tenant_id) : NULL,
                                         .email = text_given(input, "email", user->email),
                                         .name = text_given(input, "name", user->name)};
    return password_policy_check(cx, "password", password, &owner);
}

static bool is_invited(const struct input *input)
{
    return text_equal(text_given(input, "invite", NULL), "true");
}

/* Whoever is invited chooses the password; until then the account opens nothing. */
static bool make_pending(struct cx *cx, struct input *input)
{
    if (text_given(input, "password", NULL))
        return fail_field(cx, "password", "not_with_invitation",
                          "Whoever is invited chooses a password: leave this empty.");
    *value_of(input, "status") = (struct value){.presence = GIVEN, .text = "pending"};
    return true;
}

/* Whoever goes leaves nothing open, also not as somebody else. */
static bool prepare_delete(struct cx *cx, const struct user *user)
{
    char home[UUID_SIZE];
    if (!credential_may_change(cx, user->tenant_id, user->id))
        return false;
    memcpy(home, cx->db.tenant_id, UUID_SIZE);
    memcpy(cx->db.tenant_id, user->tenant_id, UUID_SIZE);
    bool ended = session_revoke_user(cx, &cx->db, user->id, NULL, "account deleted");
    memcpy(cx->db.tenant_id, home, UUID_SIZE);
    return ended;
}

/* Whoever makes a user decides on roles only once its row is there, and with it the lock of
 * the quota; others hold the rights and then want that lock. So the rights come first. */
static bool hold_rights(struct cx *cx, const struct input *input)
{
    struct rights mine;
    /* An import is in its tenant, whoever brought the file. */
    const char *here = cx->db.tenant_id[0] ? cx->db.tenant_id : cx->session->tenant_id;
    return grant_rights(cx, &cx->db, text_given(input, "tenant_id", here), &mine);
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    struct user user = {.tenant_id = ""};
    if (operation != OP_CREATE && !user_read(cx, id, true, &user))
        return false;
    if (operation == OP_DELETE)
        return prepare_delete(cx, &user);
    if (operation == OP_CREATE && !credential_refuse_impersonator(cx))
        return false;
    if (!input)
        return true;
    if (cx->route->about == &admin_users)
        default_administrator(cx, input, operation);
    if (operation == OP_CREATE && is_invited(input) && !make_pending(cx, input))
        return false;
    return check_password(cx, &user, input) && (operation != OP_CREATE || hold_rights(cx, input));
}

/* What the input says of a guarded field; replacing gives what is absent its initial value. */
static const char *guarded_text(const struct input *input, enum operation operation,
                                const char *name)
{
    const struct field *field = field_find(input->fields, name);
    return text_given(input, name, operation == OP_REPLACE ? field->initial : NULL);
}

/* From another system: operators alone may say what a password was. */
static bool store_hash(struct cx *cx, const char *tenant_id, const char *id)
{
    const char *hash = text_given(cx->input, "password_hash", NULL);
    if (!hash)
        return true;
    if (!cx->session->is_operator || !may(cx, "users.users:import_hashes"))
        return fail_field(cx, "passwordHash", "permission_missing",
                          "Only operators with the permission may import hashes of passwords.");
    if (!password_hash_is_known(hash))
        return fail_field(cx, "passwordHash", "unknown_hash",
                          "Use a hash of bcrypt with a cost from 10 to 12, or of Argon2id.");
    return credential_set_hash(cx, tenant_id, id, hash);
}

static bool store_credentials(struct cx *cx, enum operation operation, const char *tenant_id,
                              const char *id)
{
    const struct input *input = cx->input;
    const char *password = text_given(input, "password", NULL);
    if (operation == OP_CREATE)
        return (!password || credential_set_first(cx, tenant_id, id, password)) &&
               store_hash(cx, tenant_id, id);
    const struct credential_change change = {
        .password = password,
        .email = guarded_text(input, operation, "email"),
        .status = guarded_text(input, operation, "status"),
        .must_change = guarded_text(input, operation, "must_change_password")};
    return credential_change(cx, tenant_id, id, &change);
}

static void release_json(void *value)
{
    json_object_put(value);
}

static json_object *default_roles(struct cx *cx, const struct input *input)
{
    const struct value *kind = given_value(input, "kind");
    const char *role = role_of_kind(kind && kind->text ? kind->text : "staff");
    json_object *roles = json_object_new_array();
    arena_defer(cx->arena, release_json, roles);
    if (role)
        json_object_array_add(roles, json_object_new_string(role));
    return roles;
}

/* What is refused of them is refused of the kind that brings them. */
static bool store_usual_roles(struct cx *cx, const char *tenant_id, const char *id)
{
    if (roles_store(cx, tenant_id, id, default_roles(cx, cx->input)))
        return true;
    if (cx->failure.status == 403)
        fail_add_detail(cx, "kind", cx->failure.code, cx->failure.message);
    return false;
}

static bool invite_new(struct cx *cx, const char *id)
{
    struct user user;
    return !is_invited(cx->input) || (user_read(cx, id, false, &user) && user_invite(cx, &user));
}

static bool role_is_listed(json_object *roles, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(roles); i++)
        if (text_equal(json_object_get_string(json_object_array_get_idx(roles, i)), key))
            return true;
    return false;
}

/* -1: the database is away. */
static int roles_differ(struct cx *cx, const char *tenant_id, const char *id, json_object *roles)
{
    struct rows *now = db_get(&cx->db, &people_roles, tenant_id, id);
    size_t kept = 0, wanted = 0;
    if (!now)
        return -1;
    for (size_t i = 0; i < rows_count(now); i++)
        kept += role_is_listed(roles, rows_text(now, i, 0));
    for (size_t i = 0; i < json_object_array_length(roles); i++) {
        const char *key = json_object_get_string(json_object_array_get_idx(roles, i));
        size_t first = 0;
        while (!text_equal(json_object_get_string(json_object_array_get_idx(roles, first)), key))
            first++;
        wanted += first == i;
    }
    return kept != rows_count(now) || kept != wanted;
}

/* The same roles again are no change, and may be sent of one's own account too. */
static bool change_roles(struct cx *cx, const char *tenant_id, const char *id, json_object *roles)
{
    int differ = roles_differ(cx, tenant_id, id, roles);
    if (differ <= 0)
        return differ == 0 || fail_db(cx);
    return credential_may_change(cx, tenant_id, id) && roles_store(cx, tenant_id, id, roles) &&
           user_tell_rights(cx, tenant_id, id);
}

static bool finish(struct cx *cx, enum operation operation, const char *id)
{
    char tenant_id[UUID_SIZE];
    if (operation == OP_DELETE)
        return true;
    if (!user_find(cx, id, false, tenant_id) || !store_credentials(cx, operation, tenant_id, id))
        return false;
    const struct value *roles = given_value(cx->input, "roles");
    bool given = roles && roles->presence == GIVEN;
    if (given && cx->is_page && operation == OP_CREATE) /* a form always says which are ticked */
        given = json_object_array_length(roles->json) > 0;
    if (operation != OP_CREATE)
        return !given || change_roles(cx, tenant_id, id, roles->json);
    return (given ? roles_store(cx, tenant_id, id, roles->json)
                  : store_usual_roles(cx, tenant_id, id)) &&
           invite_new(cx, id);
}

/* Rights may have changed: tokens issued before are read anew. */
static void committed(struct cx *cx, enum operation operation, const char *id)
{
    if (operation != OP_CREATE)
        session_rights_changed(&cx->db, id);
}

#define ROLES_SQL                                                                                  \
    "select coalesce(jsonb_agg(r.role_key order by r.role_key), '[]') from user_roles r "          \
    "where r.tenant_id = users.tenant_id and r.user_id = users.id"

#define ADMINISTRATOR_KINDS CHOICES("operator", "admin", "owner")
#define SSO_SQL                                                                                    \
    "select coalesce(jsonb_agg(p.name order by p.name), '[]') from sso_identities i "              \
    "join sso_providers p on p.tenant_id = i.tenant_id and p.id = i.provider_id "                  \
    "where i.tenant_id = users.tenant_id and i.user_id = users.id"

#define KINDS CHOICES("operator", "admin", "owner", "student", "parent", "staff", "customer")

/* Which kinds of people, which one a form begins with, and as an example one with
 * its role. */
#define USER_FIELDS(kinds, usual, one_kind, one_role)                                              \
    {"email", EMAIL, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED | GUARDED,                   \
     .label = "E-mail", .example = "ben@northside.test"},                                          \
        {"name", TEXT, REQUIRED | SEARCHED | SORTED | LISTED, 1, 200, .example = "Ben Okoro"},     \
        {"phone", PHONE, NULLABLE | SEARCHED, .example = "+34600100300"},                          \
        {"kind",                                                                                   \
         CHOICE,                                                                                   \
         FILTERED | LISTED,                                                                        \
         .initial = (usual),                                                                       \
         .choices = (kinds),                                                                       \
         .help = "The person's place in the organisation, not a right.",                           \
         .example = (one_kind)},                                                                   \
        {"status",                                                                                 \
         CHOICE,                                                                                   \
         FILTERED | LISTED | GUARDED,                                                              \
         .initial = "active",                                                                      \
         .choices = CHOICES("active", "inactive", "suspended", "pending"),                         \
         .example = "active"},                                                                     \
        {"roles",                                                                                  \
         ARRAY,                                                                                    \
         LISTED,                                                                                   \
         0,                                                                                        \
         20,                                                                                       \
         .item = TEXT,                                                                             \
         .sql = ROLES_SQL,                                                                         \
         .role_keys = true,                                                                        \
         .hint = "Nothing ticked: the usual one of the person's kind.",                            \
         .help = "Keys of roles, like admin or staff; by kind when left out.",                     \
         .example = "[\"" one_role "\"]"},                                                         \
        {"locale", LOCALE, NULLABLE, .label = "Language", .example = "en"},                        \
        {"password",                                                                               \
         SECRET,                                                                                   \
         INPUT_ONLY,                                                                               \
         1,                                                                                        \
         1024,                                                                                     \
         .help = "A first one, unless the person is invited.",                                     \
         .example = "a first long password"},                                                      \
        {"invite",                                                                                 \
         BOOL,                                                                                     \
         INPUT_ONLY | CREATE_ONLY,                                                                 \
         .initial = "false",                                                                       \
         .label = "Invite by e-mail",                                                              \
         .help = "A link goes out by which the person chooses name and password; the account is "  \
                 "pending until then.",                                                            \
         .example = "false"},                                                                      \
        {"must_change_password",                                                                   \
         BOOL,                                                                                     \
         GUARDED,                                                                                  \
         .initial = "false",                                                                       \
         .label = "Must change the password",                                                      \
         .example = "false"},                                                                      \
        {"mfa_enabled", BOOL, READ_ONLY, .label = "Two-step sign-in",                              \
         .sql = "select " HAS_FACTOR("users.tenant_id", "users.id")},                              \
        {"sso",                                                                                    \
         ARRAY,                                                                                    \
         READ_ONLY | LISTED,                                                                       \
         .label = "Single sign-on",                                                                \
         .item = TEXT,                                                                             \
         .sql = SSO_SQL,                                                                           \
         .help = "Names of the providers by which the user has signed in."},                       \
        {"mfa_required", BOOL, READ_ONLY, .label = "Must use two-step sign-in"},                   \
        {"email_verified_at", TIME, NULLABLE | READ_ONLY},                                         \
        {"last_login_at", TIME, NULLABLE | READ_ONLY | SORTED, .label = "Last sign-in"},           \
        {"version", INT, READ_ONLY | HIDDEN},                                                      \
    {                                                                                              \
        "tenant_id", UUID, CREATE_ONLY | FILTERED | HIDDEN,                                        \
            .refers = "tenants.tenants", .on_delete = CASCADE,                                     \
            .help = "Operators say for which tenant; others are in theirs.",                       \
            .example = "0192f0c1-7c1e-7000-8000-000000000002"                                      \
    }

#define USER_PHOTO                                                                                 \
    {                                                                                              \
        "avatar", FILE_FIELD, READ_ONLY | NULLABLE | LISTED,                                       \
            .label = "Photo", .help = "Which they chose themselves."                               \
    }

#define USERS_VIEW(view_name, view_one, view_title, view_where, view_api)                          \
    {                                                                                              \
        .name = (view_name), .one = (view_one), .title = (view_title), .table = "users",           \
        .same_as = "user", .deprecated = "2026-11-30", .permission = "users.users",                \
        .api = (view_api), .scope = SCOPE_EITHER, .operations = OP_LIST | OP_GET,                  \
        .where = (view_where),                                                                     \
        .fields = FIELDS(USER_FIELDS(KINDS, "staff", "staff", "staff"), USER_PHOTO),               \
        .label = "name"                                                                            \
    }

const struct resource platform_users = {
    .name = "platform-users",
    .one = "user",
    .errors = "409 email_taken, 409 own_account, 409 last_owner, 403 rank_too_high, "
              "403 permission_lacking, 403 tenant_unverified",
    .title = "Users",
    .about = "Accounts that sign in; each belongs to one tenant.",
    .permission = "users.users",
    .table = "users",
    .api = "/api/platform-users",
    .page = "/admin/users",
    .icon = "users",
    .scope = SCOPE_EITHER,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE | OP_EXPORT,
    .write_flags = ROUTE_STEP_UP,
    .fields = FIELDS(USER_FIELDS(KINDS, "staff", "staff", "staff"), USER_PHOTO),
    .label = "name",
    .prepare = prepare,
    .finish = finish,
    .committed = committed,
    .imports = &user_import_rules,
    .add_to_page = invite_many_add,
    .actions = ACTIONS(&invite_user, &activate_user, &deactivate_user, &reset_password,
                       &unlock_user, &sign_out_user, &require_mfa, &reset_mfa, &unlink_user),
};

const struct resource admin_users = {
    .name = "admin-users",
    .one = "administrator",
    .event = "user",
    .errors = "409 email_taken, 409 own_account, 409 last_owner, 403 rank_too_high, "
              "403 permission_lacking, 403 tenant_unverified",
    .title = "Operators",
    .about = "Operators of the platform, and administrators of tenants.",
    .permission = "users.admins",
    .table = "users",
    .api = "/api/admin-users",
    .page = "/platform/users",
    .icon = "user-shield",
    .scope = SCOPE_EITHER,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE,
    .write_flags = ROUTE_STEP_UP,
    .where = "kind in ('operator', 'admin', 'owner')",
    .fields = FIELDS(USER_FIELDS(ADMINISTRATOR_KINDS, "operator", "admin", "admin"),
                     {"tenant_name", TEXT, READ_ONLY | LISTED, .label = "Tenant",
                      .sql = "select t.name from tenants t where t.id = users.tenant_id"}),
    .label = "name",
    .prepare = prepare,
    .finish = finish,
    .committed = committed,
    .actions = ACTIONS(&invite_user, &activate_user, &deactivate_user, &reset_password,
                       &unlock_user, &sign_out_user, &require_mfa, &reset_mfa),
};

const struct resource owner_users =
    USERS_VIEW("owners", "owner user", "Owners", "kind = 'owner'", "/api/platform-users/owners");
const struct resource student_users = USERS_VIEW(
    "students", "student user", "Students", "kind = 'student'", "/api/platform-users/students");
const struct resource parent_users = USERS_VIEW("parents", "parent user", "Parents",
                                                "kind = 'parent'", "/api/platform-users/parents");
const struct resource staff_users =
    USERS_VIEW("staff", "staff user", "Staff", "kind = 'staff'", "/api/platform-users/staff");
