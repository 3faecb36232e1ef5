#include "base/language_format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/money.h"
#include "base/text.h"

static const struct language *known(const struct language *language)
{
    return language ? language : languages;
}

/* Money is written in English below us (base/money.h): its signs are changed for those of the
 * language, or its groups left out. */
static char *with_signs(char *text, const struct language *language, bool grouped)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from == '.')
            *to++ = language->decimal;
        else if (*from != ',')
            *to++ = *from;
        else if (grouped)
            *to++ = language->grouping;
    *to = '\0';
    return text;
}

char *language_number(struct arena *arena, const struct language *language, int64_t number)
{
    char digits[24], *text = arena_alloc(arena, 32), *to = text;
    size_t len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number);
    size_t sign = number < 0;
    for (size_t i = 0; i < len; i++) {
        if (i > sign && (len - i) % 3 == 0)
            *to++ = known(language)->grouping;
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

char *language_money(struct arena *arena, const struct language *language, int64_t amount,
                     const char *currency)
{
    return with_signs(money_show(arena, amount, currency), known(language), true);
}

char *language_amount(struct arena *arena, const struct language *language, int64_t amount,
                      const char *currency)
{
    char *text = with_signs(money_show(arena, amount, currency), known(language), false);
    text[strcspn(text, " ")] = '\0';
    return text;
}

char *language_decimal(struct arena *arena, const struct language *language, const char *number)
{
    return with_signs(arena_text(arena, number), known(language), false);
}

char *language_share(struct arena *arena, const struct language *language, int64_t points)
{
    long long whole = llabs((long long)points) / 100, rest = llabs((long long)points) % 100;
    char *text = arena_printf(arena, "%s%lld%c%02lld", points < 0 ? "-" : "", whole,
                              known(language)->decimal, rest);
    size_t len = strlen(text);
    while (text[len - 1] == '0')
        len--;
    len -= !isdigit((unsigned char)text[len - 1]);
    return arena_printf(arena, "%.*s%s", (int)len, text, known(language)->percent);
}

enum date_order date_order_named(const char *name)
{
    if (text_equal(name, "month_day_year"))
        return DATE_MONTH_FIRST;
    return text_equal(name, "year_month_day") ? DATE_YEAR_FIRST : DATE_DAY_FIRST;
}

struct date {
    int64_t year;
    int month, day;
};

/* Without its year where that is 0. */
static char *date_show(struct arena *arena, const struct language *language, enum date_order order,
                       const struct date *date)
{
    const char *month = known(language)->months[date->month - 1];
    const char *point = known(language)->point_of_day;
    const char *year = date->year ? arena_printf(arena, "%lld", (long long)date->year) : "";
    if (order == DATE_YEAR_FIRST)
        return arena_printf(arena, "%s%s%02d-%02d", year, date->year ? "-" : "", date->month,
                            date->day);
    if (order == DATE_MONTH_FIRST)
        return arena_printf(arena, "%s %d%s%s", month, date->day, date->year ? ", " : "", year);
    return arena_printf(arena, "%d%s %s%s%s", date->day, point, month, date->year ? " " : "", year);
}

char *language_date(struct arena *arena, const struct language *language, enum date_order order,
                    const char *date)
{
    if (!clock_is_date(date))
        return arena_text(arena, date);
    const struct date it = {atoi(date), atoi(date + 5), atoi(date + 8)};
    return date_show(arena, language, order, &it);
}

char *language_day(struct arena *arena, const struct language *language, enum date_order order,
                   const char *date)
{
    if (!clock_is_date(date))
        return arena_text(arena, date);
    const struct date it = {0, atoi(date + 5), atoi(date + 8)};
    return date_show(arena, language, order, &it);
}

char *language_month(struct arena *arena, const struct language *language, const char *date)
{
    if (!clock_is_date(date))
        return arena_text(arena, date);
    return arena_printf(arena, "%s %.4s", known(language)->months[atoi(date + 5) - 1], date);
}

char *language_time(struct arena *arena, const struct language *language, enum date_order order,
                    int64_t us, const char *zone)
{
    struct date date;
    int64_t local = calendar_floor_div(us, 1000000) + clock_offset_s(us, zone);
    int64_t days = calendar_floor_div(local, 86400), minute = (local - days * 86400) / 60;
    calendar_date_of(days, &date.year, &date.month, &date.day);
    return arena_printf(arena, "%s, %02d:%02d", date_show(arena, language, order, &date),
                        (int)(minute / 60), (int)(minute % 60));
}

/* Digits in groups of three behind the first: "1.250", "12.345.678". */
static bool is_grouped(const char *text, size_t len, char sign)
{
    size_t group = 0, groups = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == sign) {
            if (groups == 0 ? group == 0 || group > 3 : group != 3)
                return false;
            groups++;
            group = 0;
        } else if (!isdigit((unsigned char)text[i])) {
            return false;
        } else {
            group++;
        }
    }
    return groups > 0 && group == 3;
}

char *language_typed(struct arena *arena, const struct language *language, const char *typed)
{
    const struct language *in = known(language);
    size_t sign = *typed == '-';
    const char *end = strchr(typed, in->decimal), *whole = typed + sign;
    size_t len = end ? (size_t)(end - whole) : strlen(whole);
    bool grouped = is_grouped(whole, len, in->grouping);
    bool plain = strspn(whole, "0123456789") == len && len > 0;
    if (!grouped && !plain)
        return arena_text(arena, typed);
    char *text = arena_text(arena, typed), *to = text + sign;
    for (const char *from = whole; *from; from++)
        if (from == end)
            *to++ = '.';
        else if (*from != in->grouping || from > whole + len)
            *to++ = *from;
    *to = '\0';
    return text;
}
