/* period: days that are meant relative to today, as "last-7-days" or "this-month".
 *
 * today, yesterday, tomorrow; this-, last- and next- with week (from Monday, ISO 8601), month,
 * quarter and year; last-N-days and next-N-days with N from 1 to 3650, both with today as one of
 * them; past and future, which are before today and after it.
 */
#ifndef BASE_PERIOD_H
#define BASE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

/* A day and the one behind the last, "2026-11-21"; "" where there is no such bound. */
struct period {
    char from[11], until[11];
};
/* Of `today`, "2026-11-21"; false: the word is none, or a bound is beyond the years 1 to 9999. */
bool period_read(const char *word, const char *today, struct period *out);
/* The N of last-N-days and next-N-days; 0: it is another word. */
int period_days(const char *word);

/* Those without a number, as they may be offered; closed by a word NULL. */
struct period_word {
    const char *word, *title; /* "this-week", "This week" */
};
extern const struct period_word period_words[];

#endif
