/* merge_choose: which record says the value of each field of the one that is left. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/board.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/merge.h"

struct choosing {
    struct cx *cx;
    const struct merge *merge;
    const struct merge_rows *rows;
    struct merge_plan *plan;
};

/* ---- what may be said ---- */

static bool merge_is_of_amount(const struct resource *resource, const struct field *field)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->type == MONEY && text_equal(it->currency, field->name))
            return true;
    return false;
}

bool merge_chooses(const struct cx *cx, const struct resource *resource, const struct field *field)
{
    if (field->type == SECRET || field->type == CUSTOM || !shape_writes(cx, resource, field))
        return false;
    if (field->flags & MADE)
        return true;
    if (field->type == FILE_FIELD)
        return field->file != NULL;
    return field->child || (field_is_column(field) && !(field->flags & (CREATE_ONLY | GUARDED)) &&
                            !merge_is_of_amount(resource, field));
}

const char *merge_field_name(struct cx *cx, const struct field *field)
{
    const char *name = field_json_name(field);
    const char *key = (field->flags & MADE) ? strchr(name, '.') : NULL;
    const char *part = key ? strchr(key + 1, '.') : NULL;
    return part ? arena_copy(cx->arena, name, (size_t)(part - name)) : name;
}

static const struct field *merge_field_named(const struct choosing *it, const char *name,
                                             const struct custom *custom)
{
    if (!text_starts(name, "custom."))
        return field_find_json(it->merge->resource->fields, name);
    const struct custom_definition *made =
        custom ? custom_find(custom, name + strlen("custom.")) : NULL;
    return made ? made->field : NULL;
}

static bool merge_find_id(const struct merge *merge, const char *id, size_t *at)
{
    for (*at = 0; *at < merge->count; (*at)++)
        if (id && strcasecmp(merge->ids[*at], id) == 0)
            return true;
    return false;
}

/* Each name is of a field that may be chosen, each id of one of the records. */
static bool merge_check_taken(const struct choosing *it)
{
    struct cx *cx = it->cx;
    const struct resource *resource = it->merge->resource;
    const struct custom *custom = custom_field(resource) ? custom_of(cx, resource) : NULL;
    bool good = true;
    size_t at;
    if (custom_field(resource) && !custom)
        return false;
    if (!it->merge->take)
        return true;
    json_object_object_foreach(it->merge->take, name, value)
    {
        const char *path = arena_printf(cx->arena, "take.%s", name);
        const struct field *field = merge_field_named(it, name, custom);
        if (!field || !merge_chooses(cx, resource, field))
            good = fail_field(cx, path, "unknown_field", "This is nothing to choose.");
        else if (!json_object_is_type(value, json_type_string) ||
                 !merge_find_id(it->merge, json_object_get_string(value), &at))
            good = fail_field(cx, path, "unknown_reference", "Name one of the records.");
    }
    return good;
}

/* ---- whose value it is ---- */

static const char *merge_taken(const struct choosing *it, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(it->merge->take, name, &value);
    return value ? json_object_get_string(value) : NULL;
}

static json_object *merge_value(const struct choosing *it, size_t at, const char *column)
{
    json_object *value = NULL;
    json_object_object_get_ex(it->rows->rows[at], column, &value);
    return value;
}

/* The winner where it has a value, else the first that has. */
static size_t merge_first_with(const struct choosing *it, const char *column, const char *key)
{
    size_t winner = it->merge->winner;
    for (size_t i = 0; i <= it->merge->count; i++) {
        size_t at = i == 0 ? winner : i - 1;
        json_object *value = merge_value(it, at, column);
        if (key)
            json_object_object_get_ex(value, key, &value);
        if (value)
            return at;
    }
    return winner;
}

static size_t merge_source(const struct choosing *it, const struct field *field)
{
    const struct shown_when *when = field->shown_when;
    const char *taken = merge_taken(it, field_json_name(field));
    size_t at;
    if (taken && merge_find_id(it->merge, taken, &at))
        return at;
    return when ? merge_source(it, field_find(it->merge->resource->fields, when->field))
                : merge_first_with(it, field->name, NULL);
}

static void merge_put(const struct choosing *it, size_t at, const char *column)
{
    json_object *now = merge_value(it, it->merge->winner, column);
    json_object *value = merge_value(it, at, column);
    if (!json_object_equal(now, value))
        json_object_object_add(it->plan->columns, column, json_object_get(value));
}

static bool merge_fail_currencies(const struct choosing *it, const char *name)
{
    return fail_field(it->cx, arena_printf(it->cx->arena, "take.%s", name), "currency_differs",
                      "These amounts are in several currencies: say whose wins.");
}

/* The currency goes with the amounts that are taken, which then have the same. */
static bool merge_put_currency(const struct choosing *it, const struct field *currency)
{
    size_t source = merge_first_with(it, currency->name, NULL);
    bool found = false;
    for (const struct field *f = it->merge->resource->fields; f->type != FIELD_END; f++) {
        if (f->type != MONEY || !field_is_column(f) || !text_equal(f->currency, currency->name))
            continue;
        size_t at = merge_source(it, f);
        if (!merge_value(it, at, f->name))
            continue;
        if (found && !json_object_equal(merge_value(it, at, currency->name),
                                        merge_value(it, source, currency->name)))
            return merge_fail_currencies(it, field_json_name(f));
        source = at;
        found = true;
    }
    merge_put(it, source, currency->name);
    it->plan->currency = json_object_get_string(merge_value(it, source, currency->name));
    return true;
}

/* Keys of the tenant's fields, each from its own record. */
static void merge_put_custom(const struct choosing *it, const struct field *field)
{
    json_object *merged = json_object_new_object();
    for (size_t i = 0; i < it->merge->count; i++) {
        json_object *values = merge_value(it, i, field->name);
        if (!json_object_is_type(values, json_type_object))
            continue;
        json_object_object_foreach(values, key, value)
        {
            const char *taken = merge_taken(it, arena_printf(it->cx->arena, "custom.%s", key));
            size_t at;
            bool named = taken && merge_find_id(it->merge, taken, &at);
            if (!named)
                at = merge_first_with(it, field->name, key);
            if (at == i && value)
                json_object_object_add(merged, key, json_object_get(value));
        }
    }
    json_object *now = merge_value(it, it->merge->winner, field->name);
    bool same = now ? json_object_equal(now, merged) : json_object_object_length(merged) == 0;
    if (!same)
        json_object_object_add(it->plan->columns, field->name,
                               json_object_object_length(merged) ? json_object_get(merged) : NULL);
    json_object_put(merged);
}

/* A card stands where the one stood whose column it takes. */
static void merge_put_rank(const struct choosing *it)
{
    const struct resource *resource = it->merge->resource;
    size_t at;
    if (!resource->board || !resource->board->ranked)
        return;
    at = merge_source(it, board_field(resource));
    merge_put(it, at, BOARD_RANK);
}

static bool merge_put_columns(const struct choosing *it)
{
    const struct resource *resource = it->merge->resource;
    for (const struct field *f = resource->fields; f->type != FIELD_END; f++) {
        if (!field_is_column(f) || (f->flags & (CREATE_ONLY | GUARDED)))
            continue;
        if (f->type == CUSTOM)
            merge_put_custom(it, f);
        else if (!merge_is_of_amount(resource, f))
            merge_put(it, merge_source(it, f), f->name);
        else if (!merge_put_currency(it, f))
            return false;
    }
    merge_put_rank(it);
    return true;
}

/* ---- files and rows of its own ---- */

static bool merge_put_file(const struct choosing *it, const struct field *field, size_t *count)
{
    static const char sql[] = "select record_id from files\n"
                              "where resource = $1 and field = $2 and record_id = any($3::uuid[])";
    const struct merge *merge = it->merge;
    struct cx *cx = it->cx;
    const char *taken = merge_taken(it, field_json_name(field));
    bool has[MERGE_MOST] = {false};
    size_t at = merge->winner;
    const struct rows *rows =
        db_get(&cx->db, statement_made(cx->arena, sql, 0), merge->resource->table, field->name,
               merge_id_array(cx, merge));
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        if (merge_find_id(merge, rows_text(rows, i, 0), &at))
            has[at] = true;
    at = merge->winner;
    for (size_t i = 0; i < merge->count && !has[at]; i++)
        at = has[i] ? i : at;
    if (taken)
        merge_find_id(merge, taken, &at);
    if (at != merge->winner && *count < COUNT(it->plan->files)) {
        it->plan->files[*count] = field;
        it->plan->files_of[(*count)++] = at;
    }
    return true;
}

/* Rows of several records stand together only where they are in the record's currency. */
static bool merge_check_rows(const struct choosing *it, const struct field *field)
{
    const struct merge *merge = it->merge;
    struct cx *cx = it->cx;
    const char *taken = merge_taken(it, field_json_name(field)), *currency = NULL;
    const struct resource *child = field->child;
    for (const struct field *f = field->fields; f->type != FIELD_END; f++)
        currency = f->type == MONEY && f->currency ? f->currency : currency;
    if (taken)
        merge_find_id(merge, taken, &it->plan->lines_of);
    if (!currency)
        return true;
    const char *sql = arena_printf(
        cx->arena,
        "select exists (select from %s c join %s p on p.tenant_id = c.tenant_id and "
        "p.id = c.%s\n"
        "where c.%s = any($1::uuid[]) and p.%s is distinct from $2)",
        child->table, merge->resource->table, child->parent_column, child->parent_column, currency);
    const char *of = taken ? arena_printf(cx->arena, "{%s}", taken) : merge_id_array(cx, merge);
    const struct rows *rows =
        db_get(&cx->db, statement_made(cx->arena, sql, 0), of, it->plan->currency);
    if (!rows)
        return fail_db(cx);
    return !rows_bool(rows, 0, 0) || merge_fail_currencies(it, field_json_name(field));
}

bool merge_choose(struct cx *cx, const struct merge *merge, const struct merge_rows *rows,
                  struct merge_plan *out)
{
    const struct choosing it = {cx, merge, rows, out};
    size_t files = 0;
    *out = (struct merge_plan){.columns = json_object_new_object(), .lines_of = SIZE_MAX};
    arena_defer(cx->arena, input_release_json, out->columns);
    if (!merge_check_taken(&it) || !merge_put_columns(&it))
        return false;
    for (const struct field *f = merge->resource->fields; f->type != FIELD_END; f++) {
        if (f->type == FILE_FIELD && f->file && !merge_put_file(&it, f, &files))
            return false;
        if (f->child && !merge_check_rows(&it, f))
            return false;
    }
    return true;
}
