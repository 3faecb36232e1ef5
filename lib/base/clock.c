#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/zone.h"

static const int64_t day_us = 86400LL * 1000000;

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: four digits of a year. */
static const int64_t first_us = -62135596800LL * 1000000;
static const int64_t last_us = 253402300800LL * 1000000 - 1;

int64_t clock_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static char *put_digits(char *at, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + width;
}

void clock_format(int64_t us, char out[static 32])
{
    us = us < first_us ? first_us : us > last_us ? last_us : us;
    int64_t days = calendar_floor_div(us, day_us), rest = us - days * day_us, year;
    int month, day;
    calendar_date_of(days, &year, &month, &day);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, rest / 3600000000, 2);
    *at++ = ':';
    at = put_digits(at, rest / 60000000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, rest / 1000000 % 60, 2);
    if (rest % 1000000 != 0) {
        *at++ = '.';
        at = put_digits(at, rest % 1000000, 6);
    }
    *at++ = 'Z';
    *at = '\0';
}

static bool read_digits(const char **at, int width, int *value)
{
    *value = 0;
    for (int i = 0; i < width; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        *value = *value * 10 + (*at)[i] - '0';
    }
    *at += width;
    return true;
}

static bool read_char(const char **at, const char *allowed)
{
    if (!**at || !strchr(allowed, **at))
        return false;
    (*at)++;
    return true;
}

static bool read_date(const char **at, int64_t *days)
{
    int year, month, day;
    if (!read_digits(at, 4, &year) || !read_char(at, "-") || !read_digits(at, 2, &month) ||
        !read_char(at, "-") || !read_digits(at, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > calendar_days_in(year, month))
        return false;
    *days = calendar_days_of(year, month, day);
    return true;
}

static bool read_time(const char **at, int64_t *us, bool *leap)
{
    int hour, minute, second;
    if (!read_digits(at, 2, &hour) || !read_char(at, ":") || !read_digits(at, 2, &minute) ||
        !read_char(at, ":") || !read_digits(at, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *leap = second == 60;
    *us = ((hour * 60LL + minute) * 60 + second) * 1000000;
    if (!read_char(at, "."))
        return true;
    int64_t unit = 100000;
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
        *us += (**at - '0') * unit;
    return true;
}

static bool read_offset(const char **at, int64_t *us)
{
    int hours, minutes;
    *us = 0;
    if (read_char(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1;
    if (!read_char(at, "+-") || !read_digits(at, 2, &hours) || !read_char(at, ":") ||
        !read_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *us = sign * (hours * 60LL + minutes) * 60000000;
    return true;
}

/* The second behind a leap second begins a month of UTC. */
static bool begins_month(int64_t us)
{
    int64_t year;
    int month, day;
    calendar_date_of(calendar_floor_div(us, day_us), &year, &month, &day);
    return day == 1 && (us % day_us + day_us) % day_us < 1000000;
}

bool clock_parse(const char *text, int64_t *us)
{
    int64_t days, time, offset;
    bool leap;
    if (!text || !read_date(&text, &days) || !read_char(&text, "Tt ") ||
        !read_time(&text, &time, &leap) || !read_offset(&text, &offset) || *text)
        return false;
    int64_t instant = days * day_us + time - offset;
    if (instant < first_us || instant > last_us || (leap && !begins_month(instant)))
        return false;
    *us = instant;
    return true;
}

bool clock_is_date(const char *text)
{
    int64_t days;
    return text && read_date(&text, &days) && *text == '\0';
}

/* A 0 in the pattern stands for any digit. */
static bool is_shaped(const char *text, const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (pattern[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != pattern[i])
            return false;
    return true;
}

bool clock_from_database(const char *text, char out[static 32])
{
    size_t len = text ? strlen(text) : 0, end = len - 3;
    if (len < 22 || len > 29 || len == 23 || strcmp(text + end, "+00") != 0 ||
        !is_shaped(text, "0000-00-00 00:00:00.000000", end))
        return false;
    memcpy(out, text, end);
    out[10] = 'T';
    if (end > 20) /* PostgreSQL drops trailing zeros of the fraction; we write all six */
        while (end < 26)
            out[end++] = '0';
    out[end] = 'Z';
    out[end + 1] = '\0';
    return true;
}

bool clock_zone_exists(const char *zone)
{
    return zone_find(zone) != NULL;
}

int clock_offset_s(int64_t us, const char *zone)
{
    const struct zone *found = zone_find(zone);
    return found ? zone_offset_s(found, calendar_floor_div(us, 1000000)) : 0;
}

char *clock_show(struct arena *arena, int64_t us, const char *zone)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t local = calendar_floor_div(us, 1000000) + clock_offset_s(us, zone), year;
    int64_t days = calendar_floor_div(local, 86400), minute = (local - days * 86400) / 60;
    int month, day;
    calendar_date_of(days, &year, &month, &day);
    return arena_printf(arena, "%d %s %lld, %02d:%02d", day, months[month - 1], (long long)year,
                        (int)(minute / 60), (int)(minute % 60));
}

/* Days since 1970-01-01 on the calendars of the zone. */
static int64_t local_days(int64_t us, const char *zone)
{
    return calendar_floor_div(us + clock_offset_s(us, zone) * 1000000LL, day_us);
}

/* No zone is further from UTC than this, and none was changed by more within a day. */
static const int64_t zone_most_s = 30LL * 3600;

bool clock_day_begins(const char *date, int later, const char *zone, int64_t *us)
{
    int64_t days;
    if (!date || !read_date(&date, &days) || *date)
        return false;
    days += later;
    int64_t before = days * 86400 - zone_most_s, there = days * 86400 + zone_most_s;
    while (there - before > 1) {
        int64_t middle = before + (there - before) / 2;
        *(local_days(middle * 1000000, zone) >= days ? &there : &before) = middle;
    }
    *us = there * 1000000;
    return true;
}

void clock_day_of(int64_t us, const char *zone, char out[static 11])
{
    char text[32];
    clock_format(local_days(us, zone) * day_us, text);
    memcpy(out, text, 10);
    out[10] = '\0';
}

bool clock_read_local(const char *text, const char *zone, int64_t *us)
{
    char utc[32];
    int64_t shown, offset;
    size_t len = text ? strlen(text) : 0;
    if (len != 16 && len != 19)
        return false;
    snprintf(utc, sizeof utc, "%s%sZ", text, len == 16 ? ":00" : "");
    if (!clock_parse(utc, &shown))
        return false;
    for (int side = -1; side <= 1; side += 2) {
        offset = clock_offset_s(shown + side * day_us, zone) * 1000000LL;
        *us = shown - offset;
        if (clock_offset_s(*us, zone) * 1000000LL == offset)
            return true;
    }
    *us = shown - clock_offset_s(shown - day_us, zone) * 1000000LL;
    return true;
}

void clock_show_local(int64_t us, const char *zone, char out[static 20])
{
    char text[32];
    clock_format(us + clock_offset_s(us, zone) * 1000000LL, text);
    size_t len = strncmp(text + 16, ":00", 3) == 0 ? 16 : 19;
    memcpy(out, text, len);
    out[len] = '\0';
}
