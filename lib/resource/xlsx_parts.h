/* xlsx_parts: a workbook while it is read; private to xlsx_book.c and xlsx_read.c. */
#ifndef RESOURCE_XLSX_PARTS_H
#define RESOURCE_XLSX_PARTS_H

#include <expat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zip.h>

#include "base/buf.h"
#include "resource/xlsx_cell.h"

struct arena;

enum {
    CHUNK = 1 << 16,
    CELLS_MAX = 200,       /* of a row, as of a line of CSV */
    ROWS_MOST = 1 << 20,   /* of a sheet */
    AHEAD = 250,           /* rows that are read at once, */
    AHEAD_BYTES = 4 << 20, /* unless their texts fill this much before */
    TEXT_MOST = 1 << 17,   /* bytes of a cell: 32,767 letters */
    TOKEN_MOST = 4 << 20,  /* bytes that the parser may hold before it says something */
    STRINGS_MOST = 4000000,
    STYLES_MOST = 1 << 16,
    ENTRIES_MOST = 10000,
    RATIO_MOST = 100,
    SPARE = 16 << 20 /* that a small workbook may unpack to */
};
static const uint64_t unpacked_most = 1ULL << 30;

struct xlsx_found_row {
    size_t line, count;
    const char **cells;
    const bool *numbers;
};

struct xlsx_reader {
    struct arena *arena;
    zip_t *zip;
    uint64_t left; /* bytes that may still be unpacked, or given to cells */
    int64_t fed;   /* bytes of the part that the parser has got */
    const char *problem;
    size_t line;
    /* What the workbook says of itself. */
    char sheet_id[64];
    char *sheet, *strings_name, *styles_name;
    bool since_1904;
    struct xlsx_styles styles;
    /* What cells share: texts with a NUL behind each, and where each begins. */
    int fd;
    char *strings;
    size_t strings_len;
    uint32_t *offsets;
    size_t strings_count, strings_room;
    struct buf pending; /* of them not written yet */
    /* The sheet. */
    zip_file_t *file;
    XML_Parser parser;
    bool ended, suspended, gave_up;
    char *chunk;
    /* Where the parser stands. */
    struct buf text;
    bool takes_text, in_phonetic, in_formats;
    char type[12];
    unsigned style;
    size_t row, column;
    const char *cells[CELLS_MAX];
    bool numbers[CELLS_MAX], is_number; /* of the cells, and of this one */
    size_t count;
    /* Rows that were read and not asked for yet. */
    struct arena *ahead;
    struct xlsx_found_row rows[AHEAD];
    const bool *given;                                 /* of the row last given */
    size_t rows_count, rows_at, rows_bytes, row_bytes; /* of their texts, and of this row's */
    bool rows_full;
};

/* ---- xlsx_book.c ---- */
/* "x:row" is "row": which prefix stands for SpreadsheetML is the file's choice. */
const char *xlsx_local(const char *name);
const char *xlsx_attribute(const char **attributes, const char *name); /* NULL: it has none */
/* Keeps the first problem; always false. */
bool xlsx_fail(struct xlsx_reader *reader, const char *problem);
void xlsx_stop(struct xlsx_reader *reader, const char *problem); /* the parser too */
/* A part of the archive, parsed by the piece. */
bool xlsx_open_part(struct xlsx_reader *reader, const char *name, XML_StartElementHandler start,
                    XML_EndElementHandler end);
/* The next piece, or the rest of one at which the parser was stopped. *more: there is more. */
bool xlsx_parse(struct xlsx_reader *reader, bool *more);
void xlsx_close_part(struct xlsx_reader *reader);
/* Elements of a text. Of what is spoken beside it (rPh) nothing is read. */
void xlsx_begin_text(struct xlsx_reader *reader, const char *local);
void xlsx_end_text(struct xlsx_reader *reader, const char *local);
/* What the workbook says of itself: its first sheet, styles, and the texts that cells share, in a
 * file of `folder`. false: its problem is set. */
bool xlsx_read_book(struct xlsx_reader *reader, const char *data, size_t len, const char *folder);

#endif
