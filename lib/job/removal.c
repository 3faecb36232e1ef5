/* removal: jobs with effects outside are removed when they are done, those that
 * end while a removal is on its way together with the next. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "job/internal.h"

STATEMENT(removal_done, "select house.jobs_done($1::uuid[], $2::uuid[], $3::text[])",
          DB_WRITES | DB_ON_PLATFORM);

enum { TRIES = 5, PAUSE_US = 500000, AT_ONCE = 500 };

static struct {
    struct claimed *first, *last;
    int count;
    bool removing;
} removal;

int removal_backlog(void)
{
    return removal.count;
}

struct claim_lists claims_list(struct arena *arena, const struct claimed *first)
{
    struct buf tenants, ids, claims;
    buf_init(&tenants, arena);
    buf_init(&ids, arena);
    buf_init(&claims, arena);
    for (const struct claimed *it = first; it; it = it->next) {
        const char *before = it == first ? "{" : ",";
        buf_printf(&tenants, "%s%s", before, it->tenant_id);
        buf_printf(&ids, "%s%s", before, it->id);
        buf_printf(&claims, "%s%s", before, it->claim);
    }
    buf_putc(&tenants, '}');
    buf_putc(&ids, '}');
    buf_putc(&claims, '}');
    return (struct claim_lists){tenants.data, ids.data, claims.data};
}

void claims_free(struct claimed *first)
{
    for (struct claimed *next; first; first = next) {
        next = first->next;
        arena_free(first->arena);
    }
}

static struct claimed *take_some(void)
{
    struct claimed *first = removal.first, *it = first;
    int count = 1;
    for (; it->next && count < AT_ONCE; count++)
        it = it->next;
    removal.first = it->next;
    if (!removal.first)
        removal.last = NULL;
    it->next = NULL;
    removal.count -= count;
    return first;
}

static void remove_some(struct claimed *first)
{
    struct arena *arena = arena_new();
    struct db db;
    struct claim_lists lists = claims_list(arena, first);
    bool done = false;
    for (int i = 0; i < TRIES && !done; i++) {
        db_init(&db, arena, DB_PLATFORM, NULL, "everyone");
        done = db_get(&db, &removal_done, lists.tenants, lists.ids, lists.claims) != NULL;
        if (!done && !wait_us(PAUSE_US))
            break;
    }
    if (!done)
        log_error("jobs that are done could not be removed and will be done again", "detail",
                  db.error.message);
    arena_free(arena);
    claims_free(first);
}

static void remove_all(void *arg)
{
    (void)arg;
    while (removal.first)
        remove_some(take_some());
    removal.removing = false;
    runner_wake();
}

void removal_add(struct claimed *done)
{
    done->next = NULL;
    *(removal.last ? &removal.last->next : &removal.first) = done;
    removal.last = done;
    removal.count++;
    if (!removal.removing)
        removal.removing = coroutine_start(remove_all, NULL);
}
