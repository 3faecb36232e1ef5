/* page_parts: what the files of lib/page share; private to it. */
#ifndef PAGE_PAGE_PARTS_H
#define PAGE_PAGE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page/page.h"
#include "resource/field.h"

struct action;
struct branding;
struct rows;

/* ---- frame.c: what every page has ---- */
/* Adds title, csrf, once and "frame" to a page's data. */
void frame_add(struct cx *cx, json_object *data, const char *title);
/* A request of htmx that wants only the part that changes. */
bool frame_is_fragment(const struct cx *cx);
/* "Ada B. Lin": "AL". */
const char *show_initials(struct cx *cx, const char *name);
/* Path and query of the request, to come back to; the home page after a POST. */
const char *frame_address(struct cx *cx);
/* Where the one signed in begins: the first entry of their menu, or "/". */
const char *frame_home(struct cx *cx);

/* ---- menu.c ---- */
/* What the one signed in may use, as areas declared it, in the order of the menu. */
struct menu {
    struct menu_item {
        const char *set, *title, *path, *icon, *group;
        int64_t order;
        size_t place; /* as declared: keeps the order of equals */
    } * entries;
    size_t count;
};
struct menu menu_read(struct cx *cx);
/* What a set is called; NULL: there is no such set. */
const char *menu_set_title(const char *set);
/* Adds menu, sets, many_sets and home to the frame, which has the user; the page's crumbs
 * (NULL: none) say where it belongs when its address does not. */
void menu_add(struct cx *cx, json_object *frame, json_object *crumbs);
/* The entry of the menu that the address belongs to; false: none. */
bool menu_place(struct cx *cx, const char **title, const char **path);
/* Adds links to the pages of one's own account that areas offer. */
void menu_add_user_links(json_object *user);
/* The word of the set that an address belongs to ("admin"), NULL: none. */
const char *menu_set_of(const char *path);

/* ---- marked.c ---- */
/* Their title and path, NULL: there are none to read. WAITS. */
struct rows *marked_read(struct cx *cx);
/* Adds them to the menu of the frame, and "star" where the page can be marked. WAITS. */
void marked_add(struct cx *cx, json_object *frame);

/* ---- switcher.c ---- */
/* Adds the workspaces or tenants to go to; null when there are none. WAITS. */
void switcher_add(struct cx *cx, json_object *frame);

/* ---- resend.c ---- */
/* Answers a form that came after its session had ended, or from an earlier one, with a page
 * that keeps what was typed; false: cx->failure is of another kind. */
bool resend_offer(struct cx *cx);

/* ---- find.c, find_records.c: the search across everything ---- */
/* A group of the page's "groups", and an item in it. Texts are copied. */
json_object *find_group(json_object *data, const char *title, const char *icon);
void find_item(json_object *group, const char *title, const char *detail, const char *path,
               const char *icon);
/* Adds a group for each resource that has records; nothing for a query that is too short
 * for the index. false: the failure is set. WAITS. */
bool find_records(struct cx *cx, const struct menu *menu, const char *query, json_object *data);

/* ---- notice.c ---- */
/* Adds the notice that the last page left, and takes its cookie away. */
void notice_add(struct cx *cx, json_object *frame);

/* ---- brand.c ---- */
const struct branding *brand_of(const struct cx *cx);
const char *brand_name(const struct cx *cx);
/* A digest of the colours, for the address of /brand.css. */
const char *brand_version(struct cx *cx);

/* ---- form.c ---- */
/* From cx->failure: a summary whose lines lead to the fields ("form_error"). */
void form_add_error(struct cx *cx, json_object *data);
/* Whether the form was sent by a button that shows it again and saves nothing: one that adds,
 * removes or moves a row, or one that shows how Markdown will look. */
bool form_is_asked_again(const struct cx *cx);
/* Whether a form of these fields has such buttons: "asks_again" for the template. */
bool form_can_ask_again(const struct field *fields);

/* Sets "markdown_html", the one value that a template shows unescaped: the HTML of what somebody
 * wrote as Markdown, made here alone; NULL: none. */
void page_set_markdown(struct cx *cx, json_object *out, const char *text);

/* ---- form_conflict.c ---- */
/* What others stored stays where that was chosen: the input is without it. */
void form_take_sides(struct cx *cx);

/* ---- child_rows.c ---- */
/* The rows that belong to a record: a "table" for the template layout/value; rows of inputs for
 * layout/field, the currency of whose amounts the row says. */
void child_table_add(struct cx *cx, json_object *out, const struct list_result *result, size_t row,
                     int column);
void child_form_add(struct cx *cx, json_object *out, const struct field *field,
                    const struct list_result *row);

/* ---- parts.c: rows that are appended to a record ---- */
/* Adds "parts" to the data of its page: a section for each kind. false: the failure is set. WAITS.
 */
bool parts_add(struct cx *cx, json_object *data, const struct resource *resource,
               const struct list_result *record);
bool part_append(struct cx *cx); /* handler of their form */
/* Of one row: the form that changes it and saving that, asking before deleting it and doing so. */
bool part_edit(struct cx *cx);
bool part_save(struct cx *cx);
bool part_delete_ask(struct cx *cx);
bool part_delete_done(struct cx *cx);

/* ---- related.c: records that refer to one ---- */
/* Adds "related" to the data of its page, for the template layout/related: a section for each kind
 * that the one signed in may read. false: the failure is set. WAITS. */
bool related_add_all(struct cx *cx, json_object *data, const struct resource *resource,
                     const char *id);

/* ---- record_timeline.c ---- */
/* Adds "timeline" to the data of its page, for the template layout/timeline. false: the failure is
 * set. WAITS. */
bool timeline_add(struct cx *cx, json_object *data, const struct resource *resource,
                  const struct list_result *record);
extern const struct field timeline_comment_form[]; /* what its form takes: comment */
/* Adds "changes", for the template layout/changes: what the event changed. */
struct event_told;
void page_add_changes(json_object *out, const struct event_told *told);

/* ---- picker.c ---- */
/* How the record is chosen to which a field of a form refers: what is `chosen` (NULL: nothing),
 * what its search found, and whether there may be none. WAITS. */
void picker_add(struct cx *cx, json_object *out, const struct field *field, const char *chosen,
                bool needed, const struct list_result *row);

/* ---- show.c ---- */
/* Fills `out` for the template layout/value: text and how it is shown. */
void show_value(struct cx *cx, json_object *out, const struct list_result *result, size_t row,
                int column);
/* The text alone, in the arena; "" for null. */
const char *show_text(struct cx *cx, const struct list_result *result, size_t row, int column);
/* Index of a column by name, -1 when the result lacks it. */
int show_column(const struct list_result *result, const char *name);
/* The page of a record that the field refers to; NULL: there is none for the one signed in. */
const char *show_reference_path(struct cx *cx, const struct field *field, const char *id);
/* Whether every resource has it: id, created_at, updated_at as the engine adds them. */
bool show_is_common(const struct field *field);
/* What the JSON of a FILE_FIELD says: what it is called, where it is (its address differs with
 * each), whether it is a picture. NULL and false: there is none. */
const char *show_file_name(struct cx *cx, const char *stored);
const char *show_file_url(struct cx *cx, const char *stored);
bool show_file_is_picture(struct cx *cx, const char *stored);
const char *show_choice(struct cx *cx, const char *choice); /* "in_review": "In review" */
/* The same of a field that may say itself what people read. */
const char *show_choice_of(struct cx *cx, const struct field *field, const char *choice);
const char *show_number(struct cx *cx, int64_t number); /* "12,345" */
/* Of an amount: that of the field it refers to, else the tenant's. */
const char *show_currency(struct cx *cx, const struct list_result *result, size_t row,
                          const struct field *field);
/* As people type it: 120000 of EUR is "1200.00". */
const char *show_amount(struct cx *cx, const char *stored, const char *currency);
/* What a record is called on pages. */
const char *show_label(struct cx *cx, const struct resource *resource,
                       const struct list_result *result, size_t row);

/* ---- generic_*.c: the pages of a resource ---- */
bool generic_list(struct cx *cx);
bool generic_export(struct cx *cx), generic_export_sheet(struct cx *cx);
bool generic_board(struct cx *cx);
bool generic_detail(struct cx *cx);
/* The same page, with this status. */
bool generic_detail_of(struct cx *cx, const struct resource *resource, const char *id, int status);
/* The hidden version of a form becomes the If-Match of its request. */
void generic_demand_version(struct cx *cx);
/* Why a save failed with 412, for people. */
extern const char generic_conflict[];
bool generic_new(struct cx *cx);
bool generic_create(struct cx *cx);
bool generic_edit(struct cx *cx);
bool generic_update(struct cx *cx);
bool generic_delete_ask(struct cx *cx);
bool generic_delete(struct cx *cx);
bool generic_bulk_delete(struct cx *cx);
bool generic_bulk_update(struct cx *cx);
bool generic_bulk_merge(struct cx *cx);
/* Of route->action: the page that asks, doing it, and doing it with those ticked. */
bool generic_action_ask(struct cx *cx);
bool generic_action(struct cx *cx);
bool generic_bulk_action(struct cx *cx);
/* Adds the buttons of the actions that are possible with the record. false: the failure is set.
 * WAITS. */
bool generic_add_actions(struct cx *cx, json_object *data, const struct resource *resource,
                         const char *id);
/* Those of no record, for the list page. */
void generic_add_list_actions(struct cx *cx, json_object *data, const struct resource *resource);
/* ---- generic_given.c: what was given besides a record ---- */
/* Whether a field of it can be shown on the next page alone. */
bool generic_gives_secret(const struct field *gives);
/* That page, which leads on to `path`. */
bool generic_show_given(struct cx *cx, const struct field *gives, const char *title,
                        const char *path);
/* What else is given, behind what was done: "Back in its queue. Jobs: 5." */
/* The page of the last record among them, and what its link says; NULL: there is none. */
const char *generic_given_path(struct cx *cx, const struct field *gives, const char **title);
const char *generic_say_given(struct cx *cx, const struct field *gives, const char *done);
/* ---- generic_action.c ---- */
/* The page that asks before an action, or takes what it needs. */
void bulk_keep(json_object *data, const char *name, const char *value); /* a hidden input of it */
json_object *generic_ask_action(struct cx *cx, const struct action *action, const char *path,
                                const char *back);
/* ---- generic_delete.c ---- */
/* The page that asks before something is deleted. */
json_object *generic_ask(struct cx *cx, const struct resource *resource, const char *action,
                         const char *back);
/* ---- generic_bulk_set.c ---- */
struct bulk;
/* The fields that may be set for many, each with a tick that says that it is. */
json_object *bulk_set_fields(struct cx *cx, const struct resource *resource);
/* What was typed for those ticked becomes bulk->set: 422. */
bool bulk_set_take(struct cx *cx, struct bulk *bulk);
/* ---- generic_bulk.c ---- */
/* Said before something that a bulk run can take back. */
extern const char bulk_can_be_undone[];
/* "1 lead", "3 leads" */
const char *bulk_counted(struct cx *cx, const struct resource *resource, int64_t count);
/* Which row of the records has the id. */
bool bulk_find_row(const struct list_result *records, const char *id, size_t *row);
/* What can be done with those ticked on a list, a new array. */
json_object *generic_bulk_buttons(struct cx *cx, const struct resource *resource);
/* ---- attachments.c: the files of a record, on its page ---- */
enum { ATTACHMENT_PAGES = 4 };
/* Makes their routes in `routes`, which has ATTACHMENT_PAGES places. */
size_t attachment_pages(const struct resource *resource, struct route *routes);
/* Adds "attachments", for the template layout/attachments, to the data of the record's page.
 * false: the failure is set. WAITS. */
bool attachments_add(struct cx *cx, json_object *data, const struct resource *resource,
                     const struct list_result *record);
/* Whether the resource offers the operation and the one signed in may use it. */
bool generic_may(struct cx *cx, const struct resource *resource, unsigned operation);
/* Breadcrumb up to the list; for the list itself NULL. */
void generic_crumbs(struct cx *cx, json_object *data, const struct resource *resource);

#endif
