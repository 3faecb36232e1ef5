#include "access/api_key.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { RANDOM = 32, TENANT = 32, CHECK = 6, BASE = 62 };

static const char prefix[] = "tulou_";
static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char hex_digits[] = "0123456789abcdef";

_Static_assert(sizeof prefix - 1 + RANDOM + TENANT + CHECK == API_KEY_LENGTH, "all parts");
_Static_assert(sizeof digits - 1 == BASE, "an alphabet of 62");

static uint32_t crc32(const char *text, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void write_check(const char *text, char out[static CHECK])
{
    uint32_t crc = crc32(text, API_KEY_LENGTH - CHECK);
    for (int i = CHECK - 1; i >= 0; i--, crc /= BASE)
        out[i] = digits[crc % BASE];
}

/* 32 digits as 8-4-4-4-12. */
static bool read_tenant(const char *text, char out[static UUID_SIZE])
{
    char *to = out;
    if (strspn(text, hex_digits) < TENANT)
        return false;
    for (int i = 0; i < TENANT; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *to++ = '-';
        *to++ = text[i];
    }
    *to = '\0';
    return true;
}

bool api_key_is_meant(const char *text)
{
    return text_starts(text, prefix);
}

bool api_key_parse(const char *text, struct api_key *out)
{
    char check[CHECK];
    const char *random = text + sizeof prefix - 1;
    if (!api_key_is_meant(text) || strnlen(text, API_KEY_LENGTH + 1) != API_KEY_LENGTH ||
        strspn(random, digits) != RANDOM + TENANT + CHECK)
        return false;
    write_check(text, check);
    if (memcmp(text + API_KEY_LENGTH - CHECK, check, CHECK) != 0 ||
        !read_tenant(random + RANDOM, out->tenant_id))
        return false;
    memcpy(out->shown, text, API_KEY_SHOWN);
    out->shown[API_KEY_SHOWN] = '\0';
    text_sha256(text, API_KEY_LENGTH, out->hash);
    return true;
}

char *api_key_make(struct arena *arena, const char *tenant_id)
{
    char *key = arena_alloc(arena, API_KEY_LENGTH + 1), *to = key;
    memcpy(to, prefix, sizeof prefix - 1);
    to += sizeof prefix - 1;
    for (int i = 0; i < RANDOM; i++)
        *to++ = digits[randombytes_uniform(BASE)];
    for (const char *from = tenant_id; *from; from++)
        if (*from != '-')
            *to++ = *from;
    write_check(key, to);
    return key;
}
