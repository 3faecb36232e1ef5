/* sentence: what is said by a format with arguments, now or later, in the language of whoever
 * reads it (base/language.h).
 *
 * What is said later is kept, in a column say, as a text: a sentence without arguments is itself,
 * another is JSON of its format and its arguments, ["There is no TXT record %s.", "_x.club.test"].
 * An argument that the program says itself is an array too, [["no answer came in time"]], and is
 * translated as well.
 */
#ifndef BASE_SENTENCE_H
#define BASE_SENTENCE_H

#include <stdarg.h>

struct arena;
struct language;

/* printf of a translated format. An argument that is a constant of the program is translated too,
 * and the translation may order them anew ("%2$s"). English without arguments stays a constant. */
const char *sentence_say(struct arena *arena, const struct language *language, const char *format,
                         va_list args) __attribute__((format(printf, 3, 0)));

/* What is kept of a sentence, at most eight arguments of 400 bytes. An argument may be a kept
 * sentence; the format "%s" alone is its argument. In the arena, or a constant. */
const char *sentence_keep(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *sentence_vkeep(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* The sentence of what was kept; what was not kept so is read as it stands. NULL stays NULL. In the
 * arena, or as long-lived as `kept`. */
const char *sentence_read(struct arena *arena, const struct language *language, const char *kept);

#endif
