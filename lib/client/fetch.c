/* fetch: one HTTP request to somebody else's server (RFC 9110). */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/language.h"
#include "base/text.h"
#include "client/client.h"
#include "client/internal.h"

enum { TIMEOUT_S = 10, BODY_MAX = 1024 * 1024, HEADERS_MAX = 64 * 1024 };

struct fetch {
    const struct client_request *request;
    struct client_answer *answer;
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    struct buf body;
    size_t headers_len;
    int64_t sent;        /* of a body that is read from a descriptor */
    const char *refused; /* why we ended it ourselves */
    char detail[CURL_ERROR_SIZE];
};

/* ---- what is allowed ---- */

static bool private_allowed(void)
{
    return strcmp(config_text(CONFIG_TULOU_ALLOW_PRIVATE), "1") == 0;
}

static const char *why_not(const struct fetch *fetch, const struct sockaddr *address)
{
    unsigned flags = fetch->request->flags;
    if ((flags & CLIENT_HTTPS_ONLY) && strncasecmp(fetch->request->url, "https:", 6) != 0 &&
        !address_is_loopback(address))
        return SAID("the address must begin with https");
    if ((flags & CLIENT_OUTSIDE) && !private_allowed() && !address_is_public(address))
        return SAID("the address leads into a private network");
    return NULL;
}

/* libcurl asks for each connection, with the address that it looked up. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetch *fetch = arg;
    (void)purpose;
    fetch->refused = why_not(fetch, &address->addr);
    if (fetch->refused)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static const char *protocols(const struct client_request *request)
{
    return (request->flags & CLIENT_HTTPS_ONLY) && !private_allowed() ? "https" : "http,https";
}

/* ---- the answer ---- */

static size_t take_body(char *data, size_t one, size_t len, void *arg)
{
    struct fetch *fetch = arg;
    size_t most = fetch->request->body_max ? fetch->request->body_max : BODY_MAX;
    (void)one;
    if (len > most - fetch->body.len) {
        fetch->refused = "the answer is too long";
        return 0;
    }
    buf_add(&fetch->body, data, len);
    return len;
}

static size_t take_header(char *data, size_t one, size_t len, void *arg)
{
    struct fetch *fetch = arg;
    (void)data;
    (void)one;
    fetch->headers_len += len;
    if (fetch->headers_len <= HEADERS_MAX)
        return len;
    fetch->refused = "the answer's header is too long";
    return 0;
}

static void fill(struct fetch *fetch, struct arena *arena)
{
    struct client_answer *answer = fetch->answer;
    long status = 0;
    char *type = NULL;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(fetch->easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer->status = (int)status;
    answer->content_type = type ? arena_text(arena, type) : "";
    answer->retry_after_s = (int64_t)retry_after;
    if (fetch->body.len > 0) {
        answer->body = fetch->body.data;
        answer->body_len = fetch->body.len;
    }
}

/* ---- the request ---- */

/* A value from outside could begin a header, or a request, of its own. */
static bool is_one_line(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at < ' ' && *at != '\t') || *at == 0x7f)
            return false;
    return true;
}

static const char *malformed(const struct client_request *request)
{
    if (!is_one_line(request->url) || (request->method && !is_one_line(request->method)))
        return SAID("the address is malformed");
    for (const char *const *it = request->headers; it && *it; it++)
        if (!is_one_line(*it))
            return SAID("a header has more than one line");
    return NULL;
}

static bool add_header(struct fetch *fetch, const char *line)
{
    struct curl_slist *more = curl_slist_append(fetch->headers, line);
    if (more)
        fetch->headers = more;
    return more != NULL;
}

/* An "Expect: 100-continue" would only cost a round trip. */
static bool add_headers(struct fetch *fetch)
{
    bool all = add_header(fetch, "Expect:");
    for (const char *const *it = fetch->request->headers; it && *it; it++)
        all = all && add_header(fetch, *it);
    curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, fetch->headers);
    return all;
}

static size_t give_body(char *out, size_t one, size_t len, void *arg)
{
    struct fetch *fetch = arg;
    int64_t left = fetch->request->body_fd_len - fetch->sent;
    size_t most = (int64_t)(one * len) < left ? one * len : (size_t)left;
    ssize_t got = pread(fetch->request->body_fd, out, most, fetch->sent);
    if (got < 0 || (got == 0 && left > 0))
        return CURL_READFUNC_ABORT;
    fetch->sent += got;
    return (size_t)got;
}

/* When a kept connection turns out to be closed, libcurl begins anew on another. */
static int seek_body(void *arg, curl_off_t to, int from)
{
    struct fetch *fetch = arg;
    if (from != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    fetch->sent = to;
    return CURL_SEEKFUNC_OK;
}

static void set_body_of_descriptor(struct fetch *fetch)
{
    curl_easy_setopt(fetch->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(fetch->easy, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t)fetch->request->body_fd_len);
    curl_easy_setopt(fetch->easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(fetch->easy, CURLOPT_READDATA, fetch);
    curl_easy_setopt(fetch->easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(fetch->easy, CURLOPT_SEEKDATA, fetch);
}

static void set_method(struct fetch *fetch)
{
    const struct client_request *request = fetch->request;
    if (request->body_fd_len > 0) {
        set_body_of_descriptor(fetch);
    } else if (request->body) {
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    } else if (text_equal(request->method, "HEAD")) {
        curl_easy_setopt(fetch->easy, CURLOPT_NOBODY, 1L);
    }
    if (request->method)
        curl_easy_setopt(fetch->easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Host and port stay as the URL says, also for TLS: "HOST:PORT:ADDRESS:PORT", in
 * which what is empty is any, and the same. */
static bool set_address(struct fetch *fetch)
{
    char line[128];
    const char *address = fetch->request->address;
    if (!address)
        return true;
    bool literal = strchr(address, ':') != NULL;
    snprintf(line, sizeof line, literal ? "::[%s]:" : "::%s:", address);
    fetch->connect_to = curl_slist_append(NULL, line);
    curl_easy_setopt(fetch->easy, CURLOPT_CONNECT_TO, fetch->connect_to);
    return fetch->connect_to != NULL;
}

static bool set_up(struct fetch *fetch)
{
    CURL *easy = fetch->easy;
    const struct client_request *request = fetch->request;
    curl_set_common(easy, fetch->detail, request->timeout_s ? request->timeout_s : TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols(request));
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Tulou");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    set_method(fetch);
    return add_headers(fetch) && set_address(fetch) &&
           curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static const char *transfer(struct fetch *fetch, struct arena *arena)
{
    CURLcode result;
    if (!set_up(fetch))
        return SAID("the request could not be made");
    enum client_pool pool = fetch->request->flags & CLIENT_OUTSIDE ? POOL_OUTSIDE : POOL_INSIDE;
    if (!multi_perform(pool, fetch->easy, &result))
        return SAID("the request was given up");
    if (result == CURLE_OK)
        return NULL;
    return fetch->refused ? fetch->refused : curl_problem(arena, result, fetch->detail);
}

bool client_fetch(struct arena *arena, const struct client_request *request,
                  struct client_answer *answer)
{
    struct fetch fetch = {.request = request, .answer = answer};
    *answer = (struct client_answer){.body = "", .content_type = ""};
    answer->problem = malformed(request);
    if (answer->problem)
        return false;
    if (!curl_ready() || !(fetch.easy = curl_easy_init())) {
        answer->problem = SAID("the request could not be made");
        return false;
    }
    buf_init(&fetch.body, arena);
    answer->problem = transfer(&fetch, arena);
    if (!answer->problem)
        fill(&fetch, arena);
    curl_easy_cleanup(fetch.easy);
    curl_slist_free_all(fetch.headers);
    curl_slist_free_all(fetch.connect_to);
    return answer->problem == NULL;
}
