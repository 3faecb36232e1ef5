#include "base/host.h"

#include <ctype.h>
#include <idn2.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { LABEL_MAX = 63 }; /* RFC 1035 2.3.4 */

static bool is_label(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)label[i];
        if (c >= 0x80 || (!isalnum(c) && c != '-'))
            return false;
    }
    return true;
}

static bool is_host(const char *host)
{
    for (const char *at = host;; at++) {
        size_t len = strcspn(at, ".");
        if (!is_label(at, len))
            return false;
        at += len;
        if (!*at)
            return strlen(host) <= HOST_MAX;
    }
}

/* libidn2 is asked only about what is not ASCII or says that it was made of such: it refuses
 * names that the DNS has all the same ("a--b"). */
static bool is_plain(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80)
            return false;
    return !strstr(name, "xn--");
}

/* What is ASCII must be fit for a host as it is: nothing is dropped in silence. */
static bool is_convertible(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x80 && !isalnum((unsigned char)*c) && *c != '-' && *c != '.')
            return false;
    return text_is_utf8(name, strlen(name));
}

char *host_read(struct arena *arena, const char *name)
{
    char *host = text_lower(arena, name), *found = NULL;
    if (!is_plain(host)) {
        int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
        if (!is_convertible(host) || idn2_to_ascii_8z(host, &found, flags) != IDN2_OK)
            return NULL;
        host = text_lower(arena, found);
        idn2_free(found);
    }
    return is_host(host) ? host : NULL;
}

bool host_is_number(const char *host)
{
    const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
    size_t hex =
        strncasecmp(last, "0x", 2) == 0 ? 2 + strspn(last + 2, "0123456789abcdefABCDEF") : 0;
    return last[strspn(last, "0123456789")] == '\0' || (hex && last[hex] == '\0');
}
