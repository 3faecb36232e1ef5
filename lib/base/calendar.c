#include "base/calendar.h"

int64_t calendar_floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Years begin in March here and below, so that the leap day is the last of its year. */
int64_t calendar_days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = calendar_floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void calendar_date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = calendar_floor_div(days, 146097), of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

bool calendar_is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int calendar_days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && calendar_is_leap(year) ? 29 : days[month - 1];
}

int calendar_weekday(int64_t days)
{
    int64_t since_sunday = days + 4; /* 1970-01-01 was a Thursday */
    return (int)(since_sunday - calendar_floor_div(since_sunday, 7) * 7);
}
