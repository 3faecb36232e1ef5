#include "base/email.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/host.h"
#include "base/text.h"

enum { LOCAL_MAX = 64 }; /* RFC 5321 4.5.3.1.1 */

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

/* The normal form of the domain; NULL: it is none. Numbers are addresses (RFC 3696 2). */
static const char *read_domain(struct arena *arena, const char *domain)
{
    const char *host = host_read(arena, domain);
    return host && !host_is_number(host) ? host : NULL;
}

/* In small letters, the domain's labels as the DNS has them; NULL: this is none. */
static char *read_address(struct arena *arena, const char *address)
{
    char *email = text_lower(arena, address), *at = strrchr(email, '@');
    const char *domain = at ? read_domain(arena, at + 1) : NULL;
    if (!domain || !is_local_part(email, (size_t)(at - email)))
        return NULL;
    email = arena_printf(arena, "%.*s@%s", (int)(at - email), email, domain);
    return strlen(email) <= EMAIL_MAX ? email : NULL;
}

char *email_read(struct arena *arena, const char *typed)
{
    char *email = read_address(arena, text_trim(arena, typed));
    return email && strchr(strrchr(email, '@'), '.') ? email : NULL;
}

bool email_may_send(const char *address)
{
    struct arena *arena = arena_new();
    const char *email = address ? read_address(arena, address) : NULL;
    bool may = email && strcasecmp(email, address) == 0;
    arena_free(arena);
    return may;
}

bool email_is(const char *address)
{
    struct arena *arena = arena_new();
    bool is = address && text_equal(email_read(arena, address), address);
    arena_free(arena);
    return is;
}
