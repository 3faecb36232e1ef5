/* client: one connection, and what it is sent next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/shared.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "realtime.h"

/* What it may leave unread of what it asked for itself. */
enum { OUT_MAX = 1 << 20, BATCH = 32768, HELLO_S = 15, ENDING_S = 10 };

static const int64_t heartbeat_us = 20000000, slow_us = 30000000;

struct client *client_new(struct lws *wsi, bool is_socket, char **environment)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        log_out_of_memory();
    client->wsi = wsi;
    client->is_socket = is_socket;
    client->environment = environment;
    client->since = -1;
    client->opens = true;
    client->written_us = clock_monotonic_us();
    if (coroutine_start(opening_run, client))
        return client;
    client->opens = false;
    client->wsi = NULL;
    client_free_if_gone(client);
    return NULL;
}

void client_free_if_gone(struct client *client)
{
    if (client->wsi || client->opens || client->replays)
        return;
    stream_leave(client);
    for (char **at = client->environment; at && *at; at++)
        free(*at);
    free(client->environment);
    buf_free(&client->out);
    buf_free(&client->in);
    free((void *)client->permissions.grants);
    free(client->name);
    free(client->mates);
    free(client);
}

/* ---- its room ---- */

void client_enter(struct client *client)
{
    struct room *room = room_enter(client->tenant_id);
    client->room = room;
    client->state = CLIENT_LIVE;
    client->next = room->clients;
    client->back = &room->clients;
    if (client->next)
        client->next->back = &client->next;
    room->clients = client;
    server_set_timeout(client->wsi, 0);
    if (room->ready)
        client_begin(client);
    client_want_write(client);
}

static void leave(struct client *client)
{
    if (!client->back)
        return;
    *client->back = client->next;
    if (client->next)
        client->next->back = client->back;
    client->back = NULL;
    if (client->room->ready)
        room_part(client->room, client);
}

void client_gone(struct client *client)
{
    leave(client);
    stream_leave(client);
    client->wsi = NULL;
    client->state = CLIENT_ENDING;
    replay_go_on(client);
    client_free_if_gone(client);
}

/* The place in the ring behind the event with number `seen`. */
static uint64_t place_behind(const struct room *room, int64_t seen)
{
    uint64_t place = room_start(room);
    for (uint64_t at = place; at < room->end; at++) {
        int64_t seq = room_message(room, at)->seq;
        if (seq > 0 && seq <= seen)
            place = at + 1;
    }
    return place;
}

static void tell_type(struct client *client, const char *type)
{
    char text[64];
    snprintf(text, sizeof text, "{\"type\":\"%s\",\"id\":%lld}", type, (long long)client->seen);
    client_tell(client, client->seen, text);
}

void client_caught_up(struct client *client)
{
    if (client->seen < client->room->covered) {
        client_dismiss(client, END_AGAIN, "again");
        return;
    }
    client->place = place_behind(client->room, client->seen);
    client->begun = true;
    client_want_write(client);
}

/* "reset" says that something may have been missed: load anew what is shown. */
void client_begin(struct client *client)
{
    struct room *room = client->room;
    bool resumes = client->since >= 0;
    bool known = client->since <= room->head && room->head - client->since <= REPLAY_MOST;
    client->seen = resumes && known ? client->since : room->head;
    tell_type(client, resumes && !known ? "reset" : "ready");
    room_join(room, client);
    if (!resumes || !known) {
        client->place = room->end;
        client->begun = true;
    } else if (client->seen < room->covered) {
        replay_start(client);
    } else {
        client_caught_up(client);
    }
}

/* ---- what it sees ---- */

static bool sees_own(const struct client *client, const struct message *message)
{
    return message->own && (client->channels & CHANNEL_NOTIFICATIONS) &&
           strcmp(message->user_id, client->user_id) == 0;
}

static bool is_mate(const struct client *client, const char *user_id)
{
    return client->mates && strstr(client->mates, user_id) != NULL;
}

/* Whether the record may be read that it is about, as it is now (resource/event_sight.h). */
static bool may_read(const struct client *client, const struct message *message)
{
    enum sight sight = permissions_sight(&client->permissions, message->needs);
    if (sight == SIGHT_ALL || sight == SIGHT_NONE || !message->owned)
        return sight == SIGHT_ALL;
    return strcmp(message->owner_id, client->user_id) == 0 ||
           (sight == SIGHT_TEAM && is_mate(client, message->owner_id));
}

/* NULL: nothing, of what is not its own. */
static const char *text_for(const struct client *client, const struct message *message)
{
    if (!(client->channels & message->channel))
        return NULL;
    if (message->needs && !may_read(client, message))
        return NULL;
    return client->audits && message->full ? message->full : message->brief;
}

bool client_sees(const struct client *client, const struct message *message)
{
    return sees_own(client, message) || text_for(client, message);
}

/* For a WebSocket one message on each line; else the fields of an event
 * (HTML Living Standard 9.2.5). */
static void put(const struct client *client, struct buf *out, int64_t id, const char *json)
{
    if (client->is_socket) {
        buf_printf(out, "%s\n", json);
        return;
    }
    if (id >= 0)
        buf_printf(out, "id: %lld\n", (long long)id);
    buf_printf(out, "data: %s\n\n", json);
}

/* Of two texts of one event the last has the number: then it has both. */
static void put_message(struct client *client, struct buf *out, const struct message *message)
{
    int64_t id = message->seq > 0 ? message->seq : -1;
    const char *text = text_for(client, message);
    if (sees_own(client, message))
        put(client, out, text ? -1 : id, message->own);
    if (text)
        put(client, out, id, text);
    if (id > 0)
        client->seen = id;
    if (id > 0 && (text || sees_own(client, message)))
        client->told = id;
}

void client_tell(struct client *client, int64_t id, const char *json)
{
    put(client, &client->out, id, json);
    if (id >= 0)
        client->told = id;
    client_want_write(client);
}

/* ---- writing ---- */

void client_want_write(struct client *client)
{
    if (!client->wsi || client->wanted_us)
        return;
    client->wanted_us = clock_monotonic_us();
    server_want_write(client->wsi);
}

/* The next ones of its page or of the ring, as many as fit into a batch. */
static void fill(struct client *client, struct buf *out)
{
    while (client->page && client->page_at < client->page_count && out->len < BATCH) {
        struct message *message = client->page[client->page_at++];
        put_message(client, out, message);
        message_let_go(message);
    }
    if (client->page && client->page_at == client->page_count)
        replay_go_on(client);
    while (client->begun && client->place < client->room->end && out->len < BATCH)
        put_message(client, out, room_message(client->room, client->place++));
}

/* A message of a WebSocket is a line; the end of one cannot stand in JSON. */
static bool send(struct client *client, const struct buf *out)
{
    client->written_us = clock_monotonic_us();
    if (!client->is_socket)
        return server_send(client->wsi, out->data, out->len, false);
    for (const char *at = out->data, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        if (!server_send(client->wsi, at, (size_t)(end - at), true))
            return false;
    }
    return true;
}

static bool finish(struct client *client)
{
    if (client->is_socket && !client->said_close)
        server_say_close(client->wsi, client->code);
    client->said_close = true;
    return client->is_socket;
}

bool client_write(struct client *client)
{
    static struct buf batch;
    client->wanted_us = 0;
    while (!server_is_full(client->wsi)) {
        buf_clear(&batch);
        if (client->out.len > 0) {
            buf_add(&batch, client->out.data, client->out.len);
            buf_free(&client->out);
            client->out = (struct buf){0};
        } else if (client->state == CLIENT_LIVE) {
            if (client->begun && client->place < room_start(client->room))
                client_dismiss(client, END_SLOW, "slow");
            else
                fill(client, &batch);
        } else if (client->state == CLIENT_ENDING) {
            return finish(client);
        }
        if (batch.len == 0 && client->out.len == 0)
            return true;
        if (batch.len > 0 && !send(client, &batch))
            return false;
    }
    client_want_write(client);
    return true;
}

/* ---- ending ---- */

void client_dismiss(struct client *client, unsigned code, const char *why)
{
    char text[96];
    if (client->state == CLIENT_ENDING)
        return;
    leave(client);
    snprintf(text, sizeof text, "{\"type\":\"end\",\"why\":\"%s\"}", why);
    client->code = code;
    client->state = CLIENT_ENDING;
    replay_go_on(client);
    if (!client->wsi)
        return;
    client_tell(client, -1, text);
    server_set_timeout(client->wsi, ENDING_S);
}

static bool lost_rights(const struct client *client)
{
    return shared_revoked(client->session_id, client->checked_us) ||
           shared_revoked(client->user_id, client->checked_us) ||
           shared_revoked(client->tenant_id, client->checked_us);
}

/* A number without a message is remembered too (9.2.6: the last event ID is
 * set before the data is looked at). */
static void heartbeat(struct client *client)
{
    char text[64];
    if (client->is_socket && client->told < client->seen)
        tell_type(client, "at");
    if (client->is_socket)
        return; /* the server sends pings */
    snprintf(text, sizeof text, "id: %lld\n\n", (long long)client->seen);
    buf_puts(&client->out, client->begun ? text : ":\n\n");
    client->told = client->begun ? client->seen : client->told;
    client_want_write(client);
}

void client_sweep(struct client *client, int64_t wall_us, int64_t monotonic_us)
{
    if (!client->is_socket && server_is_left(client->wsi))
        server_close(client->wsi);
    else if (lost_rights(client))
        client_dismiss(client, END_CHANGED, "changed");
    else if (wall_us >= client->ends_us)
        client_dismiss(client, END_AGAIN, "expired");
    else if (client->wanted_us && monotonic_us - client->wanted_us > slow_us)
        client_dismiss(client, END_SLOW, "slow");
    else if (monotonic_us - client->written_us > heartbeat_us && !client->wanted_us)
        heartbeat(client);
}

/* ---- hearing ---- */

static bool refuse(struct client *client, const char *why)
{
    buf_clear(&client->in);
    client_dismiss(client, END_REFUSED + 400, why);
    return true;
}

static bool take(struct client *client, const struct heard *heard)
{
    if (heard->kind == HEARD_PING) {
        client_tell(client, -1, "{\"type\":\"pong\"}");
        return client->out.len < OUT_MAX;
    }
    if (client->state != CLIENT_ASKED)
        return refuse(client, "open_already");
    if (!heard->token)
        return refuse(client, "token_missing");
    opening_hello(client, heard);
    return true;
}

/* A message that comes while it is being found out who asks waits for that. */
bool client_hear(struct client *client, const char *data, size_t len, bool last)
{
    struct heard heard;
    if (client->state == CLIENT_ENDING)
        return true;
    if (client->is_early || client->in.len + len > MESSAGE_MAX)
        return refuse(client, "too_much");
    buf_add(&client->in, data, len);
    if (!last)
        return true;
    client->is_early = client->state == CLIENT_OPENING;
    if (client->is_early)
        return true;
    struct arena *arena = arena_new();
    const char *problem = hello_read(arena, client->in.data, client->in.len, &heard);
    buf_free(&client->in);
    client->in = (struct buf){0};
    bool good = problem ? refuse(client, problem) : take(client, &heard);
    arena_free(arena);
    return good;
}
