/* records: the tenants themselves. */
#include <string.h>

#include "access/grant.h"
#include "access/password.h"
#include "access/policy.h"
#include "access/session.h"
#include "access/tenant.h"
#include "account/account.h"
#include "account/tenant_slug.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/link_mail.h"
#include "tenants.h"

STATEMENT(tenant_plans,
          "select me.plan_level, child.plan_level\n"
          "from tenants me\n"
          "left join tenants child on child.id = $2::uuid\n"
          "where me.id = $1::uuid",
          0);

static const char platform_id[] = "00000000-0000-7000-8000-000000000001";

static struct value *field_value(struct input *input, const char *name)
{
    return &input->values[field_find(input->fields, name) - input->fields];
}

/* An operator may name the parent; a reseller's tenants are its own. */
static bool choose_parent(struct cx *cx, struct input *input)
{
    struct value *parent = field_value(input, "parent_id"), *kind = field_value(input, "kind");
    if (cx->session->is_operator) {
        if (parent->presence != GIVEN)
            *parent = (struct value){.presence = GIVEN, .text = platform_id};
        return true;
    }
    if (cx->tenant->kind != TENANT_RESELLER)
        return fail(cx, 403, "permission_missing", "Only operators and resellers make tenants.");
    if (kind->presence == GIVEN && strcmp(kind->text, "business") != 0)
        return fail_field(cx, "kind", "not_a_choice", "A reseller's tenants are businesses.");
    *parent = (struct value){.presence = GIVEN, .text = cx->tenant->id};
    return true;
}

/* By page a tenant always has an owner: nobody else could get in. Without a password the owner is
 * invited. */
static bool check_owner(struct cx *cx, struct input *input)
{
    const char *email = field_value(input, "owner_email")->text;
    const char *password = field_value(input, "owner_password")->text;
    if (!email && (password || cx->is_page))
        return fail_field(cx, "ownerEmail", "required", "Give the owner's e-mail address too.");
    if (!password)
        return true;
    const struct password_owner owner = {.email = email,
                                         .name = field_value(input, "owner_name")->text};
    return password_policy_check(cx, "ownerPassword", password, &owner);
}

/* A reseller gives its tenants at most the plan that it has; what an operator gave stays. */
static bool check_plan(struct cx *cx, const char *id, struct input *input)
{
    int64_t wanted;
    const char *text = field_value(input, "plan_level")->text;
    if (cx->session->is_operator || !text || !text_to_int(text, 0, INT32_MAX, &wanted))
        return true;
    struct rows *rows = db_get(&cx->db, &tenant_plans, cx->session->tenant_id, id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 1 && (wanted <= rows_int(rows, 0, 0) || wanted == rows_int(rows, 0, 1)))
        return true;
    return fail(cx, 403, "plan_too_high", "Your own plan is below this one.");
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    if (operation == OP_CREATE && !(choose_parent(cx, input) && check_owner(cx, input)))
        return false;
    return check_plan(cx, id, input); /* nothing here deletes: there is always input */
}

/* Nobody else sees the tenant yet: it looks like its parent until it is read. */
static struct tenant as_it_will_be(const struct cx *cx, const char *tenant_id)
{
    struct tenant tenant = *cx->tenant;
    const char *kind = input_text(cx, "kind"), *locale = input_text(cx, "locale");
    memcpy(tenant.id, tenant_id, UUID_SIZE);
    tenant.kind = text_equal(kind, "reseller") ? TENANT_RESELLER : TENANT_BUSINESS;
    tenant.name = input_text(cx, "name");
    tenant.slug = input_text(cx, "slug");
    tenant.locale = locale ? locale : "en";
    tenant.domain = NULL;
    tenant.unverified = false;
    tenant.branding.name = tenant.branding.email_sender = NULL;
    return tenant;
}

/* They choose name and password by the link; the account opens nothing until then. */
static bool invite_owner(struct cx *cx, const struct account_new *owner)
{
    const struct tenant tenant = as_it_will_be(cx, owner->tenant_id);
    record_give(cx, "invited", owner->email);
    return link_mail(cx, &cx->db,
                     &(struct link_mail){.purpose = LINK_INVITATION,
                                         .tenant = &tenant,
                                         .user_id = owner->id,
                                         .email = owner->email,
                                         .name = owner->name,
                                         .by = cx->session->name});
}

static bool open_owner(struct cx *cx, const struct account_new *owner)
{
    if (!role_may_grant(cx, &cx->db, owner->role))
        return false;
    if (!account_open(&cx->db, owner))
        return fail_db(cx);
    return !owner->pending || invite_owner(cx, owner);
}

static bool make_owner(struct cx *cx, const char *tenant_id)
{
    const char *name = input_text(cx, "owner_name"), *email = input_text(cx, "owner_email");
    const char *password = input_text(cx, "owner_password");
    const char *hash = password ? password_hash(cx->arena, password) : NULL;
    struct db home = cx->db;
    char id[UUID_SIZE];
    if (password && !hash)
        return fail(cx, 503, "busy", "Too much work at once; try again.");
    uuid_new(id);
    const struct account_new owner = {
        .tenant_id = tenant_id,
        .id = id,
        .email = email,
        .name = name ? name : email,
        .kind = "owner",
        .password_hash = hash,
        .pending = !password,
        .role = text_equal(input_text(cx, "kind"), "reseller") ? "reseller_admin" : "owner"};
    memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE); /* a reseller acts in its new child */
    bool made = open_owner(cx, &owner);
    memcpy(cx->db.tenant_id, home.tenant_id, UUID_SIZE);
    return made;
}

static bool finish(struct cx *cx, enum operation operation, const char *id)
{
    return operation != OP_CREATE || !input_text(cx, "owner_email") || make_owner(cx, id);
}

static void committed(struct cx *cx, enum operation operation, const char *id)
{
    (void)operation;
    tenant_changed(&cx->db, id);
}

static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    return domains_add_to_page(cx, data, record) &&
           (!record || (onboarding_add_to_page(cx, data, cx_path(cx, "id")) &&
                        tenant_add_ways(cx, data, record)));
}

/* For the form, while somebody types. */
static bool slug_look_up(struct cx *cx)
{
    return tenant_slug_look_up(cx, field_find(tenants.fields, "slug"));
}

const struct route slug_routes[] = {
    ROUTE(GET, "/api/tenants/slug", MAY(EITHER, "platform.tenants:create"), slug_look_up,
          "Whether a tenant's address can be had, and one made of a name.",
          .operation = "checkTenantSlug", .answer_name = "slug check", .query = tenant_slug_query,
          .answer_fields = tenant_slug_answer),
    {.path = NULL},
};

#define TENANT_FIELDS                                                                              \
    {"name",                                                                                       \
     TEXT,                                                                                         \
     REQUIRED | SEARCHED | SORTED | FILTERED | LISTED,                                             \
     1,                                                                                            \
     200,                                                                                          \
     .section = "Organisation",                                                                    \
     .example = "Northside Club"},                                                                 \
        {"slug",                                                                                   \
         SLUG,                                                                                     \
         REQUIRED | SEARCHED | FILTERED | SORTED | LISTED,                                         \
         3,                                                                                        \
         40,                                                                                       \
         .help = "Its address: SLUG.your-domain.",                                                 \
         .example = "northside"},                                                                  \
        {"kind",                                                                                   \
         CHOICE,                                                                                   \
         CREATE_ONLY | FILTERED | LISTED,                                                          \
         .initial = "business",                                                                    \
         .choices = CHOICES("business", "reseller"),                                               \
         .example = "business"},                                                                   \
        {"parent_id", UUID, NULLABLE | CREATE_ONLY | FILTERED | HIDDEN,                            \
         .refers = "tenants.tenants"},                                                             \
        {"status", CHOICE, READ_ONLY | FILTERED | SORTED | LISTED,                                 \
         .choices = CHOICES("trial", "active", "inactive", "suspended"), .example = "trial"},      \
        {"status_reason", TEXT, NULLABLE | READ_ONLY},                                             \
        {"email", EMAIL, NULLABLE | SEARCHED, .label = "E-mail",                                   \
         .example = "office@northside.test"},                                                      \
        {"phone", PHONE, NULLABLE, .example = "+34910100200"},                                     \
        {"address", LONG, NULLABLE, 0, 500, .example = "12 River Road"},                           \
        {"locale", LOCALE, 0, .initial = "en", .label = "Language", .example = "en"},              \
        {"time_zone", ZONE, 0, .initial = "UTC", .example = "Europe/Madrid"},                      \
        {"currency", CURRENCY, 0, .initial = "EUR", .example = "EUR"},                             \
        {"plan_level", INT, FILTERED, 0, 100, .section = "Plan", .initial = "0", .example = "1"},  \
        {"trial_ends_at", TIME, NULLABLE | LISTED,                                                 \
         .help = "Then a tenant on trial is suspended; empty: never.",                             \
         .example = "2027-01-31T00:00:00Z"},                                                       \
        {"isolation", CHOICE, READ_ONLY, .choices = CHOICES("shared", "schema")},                  \
        {"metadata",                                                                               \
         JSON,                                                                                     \
         HIDDEN,                                                                                   \
         .item = TEXT,                                                                             \
         .initial = "{}",                                                                          \
         .example = "{\"source\": \"fair\"}",                                                      \
         .help = "Notes of your own: at most 50 keys, with texts of at most 500 characters."},     \
        {"owner_name",         TEXT, INPUT_ONLY | CREATE_ONLY, 1, 200, .section = "Owner",         \
         .example = "Ana Ruiz"},                                                                   \
        {"owner_email",                                                                            \
         EMAIL,                                                                                    \
         INPUT_ONLY | CREATE_ONLY,                                                                 \
         .label = "Owner's e-mail",                                                                \
         .help = "Without a password below they are invited: by a link they choose their own.",    \
         .example = "ana@northside.test"},                                                         \
    {                                                                                              \
        "owner_password", SECRET, INPUT_ONLY | CREATE_ONLY, 1, 1024,                               \
            .label = "Owner's first password", .help = "Only where no mail reaches them.",         \
            .example = "a first long password"                                                     \
    }

const struct resource tenants = {
    .name = "tenants",
    .one = "tenant",
    .errors = "409 slug_taken, 409 slug_reserved, 409 tenant_fixed, 403 tenant_protected, "
              "403 plan_too_high",
    .title = "Tenants",
    .about = "Organisations whose data is isolated from each other.",
    .permission = "platform.tenants",
    .table = "tenants",
    .api = "/api/tenants",
    .page = "/platform/tenants",
    .icon = "building-community",
    .scope = SCOPE_EITHER,
    .no_tenant = true,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE,
    .where = "deleted_at is null and kind <> 'platform'",
    .fields = FIELDS(TENANT_FIELDS),
    .prepare = prepare,
    .finish = finish,
    .committed = committed,
    .gives = FIELDS({"invited", EMAIL, NULLABLE, .label = "Invitation sent to",
                     .help = "The owner's address, when an invitation is on its way to it."}),
    .actions = ACTIONS(&extend_trial, &suspend_tenant, &activate_tenant, &delete_tenant),
    .template_form = "tenants/form",
    .template_detail = "tenants/detail",
    .add_to_page = add_to_page,
};

const struct resource resellers = {
    .name = "resellers",
    .one = "reseller",
    .event = "tenant",
    .title = "Resellers",
    .about = "Tenants that have tenants of their own.",
    .permission = "platform.tenants",
    .table = "tenants",
    .page = "/platform/resellers",
    .icon = "affiliate",
    .scope = SCOPE_PLATFORM,
    .no_tenant = true,
    .operations = OP_LIST | OP_GET,
    .where = "deleted_at is null and kind = 'reseller'",
    .fields = FIELDS(TENANT_FIELDS),
    .actions = ACTIONS(&extend_trial, &suspend_tenant, &activate_tenant, &delete_tenant),
    .template_detail = "tenants/detail",
    .add_to_page = add_to_page,
};
