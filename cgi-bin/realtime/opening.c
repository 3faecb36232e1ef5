/* opening: who asks, by the same way as every request of every area: tenant,
 * session, permission, limits, log and metrics (lib/api/serve.h). What differs
 * is the end: a request that is good stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/session.h"
#include "access/token.h"
#include "api/serve.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "http/cx.h"
#include "realtime.h"

enum { ASKED_S = 15 };

static const int64_t look_again_us = 600000000;

struct opening {
    struct cx cx; /* first: the handler finds the rest from it */
    struct client *client;
};

/* No client can send a variable of this name: nginx passes headers as HTTP_…. */
STATEMENT(opening_mates,
          "select coalesce(string_agg(distinct other.user_id::text, ' '), '')\n"
          "from team_members mine\n"
          "join team_members other on other.tenant_id = mine.tenant_id\n"
          "                        and other.team_id = mine.team_id\n"
          "where mine.tenant_id = $1::uuid and mine.user_id = $2::uuid",
          0);

static const char marker[] = "TULOU_STREAM=yes";

static struct client *client_of(struct cx *cx)
{
    for (char **at = cx->request.environment; *at; at++)
        if (strcmp(*at, marker) == 0)
            return ((struct opening *)cx)->client;
    return NULL;
}

/* ---- the handler ---- */

static struct permissions copy_permissions(const struct permissions *from)
{
    size_t size = 0;
    for (size_t i = 0; i < from->count; i++)
        size += sizeof(char *) + strlen(from->grants[i]) + 1;
    const char **grants = malloc(size + 1);
    if (!grants)
        log_out_of_memory();
    char *text = (char *)(grants + from->count);
    for (size_t i = 0; i < from->count; i++) {
        grants[i] = strcpy(text, from->grants[i]);
        text += strlen(text) + 1;
    }
    return (struct permissions){grants, from->count};
}

/* An access token ends; a cookie's session is looked at again now and then. */
static int64_t end_of(struct cx *cx)
{
    struct claims claims;
    const char *header = request_header(&cx->request, "Authorization");
    int64_t later = clock_now_us() + look_again_us;
    if (cx->session->kind != SESSION_TOKEN || !header || strlen(header) < 7 ||
        token_verify(cx->arena, header + 7, &claims))
        return later;
    return claims.expires_at * 1000000;
}

/* The ids of all in the teams of one who sees their records; what changes in teams ends the
 * stream. false: the failure is set. WAITS. */
static bool read_mates(struct cx *cx, const char **mates)
{
    const struct permissions *all = &cx->session->permissions;
    bool asked = false;
    for (size_t i = 0; i < all->count; i++)
        asked = asked || text_ends(all->grants[i], "@team");
    *mates = NULL;
    if (!asked)
        return true;
    const struct rows *rows =
        db_get(&cx->db, &opening_mates, cx->session->tenant_id, cx->session->user_id);
    if (!rows)
        return fail_db(cx);
    *mates = rows_text(rows, 0, 0);
    return true;
}

static void copy_session(struct client *client, struct cx *cx, const char *mates)
{
    const struct session *session = cx->session;
    memcpy(client->session_id, session->id, UUID_SIZE);
    memcpy(client->user_id, session->user_id, UUID_SIZE);
    memcpy(client->tenant_id, session->tenant_id, UUID_SIZE);
    client->name = strdup(session->name ? session->name : "");
    client->permissions = copy_permissions(&session->permissions);
    client->mates = mates ? strdup(mates) : NULL;
    if (!session->is_operator)
        client->channels &= ~(unsigned)CHANNEL_JOBS;
    client->audits = may(cx, "access.audit:read");
    client->ends_us = end_of(cx);
}

static bool read_wishes(struct client *client, struct cx *cx)
{
    const char *list = query_text(cx, "channels"), *last = query_text(cx, "since");
    const char *header = request_header(&cx->request, "Last-Event-ID");
    if (client->channels == 0 && list)
        client->channels = hello_channels(list, strlen(list));
    if (client->channels == 0 && list)
        return fail_field(
            cx, "channels", "unknown_channel",
            "Use some of events, notifications, presence, jobs, separated by commas.");
    if (client->channels == 0)
        client->channels = CHANNEL_EVENTS | CHANNEL_NOTIFICATIONS;
    last = header ? header : last;
    if (client->since < 0 && last && !text_to_int(last, 0, INT64_MAX, &client->since))
        return fail_field(cx, "since", "invalid", "This is no number of an event.");
    return true;
}

static bool open_stream(struct cx *cx)
{
    struct client *client = client_of(cx);
    bool wants_socket = text_ends(cx->request.path, "/ws");
    if (!client || client->is_socket != wants_socket) {
        response_header_set(cx, "Upgrade", "websocket");
        return wants_socket
                   ? fail(cx, 426, "upgrade_required", "This address is for WebSocket.")
                   : fail(cx, 400, "upgrade_refused", "This address is for plain requests.");
    }
    const char *mates;
    if (!read_wishes(client, cx) || !read_mates(cx, &mates))
        return false;
    if (!stream_enter(client, session_actor(cx->session)))
        return fail(cx, 429, "too_many_streams",
                    "You have as many streams open as one may have; close some.");
    copy_session(client, cx, mates);
    cx->response.status = 200;
    cx->response.type = "text/event-stream";
    return true;
}

/* ---- the way there ---- */

/* The answer as HTTP/1.1 has it; a stream goes on until it is closed. */
static void write_answer(struct client *client, struct cx *cx, bool goes_on)
{
    struct buf *out = &client->out;
    const struct response *response = &cx->response;
    buf_printf(out, "HTTP/1.1 %d %s\r\n", response->status, http_reason(response->status));
    if (response->type)
        buf_printf(out, "Content-Type: %s\r\n", response->type);
    if (!goes_on)
        buf_printf(out, "Content-Length: %zu\r\n", response->no_body ? 0 : response->body.len);
    for (const struct header *it = response->headers; it; it = it->next)
        buf_printf(out, "%s: %s\r\n", it->name, it->value);
    buf_puts(out, "Connection: close\r\n\r\n");
    if (goes_on)
        buf_puts(out, "retry: 2000\n\n");
    else if (!response->no_body && cx->request.method != HTTP_HEAD)
        buf_add(out, response->body.data, response->body.len);
}

static bool brought_nothing(const struct client *client)
{
    for (char **at = client->environment; *at; at++)
        if (text_starts(*at, "HTTP_AUTHORIZATION="))
            return false;
    return true;
}

static void hear_early(struct client *client)
{
    struct buf early = client->in;
    if (!client->is_early)
        return;
    client->in = (struct buf){0};
    client->is_early = false;
    client_hear(client, early.data, early.len, true);
    buf_free(&early);
}

static void refuse(struct client *client, struct cx *cx)
{
    int status = cx->failure.status;
    if (!client->is_socket) {
        write_answer(client, cx, false);
        client->state = CLIENT_ENDING;
        client_want_write(client);
    } else if (status == 401 && brought_nothing(client)) {
        client->state = CLIENT_ASKED;
        server_set_timeout(client->wsi, ASKED_S);
    } else {
        client_dismiss(client, END_REFUSED + (unsigned)status, cx->failure.code);
    }
}

/* Nothing is sent to whoever asked by HEAD but the head. */
static void accept(struct client *client, struct cx *cx)
{
    if (!client->is_socket)
        write_answer(client, cx, cx->request.method != HTTP_HEAD);
    if (cx->request.method == HTTP_HEAD) {
        client->state = CLIENT_ENDING;
        client_want_write(client);
    } else {
        client_enter(client);
    }
}

static void forget_head(struct client *client)
{
    for (char **at = client->environment; *at; at++)
        free(*at);
    free(client->environment);
    client->environment = NULL;
}

static void serve(struct client *client, struct opening *opening)
{
    struct cx *cx = &opening->cx;
    cx->request.environment = client->environment;
    cx->started_us = clock_monotonic_us();
    uuid_new(cx->request_id);
    buf_init(&cx->response.body, cx->arena);
    coroutine_set_deadline(cx->started_us + config_int(CONFIG_TULOU_DEADLINE_MS) * 1000);
    client->checked_us = clock_now_us();
    serve_request(cx);
    coroutine_set_deadline(0);
}

void opening_run(void *arg)
{
    struct opening opening = {.client = arg};
    struct client *client = arg;
    struct cx *cx = &opening.cx;
    cx->arena = arena_new();
    serve(client, &opening);
    client->opens = false;
    /* It may have been ended meanwhile: what it sent was too much. */
    bool open = client->wsi && client->state != CLIENT_ENDING;
    if (open && cx->failure.status != 0)
        refuse(client, cx);
    else if (open)
        accept(client, cx);
    if (client->state != CLIENT_ASKED)
        forget_head(client);
    if (open)
        hear_early(client);
    arena_free(cx->arena);
    client_free_if_gone(client);
}

/* ---- the first message ---- */

void opening_hello(struct client *client, const struct heard *heard)
{
    struct buf line = {0};
    size_t count = 0;
    while (client->environment[count])
        count++;
    char **longer = realloc(client->environment, (count + 2) * sizeof *longer);
    if (!longer)
        log_out_of_memory();
    buf_printf(&line, "HTTP_AUTHORIZATION=Bearer %s", heard->token);
    longer[count] = line.data;
    longer[count + 1] = NULL;
    client->environment = longer;
    client->since = heard->since;
    client->channels = heard->channels;
    client->state = CLIENT_OPENING;
    client->opens = true;
    if (coroutine_start(opening_run, client))
        return;
    client->opens = false;
    client_dismiss(client, END_AGAIN, "again");
}

#define STREAM_QUERY                                                                               \
    FIELDS({"channels", TEXT, 0, 1, 100, .example = "events,notifications",                        \
            .help =                                                                                \
                "Some of events, notifications, presence and, for operators, jobs, separated by "  \
                "commas; the first two when left out."},                                           \
           {"since", TEXT, 0, 1, 20, .example = "0",                                               \
            .help = "The id of the last message that came: go on behind it. The header "           \
                    "Last-Event-ID says the same."})

const struct route realtime_routes[] = {
    ROUTE(GET, "/api/realtime", SIGNED_IN(TENANT), open_stream,
          "Events of the tenant and notifications of the one signed in, as server-sent events.",
          .operation = "streamEvents", .answer = ANSWER_STREAM, .query = STREAM_QUERY,
          .errors = "400 upgrade_refused"),
    ROUTE(GET, "/api/realtime/ws", SIGNED_IN(TENANT), open_stream,
          "The same by WebSocket. Without a cookie the first message brings the token: "
          "{\"type\": \"hello\", \"token\": \"…\", \"since\": 0}.",
          .operation = "openWebSocket", .answer = ANSWER_STREAM, .query = STREAM_QUERY,
          .status = 101, .errors = "426 upgrade_required"),
    {.path = NULL},
};
