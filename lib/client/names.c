/* From c-ares 1.28 on the calls below have successors, which older ones lack. */
#define CARES_NO_DEPRECATED
#include "client/names.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"

enum { TRY_MS = 1500, TRIES = 2, SOCKETS_MAX = 16, LONGEST_WAIT_S = 2 };

struct lookup;

struct place {
    struct lookup *lookup;
    int fd;
    struct watch *watch; /* NULL: free */
};

/* One question has a channel of its own: nothing outlives it, and a change of
 * resolv.conf is seen by the next. */
struct lookup {
    ares_channel channel;
    struct arena *arena;
    struct coroutine *waiting;
    struct timer *timer;
    struct place places[SOCKETS_MAX];
    enum name_status status;
    bool done;
    struct name_texts *texts; /* what was asked: these, or the address */
    const char **address;
};

/* ---- the loop ---- */

static void go_on(struct lookup *lookup, int readable, int writable)
{
    ares_process_fd(lookup->channel, readable, writable);
    coroutine_wake(lookup->waiting);
}

static void ready(void *arg, uint32_t events)
{
    struct place *place = arg;
    int fd = place->fd;
    go_on(place->lookup, events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
          events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

static void time_passed(void *arg)
{
    struct lookup *lookup = arg;
    lookup->timer = NULL;
    go_on(lookup, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static struct place *place_of(struct lookup *lookup, int fd)
{
    struct place *free_one = NULL;
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        struct place *place = &lookup->places[i];
        if (place->watch && place->fd == fd)
            return place;
        if (!place->watch && !free_one)
            free_one = place;
    }
    return free_one;
}

/* c-ares says what it waits for; neither: the socket is about to be closed. A
 * socket beyond our places is only looked at when time has passed. */
static void want(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct lookup *lookup = arg;
    struct place *place = place_of(lookup, fd);
    uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
    if (!place)
        return;
    if (events == 0) {
        watch_remove(place->watch);
        place->watch = NULL;
    } else if (place->watch) {
        watch_change(place->watch, events);
    } else {
        *place = (struct place){.lookup = lookup, .fd = fd};
        place->watch = watch_add(fd, events, ready, place);
    }
}

static void wait_for(struct lookup *lookup)
{
    while (!lookup->done) {
        struct timeval most = {.tv_sec = LONGEST_WAIT_S}, next;
        ares_timeout(lookup->channel, &most, &next);
        lookup->timer = timer_add(next.tv_sec * 1000000L + next.tv_usec, time_passed, lookup);
        bool waited = coroutine_wait();
        timer_remove(lookup->timer);
        lookup->timer = NULL;
        if (!waited)
            break; /* given up: what comes of it is nobody's business any more */
    }
}

/* ---- a question ---- */

static bool open_channel(struct lookup *lookup)
{
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                   .timeout = TRY_MS,
                                   .tries = TRIES,
                                   .lookups = (char[]){"b"},
                                   .sock_state_cb = want,
                                   .sock_state_cb_data = lookup};
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                ARES_OPT_SOCK_STATE_CB;
    const char *servers = config_text(CONFIG_TULOU_DNS);
    if (ares_init_options(&lookup->channel, &options, given) != ARES_SUCCESS)
        return false;
    if (!*servers || ares_set_servers_ports_csv(lookup->channel, servers) == ARES_SUCCESS)
        return true;
    log_error("TULOU_DNS is no list of servers", "value", servers);
    ares_destroy(lookup->channel);
    return false;
}

static enum name_status status_of(int status)
{
    if (status == ARES_SUCCESS)
        return NAME_FOUND;
    return status == ARES_ENODATA || status == ARES_ENOTFOUND ? NAME_NONE : NAME_UNKNOWN;
}

static void take_texts(struct lookup *lookup, const struct ares_txt_ext *list)
{
    struct name_texts *out = lookup->texts;
    struct buf text = {0};
    for (const struct ares_txt_ext *part = list; part && out->count < NAME_TEXTS_MAX;
         part = part->next) {
        if (part->record_start)
            buf_init(&text, lookup->arena);
        buf_add(&text, (const char *)part->txt, part->length);
        if (!part->next || part->next->record_start)
            out->texts[out->count++] = text.data ? text.data : "";
    }
}

static void heard_texts(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
    struct lookup *lookup = arg;
    struct ares_txt_ext *list = NULL;
    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = ares_parse_txt_reply_ext(answer, len, &list);
    if (status == ARES_SUCCESS)
        take_texts(lookup, list);
    ares_free_data(list);
    lookup->status = status_of(status);
    lookup->done = true;
}

static const char *address_text(struct arena *arena, const struct ares_addrinfo_node *node)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr *address = node->ai_addr;
    const void *bytes = node->ai_family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
    inet_ntop(node->ai_family, bytes, text, sizeof text);
    return arena_text(arena, text);
}

static void heard_address(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct lookup *lookup = arg;
    const struct ares_addrinfo_node *best = found ? found->nodes : NULL;
    (void)timeouts;
    for (const struct ares_addrinfo_node *it = best; it; it = it->ai_next)
        if (it->ai_family == AF_INET && best->ai_family != AF_INET)
            best = it;
    if (best)
        *lookup->address = address_text(lookup->arena, best);
    ares_freeaddrinfo(found);
    lookup->status = status == ARES_SUCCESS && !best ? NAME_NONE : status_of(status);
    lookup->done = true;
}

static enum name_status ask(struct lookup *lookup, const char *name)
{
    static const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC};
    lookup->waiting = coroutine_current();
    lookup->status = NAME_UNKNOWN;
    if (!open_channel(lookup))
        return NAME_UNKNOWN;
    if (lookup->texts)
        ares_query(lookup->channel, name, 1 /* IN */, 16 /* TXT */, heard_texts, lookup);
    else
        ares_getaddrinfo(lookup->channel, name, NULL, &hints, heard_address, lookup);
    wait_for(lookup);
    ares_destroy(lookup->channel);
    return lookup->status;
}

enum name_status names_texts(struct arena *arena, const char *name, struct name_texts *out)
{
    struct lookup lookup = {.arena = arena, .texts = out};
    *out = (struct name_texts){.count = 0};
    return ask(&lookup, name);
}

enum name_status names_address(struct arena *arena, const char *name, const char **address)
{
    struct lookup lookup = {.arena = arena, .address = address};
    *address = NULL;
    return ask(&lookup, name);
}
