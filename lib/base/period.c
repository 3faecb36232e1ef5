#include "base/period.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/text.h"

enum { DAYS_MOST = 3650 };

const struct period_word period_words[] = {
    {"today", "Today"},
    {"yesterday", "Yesterday"},
    {"tomorrow", "Tomorrow"},
    {"this-week", "This week"},
    {"last-week", "Last week"},
    {"next-week", "Next week"},
    {"this-month", "This month"},
    {"last-month", "Last month"},
    {"next-month", "Next month"},
    {"this-quarter", "This quarter"},
    {"last-quarter", "Last quarter"},
    {"next-quarter", "Next quarter"},
    {"this-year", "This year"},
    {"last-year", "Last year"},
    {"next-year", "Next year"},
    {"past", "Before today"},
    {"future", "After today"},
    {NULL, NULL},
};

static bool period_write_day(int64_t days, char out[static 11])
{
    int64_t year;
    int month, day;
    calendar_date_of(days, &year, &month, &day);
    if (year < 1 || year > 9999)
        return false;
    snprintf(out, 11, "%04d-%02d-%02d", (int)year & 0x3fff, month & 15, day & 31);
    return true;
}

static bool period_write(int64_t from, int64_t until, struct period *out)
{
    return period_write_day(from, out->from) && period_write_day(until, out->until);
}

static int64_t period_first_of_month(int64_t year, int64_t month) /* from 0, also beyond 11 */
{
    int64_t years = calendar_floor_div(month, 12);
    return calendar_days_of(year + years, (int)(month - years * 12) + 1, 1);
}

/* -1 last, 0 this, 1 next; the rest of the word in *unit. */
static bool period_turn(const char *word, int *turn, const char **unit)
{
    static const char *const turns[] = {"last-", "this-", "next-"};
    for (int i = 0; i < 3; i++)
        if (text_starts(word, turns[i])) {
            *turn = i - 1;
            *unit = word + strlen(turns[i]);
            return true;
        }
    return false;
}

/* How many months the unit has; 0: it has none. */
static int period_months(const char *unit)
{
    return strcmp(unit, "month") == 0     ? 1
           : strcmp(unit, "quarter") == 0 ? 3
           : strcmp(unit, "year") == 0    ? 12
                                          : 0;
}

int period_days(const char *word)
{
    int turn;
    int64_t days;
    const char *unit;
    if (!period_turn(word, &turn, &unit) || turn == 0 || !text_ends(unit, "-days"))
        return 0;
    char number[8];
    size_t len = strlen(unit) - strlen("-days");
    if (len == 0 || len >= sizeof number)
        return 0;
    memcpy(number, unit, len);
    number[len] = '\0';
    return text_to_int(number, 1, DAYS_MOST, &days) ? (int)days : 0;
}

static bool period_of_turn(const char *word, int64_t today, int64_t year, int month,
                           struct period *out)
{
    int turn, days = period_days(word);
    const char *unit;
    if (!period_turn(word, &turn, &unit))
        return false;
    if (days > 0)
        return turn < 0 ? period_write(today - days + 1, today + 1, out)
                        : period_write(today, today + days, out);
    if (strcmp(unit, "week") == 0) {
        int64_t monday = today - (today + 3 - calendar_floor_div(today + 3, 7) * 7);
        return period_write(monday + 7 * turn, monday + 7 * (turn + 1), out);
    }
    int months = period_months(unit);
    if (months == 0)
        return false;
    int64_t first = (month - 1) / months * months + (int64_t)turn * months;
    return period_write(period_first_of_month(year, first),
                        period_first_of_month(year, first + months), out);
}

bool period_read(const char *word, const char *today, struct period *out)
{
    static const struct {
        const char *word;
        int from;
    } days[] = {{"yesterday", -1}, {"today", 0}, {"tomorrow", 1}};
    int year, month, day;
    *out = (struct period){.from = ""};
    if (!clock_is_date(today) || sscanf(today, "%4d-%2d-%2d", &year, &month, &day) != 3)
        return false;
    int64_t now = calendar_days_of(year, month, day);
    if (strcmp(word, "past") == 0)
        return period_write_day(now, out->until);
    if (strcmp(word, "future") == 0)
        return period_write_day(now + 1, out->from);
    for (size_t i = 0; i < COUNT(days); i++)
        if (strcmp(word, days[i].word) == 0)
            return period_write(now + days[i].from, now + days[i].from + 1, out);
    return period_of_turn(word, now, year, month, out);
}
