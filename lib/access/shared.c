#include "access/shared.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { VERSION = 1, BUCKETS = 16384, REVOCATIONS = 16384, GENERATIONS = 4096, PROBES = 8 };

static const int64_t minute_us = 60000000;

/* tat: theoretical arrival time of GCRA, microseconds of the wall clock. */
struct bucket {
    atomic_ullong key;
    atomic_llong tat;
};

struct revocation {
    atomic_ullong key;
    atomic_llong until_us, expires_us;
};

struct layout {
    atomic_uint version;
    atomic_llong all_before_us; /* when a revocation found no place: refuse all older tokens */
    struct bucket buckets[BUCKETS];
    struct revocation revocations[REVOCATIONS];
    atomic_uint generations[GENERATIONS];
};

static struct layout *shared;

bool shared_open(const char *path)
{
    int fd = -1;
    if (path) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct stat info;
        if (fd < 0 || fstat(fd, &info) != 0 ||
            (info.st_size != (off_t)sizeof *shared && ftruncate(fd, (off_t)sizeof *shared) != 0)) {
            log_error("the shared memory cannot be opened", "path", path);
            if (fd >= 0)
                close(fd);
            return false;
        }
    }
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                        fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (memory == MAP_FAILED)
        return false;
    shared = memory;
    unsigned version = atomic_load(&shared->version);
    if (version != 0 && version != VERSION)
        memset(memory, 0, sizeof *shared); /* of another release: nothing in it is lost for good */
    atomic_store(&shared->version, VERSION);
    return true;
}

void shared_close(void)
{
    if (shared)
        munmap(shared, sizeof *shared);
    shared = NULL;
}

/* FNV-1a, 64 bits; never 0, which marks an empty place. */
static unsigned long long key_of(const char *text)
{
    unsigned long long hash = 14695981039346656037ULL;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

/* The bucket of a key; when its places are taken, the one that is fullest of
 * time passed gives way: it would allow a burst anyway. */
static struct bucket *bucket_of(unsigned long long key)
{
    struct bucket *oldest = NULL;
    for (unsigned i = 0; i < PROBES; i++) {
        struct bucket *bucket = &shared->buckets[(key + i) % BUCKETS];
        unsigned long long found = atomic_load(&bucket->key);
        if (found == key)
            return bucket;
        if (!oldest || atomic_load(&bucket->tat) < atomic_load(&oldest->tat))
            oldest = bucket;
    }
    atomic_store(&oldest->key, key);
    atomic_store(&oldest->tat, 0);
    return oldest;
}

bool shared_limit(const char *key, int64_t per_minute, int64_t burst, struct limit_state *state)
{
    int64_t interval = minute_us / per_minute, tolerance = interval * burst;
    if (interval < 1)
        interval = 1;
    struct bucket *bucket = bucket_of(key_of(key));
    long long tat = atomic_load(&bucket->tat);
    for (;;) {
        int64_t now = clock_now_us();
        long long base = tat > now ? tat : now, next = base + interval;
        bool pass = next - now <= tolerance;
        int64_t used = (pass ? next : base) - now;
        state->limit = burst;
        state->remaining = used >= tolerance ? 0 : (tolerance - used) / interval;
        state->reset_s = (used + 999999) / 1000000;
        state->retry_s = pass ? 0 : (next - now - tolerance + 999999) / 1000000;
        if (!pass)
            return false;
        if (atomic_compare_exchange_weak(&bucket->tat, &tat, next))
            return true;
    }
}

void shared_revoke(const char *id, int64_t until_us, int64_t keep_s)
{
    unsigned long long key = key_of(id);
    int64_t now = clock_now_us(), expires = now + keep_s * 1000000;
    for (unsigned i = 0; i < PROBES; i++) {
        struct revocation *place = &shared->revocations[(key + i) % REVOCATIONS];
        unsigned long long found = atomic_load(&place->key);
        bool free_place = found == 0 || atomic_load(&place->expires_us) < now;
        if (found != key &&
            (!free_place || !atomic_compare_exchange_strong(&place->key, &found, key)))
            continue;
        atomic_store(&place->until_us, until_us);
        atomic_store(&place->expires_us, expires);
        return;
    }
    atomic_store(&shared->all_before_us, now);
}

bool shared_revoked(const char *id, int64_t issued_us)
{
    unsigned long long key = key_of(id);
    if (issued_us <= atomic_load(&shared->all_before_us))
        return true;
    for (unsigned i = 0; i < PROBES; i++) {
        struct revocation *place = &shared->revocations[(key + i) % REVOCATIONS];
        if (atomic_load(&place->key) == key)
            return issued_us <= atomic_load(&place->until_us);
    }
    return false;
}

uint32_t shared_generation(const char *id)
{
    return atomic_load(&shared->generations[key_of(id) % GENERATIONS]);
}

void shared_generation_bump(const char *id)
{
    atomic_fetch_add(&shared->generations[key_of(id) % GENERATIONS], 1);
}
