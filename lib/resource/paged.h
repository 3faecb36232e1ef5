/* paged: a list that a statement of one's own reads, the newest first by its id, with both ways to
 * go on that every list has: numbered pages with a total, and behind a cursor. What the engine
 * lists itself goes by resource_list().
 */
#ifndef RESOURCE_PAGED_H
#define RESOURCE_PAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "resource/field.h"

struct cx;

/* The parameters of such a list: .query = FIELDS(PAGED_QUERY, …). */
#define PAGED_QUERY                                                                                \
    {"page", INT, 0, 1, 1000000, .initial = "1"}, {"limit", INT, 0, 1, 100, .initial = "20"},      \
        {"after", TEXT, 0, 1, 2000},                                                               \
    {                                                                                              \
        "count", BOOL                                                                              \
    }

/* The last three parameters of `rows` are the id behind which the rows are (null: from the first),
 * how many are wanted and how many before them are left out:
 *     and ($2::uuid is null or id < $2::uuid) order by id desc limit $3::int offset $4::int
 * Column i is fields[i], and the first is the id. `count` has the parameters before them, and
 * counts no further than 10,001: PAGED_COUNT("from … where …"). */
struct paged {
    const struct statement *rows, *count;
    const struct field *fields;
};
#define PAGED_COUNT(from)                                                                          \
    "select count(*)\nfrom (\n    select\n    " from "\n    limit 10001\n) counted"

struct paged_rows {
    struct rows *rows;
    size_t count;            /* of those that the page shows */
    int64_t page;            /* 0 behind a cursor */
    int64_t total;           /* -1: not counted */
    const char *next_cursor; /* NULL: there are no more */
};
/* The page that the query of the request asks for, `limit` rows of it. `parameters` has `count`.
 * WAITS; false: the failure is set. */
bool paged_run(struct cx *cx, const struct paged *list, const char *const *parameters, int count,
               int64_t limit, struct paged_rows *out);
/* The same as the answer. */
bool respond_paged(struct cx *cx, const struct paged *list, const char *const *parameters,
                   int count);

#endif
