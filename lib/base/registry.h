/* registry: what a process derives once from something constant and keeps for its life, found
 * again by that thing's address. It grows with what there is. */
#ifndef BASE_REGISTRY_H
#define BASE_REGISTRY_H

#include <stddef.h>

/* Static memory, all zero at first; never freed. */
struct registry {
    struct registry_entry {
        const void *key;
        void *value;
    } * entries;
    size_t size, count; /* size: a power of two, or 0 */
};

/* What was kept for `key`; NULL: nothing yet. */
void *registry_find(const struct registry *registry, const void *key);
/* Keeps `value` for a key that has none. */
void registry_add(struct registry *registry, const void *key, void *value);

#endif
