/* rows: what a statement answered, tied to the request's arena. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/internal.h"

struct rows {
    PGresult *result;
};

static void clear(void *arg)
{
    PQclear(arg);
}

struct rows *rows_new(struct arena *arena, PGresult *result)
{
    struct rows *rows = arena_alloc(arena, sizeof *rows);
    rows->result = result;
    arena_defer(arena, clear, result);
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

/* Not PQfnumber(), which folds the case of what it is given. */
int rows_column(const struct rows *rows, const char *name)
{
    for (int i = 0; i < PQnfields(rows->result); i++)
        if (strcmp(PQfname(rows->result, i), name) == 0)
            return i;
    return -1;
}

const char *rows_name(const struct rows *rows, int column)
{
    assert(column >= 0 && column < PQnfields(rows->result));
    return PQfname(rows->result, column);
}

static bool is_null(const struct rows *rows, size_t row, int column)
{
    assert(row < rows_count(rows) && column >= 0 && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, (int)row, column) != 0;
}

const char *rows_text(const struct rows *rows, size_t row, int column)
{
    return is_null(rows, row, column) ? NULL : PQgetvalue(rows->result, (int)row, column);
}

size_t rows_length(const struct rows *rows, size_t row, int column)
{
    return is_null(rows, row, column) ? 0 : (size_t)PQgetlength(rows->result, (int)row, column);
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
    assert(column >= 0 && column < PQnfields(rows->result));
    return PQftype(rows->result, column);
}

size_t rows_affected(const struct rows *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}
