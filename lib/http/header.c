#include "http/header.h"

#include <string.h>

#include "base/arena.h"

static const char blanks[] = " \t";

/* Reads a token or a quoted string; returns what stands behind it, NULL when malformed. */
static const char *read_value(struct arena *arena, const char *at, const char **value)
{
    if (*at != '"') {
        size_t len = strcspn(at, "; \t\"");
        *value = arena_copy(arena, at, len);
        return len > 0 ? at + len : NULL;
    }
    char *out = arena_text(arena, ++at), *to = out;
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        *to++ = *at;
    }
    *to = '\0';
    *value = out;
    return *at == '"' ? at + 1 : NULL;
}

bool header_parameter(struct arena *arena, const char *header, const char *name, const char **value)
{
    size_t len = strlen(name);
    const char *at = strchrnul(header, ';');
    *value = NULL;
    while (*at == ';') {
        const char *found;
        at += 1 + strspn(at + 1, blanks);
        size_t found_len = strcspn(at, "=; \t\"");
        if (found_len == 0 && (*at == ';' || *at == '\0'))
            continue; /* an empty one is allowed */
        bool asked = found_len == len && strncasecmp(at, name, len) == 0;
        at += found_len;
        if (found_len == 0 || *at != '=' || !(at = read_value(arena, at + 1, &found)))
            return false;
        if (asked && *value)
            return false;
        if (asked)
            *value = found;
        at += strspn(at, blanks);
    }
    return *at == '\0';
}
