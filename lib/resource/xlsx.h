/* xlsx: rows as an Office Open XML workbook of one sheet (ISO/IEC 29500-1, 18: SpreadsheetML),
 * written by libxlsxwriter row after row into a file of the disk: memory holds one row.
 *
 * Texts are written as texts and nothing else, so that no cell is ever a formula or a link;
 * numbers, amounts, days, times and yes or no are cells of their kind, which people sort and add.
 */
#ifndef RESOURCE_XLSX_H
#define RESOURCE_XLSX_H

#include <stdbool.h>

#include "resource/resource.h"

#define XLSX_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* How values are written: as pages show them to the reader (titles and choices in the reader's
 * language, times by the clocks of the tenant, amounts in the currency's unit), or as the API says
 * them. */
enum xlsx_values { XLSX_SHOWN, XLSX_RAW };

struct xlsx;
/* An empty sheet; it goes with the request. NULL: the failure is set. */
struct xlsx *xlsx_new(struct cx *cx, const char *title, enum xlsx_values values);
/* The columns' titles in the first row. `columns` with the tenant's own fields in their places;
 * `left_out`: columns that are read and not written, NULL-terminated. */
void xlsx_head(struct xlsx *xlsx, const struct field *const *columns,
               const struct field *const *left_out);
void xlsx_row(struct xlsx *xlsx, const struct list_result *result, size_t row);
/* Packs it and sends it as a file, however long it is. WAITS. */
bool xlsx_send(struct cx *cx, struct xlsx *xlsx, const char *name);

#endif
