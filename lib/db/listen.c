/* listen: one connection that hears NOTIFY. It is kept open by itself, since
 * nobody's request would notice that it is gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "db/internal.h"

struct channel {
    struct channel *next;
    char *name;
    void (*heard)(void *arg, const char *payload);
    void *arg;
    bool heard_of; /* the server was told on this connection */
};

static struct {
    char *conninfo, *user, *password;
    struct channel *channels;
    PGconn *pg; /* NULL: none, or being opened */
    struct watch *watch;
    struct timer *retry;
    bool opening;
    int64_t backoff_us;
} listener;

static void try_later(void);

static void lose(void)
{
    log_warn("connection for notices lost", "detail", PQerrorMessage(listener.pg));
    watch_remove(listener.watch);
    PQfinish(listener.pg);
    listener.pg = NULL;
    listener.watch = NULL;
    for (struct channel *it = listener.channels; it; it = it->next)
        it->heard_of = false;
    try_later();
}

/* Asks for one channel at a time, until all are known; an answer that came
 * means that the one asked for is heard from now on. */
static bool ask(void)
{
    struct channel *it = listener.channels;
    while (it && it->heard_of)
        it = it->next;
    if (!it)
        return true;
    char *name = PQescapeIdentifier(listener.pg, it->name, strlen(it->name));
    char sql[200];
    snprintf(sql, sizeof sql, "listen %s", name ? name : "");
    PQfreemem(name);
    return PQsendQuery(listener.pg, sql) == 1 && PQflush(listener.pg) >= 0;
}

static void take_answer(const PGresult *result)
{
    struct channel *it = listener.channels;
    while (it && it->heard_of)
        it = it->next;
    if (!it)
        return;
    it->heard_of = true;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        log_error("cannot listen", "channel", it->name, "detail", PQresultErrorMessage(result));
    else
        it->heard(it->arg, NULL);
}

static void tell(const char *channel, const char *payload)
{
    for (struct channel *it = listener.channels; it; it = it->next)
        if (strcmp(it->name, channel) == 0)
            it->heard(it->arg, payload);
}

static void on_event(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    bool alive = PQconsumeInput(listener.pg) == 1, answered = false;
    while (alive && !PQisBusy(listener.pg)) {
        PGresult *result = PQgetResult(listener.pg);
        if (!result)
            break;
        take_answer(result);
        PQclear(result);
        answered = true;
    }
    for (PGnotify *note; alive && (note = PQnotifies(listener.pg)) != NULL;) {
        tell(note->relname, note->extra);
        PQfreemem(note);
    }
    if (!alive || PQstatus(listener.pg) == CONNECTION_BAD || (answered && !ask()))
        lose();
}

static void run_open(void *arg)
{
    (void)arg;
    PGconn *pg = connect_start(listener.conninfo, listener.user, listener.password, "shared", 0);
    bool opened = connect_finish(pg);
    listener.opening = false;
    if (!opened || !listener.conninfo) {
        PQfinish(pg);
        try_later();
        return;
    }
    listener.backoff_us = 0;
    listener.pg = pg;
    listener.watch = watch_add(PQsocket(pg), EPOLLIN, on_event, NULL);
    if (!ask())
        lose();
}

static void open_now(void *arg)
{
    (void)arg;
    listener.retry = NULL;
    listener.opening = !loop_stopping() && coroutine_start(run_open, NULL);
}

static void try_later(void)
{
    if (!listener.conninfo || loop_stopping())
        return;
    listener.backoff_us = listener.backoff_us ? listener.backoff_us * 2 : BACKOFF_FIRST_US;
    if (listener.backoff_us > BACKOFF_MAX_US)
        listener.backoff_us = BACKOFF_MAX_US;
    listener.retry = timer_add(listener.backoff_us, open_now, NULL);
}

void listen_open(const char *conninfo, const char *user, const char *password)
{
    listener.conninfo = strdup(conninfo);
    listener.user = strdup(user);
    listener.password = password ? strdup(password) : NULL;
}

void listen_close(void)
{
    timer_remove(listener.retry);
    watch_remove(listener.watch);
    PQfinish(listener.pg);
    for (struct channel *next, *it = listener.channels; it; it = next) {
        next = it->next;
        free(it->name);
        free(it);
    }
    free(listener.conninfo);
    free(listener.user);
    free(listener.password);
    memset(&listener, 0, sizeof listener);
}

void db_listen(const char *channel, void (*heard)(void *arg, const char *payload), void *arg)
{
    struct channel *it = calloc(1, sizeof *it), **end = &listener.channels;
    if (!it)
        abort();
    *it = (struct channel){.name = strdup(channel), .heard = heard, .arg = arg};
    while (*end)
        end = &(*end)->next;
    *end = it;
    if (!listener.pg && !listener.opening && !listener.retry)
        open_now(NULL);
    else if (listener.pg && PQtransactionStatus(listener.pg) == PQTRANS_IDLE && !ask())
        lose();
}
