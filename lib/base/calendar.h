/* calendar: days of the proleptic Gregorian calendar, counted from 1970-01-01. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* The day's number; month 1 to 12, day 1 to 31 (beyond a month's end it counts on). */
int64_t calendar_days_of(int64_t year, int month, int day);
/* The other way round. */
void calendar_date_of(int64_t days, int64_t *year, int *month, int *day);

bool calendar_is_leap(int64_t year);
int calendar_days_in(int64_t year, int month);
/* 0 is Sunday, as cron and POSIX count. */
int calendar_weekday(int64_t days);

/* Divides downwards, where C divides towards zero: instants before 1970 are negative. */
int64_t calendar_floor_div(int64_t value, int64_t by);

#endif
