/* fuzz: what clients of the realtime program say by WebSocket. What is taken
 * holds what its reader promises. */
#include <stdlib.h>
#include <string.h>

#include "../../cgi-bin/realtime/hello.c"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct heard heard;
    if (!hello_read(arena, (const char *)data, size, &heard)) {
        if (heard.kind == HEARD_HELLO && heard.since < -1)
            abort();
        if (heard.channels &
            ~(unsigned)(CHANNEL_EVENTS | CHANNEL_NOTIFICATIONS | CHANNEL_PRESENCE | CHANNEL_JOBS))
            abort();
        for (const char *c = heard.token; c && *c; c++)
            if (*c <= ' ' || *c >= 0x7f)
                abort();
    }
    char *text = arena_copy(arena, data, size);
    hello_channels(text, strlen(text));
    arena_free(arena);
    return 0;
}
