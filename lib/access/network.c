#include "access/network.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ADDRESS_MAX = 64, MAPPED = 12 };

/* Every address as one of IPv6, IPv4 as ::ffff:a.b.c.d. */
static bool read_address(const char *text, unsigned char out[static 16], bool *is_v4)
{
    static const unsigned char mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};
    memcpy(out, mapped, sizeof mapped);
    *is_v4 = inet_pton(AF_INET, text, out + MAPPED) == 1;
    if (*is_v4)
        return true;
    if (inet_pton(AF_INET6, text, out) != 1)
        return false;
    *is_v4 = memcmp(out, mapped, sizeof mapped) == 0;
    return true;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int64_t bits)
{
    size_t bytes = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;
    return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

/* Splits and counts the bits as of IPv6; the text is cut at its slash. */
static bool read_network(char *network, unsigned char base[static 16], int64_t *bits)
{
    bool is_v4;
    *bits = 128;
    char *slash = strchr(network, '/');
    if (slash)
        *slash = '\0';
    if (!read_address(network, base, &is_v4))
        return false;
    if (slash && !text_to_int(slash + 1, 0, is_v4 ? 32 : 128, bits))
        return false;
    if (slash && is_v4)
        *bits += 8 * MAPPED;
    return true;
}

static bool one_holds(char *network, const unsigned char address[static 16])
{
    unsigned char base[16];
    int64_t bits;
    return read_network(network, base, &bits) && same_bits(base, address, bits);
}

bool network_is(const char *text)
{
    unsigned char base[16];
    char one[ADDRESS_MAX];
    int64_t bits;
    if (snprintf(one, sizeof one, "%s", text) >= (int)sizeof one || !read_network(one, base, &bits))
        return false;
    for (int64_t bit = bits; bit < 128; bit++)
        if (base[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

/* The next of a comma-separated list, or NULL at its end; what is too long to be
 * one comes as "". */
static const char *next_network(const char *at, char one[static ADDRESS_MAX])
{
    if (!*at)
        return NULL;
    size_t len = strcspn(at, ",");
    snprintf(one, ADDRESS_MAX, "%.*s", len < ADDRESS_MAX ? (int)len : 0, at);
    return at + len + (at[len] == ',');
}

bool network_holds(const char *networks, const char *address)
{
    unsigned char wanted[16];
    char one[ADDRESS_MAX];
    bool is_v4;
    if (!read_address(address, wanted, &is_v4))
        return false;
    while ((networks = next_network(networks, one)))
        if (one_holds(one, wanted))
            return true;
    return false;
}

bool network_allows(const char *rules, const char *address)
{
    unsigned char wanted[16];
    char one[ADDRESS_MAX];
    bool is_v4, listed = false, found = false;
    if (!rules)
        return true;
    if (!read_address(address, wanted, &is_v4))
        return false;
    while ((rules = next_network(rules, one))) {
        bool denies = one[0] == '!';
        bool holds = one_holds(one + denies, wanted);
        if (denies && holds)
            return false;
        listed = listed || !denies;
        found = found || holds;
    }
    return found || !listed;
}

void network_of(const char *address, char *out, size_t size)
{
    unsigned char bytes[16];
    bool is_v4;
    char text[INET6_ADDRSTRLEN];
    if (!strchr(address, ':') || !read_address(address, bytes, &is_v4) || is_v4) {
        snprintf(out, size, "%s", address);
        return;
    }
    memset(bytes + 8, 0, 8);
    snprintf(out, size, "%s/64", inet_ntop(AF_INET6, bytes, text, sizeof text));
}
