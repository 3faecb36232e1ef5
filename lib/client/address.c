/* address: which addresses are everybody's, and which belong to some network of
 * one's own (RFC 6890 and the IANA special-purpose registries that it began). */
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "client/internal.h"

struct network {
    unsigned char bytes[16];
    unsigned bits;
};

static const struct network own_v4[] = {
    {{0}, 8},             /* this network, RFC 791 */
    {{10}, 8},            /* private, RFC 1918 */
    {{100, 64}, 10},      /* shared by carriers, RFC 6598 */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, RFC 3927: clouds answer secrets there */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation, RFC 5737 */
    {{192, 31, 196}, 24}, /* AS112, RFC 7535 */
    {{192, 52, 193}, 24}, /* AMT, RFC 7450 */
    {{192, 88, 99}, 24},  /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16},     /* private */
    {{192, 175, 48}, 24}, /* AS112, RFC 7534 */
    {{198, 18}, 15},      /* benchmarks, RFC 2544 */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast, RFC 5771 */
    {{240}, 4},           /* reserved, and broadcast */
};

/* Only 2000::/3 is handed out at all (RFC 4291); these are exceptions within. */
static const struct network global_v6 = {{0x20}, 3};
static const struct network own_v6[] = {
    {{0x20, 0x01}, 23},                /* protocol assignments, RFC 2928; Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},    /* documentation, RFC 3849 */
    {{0x26, 0x20, 0, 0x4f, 0x80}, 48}, /* AS112, RFC 7534 */
    {{0x3f, 0xff}, 20},                /* documentation, RFC 9637 */
};

/* Prefixes after which an IPv4 address stands. */
static const struct carrier {
    struct network network;
    size_t at;
} carriers[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* mapped, RFC 4291 2.5.5.2 */
    {{{[11] = 0}, 96}, 12},                 /* compatible, RFC 4291 2.5.5.1 */
    {{{[8] = 0xff, [9] = 0xff}, 96}, 12},   /* translated, RFC 2765 */
    {{{0, 0x64, 0xff, 0x9b}, 96}, 12},      /* NAT64, RFC 6052 */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4, RFC 3056 */
};

static bool holds(const struct network *network, const unsigned char *address)
{
    size_t bytes = network->bits / 8;
    unsigned rest = network->bits % 8;
    return memcmp(network->bytes, address, bytes) == 0 &&
           (rest == 0 || (network->bytes[bytes] ^ address[bytes]) >> (8 - rest) == 0);
}

static bool any_holds(const struct network *networks, size_t count, const unsigned char *address)
{
    for (size_t i = 0; i < count; i++)
        if (holds(&networks[i], address))
            return true;
    return false;
}

static bool is_public_v4(const unsigned char *address)
{
    return !any_holds(own_v4, COUNT(own_v4), address);
}

/* Where the IPv4 address stands that this one carries; false: none. */
static bool carried(const unsigned char *address, unsigned char v4[static 4])
{
    for (size_t i = 0; i < COUNT(carriers); i++) {
        const struct carrier *carrier = &carriers[i];
        if (!holds(&carrier->network, address))
            continue;
        memcpy(v4, address + carrier->at, 4);
        return true;
    }
    return false;
}

static bool is_public_v6(const unsigned char *address)
{
    unsigned char v4[4];
    if (carried(address, v4))
        return is_public_v4(v4);
    return holds(&global_v6, address) && !any_holds(own_v6, COUNT(own_v6), address);
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_public_v4((const void *)&((const struct sockaddr_in *)address)->sin_addr);
    if (address->sa_family == AF_INET6)
        return is_public_v6((const void *)&((const struct sockaddr_in6 *)address)->sin6_addr);
    return false;
}

bool address_is_loopback(const struct sockaddr *address)
{
    static const unsigned char one[16] = {[15] = 1};
    if (address->sa_family == AF_INET) {
        const unsigned char *bytes = (const void *)&((const struct sockaddr_in *)address)->sin_addr;
        return bytes[0] == 127;
    }
    return address->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr, one, sizeof one) == 0;
}
