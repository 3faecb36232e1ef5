/* cx: the context of one request; every handler gets it and nothing else.
 *
 * It is filled from left to right on the request's way: http fills request and
 * route, access fills tenant, session and db, resource fills input. All that
 * it points to lives in its arena.
 */
#ifndef HTTP_CX_H
#define HTTP_CX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/uuid.h"
#include "db/db.h"
#include "http/request.h"
#include "http/response.h"
#include "http/route.h"

struct language;   /* base/language.h */
struct tenant;     /* access/tenant.h */
struct session;    /* access/session.h */
struct input;      /* resource/input.h */
struct grant;      /* access/grant.h */
struct custom_pin; /* resource/custom.c */
struct given;      /* resource/resource.h */

/* Of a field of the input; or of a resource whose records stand in the way of a deletion: how many,
 * and the page that lists them. */
struct failure_detail {
    const char *in; /* "body", "query" or "path" */
    const char *field, *code, *message;
    const char *allowed; /* a JSON array of the values that would do, or NULL */
    struct failure_detail *next;
    const char *resource, *path;
    int64_t count;
};

struct failure {
    int status; /* 0: none */
    const char *code;
    const char *message;
    struct failure_detail *details, *last;
    const char *quota; /* of quota_exceeded: a JSON object of its key, limit and used; else NULL */
};

struct cx {
    struct arena *arena;
    const struct language *language; /* of whoever reads the answer; NULL: English */
    struct request request;
    struct response response;
    const struct route *route;
    const char *path[ROUTE_PARAMS_MAX]; /* values of :names, decoded, in order */
    const struct tenant *tenant;
    const struct session *session; /* NULL: not signed in */
    struct db db;                  /* role and tenant as the route's scope says */
    struct input *input;
    struct grant *grant;       /* NULL: no role is being changed */
    struct custom_pin *custom; /* the tenant's fields that it has read */
    struct given *given;       /* see record_give(); NULL: nothing */
    struct failure failure;
    char request_id[UUID_SIZE];
    int64_t started_us;              /* monotonic */
    bool is_page;                    /* answer errors with a page instead of JSON */
    void (*end_head)(struct cx *cx); /* adds what every answer's head has; NULL: nothing */
    const struct area *area;
};

/* The value of the path parameter `name` (without the colon); never NULL for a
 * name the route has (asserted). */
const char *cx_path(const struct cx *cx, const char *name);

/* ---- what is said, in cx->language (base/language.h) ----
 * Texts are written in English at their place; `make texts` finds them there. */
const char *cx_text(const struct cx *cx, const char *english);
/* printf of a translated format. An argument that is a constant of the program is translated as
 * well ("New %s" with the noun of a resource), and a translation may order them anew ("%2$s"). */
const char *cx_printf(const struct cx *cx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *cx_vprintf(const struct cx *cx, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* That of the two which goes with the number. */
const char *cx_plural(const struct cx *cx, int64_t number, const char *one, const char *many);
/* The title of a resource within a sentence: "leads", and "Leads" where nouns are capital. */
const char *cx_in_sentence(const struct cx *cx, const char *title);

/* Records why the request fails and returns false, so that a handler can say
 * `return fail(cx, 409, "slug_taken", "…")`. The first failure stands. `code`
 * is a stable snake_case word (listed in the documentation); the message is for people, in
 * cx->language. */
bool fail(struct cx *cx, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds what stands in the way of a deletion and makes the failure 409 in_use. `resource` NULL: of
 * records that may not be seen; `path` NULL: there is no page. */
bool fail_in_use(struct cx *cx, const char *resource, int64_t count, const char *path,
                 const char *message);
/* Adds a row to `details` about a member of the body and makes the failure 422 validation_failed.
 * `field` is its path: "items[2].quantity". */
bool fail_field(struct cx *cx, const char *field, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same about a parameter of the query: 400 bad_parameter, or the status's own `code` where that
 * is one of the failure itself (unknown_parameter, repeated_parameter, bad_cursor). */
bool fail_parameter(struct cx *cx, const char *name, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a row about a member of the body to `details` of a failure that is set by fail() already,
 * whatever its status. */
struct failure_detail *fail_add_detail(struct cx *cx, const char *field, const char *code,
                                       const char *message);
/* 503 busy: others change the same at the same moment. */
bool fail_busy(struct cx *cx);
/* Turns cx->db.error into the failure it means: 503, 409, 422, 403 or 500. A
 * constraint named <table>_<columns>_key or _fkey or _check names its field. */
bool fail_db(struct cx *cx);

#endif
