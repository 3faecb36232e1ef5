/* fuzz_xlsx: workbooks, as archives that came so, and as sheets, styles and texts in an archive
 * that is whole: of 0xff between them. Nothing is read twice, and each cell is text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/xlsx_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char workbook[] = "<workbook><sheets><sheet r:id='s'/></sheets></workbook>";
static const char relations[] =
    "<R><Relationship Id='s' Type='/worksheet' Target='0'/><Relationship Id='t' "
    "Type='/sharedStrings' Target='1'/><Relationship Id='f' Type='/styles' Target='2'/></R>";

static void add_part(zip_t *zip, const char *name, const void *data, size_t size)
{
    zip_source_t *source = zip_source_buffer(zip, data, size, 0);
    zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_OVERWRITE);
    if (at < 0)
        abort();
    zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
}

/* An archive of what stands in the data, in the arena. */
static const char *make_archive(struct arena *arena, const uint8_t *data, size_t *size)
{
    static const char *const names[] = {"xl/0", "xl/1", "xl/2"};
    zip_error_t error;
    zip_stat_t stat;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    if (!zip)
        abort();
    add_part(zip, "xl/workbook.xml", workbook, sizeof workbook - 1);
    add_part(zip, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    for (size_t i = 0, at = 0; i < 3; i++) {
        const uint8_t *end = at < *size ? memchr(data + at, 0xff, *size - at) : NULL;
        size_t len = at > *size ? 0 : (end ? (size_t)(end - data) : *size) - at;
        add_part(zip, names[i], len ? (const char *)data + at : "", len);
        at += len + 1;
    }
    if (zip_close(zip) != 0 || zip_source_open(source) != 0 || zip_source_stat(source, &stat) != 0)
        abort();
    char *archive = arena_alloc(arena, stat.size);
    zip_source_read(source, archive, stat.size);
    zip_source_free(source);
    *size = stat.size;
    return archive;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *archive = (const char *)data;
    const char **cells;
    size_t count, line = 0;
    if (!xlsx_is(archive, size))
        archive = make_archive(arena, data, &size);
    struct xlsx_reader *reader = xlsx_open(arena, archive, size, "/tmp");
    while (xlsx_next(reader, arena, &cells, &count)) {
        if (xlsx_line(reader) <= line)
            abort();
        line = xlsx_line(reader);
        for (size_t i = 0; i < count; i++)
            if (!text_is_utf8(cells[i], strlen(cells[i])))
                abort();
    }
    arena_free(arena);
    return 0;
}
