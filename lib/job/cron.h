/* cron: when a schedule fires, said as in crontab(5): minute, hour, day of the
 * month, month, day of the week.
 *
 * A field is * or a list of numbers, names (jan, mon) and ranges, each with a
 * step if one likes: "0-30/10,45". Sunday is 0 and 7. When both days are
 * restricted, either will do. An expression whose hour is * follows the time
 * that passes; any other follows the clock on the wall: what it says for an hour
 * that a change of the clock skips happens when the skipping ends, and what it
 * says for an hour that comes twice happens the first time.
 */
#ifndef JOB_CRON_H
#define JOB_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t minutes;
    uint32_t hours, days;
    uint16_t months;
    uint8_t weekdays;
    bool any_day, any_weekday; /* the field begins with * */
};

/* false: it is no such expression. */
bool cron_parse(const char *text, struct cron *out);

/* The first instant after `after_us` (both microseconds since 1970) that it names in an IANA zone
 * (NULL: UTC); false: there is none within nine years, as for "0 0 31 2 *". */
bool cron_next(const struct cron *cron, const char *zone, int64_t after_us, int64_t *next_us);

#endif
