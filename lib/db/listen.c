/* listen: NOTIFY, on a connection of its own that opens again by itself. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "db/internal.h"

enum { CHANNELS_MAX = 8 };

static const int64_t pause_us = 500000;

static struct {
    struct {
        const char *name;
        void (*heard)(void *arg, const char *payload);
        void *arg;
    } channels[CHANNELS_MAX];
    int count;
    PGconn *pg;
} listening;

struct opening {
    char *conninfo;
    PGconn *pg;
};

/* On a helper thread: connecting and LISTEN wait for the server. */
static void open_now(void *arg)
{
    struct opening *opening = arg;
    opening->pg = PQconnectdb(opening->conninfo);
    for (int i = 0; i < listening.count && PQstatus(opening->pg) == CONNECTION_OK; i++) {
        char command[128];
        char *name = PQescapeIdentifier(opening->pg, listening.channels[i].name,
                                        strlen(listening.channels[i].name));
        snprintf(command, sizeof command, "listen %s", name);
        PQclear(PQexec(opening->pg, command));
        PQfreemem(name);
    }
}

static void tell(const char *channel, const char *payload)
{
    for (int i = 0; i < listening.count; i++)
        if (!channel || strcmp(listening.channels[i].name, channel) == 0)
            listening.channels[i].heard(listening.channels[i].arg, payload);
}

static void hear(void)
{
    for (PGnotify *note; (note = PQnotifies(listening.pg)) != NULL; PQfreemem(note))
        tell(note->relname, note->extra);
}

static void stay(void)
{
    while (wait_readable(PQsocket(listening.pg)) && PQconsumeInput(listening.pg))
        hear();
}

static void listen_always(void *unused)
{
    (void)unused;
    coroutine_background();
    for (;;) {
        struct opening opening = {.conninfo = conninfo_of(DB_TENANT)};
        thread_call(open_now, &opening);
        free(opening.conninfo);
        listening.pg = opening.pg;
        if (PQstatus(listening.pg) == CONNECTION_OK) {
            tell(NULL, NULL); /* something may have been missed */
            stay();
        }
        PQfinish(listening.pg);
        listening.pg = NULL;
        wait_us(pause_us);
    }
}

void db_listen(const char *channel, void (*heard)(void *arg, const char *payload), void *arg)
{
    if (listening.count == CHANNELS_MAX) {
        log_error("too many channels", "channel", channel);
        abort();
    }
    listening.channels[listening.count].name = channel;
    listening.channels[listening.count].heard = heard;
    listening.channels[listening.count++].arg = arg;
    if (listening.count == 1)
        coroutine_start(listen_always, NULL);
}
