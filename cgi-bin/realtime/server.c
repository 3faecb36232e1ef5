/* server: libwebsockets on a Unix socket behind nginx. It speaks HTTP and
 * WebSocket; who may come and what they get is decided elsewhere. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "realtime.h"

enum { FRAME_MAX = 262144, DESCRIPTORS_MAX = 65536, HEAD_MAX = 16384, IN_MAX = 4096 };

/* Headers that lead to an answer, as libwebsockets and as FastCGI call them.
 * nginx adds those that begin with x-tulou, and passes none of that name on. */
static const struct {
    const char *name, *variable;
} passed[] = {{"x-tulou-uri:", "REQUEST_URI"},          {"x-tulou-method:", "REQUEST_METHOD"},
              {"x-tulou-remote:", "REMOTE_ADDR"},       {"x-tulou-scheme:", "REQUEST_SCHEME"},
              {"last-event-id:", "HTTP_LAST_EVENT_ID"}, {"x-tenant-slug:", "HTTP_X_TENANT_SLUG"},
              {"x-tenant-id:", "HTTP_X_TENANT_ID"},     {"sec-fetch-site:", "HTTP_SEC_FETCH_SITE"}};

static const struct {
    enum lws_token_indexes token;
    const char *variable;
} known[] = {{WSI_TOKEN_HOST, "HTTP_HOST"},
             {WSI_TOKEN_ORIGIN, "HTTP_ORIGIN"},
             {WSI_TOKEN_HTTP_COOKIE, "HTTP_COOKIE"},
             {WSI_TOKEN_HTTP_AUTHORIZATION, "HTTP_AUTHORIZATION"},
             {WSI_TOKEN_HTTP_USER_AGENT, "HTTP_USER_AGENT"}};

static unsigned char frame[LWS_PRE + FRAME_MAX];

static char *variable_of(const char *name, const char *value)
{
    struct buf text = {0};
    buf_printf(&text, "%s=%s", name, value);
    return text.data;
}

/* The head as FastCGI would give it, so that the request goes the way of all
 * others. One block for each variable; closed by NULL. */
static char **read_head(struct lws *wsi)
{
    static char value[HEAD_MAX];
    size_t count = 0;
    char **all = calloc(COUNT(passed) + COUNT(known) + 2, sizeof *all);
    for (size_t i = 0; all && i < COUNT(passed); i++) {
        int len = (int)strlen(passed[i].name);
        if (lws_hdr_custom_copy(wsi, value, sizeof value, passed[i].name, len) > 0)
            all[count++] = variable_of(passed[i].variable, value);
    }
    for (size_t i = 0; all && i < COUNT(known); i++)
        if (lws_hdr_copy(wsi, value, sizeof value, known[i].token) > 0)
            all[count++] = variable_of(known[i].variable, value);
    if (all)
        all[count] = variable_of("TULOU_STREAM", "yes"); /* see opening.c */
    return all;
}

/* What is kept of the head is ours; libwebsockets has few places for heads. */
static int take_request(struct lws *wsi, struct client **client, bool is_socket)
{
    char **environment = read_head(wsi);
    if (!is_socket)
        lws_http_headers_detach(wsi);
    *client = environment ? client_new(wsi, is_socket, environment) : NULL;
    return *client ? 0 : -1;
}

/* Browsers say which page opens a WebSocket, and send its host's cookies along:
 * so only our own pages may (RFC 6455 10.2). Programs send no origin. */
static bool is_own_origin(struct lws *wsi)
{
    static const char scheme_header[] = "x-tulou-scheme:";
    char origin[300], host[256], scheme[16], own[300];
    int len = lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN);
    if (len == 0 && lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
        return true;
    if (len <= 0 || lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) <= 0 ||
        lws_hdr_custom_copy(wsi, scheme, sizeof scheme, scheme_header, sizeof scheme_header - 1) <=
            0)
        return false;
    snprintf(own, sizeof own, "%s://%s", scheme, host);
    return strcasecmp(origin, own) == 0;
}

static int check_origin(struct lws *wsi)
{
    if (is_own_origin(wsi))
        return 0;
    lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, NULL);
    return -1;
}

static int hear(struct lws *wsi, struct client *client, const void *data, size_t len)
{
    bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    return client_hear(client, data, len, last) ? 0 : -1;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t len)
{
    struct client **client = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return take_request(wsi, client, false);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return check_origin(wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return take_request(wsi, client, true);
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return client && *client && client_write(*client) ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        return client && *client ? hear(wsi, *client, data, len) : -1;
    case LWS_CALLBACK_TIMER: /* see server_say_close() */
        return -1;
    case LWS_CALLBACK_HTTP_BODY:
        return 0; /* none is taken; the answer says so */
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (client && *client) {
            client_gone(*client);
            *client = NULL;
        }
        return 0;
    default:
        return 0;
    }
}

static void on_log(int level, const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    if (level & LLL_ERR)
        log_error("libwebsockets", "detail", text);
    else
        log_warn("libwebsockets", "detail", text);
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warn("the number of open files stays as it is");
}

bool server_open(const char *path)
{
    static const struct lws_protocols protocols[] = {
        {"tulou", on_event, sizeof(struct client *), IN_MAX, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0}};
    /* A WebSocket is pinged when nothing was heard of it for so long. */
    static const lws_retry_bo_t idle = {.secs_since_valid_ping = 15, .secs_since_valid_hangup = 45};
    void *loops[] = {pump_loop()};
    struct lws_context_creation_info info = {
        .port = 0, /* the path counts */
        .iface = path,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_UNIX_SOCK | LWS_SERVER_OPTION_LIBUV |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .gid = -1,
        .uid = -1,
        .max_http_header_data = HEAD_MAX,
        .max_http_header_pool = 64,
        .pt_serv_buf_size = 4096,
        .retry_and_idle_policy = &idle,
    };
    raise_limit();
    lws_set_log_level(LLL_ERR, on_log);
    struct lws_context *context = lws_create_context(&info);
    bool opened = context && lws_create_vhost(context, &info) && chmod(path, 0660) == 0;
    pump_soon();
    return opened;
}

void server_want_write(struct lws *wsi)
{
    lws_callback_on_writable(wsi);
    pump_soon();
}

bool server_is_full(struct lws *wsi)
{
    return lws_partial_buffered(wsi) || lws_send_pipe_choked(wsi);
}

bool server_send(struct lws *wsi, const char *data, size_t len, bool is_socket)
{
    if (len > FRAME_MAX)
        return false;
    memcpy(frame + LWS_PRE, data, len);
    return lws_write(wsi, frame + LWS_PRE, len, is_socket ? LWS_WRITE_TEXT : LWS_WRITE_HTTP) >=
           (int)len;
}

/* libwebsockets goes on writing to whoever has closed its side; of a WebSocket
 * it hears a closing message, or misses the pong. */
bool server_is_left(struct lws *wsi)
{
    char byte;
    return recv(lws_get_socket_fd(wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void server_close(struct lws *wsi)
{
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

/* From a timer: closed from a callback of its own, libwebsockets 4.1 (as Debian
 * has it) closes a connection twice, the second time without the message. */
void server_say_close(struct lws *wsi, unsigned code)
{
    lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
    lws_set_timer_usecs(wsi, 1);
}

void server_set_timeout(struct lws *wsi, int seconds)
{
    lws_set_timeout(wsi, seconds ? PENDING_TIMEOUT_USER_REASON_BASE : NO_PENDING_TIMEOUT, seconds);
}
