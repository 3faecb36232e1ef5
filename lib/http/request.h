/* request: what the client sent, checked for form but not for meaning.
 *
 * Limits: path 2 KiB, query 8 KiB, headers as nginx passes them, 100 query or
 * form parameters, body 1 MiB unless the route says otherwise (nginx refuses
 * more than the largest of all with 413 itself).
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cx;
struct FCGX_Request;

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER
};

struct parameter {
    const char *name, *value; /* decoded, valid UTF-8, no NUL */
    struct parameter *next;   /* in order of appearance */
};

struct upload {
    const char *name;      /* of the form field */
    const char *file_name; /* as sent, base name only, for display */
    const char *type;      /* as sent; never trusted */
    const char *data;      /* the content when held in memory, else NULL */
    const char *path; /* of the temporary file above 64 KiB, else NULL; removed with the arena */
    size_t size;
    struct upload *next;
};

struct request {
    enum http_method method;
    const char *path;         /* decoded, "/"-separated, no "." or ".." or empty segments */
    const char *query_string; /* raw, maybe "" */
    const char *host;         /* lower case, without port */
    const char *origin_host;  /* as sent in Host, with port */
    const char *scheme;       /* "http" or "https" */
    const char *remote;       /* address of the client */
    const char *content_type; /* lower case, without parameters; "" when none */
    const char *charset;      /* of the Content-Type, lower case; NULL: it says none */
    const char *boundary;     /* of multipart, or NULL */
    const char *body;         /* whole body when not multipart; never NULL */
    size_t body_len;
    struct parameter *query;
    struct parameter *form; /* urlencoded or multipart fields */
    struct upload *uploads;
    struct parameter *cookies;
    char **environment; /* FastCGI parameters; see request_header() */
};

/* Fills cx->request from FastCGI parameters (NAME=value, NULL-terminated).
 * false with cx->failure set: 400, 414. The body is not read yet. */
bool request_read_head(struct cx *cx, char **environment);

/* Reads and parses the body through read(source, data, size) (0 at the end, -1
 * on error), within `limit` bytes, by its content type. false: 400, 413, 415. */
typedef long body_reader(void *source, void *data, size_t size);
bool request_read_body(struct cx *cx, body_reader *read, void *source, size_t limit);

/* Lower-case hex of SHA-256 over the body that was read; of a multipart body over
 * its names, values and files, since the same is sent again with another
 * boundary. false: 500, a file of it cannot be read again. */
bool request_body_sha256(struct cx *cx, char out[static 65]);

/* What nginx says of the request: the FastCGI parameter of that name, NULL when absent. No client
 * can set one, whose headers all begin with HTTP_. */
const char *request_variable(const struct request *request, const char *name);
/* Value of a header by its usual name ("If-Match"), NULL when absent. */
const char *request_header(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name);
const char *parameter_get(const struct parameter *list, const char *name); /* first; NULL */
const char *method_name(enum http_method method);
enum http_method method_of(const char *name);

/* The parsers, for tests and fuzzing. NULL-safe; false on malformed input. */
bool parse_urlencoded(struct arena *arena, const char *data, size_t len, size_t max,
                      struct parameter **out);
bool parse_cookies(struct arena *arena, const char *header, struct parameter **out);
struct multipart_result {
    struct parameter *fields;
    struct upload *uploads;
    const char *problem; /* stable code when false was returned */
};
/* RFC 7578; parts above 64 KiB go to files in `folder`. */
bool parse_multipart(struct arena *arena, const char *boundary, body_reader *read, void *source,
                     size_t limit, const char *folder, struct multipart_result *result);

#endif
