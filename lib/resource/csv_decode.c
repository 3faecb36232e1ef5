/* csv_decode: files as spreadsheets save them, in UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/csv.h"

enum encoding { UNKNOWN, TO_BE_TOLD, UTF_8, UTF_16, UTF_16LE, UTF_16BE, WINDOWS_1252 };

/* The labels of the Encoding Standard that people meet; Latin 1 is Windows-1252 there. */
static enum encoding encoding_named(const char *charset)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {{"utf-8", UTF_8},         {"utf8", UTF_8},
                 {"utf-16", UTF_16},       {"utf-16le", UTF_16LE},
                 {"utf-16be", UTF_16BE},   {"windows-1252", WINDOWS_1252},
                 {"cp1252", WINDOWS_1252}, {"iso-8859-1", WINDOWS_1252},
                 {"latin1", WINDOWS_1252}, {"us-ascii", WINDOWS_1252}};
    for (size_t i = 0; charset && i < COUNT(names); i++)
        if (strcmp(names[i].name, charset) == 0)
            return names[i].encoding;
    return charset ? UNKNOWN : TO_BE_TOLD;
}

/* Letters of other languages and broken bytes together are a damaged file, not another
 * encoding: bytes of Windows-1252 hardly ever follow UTF-8's rules by chance. */
static bool has_no_utf8(const char *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t good = text_utf8_len(data + at, len - at);
        for (size_t i = at; i < at + good; i++)
            if ((unsigned char)data[i] >= 0x80)
                return false;
        at += good + 1;
    }
    return true;
}

static enum encoding encoding_tell(const char *data, size_t len)
{
    bool pair = len >= 2;
    if (pair && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return UTF_16;
    if (pair && data[0] != '\0' && data[1] == '\0')
        return UTF_16LE;
    if (pair && data[0] == '\0' && data[1] != '\0')
        return UTF_16BE;
    bool marked = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
    bool other = !marked && !memchr(data, '\0', len) && !text_is_utf8(data, len);
    return other && has_no_utf8(data, len) ? WINDOWS_1252 : UTF_8;
}

/* Where a unit is half of nothing, the data ends: what it held is reported, not guessed. */
static const char *from_utf_16(struct arena *arena, const char *data, size_t *len, bool little)
{
    size_t units = *len / 2, size = 0;
    uint16_t *text = arena_alloc(arena, (units + 1) * sizeof *text);
    for (size_t i = 0; i < units; i++) {
        unsigned char first = (unsigned char)data[2 * i], second = (unsigned char)data[2 * i + 1];
        text[i] = (uint16_t)(little ? second << 8 | first : first << 8 | second);
    }
    size_t from = units > 0 && text[0] == 0xfeff; /* the mark of byte order */
    uint8_t *made = u16_to_u8(text + from, units - from, NULL, &size);
    if (!made || *len % 2 != 0) {
        free(made);
        *len = 1;
        return "\xff"; /* no text */
    }
    const char *out = arena_copy(arena, made, size);
    free(made);
    *len = size;
    return out;
}

/* https://encoding.spec.whatwg.org/index-windows-1252.txt: 0x80 to 0x9f. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static const char *from_windows_1252(struct arena *arena, const char *data, size_t *len)
{
    struct buf out;
    buf_init(&out, arena);
    buf_reserve(&out, *len + *len / 8);
    for (size_t i = 0; i < *len; i++) {
        unsigned char c = (unsigned char)data[i];
        uint8_t bytes[4];
        int size = u8_uctomb(bytes, c >= 0x80 && c < 0xa0 ? windows_1252[c - 0x80] : c, 4);
        buf_add(&out, bytes, size > 0 ? (size_t)size : 0);
    }
    *len = out.len;
    return out.data;
}

const char *csv_decode(struct arena *arena, const char *charset, const char *data, size_t *len)
{
    enum encoding encoding = encoding_named(charset);
    if (encoding == TO_BE_TOLD)
        encoding = encoding_tell(data, *len);
    bool little = *len < 2 || memcmp(data, "\xfe\xff", 2) != 0;
    switch (encoding) {
    case UTF_8:
        return data;
    case UTF_16:
        return from_utf_16(arena, data, len, little);
    case UTF_16LE:
    case UTF_16BE:
        return from_utf_16(arena, data, len, encoding == UTF_16LE);
    case WINDOWS_1252:
        return from_windows_1252(arena, data, len);
    default:
        return NULL;
    }
}
