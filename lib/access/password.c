#include "access/password.h"

#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/loop/loop.h"

/* OWASP's second choice for Argon2id: 19 MiB, two passes, one lane. */
static const unsigned long long passes = 2;
static const size_t memory_bytes = (size_t)19 * 1024 * 1024;

/* Of nobody's password: what an unknown account is checked against. */
static char nobody[crypto_pwhash_STRBYTES];

struct sum {
    const char *password, *hash;
    char out[crypto_pwhash_STRBYTES];
    bool good;
};

static void make(void *arg)
{
    struct sum *sum = arg;
    sum->good = crypto_pwhash_str_alg(sum->out, sum->password, strlen(sum->password), passes,
                                      memory_bytes, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void check(void *arg)
{
    struct sum *sum = arg;
    sum->good = crypto_pwhash_str_verify(sum->hash, sum->password, strlen(sum->password)) == 0;
}

char *password_hash(struct arena *arena, const char *password)
{
    struct sum sum = {.password = password};
    thread_call(make, &sum);
    return sum.good ? arena_text(arena, sum.out) : NULL;
}

bool password_verify(const char *hash, const char *password)
{
    struct sum sum = {.password = password, .hash = hash};
    if (!hash || strlen(hash) >= crypto_pwhash_STRBYTES) {
        if (!nobody[0]) {
            struct sum first = {.password = ""};
            thread_call(make, &first);
            memcpy(nobody, first.out, sizeof nobody);
        }
        sum.hash = nobody;
    }
    thread_call(check, &sum);
    return sum.good && sum.hash == hash;
}

bool password_is_old(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, passes, memory_bytes) != 0;
}
