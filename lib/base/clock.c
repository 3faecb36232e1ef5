#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"

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

/* Days since 1970-01-01 of a proleptic Gregorian date, and back: years begin
 * in March, so that the leap day is the last of its year. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
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
    int64_t days = us / day_us - (us % day_us < 0), rest = us - days * day_us, year;
    int month, day;
    date_of(days, &year, &month, &day);
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

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_date(const char **at, int64_t *days)
{
    int year, month, day;
    if (!read_digits(at, 4, &year) || !read_char(at, "-") || !read_digits(at, 2, &month) ||
        !read_char(at, "-") || !read_digits(at, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *days = days_of(year, month, day);
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
    date_of(us / day_us - (us % day_us < 0), &year, &month, &day);
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

static bool zone_name_is_safe(const char *zone)
{
    if (!zone || !*zone || strlen(zone) > 64 || *zone == '/' || strstr(zone, ".."))
        return false;
    for (const char *c = zone; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("/_+-", *c))
            return false;
    return true;
}

bool clock_zone_exists(const char *zone)
{
    char path[128];
    if (!zone_name_is_safe(zone) || !isupper((unsigned char)*zone))
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
    FILE *file = fopen(path, "re");
    char magic[4] = "";
    bool found = file && fread(magic, 1, 4, file) == 4 && memcmp(magic, "TZif", 4) == 0;
    if (file)
        fclose(file);
    return found;
}

/* The C library knows the zones; it keeps one at a time, so we only switch
 * when the zone changes. */
static void use_zone(const char *zone)
{
    static char current[65];
    if (zone && strcmp(current, zone) == 0)
        return;
    if (!zone || !clock_zone_exists(zone))
        zone = "UTC";
    snprintf(current, sizeof current, "%s", zone);
    char value[80];
    snprintf(value, sizeof value, ":%s", zone);
    setenv("TZ", value, 1);
    tzset();
}

char *clock_show(struct arena *arena, int64_t us, const char *zone)
{
    struct tm local;
    time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
    char text[64];
    use_zone(zone);
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%-d %b %Y, %H:%M", &local);
    return arena_text(arena, text);
}

int clock_offset_s(int64_t us, const char *zone)
{
    struct tm local;
    time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
    use_zone(zone);
    localtime_r(&seconds, &local);
    return (int)local.tm_gmtoff;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Days since 1970-01-01 on the calendars of the zone. */
static int64_t local_days(int64_t us, const char *zone)
{
    return floor_div(us + clock_offset_s(us, zone) * 1000000LL, day_us);
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
