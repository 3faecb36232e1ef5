/* export_turns: how many exports a tenant has at once. Each is long and reads much; whoever asks
 * for more of them waits, not the others. */
#include <string.h>

#include "access/tenant.h"
#include "http/cx.h"
#include "resource/resource.h"

enum { EXPORTS_AT_ONCE = 2 };

/* One that runs, in the memory of its request. */
struct running {
    struct running *next, **back;
    char tenant_id[UUID_SIZE];
};

static struct running *first;

static void export_ends(void *arg)
{
    struct running *it = arg;
    *it->back = it->next;
    if (it->next)
        it->next->back = it->back;
}

static int export_count(const char *tenant_id)
{
    int count = 0;
    for (const struct running *it = first; it; it = it->next)
        count += strcmp(it->tenant_id, tenant_id) == 0;
    return count;
}

bool export_begins(struct cx *cx)
{
    if (export_count(cx->tenant->id) >= EXPORTS_AT_ONCE) {
        response_header_set(cx, "Retry-After", "5");
        return fail(cx, 429, "too_many_exports",
                    "%d exports of this tenant are running; begin this one when they have ended.",
                    EXPORTS_AT_ONCE);
    }
    struct running *it = arena_alloc(cx->arena, sizeof *it);
    *it = (struct running){.next = first, .back = &first};
    memcpy(it->tenant_id, cx->tenant->id, UUID_SIZE);
    if (first)
        first->back = &it->next;
    first = it;
    arena_defer(cx->arena, export_ends, it);
    return true;
}
