/* filter_text: the conditions of a list as one text, and back: what filter= takes, wherever a list
 * is meant (API, pages, exports, boards, bulk, saved views).
 *
 *     filter    = condition / group
 *     group     = ("and" / "or" / "not") "(" filter *("," filter) ")"     ; of "not" one filter
 *     condition = field ["[" operator "]"] ":" value
 *     value     = plain / DQUOTE text DQUOTE / "(" text ")"
 *
 *     and(status[in]:(new,contacted),or(valueAmount[gte]:100000,createdAt[within]:last-7-days))
 *
 * A condition says what the parameter of that name says: "status[in]:(new,lost)" is
 * status[in]=new,lost. A plain value ends before a comma or a closing parenthesis; one that has
 * these stands in double quotes, and a quote in it is doubled. Parentheses are around the values of
 * [in]. Here is the form alone; what fields there are says resource/list_filters.c.
 */
#ifndef RESOURCE_FILTER_TEXT_H
#define RESOURCE_FILTER_TEXT_H

#include <stddef.h>

struct arena;
struct buf;

enum { FILTER_DEPTH_MAX = 5, FILTER_CONDITIONS_MAX = 20, FILTER_TEXT_MAX = 4000 };

enum filter_kind { FILTER_CONDITION, FILTER_AND, FILTER_OR, FILTER_NOT };

struct filter_node {
    enum filter_kind kind;
    const char *name, *value; /* of a condition, as of a parameter: "status[in]", "new,lost" */
    struct filter_node *inside, *next; /* of a group those in it; of one in a group the next */
};

/* Why a text is no filter: a code that is stable, a format for people, and the byte it is at. */
struct filter_error {
    const char *code, *message;
    size_t at;
};

/* In the arena; NULL: *error says why. */
struct filter_node *filter_parse(struct arena *arena, const char *text, struct filter_error *error);
/* The shortest text that is parsed to the same. */
const char *filter_print(struct arena *arena, const struct filter_node *filter);
/* How many conditions it has. */
int filter_count(const struct filter_node *filter);
const char *filter_kind_word(enum filter_kind kind); /* "and" */

#endif
