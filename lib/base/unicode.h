/* unicode: what a text is to people, whose bytes may differ: one form (NFC), what can be
 * seen, what turns the direction of writing. Well-formed UTF-8 throughout (text_is_utf8).
 * By libunistring, which libidn2 brings along. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Normalization Form C (UAX 15): the one in which texts are stored and looked for. The
 * text itself when it is in that form already, else a copy in the arena. */
const char *unicode_nfc(struct arena *arena, const char *text);

/* The same with the spaces of any script as ASCII's: RFC 8265 4.2.1 (OpaqueString), which
 * makes of a password what every keyboard types. */
const char *unicode_password(struct arena *arena, const char *text);

/* Whether there is anything to see: a character that is no space, no control and not
 * ignored by default (zero-width characters, fillers). */
bool unicode_is_visible(const char *text);

/* Whether a control (C0, C1), a separator of lines or a character that no text may hold
 * stands there; `lines`: tabs and ends of lines are good. */
bool unicode_has_control(const char *text, bool lines);

/* Whether an embedding, an override or an isolate of the bidirectional algorithm (UAX 9)
 * stands there: with them a name shows as another than it is. */
bool unicode_has_override(const char *text);

/* The part of `text` without what is blank at its ends: white space of any script, and
 * zero-width spaces. *len is its length. */
const char *unicode_trimmed(const char *text, size_t *len);

/* Whether two words are the same to people: whatever their case and the way in which their accents
 * are written. */
bool unicode_same_word(const char *a, const char *b);

#endif
