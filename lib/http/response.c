#include "http/response.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

const char *http_reason(int status)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

static bool header_is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool may_send(const char *name, const char *value)
{
    if (value && header_is_clean(value))
        return true;
    log_warn("a header without value or with control characters was left out", "header", name);
    return false;
}

void response_header(struct cx *cx, const char *name, const char *value)
{
    struct response *response = &cx->response;
    if (!may_send(name, value))
        return;
    struct header *header = arena_alloc(cx->arena, sizeof *header);
    *header = (struct header){name, value, NULL};
    if (response->last)
        response->last->next = header;
    else
        response->headers = header;
    response->last = header;
}

void response_header_set(struct cx *cx, const char *name, const char *value)
{
    for (struct header *header = cx->response.headers; header; header = header->next)
        if (strcasecmp(header->name, name) == 0) {
            if (may_send(name, value))
                header->value = value;
            return;
        }
    response_header(cx, name, value);
}

struct json *respond_begin(struct cx *cx, int status)
{
    struct response *response = &cx->response;
    response->status = status;
    response->type = "application/json";
    buf_clear(&response->body);
    json_start(&response->json, &response->body);
    json_open_object(&response->json);
    json_pair_bool(&response->json, "success", true);
    json_key(&response->json, "data");
    return &response->json;
}

bool respond_end(struct cx *cx)
{
    json_close_object(&cx->response.json);
    return true;
}

bool respond_end_list(struct cx *cx, const struct list_meta *meta)
{
    struct json *json = &cx->response.json;
    json_key(json, "meta");
    json_open_object(json);
    if (meta->page > 0)
        json_pair_int(json, "page", meta->page);
    json_pair_int(json, "limit", meta->limit);
    if (meta->total >= 0) {
        json_pair_int(json, "total", meta->total);
        json_pair_int(json, "totalPages",
                      meta->limit > 0 ? (meta->total + meta->limit - 1) / meta->limit : 0);
        if (meta->more)
            json_pair_bool(json, "totalIsAtLeast", true);
    }
    json_pair(json, "nextCursor", meta->next_cursor);
    json_close_object(json);
    return respond_end(cx);
}

bool respond_nothing(struct cx *cx)
{
    cx->response.status = 204;
    cx->response.no_body = true;
    return true;
}

bool respond_html(struct cx *cx, int status)
{
    cx->response.status = status;
    cx->response.type = "text/html; charset=utf-8";
    return true;
}

/* Browsers take a backslash for a slash and drop tabs and line ends, so that
 * "/\t/x" would lead to the host x (WHATWG URL 4.4). */
static bool is_local(const char *location)
{
    return location[0] == '/' && location[1] != '/' && location[1] != '\\' &&
           header_is_clean(location);
}

bool respond_redirect(struct cx *cx, const char *location)
{
    cx->response.status = 303;
    cx->response.no_body = true;
    response_header_set(cx, "Location", is_local(location) ? location : "/");
    return true;
}

bool respond_redirect_out(struct cx *cx, const char *url)
{
    bool web = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    cx->response.status = 303;
    cx->response.no_body = true;
    response_header_set(cx, "Location", web && header_is_clean(url) ? url : "/");
    return true;
}

/* RFC 6266: a plain name for all, the exact one in UTF-8 (RFC 8187). */
bool respond_file(struct cx *cx, const char *type, const char *file_name)
{
    struct buf value;
    buf_init(&value, cx->arena);
    buf_puts(&value, "attachment; filename=\"");
    for (const char *c = file_name; *c; c++)
        buf_putc(&value, *c >= ' ' && *c < 0x7f && !strchr("\"\\/", *c) ? *c : '_');
    buf_puts(&value, "\"; filename*=UTF-8''");
    text_url(&value, file_name);
    cx->response.status = 200;
    cx->response.type = type;
    response_header_set(cx, "Content-Disposition", value.data);
    return true;
}

static bool is_https(const struct cx *cx)
{
    return strcmp(cx->request.scheme, "https") == 0;
}

const char *cookie_name(const struct cx *cx, const char *name)
{
    return is_https(cx) ? arena_printf(cx->arena, "__Host-%s", name) : name;
}

/* cookie-octet of RFC 6265 4.1.1. */
static bool is_cookie_value(const char *value)
{
    for (; *value; value++)
        if (*value <= ' ' || *value >= 0x7f || strchr("\",;\\", *value))
            return false;
    return true;
}

void response_cookie_below(struct cx *cx, const char *path, const char *name, const char *value,
                           int64_t max_age_s)
{
    if (!is_cookie_value(value) || !is_cookie_value(path)) {
        log_warn("a cookie with a malformed value was left out", "cookie", name);
        return;
    }
    bool host_only = strncmp(name, "__Host-", 7) == 0;
    response_header(cx, "Set-Cookie",
                    arena_printf(cx->arena,
                                 "%s=%s; Path=%s; HttpOnly; SameSite=Lax; Max-Age=%lld%s", name,
                                 value, path, (long long)max_age_s,
                                 host_only || is_https(cx) ? "; Secure" : ""));
}

void response_cookie(struct cx *cx, const char *name, const char *value, int64_t max_age_s)
{
    response_cookie_below(cx, "/", name, value, max_age_s);
}

static void write_details(struct json *json, const struct failure_detail *detail)
{
    json_key(json, "details");
    json_open_array(json);
    for (; detail; detail = detail->next) {
        json_open_object(json);
        json_pair(json, "in", detail->in);
        json_pair(json, "field", detail->field);
        if (detail->resource) {
            json_pair(json, "resource", detail->resource);
            json_pair_int(json, "count", detail->count);
        }
        json_pair(json, "code", detail->code);
        json_pair(json, "message", detail->message);
        if (detail->allowed) {
            json_key(json, "allowed");
            json_put_raw(json, detail->allowed, strlen(detail->allowed));
        }
        json_close_object(json);
    }
    json_close_array(json);
}

void response_write_failure(struct cx *cx)
{
    struct response *response = &cx->response;
    struct json json;
    response->status = cx->failure.status;
    response->type = "application/json";
    response->no_body = false;
    buf_clear(&response->body);
    json_start(&json, &response->body);
    json_open_object(&json);
    json_pair_bool(&json, "success", false);
    json_key(&json, "error");
    json_open_object(&json);
    json_pair(&json, "message", cx_text(cx, cx->failure.message));
    json_pair(&json, "code", cx->failure.code);
    json_pair(&json, "documentationUrl",
              arena_printf(cx->arena, "/api/docs/errors#%s", cx->failure.code));
    if (cx->failure.details)
        write_details(&json, cx->failure.details);
    if (cx->failure.quota) {
        json_key(&json, "quota");
        json_put_raw(&json, cx->failure.quota, strlen(cx->failure.quota));
    }
    json_pair_int(&json, "statusCode", cx->failure.status);
    json_pair(&json, "requestId", cx->request_id);
    json_close_object(&json);
    json_close_object(&json);
}

bool response_send(struct cx *cx, bool (*write)(void *sink, const void *data, size_t len),
                   void *sink)
{
    const struct response *response = &cx->response;
    bool body = !response->no_body && response->status != 204 && response->status != 304;
    struct buf head;
    buf_init(&head, cx->arena);
    buf_puts(&head, "Status: ");
    buf_int(&head, response->status);
    buf_putc(&head, ' ');
    buf_puts(&head, http_reason(response->status));
    if (body && response->type) {
        buf_puts(&head, "\r\nContent-Type: ");
        buf_puts(&head, response->type);
    }
    if (body && !response->begun) {
        buf_puts(&head, "\r\nContent-Length: ");
        buf_int(&head, (int64_t)response->body.len);
    }
    for (const struct header *header = response->headers; header; header = header->next) {
        buf_puts(&head, "\r\n");
        buf_puts(&head, header->name);
        buf_puts(&head, ": ");
        buf_puts(&head, header->value);
    }
    buf_puts(&head, "\r\n\r\n");
    if (!write(sink, head.data, head.len))
        return false;
    bool silent = !body || cx->request.method == HTTP_HEAD;
    return silent || write(sink, response->body.data, response->body.len);
}
