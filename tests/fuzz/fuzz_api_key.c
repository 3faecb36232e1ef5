/* fuzz_api_key: what is a key is whole, and nothing else is one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/api_key.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/uuid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct api_key key;
    const char *text = arena_copy(arena, data, size);
    if (api_key_parse(text, &key) &&
        (!api_key_is_meant(text) || strlen(text) != API_KEY_LENGTH || !uuid_is(key.tenant_id) ||
         !text_starts(text, key.shown) || strlen(key.hash) != 64))
        abort();
    arena_free(arena);
    return 0;
}
