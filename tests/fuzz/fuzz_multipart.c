/* fuzz_multipart: the first byte says how much each read gives, so that parts
 * are cut at every place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/request.h"

struct source {
    const uint8_t *data;
    size_t size, step;
};

static long read_some(void *arg, void *out, size_t size)
{
    struct source *source = arg;
    size_t len = source->step < size ? source->step : size;
    if (len > source->size)
        len = source->size;
    memcpy(out, source->data, len);
    source->data += len;
    source->size -= len;
    return (long)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct source source = {data + 1, size - 1, (size_t)data[0] + 1};
    struct multipart_result result;
    bool good = parse_multipart(arena, "b", read_some, &source, 1 << 20, "/nonexistent", &result);
    if (!good && !result.problem)
        abort();
    arena_free(arena);
    return 0;
}
