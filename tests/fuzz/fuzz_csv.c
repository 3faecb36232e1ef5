/* fuzz_csv: what is read and written again reads the same. */
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
    csv_open(&reader, (const char *)data, size);
    while (csv_next(&reader, arena, &cells, &count))
        if (count < 200) /* as many as a line may have */
            write_and_compare(arena, cells, count);
    arena_free(arena);
    return 0;
}
