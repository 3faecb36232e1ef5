/* fuzz_csv: files in any encoding; what is read and written again reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "resource/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_compare(struct arena *arena, const char **cells, size_t count)
{
    struct buf line;
    struct csv_reader reader;
    const char **again;
    size_t found;
    buf_init(&line, arena);
    csv_cell(&line, "first"); /* a byte order mark means nothing behind it */
    for (size_t i = 0; i < count; i++)
        csv_cell(&line, cells[i]);
    csv_line_end(&line);
    csv_open(&reader, line.data, line.len);
    if (!csv_next(&reader, arena, &again, &found) || found != count + 1)
        abort();
    for (size_t i = 0; i < count; i++)
        if (strcmp(again[i + 1], cells[i]) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct csv_reader reader;
    const char **cells;
    size_t count;
    /* The first byte chooses what was said of the encoding. */
    static const char *const charsets[] = {NULL, "utf-8", "utf-16", "windows-1252"};
    const char *text = size ? (const char *)data + 1 : "";
    size_t len = size ? size - 1 : 0;
    text = csv_decode(arena, charsets[size ? data[0] & 3 : 0], text, &len);
    csv_open(&reader, text, len);
    while (csv_next(&reader, arena, &cells, &count))
        if (count < 200) /* as many as a line may have */
            write_and_compare(arena, cells, count);
    arena_free(arena);
    return 0;
}
