#include "second_step.h"

#include <string.h>

#include "access/factor.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(second_step_insert,
          "insert into sign_in_tickets (tenant_id, user_id, token_hash, purpose, expires_at,\n"
          "                             by_sso, chain_id, parent_id)\n"
          "values ($1::uuid, $2::uuid, $3, 'second_step', now() + interval '10 minutes',\n"
          "        $4::bool, $5::uuid, $6::uuid)",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(second_step_account,
          "select u.id, u.email, u.name, u.must_change_password, n.slug, n.name, t.by_sso,\n"
          "       t.chain_id, t.parent_id\n"
          "from sign_in_tickets t\n"
          "join users u on u.tenant_id = t.tenant_id and u.id = t.user_id\n"
          "join tenants n on n.id = t.tenant_id\n"
          "where t.tenant_id = $1::uuid and t.token_hash = $2 and t.purpose = 'second_step'\n"
          "and t.expires_at > now() and u.status = 'active'",
          DB_ON_PLATFORM);

STATEMENT(second_step_kinds,
          "select kind\n"
          "from mfa_factors\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and confirmed_at is not null\n"
          "and (rp_id is null or rp_id = $3)\n"
          "group by kind\n"
          "union all\n"
          "select 'recovery'\n"
          "where exists (select from recovery_codes\n"
          "              where tenant_id = $1::uuid and user_id = $2::uuid and used_at is null)",
          DB_ON_PLATFORM);

static struct rows *run(struct cx *cx, const struct statement *statement, const char *tenant_id,
                        const char *second, const char *third, const char *fourth)
{
    struct db db;
    const char *const parameters[] = {tenant_id, second, third, fourth};
    db_init(&db, cx->arena, DB_PLATFORM, tenant_id, "everyone");
    struct rows *rows = db_run(&db, statement, parameters, fourth ? 4 : third ? 3 : 2);
    if (!rows) {
        cx->db.error = db.error;
        fail_db(cx);
    }
    return rows;
}

char *second_step_ticket(struct cx *cx, const struct account *account)
{
    char hash[65];
    char *ticket = arena_printf(cx->arena, "%s.%s", account->tenant_id, text_random(cx->arena, 32));
    text_sha256(ticket, strlen(ticket), hash);
    struct db db;
    db_init(&db, cx->arena, DB_PLATFORM, account->tenant_id, "everyone");
    bool comes = *account->chain_id;
    if (db_get(&db, &second_step_insert, account->tenant_id, account->user_id, hash,
               account->by_sso ? "true" : "false", comes ? account->chain_id : NULL,
               comes ? account->parent_id : NULL))
        return ticket;
    cx->db.error = db.error;
    fail_db(cx);
    return NULL;
}

/* A ticket says whose it is, since the bare domain does not; a tenant's host
 * takes its own alone. */
bool second_step_find(struct cx *cx, const char *ticket, struct account *out)
{
    char hash[65];
    char *tenant_id = arena_copy(cx->arena, ticket, strcspn(ticket, "."));
    bool bare = cx->tenant->kind == TENANT_PLATFORM;
    if (!uuid_is(tenant_id) || (!bare && strcmp(tenant_id, cx->tenant->id) != 0))
        return fail(cx, 401, "ticket_invalid", "This sign-in took too long: begin again.");
    text_sha256(ticket, strlen(ticket), hash);
    struct rows *rows = run(cx, &second_step_account, tenant_id, hash, NULL, NULL);
    if (!rows)
        return false;
    if (rows_count(rows) == 0)
        return fail(cx, 401, "ticket_invalid", "This sign-in took too long: begin again.");
    *out = (struct account){.email = rows_text(rows, 0, 1),
                            .name = rows_text(rows, 0, 2),
                            .must_change_password = rows_bool(rows, 0, 3),
                            .slug = rows_text(rows, 0, 4),
                            .tenant_name = rows_text(rows, 0, 5),
                            .has_factor = true,
                            .by_sso = rows_bool(rows, 0, 6)};
    memcpy(out->user_id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(out->tenant_id, tenant_id, UUID_SIZE);
    if (rows_text(rows, 0, 7) && rows_text(rows, 0, 8)) {
        memcpy(out->chain_id, rows_text(rows, 0, 7), UUID_SIZE);
        memcpy(out->parent_id, rows_text(rows, 0, 8), UUID_SIZE);
    }
    return true;
}

bool second_step_methods(struct cx *cx, const struct account *account, json_object *methods)
{
    struct rows *rows =
        run(cx, &second_step_kinds, account->tenant_id, account->user_id, cx->request.host, NULL);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        json_object_array_add(methods, json_object_new_string(rows_text(rows, i, 0)));
    return rows != NULL;
}

bool second_step_take(struct cx *cx, const char *ticket, const char *code, json_object *credential,
                      struct account *out)
{
    struct proof proof = {
        .code = code, .credential = credential, .purpose = "second_step", .ticket = ticket};
    if (!code == !credential)
        return fail_field(cx, "code", "required", "Send a code, or a passkey's answer.");
    if (!second_step_find(cx, ticket, out))
        return false;
    db_act_as(&cx->db, "user", out->user_id, out->name, cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    return proof_check(cx, out->tenant_id, out->user_id, &proof);
}

bool step_up(struct cx *cx, const char *code, json_object *credential)
{
    if (!code == !credential)
        return fail_field(cx, "code", "required", "Send a code, or a passkey's answer.");
    const struct session *me = cx->session;
    struct rows *rows =
        run(cx, &second_step_kinds, me->tenant_id, me->user_id, cx->request.host, NULL);
    if (!rows)
        return false;
    if (rows_count(rows) == 0)
        return fail(cx, 409, "mfa_not_set_up", "Set up two-step sign-in first.");
    struct proof proof = {.code = code, .credential = credential, .purpose = "step_up"};
    return proof_check(cx, me->tenant_id, me->user_id, &proof) && factor_step_up_done(cx);
}
