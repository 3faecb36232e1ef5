#include "base/unicode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* The next character, and behind it; 0 at the end. */
static ucs4_t unicode_next(const uint8_t **at)
{
    ucs4_t c = 0;
    *at = u8_next(&c, *at);
    return *at ? c : 0;
}

const char *unicode_nfc(struct arena *arena, const char *text)
{
    size_t len = strlen(text), size = 0;
    if (is_ascii(text))
        return text;
    uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, NULL, &size);
    if (!made)
        log_out_of_memory();
    const char *form =
        size == len && memcmp(made, text, len) == 0 ? text : arena_copy(arena, made, size);
    free(made);
    return form;
}

const char *unicode_password(struct arena *arena, const char *text)
{
    const char *form = unicode_nfc(arena, text);
    struct buf out;
    if (is_ascii(form))
        return form;
    buf_init(&out, arena);
    for (const uint8_t *at = (const uint8_t *)form, *from = at; unicode_next(&at); from = at) {
        ucs4_t c;
        u8_next(&c, from);
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs))
            buf_putc(&out, ' ');
        else
            buf_add(&out, from, (size_t)(at - from));
    }
    return strcmp(out.data, form) == 0 ? form : out.data;
}

/* The pattern blank of Braille shows as nothing too, though it counts as a symbol. */
static bool is_visible(ucs4_t c)
{
    static const ucs4_t braille_blank = 0x2800;
    return c != braille_blank &&
           !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_C) &&
           !uc_is_property_default_ignorable_code_point(c);
}

bool unicode_is_visible(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    for (ucs4_t c = unicode_next(&at); c; c = unicode_next(&at))
        if (is_visible(c))
            return true;
    return false;
}

bool unicode_has_control(const char *text, bool lines)
{
    const uint8_t *at = (const uint8_t *)text;
    for (ucs4_t c = unicode_next(&at); c; c = unicode_next(&at)) {
        bool of_lines = c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029;
        if (of_lines ? !lines
                     : uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc) ||
                           uc_is_property_not_a_character(c))
            return true;
    }
    return false;
}

bool unicode_has_override(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    for (ucs4_t c = unicode_next(&at); c; c = unicode_next(&at))
        if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            return true;
    return false;
}

/* Joiners belong to the word that they stand in; these do not. */
static bool is_blank(ucs4_t c)
{
    return uc_is_property_white_space(c) || c == 0x200b || c == 0x2060 || c == 0xfeff;
}

const char *unicode_trimmed(const char *text, size_t *len)
{
    const uint8_t *from = (const uint8_t *)text, *at = from;
    for (ucs4_t c = unicode_next(&at); c && is_blank(c); c = unicode_next(&at))
        from = at;
    const uint8_t *end = from + strlen((const char *)from);
    ucs4_t last;
    for (at = u8_prev(&last, end, from); at && is_blank(last); at = u8_prev(&last, end, from))
        end = at;
    *len = (size_t)(end - from);
    return (const char *)from;
}

bool unicode_same_word(const char *a, const char *b)
{
    int order;
    return u8_casecmp((const uint8_t *)a, strlen(a), (const uint8_t *)b, strlen(b), NULL,
                      UNINORM_NFC, &order) == 0 &&
           order == 0;
}
