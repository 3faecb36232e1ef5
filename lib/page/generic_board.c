/* The board of a resource: its records as cards in columns (resource/board.h). */
#include <string.h>

#include "base/language_format.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "page/page_parts.h"
#include "resource/board.h"
#include "resource/reference.h"
#include "resource/shape.h"

/* Parameters of the page that are no filters begin with _: the board of several, and the one column
 * of which more is shown. */
static const char group_name[] = "_group", column_name[] = "_column";

enum { FACTS_MAX = 5 };

struct board_page {
    const struct resource *resource;
    struct list_query query;
    struct board_columns columns;
    const char *group;      /* the board that is shown; NULL: the only one */
    const char *only;       /* the column that is shown; NULL: all */
    bool can_move, can_see; /* the cards, and their own pages */
};

static const char *board_page_path(struct cx *cx, const struct resource *resource)
{
    return arena_printf(cx->arena, "%s/board", resource->page);
}

/* `base` with the filters of this page, and with `name` as the value; NULL: without. */
static const char *board_page_address(struct cx *cx, const char *base, const char *name,
                                      const char *value)
{
    struct buf out;
    char mark = '?';
    buf_init(&out, cx->arena);
    buf_puts(&out, base);
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        bool filters = *it->name != '_' && *it->value && strcmp(it->name, "after") != 0;
        if (!filters)
            continue;
        buf_putc(&out, mark);
        text_url(&out, it->name);
        buf_putc(&out, '=');
        text_url(&out, it->value);
        mark = '&';
    }
    if (value) {
        buf_printf(&out, "%c%s=", mark, name);
        text_url(&out, value);
    }
    return out.data;
}

/* ---- which columns ---- */

static bool board_page_has(const struct board_page *page, const struct board_column *column)
{
    if (page->only)
        return text_equal(column->value, page->only);
    return !page->group || text_equal(column->group, page->group);
}

/* The tabs of several boards. The one shown is the first unless the address says another. */
static void board_page_add_boards(struct cx *cx, json_object *data, struct board_page *page)
{
    json_object *boards = page_list(data, "boards");
    const char *asked = parameter_get(cx->request.query, group_name), *last = NULL;
    struct board_columns *columns = &page->columns;
    for (size_t i = 0; i < columns->count && columns->all[i].group; i++)
        if (!page->group || text_equal(columns->all[i].group, asked))
            page->group = columns->all[i].group;
    for (size_t i = 0; i < columns->count && page->group; i++) {
        const struct board_column *it = &columns->all[i];
        if (text_equal(it->group, last))
            continue;
        last = it->group;
        json_object *board = page_item(boards);
        page_set(board, "title", it->group_label ? it->group_label : "(not visible)");
        page_set(
            board, "path",
            board_page_address(cx, board_page_path(cx, page->resource), group_name, it->group));
        page_set_bool(board, "current", text_equal(it->group, page->group));
    }
    page_set_bool(data, "many_boards", json_object_array_length(boards) > 1);
}

static void board_page_keep(struct board_page *page)
{
    size_t count = 0;
    for (size_t i = 0; i < page->columns.count; i++)
        if (board_page_has(page, &page->columns.all[i]))
            page->columns.all[count++] = page->columns.all[i];
    page->columns.count = count;
}

/* ---- what a card says ---- */

/* The first that lists show, without what the column says and what is made of it. */
static bool board_page_is_fact(const struct board_page *page, const struct field *field)
{
    const struct resource *resource = page->resource;
    return (field->flags & LISTED) && !field->sql && field->type != CUSTOM &&
           field->type != FILE_FIELD && strcmp(field->name, resource->board->by) != 0 &&
           strcmp(field->name, resource_label(resource)) != 0;
}

/* The id, what names a card, its facts and their currencies. */
static const struct field **board_page_columns(struct cx *cx, const struct board_page *page)
{
    const struct field *const *all = shape_of(cx, page->resource)->all;
    const struct field **columns = arena_alloc(cx->arena, (2 * FACTS_MAX + 8) * sizeof *columns);
    size_t at = 0, facts = 0;
    for (int i = 0; all[i]; i++) {
        bool named = i == 0 || strcmp(all[i]->name, resource_label(page->resource)) == 0;
        bool fact = board_page_is_fact(page, all[i]) && facts < FACTS_MAX;
        if (named || fact || (all[i]->type == CURRENCY && at < 2 * FACTS_MAX))
            columns[at++] = all[i];
        facts += fact;
    }
    columns[at] = NULL;
    return columns;
}

static void board_page_add_card(struct cx *cx, json_object *cards, const struct board_page *page,
                                const struct list_result *result, size_t row)
{
    json_object *card = page_item(cards), *facts = page_list(card, "facts");
    const char *id = rows_text(result->rows, row, 0);
    const char *path = arena_printf(cx->arena, "%s/%s", page->resource->page, id);
    struct buf move;
    buf_init(&move, cx->arena);
    buf_printf(&move, "%s/move?next=", path);
    text_url(&move,
             board_page_address(cx, board_page_path(cx, page->resource), group_name, page->group));
    page_set(card, "id", id);
    page_set(card, "label", show_label(cx, page->resource, result, row));
    page_set(card, "path", page->can_see ? path : NULL);
    page_set(card, "move", page->can_move ? move.data : NULL);
    for (int i = 0; result->fields[i]; i++) {
        if (!board_page_is_fact(page, result->fields[i]) || !*show_text(cx, result, row, i))
            continue;
        json_object *fact = page_item(facts);
        page_set(fact, "label", field_title(cx, result->fields[i]));
        page_set(fact, "text", show_text(cx, result, row, i));
    }
}

/* ---- a column ---- */

static const char *board_page_title(struct cx *cx, const struct board_page *page,
                                    const struct board_column *column)
{
    return column->label ? column->label
                         : show_choice_of(cx, board_field(page->resource), column->value);
}

static void board_page_add_figures(struct cx *cx, json_object *out,
                                   const struct board_column *column)
{
    json_object *sums = page_list(out, "sums");
    const char *count = show_number(cx, column->count);
    page_set(out, "count", column->more ? cx_printf(cx, "more than %s", count) : count);
    for (size_t i = 0; i < column->sums_count; i++)
        json_object_array_add(
            sums, json_object_new_string(language_money(
                      cx->arena, cx->language, column->sums[i].amount, column->sums[i].currency)));
}

static const char *board_page_more(struct cx *cx, const struct board_page *page,
                                   const struct board_column *column,
                                   const struct list_result *cards)
{
    if (!cards->next_cursor)
        return NULL;
    struct buf out;
    const char *one =
        board_page_address(cx, board_page_path(cx, page->resource), column_name, column->value);
    buf_init(&out, cx->arena);
    buf_printf(&out, "%s&after=", one);
    text_url(&out, cards->next_cursor);
    return out.data;
}

static void board_page_add_columns(struct cx *cx, json_object *data, const struct board_page *page,
                                   const struct list_result *cards)
{
    json_object *columns = page_list(data, "columns");
    for (size_t i = 0; i < page->columns.count; i++) {
        const struct board_column *column = &page->columns.all[i];
        json_object *out = page_item(columns), *list = page_list(out, "cards");
        page_set(out, "value", column->value);
        page_set(out, "title", board_page_title(cx, page, column));
        board_page_add_figures(cx, out, column);
        for (size_t row = 0; row < rows_count(cards[i].rows); row++)
            board_page_add_card(cx, list, page, &cards[i], row);
        page_set(out, "more", board_page_more(cx, page, column, &cards[i]));
    }
}

/* ---- the page ---- */

static void board_page_add_frame(struct cx *cx, json_object *data, const struct board_page *page)
{
    const struct resource *resource = page->resource;
    const char *path = board_page_path(cx, resource);
    bool filtered = page->query.filters || (page->query.search && *page->query.search);
    page_set(data, "subtitle", NULL);
    page_set(data, "path", path);
    page_set(data, "whole", board_page_address(cx, path, group_name, page->group));
    page_set(data, "api", resource->api);
    page_set(data, "by", field_json_name(board_field(resource)));
    page_set(data, "q", page->query.search);
    page_set(data, "group", parameter_get(cx->request.query, group_name));
    page_set_bool(data, "searchable", resource_is_searched(resource));
    page_set_bool(data, "is_filtered", filtered);
    page_set_bool(data, "is_one", page->only != NULL);
    page_set_bool(data, "ranked", resource->board->ranked);
    page_set_bool(data, "can_move", page->can_move);
    page_list(data, "actions");
    page_action(data, "List", board_page_address(cx, resource->page, NULL, NULL), "list");
    if (generic_may(cx, resource, OP_CREATE)) {
        json_object *action =
            page_action(data, cx_printf(cx, "New %s", resource->one),
                        arena_printf(cx->arena, "%s/new", resource->page), "plus");
        page_set_bool(action, "primary", true);
    }
    generic_crumbs(cx, data, resource);
}

static const struct action *board_page_move(const struct resource *resource)
{
    for (const struct action *const *it = resource->actions; it && *it; it++)
        if ((*it)->run == board_move)
            return *it;
    return NULL;
}

bool generic_board(struct cx *cx)
{
    struct board_page page = {.resource = cx->route->about};
    const struct action *move = board_page_move(page.resource);
    list_read_typed(cx, page.resource);
    if (!list_read_query(cx, page.resource, &page.query) ||
        !board_read_columns(cx, page.resource, &page.columns))
        return false;
    json_object *data = page_object(cx);
    page.can_move = move && action_may(cx, page.resource, move);
    page.can_see = generic_may(cx, page.resource, OP_GET);
    page.only = parameter_get(cx->request.query, column_name);
    board_page_add_boards(cx, data, &page);
    board_page_keep(&page);
    page.query.limit = BOARD_CARDS;
    page.query.after = page.only ? page.query.after : NULL;
    page.query.columns = board_page_columns(cx, &page);
    page.query.labels = reference_labels(cx, page.query.columns);
    struct list_result *cards = arena_alloc(cx->arena, (page.columns.count + 1) * sizeof *cards);
    if (!board_count(cx, page.resource, &page.query, &page.columns) ||
        !board_read_cards(cx, page.resource, &page.query, &page.columns, cards))
        return false;
    board_page_add_columns(cx, data, &page, cards);
    board_page_add_frame(cx, data, &page);
    return page_render(cx, 200, "layout/board", cx_printf(cx, "Board: %s", page.resource->title),
                       data);
}
