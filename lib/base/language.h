/* language: what the program says, in the language of whoever reads it.
 *
 * A text is written in English where it belongs and looked up when it is shown, in the
 * message catalogue of the reader's language (locale/de.po, made into de.mo by msgfmt, GNU
 * gettext's binary format). A text that a catalogue lacks stays English. There is no
 * setlocale(): the requests of one process have readers of several languages. How numbers
 * and dates are written is language_format.h.
 */
#ifndef BASE_LANGUAGE_H
#define BASE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct language {
    const char *code;         /* "de": of BCP 47, and the name of the catalogue */
    const char *name;         /* as its speakers call it */
    char decimal, grouping;   /* 1.250,50 */
    bool nouns_are_capital;   /* within a sentence too */
    const char *point_of_day; /* behind the day of a date: "." in German */
    const char *const *months;
    const char *percent; /* what stands behind a share */
};

/* Those that there are, English first. */
extern const struct language languages[];
extern const size_t languages_count;

/* Maps FOLDER/CODE.mo of each; false with a line logged for one that is broken. One that is
 * not there is as good as empty. Before the workers fork. */
bool language_load(const char *folder);
/* Forgets them; for tests. */
void language_unload(void);

/* The language of "de", "de-AT" or "de_AT"; NULL: none of ours, or NULL was asked for. */
const struct language *language_find(const char *locale);
/* What a browser prefers most of ours (Accept-Language, RFC 9110 12.5.4); NULL: none. */
const struct language *language_accepted(const char *header);

/* A text that stands where tools/texts.mjs cannot see that people read it: part of a sentence. */
#define SAID(english) english

/* The text in the language; itself where there is none. NULL stays NULL. `language` NULL: English.
 * What it answers lives as long as the process or as `english`. */
const char *language_text(const struct language *language, const char *english);
/* Whether the catalogue of the language has the text; of English always. */
bool language_has(const struct language *language, const char *english);
/* That of `one` and `many` which goes with the number; all of ours say the one for 1 alone. */
const char *language_plural(const struct language *language, int64_t number, const char *one,
                            const char *many);

/* Whether the text is part of the program itself, a constant that somebody wrote here: what people
 * entered never is, and is never translated. */
bool language_is_constant(const char *text);

#endif
