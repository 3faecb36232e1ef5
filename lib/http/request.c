/* request: method, path, host and headers. */
#include "http/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "http/header.h"

enum { PATH_MAX_BYTES = 2048, QUERY_MAX_BYTES = 8192, PARAMETERS_MAX = 100 };

static const char *const methods[] = {
    [HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",      [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS"};

const char *method_name(enum http_method method)
{
    return method < HTTP_OTHER ? methods[method] : "OTHER";
}

enum http_method method_of(const char *name)
{
    for (int i = HTTP_GET; i < HTTP_OTHER; i++)
        if (strcmp(methods[i], name) == 0)
            return (enum http_method)i;
    return HTTP_OTHER;
}

const char *request_variable(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    for (char **at = request->environment; at && *at; at++)
        if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
            return *at + len + 1;
    return NULL;
}

/* "If-Match" is HTTP_IF_MATCH (RFC 3875 4.1.18). */
static bool is_header(const char *variable, const char *name, const char **value)
{
    if (strncmp(variable, "HTTP_", 5) != 0)
        return false;
    for (variable += 5; *name; name++, variable++) {
        char c = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
        if (*variable != c)
            return false;
    }
    if (*variable != '=')
        return false;
    *value = variable + 1;
    return true;
}

const char *request_header(const struct request *request, const char *name)
{
    const char *value;
    for (char **at = request->environment; at && *at; at++)
        if (is_header(*at, name, &value))
            return *value ? value : NULL;
    return NULL;
}

const char *parameter_get(const struct parameter *list, const char *name)
{
    for (; list; list = list->next)
        if (strcmp(list->name, name) == 0)
            return list->value;
    return NULL;
}

const char *request_cookie(const struct request *request, const char *name)
{
    return parameter_get(request->cookies, name);
}

static bool segment_is_clean(const char *segment, size_t len)
{
    if (len == 0 || (len == 1 && segment[0] == '.') || (len == 2 && memcmp(segment, "..", 2) == 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)segment[i] < 0x20 || segment[i] == 0x7f || segment[i] == '\\')
            return false;
    return true;
}

/* Decoded; one slash may end it. An encoded slash would make two paths of one. */
static bool read_path(struct cx *cx, const char *raw, size_t len)
{
    if (len > PATH_MAX_BYTES)
        return fail(cx, 414, "path_too_long", "This address is too long.");
    for (size_t i = 0; i + 2 < len; i++)
        if (raw[i] == '%' && raw[i + 1] == '2' && (raw[i + 2] | 32) == 'f')
            return fail(cx, 400, "bad_path", "This address is malformed.");
    char *path = len > 0 && raw[0] == '/' ? text_url_decode(cx->arena, raw, len, false) : NULL;
    if (!path)
        return fail(cx, 400, "bad_path", "This address is malformed.");
    for (const char *at = path; *at == '/' && at[1];) {
        const char *end = strchrnul(at + 1, '/');
        if (!segment_is_clean(at + 1, (size_t)(end - at - 1)))
            return fail(cx, 400, "bad_path", "This address is malformed.");
        at = end;
    }
    cx->request.path = path;
    return true;
}

static bool read_target(struct cx *cx)
{
    struct request *request = &cx->request;
    const char *target = request_variable(request, "REQUEST_URI");
    if (!target)
        return fail(cx, 400, "bad_request", "The request has no address.");
    const char *mark = strchrnul(target, '?');
    request->query_string = *mark ? mark + 1 : "";
    if (!read_path(cx, target, (size_t)(mark - target)))
        return false;
    size_t len = strlen(request->query_string);
    if (len > QUERY_MAX_BYTES)
        return fail(cx, 414, "query_too_long", "The query is too long.");
    if (!parse_urlencoded(cx->arena, request->query_string, len, PARAMETERS_MAX, &request->query))
        return fail(cx, 400, "bad_query", "The query is malformed.");
    return true;
}

/* "[::1]" (RFC 3986 3.2.2). */
static bool is_literal(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (len < 2 || len - 2 >= sizeof text || host[len - 1] != ']')
        return false;
    memcpy(text, host + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* Labels between single dots; underscores are seen in names of machines. */
static bool is_name(const char *host, size_t len)
{
    if (len == 0 || len > 253)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool label_starts = i == 0 || host[i - 1] == '.';
        if (host[i] == '.' ? label_starts
                           : !isalnum((unsigned char)host[i]) && host[i] != '-' && host[i] != '_')
            return false;
    }
    return true;
}

static bool read_host(struct cx *cx)
{
    const char *host = request_header(&cx->request, "Host");
    if (!host)
        return fail(cx, 400, "bad_host", "The request names no host.");
    bool literal = host[0] == '[';
    const char *end = literal ? strchrnul(host, ']') : strchrnul(host, ':');
    if (*end == ']')
        end++;
    size_t size = (size_t)(end - host);
    int64_t port;
    if (!(literal ? is_literal(host, size) : is_name(host, size)) || (*end && *end != ':') ||
        (*end == ':' && !text_to_int(end + 1, 1, 65535, &port)))
        return fail(cx, 400, "bad_host", "The host's name is malformed.");
    char *name = text_lower(cx->arena, arena_copy(cx->arena, host, size));
    if (name[size - 1] == '.') /* the root's dot says nothing */
        name[size - 1] = '\0';
    cx->request.host = name;
    cx->request.origin_host = host;
    return true;
}

static bool read_cookies(struct cx *cx)
{
    const char *header = request_header(&cx->request, "Cookie");
    if (header && !parse_cookies(cx->arena, header, &cx->request.cookies))
        return fail(cx, 400, "bad_cookie", "The cookies are malformed.");
    return true;
}

/* RFC 2046 5.1.1. */
static bool is_boundary(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > 70 || text[len - 1] == ' ')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("'()+_,-./:=? ", *text))
            return false;
    return true;
}

/* "Multipart/Form-Data; boundary=x" */
static bool read_content_type(struct cx *cx)
{
    const char *type = request_variable(&cx->request, "CONTENT_TYPE");
    if (!type)
        type = "";
    const char *end = strchrnul(type, ';');
    cx->request.content_type = text_lower(
        cx->arena, text_trim(cx->arena, arena_copy(cx->arena, type, (size_t)(end - type))));
    if (strcmp(cx->request.content_type, "multipart/form-data") != 0) {
        if (header_parameter(cx->arena, end, "charset", &cx->request.charset) &&
            cx->request.charset)
            cx->request.charset = text_lower(cx->arena, cx->request.charset);
        return true;
    }
    const char *boundary;
    if (!header_parameter(cx->arena, end, "boundary", &boundary) ||
        (boundary && !is_boundary(boundary)))
        return fail(cx, 400, "bad_multipart", "The boundary of the multipart body is malformed.");
    cx->request.boundary = boundary;
    return true;
}

bool request_read_head(struct cx *cx, char **environment)
{
    struct request *request = &cx->request;
    request->environment = environment;
    request->body = request->content_type = request->query_string = "";
    request->host = request->origin_host = "";
    const char *method = request_variable(request, "REQUEST_METHOD");
    const char *remote = request_variable(request, "REMOTE_ADDR");
    const char *scheme = request_variable(request, "REQUEST_SCHEME");
    request->method = method_of(method ? method : "");
    request->remote = remote ? remote : "";
    request->scheme = scheme && strcmp(scheme, "https") == 0 ? "https" : "http";
    return read_target(cx) && read_host(cx) && read_cookies(cx) && read_content_type(cx);
}
