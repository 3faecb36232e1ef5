/* statements: SQL made by the engine, each text once.
 *
 * How many shapes a process sees depends on what clients ask, so they are
 * bounded: the least recently used goes, unless a request still uses it. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "resource/internal.h"

#include "db/db.h"

enum { KEPT = 512, CHAINS = 1024, NAME_SIZE = 38 };

struct made {
    struct statement statement; /* first: released by the address */
    uint64_t hash;
    int users;         /* requests that hold it */
    struct made *next; /* in its chain */
    struct made *newer, *older;
    char name[NAME_SIZE];
    char sql[];
};

static struct {
    struct made *chains[CHAINS];
    struct made *newest, *oldest;
    int count;
} kept;

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037ULL;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
    return hash;
}

static void unlink_use(struct made *it)
{
    *(it->newer ? &it->newer->older : &kept.newest) = it->older;
    *(it->older ? &it->older->newer : &kept.oldest) = it->newer;
}

static void link_newest(struct made *it)
{
    it->newer = NULL;
    it->older = kept.newest;
    *(kept.newest ? &kept.newest->newer : &kept.oldest) = it;
    kept.newest = it;
}

static struct made *find(const char *sql, unsigned flags, uint64_t hash)
{
    for (struct made *it = kept.chains[hash % CHAINS]; it; it = it->next)
        if (it->hash == hash && it->statement.flags == flags && strcmp(it->sql, sql) == 0)
            return it;
    return NULL;
}

static void forget(struct made *it)
{
    struct made **at = &kept.chains[it->hash % CHAINS];
    while (*at != it)
        at = &(*at)->next;
    *at = it->next;
    unlink_use(it);
    kept.count--;
    free(it);
}

static void forget_surplus(void)
{
    struct made *it = kept.oldest;
    while (it && kept.count >= KEPT) {
        struct made *newer = it->newer;
        if (it->users == 0)
            forget(it);
        it = newer;
    }
}

/* The name is a digest of the text: two texts never share one. */
static struct made *make(const char *sql, unsigned flags, uint64_t hash)
{
    char digest[65];
    size_t len = strlen(sql);
    struct made *it = calloc(1, sizeof *it + len + 1);
    if (!it)
        log_out_of_memory();
    memcpy(it->sql, sql, len);
    text_sha256(sql, len, digest);
    memcpy(it->name, "made_", 5);
    memcpy(it->name + 5, digest, 32);
    it->statement =
        (struct statement){.name = it->name, .sql = it->sql, .flags = flags, .plain = it->sql};
    it->hash = hash;
    it->next = kept.chains[hash % CHAINS];
    kept.chains[hash % CHAINS] = it;
    kept.count++;
    return it;
}

static void release(void *made)
{
    ((struct made *)made)->users--;
}

const struct statement *statement_made(struct arena *arena, const char *sql, unsigned flags)
{
    uint64_t hash = hash_of(sql);
    struct made *it = find(sql, flags, hash);
    if (it) {
        unlink_use(it);
    } else {
        forget_surplus();
        it = make(sql, flags, hash);
    }
    link_newest(it);
    it->users++;
    arena_defer(arena, release, it);
    return &it->statement;
}

int statements_kept(void)
{
    return kept.count;
}
