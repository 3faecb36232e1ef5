/* merge: the others of the records go, one after the other, and the winner takes what they had. */
#include "resource/merge.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "access/event.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/event_kind.h"
#include "resource/internal.h"
#include "resource/model.h"
#include "resource/shown.h"

STATEMENT(merge_lock, "select house.merge_lock($1, $2, $3::uuid[])", DB_WRITES);
STATEMENT(merge_move, "select house.merge_move($1, $2, $3::uuid, $4::uuid, $5::text[])", DB_WRITES);
STATEMENT(merge_take_file,
          "select t ->> 'kept', t ->> 'moved'\n"
          "from house.merge_take_file($1, $2, $3::uuid, $4::uuid) t",
          DB_WRITES);
STATEMENT(merge_take_rows, "select house.merge_take_rows($1, $2, $3::uuid)", DB_WRITES);
STATEMENT(merge_image,
          "select house.bulk_image($1, $2::uuid)\n"
          "       || jsonb_build_object('winner', $3::text, 'moved', $4::jsonb,\n"
          "                             'extras', jsonb_build_object('parts', $5::jsonb))",
          0);
STATEMENT(merge_lead,
          "insert into merged_records (tenant_id, id, resource, winner_id)\n"
          "values ($1::uuid, $2::uuid, $3, $4::uuid)\n"
          "on conflict (tenant_id, id)\n"
          "do update set winner_id = excluded.winner_id, created_at = now()",
          DB_WRITES);
STATEMENT(merge_write, "select house.bulk_put_back($1, $2::uuid, $3::jsonb, $4::timestamptz)",
          DB_WRITES);

struct merging {
    struct cx *cx;
    struct merge *merge;
    struct bulk bulk;
    struct merge_rows rows;
    struct merge_plan plan;
};

static json_object *merge_parse(struct cx *cx, const char *text)
{
    json_object *object = text ? json_tokener_parse(text) : NULL;
    arena_defer(cx->arena, input_release_json, object);
    return object;
}

const char *merge_id_array(struct cx *cx, const struct merge *merge)
{
    struct buf list;
    buf_init(&list, cx->arena);
    for (size_t i = 0; i < merge->count; i++)
        buf_printf(&list, "%s%s", i ? "," : "{", merge->ids[i]);
    buf_putc(&list, '}');
    return list.data;
}

static const char *merge_winner(const struct merge *merge)
{
    return merge->ids[merge->winner];
}

/* ---- whether it may be ---- */

bool merge_may(const struct cx *cx, const struct resource *resource)
{
    return resource->merges &&
           resource_may(cx, resource, engine_text("%s:update", resource->permission)) &&
           resource_may(cx, resource, engine_text("%s:delete", resource->permission));
}

static bool merge_refuse(struct cx *cx, const struct resource *resource)
{
    const char *needs = engine_text("%s:update", resource->permission);
    if (resource_may(cx, resource, needs))
        needs = engine_text("%s:delete", resource->permission);
    return fail(cx, 403, "permission_missing", "This needs the permission %s.", needs);
}

static bool merge_may_each(struct cx *cx, const struct merge *merge)
{
    static const char *const actions[] = {"update", "delete"};
    for (size_t i = 0; i < merge->count; i++)
        for (size_t j = 0; j < COUNT(actions); j++) {
            struct list_result seen;
            const char *needs =
                arena_printf(cx->arena, "%s:%s", merge->resource->permission, actions[j]);
            if (!record_get_with(cx, merge->resource, merge->ids[i], needs, &seen))
                return false;
        }
    return true;
}

/* All of it is locked until the end: what refers to the records, then these by their ids. */
static bool merge_hold(struct merging *it)
{
    struct cx *cx = it->cx;
    const struct merge *merge = it->merge;
    const char *ids = merge_id_array(cx, merge), *table = merge->resource->table;
    const struct rows *rows = db_get(&cx->db, &merge_lock, table, model_name(merge->resource), ids);
    if (!rows)
        return fail_db(cx);
    if (rows_int(rows, 0, 0) > MERGE_REFERRING)
        return fail(cx, 409, "merge_too_large",
                    "More than %d records refer to these: merge fewer at once.", MERGE_REFERRING);
    const char *sql = arena_printf(cx->arena,
                                   "select id, to_jsonb(t) from %s t where id = any($1::uuid[])\n"
                                   "order by id\nfor update",
                                   table);
    rows = db_get(&cx->db, statement_made(cx->arena, sql, DB_WRITES), ids);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < rows_count(rows); i++)
        for (size_t at = 0; at < merge->count; at++)
            if (strcasecmp(merge->ids[at], rows_text(rows, i, 0)) == 0) {
                it->rows.texts[at] = rows_text(rows, i, 1);
                it->rows.rows[at] = merge_parse(cx, it->rows.texts[at]);
            }
    return merge_may_each(cx, merge);
}

/* ---- one of the others ---- */

static const char *merge_text(json_object *row, const char *column)
{
    json_object *value = NULL;
    json_object_object_get_ex(row, column, &value);
    return value ? json_object_get_string(value) : NULL;
}

static void merge_add_part(struct cx *cx, json_object *parts, const char *table, const char *rows)
{
    if (!rows)
        return;
    json_object *part = json_object_new_object();
    json_object_object_add(part, "table", json_object_new_string(table));
    json_object_object_add(part, "rows", json_object_get(merge_parse(cx, rows)));
    json_object_array_add(parts, part);
}

/* What the winner has in the place of what this one gives it goes, and is kept in its image. */
static bool merge_make_room(struct merging *it, size_t at, json_object *moved, json_object *parts)
{
    struct cx *cx = it->cx;
    const struct merge *merge = it->merge;
    const struct rows *rows;
    for (size_t i = 0; i < COUNT(it->plan.files) && it->plan.files[i]; i++) {
        if (it->plan.files_of[i] != at)
            continue;
        rows = db_get(&cx->db, &merge_take_file, merge->resource->table, it->plan.files[i]->name,
                      merge->ids[at], merge_winner(merge));
        if (!rows)
            return fail_db(cx);
        merge_add_part(cx, parts, "files", rows_text(rows, 0, 0));
        json_object *part = merge_parse(cx, rows_text(rows, 0, 1));
        if (json_object_array_length(json_object_object_get(part, "rows")) > 0)
            json_object_array_add(moved, json_object_get(part));
    }
    for (const struct field *f = merge->resource->fields; f->type != FIELD_END; f++) {
        if (!f->child || it->plan.lines_of != at)
            continue;
        rows = db_get(&cx->db, &merge_take_rows, f->child->table, f->child->parent_column,
                      merge_winner(merge));
        if (!rows)
            return fail_db(cx);
        merge_add_part(cx, parts, f->child->table, rows_text(rows, 0, 0));
    }
    return true;
}

/* The tables whose rows go with it: those of its own where another one's were chosen. */
static const char *merge_stays(struct merging *it, size_t at)
{
    struct buf list;
    buf_init(&list, it->cx->arena);
    buf_putc(&list, '{');
    bool all = it->plan.lines_of == SIZE_MAX || it->plan.lines_of == at;
    for (const struct field *f = it->merge->resource->fields; f->type != FIELD_END && !all; f++)
        if (f->child)
            buf_printf(&list, "%s%s", list.len > 1 ? "," : "", f->child->table);
    buf_putc(&list, '}');
    return list.data;
}

const char *merge_event(const struct resource *resource)
{
    return engine_text("%s.merged", event_word_of(resource));
}

/* Its id leads to the winner; the event says so, and whose it was. */
static bool merge_tell(struct merging *it, size_t at)
{
    struct cx *cx = it->cx;
    const struct merge *merge = it->merge;
    const char *label = resource_label(merge->resource), *owner = merge->resource->owner;
    struct buf text;
    struct json json;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    json_open_object(&json);
    json_key(&json, "after");
    json_open_object(&json);
    json_pair(&json, label, merge_text(it->rows.rows[at], label));
    if (owner)
        json_pair(&json, owner, merge_text(it->rows.rows[at], owner));
    json_pair(&json, "winner_id", merge_winner(merge));
    json_close_object(&json);
    json_close_object(&json);
    return (db_get(&cx->db, &merge_lead, cx->session->tenant_id, merge->ids[at],
                   merge->resource->table, merge_winner(merge)) ||
            fail_db(cx)) &&
           (event_append(&cx->db, merge_event(merge->resource), merge->ids[at], text.data) ||
            fail_db(cx));
}

static bool merge_delete(struct merging *it, size_t at, json_object *moved, json_object *parts)
{
    struct cx *cx = it->cx;
    const struct merge *merge = it->merge;
    const char *id = merge->ids[at], *table = merge->resource->table;
    const struct rows *rows =
        db_get(&cx->db, &merge_image, table, id, merge_winner(merge),
               json_object_to_json_string(moved), json_object_to_json_string(parts));
    if (!rows)
        return fail_db(cx);
    struct input *whole = cx->input;
    cx->input = input_new(cx, NULL);
    bool done = record_delete(cx, merge->resource, id);
    cx->input = whole;
    if (!done)
        return false;
    it->bulk.handled++;
    it->bulk.done++;
    return bulk_keep_gone(cx, &it->bulk, id,
                          merge_text(it->rows.rows[at], resource_label(merge->resource)),
                          rows_text(rows, 0, 0)) &&
           merge_tell(it, at);
}

static bool merge_take_over(struct merging *it, size_t at)
{
    struct cx *cx = it->cx;
    struct merge *merge = it->merge;
    json_object *moved = json_object_new_array(), *parts = json_object_new_array();
    arena_defer(cx->arena, input_release_json, moved);
    arena_defer(cx->arena, input_release_json, parts);
    if (!merge_make_room(it, at, moved, parts))
        return false;
    const struct rows *rows =
        db_get(&cx->db, &merge_move, merge->resource->table, model_name(merge->resource),
               merge->ids[at], merge_winner(merge), merge_stays(it, at));
    if (!rows)
        return fail_db(cx);
    json_object *found = merge_parse(cx, rows_text(rows, 0, 0));
    for (size_t i = 0; i < json_object_array_length(found); i++)
        json_object_array_add(moved, json_object_get(json_object_array_get_idx(found, i)));
    for (size_t i = 0; i < json_object_array_length(moved); i++)
        json_object_array_add(merge->moved, json_object_get(json_object_array_get_idx(moved, i)));
    return merge_delete(it, at, moved, parts);
}

/* ---- the winner ---- */

/* As many rows of its own as it may have. */
static bool merge_check_count(struct merging *it, const struct field *field)
{
    struct cx *cx = it->cx;
    const char *sql = arena_printf(cx->arena, "select count(*) from %s where %s = $1::uuid",
                                   field->child->table, field->child->parent_column);
    const struct rows *rows =
        db_get(&cx->db, statement_made(cx->arena, sql, 0), merge_winner(it->merge));
    if (!rows)
        return fail_db(cx);
    return rows_int(rows, 0, 0) <= field->max ||
           fail_field(cx, arena_printf(cx->arena, "take.%s", field_json_name(field)), "too_many",
                      "Together these are more than %lld: say whose are kept.",
                      (long long)field->max);
}

static bool merge_write_winner(struct merging *it)
{
    struct cx *cx = it->cx;
    const struct merge *merge = it->merge;
    const struct resource *resource = merge->resource;
    const char *id = merge_winner(merge), *before = it->rows.texts[merge->winner];
    json_object *row = it->rows.rows[merge->winner];
    bool changes = json_object_object_length(it->plan.columns) > 0;
    if (changes &&
        !db_get(&cx->db, &merge_write, resource->table, id,
                json_object_to_json_string(it->plan.columns), merge_text(row, "updated_at")))
        return fail_db(cx);
    for (const struct field *f = resource->fields; f->type != FIELD_END; f++)
        if (f->child && !merge_check_count(it, f))
            return false;
    if (shown_is_asked(resource) &&
        !shown_settle(cx, resource, input_new(cx, resource->fields), id))
        return false;
    it->bulk.handled++;
    it->bulk.done++;
    return bulk_keep_changed(cx, &it->bulk, id, merge_text(row, resource_label(resource)), before);
}

/* ---- all of it ---- */

static bool merge_do(struct merging *it)
{
    struct cx *cx = it->cx;
    struct merge *merge = it->merge;
    if (!merge_hold(it) || !merge_choose(cx, merge, &it->rows, &it->plan) ||
        !bulk_keep_begin(cx, &it->bulk, merge->count))
        return false;
    for (size_t i = 0; i < merge->count; i++)
        if (i != merge->winner && !merge_take_over(it, i))
            return false;
    return merge_write_winner(it) && bulk_keep_end(cx, &it->bulk) &&
           record_get_named(cx, merge->resource, merge_winner(merge), merge->labels,
                            &merge->record);
}

static const char *merge_input(struct cx *cx, const struct merge *merge)
{
    json_object *input = json_object_new_object();
    arena_defer(cx->arena, input_release_json, input);
    json_object_object_add(input, "winnerId", json_object_new_string(merge_winner(merge)));
    json_object_object_add(input, "take", json_object_get(merge->take));
    return json_object_to_json_string(input);
}

bool merge_run(struct cx *cx, struct merge *merge)
{
    struct merging it = {.cx = cx,
                         .merge = merge,
                         .bulk = {.resource = merge->resource,
                                  .verb = BULK_MERGE,
                                  .set = merge_input(cx, merge),
                                  .merges = true}};
    int scope = db_scope(&cx->db);
    if (!merge_may(cx, merge->resource))
        return merge_refuse(cx, merge->resource);
    merge->moved = json_object_new_array();
    arena_defer(cx->arena, input_release_json, merge->moved);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    bool done = merge_do(&it) && (merge->dry || db_commit(&cx->db) || fail_db(cx));
    if (!done || merge->dry)
        db_rollback_to(&cx->db, scope);
    merge->run_id = done && !merge->dry ? arena_text(cx->arena, it.bulk.run_id) : NULL;
    return done;
}
