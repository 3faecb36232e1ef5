/* fuzz_route: whatever the path, the router answers a route, the methods of the
 * address, or nothing; the values that it took stand in the path. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/route.h"

static bool answer(struct cx *cx)
{
    return cx != NULL;
}

static const struct route table[] = {
    {.method = HTTP_GET, .path = "/", .handle = answer},
    {.method = HTTP_GET, .path = "/api/a", .handle = answer},
    {.method = HTTP_POST, .path = "/api/a/:id/b/:other", .handle = answer},
    {.method = HTTP_GET, .path = "/api/a/:id", .handle = answer},
    {.method = HTTP_GET, .path = "/api/a/export", .handle = answer},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct router *router;
    const struct route *all[5];
    for (int i = 0; i < 5; i++)
        all[i] = &table[i];
    if (!router)
        router = router_new(all, 5);
    struct arena *arena = arena_new();
    const char *path = arena_printf(arena, "/%s", arena_copy(arena, data, size));
    for (int method = HTTP_GET; method <= HTTP_OTHER; method++) {
        struct route_match match = router_find(router, arena, (enum http_method)method, path);
        if (match.route && match.values[0] && !strstr(path, match.values[0]))
            abort();
    }
    arena_free(arena);
    return 0;
}
