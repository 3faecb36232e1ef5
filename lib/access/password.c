#include "access/password.h"

#include <crypt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "base/unicode.h"

/* OWASP's second choice for Argon2id (RFC 9106): 19 MiB, two passes, one lane. */
enum { PASSES = 2, MEMORY_KIB = 19 * 1024, SALT = 16, DIGEST = 32 };
/* What is verified, and from which cost on it may be taken over: "$2b$12$", then 22 digits of salt
 * and 31 of the digest. */
enum { BCRYPT_HEAD = 7, BCRYPT_LENGTH = 60, COST_LEAST = 4, COST_TAKEN = 10, COST_MOST = 12 };
enum { TAKEN_PASSES = 4, TAKEN_MEMORY_KIB = 64 * 1024 };
static const size_t memory_bytes = (size_t)MEMORY_KIB * 1024;

struct sum {
    const char *password, *hash;
    char out[crypto_pwhash_STRBYTES];
    bool good;
};

static void make(void *arg)
{
    struct sum *sum = arg;
    sum->good = crypto_pwhash_str_alg(sum->out, sum->password, strlen(sum->password), PASSES,
                                      memory_bytes, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static bool is_bcrypt(const char *hash, int least)
{
    int64_t cost;
    if (strlen(hash) != BCRYPT_LENGTH || hash[0] != '$' || hash[1] != '2' ||
        !strchr("aby", hash[2]) || hash[3] != '$' || hash[6] != '$')
        return false;
    const char digits[] = {hash[4], hash[5], '\0'};
    return text_to_int(digits, least, COST_MOST, &cost) &&
           strspn(hash + BCRYPT_HEAD, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"
                                      "vwxyz") == BCRYPT_LENGTH - BCRYPT_HEAD;
}

static bool check_bcrypt(const char *hash, const char *password)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *again = data ? crypt_r(password, hash, data) : NULL;
    bool good = again && text_equal_secret(again, hash);
    if (data)
        sodium_memzero(data, sizeof *data);
    free(data);
    return good;
}

static void check(void *arg)
{
    struct sum *sum = arg;
    if (is_bcrypt(sum->hash, COST_LEAST)) {
        sum->good = check_bcrypt(sum->hash, sum->password);
        return;
    }
    sum->good = crypto_pwhash_str_verify(sum->hash, sum->password, strlen(sum->password)) == 0;
}

char *password_hash(struct arena *arena, const char *password)
{
    struct sum sum = {.password = unicode_password(arena, password)};
    thread_call(make, &sum);
    return sum.good ? arena_text(arena, sum.out) : NULL;
}

/* Of nobody's password: random where a digest stands, but of today's costs, so
 * that checking against it takes as long as against any other. */
static void make_nobody(char out[static crypto_pwhash_STRBYTES])
{
    unsigned char salt[SALT], digest[DIGEST];
    char salt_text[32], digest_text[64];
    randombytes_buf(salt, sizeof salt);
    randombytes_buf(digest, sizeof digest);
    sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(digest_text, sizeof digest_text, digest, sizeof digest,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    snprintf(out, crypto_pwhash_STRBYTES, "$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", MEMORY_KIB, PASSES,
             salt_text, digest_text);
}

static bool verify_as_is(const char *hash, const char *password)
{
    bool known = hash && strlen(hash) < crypto_pwhash_STRBYTES;
    struct sum sum = {.password = password, .hash = hash};
    if (!known) {
        make_nobody(sum.out);
        sum.hash = sum.out;
    }
    thread_call(check, &sum);
    return sum.good && known;
}

/* Hashes from before passwords had one form, or from elsewhere, are of what was typed. */
bool password_verify(const char *hash, const char *password)
{
    struct arena *arena = arena_new();
    const char *normal = unicode_password(arena, password);
    bool good = verify_as_is(hash, normal);
    if (!good && strcmp(normal, password) != 0)
        good = verify_as_is(hash, password);
    arena_free(arena);
    return good;
}

bool password_is_old(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, PASSES, memory_bytes) != 0;
}

bool password_hash_is_known(const char *hash)
{
    unsigned memory, passes;
    char salt;
    if (is_bcrypt(hash, COST_TAKEN))
        return true;
    if (strlen(hash) >= crypto_pwhash_STRBYTES ||
        sscanf(hash, "$argon2id$v=19$m=%u,t=%u,p=1$%c", &memory, &passes, &salt) != 3)
        return false;
    return memory >= 8 && memory <= TAKEN_MEMORY_KIB && passes >= 1 && passes <= TAKEN_PASSES &&
           crypto_pwhash_str_needs_rehash(hash, passes, (size_t)memory * 1024) == 0;
}
