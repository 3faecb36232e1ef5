/* custom_walk: a page of a list by one of the tenant's fields that is a filter, along the index of
 * its values: those with a value, and behind them those without. Of a text the index has the first
 * letters (migrations/…core_custom_index.sql), so lists are ordered by these, and then by the id.
 */
#include "base/arena.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

enum { LETTERS = 200 };

static bool is_text(const struct field *field)
{
    return field->type == TEXT || field->type == EMAIL || field->type == URL;
}

const struct field *custom_ordered(struct arena *arena, const struct field *field)
{
    if (!(field->flags & MADE) || !is_text(field))
        return field;
    struct field *ordered = arena_alloc(arena, sizeof *ordered);
    *ordered = *field;
    ordered->sql = arena_printf(arena, "left(%s, %d)%s", field->sql, LETTERS,
                                field->type == TEXT ? " collate \"und-x-icu\"" : "");
    return ordered;
}

bool custom_walk_serves(const struct order *order)
{
    const struct field *field = order->keys[0].field;
    return order->count == 2 && (field->flags & MADE) && field->custom &&
           order->keys[1].descending == order->keys[0].descending;
}

static void write_walk(struct buf *sql, const char *rows, const char *order, const char *limit)
{
    buf_printf(sql, "(%s\norder by %s\nlimit %s)", rows, order, limit);
}

/* The condition of being behind the place, on the keys of the walk; "" at the beginning. */
static const char *behind(struct conditions *where, const char *keys, const char *operator,
                          const char * places)
{
    return places ? arena_printf(where->arena, "\nand (%s) %s (%s)", keys, operator, places) : "";
}

void custom_walk_add(const struct order *order, struct conditions *where, const char *table,
                     const char *const *values, int64_t most)
{
    struct arena *arena = where->arena;
    const struct field *field = order->keys[0].field;
    bool is_number = field->type == DECIMAL || field->type == MONEY;
    bool descending = order->keys[0].descending;
    const char *way = descending ? " desc" : "", *operator= descending ? "<" : ">";
    const char *key = is_number             ? "v.number_value"
                      : field->type == TEXT ? "v.text_value collate \"und-x-icu\""
                                            : "v.text_value";
    const char *rest = where->sql.len ? where->sql.data : "\nwhere true", *places = NULL;
    const char *limit = list_limit(where, most);
    struct buf sql;
    buf_init(&sql, arena);
    if (values) {
        int id = conditions_parameter(where, values[1]);
        places = arena_printf(arena, "$%d", id);
    }
    buf_puts(&sql, "id = any (array(\nselect walked.id\nfrom (");
    if (!values || values[0]) {
        const char *both =
            values ? arena_printf(arena, "$%d::%s, %s", conditions_parameter(where, values[0]),
                                  is_number ? "float8" : "text", places)
                   : NULL;
        const char *rows = arena_printf(
            arena,
            "select v.record_id as id\nfrom custom_values v\nwhere v.field_id = '%s' and %s is not "
            "null%s\nand exists (select from %s%s and %s.id = v.record_id)",
            field->custom, is_number ? "v.number_value" : "v.text_value",
            behind(where, arena_printf(arena, "%s, v.record_id", key), operator, both), table, rest,
            table);
        write_walk(&sql, rows, arena_printf(arena, "%s%s, v.record_id%s", key, way, way), limit);
        buf_puts(&sql, "\nunion all\n");
    }
    const char *from = values && !values[0] ? behind(where, "id", operator, places) : "";
    const char *rows = arena_printf(arena, "select id\nfrom %s%s and (%s) is null%s", table, rest,
                                    field->sql, from);
    write_walk(&sql, rows, arena_printf(arena, "id%s", way), limit);
    /* Those without a value are read only where those with one do not fill the page. */
    buf_printf(&sql, ") walked\nlimit %s))", limit);
    buf_init(&where->sql, arena);
    conditions_add(where, "%s", sql.data);
}
