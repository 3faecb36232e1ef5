/* board: records as cards in columns, one for each value of a choice or for each of the few records
 * that a field refers to (resource/offered.h): deals by their stage.
 *
 *     .board = &(const struct board){.by = "stage_id", .within = "pipeline_id", .sum = "value",
 *                                    .ranked = true}
 *     .actions = ACTIONS(&deal_move)   with   struct action deal_move = BOARD_MOVE(…)
 *
 * From it the engine makes GET {api}/board (the columns with how many records they have and what
 * these are worth, in each currency), the page {page}/board, and with the action the ways to move a
 * card: POST {api}/:id/move, dragging, keys, and a form where there are no scripts.
 *
 * Cards that are .ranked have one order for all who look: the column `rank` of the table, greater
 * ones further up (call house.ranked('TABLE', 'COLUMN') in its migration). What is new stands on
 * top. Others stand in the usual order of their list.
 */
#ifndef RESOURCE_BOARD_H
#define RESOURCE_BOARD_H

#include "resource/action.h"
#include "resource/resource.h"

struct board {
    const char *by;     /* the field whose values are the columns */
    const char *within; /* of a reference: the field of what it refers to that says on which board
                         * of several that column stands; NULL: there is one board */
    const char *sum;    /* the field of type MONEY that is added up, or NULL */
    bool ranked;
};

enum {
    BOARD_COLUMNS_MAX = 100, /* as many as are offered */
    BOARD_CARDS = 20         /* of a column that are read at once */
};

/* What the cards of a column are worth in one currency; at most what JSON says exactly. */
struct board_sum {
    const char *currency;
    int64_t amount;
};

struct board_column {
    const char *value;       /* what the field holds in its records */
    const char *label;       /* of a choice NULL: that is for the reader's language */
    const char *group;       /* the id of the board that it is on; NULL: of the only one */
    const char *group_label; /* what that is called; NULL: it may not be seen */
    int64_t count;
    bool more; /* than `count`, where counting ended: what they are worth is not known */
    struct board_sum *sums;
    size_t sums_count;
};

struct board_columns {
    struct board_column *all;
    size_t count;
};

/* The columns in their order, without their figures. WAITS; false: the failure is set. */
bool board_read_columns(struct cx *cx, const struct resource *resource, struct board_columns *out);
/* How many records of the query each column has, and what they are worth to one who may see it. One
 * statement. WAITS; false: the failure is set. */
bool board_count(struct cx *cx, const struct resource *resource, const struct list_query *query,
                 struct board_columns *columns);
/* The first cards of each column behind query->after, which is of one column; `cards` has a place
 * for each. One round trip. WAITS; false: the failure is set. */
bool board_read_cards(struct cx *cx, const struct resource *resource,
                      const struct list_query *query, const struct board_columns *columns,
                      struct list_result *cards);

/* The field by which cards stand in columns. */
const struct field *board_field(const struct resource *resource);

/* Handler of GET {api}/board, and what it takes in its address. */
bool board_answer(struct cx *cx);
const struct field *board_query_fields(const struct resource *resource);
extern const struct field board_answer_fields[];

/* ---- moving ---- */

/* The action of a board: it takes the field of the columns and whatever else a record needs there
 * (fields of the resource, by their names). */
#define BOARD_MOVE(...)                                                                            \
    {                                                                                              \
        .name = "move", .title = "Move", .icon = "arrows-move",                                    \
        .summary = "Move a record to another column of the board.", .done = "Moved.",              \
        .takes = FIELDS(__VA_ARGS__), .run = board_move                                            \
    }
/* The same where cards are ranked. */
#define BOARD_MOVE_RANKED(...)                                                                     \
    {                                                                                              \
        .name = "move", .title = "Move", .icon = "arrows-move",                                    \
        .summary = "Move a record to a place on the board.", .done = "Moved.",                     \
        .takes = FIELDS(__VA_ARGS__,                                                               \
                        {BOARD_AFTER, UUID, NULLABLE | HIDDEN, .label = "Behind",                  \
                         .help = "The card of that column behind which it is to stand; null or "   \
                                 "absent: on top."}),                                              \
        .run = board_move                                                                          \
    }
#define BOARD_AFTER "after_id"
#define BOARD_RANK "rank"
bool board_move(struct cx *cx, const struct list_result *old);

#endif
