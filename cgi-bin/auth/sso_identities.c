/* sso_identities: who is whom at a provider; removing one unlinks the account,
 * which is linked again by its verified address at the next sign-in. */
#include "access/grant.h"
#include "base/uuid.h"
#include "http/cx.h"
#include "sso.h"

STATEMENT(sso_identity_user,
          "select tenant_id, user_id\n"
          "from sso_identities\n"
          "where id = $1::uuid",
          0);

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    (void)operation;
    (void)input;
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &sso_identity_user, id) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such linked account.");
    return user_may_change(cx, &cx->db, rows_text(rows, 0, 0), rows_text(rows, 0, 1));
}

const struct resource sso_identities = {
    .name = "sso-identities",
    .one = "linked account",
    .title = "Sign-on accounts",
    .about = "Users who have signed in by a provider, and who they are there.",
    .permission = "access.sso",
    .table = "sso_identities",
    .api = "/api/security/sso-identities",
    .page = "/admin/sso-identities",
    .icon = "link",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_DELETE,
    .write_flags = ROUTE_STEP_UP | ROUTE_IN_PERSON,
    .sort = "-createdAt",
    .label = "user_name",
    .fields = FIELDS(
        {"user_name", TEXT, READ_ONLY | NULLABLE | LISTED, .label = "User",
         .sql = "select u.name from users u\n"
                "where u.tenant_id = sso_identities.tenant_id and u.id = sso_identities.user_id"},
        {"provider_name", TEXT, READ_ONLY | NULLABLE | LISTED, .label = "Provider",
         .sql = "select p.name from sso_providers p\n"
                "where p.tenant_id = sso_identities.tenant_id and p.id = "
                "sso_identities.provider_id"},
        {"email", EMAIL, READ_ONLY | NULLABLE | LISTED, .label = "E-mail there"},
        {"user_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "users.platform-users",
         .on_delete = CASCADE},
        {"provider_id", UUID, READ_ONLY | FILTERED | HIDDEN, .refers = "auth.sso-providers",
         .on_delete = CASCADE},
        {"issuer", TEXT, READ_ONLY}, {"subject", TEXT, READ_ONLY},
        {"last_used_at", TIME, READ_ONLY | NULLABLE | LISTED, .label = "Last sign-in"}),
    .prepare = prepare,
};
