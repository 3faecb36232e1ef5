/* fuzz_urlencoded: names and values that come out are text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct parameter *list;
    if (parse_urlencoded(arena, (const char *)data, size, 100, &list))
        for (; list; list = list->next)
            if (!text_is_utf8(list->name, strlen(list->name)) ||
                !text_is_utf8(list->value, strlen(list->value)))
                abort();
    arena_free(arena);
    return 0;
}
