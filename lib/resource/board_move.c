/* board_move: a card goes to another column, or to another place in its own.
 *
 * The column is a field like others and is written as any change of the record is, with all that
 * may refuse it. The place is not: it is of the board, not of the record, so that to put one's
 * cards in order is no event, and makes nobody's version of the record old.
 */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/board.h"
#include "resource/internal.h"

/* The input of a change: what the action took of the resource's own fields. */
static struct input *board_change(struct cx *cx, const struct resource *resource)
{
    const struct input *taken = cx->input;
    struct input *input = input_new(cx, resource->fields);
    for (const struct field *it = taken->fields; it->type != FIELD_END; it++) {
        const struct field *own = field_find(resource->fields, it->name);
        const struct value *value = &taken->values[it - taken->fields];
        if (own && value->presence == GIVEN)
            input->values[own - resource->fields] = *value;
    }
    return input;
}

static bool board_is_change(const struct input *input, const struct list_result *old)
{
    for (const struct field *it = input->fields; it->type != FIELD_END; it++) {
        const struct value *value = &input->values[it - input->fields];
        if (value->presence == GIVEN && !text_equal(value->text, record_value(old, it->name)))
            return true;
    }
    return false;
}

STATEMENT(board_turn, "select pg_advisory_xact_lock(hashtextextended($1 || $2, 7309))", 0);

/* Cards of a table are placed one after the other: two that go to one place at the same moment
 * would get the same rank, and nothing could ever stand between them. */
static bool board_wait_for_turn(struct cx *cx, const struct resource *resource)
{
    const char *parameters[] = {cx->db.tenant_id, resource->table};
    return db_run(&cx->db, &board_turn, parameters, 2) || fail_db(cx);
}

/* The rank of the card behind which it is to stand; NULL: on top. */
static bool board_read_anchor(struct cx *cx, const struct resource *resource, const char *column,
                              const char **rank)
{
    const char *after = input_text(cx, BOARD_AFTER);
    const struct viewer viewer = viewer_of(cx, resource, "read");
    struct conditions where;
    *rank = NULL;
    if (!after)
        return true;
    conditions_init(&where, cx->arena);
    conditions_add_id(&where, after);
    conditions_add_resource(&where, resource, &viewer);
    conditions_add(&where, "%s = $%d", resource->board->by, conditions_parameter(&where, column));
    const char *sql =
        arena_printf(cx->arena, "select " BOARD_RANK " from %s%s", resource->table, where.sql.data);
    struct rows *rows =
        db_run(&cx->db, statement_made(cx->arena, sql, 0), where.parameters, where.count);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail_field(cx, "afterId", "unknown_reference", "There is no such card there.");
    *rank = rows_text(rows, 0, 0);
    return true;
}

static bool board_write_rank(struct cx *cx, const struct resource *resource, const char *id,
                             const char *column, const char *above)
{
    const struct field *by = board_field(resource);
    const char *parameters[] = {id, column, above};
    const char *sql = arena_printf(
        cx->arena,
        "update %s\nset " BOARD_RANK " = house.rank_between($3::numeric, (\n"
        "    select max(below." BOARD_RANK ")\n    from %s below\n"
        "    where below.tenant_id = %s.tenant_id and below.%s = $2::%s and below.id <> $1\n"
        "    and ($3::numeric is null or below." BOARD_RANK " < $3::numeric)))\n"
        "where id = $1",
        resource->table, resource->table, resource->table, by->name,
        by->type == UUID ? "uuid" : "text");
    return db_run(&cx->db, statement_made(cx->arena, sql, DB_WRITES), parameters, 3) || fail_db(cx);
}

static bool board_place(struct cx *cx, const struct resource *resource, const char *id,
                        const char *column)
{
    const char *above;
    if (text_equal(input_text(cx, BOARD_AFTER), id))
        return fail_field(cx, "afterId", "invalid", "A card does not stand behind itself.");
    return board_wait_for_turn(cx, resource) && board_read_anchor(cx, resource, column, &above) &&
           board_write_rank(cx, resource, id, column, above);
}

bool board_move(struct cx *cx, const struct list_result *old)
{
    const struct resource *resource = cx->route->about;
    const char *id = record_value(old, "id");
    struct input *input = board_change(cx, resource);
    struct list_result changed;
    if (board_is_change(input, old) &&
        !record_update(cx, resource, id, input, INPUT_MERGE, &changed))
        return false;
    return !resource->board->ranked ||
           board_place(cx, resource, id, input_text(cx, resource->board->by));
}
