#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/unicode.h"

bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

/* Length of the well-formed sequence at `at` (Unicode table 3-7), 0 if none. */
static size_t sequence_length(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    if (lead < 0x80)
        return lead != 0;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < len)
        return 0;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

size_t text_utf8_len(const char *data, size_t len)
{
    const unsigned char *at = (const unsigned char *)data;
    size_t i = 0;
    while (i < len) {
        size_t step = at[i] > 0 && at[i] < 0x80 ? 1 : sequence_length(at + i, len - i);
        if (step == 0)
            break;
        i += step;
    }
    return i;
}

bool text_is_utf8(const char *data, size_t len)
{
    return text_utf8_len(data, len) == len;
}

size_t text_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

char *text_camel(struct arena *arena, const char *snake)
{
    char *out = arena_copy(arena, snake, strlen(snake)), *to = out;
    for (const char *from = snake; *from; from++) {
        if (*from == '_' && from[1])
            *to++ = (char)toupper((unsigned char)*++from);
        else
            *to++ = *from;
    }
    *to = '\0';
    return out;
}

char *text_snake(struct arena *arena, const char *camel)
{
    struct buf out;
    buf_init(&out, arena);
    for (; *camel; camel++) {
        if (isupper((unsigned char)*camel))
            buf_putc(&out, '_');
        buf_putc(&out, (char)tolower((unsigned char)*camel));
    }
    return out.data;
}

char *text_title(struct arena *arena, const char *snake)
{
    char *out = arena_text(arena, snake);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = ' ';
    out[0] = (char)toupper((unsigned char)out[0]);
    return out;
}

char *text_in_sentence(struct arena *arena, const char *title)
{
    char *text = arena_text(arena, title);
    if (*text && !isupper((unsigned char)text[1]))
        *text = (char)tolower((unsigned char)*text);
    return text;
}

char *text_pascal(struct arena *arena, const char *words)
{
    struct buf name;
    bool upper = true;
    buf_init(&name, arena);
    for (const char *c = words; *c; c++) {
        bool kept = isalnum((unsigned char)*c);
        if (kept)
            buf_putc(&name,
                     upper ? (char)toupper((unsigned char)*c) : (char)tolower((unsigned char)*c));
        upper = !kept;
    }
    return name.data;
}

char *text_plural(struct arena *arena, const char *noun)
{
    size_t len = strlen(noun);
    char last = len ? noun[len - 1] : '\0', before = len > 1 ? noun[len - 2] : '\0';
    if (last == 'y' && !strchr("aeiou", before))
        return arena_printf(arena, "%.*sies", (int)len - 1, noun);
    bool hisses = text_ends(noun, "s") || text_ends(noun, "x") || text_ends(noun, "ch") ||
                  text_ends(noun, "sh");
    return arena_printf(arena, hisses ? "%ses" : "%ss", noun);
}

/* Letters that are spelt out and begin with a vowel: "an SSO provider", "an MFA code". */
static bool is_spelt_out(const char *noun)
{
    return isupper((unsigned char)noun[0]) && isupper((unsigned char)noun[1]);
}

const char *text_article(const char *noun)
{
    if (is_spelt_out(noun))
        return strchr("AEFHILMNORSX", *noun) ? "an" : "a";
    bool like_you = text_starts(noun, "use") || text_starts(noun, "uni");
    return strchr("aeiouAEIOU", *noun) && *noun && !like_you ? "an" : "a";
}

char *text_lower(struct arena *arena, const char *text)
{
    char *out = arena_text(arena, text);
    for (char *c = out; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return out;
}

char *text_trim(struct arena *arena, const char *text)
{
    size_t len;
    const char *from = unicode_trimmed(text, &len);
    return arena_copy(arena, from, len);
}

bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    if (!text ||
        !(isdigit((unsigned char)*text) || (*text == '-' && isdigit((unsigned char)text[1]))))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end || value < min || value > max)
        return false;
    *out = value;
    return true;
}

static const char *html_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void text_html(struct buf *out, const char *text, size_t len)
{
    size_t clean = 0;
    for (size_t i = 0; i < len; i++) {
        const char *escape = html_escape(text[i]);
        if (!escape)
            continue;
        buf_add(out, text + clean, i - clean);
        buf_puts(out, escape);
        clean = i + 1;
    }
    buf_add(out, text + clean, len - clean);
}

void text_url(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c)) {
            buf_putc(out, (char)c);
        } else {
            const char escape[3] = {'%', hex[c >> 4], hex[c & 15]};
            buf_add(out, escape, sizeof escape);
        }
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *text_url_decode(struct arena *arena, const char *data, size_t len, bool plus)
{
    char *out = arena_copy(arena, data, len);
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        char c = data[i];
        if (c == '%') {
            int high = i + 1 < len ? hex_value(data[i + 1]) : -1;
            int low = i + 2 < len ? hex_value(data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        out[to++] = c;
    }
    out[to] = '\0';
    return text_is_utf8(out, to) ? out : NULL;
}

bool text_equal_secret(const char *a, const char *b)
{
    size_t len = strlen(a);
    return len == strlen(b) && sodium_memcmp(a, b, len) == 0;
}

void text_sha256(const void *data, size_t len, char out[static 65])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, data, len);
    sodium_bin2hex(out, 65, digest, sizeof digest);
}

char *text_random(struct arena *arena, size_t bytes)
{
    unsigned char *raw = arena_alloc(arena, bytes);
    size_t room = sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(arena, room);
    randombytes_buf(raw, bytes);
    sodium_bin2base64(out, room, raw, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, bytes);
    return out;
}
