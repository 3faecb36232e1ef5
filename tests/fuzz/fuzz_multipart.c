/* fuzz_multipart: the first byte says how much each read gives, so that parts are
 * cut at every place, and (its highest bit) that bytes 0xfe stand for many, so that
 * files grow beyond what is held in memory. What is taken is what its reader says. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/request.h"

enum { MANY = 40000 };

struct source {
    const uint8_t *data;
    size_t size, step, many; /* many: of the byte at `data` that are still to come */
    bool grows;
};

static char folder[] = "/tmp/tulou-fuzz-XXXXXX";

static void remove_folder(void)
{
    rmdir(folder);
}

static size_t read_many(struct source *source, char *out, size_t size)
{
    size_t len = source->many < size ? source->many : size;
    memset(out, 'x', len);
    source->many -= len;
    return len;
}

static long read_some(void *arg, void *out, size_t size)
{
    struct source *source = arg;
    size_t len = source->step < size ? source->step : size;
    if (source->many > 0)
        return (long)read_many(source, out, size);
    const uint8_t *mark = source->grows ? memchr(source->data, 0xfe, source->size) : NULL;
    if (mark == source->data && source->size > 0 && mark) {
        source->data++;
        source->size--;
        source->many = MANY;
        return (long)read_many(source, out, size);
    }
    size_t until = mark ? (size_t)(mark - source->data) : source->size;
    if (len > until)
        len = until;
    memcpy(out, source->data, len);
    source->data += len;
    source->size -= len;
    return (long)len;
}

static void check(const struct multipart_result *result)
{
    for (const struct parameter *it = result->fields; it; it = it->next)
        if (!it->name || !it->value || !text_is_utf8(it->value, strlen(it->value)))
            abort();
    for (const struct upload *it = result->uploads; it; it = it->next) {
        struct stat info;
        if (!it->name || strpbrk(it->file_name, "/\\") || !it->data == !it->path)
            abort();
        if (it->path && (stat(it->path, &info) != 0 || (size_t)info.st_size != it->size))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready && mkdtemp(folder) && atexit(remove_folder) == 0)
        ready = true;
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct source source = {.data = data + 1,
                            .size = size - 1,
                            .step = (size_t)(data[0] & 0x7f) + 1,
                            .grows = data[0] & 0x80};
    struct multipart_result result;
    bool good = parse_multipart(arena, "b", read_some, &source, 1 << 20, folder, &result);
    if (!good && !result.problem)
        abort();
    if (good)
        check(&result);
    arena_free(arena);
    return 0;
}
