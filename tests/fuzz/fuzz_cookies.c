/* fuzz_cookies: names are never empty, and nothing is read beyond the header. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct parameter *list;
    if (parse_cookies(arena, arena_copy(arena, data, size), &list))
        for (; list; list = list->next)
            if (!list->name || !list->value)
                abort();
    arena_free(arena);
    return 0;
}
