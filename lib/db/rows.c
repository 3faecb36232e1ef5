/* rows: what a statement answered, tied to the request's arena. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/internal.h"

/* `count` columns, whose values are `texts`, stand in the place of the column `at`; none: -1. */
struct rows {
    PGresult *result;
    int at, count;
    const char *const *texts;
};

static void clear(void *arg)
{
    PQclear(arg);
}

struct rows *rows_new(struct arena *arena, PGresult *result)
{
    struct rows *rows = arena_alloc(arena, sizeof *rows);
    *rows = (struct rows){.result = result, .at = -1};
    arena_defer(arena, clear, result);
    return rows;
}

size_t rows_count(const struct rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

struct rows *rows_spread(struct arena *arena, const struct rows *rows, int at, int count,
                         const char *const *texts)
{
    struct rows *spread = arena_alloc(arena, sizeof *spread);
    assert(rows->at < 0 && at >= 0 && at < PQnfields(rows->result));
    *spread = (struct rows){rows->result, at, count, texts};
    return spread;
}

static bool is_spread(const struct rows *rows, int column)
{
    return rows->at >= 0 && column >= rows->at && column < rows->at + rows->count;
}

/* The server's column; not of one that is spread. */
static int stored_column(const struct rows *rows, int column)
{
    return rows->at >= 0 && column >= rows->at ? column - rows->count + 1 : column;
}

int rows_width(const struct rows *rows)
{
    return PQnfields(rows->result) + (rows->at < 0 ? 0 : rows->count - 1);
}

/* Not PQfnumber(), which folds the case of what it is given. */
int rows_column(const struct rows *rows, const char *name)
{
    for (int i = 0; i < PQnfields(rows->result); i++)
        if (strcmp(PQfname(rows->result, i), name) == 0)
            return rows->at < 0 || i < rows->at ? i : i + rows->count - 1;
    return -1;
}

const char *rows_name(const struct rows *rows, int column)
{
    assert(column >= 0 && column < rows_width(rows) && !is_spread(rows, column));
    return PQfname(rows->result, stored_column(rows, column));
}

static bool is_null(const struct rows *rows, size_t row, int column)
{
    assert(row < rows_count(rows) && column >= 0 && column < rows_width(rows));
    return PQgetisnull(rows->result, (int)row, stored_column(rows, column)) != 0;
}

const char *rows_text(const struct rows *rows, size_t row, int column)
{
    if (is_spread(rows, column))
        return rows->texts[row * (size_t)rows->count + (size_t)(column - rows->at)];
    return is_null(rows, row, column)
               ? NULL
               : PQgetvalue(rows->result, (int)row, stored_column(rows, column));
}

size_t rows_length(const struct rows *rows, size_t row, int column)
{
    if (is_spread(rows, column)) {
        const char *text = rows_text(rows, row, column);
        return text ? strlen(text) : 0;
    }
    return is_null(rows, row, column)
               ? 0
               : (size_t)PQgetlength(rows->result, (int)row, stored_column(rows, column));
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
    assert(column >= 0 && column < rows_width(rows) && !is_spread(rows, column));
    return PQftype(rows->result, stored_column(rows, column));
}

size_t rows_affected(const struct rows *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}
