/* fuzz_text: whatever percent decoding gives is well-formed UTF-8 by a second,
 * plain reading of table 3-7, and survives being encoded again; HTML escaping
 * leaves no character that could leave its place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The number of bytes of well-formed text in front, code point by code point. */
static size_t plain_utf8(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && data[at] != 0) {
        uint8_t lead = data[at];
        size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        uint32_t code = lead < 0x80 ? lead : lead & (0x3fu >> more);
        if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8 || size - at <= more)
            return at;
        for (size_t i = 1; i <= more; i++) {
            if ((data[at + i] & 0xc0) != 0x80)
                return at;
            code = code << 6 | (data[at + i] & 0x3f);
        }
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return at;
        at += more + 1;
    }
    return at;
}

static void check_decoding(struct arena *arena, const char *data, size_t size, bool plus)
{
    struct buf encoded;
    char *text = text_url_decode(arena, data, size, plus);
    if (!text)
        return;
    size_t len = strlen(text);
    require(plain_utf8((const uint8_t *)text, len) == len);
    buf_init(&encoded, arena);
    text_url(&encoded, text);
    char *again = text_url_decode(arena, encoded.data, encoded.len, plus);
    require(again && strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *text = (const char *)data;
    struct buf html;
    size_t good = plain_utf8(data, size);
    require(text_utf8_len(text, size) == good);
    require(text_is_utf8(text, size) == (good == size));
    check_decoding(arena, text, size, true);
    check_decoding(arena, text, size, false);
    buf_init(&html, arena);
    text_html(&html, text, size);
    require(html.len >= size && !memchr(html.data, '<', html.len) &&
            !memchr(html.data, '>', html.len) && !memchr(html.data, '"', html.len) &&
            !memchr(html.data, '\'', html.len));
    arena_free(arena);
    return 0;
}
