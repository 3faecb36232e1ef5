/* page: imports by page: the file, which column becomes what, a trial, the work, what came of it.
 * All of it are forms and links, and nothing needs a script. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"
#include "page/page.h"
#include "resource/custom.h"
#include "resource/model.h"

enum { SAMPLE_ROWS = 3, REFUSED_SHOWN = 200, IMPORTS_LISTED = 50 };

static const char *page_title(struct cx *cx)
{
    return cx_printf(cx, "Import %s", cx_in_sentence(cx, import_about(cx)->title));
}

static json_object *page_begin(struct cx *cx)
{
    json_object *data = page_object(cx);
    page_set(data, "page", import_about(cx)->page);
    page_crumb(data, import_about(cx)->title, import_about(cx)->page);
    return data;
}

/* ---- the file ---- */

static bool show_new(struct cx *cx, int status)
{
    json_object *data = page_begin(cx), *list = page_list(data, "fields");
    const struct field **fields = import_fields(cx, import_about(cx));
    for (size_t i = 0; fields && fields[i]; i++) {
        json_object *item = page_item(list);
        page_set(item, "name", field_json_name(fields[i]));
        page_set(item, "label", field_title(cx, fields[i]));
        page_set_bool(item, "required", (fields[i]->flags & REQUIRED) != 0);
    }
    return fields && page_render(cx, status, "import/new", page_title(cx), data);
}

bool import_page_new(struct cx *cx)
{
    return show_new(cx, 200);
}

static bool go_to(struct cx *cx, const struct import_state *state)
{
    return page_go(cx, arena_printf(cx->arena, "%s/imports/%s", import_about(cx)->page, state->id));
}

bool import_page_send(struct cx *cx)
{
    struct import_state state;
    if (import_receive(cx, import_about(cx), true, &state))
        return go_to(cx, &state);
    return cx->failure.status == 422 ? show_new(cx, 422) : false;
}

/* ---- which column becomes what ---- */

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *item = page_item(options);
    page_set(item, "value", value);
    page_set(item, "title", title);
    page_set_bool(item, "selected", selected);
}

/* The first cells of the column, so that one sees what it is. */
static const char *sample_of(struct cx *cx, json_object *rows, size_t at)
{
    struct buf text;
    buf_init(&text, cx->arena);
    for (size_t i = 0; i < json_object_array_length(rows) && i < SAMPLE_ROWS; i++) {
        json_object *cells = json_object_array_get_idx(json_object_array_get_idx(rows, i), 1);
        const char *cell = json_object_get_string(json_object_array_get_idx(cells, at));
        if (cell && *cell)
            buf_printf(&text, "%s%.60s", text.len ? " · " : "", cell);
    }
    size_t len = text_utf8_len(text.data, text.len); /* a character may be cut */
    return arena_copy(cx->arena, text.data, len);
}

static void add_columns(struct cx *cx, json_object *data, const struct import_plan *plan,
                        json_object *rows)
{
    json_object *columns = page_list(data, "columns");
    const struct field **fields = import_fields(cx, plan->resource);
    for (size_t at = 0; at < plan->width; at++) {
        const struct import_column *column = &plan->columns[at];
        json_object *item = page_item(columns);
        page_set_int(item, "at", (int64_t)at);
        page_set(item, "title", arena_text(cx->arena, column->title));
        page_set(item, "becomes", cx_printf(cx, "What \"%s\" becomes", column->title));
        page_set(item, "sample", sample_of(cx, rows, at));
        json_object *options = page_list(item, "options");
        add_option(options, "", cx_text(cx, "Not imported"), !column->name);
        add_option(options, "id", "Id", column->is_id);
        for (size_t i = 0; fields && fields[i]; i++) {
            const char *name = field_json_name(fields[i]);
            add_option(options, name, field_title(cx, fields[i]), import_column_is(column, name));
        }
    }
}

struct page_choice {
    const char *name, *label;
    struct {
        const char *value, *title;
    } options[4];
};

static const struct page_choice page_choices[] = {
    {"mode",
     "What the rows do",
     {{"insert", "Add records"},
      {"update", "Change records that are there"},
      {"upsert", "Change those that are there, add the others"}}},
    {"unknown",
     "Rows that refer to something that is not there",
     {{"refuse", "Refuse the row"},
      {"skip", "Take the row without it"},
      {"create", "Make what is missing"}}},
    {"dates",
     "Dates such as 02/03/2026",
     {{"ymd", "As the other dates of the file tell"},
      {"dmy", "Day before month"},
      {"mdy", "Month before day"}}},
    {"amounts",
     "Amounts",
     {{"major", "As people write them: 12.50"},
      {"minor", "In the smallest unit, as in the API: 1250"}}},
};

static const char *chosen_of(const struct import_plan *plan, const char *name)
{
    switch (*name) {
    case 'm':
        return plan->mode;
    case 'u':
        return plan->unknown;
    case 'd':
        return plan->dates;
    default:
        return plan->minor ? "minor" : "major";
    }
}

static void add_key_choice(struct cx *cx, json_object *choices, const struct import_plan *plan)
{
    const char *const *keys = plan->resource->imports->keys;
    json_object *item = page_item(choices);
    page_set(item, "name", "key");
    page_set(item, "label", cx_text(cx, "A row and a record are the same by"));
    json_object *options = page_list(item, "options");
    add_option(options, "", cx_text(cx, "Nothing: each row is new"), !plan->key);
    for (size_t i = 0; keys[i]; i++) {
        const struct field *field = field_find_json(plan->resource->fields, keys[i]);
        add_option(options, keys[i], field_title(cx, field), text_equal(plan->key, keys[i]));
    }
    add_option(options, "id", "Id", text_equal(plan->key, "id"));
}

static void add_choices(struct cx *cx, json_object *data, const struct import_plan *plan)
{
    json_object *choices = page_list(data, "choices");
    add_key_choice(cx, choices, plan);
    for (size_t i = 0; i < COUNT(page_choices); i++) {
        const struct page_choice *it = &page_choices[i];
        json_object *item = page_item(choices);
        page_set(item, "name", it->name);
        page_set(item, "label", cx_text(cx, it->label));
        json_object *options = page_list(item, "options");
        for (size_t at = 0; at < COUNT(it->options) && it->options[at].value; at++)
            add_option(options, it->options[at].value, cx_text(cx, it->options[at].title),
                       strcmp(chosen_of(plan, it->name), it->options[at].value) == 0);
    }
}

static void release_json(void *object)
{
    json_object_put(object);
}

static bool add_plan(struct cx *cx, json_object *data, const struct import_state *state,
                     const struct import_plan *plan)
{
    const struct import_state first = {.part = 0};
    struct import_state at = *state;
    at.part = first.part;
    const char *text = import_read_part(&cx->db, &at);
    if (!text)
        return fail_db(cx);
    json_object *rows = json_tokener_parse(*text ? text : "[]");
    arena_defer(cx->arena, release_json, rows);
    page_set_bool(data, "ready", true);
    page_set(data, "rows_title",
             cx_printf(cx, "%lld rows in %s", (long long)state->total,
                       state->file_name ? state->file_name : "CSV"));
    add_columns(cx, data, plan, rows);
    add_choices(cx, data, plan);
    return true;
}

/* ---- what came of it ---- */

static const char *headline(struct cx *cx, const struct import_state *it)
{
    if (strcmp(it->status, "reverting") == 0)
        return cx_printf(cx, "%lld rows were taken back so far", (long long)it->reverted);
    if (strcmp(it->status, "reverted") == 0)
        return cx_printf(cx, "%lld rows were taken back, %lld stayed", (long long)it->reverted,
                         (long long)it->kept);
    if (strcmp(it->status, "running") == 0)
        return cx_printf(cx, "%lld of %lld rows", (long long)it->handled, (long long)it->total);
    return cx_printf(cx,
                     it->dry ? "Tried: %lld would be added, %lld changed, %lld passed over, %lld "
                               "refused"
                             : "%lld added, %lld changed, %lld passed over, %lld refused",
                     (long long)it->created, (long long)it->updated, (long long)it->skipped,
                     (long long)it->refused);
}

static const char *column_titled(struct cx *cx, const char *name)
{
    const struct field **fields = name ? import_fields(cx, import_about(cx)) : NULL;
    for (size_t i = 0; fields && fields[i]; i++)
        if (strcmp(field_json_name(fields[i]), name) == 0)
            return field_title(cx, fields[i]);
    return name;
}

static bool add_kept(struct cx *cx, json_object *data, const struct import_state *state)
{
    const struct rows *kept = import_kept(&cx->db, state, REFUSED_SHOWN);
    if (!kept)
        return fail_db(cx);
    page_set_bool(data, "has_kept", rows_count(kept) > 0);
    json_object *list = page_list(data, "kept");
    for (size_t i = 0; i < rows_count(kept); i++) {
        json_object *item = page_item(list);
        page_set_int(item, "line", rows_int(kept, i, 0));
        page_set(item, "record", rows_text(kept, i, 1));
        page_set(item, "message", rows_text(kept, i, 3));
    }
    return true;
}

static bool add_report(struct cx *cx, json_object *data, const struct import_state *state)
{
    const struct rows *refused = import_refusals(&cx->db, state, -1, REFUSED_SHOWN);
    if (!refused)
        return fail_db(cx);
    page_set_bool(data, "report", true);
    page_set_bool(data, "ended", !state->dry);
    page_set_bool(data, "has_refused", rows_count(refused) > 0);
    page_set_bool(data, "has_more", rows_count(refused) == REFUSED_SHOWN);
    page_set(data, "title_of_list", import_about(cx)->title);
    json_object *list = page_list(data, "refused");
    for (size_t i = 0; i < rows_count(refused); i++) {
        json_object *item = page_item(list);
        page_set_int(item, "line", rows_int(refused, i, 0));
        page_set(item, "field", column_titled(cx, rows_text(refused, i, 1)));
        page_set(item, "message", rows_text(refused, i, 3));
    }
    return add_kept(cx, data, state);
}

static bool show(struct cx *cx, int status, const struct import_state *state,
                 const struct import_plan *plan)
{
    json_object *data = page_begin(cx);
    bool reverting = strcmp(state->status, "reverting") == 0;
    bool running = reverting || strcmp(state->status, "running") == 0,
         ready = strcmp(state->status, "ready") == 0;
    page_set(data, "id", state->id);
    page_set_int(data, "handled", reverting ? state->reverted : state->handled);
    page_set_int(data, "total", reverting ? state->created + state->updated : state->total);
    page_set_bool(data, "can_revert",
                  strcmp(state->status, "done") == 0 && state->created + state->updated > 0);
    page_set(data, "headline", headline(cx, state));
    page_set_bool(data, "running", running);
    page_crumb(data, "Earlier imports",
               arena_printf(cx->arena, "%s/imports", import_about(cx)->page));
    if (!running && (!ready || state->handled > 0) && !add_report(cx, data, state))
        return false;
    if (ready && !add_plan(cx, data, state, plan))
        return false;
    return page_render(cx, status, "import/show", page_title(cx), data);
}

bool import_page_show(struct cx *cx)
{
    struct import_state state;
    struct import_plan plan = {.width = 0};
    if (!import_find(cx, &state))
        return false;
    bool ready = strcmp(state.status, "ready") == 0;
    return (!ready || import_plan_of(cx, &state, &plan)) && show(cx, 200, &state, &plan);
}

/* ---- beginning ---- */

static const char *form_text(const struct cx *cx, const char *name, const char *otherwise)
{
    const char *text = parameter_get(cx->request.form, name);
    return text && *text ? text : otherwise;
}

static const char *form_choice(const struct cx *cx, size_t at, const char *otherwise)
{
    const struct page_choice *choice = &page_choices[at];
    const char *text = form_text(cx, choice->name, otherwise);
    for (size_t i = 0; i < COUNT(choice->options) && choice->options[i].value; i++)
        if (strcmp(choice->options[i].value, text) == 0)
            return text;
    return otherwise;
}

static void read_form(struct cx *cx, struct import_plan *plan)
{
    for (size_t at = 0; at < plan->width; at++) {
        const char *chosen =
            parameter_get(cx->request.form, arena_printf(cx->arena, "column.%zu", at));
        if (chosen)
            import_plan_name(cx, plan, at, chosen);
    }
    plan->mode = form_choice(cx, 0, plan->mode);
    plan->unknown = form_choice(cx, 1, plan->unknown);
    plan->dates = form_choice(cx, 2, plan->dates);
    plan->minor = strcmp(form_choice(cx, 3, "major"), "minor") == 0;
    plan->key = form_text(cx, "key", NULL);
    plan->dry = text_equal(form_text(cx, "do", "start"), "try");
}

static bool begin(struct cx *cx, struct import_state *state, const struct import_plan *plan)
{
    struct import_state locked;
    bool there;
    if (!db_begin(&cx->db) || !import_lock(&cx->db, state->id, &locked, &there))
        return fail_db(cx);
    if (!there || strcmp(locked.status, "ready") != 0)
        return fail(cx, 409, "import_begun", "This import was begun already.");
    if (!import_remember(&cx->db, locked.tenant_id, plan) ||
        !import_restart(&cx->db, &locked, plan) ||
        !import_lock(&cx->db, state->id, &locked, &there))
        return fail_db(cx);
    return import_start(cx, &cx->db, &locked) && (db_commit(&cx->db) || fail_db(cx));
}

bool import_page_start(struct cx *cx)
{
    struct import_state state;
    struct import_plan plan;
    if (!import_find(cx, &state))
        return false;
    if (text_equal(form_text(cx, "do", NULL), "revert"))
        return import_revert(cx, &state) && go_to(cx, &state);
    if (!import_plan_of(cx, &state, &plan))
        return false;
    read_form(cx, &plan);
    if (!import_plan_check(cx, &plan, 1))
        return cx->failure.status == 422 && show(cx, 422, &state, &plan);
    return begin(cx, &state, &plan) && go_to(cx, &state);
}

/* ---- earlier ones ---- */

STATEMENT(import_page_rows,
          "select id, created_at, file_name, created_by_name, status, total, created, updated,\n"
          "       refused\n"
          "from imports\n"
          "where tenant_id = $1::uuid and resource = $2 and ($3::uuid is null or id < $3::uuid)\n"
          "order by id desc\n"
          "limit $4::int",
          0);
enum { ID, CREATED_AT, FILE_NAME, BY, STATUS, TOTAL, CREATED, UPDATED, REFUSED };

static void add_listed(struct cx *cx, json_object *item, const struct rows *rows, size_t i)
{
    char time[32];
    int64_t us = 0;
    if (clock_from_database(rows_text(rows, i, CREATED_AT), time))
        clock_parse(time, &us);
    page_set(item, "id", rows_text(rows, i, ID));
    page_set(item, "when", show_instant(cx, us));
    page_set(item, "file", rows_text(rows, i, FILE_NAME));
    page_set(item, "by", rows_text(rows, i, BY));
    page_set(item, "status", cx_text(cx, text_title(cx->arena, rows_text(rows, i, STATUS))));
    page_set_int(item, "total", rows_int(rows, i, TOTAL));
    page_set_int(item, "created", rows_int(rows, i, CREATED));
    page_set_int(item, "updated", rows_int(rows, i, UPDATED));
    page_set_int(item, "refused", rows_int(rows, i, REFUSED));
}

bool import_page_list(struct cx *cx)
{
    const char *after = parameter_get(cx->request.query, "after");
    const struct rows *rows = db_get(
        &cx->db, &import_page_rows, cx->db.tenant_id, model_name(import_about(cx)),
        after && uuid_is(after) ? after : NULL, arena_printf(cx->arena, "%d", IMPORTS_LISTED + 1));
    if (!rows)
        return fail_db(cx);
    json_object *data = page_begin(cx), *list = page_list(data, "imports");
    size_t count = rows_count(rows);
    page_set_bool(data, "any", count > 0);
    for (size_t i = 0; i < count && i < IMPORTS_LISTED; i++)
        add_listed(cx, page_item(list), rows, i);
    if (count > IMPORTS_LISTED)
        page_set(data, "older",
                 arena_printf(cx->arena, "%s/imports?after=%s", import_about(cx)->page,
                              rows_text(rows, IMPORTS_LISTED - 1, ID)));
    return page_render(cx, 200, "import/list", "Earlier imports", data);
}
