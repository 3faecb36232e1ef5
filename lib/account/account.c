#include "account/account.h"

#include "db/db.h"

STATEMENT(account_insert,
          "insert into users (tenant_id, id, email, name, kind, status, password_hash,\n"
          "                   must_change_password, email_verified_at)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, 'active', $6, $7::bool,\n"
          "        case when $8::bool then now() end)",
          DB_WRITES);

STATEMENT(account_role,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "values ($1::uuid, $2::uuid, $3)",
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
                  account->must_change ? "true" : "false", account->verified ? "true" : "false") &&
           (!account->role ||
            db_get(db, &account_role, account->tenant_id, account->id, account->role));
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
