/* list_weight: which lists may run on the connections that all tenants share.
 *
 * A list in the order of an index without conditions reads as many rows as it
 * shows. One with conditions, or counted, may read all of the tenant's: that is
 * fine where these are few, which a process remembers for a while. What a tenant
 * with many asks runs on the slow connections, where it waits for itself alone. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

enum { PLACES = 4096 };
static const int64_t fresh_us = 300000000;

static struct known {
    uint64_t key;
    int64_t until_us;
    bool small;
} known[PLACES];

/* FNV-1a; who shares a key with another is taken for it for some minutes, which costs a little
 * time and shows nothing. */
static uint64_t key_of(const struct cx *cx, const struct resource *resource)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = cx->db.tenant_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    for (const char *c = resource->table; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    return hash;
}

enum list_weight list_weight_of(const struct cx *cx, const struct resource *resource,
                                const struct list_query *query)
{
    uint64_t key = key_of(cx, resource);
    const struct known *it = &known[key % PLACES];
    bool fresh = it->key == key && clock_monotonic_us() < it->until_us;
    bool deep = !query->after && (query->page - 1) * query->limit > SMALL_MOST;
    if (query->slow || deep || (query->search && *query->search))
        return LIST_HEAVY;
    bool by_custom = query->sort && strstr(query->sort, "custom."); /* no index has that order */
    if (!query->count && !query->filters && !resource->where && !by_custom)
        return LIST_LIGHT;
    if (!fresh)
        return LIST_UNKNOWN;
    return it->small ? LIST_LIGHT : LIST_HEAVY;
}

void list_weight_learn(const struct cx *cx, const struct resource *resource, int64_t rows)
{
    uint64_t key = key_of(cx, resource);
    known[key % PLACES] = (struct known){key, clock_monotonic_us() + fresh_us, rows <= SMALL_MOST};
}

const char *list_bounded_count(struct arena *arena, const char *table, const char *where, int most)
{
    return arena_printf(arena, "select count(*)\nfrom (select from %s%s\nlimit %d) counted", table,
                        where, most + 1);
}
