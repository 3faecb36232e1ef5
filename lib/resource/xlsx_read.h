/* xlsx_read: the rows of a workbook's first sheet (ISO/IEC 29500-1, 18), as texts.
 *
 * libzip unpacks and expat parses it piece by piece: what is shared by cells stands in a file of
 * the disk, so that memory holds some rows, whatever the workbook is. A workbook that unpacks to
 * far more than it is, or that is none, ends with a problem and never with more memory; documents
 * that declare types or entities of their own are none.
 *
 * Days and times come as "2026-11-21" and "2026-11-21T09:30", numbers with a point and without
 * groups, yes and no as true and false, formulas as what they gave when it was saved.
 */
#ifndef RESOURCE_XLSX_READ_H
#define RESOURCE_XLSX_READ_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Whether these first bytes are those of a ZIP archive. */
bool xlsx_is(const char *data, size_t len);
/* Whether they are those of Office's older files, which are those of locked ones too. */
bool xlsx_is_old(const char *data, size_t len);

struct xlsx_reader;
/* Of data that stays where it is; its own file is made in `folder`. Everything goes with the arena.
 * What is wrong is told by the first xlsx_next(). Takes as long as reading what cells share: call
 * it on a helper thread. */
struct xlsx_reader *xlsx_open(struct arena *arena, const char *data, size_t len,
                              const char *folder);
/* Reads some rows ahead; likewise for a helper thread. false: xlsx_next() has rows still, or none
 * are left. */
void xlsx_read_ahead(struct xlsx_reader *reader);
/* Whether xlsx_next() answers without reading. */
bool xlsx_has_read(const struct xlsx_reader *reader);
/* The next row that is not empty, its cells in the arena; false at the end or on a problem. */
bool xlsx_next(struct xlsx_reader *reader, struct arena *arena, const char ***cells, size_t *count);
/* Of each of its cells whether it is a number, until the next one is asked for. */
const bool *xlsx_numbers(const struct xlsx_reader *reader);
size_t xlsx_line(const struct xlsx_reader *reader); /* of the row last read, from 1 */
/* After xlsx_next() answered false: xlsx_broken, xlsx_too_large, csv_too_many_cells; NULL at the
 * end. */
const char *xlsx_problem(const struct xlsx_reader *reader);

#endif
