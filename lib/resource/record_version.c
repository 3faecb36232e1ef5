/* record_version: the ETag of a record (the row's last change, to the microsecond, and a hash of
 * what else is shown) and the versions that If-Match allows. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/internal.h"
#include "resource/reference.h"

/* The last microsecond of the year 9999, behind which no time of ours lies. */
static const unsigned long long time_max_us = 253402300799999999ULL;

static bool changed_us(const struct list_result *result, int64_t *us)
{
    char text[32];
    const char *stored = record_value(result, "updated_at");
    return stored && clock_from_database(stored, text) && clock_parse(text, us);
}

/* Whether more is shown than the row: what is computed changes without it. */
static bool shows_more(const struct list_result *result)
{
    for (int i = 0; result->fields[i]; i++)
        if (result->fields[i]->sql && !(result->fields[i]->flags & MADE))
            return true;
    return false;
}

static char *hash_of(struct cx *cx, const struct list_result *result)
{
    struct buf text;
    struct json json;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    record_write_json(&json, result, 0);
    return etag_digits(cx->arena, text.data, text.len);
}

static char *own_etag(struct cx *cx, const struct list_result *result)
{
    int64_t us;
    if (!changed_us(result, &us))
        return arena_printf(cx->arena, "\"%s\"", hash_of(cx, result));
    if (shows_more(result))
        return arena_printf(cx->arena, "\"%llx-%s\"", (unsigned long long)us, hash_of(cx, result));
    return arena_printf(cx->arena, "\"%llx\"", (unsigned long long)us);
}

/* Of the names that are included, which change without the record. */
static char *names_hash(struct cx *cx, const struct list_result *result)
{
    struct buf text;
    buf_init(&text, cx->arena);
    for (int i = 0; result->labels[i]; i++) {
        const char *name = reference_label(result, 0, result->labels[i]);
        buf_printf(&text, "%s\n", name ? name : "");
    }
    return etag_digits(cx->arena, text.data, text.len);
}

/* A tag with names is that of the record, a dot and theirs. */
char *record_etag(struct cx *cx, const struct list_result *result)
{
    if (result->unspread)
        result = result->unspread;
    if (!result->labels || !*result->labels)
        return own_etag(cx, result);
    struct list_result record = *result;
    record.labels = NULL;
    char *own = own_etag(cx, &record);
    return arena_printf(cx->arena, "%.*s.%s\"", (int)strlen(own) - 1, own, names_hash(cx, result));
}

/* If-Match is of the record: names are not what is written. */
static char *without_names(struct cx *cx, const char *header)
{
    char *out = arena_text(cx->arena, header), *to = out;
    for (const char *from = out; *from;) {
        if (*from == '.')
            from += 1 + strspn(from + 1, "0123456789abcdef");
        else
            *to++ = *from++;
    }
    *to = '\0';
    return out;
}

bool record_is_demanded(struct cx *cx, const struct list_result *record)
{
    const char *header = request_header(&cx->request, "If-Match");
    return !header || etag_listed(without_names(cx, header), record_etag(cx, record));
}

/* One version of an If-Match; NULL: not one of ours. Where it began with W/, nginx
 * compressed the answer that it comes from: the version is the same. */
static const char *read_version(struct cx *cx, const char *tag)
{
    char *end, *time = arena_alloc(cx->arena, 32);
    if (strncmp(tag, "W/", 2) == 0)
        tag += 2;
    if (tag[0] != '"' || strspn(tag + 1, "0123456789abcdef") == 0)
        return NULL;
    unsigned long long us = strtoull(tag + 1, &end, 16);
    if (*end != '"' || us > time_max_us)
        return NULL;
    clock_format((int64_t)us, time);
    return time;
}

bool record_fail_version(struct cx *cx)
{
    return fail(cx, 412, "version_mismatch", "It has changed since: read it again.");
}

/* Rows alone: the statement that writes asks for one of these versions. */
static bool demand_rows(struct cx *cx, const char *header, const char **times)
{
    struct buf list;
    buf_init(&list, cx->arena);
    for (const char *tag = header; *tag;) {
        tag += strspn(tag, " \t,");
        const char *time = read_version(cx, tag);
        if (time)
            buf_printf(&list, "%c%s", list.len ? ',' : '{', time);
        tag += strcspn(tag, ",");
    }
    if (list.len == 0)
        return record_fail_version(cx);
    buf_putc(&list, '}');
    *times = list.data;
    return true;
}

/* What is computed is compared before; then the row may not have changed meanwhile. */
static bool demand_shown(struct cx *cx, const struct list_result *shown, const char *header,
                         const char **times)
{
    char *time = arena_alloc(cx->arena, 32);
    int64_t us;
    if (!etag_listed(header, record_etag(cx, shown)))
        return record_fail_version(cx);
    if (changed_us(shown, &us)) {
        clock_format(us, time);
        *times = arena_printf(cx->arena, "{%s}", time);
    }
    return true;
}

/* The versions that If-Match allows, as PostgreSQL's array; NULL when it
 * demands none (RFC 9110 13.1.1). */
bool record_demanded_versions(struct cx *cx, const struct resource *resource, const char *id,
                              const char **times)
{
    struct list_result shown = {.fields = shape_of(cx, resource)->all};
    const char *header = request_header(&cx->request, "If-Match");
    *times = NULL;
    if (!header || strcmp(header, "*") == 0)
        return true;
    header = without_names(cx, header);
    if (!resource->no_common_times && !shows_more(&shown))
        return demand_rows(cx, header, times);
    return record_get(cx, resource, id, &shown) && demand_shown(cx, &shown, header, times);
}

bool record_check_version(struct cx *cx, const struct resource *resource, const char *id)
{
    struct list_result seen = {.rows = NULL};
    const char *header = request_header(&cx->request, "If-Match"), *times;
    if (!header || strcmp(header, "*") == 0)
        return true;
    return record_get(cx, resource, id, &seen) &&
           demand_shown(cx, &seen, without_names(cx, header), &times);
}
