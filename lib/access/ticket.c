#include "access/ticket.h"

#include <string.h>

#include "base/text.h"
#include "db/db.h"

STATEMENT(ticket_insert,
          "insert into sign_in_tickets (tenant_id, user_id, token_hash, expires_at)\n"
          "values ($1::uuid, $2::uuid, $3, now() + interval '5 minutes')",
          DB_WRITES | DB_ON_PLATFORM);

enum { TICKET_BYTES = 32 };

char *ticket_make(struct db *db, const char *tenant_id, const char *user_id)
{
    char hash[65];
    char *ticket = text_random(db->arena, TICKET_BYTES);
    text_sha256(ticket, strlen(ticket), hash);
    return db_get(db, &ticket_insert, tenant_id, user_id, hash) ? ticket : NULL;
}
