/* exchange: a request context without a server, for tests of the http floor. */
#ifndef TESTS_EXCHANGE_H
#define TESTS_EXCHANGE_H

#include <string.h>

#include "base/arena.h"
#include "http/cx.h"
#include "unit.h"

static struct cx cx;

static inline void exchange_setup(void)
{
    cx = (struct cx){.arena = arena_new()};
    buf_init(&cx.response.body, cx.arena);
}

static inline void exchange_teardown(void)
{
    arena_free(cx.arena);
}

/* Forgets the failure and the answer, as between two requests. */
static inline void exchange_again(void)
{
    exchange_teardown();
    exchange_setup();
}

static inline const char *exchange_header(const char *name)
{
    for (const struct header *header = cx.response.headers; header; header = header->next)
        if (strcasecmp(header->name, name) == 0)
            return header->value;
    return NULL;
}

static inline bool append_to(void *sink, const void *data, size_t len)
{
    buf_add(sink, data, len);
    return true;
}

static inline const char *exchange_sent(void)
{
    struct buf *sent = arena_alloc(cx.arena, sizeof *sent);
    buf_init(sent, cx.arena);
    ck_assert(response_send(&cx, append_to, sent));
    return sent->data;
}

/* A body that arrives in pieces of `step` bytes; fails at its end when `breaks`. */
struct source {
    const char *data;
    size_t size, step;
    bool breaks;
};

static inline long source_read(void *arg, void *out, size_t size)
{
    struct source *source = arg;
    size_t len = source->step < size ? source->step : size;
    len = len < source->size ? len : source->size;
    if (len == 0 && source->breaks)
        return -1;
    memcpy(out, source->data, len);
    source->data += len;
    source->size -= len;
    return (long)len;
}

#define ck_assert_failure(want_status, want_code)                                                  \
    do {                                                                                           \
        ck_assert_int_eq(cx.failure.status, (want_status));                                        \
        ck_assert_str_eq(cx.failure.code, (want_code));                                            \
    } while (0)

static inline Suite *suite_of(const char *name, TCase **tests)
{
    Suite *suite = suite_create(name);
    *tests = tcase_create(name);
    tcase_add_checked_fixture(*tests, exchange_setup, exchange_teardown);
    suite_add_tcase(suite, *tests);
    return suite;
}

#endif
