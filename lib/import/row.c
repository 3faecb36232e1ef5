/* row: one row of a file, read as the body of a POST or PATCH and written like it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"

/* ---- what a step knows ---- */

static size_t known_place(const char *text)
{
    unsigned hash = 2166136261u;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash % 1024;
}

struct import_found *import_known_find(const struct import_known *known, const char *text)
{
    struct import_found *it = known->places[known_place(text)];
    while (it && strcmp(it->text, text) != 0)
        it = it->next;
    return it;
}

struct import_found *import_known_add(struct arena *arena, struct import_known *known,
                                      const char *text, const char *id)
{
    struct import_found **place = &known->places[known_place(text)];
    struct import_found *it = arena_alloc(arena, sizeof *it);
    *it = (struct import_found){
        .text = arena_text(arena, text), .id = arena_text(arena, id), .next = *place};
    return *place = it;
}

/* ---- keys ---- */

static const struct import_column *row_key_column(const struct import_plan *plan, size_t *at)
{
    for (*at = 0; plan->key && *at < plan->width; ++*at)
        if (import_column_is(&plan->columns[*at], plan->key))
            return &plan->columns[*at];
    return NULL;
}

/* The normal form of the row's key; NULL: it has none. */
static const char *row_key(struct import_run *run, const struct import_row *row)
{
    size_t at;
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    const struct import_column *column = row_key_column(run->plan, &at);
    const char *text = column && at < row->count ? text_trim(run->cx->arena, row->cells[at]) : "";
    if (!*text)
        return NULL;
    if (column->is_id)
        return uuid_is(text) ? text_lower(run->cx->arena, text) : NULL;
    return field_check_text(run->cx, column->field, text, &value, &code, &message) ? value.text
                                                                                   : NULL;
}

static void row_put_element(struct buf *out, const char *text)
{
    buf_puts(out, out->len > 1 ? ",\"" : "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
    buf_putc(out, '"');
}

/* The id, the key, and what the file would change, so that it can be put back. */
static const struct field **row_columns(struct import_run *run, const struct field *key)
{
    const struct import_plan *plan = run->plan;
    const struct field **columns = arena_alloc(run->cx->arena, sizeof *columns * (plan->width + 4));
    size_t count = 0;
    bool custom = false;
    columns[count++] = resource_common_fields;
    columns[count++] = key;
    for (size_t at = 0; at < plan->width; at++) {
        const struct field *field = plan->columns[at].field;
        if (!field || field == key || (field->flags & INPUT_ONLY))
            continue;
        if (!(field->flags & MADE))
            columns[count++] = field;
        custom = custom || (field->flags & MADE);
    }
    for (const struct field *it = plan->resource->fields; custom && it->type != FIELD_END; it++)
        if (it->type == CUSTOM)
            columns[count++] = it;
    columns[count] = NULL;
    return columns;
}

/* The resource's own table, whose addresses its lists know. */
static const struct field *row_own_field(const struct import_plan *plan, const char *json_name)
{
    const struct field *own = field_find_json(plan->resource->fields, json_name);
    return own ? own : resource_common_fields;
}

bool import_find_keys(struct import_run *run, struct import_row *rows, size_t count)
{
    struct cx *cx = run->cx;
    struct buf list;
    struct list_result found;
    const struct import_plan *plan = run->plan;
    if (!plan->key)
        return true;
    buf_init(&list, cx->arena);
    buf_putc(&list, '{');
    for (size_t i = 0; i < count; i++) {
        const char *text = rows[i].is_broken ? NULL : row_key(run, &rows[i]);
        if (text)
            row_put_element(&list, text);
    }
    buf_putc(&list, '}');
    const struct field *key = row_own_field(plan, plan->key);
    struct list_filter filter = {.field = key, .operator= "in", .value = list.data};
    const struct list_query query = {.page = 1,
                                     .limit = 2 * IMPORT_PART_ROWS,
                                     .filters = &filter,
                                     .columns = row_columns(run, key),
                                     .sort = "id"};
    if (list.len <= 2)
        return true;
    if (!list_run(cx, plan->resource, &query, &found))
        return false;
    for (size_t i = 0; i < rows_count(found.rows); i++) {
        struct buf text;
        struct json json;
        const char *value = rows_text(found.rows, i, 1);
        struct import_found *known = value ? import_known_find(&run->keys, value) : NULL;
        if (known)
            known->many = true;
        if (known || !value)
            continue;
        known = import_known_add(cx->arena, &run->keys, value, rows_text(found.rows, i, 0));
        buf_init(&text, cx->arena);
        json_start(&json, &text);
        record_write_json(&json, &found, i);
        known->before = text.data;
    }
    return true;
}

/* ---- the body ---- */

/* "custom.budget.amount": where it belongs in the object. */
static void row_put(json_object *object, const char *name, json_object *value)
{
    const char *dot = strchr(name, '.');
    json_object *inner;
    if (!dot) {
        json_object_object_add(object, name, value);
        return;
    }
    char member[128];
    snprintf(member, sizeof member, "%.*s", (int)(dot - name), name);
    if (!json_object_object_get_ex(object, member, &inner)) {
        inner = json_object_new_object();
        json_object_object_add(object, member, inner);
    }
    row_put(inner, dot + 1, value);
}

/* An empty cell says nothing: a new record gets what it has without, another keeps what it has. */
static bool row_read_cells(struct import_run *run, const struct import_row *row,
                           json_object *object)
{
    struct cx *cx = run->cx;
    const struct import_plan *plan = run->plan;
    bool good = true, skip;
    for (size_t at = 0; at < plan->width && at < row->count; at++) {
        const struct import_column *column = &plan->columns[at];
        const char *text = column->field ? text_trim(cx->arena, row->cells[at]) : "";
        if (!*text)
            continue;
        json_object *value = import_cell(run, column, row, text, &skip);
        if (value)
            row_put(object, column->field->flags & MADE ? column->field->name : column->name,
                    value);
        else if (!skip)
            good = false;
    }
    return good;
}

/* An amount of the tenant's own field says its currency too. */
static void row_complete_money(struct import_run *run, json_object *object)
{
    json_object *custom;
    if (!json_object_object_get_ex(object, "custom", &custom))
        return;
    for (size_t at = 0; at < run->plan->width; at++) {
        const struct field *field = run->plan->columns[at].field;
        json_object *money, *currency;
        if (!field || !(field->flags & MADE) || field->type != MONEY)
            continue;
        const char *key = field->name + strlen("custom.");
        char member[128];
        snprintf(member, sizeof member, "%.*s", (int)strcspn(key, "."), key);
        if (json_object_object_get_ex(custom, member, &money) &&
            !json_object_object_get_ex(money, "currency", &currency))
            json_object_object_add(money, "currency",
                                   json_object_new_string(import_currency_of_tenant(run->cx)));
    }
}

static void row_release(void *object)
{
    json_object_put(object);
}

static bool row_read(struct import_run *run, const struct import_row *row, enum input_mode mode,
                     struct input **input)
{
    json_object *object = json_object_new_object();
    arena_defer(run->cx->arena, row_release, object);
    bool good = row_read_cells(run, row, object);
    row_complete_money(run, object);
    return input_read_json(run->cx, run->plan->fields, object, mode, input) && good;
}

/* ---- the record ---- */

bool import_write_waiting(struct import_run *run)
{
    struct record_new *records[IMPORT_TOGETHER] = {NULL};
    size_t count = run->waits;
    for (size_t i = 0; i < count; i++)
        records[i] = &run->waiting[i]->made;
    run->waits = 0;
    if (!record_create_all(run->cx, run->plan->resource, records, count))
        return false;
    for (size_t i = 0; i < count; i++)
        run->waiting[i]->version = records[i]->version;
    return true;
}

static bool row_leave(struct import_run *run, struct import_row *row, struct input *input)
{
    if (!record_check_new(run->cx, run->plan->resource, input, &row->made))
        return false;
    run->waiting[run->waits++] = row;
    row->outcome = IMPORT_CREATED;
    row->record_id = row->made.id;
    return run->waits < IMPORT_TOGETHER || import_write_waiting(run);
}

static bool row_write(struct import_run *run, struct import_row *row, const char *id)
{
    struct cx *cx = run->cx;
    struct input *input;
    struct list_result out;
    const struct resource *resource = run->plan->resource;
    if (!row_read(run, row, id ? INPUT_MERGE : INPUT_CREATE, &input))
        return false;
    cx->input = input;
    cx->given = NULL;
    if (!id && record_is_plain(cx, resource, input))
        return row_leave(run, row, input);
    if (!(id ? record_update(cx, resource, id, input, INPUT_MERGE, &out)
             : record_create(cx, resource, input, &out)))
        return false;
    row->outcome = id ? IMPORT_UPDATED : IMPORT_CREATED;
    row->record_id = rows_text(out.rows, 0, 0);
    row->version = record_value(&out, "updated_at");
    return true;
}

static bool row_refuse_key(struct import_run *run, const char *code, const char *message)
{
    return fail_field(run->cx, run->plan->key, code, "%s", cx_text(run->cx, message));
}

bool import_take_row(struct import_run *run, struct import_row *row)
{
    const struct import_plan *plan = run->plan;
    const char *key = plan->key ? row_key(run, row) : NULL;
    const struct import_found *known = key ? import_known_find(&run->keys, key) : NULL;
    bool updates = strcmp(plan->mode, "insert") != 0;
    if (known && known->many)
        return row_refuse_key(run, "ambiguous_key", "Several records have this.");
    if (known && !updates) {
        row->outcome = IMPORT_SKIPPED;
        return true;
    }
    if (!known && strcmp(plan->mode, "update") == 0)
        return row_refuse_key(run, "no_such_record", "There is no such record.");
    row->before = known ? known->before : NULL;
    if (known && !known->before && !import_write_waiting(run)) /* an earlier row makes it */
        return false;
    if (!row_write(run, row, known ? known->id : NULL))
        return false;
    if (key && !known)
        import_known_add(run->cx->arena, &run->keys, key, row->record_id);
    return true;
}
