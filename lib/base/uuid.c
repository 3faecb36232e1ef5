#include "base/uuid.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"

/* The last time used and a counter below it (RFC 9562 6.2, method 3: the 12
 * bits behind the milliseconds hold the fraction, so later ids are greater). */
static uint64_t next_tick(void)
{
    static uint64_t last; /* in 1/4096 ms; one thread makes ids */
    uint64_t now = (uint64_t)clock_now_us();
    uint64_t tick = (now / 1000) << 12 | (now % 1000) * 4096 / 1000;
    last = tick > last ? tick : last + 1;
    return last;
}

/* Ids take their random bytes from a stock, since each look at the kernel's
 * costs more than all the rest of an id. A child process begins with none: it
 * may not give out what its parent has. */
static struct {
    unsigned char bytes[512];
    size_t left;
    bool watching;
} stock;

static void forget_stock(void)
{
    stock.left = 0;
}

static void take_random(unsigned char out[static 8])
{
    if (!stock.watching)
        stock.watching = pthread_atfork(NULL, NULL, forget_stock) == 0;
    if (!stock.watching) {
        randombytes_buf(out, 8);
        return;
    }
    if (stock.left == 0) {
        randombytes_buf(stock.bytes, sizeof stock.bytes);
        stock.left = sizeof stock.bytes;
    }
    stock.left -= 8;
    memcpy(out, stock.bytes + stock.left, 8);
}

void uuid_new(char out[static UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    uint64_t tick = next_tick(), ms = tick >> 12;
    take_random(bytes + 8);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)(0x70 | ((tick >> 8) & 0x0f));
    bytes[7] = (unsigned char)tick;
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (int i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[bytes[i] >> 4];
        out[at++] = hex[bytes[i] & 15];
    }
    out[36] = '\0';
}

bool uuid_is(const char *text)
{
    if (!text || strnlen(text, UUID_SIZE) != 36)
        return false;
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}
