/* clock: instants as microseconds since 1970 UTC, and their text forms. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

int64_t clock_now_us(void);       /* wall clock */
int64_t clock_monotonic_us(void); /* for durations and deadlines */

/* "2026-11-21T09:30:00.123456Z" (RFC 3339); the fraction is left out when 0.
 * What lies outside the years 1 to 9999 shows as the nearest instant within. */
void clock_format(int64_t us, char out[static 32]);

/* Reads RFC 3339 with any offset; false, and *us left alone, when it is not one
 * or lies outside the years 1 to 9999 of UTC. Digits behind the microsecond are
 * cut. A leap second (5.7: at the end of a UTC month) is the second behind it. */
bool clock_parse(const char *text, int64_t *us);
/* A calendar date YYYY-MM-DD that exists. */
bool clock_is_date(const char *text);

/* PostgreSQL's ISO output in UTC ("2026-11-21 09:30:00.12+00") to RFC 3339;
 * false on anything else, infinity and years beyond 9999 among it. */
bool clock_from_database(const char *text, char out[static 32]);

/* For people: "21 Nov 2026, 10:30" in an IANA zone; unknown zones show UTC. */
char *clock_show(struct arena *arena, int64_t us, const char *zone);
bool clock_zone_exists(const char *zone);
/* Seconds that the zone is ahead of UTC at that instant; unknown zones are UTC. */
int clock_offset_s(int64_t us, const char *zone);

/* The first instant at which it is that calendar day in the zone, or the day `later` days
 * behind it; false when it is no date. Where midnight is left out, the day begins later. */
bool clock_day_begins(const char *date, int later, const char *zone, int64_t *us);
/* The instant at which the clocks of the zone show "2026-11-21T09:30" (seconds may follow):
 * the first of two where an hour is repeated; what they leave out counts on from before.
 * false when it is no such text. */
bool clock_read_local(const char *text, const char *zone, int64_t *us);
/* The other way round, to the minute, or the second where it is not a whole minute. */
void clock_show_local(int64_t us, const char *zone, char out[static 20]);
/* The calendar day of an instant in the zone, "2026-11-21". */
void clock_day_of(int64_t us, const char *zone, char out[static 11]);

#endif
