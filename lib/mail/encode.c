/* encode: texts of any language in the ASCII that mail consists of. */
#include <string.h>

#include "base/text.h"
#include "mail/letter.h"

enum {
    WORD_MAX = 75,     /* of an encoded word, RFC 2047 2 */
    PRINTABLE_MAX = 76 /* of a line of quoted-printable, RFC 2045 6.7 (5), its '=' included */
};

static const char word_begin[] = "=?UTF-8?Q?", word_end[] = "?=";
static const char hex[] = "0123456789ABCDEF";

static bool is_control(unsigned char c)
{
    return c < ' ' || c == 0x7f;
}

/* Plain, and nothing in it that looks like an encoded word. */
static bool is_plain(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c > '~')
            return false;
    return !strstr(text, "=?") && strlen(text) <= WORD_MAX;
}

/* Bytes of the character at `text`; one at least for what is no UTF-8. */
static size_t character_len(const char *text)
{
    size_t len = 1;
    while (len < 4 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* Letters and digits stay, which RFC 2047 5 (3) allows everywhere. */
static size_t word_cost(const char *text, size_t len)
{
    unsigned char c = (unsigned char)*text;
    bool stays = len == 1 && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                              (c >= 'a' && c <= 'z') || is_control(c) || c == ' ');
    return stays ? 1 : 3 * len;
}

static void put_word_character(struct buf *out, const char *text, size_t len)
{
    unsigned char first = (unsigned char)*text;
    if (is_control(first) || first == ' ') {
        buf_putc(out, '_');
    } else if (word_cost(text, len) == 1) {
        buf_putc(out, *text);
    } else {
        for (size_t i = 0; i < len; i++) {
            unsigned char c = (unsigned char)text[i];
            buf_printf(out, "=%c%c", hex[c >> 4], hex[c & 15]);
        }
    }
}

static void put_words(struct buf *out, const char *text, size_t column)
{
    static const size_t frame = sizeof word_begin - 1 + sizeof word_end - 1;
    size_t used = frame, most = WORD_MAX - (column < 40 ? column : 40);
    buf_puts(out, word_begin);
    while (*text) {
        size_t len = character_len(text), cost = word_cost(text, len);
        if (used + cost > most) {
            buf_printf(out, "%s\r\n %s", word_end, word_begin);
            used = frame;
            most = WORD_MAX;
        }
        put_word_character(out, text, len);
        used += cost;
        text += len;
    }
    buf_puts(out, word_end);
}

void letter_put_unstructured(struct buf *out, const char *text, size_t column)
{
    if (!is_plain(text)) {
        put_words(out, text, column);
        return;
    }
    for (; *text; text++)
        buf_putc(out, is_control((unsigned char)*text) ? ' ' : *text);
}

void letter_put_phrase(struct buf *out, const char *name, size_t column)
{
    if (!is_plain(name)) {
        put_words(out, name, column);
        return;
    }
    buf_putc(out, '"');
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            buf_putc(out, '\\');
        buf_putc(out, is_control((unsigned char)*name) ? ' ' : *name);
    }
    buf_putc(out, '"');
}

/* Where a line ends, and how long that mark is; 0 at a byte within the line. */
static size_t line_end(const char *at)
{
    return *at == '\n' ? 1 : *at == '\r' ? (at[1] == '\n' ? 2 : 1) : 0;
}

void letter_put_quoted_printable(struct buf *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t end = line_end(text);
        if (end) {
            buf_puts(out, "\r\n");
            text += end;
            column = 0;
            continue;
        }
        unsigned char c = (unsigned char)*text++;
        bool last = !*text || line_end(text);
        /* white space would be lost at the end of a line, and a dot alone would end
         * the message if somebody forgot to double it (RFC 5321 4.5.2) */
        bool stays = (c == ' ' || c == '\t')
                         ? !last
                         : c > ' ' && c <= '~' && c != '=' && !(c == '.' && column == 0);
        size_t cost = stays ? 1 : 3;
        if (column + cost > PRINTABLE_MAX - (last ? 0 : 1)) {
            buf_puts(out, "=\r\n");
            column = 0;
            stays = stays && c != '.';
            cost = stays ? 1 : 3;
        }
        if (stays)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "=%c%c", hex[c >> 4], hex[c & 15]);
        column += cost;
    }
    buf_puts(out, "\r\n");
}
