#include "account/account.h"

#include "db/db.h"

STATEMENT(account_insert,
          "insert into users (tenant_id, id, email, name, kind, status, password_hash,\n"
          "                   must_change_password, email_verified_at)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, $9, $6, $7::bool,\n"
          "        case when $8::bool then now() end)",
          DB_WRITES);

STATEMENT(account_role,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "values ($1::uuid, $2::uuid, $3)\n"
          "on conflict (tenant_id, user_id, role_key) do nothing",
          DB_WRITES);

STATEMENT(account_roles_add,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "select $1::uuid, $2::uuid, key\n"
          "from jsonb_array_elements_text($3::jsonb) key\n"
          "on conflict (tenant_id, user_id, role_key) do nothing",
          DB_WRITES);

STATEMENT(account_roles_drop,
          "delete from user_roles\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "and role_key <> all (array(select jsonb_array_elements_text($3::jsonb)))",
          DB_WRITES);

STATEMENT(account_arrived,
          "update users\n"
          "set status = 'active', email_verified_at = coalesce(email_verified_at, now())\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "and (status = 'pending' or email_verified_at is null)",
          DB_WRITES);

STATEMENT(account_verified,
          "update users\n"
          "set email_verified_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid and email = $3\n"
          "returning id",
          DB_WRITES);

STATEMENT(account_hash_again,
          "update users\n"
          "set password_hash = $4\n"
          "where tenant_id = $1::uuid and id = $2::uuid and password_hash = $3",
          DB_WRITES);

bool account_open(struct db *db, const struct account_new *account)
{
    return db_get(db, &account_insert, account->tenant_id, account->id, account->email,
                  account->name, account->kind, account->password_hash,
                  account->must_change ? "true" : "false", account->verified ? "true" : "false",
                  account->pending ? "pending" : "active") &&
           (!account->role || account_add_role(db, account->tenant_id, account->id, account->role));
}

bool account_add_role(struct db *db, const char *tenant_id, const char *user_id, const char *key)
{
    return db_get(db, &account_role, tenant_id, user_id, key) != NULL;
}

bool account_set_roles(struct db *db, const char *tenant_id, const char *user_id, const char *keys,
                       bool *changed)
{
    struct rows *added = db_get(db, &account_roles_add, tenant_id, user_id, keys);
    struct rows *dropped = added ? db_get(db, &account_roles_drop, tenant_id, user_id, keys) : NULL;
    if (changed && dropped)
        *changed = rows_affected(added) + rows_affected(dropped) > 0;
    return dropped != NULL;
}

bool account_welcome(struct db *db, const char *tenant_id, const char *user_id)
{
    return db_get(db, &account_arrived, tenant_id, user_id) != NULL;
}

bool account_verify(struct db *db, const char *tenant_id, const char *user_id, const char *email,
                    bool *still)
{
    struct rows *rows = db_get(db, &account_verified, tenant_id, user_id, email);
    *still = rows && rows_count(rows) == 1;
    return rows != NULL;
}

bool account_rehash(struct db *db, const char *tenant_id, const char *user_id, const char *old_hash,
                    const char *hash)
{
    return db_get(db, &account_hash_again, tenant_id, user_id, old_hash, hash) != NULL;
}
