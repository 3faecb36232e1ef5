#include "base/zone_rule.h"

#include <ctype.h>

#include "base/calendar.h"

static bool read_number(const char **at, int most, int *value)
{
    if (!isdigit((unsigned char)**at))
        return false;
    for (*value = 0; isdigit((unsigned char)**at) && *value <= most; (*at)++)
        *value = *value * 10 + (**at - '0');
    return *value <= most;
}

static bool read_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **at, int *seconds)
{
    int hours, minutes = 0, rest = 0;
    bool negative = read_char(at, '-');
    if (!negative)
        read_char(at, '+');
    if (!read_number(at, 167, &hours) || (read_char(at, ':') && !read_number(at, 59, &minutes)) ||
        (read_char(at, ':') && !read_number(at, 59, &rest)))
        return false;
    *seconds = (hours * 3600 + minutes * 60 + rest) * (negative ? -1 : 1);
    return true;
}

/* "CET", or "<+0330>" where a name is not made of letters. */
static bool skip_name(const char **at)
{
    const char *from = *at;
    if (read_char(at, '<')) {
        while (isalnum((unsigned char)**at) || **at == '+' || **at == '-')
            (*at)++;
        return *at - from >= 4 && read_char(at, '>');
    }
    while (isalpha((unsigned char)**at))
        (*at)++;
    return *at - from >= 3;
}

static bool read_day(const char **at, struct zone_change *change)
{
    if (read_char(at, 'M')) {
        change->kind = ZONE_DAY_WEEKDAY;
        return read_number(at, 12, &change->month) && change->month >= 1 && read_char(at, '.') &&
               read_number(at, 5, &change->week) && change->week >= 1 && read_char(at, '.') &&
               read_number(at, 6, &change->day);
    }
    bool julian = read_char(at, 'J');
    change->kind = julian ? ZONE_DAY_JULIAN : ZONE_DAY_OF_YEAR;
    return read_number(at, 365, &change->day) && (!julian || change->day >= 1);
}

static bool read_change(const char **at, struct zone_change *change)
{
    change->time_s = 2 * 3600;
    return read_char(at, ',') && read_day(at, change) &&
           (!read_char(at, '/') || read_time(at, &change->time_s));
}

bool zone_rule_read(const char *text, struct zone_rule *rule)
{
    int behind; /* POSIX counts westwards */
    *rule = (struct zone_rule){0};
    if (!skip_name(&text) || !read_time(&text, &behind))
        return false;
    rule->standard_s = -behind;
    if (!*text)
        return true;
    rule->has_summer = true;
    rule->summer_s = rule->standard_s + 3600;
    if (!skip_name(&text))
        return false;
    if (*text != ',') {
        if (!read_time(&text, &behind))
            return false;
        rule->summer_s = -behind;
    }
    return read_change(&text, &rule->to_summer) && read_change(&text, &rule->to_standard) && !*text;
}

static int64_t day_of_change(const struct zone_change *change, int64_t year)
{
    int64_t first = calendar_days_of(year, 1, 1);
    if (change->kind == ZONE_DAY_OF_YEAR)
        return first + change->day;
    if (change->kind == ZONE_DAY_JULIAN)
        return first + change->day - 1 + (calendar_is_leap(year) && change->day > 59);
    int64_t month = calendar_days_of(year, change->month, 1);
    int64_t day = (change->day - calendar_weekday(month) + 7) % 7 + (change->week - 1) * 7;
    while (day >= calendar_days_in(year, change->month))
        day -= 7;
    return month + day;
}

/* The later of two changes counts; at one instant, that to summer: a rule that makes
 * summer last the whole year ends it where it begins again. */
int zone_rule_offset_s(const struct zone_rule *rule, int64_t seconds)
{
    int64_t year, latest = INT64_MIN;
    int month, day, offset = rule->standard_s;
    if (!rule->has_summer)
        return offset;
    calendar_date_of(calendar_floor_div(seconds + rule->standard_s, 86400), &year, &month, &day);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t summer =
            day_of_change(&rule->to_summer, y) * 86400 + rule->to_summer.time_s - rule->standard_s;
        int64_t standard = day_of_change(&rule->to_standard, y) * 86400 + rule->to_standard.time_s -
                           rule->summer_s;
        if (standard <= seconds && standard > latest) {
            latest = standard;
            offset = rule->standard_s;
        }
        if (summer <= seconds && summer >= latest) {
            latest = summer;
            offset = rule->summer_s;
        }
    }
    return offset;
}
