/* rows: a PGresult that belongs to an arena. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/internal.h"

struct rows {
    PGresult *result;
};

static void release(void *result)
{
    PQclear(result);
}

struct rows *rows_new(struct arena *arena, PGresult *result)
{
    struct rows *rows = arena_alloc(arena, sizeof *rows);
    rows->result = result;
    arena_defer(arena, release, result);
    return rows;
}

size_t rows_count(const struct rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

int rows_width(const struct rows *rows)
{
    return PQnfields(rows->result);
}

int rows_column(const struct rows *rows, const char *name)
{
    return PQfnumber(rows->result, name);
}

const char *rows_name(const struct rows *rows, int column)
{
    return PQfname(rows->result, column);
}

const char *rows_text(const struct rows *rows, size_t row, int column)
{
    assert(row < rows_count(rows) && column >= 0 && column < rows_width(rows));
    if (PQgetisnull(rows->result, (int)row, column))
        return NULL;
    return PQgetvalue(rows->result, (int)row, column);
}

size_t rows_length(const struct rows *rows, size_t row, int column)
{
    return (size_t)PQgetlength(rows->result, (int)row, column);
}

int64_t rows_int(const struct rows *rows, size_t row, int column)
{
    const char *text = rows_text(rows, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

bool rows_bool(const struct rows *rows, size_t row, int column)
{
    const char *text = rows_text(rows, row, column);
    return text && text[0] == 't';
}

unsigned rows_type(const struct rows *rows, int column)
{
    return PQftype(rows->result, column);
}

size_t rows_affected(const struct rows *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}
