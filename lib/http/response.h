/* response: status, headers and body, sent when the handler has returned, or by stream_write()
 * (http/server.h) while it runs.
 *
 * JSON success is written by the handler between respond_begin() and
 * respond_end(), or whole by respond_*; the envelope is api.md's. Failures are
 * written by the area from cx->failure; a handler never writes one itself.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

struct cx;

struct header {
    const char *name, *value;
    struct header *next;
};

struct response {
    int status; /* 0 until answered */
    const char *type;
    struct header *headers, *last;
    struct buf body;
    struct json json; /* writes into body */
    bool no_body;     /* 204, 304, HEAD */
    bool begun;       /* the head is sent, and the body follows by stream_write() */
};

/* Adds a header; one with CR, LF or NUL in it is refused (assert in tests, dropped and logged). */
void response_header(struct cx *cx, const char *name, const char *value);
void response_header_set(struct cx *cx, const char *name, const char *value); /* replaces */

/* {"success":true,"data": … } : begin, write one value with the writer, end. */
struct json *respond_begin(struct cx *cx, int status);
bool respond_end(struct cx *cx); /* returns true */
/* As respond_end with "meta" from a list; counts < 0 are left out. */
struct list_meta {
    int64_t page, limit, total;
    const char *next_cursor; /* NULL: null */
    bool more;               /* than `total`, where counting ended */
};
bool respond_end_list(struct cx *cx, const struct list_meta *meta);

bool respond_nothing(struct cx *cx);                        /* 204 */
bool respond_html(struct cx *cx, int status);               /* body was written to response.body */
bool respond_redirect(struct cx *cx, const char *location); /* 303; local paths only */
/* 303 to another site, http or https: only to addresses that are configured, never to one
 * that the request brought. */
bool respond_redirect_out(struct cx *cx, const char *url);
/* A file to save; body is in response.body. */
bool respond_file(struct cx *cx, const char *type, const char *file_name);

/* HttpOnly, SameSite=Lax, Path=/; Secure and the __Host- prefix under https. max_age 0 removes. */
void response_cookie(struct cx *cx, const char *name, const char *value, int64_t max_age_s);
/* The same, sent back to addresses below `path` only, which a __Host- name cannot be. */
void response_cookie_below(struct cx *cx, const char *path, const char *name, const char *value,
                           int64_t max_age_s);
/* The name with its __Host- prefix when the request came by https. */
const char *cookie_name(const struct cx *cx, const char *name);

/* {"success":false,"error":…} from cx->failure. */
void response_write_failure(struct cx *cx);
/* Status line, headers and body as FastCGI wants them, through write(sink,…); without a length
 * when the answer has begun, since more follows. */
bool response_send(struct cx *cx, bool (*write)(void *sink, const void *data, size_t len),
                   void *sink);
const char *http_reason(int status);

#endif
