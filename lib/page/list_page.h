/* list_page: what the two halves of the list page share; private to it. */
#ifndef PAGE_LIST_PAGE_H
#define PAGE_LIST_PAGE_H

#include "page/page_parts.h"
#include "resource/filter_text.h"
#include "resource/resource.h"

enum { LIST_COLUMNS_MAX = 96 };

struct list_page {
    const struct resource *resource;
    struct list_query query;
    struct parameter *shown; /* the request's query with what was chosen before */
    struct list_result result;
    const struct custom *custom; /* the tenant's own fields */
    bool can_delete;
    bool edits, deletes;             /* what can be done with each row, whosever it is */
    int order[LIST_COLUMNS_MAX + 1]; /* columns of the result that may be shown, closed by -1 */
    const char *plain;               /* those shown unless others are chosen, as fields= */
    const char *room[LIST_COLUMNS_MAX + 1];     /* for each of them; NULL: it is always shown */
    const struct rows *faces[LIST_COLUMNS_MAX]; /* by column of the result: list_read_faces() */
};

/* The address of this list with `name` set to `value` (NULL: left out), on its
 * first page unless the page is what is set. */
const char *list_address(struct cx *cx, const struct resource *resource, const char *name,
                         const char *value);
const char *list_usual_sort(const struct resource *resource);
const char *list_sort(const struct list_page *page);

/* What comes first, second, … in the order: "-value"; "": nothing. */
const char *list_sort_key(struct cx *cx, const struct list_page *page, int place);

/* ---- list_columns.c ---- */
/* All that the resource declares, and of the tenant's own fields those that are shown; NULL:
 * the failure is set. */
const struct field **list_columns_read(struct cx *cx, struct list_page *page);
/* The resource's own fields as declared, then when it was made and changed; those chosen before
 * them, as they were chosen. */
void list_columns_order(struct cx *cx, struct list_page *page);
void list_add_columns(struct cx *cx, json_object *data, const struct list_page *page);
/* Whether the field is a column of this list, as chosen or by itself. */
bool list_shows(const struct list_page *page, const struct field *field);
/* ---- list_conditions.c, list_condition_add.c: filter= ---- */
/* What the address says of it; NULL: nothing that can be read. */
struct filter_node *list_conditions_read(struct cx *cx);
/* Adds "conditions" and "filter". */
void list_add_conditions(struct cx *cx, json_object *data, const struct list_page *page);
/* The list with the condition that the form was sent with; NULL: it was not sent. */
const char *list_condition_added(struct cx *cx, const struct resource *resource);

/* ---- list_room.c: which columns need how wide a screen ---- */
/* Fills page->room with the classes of its columns; `has_face`: a picture stands before names. */
void list_find_room(struct cx *cx, struct list_page *page, bool has_face);

/* ---- list_view.c: columns, page size and order as chosen before ---- */
/* Keeps the choice that the list's form was sent with and leads to the list; false: no
 * choice was made. */
bool list_view_remember(struct cx *cx, const struct resource *resource);
/* The request's query, and before it what was chosen, where it says nothing of it. */
struct parameter *list_view_recall(struct cx *cx, const struct resource *resource);

/* ---- list_saved.c: saved views (cgi-bin/views) ---- */
struct rows;
/* Those of the list that the one signed in has; *out NULL: there can be none. false: the failure is
 * set. WAITS. */
bool list_views_read(struct cx *cx, const struct resource *resource, struct rows **out);
/* The address of the one that is shown first when the list's own address is opened; NULL: none. */
const char *list_views_first(struct cx *cx, const struct rows *views);
/* Whether the list is a draft of a view, which says all that it shows. */
bool list_is_of_view(const struct parameter *query);
/* The list without filters, of the same view. */
const char *list_plain_address(struct cx *cx, const struct resource *resource);
/* Adds "views", "view" and "clear", behind all else: null where there is nothing to save. */
void list_add_views(struct cx *cx, json_object *data, const struct list_page *page,
                    const struct rows *views);

/* ---- list_faces.c ---- */
/* Whether the picture in the field stands before what the record is called. */
bool list_is_face(const struct field *field);
/* Looks up the pictures of what the rows refer to. false: the failure is set. WAITS. */
bool list_read_faces(struct cx *cx, struct list_page *page);
/* The address of the one of a cell; NULL: there is none. */
const char *list_face(struct cx *cx, const struct list_page *page, size_t row, int column);

/* The parts around the rows, added to the page's data. */
/* Amounts and days as people type them, "value[min]=1200.50", become what the API takes,
 * "valueAmount[gte]=120050"; what is neither asks for nothing. */
void list_read_typed(struct cx *cx, const struct resource *resource);
bool list_is_number(const struct field *field);
const char *list_own_currency(const struct cx *cx); /* of amounts that are typed */
/* One bound, the lower (0) or the upper (1), as typed: its value and the parameter's name as the
 * API has them. NULL: it is none. */
const char *list_typed_bound(struct cx *cx, const struct field *field, int which, const char *text,
                             const char **name);
/* A value as the API has it, for people. */
const char *list_shown_bound(struct cx *cx, const struct field *field, const char *value);
void list_add_filters(struct cx *cx, json_object *data, const struct resource *resource,
                      const struct custom *custom, const struct list_result *result);
void list_add_orders(struct cx *cx, json_object *data, const struct list_page *page);
void list_add_sizes(struct cx *cx, json_object *data, const struct list_page *page);
void list_add_pager(struct cx *cx, json_object *data, const struct list_page *page);
void list_add_empty(struct cx *cx, json_object *data, const struct list_page *page, bool filtered);

#endif
