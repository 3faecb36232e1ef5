#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "http/cx.h"
#include "http/handover.h"

enum { ARENAS_KEPT = 64, READ_TIMEOUT_S = 10, ACCEPT_AGAIN_US = 100000 };
/* What certainly fits into the socket of a request that was just read, since nginx has taken
 * everything of the one before; and how much of a longer answer is a record. */
enum {
    FITS = 32768,
    RECORD_MAX = 65528,
    READ_AT_ONCE = 1 << 18,
    WATCHED = (int)(EPOLLIN | EPOLLRDHUP | EPOLLET)
};

/* A connection from nginx, kept for many requests, one at a time. It is
 * watched edge-triggered for its whole life, so that a request costs no
 * epoll_ctl(). */
struct connection {
    struct server *server;
    FCGX_Request fcgi;
    struct watch *watch;
    struct coroutine *busy; /* the request in hand */
    bool edge;              /* something arrived while busy */
    bool over;              /* the other side sends no more */
    bool awaited, writable; /* whether there is room is waited for; there is */
    struct connection *next, **back;
};

struct server {
    int listener;
    struct watch *watch, *handover;
    struct timer *accept_again; /* while there are no free descriptors */
    serve_function *serve;
    struct connection *connections;
    struct arena *arenas[ARENAS_KEPT];
    size_t arena_count;
    unsigned in_hand;
    bool draining;
};

/* One request and its reply. */
struct exchange {
    struct cx cx; /* first: server_read_body() finds the rest from it */
    struct connection *connection;
};

static struct arena *arena_take(struct server *server)
{
    return server->arena_count > 0 ? server->arenas[--server->arena_count] : arena_new();
}

static void arena_give(struct server *server, struct arena *arena)
{
    arena_reset(arena);
    if (server->arena_count < ARENAS_KEPT)
        server->arenas[server->arena_count++] = arena;
    else
        arena_free(arena);
}

static void connection_close(struct connection *connection)
{
    watch_remove(connection->watch);
    FCGX_Free(&connection->fcgi, 1);
    *connection->back = connection->next;
    if (connection->next)
        connection->next->back = connection->back;
    free(connection);
}

static void set_deadline(int64_t from_us)
{
    coroutine_set_deadline(from_us + config_int(CONFIG_TULOU_DEADLINE_MS) * 1000);
}

/* Until the other side has taken some of what was sent. WAITS; false: it is gone, or took nothing
 * for as long as a request may take. */
static bool wait_for_room(struct connection *connection)
{
    set_deadline(clock_monotonic_us());
    connection->writable = false;
    connection->awaited = true;
    watch_change(connection->watch, (uint32_t)WATCHED | EPOLLOUT);
    while (!connection->writable && coroutine_wait())
        ;
    connection->awaited = false;
    watch_change(connection->watch, (uint32_t)WATCHED);
    coroutine_set_deadline(0);
    return connection->writable;
}

/* The descriptor blocks, for libfcgi's sake: here it does not. */
static bool send_parts(struct connection *connection, struct iovec parts[static 2])
{
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(connection->fcgi.ipcFd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait_for_room(connection))
            continue;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            sent -= (ssize_t)part;
        }
    }
    return true;
}

/* FastCGI specification 3.3: FCGI_STDOUT records. */
static bool send_records(struct connection *connection, const char *data, size_t len)
{
    for (size_t piece; len > 0; data += piece, len -= piece) {
        piece = len < RECORD_MAX ? len : RECORD_MAX;
        int id = connection->fcgi.requestId;
        unsigned char header[8] = {1,
                                   6,
                                   (unsigned char)(id >> 8),
                                   (unsigned char)id,
                                   (unsigned char)(piece >> 8),
                                   (unsigned char)piece};
        struct iovec parts[2] = {{header, sizeof header}, {(void *)(uintptr_t)data, piece}};
        if (!send_parts(connection, parts))
            return false;
    }
    return true;
}

static bool write_short(void *sink, const void *data, size_t len)
{
    struct connection *connection = sink;
    return FCGX_PutStr(data, (int)len, connection->fcgi.out) == (int)len;
}

static bool write_long(void *sink, const void *data, size_t len)
{
    return send_records(sink, data, len);
}

/* What is kept for an Idempotency-Key must be whole before it leaves. */
static bool stream_is_kept(const struct cx *cx)
{
    bool reads = cx->request.method == HTTP_GET || cx->request.method == HTTP_HEAD;
    return !reads && !(cx->route->flags & ROUTE_NOT_REPEATED);
}

static bool stream_begin(struct cx *cx, struct connection *connection)
{
    assert(!stream_is_kept(cx) && cx->failure.status == 0);
    if (cx->end_head)
        cx->end_head(cx);
    cx->response.begun = true;
    return response_send(cx, write_long, connection);
}

bool stream_write(struct cx *cx)
{
    struct connection *connection = ((struct exchange *)cx)->connection;
    struct buf *body = &cx->response.body;
    bool sent = cx->response.begun ? cx->request.method == HTTP_HEAD ||
                                         send_records(connection, body->data, body->len)
                                   : stream_begin(cx, connection);
    buf_clear(body);
    set_deadline(clock_monotonic_us());
    return sent || fail(cx, 503, "deadline_exceeded", "This took too long and was stopped.");
}

/* A short answer leaves at once with its end. Of one that the other side did not take the rest
 * goes nowhere: the connection is cut, so that half an answer is never taken for a whole. */
static void send_answer(struct connection *connection, struct cx *cx)
{
    if (!cx->response.begun && cx->response.body.len <= FITS) {
        response_send(cx, write_short, connection);
        return;
    }
    bool whole = cx->response.begun ? cx->failure.status == 0 && stream_write(cx)
                                    : response_send(cx, write_long, connection);
    if (!whole || !wait_for_room(connection))
        shutdown(connection->fcgi.ipcFd, SHUT_RDWR);
}

/* What the handler left of the body. Unread, it would be taken for the next
 * request; and it is read before the answer leaves, since nginx stops sending
 * when that comes. nginx limits its size. */
static void skip_body(FCGX_Request *fcgi)
{
    char chunk[16384];
    while (FCGX_GetStr(chunk, sizeof chunk, fcgi->in) == (int)sizeof chunk)
        ;
}

/* Whoever asks that wants no more than an answer. */
static bool is_asked(FCGX_Request *fcgi)
{
    if (!FCGX_GetParam(SERVER_ASK_ALIVE, fcgi->envp))
        return false;
    FCGX_PutS("Status: 204\r\n\r\n", fcgi->out);
    return true;
}

static void answer(struct connection *connection, struct exchange *exchange)
{
    if (is_asked(&connection->fcgi))
        return;
    struct cx *cx = &exchange->cx;
    cx->arena = arena_take(connection->server);
    cx->request.environment = connection->fcgi.envp;
    cx->started_us = clock_monotonic_us();
    uuid_new(cx->request_id);
    buf_init(&cx->response.body, cx->arena);
    set_deadline(cx->started_us);
    connection->server->serve(cx);
    skip_body(&connection->fcgi);
    send_answer(connection, cx);
    coroutine_set_deadline(0);
    arena_give(connection->server, cx->arena);
}

static bool is_readable(const struct connection *connection)
{
    struct pollfd poll_fd = {.fd = connection->fcgi.ipcFd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) > 0;
}

/* When draining, another worker goes on with the connection; if there is none,
 * what nginx has sent already is answered here before it is closed. */
static bool leaves_request(const struct connection *connection)
{
    return !handover_send(connection->fcgi.ipcFd) && is_readable(connection);
}

static bool has_more(const struct connection *connection)
{
    if (connection->fcgi.ipcFd < 0)
        return false;
    if (connection->server->draining)
        return leaves_request(connection);
    return connection->edge && is_readable(connection);
}

/* Reads a request, answers it, and another while one is there already. */
static void converse(void *arg)
{
    struct connection *connection = arg;
    connection->busy = coroutine_current();
    do {
        connection->edge = connection->over; /* its end was told with the request: see to it */
        if (FCGX_Accept_r(&connection->fcgi) != 0)
            break; /* nginx closed it */
        struct exchange exchange = {.connection = connection};
        connection->server->in_hand++;
        answer(connection, &exchange);
        FCGX_Finish_r(&connection->fcgi);
        connection->server->in_hand--;
    } while (has_more(connection));
    connection->busy = NULL;
    if (connection->fcgi.ipcFd < 0 || connection->server->draining)
        connection_close(connection);
}

static void start_conversation(struct connection *connection)
{
    if (coroutine_start(converse, connection))
        return;
    log_warn("no memory for another request");
    connection_close(connection);
}

static void on_connection(void *arg, uint32_t events)
{
    struct connection *connection = arg;
    bool over = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if ((events & EPOLLOUT) && connection->awaited) {
        connection->writable = true;
        coroutine_wake(connection->busy);
    }
    connection->over = connection->over || over;
    if (!connection->busy) {
        start_conversation(connection);
        return;
    }
    connection->edge = connection->edge || (events & ~(uint32_t)EPOLLOUT) != 0;
    if (over)
        coroutine_cancel(connection->busy);
}

/* The descriptor blocks, but not for ever: nginx may have been stopped amid a
 * request. libfcgi's way to close waits up to 2 s for the other side, for the
 * sake of TCP; `detached` makes it a plain close. */
static void connection_open(struct server *server, int fd)
{
    const struct timeval patience = {.tv_sec = READ_TIMEOUT_S};
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection || FCGX_InitRequest(&connection->fcgi, -1, 0) != 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->server = server;
    connection->fcgi.ipcFd = fd;
    connection->fcgi.keepConnection = 1;
    connection->fcgi.detached = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connection->next = server->connections;
    connection->back = &server->connections;
    if (connection->next)
        connection->next->back = &connection->next;
    server->connections = connection;
    connection->watch = watch_add(fd, (uint32_t)WATCHED, on_connection, connection);
    if (!connection->watch)
        connection_close(connection);
}

static void on_listener(void *arg, uint32_t events);

static void listen_again(void *arg)
{
    struct server *server = arg;
    server->accept_again = NULL;
    server->watch = watch_add(server->listener, EPOLLIN | EPOLLEXCLUSIVE, on_listener, server);
    if (!server->watch)
        server->accept_again = timer_add(ACCEPT_AGAIN_US, listen_again, server);
}

/* One for each wake-up, and then the next worker's turn: the kernel wakes the
 * one that has listened longest, so who has accepted queues up again. Without
 * descriptors or memory the listener stays readable: look away a while. */
static void on_listener(void *arg, uint32_t events)
{
    struct server *server = arg;
    (void)events;
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
        return;
    watch_remove(server->watch);
    server->watch = NULL;
    if (fd >= 0) {
        connection_open(server, fd);
        listen_again(server);
    } else {
        log_warn("connections cannot be accepted now", "reason", strerror(errno));
        server->accept_again = timer_add(ACCEPT_AGAIN_US, listen_again, server);
    }
}

/* From a worker that was replaced; perhaps with a request in it already. */
static void on_handover(void *arg, uint32_t events)
{
    (void)events;
    int fd = handover_take();
    if (fd >= 0)
        connection_open(arg, fd);
}

struct server *server_new(int listener, serve_function *serve)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    FCGX_Init();
    server->listener = listener;
    server->serve = serve;
    server->watch = watch_add(listener, EPOLLIN | EPOLLEXCLUSIVE, on_listener, server);
    if (handover_descriptor() >= 0)
        server->handover =
            watch_add(handover_descriptor(), EPOLLIN | EPOLLEXCLUSIVE, on_handover, server);
    if (server->watch)
        return server;
    watch_remove(server->handover);
    free(server);
    return NULL;
}

void server_drain(struct server *server)
{
    server->draining = true;
    watch_remove(server->watch);
    watch_remove(server->handover);
    timer_remove(server->accept_again);
    server->watch = server->handover = NULL;
    server->accept_again = NULL;
    for (struct connection *it = server->connections, *next; it; it = next) {
        next = it->next;
        if (it->busy)
            continue;
        if (leaves_request(it))
            start_conversation(it);
        else
            connection_close(it);
    }
}

void server_free(struct server *server)
{
    server_drain(server);
    while (server->arena_count > 0)
        arena_free(server->arenas[--server->arena_count]);
    free(server);
}

unsigned server_in_hand(const struct server *server)
{
    return server->in_hand;
}

/* Reading does not wait, since nginx has the body; but what is long takes its time, in which the
 * others are let go on. */
struct body_source {
    FCGX_Stream *in;
    size_t at_once;
};

static long read_in(void *source, void *data, size_t size)
{
    struct body_source *body = source;
    int len = FCGX_GetStr(data, (int)size, body->in);
    body->at_once += size;
    if (body->at_once > READ_AT_ONCE) {
        body->at_once = 0;
        if (!wait_us(0))
            return -1;
    }
    return FCGX_GetError(body->in) ? -1 : len;
}

bool server_read_body(struct cx *cx, size_t limit)
{
    struct exchange *exchange = (struct exchange *)cx;
    struct body_source body = {.in = exchange->connection->fcgi.in};
    return request_read_body(cx, read_in, &body, limit);
}

bool server_client_gone(struct cx *cx)
{
    (void)cx;
    return coroutine_cancelled();
}
