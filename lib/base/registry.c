#include "base/registry.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"

enum { SIZE_FIRST = 64 };

/* Open addressing, at most half full: Fibonacci hashing of the address (Knuth, The Art of
 * Computer Programming 3, 6.4). */
static size_t registry_place(const struct registry *registry, const void *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key * 11400714819323198485ULL;
    size_t at = (size_t)(hash >> 32) & (registry->size - 1);
    while (registry->entries[at].key && registry->entries[at].key != key)
        at = (at + 1) & (registry->size - 1);
    return at;
}

void *registry_find(const struct registry *registry, const void *key)
{
    return registry->size ? registry->entries[registry_place(registry, key)].value : NULL;
}

static void registry_grow(struct registry *registry)
{
    struct registry larger = {.size = registry->size ? registry->size * 2 : SIZE_FIRST,
                              .count = registry->count};
    larger.entries = calloc(larger.size, sizeof *larger.entries);
    if (!larger.entries)
        log_out_of_memory();
    for (size_t i = 0; i < registry->size; i++)
        if (registry->entries[i].key)
            larger.entries[registry_place(&larger, registry->entries[i].key)] =
                registry->entries[i];
    free(registry->entries);
    *registry = larger;
}

void registry_add(struct registry *registry, const void *key, void *value)
{
    if (registry->count * 2 >= registry->size)
        registry_grow(registry);
    registry->entries[registry_place(registry, key)] = (struct registry_entry){key, value};
    registry->count++;
}
