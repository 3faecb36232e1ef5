#include "base/email.h"

#include <ctype.h>
#include <idn2.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { LOCAL_MAX = 64, LABEL_MAX = 63 }; /* RFC 5321 4.5.3.1.1, RFC 1035 2.3.4 */

/* RFC 5322 3.2.3: atoms with single dots between. */
static bool is_local_part(const char *text, size_t len)
{
    bool atom = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '.' ? !atom : c >= 0x80 || (!isalnum(c) && !strchr("!#$%&'*+-/=?^_`{|}~", c)))
            return false;
        atom = c != '.';
    }
    return atom && len <= LOCAL_MAX;
}

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

/* Labels with single dots between, the last of which is no number (RFC 3696 2). */
static bool is_host(const char *host)
{
    const char *last = host;
    for (const char *at = host;; at++) {
        size_t len = strcspn(at, ".");
        if (!is_label(at, len))
            return false;
        last = at;
        at += len;
        if (!*at)
            break;
    }
    return strspn(last, "0123456789") < strlen(last);
}

bool email_may_send(const char *address)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    return at && strlen(address) <= EMAIL_MAX && is_local_part(address, (size_t)(at - address)) &&
           is_host(at + 1);
}

/* Only what is not ASCII, or says that it was made of such, is converted: libidn2 refuses
 * names that the DNS has all the same ("a--b"). */
static const char *to_labels(struct arena *arena, const char *domain)
{
    char *found = NULL;
    bool plain = !strstr(domain, "xn--");
    for (const char *c = domain; *c; c++) {
        bool ascii = (unsigned char)*c < 0x80;
        plain = plain && ascii;
        if (ascii && !isalnum((unsigned char)*c) && *c != '-' && *c != '.')
            return NULL; /* nothing is dropped in silence */
    }
    if (plain)
        return domain;
    if (idn2_to_ascii_8z(domain, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return NULL;
    const char *labels = text_lower(arena, found);
    idn2_free(found);
    return labels;
}

char *email_read(struct arena *arena, const char *typed)
{
    char *email = text_lower(arena, text_trim(arena, typed)), *at = strrchr(email, '@');
    if (!at || !text_is_utf8(email, strlen(email)))
        return NULL;
    const char *domain = to_labels(arena, at + 1);
    if (!domain)
        return NULL;
    if (domain != at + 1)
        email = arena_printf(arena, "%.*s@%s", (int)(at - email), email, domain);
    return email_may_send(email) && strchr(domain, '.') ? email : NULL;
}

bool email_is(const char *address)
{
    struct arena *arena = arena_new();
    bool is = address && text_equal(email_read(arena, address), address);
    arena_free(arena);
    return is;
}
