/* replay: what a client missed and the ring has no more, from the database. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "realtime.h"
#include "resource/event_sight.h"

void replay_go_on(struct client *client)
{
    if (!client->replay_waits)
        return;
    client->replay_waits = false;
    coroutine_wake(client->replay);
}

static void drop_page(struct client *client)
{
    for (size_t i = client->page_at; client->page && i < client->page_count; i++)
        message_let_go(client->page[i]);
    free(client->page);
    client->page = NULL;
}

/* A gap can only be what was deleted with its tenant. */
static void take_page(struct client *client, const struct rows *rows,
                      const struct event_needs *needs)
{
    size_t count = rows_count(rows);
    client->page = calloc(count + 1, sizeof *client->page);
    if (!client->page)
        abort();
    client->page_at = client->page_count = 0;
    for (size_t i = 0; i < count; i++)
        if (rows_text(rows, i, EVENT_SEQ))
            client->page[client->page_count++] = message_of_event(rows, i, &needs[i]);
}

static bool is_wanted(const struct client *client)
{
    return client->wsi && client->state == CLIENT_LIVE;
}

/* false: there is nothing more, or the database or the client is away. */
static bool send_page(struct client *client, struct arena *arena)
{
    struct rows *rows = reader_page(arena, client->tenant_id, client->seen);
    if (!rows || rows_count(rows) == 0)
        return false;
    const struct event_needs *needs = reader_page_needs(arena, rows);
    if (!needs || !is_wanted(client))
        return false;
    take_page(client, rows, needs);
    client->replay_waits = true;
    client_want_write(client);
    while (client->replay_waits && coroutine_wait())
        ;
    drop_page(client);
    return is_wanted(client);
}

static void run(void *arg)
{
    struct client *client = arg;
    struct arena *arena = arena_new();
    client->replay = coroutine_current();
    while (is_wanted(client) && client->seen < client->room->covered && send_page(client, arena))
        arena_reset(arena);
    arena_free(arena);
    client->replay = NULL;
    client->replays = false;
    if (is_wanted(client))
        client_caught_up(client);
    client_free_if_gone(client);
}

void replay_start(struct client *client)
{
    client->replays = true;
    if (coroutine_start(run, client))
        return;
    client->replays = false;
    client_dismiss(client, END_AGAIN, "again");
}
