/* fuzz_import: cells of files as values of every type that is read without a database. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing here refers to records, which would bring the whole engine along. */
const struct resource *reference_target(const struct field *field)
{
    (void)field;
    return NULL;
}

const char *import_refer(struct import_run *run, const struct field *field, const char *name,
                         const char *text, bool *skip)
{
    (void)run, (void)field, (void)name, (void)text, (void)skip;
    return NULL;
}

static const struct field fields[] = {
    {"whole", INT},
    {"share", BASIS_POINTS},
    {"number", DECIMAL},
    {"amount", MONEY},
    {"yes", BOOL},
    {"kind", CHOICE, .choices = CHOICES("new", "old-one")},
    {"day", DATE},
    {"instant", TIME},
    {"list", ARRAY, .item = TEXT},
    {"text", TEXT},
};
enum { TYPES = sizeof fields / sizeof *fields };

/* The first byte chooses the type, the second how dates are ordered, amounts counted
 * and numbers written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const orders[] = {"ymd", "dmy", "mdy"};
    if (size < 2)
        return 0;
    struct arena *arena = arena_new();
    struct cx cx = {.arena = arena};
    const struct field *field = &fields[data[0] % TYPES];
    struct import_column column = {.name = field->name, .field = field};
    const struct import_plan plan = {
        .dates = orders[data[1] % 3], .minor = data[1] & 128, .columns = &column};
    struct import_run run = {.cx = &cx, .plan = &plan};
    bool is_number = data[1] & 64; /* of a workbook, in no language */
    const char *text = arena_copy(arena, (const char *)data + 2, size - 2);
    const struct import_row row = {.count = 0, .numbers = &is_number};
    bool skip;
    const char *order = import_date_order(text);
    if (order && strcmp(order, "dmy") != 0 && strcmp(order, "mdy") != 0)
        abort();
    json_object *value = *text ? import_cell(&run, &column, &row, text, &skip) : NULL;
    if (*text && !value && cx.failure.status != 422)
        abort();
    json_object_put(value);
    arena_free(arena);
    return 0;
}
