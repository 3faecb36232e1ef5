/* fastcgi: the web server's side of the protocol, as far as tests need it
 * (FastCGI specification 1.0, sections 3 and 5). One request at a time on a
 * connection, request id 1, as nginx does. */
#ifndef TESTS_FASTCGI_H
#define TESTS_FASTCGI_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { KEEP = 1, CLOSE = 0, PATIENCE_MS = 20000 };

struct reply {
    char text[512 * 1024]; /* headers and body */
    size_t len;
    int status; /* 0: the connection was closed without an answer */
    const char *body;
};

static inline struct sockaddr_un socket_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static inline int dial(const char *path)
{
    struct sockaddr_un address = socket_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline size_t put_record(char *out, int type, const void *data, size_t len)
{
    const char header[8] = {1, (char)type, 0, 1, (char)(len >> 8), (char)len, 0, 0};
    memcpy(out, header, sizeof header);
    if (len > 0)
        memcpy(out + sizeof header, data, len);
    return sizeof header + len;
}

static inline size_t put_parameter(char *out, const char *name, const char *value)
{
    out[0] = (char)strlen(name);
    out[1] = (char)strlen(value);
    return 2 + (size_t)sprintf(out + 2, "%s%s", name, value);
}

/* Everything up to the body: begin and parameters. */
static inline size_t put_head(char *out, const char *method, const char *uri, int keep)
{
    const char begin[8] = {0, 1, (char)keep};
    char parameters[512];
    size_t len = put_parameter(parameters, "REQUEST_METHOD", method);
    len += put_parameter(parameters + len, "REQUEST_URI", uri);
    len += put_parameter(parameters + len, "CONTENT_TYPE", "text/csv");
    len += put_parameter(parameters + len, "HTTP_HOST", "localhost");
    size_t size = put_record(out, BEGIN_REQUEST, begin, sizeof begin);
    size += put_record(out + size, PARAMS, parameters, len);
    return size + put_record(out + size, PARAMS, NULL, 0);
}

static inline bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool send_request(int fd, const char *uri, const char *body, size_t len, int keep)
{
    enum { PIECE = 32768 };
    static char out[PIECE + 1024];
    size_t size = put_head(out, len > 0 ? "POST" : "GET", uri, keep);
    for (size_t piece; len > 0; len -= piece, body += piece, size = 0) {
        piece = len < PIECE ? len : PIECE;
        size += put_record(out + size, STDIN, body, piece);
        if (!send_all(fd, out, size))
            return false;
    }
    size += put_record(out + size, STDIN, NULL, 0);
    return send_all(fd, out, size);
}

static inline bool receive(int fd, void *data, size_t len)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    for (char *at = data; len > 0;) {
        ck_assert_msg(poll(&poll_fd, 1, PATIENCE_MS) == 1, "no answer");
        ssize_t got = recv(fd, at, len, 0);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static inline const struct reply *read_reply(int fd)
{
    static struct reply reply;
    unsigned char header[8];
    reply.len = 0;
    reply.status = 0;
    reply.body = "";
    while (receive(fd, header, sizeof header)) {
        size_t len = (size_t)header[4] << 8 | header[5];
        ck_assert_uint_lt(reply.len + len + header[6], sizeof reply.text);
        if (!receive(fd, reply.text + reply.len, len + header[6]))
            break;
        if (header[1] == STDOUT)
            reply.len += len;
        if (header[1] != END_REQUEST)
            continue;
        reply.text[reply.len] = '\0';
        ck_assert_int_eq(sscanf(reply.text, "Status: %d", &reply.status), 1);
        const char *blank = strstr(reply.text, "\r\n\r\n");
        ck_assert_ptr_nonnull(blank);
        reply.body = blank + 4;
        break;
    }
    return &reply;
}

static inline const struct reply *ask_with(int fd, const char *uri, const char *body, size_t len)
{
    ck_assert(send_request(fd, uri, body, len, KEEP));
    return read_reply(fd);
}

static inline const struct reply *ask(int fd, const char *uri)
{
    return ask_with(fd, uri, NULL, 0);
}

static inline bool is_closed(int fd)
{
    char c;
    return !receive(fd, &c, 1);
}

#endif
