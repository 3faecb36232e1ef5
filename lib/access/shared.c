#include "access/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum { MAGIC = 0x746c7531, VERSION = 2 };
enum { BUCKETS = 16384, REVOCATIONS = 16384, GENERATIONS = 4096, PROBES = 8 };

static const int64_t minute_us = 60000000;

/* tat: theoretical arrival time of the generic cell rate algorithm (ITU-T
 * I.371), in microseconds of the monotonic clock, which all processes share. */
struct bucket {
    atomic_ullong key;
    atomic_llong tat;
};

/* Microseconds of the wall clock, since tokens are compared with it. */
struct revocation {
    atomic_ullong key;
    atomic_llong until_us, expires_us;
};

/* The file, byte for byte. Buckets and revocations are hash tables of fixed
 * size: a key stands within PROBES places after its own, 0 is a free place. */
struct layout {
    unsigned magic, version, size;                /* of this struct; never change */
    unsigned char key[crypto_shorthash_KEYBYTES]; /* nobody outside can choose what collides */
    atomic_uint changes;                          /* of all generations */
    atomic_llong all_before_us; /* a revocation found no place: all older tokens are void */
    struct bucket buckets[BUCKETS];
    struct revocation revocations[REVOCATIONS];
    atomic_uint generations[GENERATIONS];
};

static struct layout *shared;

/* ---- the file ---- */

static bool map(int fd)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED)
        return false;
    shared = memory;
    return true;
}

static void initialise(void)
{
    crypto_shorthash_keygen(shared->key);
    shared->size = sizeof *shared;
    shared->version = VERSION;
    shared->magic = MAGIC;
}

static bool map_existing(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool mapped = fd >= 0 && fstat(fd, &info) == 0 && info.st_size == (off_t)sizeof *shared &&
                  file_reserve(fd, sizeof *shared) && map(fd);
    if (fd >= 0)
        close(fd);
    if (mapped && shared->magic == MAGIC && shared->version == VERSION &&
        shared->size == sizeof *shared)
        return true;
    if (mapped)
        shared_close();
    return false;
}

/* Made beside and moved into place. */
static bool map_new(const char *path)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return false;
    unlink(fresh);
    int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool mapped = fd >= 0 && file_reserve(fd, sizeof *shared) && map(fd);
    if (mapped)
        initialise();
    bool made = mapped && rename(fresh, path) == 0;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (!made)
        unlink(fresh);
    if (mapped && !made)
        shared_close();
    errno = reason;
    return made;
}

/* Of several processes that start at once one makes the file. */
static int lock_beside(const char *path)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return -1;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool shared_open(const char *path)
{
    shared_close();
    if (!path) {
        if (!map(-1))
            return false;
        initialise();
        return true;
    }
    int lock = lock_beside(path);
    bool opened = lock >= 0 && (map_existing(path) || map_new(path));
    const char *reason = strerror(errno);
    if (lock >= 0)
        close(lock);
    if (!opened)
        log_error("the shared memory cannot be opened", "path", path, "reason", reason);
    return opened;
}

void shared_close(void)
{
    if (shared)
        munmap(shared, sizeof *shared);
    shared = NULL;
}

/* SipHash-2-4; never 0, which marks a free place. */
static unsigned long long key_of(const char *text)
{
    unsigned long long hash;
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "SipHash gives 64 bits");
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text, strlen(text),
                     shared->key);
    return hash ? hash : 1;
}

/* ---- rates ---- */

/* The bucket of a key; when its places are taken, the one that is idle longest
 * gives way: it would allow a burst anyway. */
static struct bucket *bucket_of(unsigned long long key)
{
    struct bucket *oldest = NULL;
    for (unsigned i = 0; i < PROBES; i++) {
        struct bucket *bucket = &shared->buckets[(key + i) % BUCKETS];
        if (atomic_load_explicit(&bucket->key, memory_order_relaxed) == key)
            return bucket;
        if (!oldest || atomic_load_explicit(&bucket->tat, memory_order_relaxed) <
                           atomic_load_explicit(&oldest->tat, memory_order_relaxed))
            oldest = bucket;
    }
    atomic_store(&oldest->key, key);
    atomic_store(&oldest->tat, 0);
    return oldest;
}

bool shared_limit(const char *key, int64_t per_minute, int64_t burst, struct limit_state *state)
{
    int64_t interval = minute_us / per_minute > 0 ? minute_us / per_minute : 1;
    int64_t tolerance = interval * burst;
    struct bucket *bucket = bucket_of(key_of(key));
    long long tat = atomic_load(&bucket->tat);
    for (;;) {
        int64_t now = clock_monotonic_us();
        bool stale = tat > now + tolerance; /* from before the machine was started */
        long long base = tat > now && !stale ? tat : now, next = base + interval;
        bool pass = next - now <= tolerance;
        int64_t used = (pass ? next : base) - now;
        state->limit = burst;
        state->remaining = used >= tolerance ? 0 : (tolerance - used) / interval;
        state->reset_s = (used + 999999) / 1000000;
        state->retry_s = pass ? 0 : (next - now - tolerance + 999999) / 1000000;
        if (!pass || atomic_compare_exchange_weak(&bucket->tat, &tat, next))
            return pass;
    }
}

/* ---- revocations ---- */

static void raise_to(atomic_llong *place, long long value)
{
    long long found = atomic_load(place);
    while (found < value && !atomic_compare_exchange_weak(place, &found, value))
        ;
}

/* Takes the place for the key, if it has it already or the place is free or
 * out of date. */
static bool take(struct revocation *place, unsigned long long key, int64_t now)
{
    unsigned long long found = atomic_load(&place->key);
    if (found == key)
        return true;
    if (found != 0 && atomic_load(&place->expires_us) >= now)
        return false;
    return atomic_compare_exchange_strong(&place->key, &found, key) || found == key;
}

static bool revoke_at(struct revocation *place, unsigned long long key, int64_t until_us,
                      int64_t now, int64_t keep_us)
{
    if (!take(place, key, now))
        return false;
    raise_to(&place->expires_us, now + keep_us);
    raise_to(&place->until_us, until_us);
    return atomic_load(&place->key) == key; /* else another took it at the same moment */
}

void shared_revoke_hash(const char *hash, int64_t until_us, int64_t keep_s)
{
    unsigned long long key = key_of(hash);
    int64_t now = clock_now_us();
    for (unsigned i = 0; i < PROBES; i++)
        if (revoke_at(&shared->revocations[(key + i) % REVOCATIONS], key, until_us, now,
                      keep_s * 1000000))
            return;
    raise_to(&shared->all_before_us, now);
}

bool shared_revoked_hash(const char *hash, int64_t issued_us)
{
    unsigned long long key = key_of(hash);
    if (issued_us <= atomic_load(&shared->all_before_us))
        return true;
    for (unsigned i = 0; i < PROBES; i++) {
        struct revocation *place = &shared->revocations[(key + i) % REVOCATIONS];
        if (atomic_load(&place->key) == key && issued_us <= atomic_load(&place->until_us))
            return true;
    }
    return false;
}

void shared_revoke(const char *id, int64_t until_us, int64_t keep_s)
{
    char hash[65];
    text_sha256(id, strlen(id), hash);
    shared_revoke_hash(hash, until_us, keep_s);
}

bool shared_revoked(const char *id, int64_t issued_us)
{
    char hash[65];
    text_sha256(id, strlen(id), hash);
    return shared_revoked_hash(hash, issued_us);
}

/* ---- generations: several ids may share one, which costs a look-up ---- */

uint32_t shared_generation(const char *id)
{
    return atomic_load(&shared->generations[key_of(id) % GENERATIONS]);
}

void shared_generation_bump(const char *id)
{
    atomic_fetch_add(&shared->generations[key_of(id) % GENERATIONS], 1);
    atomic_fetch_add(&shared->changes, 1);
}

uint32_t shared_changes(void)
{
    return atomic_load(&shared->changes);
}
