/* text: questions about and changes of plain strings. UTF-8 throughout. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arena;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* Well-formed UTF-8 (RFC 3629) without NUL bytes. */
bool text_is_utf8(const char *data, size_t len);

/* How many bytes from the start are such: where the first bad byte stands. */
size_t text_utf8_len(const char *data, size_t len);

/* The number of code points of well-formed UTF-8. */
size_t text_count(const char *text);

/* "created_at" -> "createdAt" and back, in the arena. */
char *text_camel(struct arena *arena, const char *snake);
char *text_snake(struct arena *arena, const char *camel);
/* "expected_close" -> "Expected close": the label when a field has none. */
char *text_title(struct arena *arena, const char *snake);

/* A title within a sentence: "Sign-in attempts" -> "sign-in attempts", "API keys" stays. */
char *text_in_sentence(struct arena *arena, const char *title);

/* "API key" -> "ApiKey": words as the name of a type, each a capital and small letters. */
char *text_pascal(struct arena *arena, const char *words);
/* "network rule" -> "network rules", "entry" -> "entries": by the rules, not the exceptions. */
char *text_plural(struct arena *arena, const char *noun);
/* "a" or "an", as the noun is spoken: "an administrator", "an API key", "a user", "an SSO …". */
const char *text_article(const char *noun);

char *text_lower(struct arena *arena, const char *text); /* ASCII letters only */
char *text_trim(struct arena *arena, const char *text);  /* blanks at both ends */

/* Decimal, whole string, within [min, max]; false leaves *out alone. */
bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* Escapes for the place where the text will stand. */
void text_html(struct buf *out, const char *text, size_t len); /* & < > " ' */
void text_url(struct buf *out, const char *text);              /* RFC 3986 unreserved stay */

/* Percent decoding (RFC 3986 2.1), `plus` also turns '+' into ' ' (forms).
 * NULL when the escape is malformed, the result is not UTF-8 or holds NUL. */
char *text_url_decode(struct arena *arena, const char *data, size_t len, bool plus);

/* Equal in time that depends on the lengths alone. */
bool text_equal_secret(const char *a, const char *b);

/* Lower-case hex of SHA-256 (FIPS 180-4), 64 digits and NUL. */
void text_sha256(const void *data, size_t len, char out[static 65]);

/* `bytes` random bytes as URL-safe base64 without padding, in the arena. */
char *text_random(struct arena *arena, size_t bytes);

#endif
