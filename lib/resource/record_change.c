/* record_change: making, changing and deleting a record with what belongs to it: its rules, the
 * hooks of its resource and its children, in one transaction. */
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/moving.h"
#include "resource/reference.h"

static bool begin(struct cx *cx, const struct resource *resource, enum operation operation,
                  const char *id, struct input *input)
{
    if (!resource->prepare && !resource->finish)
        return true;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return !resource->prepare || resource->prepare(cx, operation, id, input);
}

struct committed {
    struct cx *cx;
    const struct resource *resource;
    enum operation operation;
    const char *id;
};

static void tell_committed(void *arg)
{
    const struct committed *it = arg;
    it->resource->committed(it->cx, it->operation, it->id);
}

void record_tell_committed(struct cx *cx, const struct resource *resource, enum operation operation,
                           const char *id)
{
    struct committed *it = arena_alloc(cx->arena, sizeof *it);
    *it = (struct committed){cx, resource, operation, arena_text(cx->arena, id)};
    db_after_commit(&cx->db, tell_committed, it);
}

static bool end(struct cx *cx, const struct resource *resource, enum operation operation,
                const char *id)
{
    if (resource->finish && !resource->finish(cx, operation, id))
        return false;
    if ((resource->prepare || resource->finish) && !db_commit(&cx->db))
        return fail_db(cx);
    if (resource->committed)
        record_tell_committed(cx, resource, operation, id);
    return true;
}

/* What finish() changed must show in the answer; what one may have written one has seen. */
static bool read_again(struct cx *cx, const struct resource *resource, const char *id,
                       struct list_result *out)
{
    return !resource->finish || record_find(cx, resource, id, &viewer_of_all, out);
}

/* Rows that belong to the record are written in one transaction with it, and what only belongs
 * there on a condition is looked at in it. */
static bool is_followed(const struct cx *cx, const struct resource *resource,
                        const struct input *input, enum operation operation)
{
    return child_is_written(cx, input, operation) || shown_is_asked(resource) || resource->any_of;
}

/* One of the fields that stand for each other holds something. */
static bool check_any_of(struct cx *cx, const struct resource *resource,
                         const struct list_result *written)
{
    struct buf names;
    buf_init(&names, cx->arena);
    for (const char *const *it = resource->any_of; it && *it; it++) {
        const struct field *field = field_find(resource->fields, *it);
        if (record_value(written, *it))
            return true;
        buf_printf(&names, "%s%s", names.len ? ", " : "", field_title(cx, field));
    }
    return !resource->any_of ||
           fail_field(cx, field_json_name(field_find(resource->fields, resource->any_of[0])),
                      "required", "One of these at least must be given: %s.", names.data);
}

static bool begin_whole(struct cx *cx, const struct resource *resource, const struct input *input,
                        enum operation operation)
{
    return !is_followed(cx, resource, input, operation) || db_begin(&cx->db) || fail_db(cx);
}

static bool end_whole(struct cx *cx, const struct resource *resource, const struct input *input,
                      enum operation operation, const char *id, struct list_result *out)
{
    if (!is_followed(cx, resource, input, operation))
        return true;
    if (!check_any_of(cx, resource, out) || !child_write(cx, input, operation, id) ||
        (shown_is_asked(resource) && !shown_settle(cx, resource, input, id)) ||
        !record_find(cx, resource, id, &viewer_of_all, out))
        return false;
    return db_commit(&cx->db) || fail_db(cx);
}

bool record_create(struct cx *cx, const struct resource *resource, struct input *input,
                   struct list_result *out)
{
    char *id = arena_alloc(cx->arena, UUID_SIZE);
    uuid_new(id);
    return shape_allows(cx, resource, input, true) && begin_whole(cx, resource, input, OP_CREATE) &&
           begin(cx, resource, OP_CREATE, id, input) && owner_take_new(cx, resource, input) &&
           references_are_seen(cx, resource, NULL, input) &&
           record_insert_row(cx, resource, input, id, out) && end(cx, resource, OP_CREATE, id) &&
           read_again(cx, resource, id, out) && end_whole(cx, resource, input, OP_CREATE, id, out);
}

bool record_update(struct cx *cx, const struct resource *resource, const char *id,
                   struct input *input, enum input_mode mode, struct list_result *out)
{
    enum operation operation = mode == INPUT_REPLACE ? OP_REPLACE : OP_MERGE;
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    return shape_allows(cx, resource, input, false) &&
           begin_whole(cx, resource, input, operation) &&
           begin(cx, resource, operation, id, input) && owner_may_change(cx, resource, input) &&
           references_are_seen(cx, resource, id, input) &&
           record_update_row(cx, resource, id, input, mode, out) &&
           end(cx, resource, operation, id) && read_again(cx, resource, id, out) &&
           end_whole(cx, resource, input, operation, id, out);
}

/* What stands in the way of a deletion is told to nobody who may not delete it. */
static bool is_deleted_by(struct cx *cx, const struct resource *resource, const char *id)
{
    struct list_result seen = {.rows = NULL};
    return viewer_of(cx, resource, "delete").sight == SIGHT_ALL ||
           record_get_with(cx, resource, id,
                           arena_printf(cx->arena, "%s:delete", resource->permission), &seen);
}

bool record_delete(struct cx *cx, const struct resource *resource, const char *id)
{
    if (!uuid_is(id))
        return record_fail_missing(cx, resource);
    bool moves = moving_target(cx, resource) != NULL;
    if (moves && !db_begin(&cx->db))
        return fail_db(cx);
    return begin(cx, resource, OP_DELETE, id, NULL) && is_deleted_by(cx, resource, id) &&
           record_check_version(cx, resource, id) && moving_away(cx, resource, id) &&
           reference_allows_deletion(cx, resource, id) && record_delete_row(cx, resource, id) &&
           end(cx, resource, OP_DELETE, id) && (!moves || db_commit(&cx->db) || fail_db(cx));
}
