/* realtime: what the files of this area share.
 *
 * Way of an event: a transaction commits → reader.c seals and reads it → message.c
 * makes its texts → room.c keeps it in the ring of its tenant's room → client.c
 * takes from the ring what its user may see, whenever its connection can be
 * written to. A client is a place in the ring, so what waits is bounded and
 * shared: who falls out of the ring is dropped, and resumes from the database.
 */
#ifndef REALTIME_H
#define REALTIME_H

#include "access/permission.h"
#include "api/area.h"
#include "base/buf.h"
#include "base/uuid.h"

struct cx;
struct db;
struct lws;
struct rows;

enum channel {
    CHANNEL_EVENTS = 1,
    CHANNEL_NOTIFICATIONS = 2,
    CHANNEL_PRESENCE = 4,
    CHANNEL_JOBS = 8 /* of operators */
};

/* ---- message.c ---- */
/* What happened, as each kind of reader sees it: JSON texts on one line. NULL:
 * there is none for such readers. */
struct message {
    int64_t seq;              /* its number in the tenant's chain; 0: not one to resume from */
    char user_id[UUID_SIZE];  /* whom `own` is for */
    char *needs;              /* permission to see it: "crm.leads:read"; NULL: that of the log */
    char owner_id[UUID_SIZE]; /* of the record, whom some need to be or to have as a mate */
    bool owned;               /* so that they see it; else it is of nobody for them */
    bool of_teams;            /* who is whose mate may be another now */
    char *brief, *full, *own; /* full: for readers of the audit log */
    enum channel channel;     /* of brief */
    unsigned held;            /* by the ring and by replays */
};
struct event_needs;
struct message *message_of_event(const struct rows *rows, size_t row,
                                 const struct event_needs *needs);
struct message *message_plain(enum channel channel, const char *needs, const char *text);
void message_let_go(struct message *message);

/* ---- room.c: the clients of one tenant ---- */
enum { RING = 512 };

struct person {
    struct person *next;
    char id[UUID_SIZE];
    char *name;
    unsigned clients;
    int64_t left_us; /* when the last client went; others are told a moment later */
};

struct room {
    struct room *next;
    char tenant_id[UUID_SIZE];
    bool ready;      /* the chain's end is known */
    int64_t head;    /* number of the last event that is in the ring, or behind it */
    int64_t covered; /* the ring has every event behind this number */
    uint64_t end;    /* places count from 0 for ever; the ring has the last RING of them */
    struct message *ring[RING];
    struct client *clients;
    struct person *people;
    uint32_t generation; /* of the tenant (access/shared.h) when its clients came */
};

struct room *room_enter(const char *tenant_id); /* makes it; wakes the reader */
struct room *room_find(const char *tenant_id);
struct room *rooms_first(void);
size_t rooms_count(void);
/* The first reading: where the chain ends; its last events are published first. */
void room_open(struct room *room, int64_t head);
/* Takes the message over, and wakes the clients that may see it. */
void room_publish(struct room *room, struct message *message);
const struct message *room_message(const struct room *room, uint64_t place);
uint64_t room_start(const struct room *room); /* the oldest place that the ring has */
void room_join(struct room *room, struct client *client);
void room_part(struct room *room, struct client *client);
/* Each second, all of them: those where nobody is any more are forgotten. */
void rooms_sweep(void);
/* [{"id","name"}…], at most 100. */
void room_write_people(const struct room *room, struct json *json);

/* ---- hello.c: what clients say ---- */
enum { MESSAGE_MAX = 8192 };
enum heard_kind { HEARD_HELLO, HEARD_PING };
struct heard {
    enum heard_kind kind;
    const char *token; /* of a hello; NULL: none */
    int64_t since;     /* -1: from now on */
    unsigned channels; /* 0: the usual ones */
};
/* NULL when good, else a stable code: bad_message, bad_token, bad_since, bad_channel. */
const char *hello_read(struct arena *arena, const char *data, size_t len, struct heard *out);
/* "events,presence" as bits; 0: there is an unknown one. */
unsigned hello_channels(const char *list, size_t len);

/* ---- streams.c: how many somebody has ---- */
struct client;
/* Counts it under a user or key; false: that one has TULOU_STREAMS_USER already. */
bool stream_enter(struct client *client, const char *id);
void stream_leave(struct client *client); /* harmless when it is not counted */

/* ---- client.c: one connection ---- */
enum client_state {
    CLIENT_OPENING, /* it is being found out who asks */
    CLIENT_ASKED,   /* a WebSocket without a session: its first message must bring a token */
    CLIENT_LIVE,
    CLIENT_ENDING /* what is in `out` is still written */
};

/* Close codes of WebSockets (RFC 6455 7.4.2: 4000 to 4999 are ours); 4000 and a
 * status of HTTP: it was refused with that. */
enum { END_AGAIN = 4000, END_CHANGED = 4001, END_SLOW = 4008, END_REFUSED = 4000 };

struct client {
    struct lws *wsi;             /* NULL: the connection is gone */
    struct client *next, **back; /* in its room; back NULL: in none */
    struct room *room;
    struct coroutine *replay; /* reads for it what the ring has no more */
    struct message **page;    /* what that has read, and not sent yet; NULL: nothing */
    size_t page_at, page_count;
    char **environment; /* the request's head, as FastCGI would have it; until it is open */
    struct buf out;     /* goes first: the answer's head; messages of its own */
    struct buf in;      /* of a WebSocket: a message that comes in parts, or came too early */
    struct permissions permissions; /* one block of memory */
    char *name;
    char *mates; /* ids of those in their teams, of one who sees these records too; else NULL */
    char session_id[UUID_SIZE], user_id[UUID_SIZE], tenant_id[UUID_SIZE];
    char owner_id[UUID_SIZE]; /* under whom it is counted (streams.c); "": not */
    uint64_t place;           /* in the ring: the next message */
    int64_t seen;             /* number of the last event it was sent, or passed over */
    int64_t told;             /* the last number that it knows */
    int64_t since;            /* where it wants to go on; -1: from now on */
    int64_t checked_us;       /* wall clock: its rights were good then */
    int64_t ends_us;          /* wall clock: then it must come again */
    int64_t written_us;       /* monotonic: the last time something was written */
    int64_t wanted_us;        /* monotonic: since when it waits to be written to; 0: it does not */
    unsigned channels;
    unsigned code; /* of closing, for a WebSocket */
    enum client_state state;
    bool is_socket;      /* a WebSocket; else server-sent events */
    bool opens, replays; /* a coroutine refers to it */
    bool is_early;       /* `in` is a whole message that came while opening */
    bool replay_waits;   /* until the page was sent */
    bool audits;         /* may read the audit log */
    bool said_close;
    bool begun; /* its place is known */
};

/* NULL: no memory. Opens it at once. */
struct client *client_new(struct lws *wsi, bool is_socket, char **environment);
void client_gone(struct client *client); /* by the server: the connection is closed */
/* By the server: it can be written to. false: close it. */
bool client_write(struct client *client);
/* By the server: part of a message of a WebSocket. false: close it. */
bool client_hear(struct client *client, const char *data, size_t len, bool last);
bool client_sees(const struct client *client, const struct message *message);
void client_want_write(struct client *client);
/* Puts a message of its own before all others; id < 0: it has no number. */
void client_tell(struct client *client, int64_t id, const char *json);
/* Ends it, saying why: it may come again and go on. */
void client_dismiss(struct client *client, unsigned code, const char *why);
/* Each second: heartbeats; lost rights, slowness and the end of its time. */
void client_sweep(struct client *client, int64_t wall_us, int64_t monotonic_us);
/* It is known who it is: it goes into its room. */
void client_enter(struct client *client);
/* The room is ready: it begins, or goes on where it was. */
void client_begin(struct client *client);
/* Its replay has reached the ring. */
void client_caught_up(struct client *client);
/* When nothing refers to it any more. */
void client_free_if_gone(struct client *client);

/* ---- opening.c: who asks ---- */
/* A coroutine: finds out, and leaves the client live, asked or ending. */
void opening_run(void *client);
/* The first message of a client that was asked: its token comes into the head. */
void opening_hello(struct client *client, const struct heard *heard);
extern const struct route realtime_routes[];

/* ---- reader.c ---- */
void reader_start(void);
void reader_wake(void);
/* What one must have to be told of each of the rows, in the arena. NULL: the database is away.
 * WAITS. */
const struct event_needs *reader_needs(struct db *db, const struct rows *rows);
/* The same by a handle of one's own. */
const struct event_needs *reader_page_needs(struct arena *arena, const struct rows *rows);
/* The events of one tenant behind number `seen`, at most 200. NULL: the database
 * is away. WAITS. */
struct rows *reader_page(struct arena *arena, const char *tenant_id, int64_t seen);
enum event_column {
    EVENT_TENANT,
    EVENT_HEAD,
    EVENT_SEQ,
    EVENT_ID,
    EVENT_AT,
    EVENT_ACTOR_ID,
    EVENT_ACTOR_NAME,
    EVENT_ACTION,
    EVENT_RESOURCE_TYPE,
    EVENT_RESOURCE_ID,
    EVENT_IP,
    EVENT_USER_ID,
    EVENT_TYPE,
    EVENT_TITLE,
    EVENT_BODY,
    EVENT_LINK,
    EVENT_UNREAD,
    EVENT_ACTOR_KIND,
    EVENT_REQUEST_ID,
    EVENT_CHANGES,
    EVENT_TOLD /* the changes without custom fields that are not for everybody */
};

/* ---- replay.c ---- */
enum { REPLAY_MOST = 10000 }; /* the retention window, in events of the tenant */
/* Reads from the database what a client missed, page by page, until the ring
 * has the rest. */
void replay_start(struct client *client);
/* The page was sent, or the client is gone. */
void replay_go_on(struct client *client);

/* ---- watch.c ---- */
void watch_start(void);

/* ---- server.c: libwebsockets ---- */
bool server_open(const char *path);
void server_want_write(struct lws *wsi);
/* As one message of a WebSocket, or as it is. false: close it. */
bool server_send(struct lws *wsi, const char *data, size_t len, bool is_socket);
bool server_is_full(struct lws *wsi);
/* Whether the other side has closed it. */
bool server_is_left(struct lws *wsi);
void server_close(struct lws *wsi); /* soon */
/* The closing message of a WebSocket, and its end. */
void server_say_close(struct lws *wsi, unsigned code);
/* Closes it after so many seconds; 0: never. */
void server_set_timeout(struct lws *wsi, int seconds);

/* ---- pump.c: libuv's loop inside ours ---- */
bool pump_open(void);
void *pump_loop(void); /* the uv_loop_t */
void pump_soon(void);  /* something was changed from outside of it */

#endif
