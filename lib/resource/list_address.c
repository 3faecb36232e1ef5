#include "resource/list_address.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/resource.h"

enum { PARAMETERS_MOST = 100 };

static bool address_has(const struct parameter *it)
{
    static const char *const never[] = {"page", "after", "count", "view"};
    for (size_t i = 0; i < COUNT(never); i++)
        if (strcmp(it->name, never[i]) == 0)
            return false;
    return *it->name && *it->name != '_' && *it->value;
}

static bool stands_behind(const struct parameter *a, const struct parameter *b)
{
    int order = strcmp(a->name, b->name);
    return order > 0 || (order == 0 && strcmp(a->value, b->value) > 0);
}

struct parameter *list_address_of(struct arena *arena, const struct parameter *query)
{
    struct parameter *sorted = NULL;
    for (; query; query = query->next) {
        struct parameter **at = &sorted;
        if (!address_has(query))
            continue;
        struct parameter *copy = arena_alloc(arena, sizeof *copy);
        *copy = (struct parameter){query->name, query->value, NULL};
        while (*at && !stands_behind(*at, copy))
            at = &(*at)->next;
        copy->next = *at;
        *at = copy;
    }
    return sorted;
}

bool list_address_read(struct cx *cx, const char *text, struct parameter **out)
{
    struct parameter *read = NULL;
    text += *text == '?';
    if (!parse_urlencoded(cx->arena, text, strlen(text), PARAMETERS_MOST, &read))
        return false;
    *out = list_address_of(cx->arena, read);
    return true;
}

const char *list_address_write(struct arena *arena, const struct parameter *query)
{
    struct buf text;
    buf_init(&text, arena);
    buf_puts(&text, "");
    for (; query; query = query->next) {
        if (text.len)
            buf_putc(&text, '&');
        text_url(&text, query->name);
        buf_putc(&text, '=');
        text_url(&text, query->value);
    }
    return text.data;
}

/* As the list's page reads it, whatever the request is. */
static bool address_is_understood(struct cx *cx, const struct resource *resource,
                                  struct parameter *query)
{
    struct list_query read;
    struct input *input = cx->input;
    struct parameter *asked = cx->request.query;
    bool is_page = cx->is_page;
    cx->input = NULL;
    cx->is_page = true;
    cx->request.query = query;
    bool understood = list_read_query(cx, resource, &read);
    cx->request.query = asked;
    cx->is_page = is_page;
    cx->input = input;
    return understood;
}

/* Whether the failure is of what was asked; then it is none of the request. */
static bool address_failure_is_of_query(struct cx *cx)
{
    return cx->failure.status == 400 || cx->failure.status == 403;
}

const char *list_address_problem(struct cx *cx, const struct resource *resource,
                                 struct parameter *query)
{
    if (address_is_understood(cx, resource, query) || !address_failure_is_of_query(cx))
        return NULL;
    const struct failure_detail *detail = cx->failure.details;
    const char *problem = detail ? arena_printf(cx->arena, "%s: %s", detail->field, detail->message)
                                 : cx->failure.message;
    cx->failure = (struct failure){.status = 0};
    return problem;
}

/* Several names with commas between them: those that are understood alone. */
static const char *prune_names(struct cx *cx, const struct resource *resource,
                               const struct parameter *it, int *lost)
{
    struct buf kept;
    buf_init(&kept, cx->arena);
    buf_puts(&kept, "");
    for (const char *at = it->value; *at;) {
        size_t len = strcspn(at, ",");
        struct parameter one = {it->name, arena_copy(cx->arena, at, len), NULL};
        if (list_address_problem(cx, resource, &one))
            ++*lost;
        else
            buf_printf(&kept, "%s%s", kept.len ? "," : "", one.value);
        at += len + (at[len] == ',');
    }
    return kept.data;
}

struct parameter *list_address_prune(struct cx *cx, const struct resource *resource,
                                     struct parameter *query, int *lost)
{
    struct parameter *kept = NULL, **tail = &kept;
    *lost = 0;
    for (struct parameter *it = query; it; it = it->next) {
        struct parameter one = {it->name, it->value, NULL};
        bool names = strcmp(it->name, "fields") == 0 || strcmp(it->name, "sort") == 0;
        if (names)
            one.value = prune_names(cx, resource, it, lost);
        if (!*one.value || (!names && list_address_problem(cx, resource, &one))) {
            *lost += !names;
            continue;
        }
        *tail = arena_alloc(cx->arena, sizeof **tail);
        **tail = one;
        tail = &(*tail)->next;
    }
    return kept;
}
