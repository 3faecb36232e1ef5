/* form: application/x-www-form-urlencoded (WHATWG URL 5.1) and cookies
 * (RFC 6265 4.2.1). */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/request.h"

enum { COOKIES_MAX = 50 };

static void append(struct parameter ***tail, struct arena *arena, const char *name,
                   const char *value)
{
    struct parameter *parameter = arena_alloc(arena, sizeof *parameter);
    parameter->name = name;
    parameter->value = value;
    **tail = parameter;
    *tail = &parameter->next;
}

bool parse_urlencoded(struct arena *arena, const char *data, size_t len, size_t max,
                      struct parameter **out)
{
    const char *at = data, *end = data + len;
    struct parameter **tail = out;
    *out = NULL;
    for (size_t count = 0; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        if (!stop)
            stop = end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals ? equals : stop, *value = equals ? equals + 1 : stop;
        if (stop > at) {
            char *name = text_url_decode(arena, at, (size_t)(name_end - at), true);
            char *text = text_url_decode(arena, value, (size_t)(stop - value), true);
            if (!name || !text || ++count > max)
                return false;
            append(&tail, arena, name, text);
        }
        at = stop + 1;
    }
    return true;
}

static const char *skip_blank(const char *at)
{
    return at + strspn(at, " \t");
}

bool parse_cookies(struct arena *arena, const char *header, struct parameter **out)
{
    struct parameter **tail = out;
    *out = NULL;
    if (!text_is_utf8(header, strlen(header)))
        return false;
    size_t count = 0;
    for (const char *at = skip_blank(header); *at;) {
        size_t len = strcspn(at, ";");
        const char *equals = memchr(at, '=', len);
        if (equals && equals > at) {
            char *name = text_trim(arena, arena_copy(arena, at, (size_t)(equals - at)));
            char *value =
                text_trim(arena, arena_copy(arena, equals + 1, len - (size_t)(equals + 1 - at)));
            size_t value_len = strlen(value);
            if (value_len >= 2 && value[0] == '"' && value[value_len - 1] == '"') {
                value[value_len - 1] = '\0';
                value++;
            }
            if (++count > COOKIES_MAX)
                return false;
            append(&tail, arena, name, value);
        }
        at += len;
        at = *at ? skip_blank(at + 1) : at;
    }
    return true;
}
