#include "http/etag.h"

#include <sodium.h>
#include <string.h>

#include "base/arena.h"

char *etag_digits(struct arena *arena, const void *data, size_t len)
{
    enum { BYTES = 8 };
    unsigned char hash[crypto_generichash_BYTES];
    char *digits = arena_alloc(arena, 2 * BYTES + 1);
    crypto_generichash(hash, sizeof hash, data, len, NULL, 0);
    return sodium_bin2hex(digits, 2 * BYTES + 1, hash, BYTES);
}

bool etag_listed(const char *header, const char *tag)
{
    return header && tag && (strcmp(header, "*") == 0 || strstr(header, tag));
}
