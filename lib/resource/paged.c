#include "resource/paged.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/input.h"
#include "resource/internal.h"
#include "resource/rows_json.h"

static const char cursor_sort[] = "-id";

/* Behind which id; NULL: from the first. */
static bool read_after(struct cx *cx, const char **id)
{
    const char *after = query_text(cx, "after");
    *id = NULL;
    if (!after)
        return true;
    if (!cx->is_page && parameter_get(cx->request.query, "page"))
        return fail_parameter(cx, "page", "invalid", "It is not for use with after.");
    return (cursor_read(cx->arena, after, cursor_sort, id, 1) && *id && uuid_is(*id)) ||
           fail_parameter(cx, "after", "bad_cursor", "This cursor is not of this list.");
}

static const char *number(struct cx *cx, int64_t value)
{
    return arena_printf(cx->arena, "%lld", (long long)value);
}

/* One more than the page shows tells whether there are more. */
static const char **all_parameters(struct cx *cx, const char *const *parameters, int count,
                                   const char *after, int64_t limit, int64_t page)
{
    const char **all = arena_alloc(cx->arena, sizeof *all * (size_t)(count + 3));
    for (int i = 0; i < count; i++)
        all[i] = parameters[i];
    all[count] = after;
    all[count + 1] = number(cx, limit + 1);
    all[count + 2] = number(cx, after ? 0 : (page - 1) * limit);
    return all;
}

bool paged_run(struct cx *cx, const struct paged *list, const char *const *parameters, int count,
               int64_t limit, struct paged_rows *out)
{
    struct batch batch;
    const char *after, *counted = cx->is_page ? "false" : query_text(cx, "count");
    int64_t page = cx->is_page ? 1 : query_int(cx, "page", 1);
    if (!read_after(cx, &after))
        return false;
    bool counts = !after && !text_equal(counted, "false");
    const char **all = all_parameters(cx, parameters, count, after, limit, page);
    batch_init(&batch, &cx->db);
    batch_add(&batch, list->rows, all, count + 3);
    if (counts)
        batch_add(&batch, list->count, all, count);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return fail_db(cx);
    size_t found = rows_count(rows[0]), shown = found > (size_t)limit ? (size_t)limit : found;
    const char *last = found > shown ? rows_text(rows[0], shown - 1, 0) : NULL;
    *out = (struct paged_rows){.rows = rows[0],
                               .count = shown,
                               .page = after ? 0 : page,
                               .total = counts ? rows_int(rows[1], 0, 0) : -1,
                               .next_cursor =
                                   last ? cursor_write(cx->arena, cursor_sort, &last, 1) : NULL};
    return true;
}

bool respond_paged(struct cx *cx, const struct paged *list, const char *const *parameters,
                   int count)
{
    struct paged_rows page = {.rows = NULL};
    int64_t limit = query_int(cx, "limit", LIMIT_USUAL);
    if (!paged_run(cx, list, parameters, count, limit, &page))
        return false;
    bool more = page.total > COUNT_MOST;
    return respond_rows(cx, list->fields, page.rows, page.count,
                        &(struct list_meta){page.page, limit, more ? COUNT_MOST : page.total,
                                            page.next_cursor, more});
}
