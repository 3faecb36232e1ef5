#include "access/event.h"

#include <string.h>

#include "access/event_name.h"
#include "base/clock.h"
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

struct event event_read(const struct rows *rows, size_t row)
{
    return (struct event){.id = rows_text(rows, row, 0),
                          .type = rows_text(rows, row, 1),
                          .at = rows_text(rows, row, 2),
                          .tenant_id = rows_text(rows, row, 3),
                          .actor_kind = rows_text(rows, row, 4),
                          .actor_id = rows_text(rows, row, 5),
                          .actor_name = rows_text(rows, row, 6),
                          .word = rows_text(rows, row, 7),
                          .resource_id = rows_text(rows, row, 8),
                          .request_id = rows_text(rows, row, 9)};
}

static void event_write_time(struct json *json, const char *at)
{
    char time[32];
    json_pair(json, "createdAt", at && clock_from_database(at, time) ? time : at);
}

void event_write(struct json *json, const struct event *event, const char *data)
{
    json_open_object(json);
    json_pair(json, "id", event->id);
    json_pair(json, "type", event->type);
    event_write_time(json, event->at);
    json_pair(json, "tenantId", event->tenant_id);
    json_key(json, "actor");
    json_open_object(json);
    json_pair(json, "kind", event->actor_kind);
    json_pair(json, "id", event->actor_id);
    json_pair(json, "name", event->actor_name);
    json_close_object(json);
    json_key(json, "resource");
    json_open_object(json);
    json_pair(json, "type", event->word);
    json_pair(json, "id", event->resource_id);
    json_close_object(json);
    json_pair(json, "requestId", event->request_id);
    json_key(json, "data");
    json_put_raw(json, data, strlen(data));
    if (event->data_url)
        json_pair(json, "dataUrl", event->data_url);
    json_close_object(json);
}
