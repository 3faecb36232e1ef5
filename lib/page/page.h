/* page: HTML answers. Templates of TULOU_SHARE/templates are compiled once
 * before the workers fork; a page's data is a json-c object in the request's
 * arena. page_render() adds what every page has: tenant branding, menu, user,
 * CSRF token, notices (all of it under "frame"), and "title", "csrf" and "once".
 *
 * A template of an area begins with its frame and fills the frame's blocks:
 *
 *     {{<layout/app}}
 *     {{$main}} … {{/main}}
 *     {{/layout/app}}
 *
 * Frames: layout/app (signed in), layout/bare (signing in), and on top of
 * layout/app: layout/list, form, detail, confirm, settings. Parts for use with
 * {{>}}: layout/fields (needs "fields"), layout/errors, layout/tokens (the
 * hidden inputs that every form needs), layout/chart and layout/bars (within their object),
 * layout/empty, layout/value. An icon: {{<layout/icon}}{{$name}}users{{/name}}{{/layout/icon}}.
 * No script and no style in templates: the content security policy forbids both.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <json-c/json.h>
#include <stdbool.h>

struct branding;
struct buf;
struct cx;
struct resource;
struct list_result;
struct route;
struct field;
struct language;

/* Loads every *.html under folder (name: path below it without ".html"); false
 * with one line logged for each template that does not parse. */
bool page_load_templates(const char *folder);

/* A json-c object that the request's arena releases. It speaks cx->language, and so does
 * what page_add(), page_list() and page_item() add to it. */
json_object *page_object(struct cx *cx);
json_object *page_array(struct cx *cx); /* owned by the caller, who adds it to an object */
/* From here on in another language, as a mail is in that of its reader. NULL: English. */
void page_speak(json_object *data, const struct language *language);
/* A text that is a constant of the program is translated (base/language.h): a title that somebody
 * wrote in a table or a call is, the name of a record never. One word in small letters is the name
 * of an icon or a state, and stays. `text` NULL: null. */
void page_set(json_object *object, const char *key, const char *text);
void page_set_int(json_object *object, const char *key, int64_t value);
void page_set_bool(json_object *object, const char *key, bool value);
bool page_flag(json_object *object, const char *key);
const char *page_text(json_object *object, const char *key);  /* as it was set; NULL: it was not */
json_object *page_add(json_object *object, const char *key);  /* new object member */
json_object *page_list(json_object *object, const char *key); /* new array member */
json_object *page_item(json_object *array);                   /* new object in it */

/* Renders `template` ("crm/board") inside its layout (templates inherit
 * layout/app or layout/bare by Mustache inheritance). Data: title, and what
 * the template needs. With HX-Request only the main part is sent. true. */
bool page_render(struct cx *cx, int status, const char *template, const char *title,
                 json_object *data);
/* The page for cx->failure: notice, sign-in redirect for 401, field errors are
 * the form's business. */
void page_write_failure(struct cx *cx);
/* A text that is no page, from a template without a frame; `plain`: nothing is
 * escaped. false: there is no such template. */
bool page_fill(const char *template, json_object *data, bool plain, struct buf *out);
bool page_template_exists(const char *template);
/* The main colour of a tenant and what is read on it (4.5:1 at least), as #rrggbb. */
void page_brand_colours(const struct branding *brand, char colour[static 8], char ink[static 8]);

/* Adds to the page of a bulk run (resource/bulk.h) what became of it. false: the failure is set.
 * WAITS. */
bool page_add_bulk_run(struct cx *cx, json_object *data, const struct list_result *record);

/* A notice shown once on the next page ("Lead saved."), by a short signed cookie. */
void page_notice(struct cx *cx, const char *kind, const char *text); /* success, warning, danger */
/* With a link to one of our pages behind it ("Undo"). */
void page_notice_link(struct cx *cx, const char *kind, const char *text, const char *path,
                      const char *title);
/* Redirects (303); htmx follows it within the page. */
bool page_go(struct cx *cx, const char *path);
/* A form of this page leads to another host of ours ("http://club.example.com:8080"),
 * which the content security policy else forbids. */
void page_posts_to(struct cx *cx, const char *origin);
/* A step of the breadcrumb before the page itself, outermost first. */
void page_crumb(json_object *data, const char *title, const char *path);
/* A link beside the title; the main one, with page_set_bool(…, "primary", true), is
 * shown last, a "danger" first. Other marks: "download", "post": a form of one button, and
 * "folded": behind "More", with page_set_bool(data, "has_folded", true).
 * Returns it. */
json_object *page_action(json_object *data, const char *title, const char *path, const char *icon);

/* Where the one signed in begins: the first entry of their menu, or "/". */
const char *page_home(struct cx *cx);

/* What the one signed in may open and `query` names: pages of their menus, things to do
 * ("New lead") and the newest records that match, of every searchable resource in their
 * menus. Adds "groups" (each title, icon, items, more) and "count" to data. An empty
 * query gives the menus. By the database handle of the request, one round trip. WAITS. */
bool page_find(struct cx *cx, const char *query, json_object *data);

/* Handlers for an area's routes: GET /brand.css (the tenant's colours; PUBLIC)
 * and POST /theme (form fields theme: light, dark or auto, and next; PUBLIC). */
bool page_brand_css(struct cx *cx);
bool page_theme(struct cx *cx);

/* Form inputs of fields as data for layout/fields: label, input type, value
 * (as sent, else from `row`, else initial), help, error (from cx->failure),
 * options. A new array, for json_object_object_add(data, "fields", …). */
struct list_result;
json_object *page_form_fields(struct cx *cx, const struct field *fields,
                              const struct list_result *row, bool creating);

/* The generic pages of a resource (list, new, detail, edit, delete), as routes. */
size_t page_routes(const struct resource *resource, const struct route **routes);
/* What those pages show, for an area's own handlers that add to it and render
 * their own template (one that inherits layout/list or layout/detail). The list
 * reads the request's query. NULL with the failure set. */
json_object *page_list_data(struct cx *cx, const struct resource *resource);
json_object *page_detail_data(struct cx *cx, const struct resource *resource,
                              const struct list_result *record);
/* An instant as people read it, in cx->language and the tenant's zone: "21 Nov 2026, 10:30". */
const char *show_instant(struct cx *cx, int64_t us);
/* A record's values for templates: {json name: shown text}, plus raw under "raw". */
json_object *page_record(struct cx *cx, const struct list_result *result, size_t row);

/* A line/bar chart: data the template layout/chart draws with the charting
 * library, and the same figures as a table. */
json_object *page_chart(json_object *data, const char *key, const char *kind, const char *title);
void page_chart_point(json_object *chart, const char *label, int64_t value);
/* Of a day, "2026-11-21", shown without its year. */
void page_chart_day(struct cx *cx, json_object *chart, const char *date, int64_t value);

/* A chart that is a table: each row has a bar, drawn as SVG, and the figures beside it
 * (page/bars.c); for the template layout/bars, within its object. In this order: the parts of which
 * each bar is made, what the columns are called, each row with its parts and cells, drawing. */
json_object *page_bars(json_object *data, const char *key, const char *title,
                       const char *label_title);
void page_bars_legend(json_object *bars, const char *title); /* of the next part */
void page_bars_head(json_object *bars, const char *title);   /* of the next column */
/* `path` leads to the rows that are counted; NULL: nowhere. */
json_object *page_bars_row(json_object *bars, const char *label, const char *path);
void page_bars_part(json_object *row, int64_t value); /* 0 or more */
void page_bars_cell(json_object *row, const char *text, const char *path);
/* Once all rows are there: the longest bar fills its place. */
void page_bars_draw(json_object *bars);

#endif
