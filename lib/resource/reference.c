#include "resource/reference.h"

#include <string.h>

#include "access/permission.h"
#include "base/arena.h"
#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"
#include "resource/model.h"

enum {
    BLOCKERS_MOST = 100, /* rows that are counted of one resource */
    INCLUDED_MADE = 20   /* references of the tenant's own in one include */
};

static struct arena *reference_arena(void)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new();
    return arena;
}

const struct resource *reference_target(const struct field *field)
{
    static struct registry known;
    if (!field->refers)
        return NULL;
    if (field->flags & MADE)
        return model_resource(field->refers);
    const struct resource *target = registry_find(&known, field);
    if (target)
        return target;
    target = model_resource(field->refers);
    if (target)
        registry_add(&known, field, (void *)target);
    return target;
}

const char *reference_name(const struct field *field)
{
    static struct registry known;
    if (field->flags & MADE)
        return field->name;
    char *name = registry_find(&known, field);
    if (name)
        return name;
    size_t len = strlen(field->name) - (text_ends(field->name, "_id") ? 3 : 0);
    name = text_camel(reference_arena(), arena_copy(reference_arena(), field->name, len));
    registry_add(&known, field, name);
    return name;
}

bool reference_may_read(const struct cx *cx, const struct field *field)
{
    const struct resource *target = reference_target(field);
    return target && cx->session &&
           (field->offered ||
            resource_may(cx, target, arena_printf(cx->arena, "%s:read", target->permission)));
}

/* ---- what is referred to, by name ---- */

/* "coalesce(…)": never null, so that null says that there is no such record to be seen. Where a
 * table refers to itself, what it refers to has another name. */
static void write_label(struct buf *sql, const struct resource *target, bool own)
{
    const struct field *label = field_find(target->fields, resource_label(target));
    const char *from = own ? "referred" : target->table;
    buf_puts(sql, "coalesce(nullif((");
    if (label && label->sql)
        buf_puts(sql, label->sql);
    else
        buf_printf(sql, "%s.%s", from, resource_label(target));
    buf_puts(sql, ")::text, ''), '(no name)')");
}

/* One scalar look-up: it serves lists, single records and what a write returns alike, and runs
 * for the rows alone that are answered. */
void reference_label_sql(struct cx *cx, struct buf *sql, struct conditions *where,
                         const struct resource *resource, const struct field *field)
{
    const struct resource *target = reference_target(field);
    if (!reference_may_read(cx, field)) {
        buf_puts(sql, ", null::text");
        return;
    }
    bool own = strcmp(target->table, resource->table) == 0;
    const struct viewer viewer = viewer_of(cx, target, "read");
    buf_puts(sql, ", (select ");
    write_label(sql, target, own);
    buf_printf(sql, " from %s%s", target->table, own ? " referred" : "");
    conditions_write_referred(where, sql, resource, field, target, &viewer);
    buf_putc(sql, ')');
}

static const struct field **labels_without(struct cx *cx, const struct field *const *columns,
                                           unsigned flags)
{
    size_t count = 0, at = 0;
    while (columns[count])
        count++;
    const struct field **labels =
        arena_alloc(cx->arena, sizeof *labels * (count + CUSTOM_MOST + 1));
    for (size_t i = 0; i < count; i++) {
        const struct custom *custom =
            columns[i]->type == CUSTOM ? custom_of_field(cx, columns[i]) : NULL;
        for (size_t j = 0; custom && j < custom->count; j++)
            if (reference_target(custom->definitions[j].field))
                labels[at++] = custom->definitions[j].field;
        if (reference_target(columns[i]) && !(columns[i]->flags & flags))
            labels[at++] = columns[i];
    }
    labels[at] = NULL;
    return labels;
}

const struct field **reference_labels(struct cx *cx, const struct field *const *columns)
{
    return labels_without(cx, columns, 0);
}

const struct field **reference_labels_shown(struct cx *cx, const struct resource *resource)
{
    return labels_without(cx, shape_of(cx, resource)->all, HIDDEN);
}

static const struct field *find_named(struct cx *cx, const struct resource *resource,
                                      const char *name)
{
    const struct field *made = custom_find_field(cx, resource, name);
    if (made && reference_target(made))
        return made;
    const struct field **columns = shape_of(cx, resource)->all;
    for (int i = 0; columns[i]; i++)
        if (reference_target(columns[i]) && strcmp(reference_name(columns[i]), name) == 0)
            return columns[i];
    return NULL;
}

bool reference_read_include(struct cx *cx, const struct resource *resource, const char *text,
                            const struct field ***labels)
{
    size_t count = 0, most = field_count(resource->fields) + INCLUDED_MADE;
    const struct field **found = arena_alloc(cx->arena, sizeof *found * (most + 1));
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        const char *name = arena_copy(cx->arena, at, len);
        const struct field *field = find_named(cx, resource, name);
        bool again = false;
        for (size_t i = 0; i < count; i++)
            again = again || found[i] == field;
        if (cx->failure.status)
            return false;
        if (!field || again || count == most)
            return fail_parameter(cx, "include", "invalid", "%s \"%s\".",
                                  again ? "twice" : "there is no reference", name);
        found[count++] = field;
        at += len + (at[len] == ',');
    }
    found[count] = NULL;
    *labels = found;
    return true;
}

const char *reference_label(const struct list_result *result, size_t row, const struct field *field)
{
    int at = 0;
    while (result->fields[at])
        at++;
    for (int i = 0; result->labels && result->labels[i]; i++)
        if (result->labels[i] == field)
            return rows_text(result->rows, row, at + i);
    return NULL;
}

/* ---- finding what may be referred to ---- */

static const struct field **found_columns(struct cx *cx, const struct resource *target)
{
    const struct field **all = resource_columns(target);
    const struct field **columns = arena_alloc(cx->arena, sizeof *columns * 3);
    columns[0] = columns[1] = all[0];
    for (int i = 0; all[i]; i++)
        if (strcmp(all[i]->name, resource_label(target)) == 0)
            columns[1] = all[i];
    columns[2] = NULL;
    return columns;
}

bool reference_find(struct cx *cx, const struct field *field, const char *words, int64_t limit,
                    struct list_result *out)
{
    const struct resource *target = reference_target(field);
    struct list_query query = {.page = 1,
                               .limit = limit,
                               .search = words,
                               .columns = found_columns(cx, target),
                               .sort = target->sort ? target->sort : "-createdAt"};
    if (!reference_may_read(cx, field))
        return fail(cx, 403, "permission_missing", "This is not yours to see.");
    return list_run(cx, target, &query, out);
}

const char *reference_form_words(const struct cx *cx, const struct field *field)
{
    const char *name = arena_printf(cx->arena, "_find.%s", field_json_name(field));
    const char *words = parameter_get(cx->request.form, name);
    words = words ? text_trim(cx->arena, words) : NULL;
    return words && *words ? words : NULL;
}

/* Its id and label alone: what else another area's resource has is not asked for. */
const char *reference_label_of(struct cx *cx, const struct field *field, const char *id)
{
    const struct resource *target = reference_target(field);
    if (!uuid_is(id) || !reference_may_read(cx, field))
        return NULL;
    struct list_result found;
    struct list_filter filter = {.field = resource_columns(target)[0], .operator= "=", .value = id};
    struct list_query query = {.page = 1,
                               .limit = 1,
                               .filters = &filter,
                               .columns = found_columns(cx, target),
                               .sort = target->sort ? target->sort : "-createdAt"};
    if (!list_run(cx, target, &query, &found) || rows_count(found.rows) == 0)
        return NULL;
    return rows_text(found.rows, 0, 1);
}

bool reference_names(struct cx *cx, const struct field *field, const char *ids,
                     const struct rows **out)
{
    const struct resource *target = reference_target(field);
    struct conditions where;
    struct buf sql;
    *out = NULL;
    if (!reference_may_read(cx, field))
        return true;
    const struct viewer viewer = viewer_of(cx, target, "read");
    conditions_init(&where, cx->arena);
    conditions_add_ids(&where, ids);
    conditions_add_resource(&where, target, &viewer);
    buf_init(&sql, cx->arena);
    buf_puts(&sql, "select id, ");
    write_label(&sql, target, false);
    buf_printf(&sql, "\nfrom %s%s", target->table, where.sql.data);
    *out = db_run(&cx->db, statement_made(cx->arena, sql.data, 0), where.parameters, where.count);
    return *out || fail_db(cx);
}

/* ---- what stands in the way of a deletion ---- */

struct blocker {
    const struct resource *resource;
    const struct field *field;
};

/* The references that refuse the deletion of a row of the table; a table that several resources
 * show counts once. */
static size_t find_blockers(struct cx *cx, const char *table, struct blocker **out)
{
    size_t count = 0, room = 8;
    struct blocker *found = arena_alloc(cx->arena, sizeof *found * room);
    for (size_t i = 0; i < model_count(); i++)
        for (const struct field *it = model_at(i)->fields; it->type != FIELD_END; it++) {
            const struct resource *target = reference_target(it);
            bool blocks =
                target && it->on_delete == REFUSE && !it->sql && strcmp(target->table, table) == 0;
            for (size_t j = 0; blocks && j < count; j++)
                blocks = strcmp(found[j].resource->table, model_at(i)->table) != 0 ||
                         strcmp(found[j].field->name, it->name) != 0;
            if (!blocks)
                continue;
            if (count == room) {
                struct blocker *more = arena_alloc(cx->arena, sizeof *more * (room *= 2));
                memcpy(more, found, sizeof *more * count);
                found = more;
            }
            found[count++] = (struct blocker){model_at(i), it};
        }
    *out = found;
    return count;
}

static const char *count_sql(struct conditions *where, const struct blocker *blockers, size_t count,
                             const char *id)
{
    struct buf sql;
    int at = conditions_parameter(where, id);
    buf_init(&sql, where->arena);
    for (size_t i = 0; i < count; i++) {
        const struct resource *resource = blockers[i].resource;
        buf_init(&where->sql, where->arena);
        conditions_add(where, "%s = $%d", blockers[i].field->name, at);
        buf_printf(
            &sql, "%s(%s)", i ? ",\n" : "select ",
            list_bounded_count(where->arena, resource->table, where->sql.data, BLOCKERS_MOST));
    }
    return sql.data;
}

/* Where the list shows those that are meant; NULL: it has no page. */
static const char *blocker_path(struct cx *cx, const struct blocker *blocker, const char *id)
{
    const struct resource *resource = blocker->resource;
    if (!resource->page || !(blocker->field->flags & FILTERED))
        return resource->page;
    return arena_printf(cx->arena, "%s?%s=%s", resource->page, field_json_name(blocker->field), id);
}

/* "3 deals"; of what the reader may not see, nothing but that it is there. */
static bool complain_of(struct cx *cx, const struct blocker *blocker, const char *id, int64_t count)
{
    const struct resource *resource = blocker->resource;
    int64_t shown = count > BLOCKERS_MOST ? BLOCKERS_MOST : count;
    if (!may(cx, arena_printf(cx->arena, "%s:read", resource->permission)))
        return fail_in_use(cx, NULL, 0, NULL, "Records that you may not see.");
    const char *noun =
        count == 1 ? cx_text(cx, resource->one) : cx_in_sentence(cx, resource->title);
    return fail_in_use(cx, model_name(resource), shown, blocker_path(cx, blocker, id),
                       count > shown ? cx_printf(cx, "More than %lld %s", (long long)shown, noun)
                                     : arena_printf(cx->arena, "%lld %s", (long long)shown, noun));
}

bool reference_allows_deletion(struct cx *cx, const struct resource *resource, const char *id)
{
    struct blocker *blockers;
    struct conditions where;
    size_t count = find_blockers(cx, resource->table, &blockers);
    bool free = true;
    if (count == 0)
        return true;
    conditions_init(&where, cx->arena);
    const char *sql = count_sql(&where, blockers, count, id);
    struct rows *rows =
        db_run(&cx->db, statement_made(cx->arena, sql, 0), where.parameters, where.count);
    if (!rows)
        return fail_db(cx);
    for (size_t i = 0; i < count; i++) {
        int64_t blocking = rows_int(rows, 0, (int)i);
        if (blocking > 0)
            free = complain_of(cx, &blockers[i], id, blocking);
    }
    return free;
}
