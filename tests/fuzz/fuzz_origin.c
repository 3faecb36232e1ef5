/* fuzz_origin: an origin that is taken is what a browser could send, and stays as it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/host.h"
#include "base/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char sent[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]/";
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, data, size);
    const char *origin = origin_read(arena, text), *host = host_read(arena, text);
    if (origin &&
        (strspn(origin, sent) != strlen(origin) || strcmp(origin_read(arena, origin), origin) != 0))
        abort();
    if (host && (strspn(host, sent) != strlen(host) || strcmp(host_read(arena, host), host) != 0))
        abort();
    arena_free(arena);
    return 0;
}
