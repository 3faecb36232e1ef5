#include "resource/xlsx_cell.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/calendar.h"
#include "base/text.h"

/* ---- styles ---- */

static enum xlsx_kind xlsx_kind_of(bool day, bool time)
{
    return day && time ? XLSX_DAY_TIME : day ? XLSX_DAY : time ? XLSX_TIME : XLSX_NUMBER;
}

/* Of the first section, without what stands in quotes and brackets; [h] is a time too. */
static enum xlsx_kind xlsx_kind_of_code(const char *code)
{
    bool day = false, month = false, time = false;
    for (const char *c = code; *c && *c != ';'; c++) {
        if (*c == '"') {
            c += 1 + strcspn(c + 1, "\"");
        } else if (*c == '\\' || *c == '_' || *c == '*') {
            c++;
        } else if (*c == '[') {
            time = time || (strchr("hHmMsS", c[1]) && c[1]);
            c += strcspn(c, "]");
        } else {
            day = day || strchr("yYdD", *c);
            month = month || *c == 'm' || *c == 'M';
            time = time || strchr("hHsS", *c);
        }
        if (!*c)
            break;
    }
    return xlsx_kind_of(day || (month && !time), time);
}

/* Those that every workbook has (18.8.30). */
static enum xlsx_kind xlsx_kind_built_in(int64_t id)
{
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || (id >= 50 && id <= 58) || id == 36)
        return XLSX_DAY;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47))
        return XLSX_TIME;
    return id == 22 ? XLSX_DAY_TIME : XLSX_NUMBER;
}

/* Room for one more, doubled in the arena. */
static void *xlsx_grow(struct arena *arena, void *old, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return old;
    *room = *room ? 2 * *room : 64;
    void *grown = arena_alloc(arena, *room * size);
    if (count > 0)
        memcpy(grown, old, count * size);
    return grown;
}

void xlsx_styles_name(struct xlsx_styles *styles, struct arena *arena, const char *id,
                      const char *code)
{
    int64_t number;
    if (!code || !text_to_int(id, 0, INT32_MAX, &number))
        return;
    styles->names =
        xlsx_grow(arena, styles->names, styles->named, &styles->names_room, sizeof *styles->names);
    styles->names[styles->named++] =
        (struct xlsx_named){.id = (int)number, .kind = xlsx_kind_of_code(code)};
}

void xlsx_styles_add(struct xlsx_styles *styles, struct arena *arena, const char *id)
{
    int64_t number = 0;
    if (!id || !text_to_int(id, 0, INT32_MAX, &number))
        number = 0;
    enum xlsx_kind kind = xlsx_kind_built_in(number);
    for (size_t i = 0; number && i < styles->named; i++)
        if (styles->names[i].id == number)
            kind = styles->names[i].kind;
    styles->kinds = xlsx_grow(arena, styles->kinds, styles->count, &styles->room, 1);
    styles->kinds[styles->count++] = (unsigned char)kind;
}

enum xlsx_kind xlsx_styles_kind(const struct xlsx_styles *styles, unsigned style)
{
    return style < styles->count ? (enum xlsx_kind)styles->kinds[style] : XLSX_NUMBER;
}

/* ---- numbers ---- */

/* 15 digits are what a spreadsheet keeps. */
static const char *xlsx_plain_number(struct arena *arena, double value)
{
    char *text = arena_printf(arena, "%.15g", value);
    return !strchr(text, 'e') ? text
                              : arena_printf(arena, fabs(value) < 1 ? "%.15f" : "%.0f", value);
}

static const char *xlsx_time_of(struct arena *arena, int64_t seconds)
{
    int hour = (int)(seconds / 3600), minute = (int)(seconds / 60 % 60),
        second = (int)(seconds % 60);
    return second ? arena_printf(arena, "%02d:%02d:%02d", hour, minute, second)
                  : arena_printf(arena, "%02d:%02d", hour, minute);
}

/* The 29th of February 1900, which there was not, is day 60 of those who count from 1900. */
static const char *xlsx_day_of(struct arena *arena, int64_t day, bool since_1904)
{
    int64_t year;
    int month, of_month;
    if (since_1904)
        day += 1462;
    else if (day < 60)
        day++;
    calendar_date_of(day - 25569, &year, &month, &of_month);
    return arena_printf(arena, "%04lld-%02d-%02d", (long long)year, month, of_month);
}

const char *xlsx_cell_number(struct arena *arena, const char *raw, enum xlsx_kind kind,
                             bool since_1904, bool *is_number)
{
    enum { DAY_SECONDS = 86400, LAST_DAY = 2958465 /* 9999-12-31 */ };
    char *end;
    double value = strtod(raw, &end);
    if (!*raw || *end || !(fabs(value) < 1e15))
        return raw;
    int64_t day = value >= 0 && value < LAST_DAY ? (int64_t)value : -1;
    *is_number = kind == XLSX_NUMBER || day < 0;
    if (*is_number)
        return xlsx_plain_number(arena, value);
    int64_t seconds = (int64_t)((value - (double)day) * DAY_SECONDS + 0.5);
    if (seconds == DAY_SECONDS) {
        day++;
        seconds = 0;
    }
    if (kind == XLSX_TIME || (kind == XLSX_DAY_TIME && day == 0))
        return xlsx_time_of(arena, seconds);
    const char *date = xlsx_day_of(arena, day, since_1904);
    return kind == XLSX_DAY || seconds == 0
               ? date
               : arena_printf(arena, "%sT%s", date, xlsx_time_of(arena, seconds));
}

/* ---- texts ---- */

static bool xlsx_read_escape(const char *text, unsigned *letter)
{
    if (strncmp(text, "_x", 2) != 0 || strspn(text + 2, "0123456789abcdefABCDEF") < 4 ||
        text[6] != '_')
        return false;
    const char digits[] = {text[2], text[3], text[4], text[5], '\0'};
    *letter = (unsigned)strtoul(digits, NULL, 16);
    return *letter > 0 && (*letter < 0xd800 || *letter > 0xdfff);
}

/* What it stands for is never longer than the seven characters. */
void xlsx_cell_unescape(struct buf *text)
{
    char *to = text->data;
    if (!strstr(text->data, "_x"))
        return;
    for (const char *from = text->data; *from;) {
        unsigned letter;
        if (!xlsx_read_escape(from, &letter)) {
            *to++ = *from++;
            continue;
        }
        from += 7;
        if (letter < 0x80) {
            *to++ = (char)letter;
        } else if (letter < 0x800) {
            *to++ = (char)(0xc0 | letter >> 6);
            *to++ = (char)(0x80 | (letter & 0x3f));
        } else {
            *to++ = (char)(0xe0 | letter >> 12);
            *to++ = (char)(0x80 | (letter >> 6 & 0x3f));
            *to++ = (char)(0x80 | (letter & 0x3f));
        }
    }
    *to = '\0';
    text->len = (size_t)(to - text->data);
}
