#include "access/event.h"

#include "access/event_name.h"
#include "db/db.h"

STATEMENT(
    event_insert,
    "insert into events (tenant_id, actor_kind, actor_id, actor_name, impersonator_id,\n"
    "                    action, resource_type, resource_id, changes, ip, user_agent, request_id)\n"
    "select current_setting('app.tenant_id')::uuid, coalesce(c ->> 'kind', 'system'),\n"
    "       (c ->> 'actorId')::uuid, c ->> 'actorName', (c ->> 'impersonatorId')::uuid,\n"
    "       $1, $2, $3, $4::jsonb, c ->> 'ip', c ->> 'userAgent', c ->> 'requestId'\n"
    "from (select nullif(current_setting('app.context', true), '')::jsonb as c) as context",
    DB_WRITES);

bool event_append(struct db *db, const char *type, const char *resource_id, const char *changes)
{
    return db_get(db, &event_insert, type, event_type_word(db->arena, type), resource_id,
                  changes) != NULL;
}
