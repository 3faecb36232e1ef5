/* xlsx_cell: what a cell of a workbook says, as text. A number is a day or a time by its style
 * alone (ISO/IEC 29500-1, 18.8.30 and .31), counted in days from 1900 or 1904 on. */
#ifndef RESOURCE_XLSX_CELL_H
#define RESOURCE_XLSX_CELL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum xlsx_kind { XLSX_NUMBER, XLSX_DAY, XLSX_TIME, XLSX_DAY_TIME };

/* The workbook's cell formats in their order, and its own number formats. */
struct xlsx_styles {
    unsigned char *kinds;
    size_t count, room;
    struct xlsx_named {
        int id;
        enum xlsx_kind kind;
    } * names;
    size_t named, names_room;
};
/* A number format of the workbook's own: "dd.mm.yyyy". */
void xlsx_styles_name(struct xlsx_styles *styles, struct arena *arena, const char *id,
                      const char *code);
/* The next cell format; id: of its number format, NULL: none. */
void xlsx_styles_add(struct xlsx_styles *styles, struct arena *arena, const char *id);
enum xlsx_kind xlsx_styles_kind(const struct xlsx_styles *styles, unsigned style);

/* "1234.5", "2026-11-21", "2026-11-21T09:30", "09:30", in the arena. What is no number stays.
 * *is_number: the first, which is one in JSON too. */
const char *xlsx_cell_number(struct arena *arena, const char *raw, enum xlsx_kind kind,
                             bool since_1904, bool *is_number);
/* "_x000D_" is the character of that number (22.9.2.19). */
void xlsx_cell_unescape(struct buf *text);

#endif
