#include "job/cron.h"

#include <ctype.h>
#include <stddef.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, YEARS = 9, NAME_LENGTH = 3 };
static const uint32_t every_hour = 0xffffff;

static const char month_names[] = "jan feb mar apr may jun jul aug sep oct nov dec";
static const char weekday_names[] = "sun mon tue wed thu fri sat";

static const struct part {
    int min, max;
    const char *names; /* of three letters, from min on */
} parts[] = {
    {0, 59, NULL}, {0, 23, NULL}, {1, 31, NULL}, {1, 12, month_names}, {0, 7, weekday_names}};

/* ---- reading ---- */

static bool read_number(const char **at, int *out)
{
    int value = 0, digits = 0;
    for (; isdigit((unsigned char)**at) && digits < 4; (*at)++, digits++)
        value = value * 10 + (**at - '0');
    *out = value;
    return digits > 0 && !isdigit((unsigned char)**at);
}

static bool read_name(const char **at, const struct part *part, int *out)
{
    int number = part->min;
    for (const char *name = part->names; name; number++) {
        if (strncasecmp(*at, name, NAME_LENGTH) == 0 &&
            !isalpha((unsigned char)(*at)[NAME_LENGTH])) {
            *at += NAME_LENGTH;
            *out = number;
            return true;
        }
        if (name[NAME_LENGTH] == '\0')
            break;
        name += NAME_LENGTH + 1;
    }
    return false;
}

static bool read_value(const char **at, const struct part *part, int *out)
{
    bool read = isdigit((unsigned char)**at) ? read_number(at, out) : read_name(at, part, out);
    return read && *out >= part->min && *out <= part->max;
}

/* "*", "7", "1-5", each with "/2" behind it; "7/2" is "7-max/2". */
static bool read_item(const char **at, const struct part *part, uint64_t *bits)
{
    int first = part->min, last = part->max, step = 1;
    bool single = false;
    if (**at == '*') {
        (*at)++;
    } else if (!read_value(at, part, &first)) {
        return false;
    } else if (**at == '-') {
        (*at)++;
        if (!read_value(at, part, &last))
            return false;
    } else {
        single = true;
    }
    if (**at == '/') {
        (*at)++;
        if (!read_number(at, &step) || step == 0)
            return false;
    } else if (single) {
        last = first;
    }
    for (int value = first; value <= last; value += step)
        *bits |= UINT64_C(1) << value;
    return first <= last;
}

static bool read_part(const char **at, const struct part *part, uint64_t *bits)
{
    *bits = 0;
    for (;;) {
        if (!read_item(at, part, bits))
            return false;
        if (**at != ',')
            return true;
        (*at)++;
    }
}

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

bool cron_parse(const char *text, struct cron *out)
{
    uint64_t bits[COUNT(parts)];
    bool any[COUNT(parts)];
    skip_blanks(&text);
    for (size_t i = 0; i < COUNT(parts); i++) {
        any[i] = *text == '*';
        if (!read_part(&text, &parts[i], &bits[i]))
            return false;
        bool last = i + 1 == COUNT(parts);
        if (!last && *text != ' ' && *text != '\t')
            return false;
        skip_blanks(&text);
    }
    *out = (struct cron){.minutes = bits[0],
                         .hours = (uint32_t)bits[1],
                         .days = (uint32_t)bits[2],
                         .months = (uint16_t)bits[3],
                         .weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f),
                         .any_day = any[2],
                         .any_weekday = any[4]};
    return *text == '\0';
}

/* ---- finding. All in seconds; "wall" is what a clock in the zone shows, as if
 * it were UTC. ---- */

static int64_t offset_at(int64_t at, const char *zone)
{
    return zone ? clock_offset_s(at * 1000000, zone) : 0;
}

static bool matches_day(const struct cron *cron, int64_t wall)
{
    struct tm day;
    time_t seconds = (time_t)wall;
    gmtime_r(&seconds, &day);
    bool of_month = cron->days >> day.tm_mday & 1, of_week = cron->weekdays >> day.tm_wday & 1;
    if (!(cron->months >> (day.tm_mon + 1) & 1))
        return false;
    return cron->any_day || cron->any_weekday ? of_month && of_week : of_month || of_week;
}

/* The instant at which the zone's offset changes, between two that differ. */
static int64_t find_change(int64_t before, int64_t after, const char *zone)
{
    int64_t old = offset_at(before, zone);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(middle, zone) == old)
            before = middle;
        else
            after = middle;
    }
    return after;
}

/* The instant at which the wall shows that: the first when it does twice, the
 * end of the gap when it never does. */
static int64_t instant_of(int64_t wall, const char *zone)
{
    int64_t early = wall - offset_at(wall - DAY, zone), late = wall - offset_at(wall + DAY, zone);
    bool early_shows = early + offset_at(early, zone) == wall;
    bool late_shows = late + offset_at(late, zone) == wall;
    if (early_shows && late_shows)
        return early < late ? early : late;
    if (early_shows || late_shows)
        return early_shows ? early : late;
    return find_change(wall - DAY - DAY / 2, wall + DAY + DAY / 2, zone);
}

static int64_t floor_to(int64_t value, int64_t unit)
{
    return value - (value % unit + unit) % unit;
}

/* Of one day on the wall: the first instant after `after`. */
static bool find_in_day(const struct cron *cron, const char *zone, int64_t day, int64_t after,
                        int64_t *next)
{
    for (int hour = 0; hour < 24; hour++) {
        if (!(cron->hours >> hour & 1))
            continue;
        for (int minute = 0; minute < 60; minute++) {
            if (!(cron->minutes >> minute & 1))
                continue;
            *next = instant_of(day + hour * HOUR + minute * MINUTE, zone);
            if (*next > after)
                return true;
        }
    }
    return false;
}

static bool find_on_wall(const struct cron *cron, const char *zone, int64_t after, int64_t *next)
{
    int64_t first = floor_to(after + offset_at(after, zone), DAY);
    for (int64_t day = first; day < first + YEARS * 366LL * DAY; day += DAY)
        if (matches_day(cron, day) && find_in_day(cron, zone, day, after, next))
            return true;
    return false;
}

/* Minute by minute in the hours of days that match, hour by hour to the next. */
static bool find_as_it_passes(const struct cron *cron, const char *zone, int64_t after,
                              int64_t *next)
{
    int64_t at = floor_to(after, MINUTE) + MINUTE, end = after + YEARS * 366LL * DAY;
    while (at < end) {
        int64_t wall = at + offset_at(at, zone);
        int minute = (int)((wall - floor_to(wall, HOUR)) / MINUTE);
        if (!matches_day(cron, wall)) {
            at += (60 - minute) * MINUTE;
        } else if (cron->minutes >> minute & 1) {
            *next = at;
            return true;
        } else {
            at += MINUTE;
        }
    }
    return false;
}

bool cron_next(const struct cron *cron, const char *zone, int64_t after_us, int64_t *next_us)
{
    int64_t after = floor_to(after_us, 1000000) / 1000000, next;
    bool found = cron->hours == every_hour ? find_as_it_passes(cron, zone, after, &next)
                                           : find_on_wall(cron, zone, after, &next);
    if (found)
        *next_us = next * 1000000;
    return found;
}
