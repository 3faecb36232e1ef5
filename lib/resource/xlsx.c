#include "resource/xlsx.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/loop/loop.h"
#include "base/money.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/server.h"
#include "resource/internal.h"
#include "resource/reference.h"

enum {
    CURRENCIES = 64, /* with a format of their own; amounts of others are texts */
    DIGITS = 15,     /* that a cell's number keeps; what has more is a text */
    LETTERS = 32767, /* of UTF-16 that a cell holds */
    CHUNK = 1 << 16
};

struct xlsx {
    struct cx *cx;
    enum xlsx_values values;
    int fd; /* of the file, which has no name */
    char path[32], folder[256];
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *head, *day, *time, *share;
    struct {
        char code[4];
        lxw_format *format;
    } currencies[CURRENCIES];
    size_t known;
    const struct field *const *left_out;
    lxw_row_t row;
    lxw_col_t width;
    lxw_error error;
};

/* ---- the file ---- */

static void xlsx_free(void *arg)
{
    struct xlsx *it = arg;
    if (it->book)
        lxw_workbook_free(it->book);
    if (it->fd >= 0)
        close(it->fd);
}

static lxw_format *xlsx_format(struct xlsx *it, const char *format)
{
    lxw_format *made = workbook_add_format(it->book);
    format_set_num_format(made, format);
    return made;
}

/* Spreadsheets write what the format says, whatever language they speak themselves. */
static const char *xlsx_day_format(const struct cx *cx)
{
    switch (tenant_date_order(cx)) {
    case DATE_YEAR_FIRST:
        return "yyyy-mm-dd";
    case DATE_MONTH_FIRST:
        return "mm/dd/yyyy";
    default:
        return cx->language && *cx->language->point_of_day ? "dd.mm.yyyy" : "dd/mm/yyyy";
    }
}

/* At most 31 characters, without those that part sheets in a formula. */
static const char *xlsx_title(struct cx *cx, const char *title)
{
    char *name = arena_text(cx->arena, title);
    for (char *c = name; *c; c++)
        if (strchr("[]:*?/\\'", *c))
            *c = ' ';
    size_t len = 0;
    for (size_t count = 0; name[len] && count < 31; count++)
        for (len++; ((unsigned char)name[len] & 0xc0) == 0x80;)
            len++;
    return arena_copy(cx->arena, name, len);
}

struct xlsx *xlsx_new(struct cx *cx, const char *title, enum xlsx_values values)
{
    struct xlsx *it = arena_alloc(cx->arena, sizeof *it);
    *it = (struct xlsx){.cx = cx, .values = values};
    snprintf(it->folder, sizeof it->folder, "%s/run", config_text(CONFIG_TULOU_VAR));
    it->fd = open(it->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    arena_defer(cx->arena, xlsx_free, it);
    snprintf(it->path, sizeof it->path, "/proc/self/fd/%d", it->fd);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = it->folder};
    it->book = it->fd < 0 ? NULL : workbook_new_opt(it->path, &options);
    it->sheet = it->book ? workbook_add_worksheet(it->book, xlsx_title(cx, title)) : NULL;
    if (!it->sheet) {
        fail(cx, 500, "internal", "The file could not be written.");
        return NULL;
    }
    const char *day = xlsx_day_format(cx);
    it->head = workbook_add_format(it->book);
    format_set_bold(it->head);
    it->day = xlsx_format(it, day);
    it->time = xlsx_format(it, arena_printf(cx->arena, "%s%s", day, " hh:mm"));
    it->share = xlsx_format(it, "0.00%");
    worksheet_freeze_panes(it->sheet, 1, 0);
    return it;
}

/* ---- cells ---- */

static void xlsx_take(struct xlsx *it, lxw_error error)
{
    if (error != LXW_NO_ERROR)
        it->error = error;
}

/* "_x0041_" would be read as "A", and libxlsxwriter writes other control characters so (ISO/IEC
 * 29500-1, 22.9.2.19): no cell shows them. */
static const char *xlsx_plain(struct arena *arena, const char *text)
{
    struct buf out;
    bool control = false;
    for (const char *c = text; *c && !control; c++)
        control = (unsigned char)*c < ' ' && *c != '\t' && *c != '\n';
    if (!control && !strstr(text, "_x"))
        return text;
    buf_init(&out, arena);
    for (; *text; text++) {
        if (strncmp(text, "_x", 2) == 0 && strspn(text + 2, "0123456789abcdefABCDEF") >= 4 &&
            text[6] == '_')
            buf_puts(&out, "_x005F_"); /* stands for the first "_" */
        else if ((unsigned char)*text >= ' ' || *text == '\t' || *text == '\n')
            buf_putc(&out, *text);
    }
    return out.data;
}

/* Of a text that no cell holds the beginning. */
static void xlsx_text(struct xlsx *it, lxw_col_t column, const char *text)
{
    size_t len = 0, letters = 0;
    text = xlsx_plain(it->cx->arena, text);
    while (text[len] && letters < LETTERS - 1) {
        letters += (unsigned char)text[len] >= 0xf0 ? 2 : 1;
        for (len++; ((unsigned char)text[len] & 0xc0) == 0x80;)
            len++;
    }
    if (text[len])
        text = arena_copy(it->cx->arena, text, len);
    xlsx_take(it, worksheet_write_string(it->sheet, it->row, column, text, NULL));
}

static bool xlsx_is_exact(const char *text)
{
    size_t digits = 0;
    for (const char *c = text; *c; c++)
        digits += *c >= '0' && *c <= '9';
    return digits <= DIGITS && *text && text[strspn(text, "0123456789.-")] == '\0';
}

static void xlsx_number(struct xlsx *it, lxw_col_t column, const char *text, double divisor,
                        lxw_format *format)
{
    if (!xlsx_is_exact(text))
        xlsx_text(it, column, text);
    else
        xlsx_take(it, worksheet_write_number(it->sheet, it->row, column,
                                             strtod(text, NULL) / divisor, format));
}

/* "2026-11-21", "2026-11-21T09:30". Spreadsheets count days from 1900 on. */
static bool xlsx_instant(struct xlsx *it, lxw_col_t column, const char *text, lxw_format *format)
{
    lxw_datetime at = {.year = 0};
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf", &at.year, &at.month, &at.day, &at.hour, &at.min,
               &at.sec) < 3 ||
        at.year < 1900)
        return false;
    xlsx_take(it, worksheet_write_datetime(it->sheet, it->row, column, &at, format));
    return true;
}

static bool xlsx_time(struct xlsx *it, lxw_col_t column, const char *text)
{
    char iso[32], local[20];
    int64_t us;
    if (!clock_from_database(text, iso) || !clock_parse(iso, &us))
        return false;
    clock_show_local(us, it->cx->tenant ? it->cx->tenant->time_zone : "UTC", local);
    return xlsx_instant(it, column, local, it->time);
}

static const char *xlsx_currency(const struct xlsx *it, const struct list_result *result,
                                 size_t row, const struct field *field)
{
    for (int i = 0; field->currency && result->fields[i]; i++)
        if (strcmp(result->fields[i]->name, field->currency) == 0)
            return rows_text(result->rows, row, i);
    return it->cx->tenant ? it->cx->tenant->currency : NULL;
}

/* "#,##0.00 [$EUR]": the sheet's sums stay numbers, and its columns may mix currencies. */
static lxw_format *xlsx_money_format(struct xlsx *it, const char *code)
{
    for (size_t i = 0; i < it->known; i++)
        if (strcmp(it->currencies[i].code, code) == 0)
            return it->currencies[i].format;
    if (it->known == CURRENCIES || strlen(code) != 3)
        return NULL;
    int digits = money_digits(code);
    lxw_format *format =
        xlsx_format(it, arena_printf(it->cx->arena, "#,##0%s%.*s [$%s]", digits > 0 ? "." : "",
                                     digits > 0 ? digits : 0, "0000", code));
    memcpy(it->currencies[it->known].code, code, 4);
    it->currencies[it->known++].format = format;
    return format;
}

static void xlsx_money(struct xlsx *it, lxw_col_t column, const char *text, const char *currency)
{
    int digits = currency ? money_digits(currency) : -1;
    lxw_format *format = digits < 0 ? NULL : xlsx_money_format(it, currency);
    double divisor = 1;
    for (int i = 0; i < digits; i++)
        divisor *= 10;
    if (format)
        xlsx_number(it, column, text, divisor, format);
    else
        xlsx_text(it, column, text);
}

static void xlsx_shown(struct xlsx *it, lxw_col_t column, const struct list_result *result,
                       size_t row, int at)
{
    const struct field *field = result->fields[at];
    const char *text = rows_text(result->rows, row, at);
    if (field->type == MONEY)
        xlsx_money(it, column, text, xlsx_currency(it, result, row, field));
    else if (field->type == BASIS_POINTS)
        xlsx_number(it, column, text, 10000, it->share);
    else if (field->type == CHOICE)
        xlsx_text(it, column, field_choice_title(it->cx, field, text));
    else if (!(field->type == DATE && xlsx_instant(it, column, text, it->day)) &&
             !(field->type == TIME && xlsx_time(it, column, text)))
        xlsx_text(it, column, export_cell_text(it->cx->arena, it->cx->language, result, row, at));
}

static void xlsx_cell(struct xlsx *it, lxw_col_t column, const struct list_result *result,
                      size_t row, int at)
{
    const struct field *field = result->fields[at];
    const char *text = rows_text(result->rows, row, at);
    bool raw_number =
        it->values == XLSX_RAW && (field->type == MONEY || field->type == BASIS_POINTS);
    if (!text)
        return;
    if (field->type == INT || field->type == DECIMAL || raw_number)
        xlsx_number(it, column, text, 1, NULL);
    else if (field->type == BOOL)
        xlsx_take(it, worksheet_write_boolean(it->sheet, it->row, column, *text == 't', NULL));
    else if (it->values == XLSX_SHOWN)
        xlsx_shown(it, column, result, row, at);
    else
        xlsx_text(it, column, export_cell_text(it->cx->arena, NULL, result, row, at));
}

/* ---- rows ---- */

static bool xlsx_writes(const struct xlsx *it, const struct field *field)
{
    for (const struct field *const *left = it->left_out; left && *left; left++)
        if (strcmp((*left)->name, field->name) == 0)
            return false;
    return !(field->flags & MEMBER_ONLY);
}

static double xlsx_room(const struct field *field)
{
    return field->type == TIME ? 17 : field->type == DATE ? 11 : field->type == LONG ? 40 : 20;
}

void xlsx_head(struct xlsx *it, const struct field *const *columns,
               const struct field *const *left_out)
{
    lxw_col_t column = 0;
    it->left_out = left_out;
    for (; *columns; columns++) {
        if (!xlsx_writes(it, *columns))
            continue;
        const char *title = it->values == XLSX_SHOWN     ? field_title(it->cx, *columns)
                            : reference_target(*columns) ? reference_name(*columns)
                                                         : field_json_name(*columns);
        worksheet_set_column(it->sheet, column, column, xlsx_room(*columns), NULL);
        xlsx_take(it, worksheet_write_string(it->sheet, 0, column++, title, it->head));
    }
    it->width = column;
}

void xlsx_row(struct xlsx *it, const struct list_result *result, size_t row)
{
    lxw_col_t column = 0;
    it->row++;
    for (int i = 0; result->fields[i]; i++)
        if (xlsx_writes(it, result->fields[i]))
            xlsx_cell(it, column++, result, row, i);
}

/* ---- the end ---- */

static void xlsx_close(void *arg)
{
    struct xlsx *it = arg;
    xlsx_take(it, workbook_close(it->book));
    it->book = NULL;
}

bool xlsx_send(struct cx *cx, struct xlsx *it, const char *name)
{
    struct buf *out = &cx->response.body;
    if (it->width > 0)
        worksheet_autofilter(it->sheet, 0, 0, it->row, (lxw_col_t)(it->width - 1));
    thread_call(xlsx_close, it);
    if (it->error != LXW_NO_ERROR)
        return fail(cx, 500, "internal", "The file could not be written.");
    respond_file(cx, XLSX_TYPE, name);
    char *chunk = arena_alloc(cx->arena, CHUNK);
    ssize_t len;
    buf_clear(out);
    for (off_t at = 0; (len = pread(it->fd, chunk, CHUNK, at)) > 0; at += len) {
        if (at > 0 && !stream_write(cx))
            return false;
        buf_add(out, chunk, (size_t)len);
    }
    return len == 0 || fail(cx, 500, "internal", "The file could not be read.");
}
