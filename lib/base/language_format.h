/* language_format: numbers, amounts, shares and dates as a language writes them, and reads
 * them where people type. `language` NULL: English. */
#ifndef BASE_LANGUAGE_FORMAT_H
#define BASE_LANGUAGE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct language;

/* In which order a date has its parts: a setting of the tenant (general.dateFormat). */
enum date_order {
    DATE_DAY_FIRST,   /* "21 Nov 2026", "21. Nov. 2026" */
    DATE_MONTH_FIRST, /* "Nov 21, 2026" */
    DATE_YEAR_FIRST   /* "2026-11-21" */
};
/* "day_month_year", "month_day_year", "year_month_day"; NULL: the first. */
enum date_order date_order_named(const char *name);

/* 12345: "12,345", "12.345" */
char *language_number(struct arena *arena, const struct language *language, int64_t number);
/* 123450 of EUR: "1,234.50 EUR", "1.234,50 EUR" */
char *language_money(struct arena *arena, const struct language *language, int64_t amount,
                     const char *currency);
/* The same as people type it: "1234.50", "1234,50". */
char *language_amount(struct arena *arena, const struct language *language, int64_t amount,
                      const char *currency);
/* A decimal number as the database writes it: "12.5" is "12,5". */
char *language_decimal(struct arena *arena, const struct language *language, const char *number);
/* Hundredths of a percent: 1250 is "12.5 %", "12,5 %". */
char *language_share(struct arena *arena, const struct language *language, int64_t points);
/* "2026-11-21": "21 Nov 2026", "21. Nov. 2026"; what is no date stays. */
char *language_date(struct arena *arena, const struct language *language, enum date_order order,
                    const char *date);
/* The same without the year: "21 Nov", "21. Nov." */
char *language_day(struct arena *arena, const struct language *language, enum date_order order,
                   const char *date);
/* Its month: "Nov 2026", "Nov. 2026". */
char *language_month(struct arena *arena, const struct language *language, const char *date);
/* An instant in an IANA zone: "21 Nov 2026, 10:30"; unknown zones show UTC. */
char *language_time(struct arena *arena, const struct language *language, enum date_order order,
                    int64_t us, const char *zone);

/* A number as it was typed, in the form that money_parse() and text_to_int() take: groups of three
 * taken out, the decimal sign a point. "1.250,50" is "1250.50" in German; so is "1250.50", since
 * two digits are no group. What is no number is answered as it is. */
char *language_typed(struct arena *arena, const struct language *language, const char *typed);

#endif
