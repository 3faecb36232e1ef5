/* cell: what stands in a file as a value of JSON, as a client would send it. People write numbers,
 * dates, choices and yes or no in many ways; what is read as none of them is left as it is, so that
 * the field itself says what is wrong with it. */
#include <stdio.h>
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/money.h"
#include "base/text.h"
#include "base/unicode.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/reference.h"

static json_object *import_refuse(struct import_run *run, const char *name, const char *code,
                                  const char *message)
{
    fail_field(run->cx, name, code, "%s", message);
    return NULL;
}

/* ---- numbers ---- */

static bool import_is_digits(const char *text, size_t len)
{
    return len > 0 && strspn(text, "0123456789") >= len;
}

/* Groups of three behind the first: "1.234.567". */
static bool import_is_grouped(const char *text, char sign)
{
    const char *at = strchr(text, sign);
    if (!at || at == text || at - text > 3)
        return false;
    for (; *at == sign; at += 4)
        if (strspn(at + 1, "0123456789") < 3 ||
            (at[4] && at[4] != sign && at[4] != '.' && at[4] != ','))
            return false;
    return true;
}

/* Which sign parts the fraction: the last of two kinds; of one kind that which stands once, unless
 * it may be a group, which the reader's language decides. '\0': none does. */
static char import_decimal_sign(const struct cx *cx, const char *text)
{
    const char *point = strrchr(text, '.'), *comma = strrchr(text, ',');
    const struct language *language = cx->language ? cx->language : &languages[0];
    if (point && comma)
        return point > comma ? '.' : ',';
    const char *only = point ? point : comma;
    if (!only)
        return '\0';
    bool once = strchr(text, *only) == only;
    if (once && !(import_is_grouped(text, *only) && language->grouping == *only))
        return *only;
    return import_is_grouped(text, *only) ? '\0' : *only;
}

/* "1.234,50 €" is "1234.50"; what is no number stays. */
static const char *import_number(struct cx *cx, const char *text)
{
    struct buf plain, out;
    buf_init(&plain, cx->arena);
    buf_init(&out, cx->arena);
    for (const char *c = text; *c; c++) {
        bool nbsp = c[0] == '\xc2' && c[1] == '\xa0';
        bool narrow = strncmp(c, "\xe2\x80\xaf", 3) == 0;
        if (nbsp || narrow || *c == ' ' || *c == '\'')
            c += nbsp ? 1 : narrow ? 2 : 0;
        else
            buf_putc(&plain, *c);
    }
    const char *number = plain.data, *rest = number + (*number == '-' || *number == '+');
    if (!*rest || rest[strspn(rest, "0123456789.,")])
        return text;
    char sign = import_decimal_sign(cx, rest);
    if (*number == '-')
        buf_putc(&out, '-');
    for (const char *c = rest; *c; c++)
        if (*c == sign)
            buf_putc(&out, '.');
        else if (import_is_digits(c, 1))
            buf_putc(&out, *c);
    return out.data;
}

static json_object *import_whole(struct cx *cx, const char *text, bool exact)
{
    int64_t whole;
    const char *number = exact ? text : import_number(cx, text);
    return text_to_int(number, INT64_MIN, INT64_MAX, &whole) ? json_object_new_int64(whole)
                                                             : json_object_new_string(text);
}

static json_object *import_decimal(struct cx *cx, const char *text, bool exact)
{
    const char *number = exact ? text : import_number(cx, text);
    double value;
    char end;
    return sscanf(number, "%lf%c", &value, &end) == 1 ? json_object_new_double_s(value, number)
                                                      : json_object_new_string(text);
}

/* "12,50 EUR" and "€ 12.50" say the currency too; the column beside it says it better. */
static const char *import_without_currency(struct arena *arena, const char *text)
{
    const char *first = text + strcspn(text, "0123456789+-.,");
    size_t len = strlen(first);
    while (len > 0 && !strchr("0123456789", first[len - 1]))
        len--;
    bool negative = first > text && memchr(text, '-', (size_t)(first - text)) != NULL;
    const char *number = arena_copy(arena, first, len);
    return negative ? arena_printf(arena, "-%s", number) : number;
}

static json_object *import_money(struct import_run *run, const struct import_column *column,
                                 const char *text, const char *currency, bool exact)
{
    struct cx *cx = run->cx;
    int64_t amount;
    if (run->plan->minor)
        return import_whole(cx, text, exact);
    const char *number = exact ? text : import_number(cx, import_without_currency(cx->arena, text));
    if (money_parse(number, currency, &amount))
        return json_object_new_int64(amount);
    return import_refuse(run, column->name, "invalid_amount",
                         cx_text(cx, "Use an amount like 12.50."));
}

/* ---- yes and no, choices ---- */

static bool import_is_word(const char *text, const char *const *words)
{
    while (*words && !unicode_same_word(*words, text))
        words++;
    return *words != NULL;
}

static json_object *import_bool(const char *text)
{
    static const char *const yes[] = {"true", "yes", "y",  "1", "x", "on", "ja",
                                      "wahr", "sí",  "si", "s", "j", NULL};
    static const char *const no[] = {"false", "no",     "n",     "0", "off",
                                     "nein",  "falsch", "falso", NULL};
    if (import_is_word(text, yes))
        return json_object_new_boolean(1);
    return import_is_word(text, no) ? json_object_new_boolean(0) : json_object_new_string(text);
}

static const char *import_label(struct arena *arena, const struct field *field, size_t at)
{
    if (field->choice_labels)
        return field->choice_labels[at];
    char *label = text_title(arena, field->choices[at]);
    for (char *c = label; *c; c++)
        if (*c == '-')
            *c = ' ';
    return label;
}

static bool import_is_choice(struct arena *arena, const struct field *field, size_t at,
                             const char *text)
{
    const char *label = import_label(arena, field, at);
    bool is_it = unicode_same_word(field->choices[at], text) || unicode_same_word(label, text);
    for (size_t i = 1; !is_it && !(field->flags & MADE) && i < languages_count; i++)
        is_it = unicode_same_word(language_text(&languages[i], label), text);
    return is_it;
}

static json_object *import_choice(struct arena *arena, const struct field *field, const char *text)
{
    for (size_t at = 0; field->choices && field->choices[at]; at++)
        if (strcmp(field->choices[at], text) == 0)
            return json_object_new_string(text);
    for (size_t at = 0; field->choices && field->choices[at]; at++)
        if (import_is_choice(arena, field, at, text))
            return json_object_new_string(field->choices[at]);
    return json_object_new_string(text);
}

/* ---- dates ---- */

struct import_date {
    int first, second, year;
    bool dotted;
    const char *rest; /* behind it, or "" */
};

/* "21.11.2026", "11/21/26 9:30". */
static bool import_read_date(const char *text, struct import_date *out)
{
    char one, two;
    int used = 0;
    if (sscanf(text, "%2d%c%2d%c%4d%n", &out->first, &one, &out->second, &two, &out->year, &used) <
            5 ||
        one != two || !strchr("./-", one))
        return false;
    if (out->year < 100)
        out->year += 2000;
    out->dotted = one == '.';
    out->rest = text + used + strspn(text + used, ", T");
    return true;
}

const char *import_date_order(const char *text)
{
    struct import_date date;
    if (!import_read_date(text, &date))
        return NULL;
    if (date.dotted || date.first > 12)
        return "dmy";
    return date.second > 12 ? "mdy" : NULL;
}

/* The date as 2026-11-21, and what stands behind it; NULL: it is none of these. *ambiguous: nobody
 * said whether the day or the month comes first. */
static const char *import_date(struct import_run *run, const char *text, const char **rest,
                               bool *ambiguous)
{
    struct import_date date;
    *ambiguous = false;
    if (!import_read_date(text, &date))
        return NULL;
    const char *order = import_date_order(text);
    if (!order)
        order = run->plan->dates;
    *ambiguous = strcmp(order, "ymd") == 0 && date.first != date.second;
    bool day_first = strcmp(order, "mdy") != 0;
    *rest = date.rest;
    return arena_printf(run->cx->arena, "%04d-%02d-%02d", date.year,
                        day_first ? date.second : date.first, day_first ? date.first : date.second);
}

static json_object *import_refuse_order(struct import_run *run, const struct import_column *column)
{
    return import_refuse(run, column->name, "ambiguous_date",
                         cx_text(run->cx, "Say whether the day or the month comes first."));
}

static json_object *import_day(struct import_run *run, const struct import_column *column,
                               const char *text)
{
    const char *rest;
    bool ambiguous;
    const char *date = import_date(run, text, &rest, &ambiguous);
    if (ambiguous)
        return import_refuse_order(run, column);
    return json_object_new_string(date ? date : text);
}

/* By the clocks of the tenant, as pages show times, unless it says its own. */
static json_object *import_time(struct import_run *run, const struct import_column *column,
                                const char *text)
{
    struct cx *cx = run->cx;
    const char *zone = cx->tenant && cx->tenant->time_zone ? cx->tenant->time_zone : "UTC";
    const char *rest = "";
    bool ambiguous;
    char instant[32];
    int hour = 0, minute = 0;
    int64_t us;
    if (clock_parse(text, &us))
        return json_object_new_string(text);
    const char *date = import_date(run, text, &rest, &ambiguous);
    if (ambiguous)
        return import_refuse_order(run, column);
    if (!date && strlen(text) >= 10 && clock_is_date(arena_copy(cx->arena, text, 10))) {
        date = arena_copy(cx->arena, text, 10);
        rest = text + 10 + strspn(text + 10, "T ");
    }
    if (!date || (*rest && sscanf(rest, "%2d:%2d", &hour, &minute) != 2))
        return json_object_new_string(text);
    const char *local = arena_printf(cx->arena, "%sT%02d:%02d", date, hour, minute);
    if (!clock_read_local(local, zone, &us))
        return json_object_new_string(text);
    clock_format(us, instant);
    return json_object_new_string(instant);
}

/* ---- lists ---- */

/* "a; b; c", or one below the other, or JSON. */
static json_object *import_list(struct cx *cx, const struct field *field, const char *text)
{
    json_object *list = *text == '[' ? json_tokener_parse(text) : NULL;
    if (list)
        return list;
    const char *between = strchr(text, '\n') ? "\r\n" : strchr(text, ';') ? ";" : ",";
    const struct field one = {.type = field->item, .choices = field->choices};
    list = json_object_new_array();
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, between);
        const char *item = text_trim(cx->arena, arena_copy(cx->arena, at, len));
        if (*item)
            json_object_array_add(list, one.choices ? import_choice(cx->arena, &one, item)
                                                    : json_object_new_string(item));
        at += len + strspn(at + len, between);
    }
    return list;
}

/* ---- all of them ---- */

const char *import_currency_of_tenant(const struct cx *cx)
{
    return cx->tenant && cx->tenant->currency ? cx->tenant->currency : "EUR";
}

/* That of the row's column beside the amount; else the tenant's. */
static const char *import_currency(const struct import_run *run, const struct import_row *row,
                                   const struct field *field)
{
    const struct import_plan *plan = run->plan;
    for (size_t at = 0; field->currency && at < plan->width && at < row->count; at++) {
        const struct field *beside = plan->columns[at].field;
        if (beside && beside->type == CURRENCY && strcmp(beside->name, field->currency) == 0) {
            const char *code = text_trim(run->cx->arena, row->cells[at]);
            if (money_is_currency(code))
                return code;
        }
    }
    return import_currency_of_tenant(run->cx);
}

json_object *import_cell(struct import_run *run, const struct import_column *column,
                         const struct import_row *row, const char *text, bool *skip)
{
    struct cx *cx = run->cx;
    const struct field *field = column->field;
    bool exact = row->numbers[column - run->plan->columns]; /* whatever the reader's language */
    *skip = false;
    if (reference_target(field)) {
        const char *id = import_refer(run, field, column->name, text, skip);
        return id ? json_object_new_string(id) : NULL;
    }
    switch (field->type) {
    case INT:
    case BASIS_POINTS:
        return import_whole(cx, text, exact);
    case DECIMAL:
        return import_decimal(cx, text, exact);
    case MONEY:
        return import_money(run, column, text, import_currency(run, row, field), exact);
    case BOOL:
        return import_bool(text);
    case CHOICE:
        return import_choice(cx->arena, field, text);
    case DATE:
        return import_day(run, column, text);
    case TIME:
        return import_time(run, column, text);
    case ARRAY:
        return import_list(cx, field, text);
    default:
        return json_object_new_string(text);
    }
}
