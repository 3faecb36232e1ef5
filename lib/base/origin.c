#include "base/origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/host.h"
#include "base/text.h"

static char *address_read(struct arena *arena, const char *text)
{
    struct in6_addr address;
    char out[INET6_ADDRSTRLEN];
    size_t len = strlen(text);
    char *inner = len > 2 ? arena_copy(arena, text + 1, len - 2) : NULL;
    if (!inner || text[len - 1] != ']' || inet_pton(AF_INET6, inner, &address) != 1)
        return NULL;
    inet_ntop(AF_INET6, &address, out, sizeof out);
    return arena_printf(arena, "[%s]", out);
}

/* A name, an IPv4 address of four numbers, or an IPv6 address in brackets. */
static char *origin_host(struct arena *arena, const char *text)
{
    struct in_addr address;
    if (*text == '[')
        return address_read(arena, text);
    char *host = host_read(arena, text);
    bool good = host && (!host_is_number(host) || inet_pton(AF_INET, host, &address) == 1);
    return good ? host : NULL;
}

char *origin_read(struct arena *arena, const char *typed)
{
    char *text = text_trim(arena, typed);
    bool secure = strncasecmp(text, "https://", 8) == 0;
    int64_t port, usual = secure ? 443 : 80;
    if (!secure && strncasecmp(text, "http://", 7) != 0)
        return NULL;
    text += secure ? 8 : 7;
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '/')
        text[len - 1] = '\0';
    char *end = *text == '[' ? strchr(text, ']') : text, *colon = end ? strchr(end, ':') : NULL;
    port = usual;
    if (colon && !text_to_int(colon + 1, 1, 65535, &port))
        return NULL;
    if (colon)
        *colon = '\0';
    const char *host = origin_host(arena, text);
    if (!host)
        return NULL;
    return port == usual
               ? arena_printf(arena, "http%s://%s", secure ? "s" : "", host)
               : arena_printf(arena, "http%s://%s:%lld", secure ? "s" : "", host, (long long)port);
}
