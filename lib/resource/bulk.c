/* bulk: what is done with one of many records, and putting that back. */
#include "resource/bulk.h"

#include <string.h>

#include "access/factor.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/action.h"
#include "resource/internal.h"
#include "resource/merge.h"
#include "resource/model.h"
#include "resource/moving.h"

STATEMENT(bulk_image, "select house.bulk_image($1, $2::uuid)", 0);
STATEMENT(bulk_files, "select house.bulk_keep_files($1::jsonb)", DB_WRITES);
STATEMENT(bulk_keep_image,
          "update bulk_rows\nset before = $3::jsonb\n"
          "where run_id = $1::uuid and record_id = $2::uuid",
          DB_WRITES);
STATEMENT(bulk_bring_back, "select house.bulk_bring_back($1, $2::jsonb)", DB_WRITES);
STATEMENT(bulk_put_back, "select house.bulk_put_back($1, $2::uuid, $3::jsonb, $4::timestamptz)",
          DB_WRITES);

/* ---- what is offered ---- */

bool bulk_offers_update(const struct resource *resource)
{
    return (resource->operations & OP_MERGE) && !(resource->write_flags & ROUTE_IN_PERSON) &&
           !resource->parent;
}

bool bulk_sets(const struct cx *cx, const struct resource *resource, const struct field *field)
{
    return field_is_column(field) && !(field->flags & (CREATE_ONLY | GUARDED)) &&
           field->type != SECRET && shape_writes(cx, resource, field);
}

static bool bulk_has_hooks(const struct resource *resource)
{
    return resource->prepare || resource->finish || resource->committed;
}

/* Whether deleting a record of it takes along some of another that has: members of a team, who may
 * not be let in again by whoever undoes it. */
static bool bulk_takes_hooked(const struct resource *resource)
{
    const char *name = model_name(resource);
    for (size_t i = 0; i < model_count(); i++)
        for (const struct field *it = model_at(i)->fields; it->type != FIELD_END; it++)
            if (text_equal(it->refers, name) && it->on_delete == CASCADE &&
                bulk_has_hooks(model_at(i)))
                return true;
    return false;
}

/* Rows are put back as they were, past the hooks of their resource: where it has any, what they
 * saw to would not be. */
bool bulk_is_undoable(const struct bulk *bulk)
{
    const struct resource *it = bulk->resource;
    return !bulk->action && it->scope == SCOPE_TENANT && !it->no_tenant && !it->no_common_times &&
           !it->personal && !bulk_has_hooks(it) && (bulk->set || !bulk_takes_hooked(it));
}

size_t bulk_most(const struct bulk *bulk)
{
    const struct field *takes = bulk->action ? bulk->action->takes : NULL;
    for (const struct field *it = takes; it && it->type != FIELD_END; it++)
        if (it->type == SECRET)
            return BULK_AT_ONCE;
    return bulk->dry || (bulk->action && (bulk->action->flags & ACTION_OUTSIDE)) ? BULK_AT_ONCE
                                                                                 : BULK_MOST;
}

/* ---- whether it may be done ---- */

static bool bulk_may_change(struct cx *cx, const struct bulk *bulk)
{
    const char *needs = engine_text("%s:%s", bulk->resource->permission, bulk->verb);
    if (!resource_may(cx, bulk->resource, needs))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", needs);
    return !(bulk->resource->write_flags & ROUTE_STEP_UP) || factor_step_up_check(cx);
}

/* The values are checked as for one; NULL: the failure is set. */
static struct input *bulk_read_set(struct cx *cx, const struct bulk *bulk)
{
    struct input *input;
    json_object *set = json_tokener_parse(bulk->set);
    arena_defer(cx->arena, input_release_json, set);
    return input_read_json(cx, bulk->resource->fields, set, INPUT_MERGE, &input) ? input : NULL;
}

/* What belongs to a record in other tables, or is one record's alone, is not set for many. */
static bool bulk_check_set(struct cx *cx, const struct bulk *bulk)
{
    json_object *set = json_tokener_parse(bulk->set);
    bool good = json_object_is_type(set, json_type_object) && json_object_object_length(set) > 0;
    arena_defer(cx->arena, input_release_json, set);
    if (!good)
        return fail_field(cx, "set", "required", "Say which fields are set, and to what.");
    json_object_object_foreach(set, name, value)
    {
        const struct field *field = field_find_json(bulk->resource->fields, name);
        (void)value;
        if (field && !(field_is_column(field) && !(field->flags & (CREATE_ONLY | GUARDED))))
            good = fail_field(cx, name, "unknown_field", "This cannot be set for many at once.");
    }
    const struct input *input = good ? bulk_read_set(cx, bulk) : NULL;
    return input && shape_allows(cx, bulk->resource, input, false);
}

bool bulk_check(struct cx *cx, struct bulk *bulk)
{
    if (bulk->action)
        return action_check(cx, bulk->resource, bulk->action);
    return bulk_may_change(cx, bulk) && (!bulk->set || bulk_check_set(cx, bulk));
}

/* ---- one ---- */

static bool bulk_do_verb(struct cx *cx, const struct bulk *bulk, const char *id,
                         struct bulk_outcome *out)
{
    struct list_result record;
    struct input *whole = cx->input, *set;
    bool done = false;
    out->there = !!bulk->set;
    if (bulk->action) {
        cx->input = bulk->taken;
        done = action_run(cx, bulk->resource, bulk->action, id, &record, &out->there);
    } else if (!bulk->set) {
        cx->input = input_new(cx, NULL);
        done = record_delete(cx, bulk->resource, id);
    } else if ((set = bulk_read_set(cx, bulk))) {
        cx->input = set;
        done = record_update(cx, bulk->resource, id, set, INPUT_MERGE, &record);
    }
    cx->input = whole;
    return done;
}

struct image {
    const char *text, *label; /* NULL: there is no such record */
};

/* Holds the row, so that what is read of it is what is changed. */
static bool bulk_take_image(struct cx *cx, const struct bulk *bulk, const char *id,
                            struct image *out)
{
    const struct resource *resource = bulk->resource;
    const char *sql =
        arena_printf(cx->arena,
                     "select to_jsonb(%s), to_jsonb(%s) ->> '%s'\nfrom %s\n"
                     "where id = $1::uuid\nfor update",
                     resource->table, resource->table, resource_label(resource), resource->table);
    const struct rows *rows = db_get(&cx->db, statement_made(cx->arena, sql, DB_WRITES), id);
    *out = (struct image){NULL, NULL};
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return true;
    *out = (struct image){rows_text(rows, 0, 0), rows_text(rows, 0, 1)};
    if (bulk->set)
        return true;
    rows = db_get(&cx->db, &bulk_image, resource->table, id);
    out->text = rows ? rows_text(rows, 0, 0) : NULL;
    return rows || fail_db(cx);
}

bool bulk_keep_changed(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
                       const char *before)
{
    const char *sql =
        arena_printf(cx->arena,
                     "update bulk_rows b\n"
                     "set before = (select jsonb_object_agg(k.key, k.value)\n"
                     "              from jsonb_each($3::jsonb) k\n"
                     "              where to_jsonb(t) -> k.key is distinct from k.value\n"
                     "              having bool_or(k.key <> 'updated_at')),\n"
                     "    version = t.updated_at\n"
                     "from %s t\n"
                     "where t.id = $2::uuid and b.tenant_id = t.tenant_id and b.run_id = $1::uuid\n"
                     "and b.record_id = t.id",
                     bulk->resource->table);
    const struct bulk_outcome done = {.done = true};
    return bulk_note(cx, bulk, id, label, &done) &&
           (db_get(&cx->db, statement_made(cx->arena, sql, DB_WRITES), bulk->run_id, id, before) ||
            fail_db(cx));
}

bool bulk_keep_gone(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
                    const char *image)
{
    const struct bulk_outcome done = {.done = true};
    return bulk_note(cx, bulk, id, label, &done) &&
           (db_get(&cx->db, &bulk_keep_image, bulk->run_id, id, image) || fail_db(cx)) &&
           (db_get(&cx->db, &bulk_files, image) || fail_db(cx));
}

static bool bulk_note_done(struct cx *cx, const struct bulk *bulk, const char *id,
                           const struct image *image)
{
    return (bulk->set ? bulk_keep_changed : bulk_keep_gone)(cx, bulk, id, image->label,
                                                            image->text);
}

/* With what is needed to put it back, all of it or none. */
static bool bulk_do_kept(struct cx *cx, const struct bulk *bulk, const char *id,
                         struct bulk_outcome *out)
{
    struct image image = {NULL, NULL};
    bool undoable = bulk_is_undoable(bulk);
    const struct bulk_outcome done = {.done = true};
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return (!undoable || bulk_take_image(cx, bulk, id, &image)) &&
           bulk_do_verb(cx, bulk, id, out) &&
           (undoable ? bulk_note_done(cx, bulk, id, &image)
                     : bulk_note(cx, bulk, id, NULL, &done)) &&
           (db_commit(&cx->db) || fail_db(cx));
}

static bool bulk_do_tried(struct cx *cx, const struct bulk *bulk, const char *id,
                          struct bulk_outcome *out)
{
    return (db_begin(&cx->db) || fail_db(cx)) && bulk_do_verb(cx, bulk, id, out);
}

/* What is wrong on our side is wrong for all that follow too. */
static bool bulk_ends_all(const struct bulk *bulk, const struct failure *failure)
{
    return failure->status == 0 || failure->status == 401 || failure->status > 500 ||
           (failure->status == 500 && !bulk->gives_up);
}

static void bulk_take_failure(struct cx *cx, struct bulk_outcome *out)
{
    out->status = cx->failure.status;
    out->code = cx->failure.code;
    out->message = cx->failure.status == 422 && cx->failure.details ? cx->failure.details->message
                                                                    : cx->failure.message;
    cx->failure = (struct failure){.status = 0};
}

bool bulk_do(struct cx *cx, struct bulk *bulk, const char *id, struct bulk_outcome *out)
{
    int scope = db_scope(&cx->db);
    bool kept = bulk->run_id[0];
    *out = (struct bulk_outcome){.done = false};
    out->done = bulk->dry ? bulk_do_tried(cx, bulk, id, out)
                : kept    ? bulk_do_kept(cx, bulk, id, out)
                          : bulk_do_verb(cx, bulk, id, out);
    if (!out->done || bulk->dry)
        db_rollback_to(&cx->db, scope);
    bulk->handled++;
    bulk->done += out->done;
    out->status = out->there ? 200 : 204;
    if (out->done)
        return true;
    if (bulk_ends_all(bulk, &cx->failure))
        return false;
    bulk_take_failure(cx, out);
    return !kept || bulk_note(cx, bulk, id, NULL, out);
}

bool bulk_delete_one(struct cx *cx, const struct resource *resource, const char *id,
                     const char **run_id)
{
    struct bulk *bulk = arena_alloc(cx->arena, sizeof *bulk);
    struct bulk_outcome outcome = {.done = false};
    *bulk = (struct bulk){.resource = resource, .verb = "delete"};
    *run_id = NULL;
    if (!bulk_is_undoable(bulk) || moving_target(cx, resource) || !uuid_is(id))
        return record_delete(cx, resource, id);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!bulk_keep_begin(cx, bulk, 1) || !bulk_do_kept(cx, bulk, id, &outcome))
        return false;
    bulk->handled = bulk->done = 1;
    *run_id = bulk->run_id;
    return bulk_keep_end(cx, bulk) && (db_commit(&cx->db) || fail_db(cx));
}

/* ---- back ---- */

/* Nobody puts back what they may not set any more. */
static bool bulk_may_set_again(struct cx *cx, const struct bulk *bulk, const char *before)
{
    json_object *columns = json_tokener_parse(before);
    arena_defer(cx->arena, input_release_json, columns);
    json_object_object_foreach(columns, name, value)
    {
        const struct field *field = field_find(bulk->resource->fields, name);
        (void)value;
        if (field && !shape_writes(cx, bulk->resource, field))
            return fail(cx, 403, "permission_missing", "You may not set %s any more.",
                        field_json_name(field));
    }
    return true;
}

/* It is again as the run before left it, which can be undone next. */
static bool bulk_renew_version(struct cx *cx, const struct resource *resource, const char *id,
                               const char *before)
{
    const char *sql =
        arena_printf(cx->arena,
                     "update bulk_rows b\n"
                     "set version = t.updated_at\n"
                     "from %s t\n"
                     "where t.id = $1::uuid and b.tenant_id = t.tenant_id and b.record_id = t.id\n"
                     "and b.version = ($2::jsonb ->> 'updated_at')::timestamptz",
                     resource->table);
    return db_get(&cx->db, statement_made(cx->arena, sql, DB_WRITES), id, before) || fail_db(cx);
}

bool bulk_set_again(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
                    const char *version)
{
    const struct resource *resource = bulk->resource;
    const struct viewer viewer = viewer_of(cx, resource, "update");
    struct list_result there;
    if (!record_look(cx, resource, id, &viewer, NULL, RECORD_LOCKED, &there))
        return false;
    if (rows_count(there.rows) == 0)
        return record_explain_missing(cx, resource, id, &viewer) &&
               record_fail_missing(cx, resource);
    if (!before) /* it had the values already */
        return true;
    if (!bulk_may_set_again(cx, bulk, before))
        return false;
    const struct rows *rows = db_get(&cx->db, &bulk_put_back, resource->table, id, before, version);
    if (!rows)
        return fail_db(cx);
    return rows_bool(rows, 0, 0)
               ? bulk_renew_version(cx, resource, id, before)
               : fail(cx, 409, "changed_since", "Somebody changed it since: it stays as it is.");
}

/* It must be a record that the one signed in may delete, once it is there. */
static bool bulk_make_again(struct cx *cx, const struct bulk *bulk, const char *id,
                            const char *before)
{
    const struct resource *resource = bulk->resource;
    const struct viewer viewer = viewer_of(cx, resource, "delete");
    struct list_result there;
    if (!db_get(&cx->db, &bulk_bring_back, resource->table, before))
        return fail_db(cx);
    if (!record_look(cx, resource, id, &viewer, NULL, 0, &there))
        return false;
    return rows_count(there.rows) == 1 ||
           (record_explain_missing(cx, resource, id, &viewer) && record_fail_missing(cx, resource));
}

bool bulk_undo(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
               const char *version, struct bulk_outcome *out)
{
    int scope = db_scope(&cx->db);
    *out = (struct bulk_outcome){.status = 200};
    if (!db_begin(&cx->db))
        return fail_db(cx);
    out->done = (bulk->merges ? merge_undo_row(cx, bulk, id, before, version)
                 : bulk->set  ? bulk_set_again(cx, bulk, id, before, version)
                              : bulk_make_again(cx, bulk, id, before)) &&
                (db_commit(&cx->db) || fail_db(cx));
    if (out->done)
        return true;
    db_rollback_to(&cx->db, scope);
    if (bulk_ends_all(bulk, &cx->failure))
        return false;
    bulk_take_failure(cx, out);
    return true;
}
