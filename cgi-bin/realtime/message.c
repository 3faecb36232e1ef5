/* message: an event as those see it who may read its kind of record, those who
 * may read the audit log, and whom it concerns. */
#include <stdlib.h>
#include <string.h>

#include "access/event.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "db/db.h"
#include "realtime.h"
#include "resource/event_data.h"
#include "resource/event_sight.h"
#include "resource/model.h"

/* Of a change; a longer one is told without, with its address in the log. */
enum { CHANGES_MOST = 32768 };

static void pair_time(struct json *json, const char *key, const char *text)
{
    char formatted[32];
    if (text && clock_from_database(text, formatted))
        json_pair(json, key, formatted);
}

static const char *whole_at(struct arena *arena, const struct event *event)
{
    const struct resource *log = model_resource("access.audit");
    return log ? arena_printf(arena, "%s/%s", log->api, event->id) : NULL;
}

/* The envelope (access/event.h), behind its number in the tenant's log; what others do not get to
 * know stands beside it. */
static char *event_text(struct arena *arena, const struct rows *rows, size_t row, bool full)
{
    struct event event = {.id = rows_text(rows, row, EVENT_ID),
                          .type = rows_text(rows, row, EVENT_ACTION),
                          .at = rows_text(rows, row, EVENT_AT),
                          .tenant_id = rows_text(rows, row, EVENT_TENANT),
                          .actor_kind = rows_text(rows, row, EVENT_ACTOR_KIND),
                          .actor_id = rows_text(rows, row, EVENT_ACTOR_ID),
                          .actor_name = full ? rows_text(rows, row, EVENT_ACTOR_NAME) : NULL,
                          .word = rows_text(rows, row, EVENT_RESOURCE_TYPE),
                          .resource_id = rows_text(rows, row, EVENT_RESOURCE_ID),
                          .request_id = rows_text(rows, row, EVENT_REQUEST_ID)};
    const char *changes = rows_text(rows, row, EVENT_TOLD);
    bool fits = rows_length(rows, row, EVENT_TOLD) <= CHANGES_MOST;
    struct buf text = {0};
    struct json json;
    event.data_url = fits ? NULL : whole_at(arena, &event);
    json_start(&json, &text);
    json_open_object(&json);
    json_pair(&json, "type", "event");
    json_pair_int(&json, "id", rows_int(rows, row, EVENT_SEQ));
    json_key(&json, "event");
    event_write(&json, &event,
                event_data(arena, false, event.type, event.resource_id, fits ? changes : NULL));
    json_close_object(&json);
    return text.data;
}

static char *own_text(const struct rows *rows, size_t row)
{
    struct buf text = {0};
    struct json json;
    json_start(&json, &text);
    json_open_object(&json);
    json_pair(&json, "type", "notification");
    json_pair_int(&json, "id", rows_int(rows, row, EVENT_SEQ));
    json_pair_int(&json, "unread", rows_int(rows, row, EVENT_UNREAD));
    json_key(&json, "notification");
    json_open_object(&json);
    json_pair(&json, "id", rows_text(rows, row, EVENT_RESOURCE_ID));
    json_pair(&json, "type", rows_text(rows, row, EVENT_TYPE));
    json_pair(&json, "title", rows_text(rows, row, EVENT_TITLE));
    json_pair(&json, "body", rows_text(rows, row, EVENT_BODY));
    json_pair(&json, "link", rows_text(rows, row, EVENT_LINK));
    pair_time(&json, "createdAt", rows_text(rows, row, EVENT_AT));
    json_close_object(&json);
    json_close_object(&json);
    return text.data;
}

struct message *message_of_event(const struct rows *rows, size_t row,
                                 const struct event_needs *needs)
{
    struct message *message = calloc(1, sizeof *message);
    const char *user_id = rows_text(rows, row, EVENT_USER_ID);
    if (!message)
        abort();
    message->seq = rows_int(rows, row, EVENT_SEQ);
    message->channel = CHANNEL_EVENTS;
    message->held = 1;
    message->needs = needs->permission ? strdup(needs->permission) : NULL;
    message->owned = needs->owner_id != NULL;
    message->of_teams = text_equal(rows_text(rows, row, EVENT_RESOURCE_TYPE), "team_member");
    if (needs->owner_id)
        memcpy(message->owner_id, needs->owner_id, UUID_SIZE);
    struct arena *arena = arena_new();
    message->brief = message->needs ? event_text(arena, rows, row, false) : NULL;
    message->full = event_text(arena, rows, row, true);
    arena_free(arena);
    if (user_id) {
        memcpy(message->user_id, user_id, UUID_SIZE);
        message->own = own_text(rows, row);
    }
    return message;
}

struct message *message_plain(enum channel channel, const char *needs, const char *text)
{
    struct message *message = calloc(1, sizeof *message);
    if (!message)
        abort();
    *message = (struct message){
        .channel = channel, .held = 1, .needs = strdup(needs), .brief = strdup(text)};
    return message;
}

void message_let_go(struct message *message)
{
    if (!message || --message->held > 0)
        return;
    free(message->needs);
    free(message->brief);
    free(message->full);
    free(message->own);
    free(message);
}
