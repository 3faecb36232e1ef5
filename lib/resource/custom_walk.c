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

/* How it goes, whichever way it goes. */
struct walk {
    const char *table, *rest; /* of which records, and the conditions on them */
    const char *way, *operator, * limit;
    const char *id, *value; /* parameters of the place behind which it is; NULL: the beginning */
};

/* Along the index of the values. */
static void write_with_value(struct buf *sql, const struct field *field, const struct walk *walk)
{
    bool is_number = field->type == DECIMAL || field->type == MONEY;
    const char *column = is_number ? "number_value" : "text_value";
    const char *collation = field->type == TEXT ? " collate \"und-x-icu\"" : "";
    buf_printf(sql, "(select v.record_id as id\nfrom custom_values v\nwhere v.field_id = '%s' ",
               field->custom);
    buf_printf(sql, "and v.%s is not null\n", column);
    if (walk->value)
        buf_printf(sql, "and (v.%s%s, v.record_id) %s (%s::%s, %s)\n", column, collation,
                   walk->operator, walk->value, is_number ? "float8" : "text", walk->id);
    buf_printf(sql, "and exists (select from %s%s and %s.id = v.record_id)\n", walk->table,
               walk->rest, walk->table);
    buf_printf(sql, "order by v.%s%s%s, v.record_id%s\nlimit %s)", column, collation, walk->way,
               walk->way, walk->limit);
}

static void write_without_value(struct buf *sql, const struct field *field, const struct walk *walk)
{
    buf_printf(sql, "(select id\nfrom %s%s\nand (%s) is null", walk->table, walk->rest, field->sql);
    if (walk->id && !walk->value)
        buf_printf(sql, "\nand id %s %s", walk->operator, walk->id);
    buf_printf(sql, "\norder by id%s\nlimit %s)", walk->way, walk->limit);
}

static const char *parameter_of(struct conditions *where, const char *value)
{
    return value ? arena_printf(where->arena, "$%d", conditions_parameter(where, value)) : NULL;
}

void custom_walk_add(const struct order *order, struct conditions *where, const char *table,
                     const char *const *values, int64_t most)
{
    const struct field *field = order->keys[0].field;
    bool descending = order->keys[0].descending;
    const struct walk walk = {.table = table,
                              .rest = where->sql.len ? where->sql.data : "\nwhere true",
                              .way = descending ? " desc" : "",
                              .operator= descending ? "<" : ">",
                              .limit = list_limit(where, most),
                              .id = parameter_of(where, values ? values[1] : NULL),
                              .value = parameter_of(where, values ? values[0] : NULL)};
    struct buf sql;
    buf_init(&sql, where->arena);
    buf_puts(&sql, "id = any (array(\nselect walked.id\nfrom (");
    if (!walk.id || walk.value) {
        write_with_value(&sql, field, &walk);
        buf_puts(&sql, "\nunion all\n");
    }
    write_without_value(&sql, field, &walk);
    /* Those without a value are read only where those with one do not fill the page. */
    buf_printf(&sql, ") walked\nlimit %s))", walk.limit);
    buf_init(&where->sql, where->arena);
    conditions_add(where, "%s", sql.data);
}
