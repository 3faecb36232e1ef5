#include "resource/timeline.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/event_data.h"
#include "resource/event_kind.h"
#include "resource/internal.h"
#include "resource/model.h"
#include "resource/part.h"
#include "resource/reference.h"

#define ITEM_COLUMNS                                                                               \
    "kind, id, at, tenant_id, actor_kind, actor_id, actor_name, action, resource_type,\n"          \
    "resource_id, changes"
enum { COLUMN_KIND = 11, COLUMN_CUT = 10 }; /* behind those of EVENT_COLUMNS */

bool timeline_is_kept(const struct resource *resource)
{
    return resource->api && (resource->operations & OP_GET) && !resource->parent &&
           !resource->no_events && !resource->personal && !resource->no_tenant &&
           resource->scope != SCOPE_PLATFORM;
}

/* ---- the statement ---- */

struct timeline_sql {
    struct cx *cx;
    const struct resource *resource;
    struct conditions where; /* its parameters are those of the whole statement */
    struct buf sql;
    const char *behind; /* "and id < $3::uuid", or "" */
    int tenant, id, limit;
};

static void begin_branch(struct timeline_sql *it)
{
    buf_puts(&it->sql, it->sql.len ? "\nunion all\n(" : "(");
    buf_init(&it->where.sql, it->cx->arena);
}

static void end_branch(struct timeline_sql *it)
{
    buf_printf(&it->sql, "\norder by id desc\nlimit $%d::int)", it->limit);
}

/* Those whose resource_id is an expression over `from`. */
static void add_events_of(struct timeline_sql *it, const char *word, const char *from,
                          const char *resource_id)
{
    begin_branch(it);
    buf_printf(&it->sql,
               "select 'event' as kind, e.*\n"
               "from unnest(house.event_stored_words('{%s}')) stored (word)%s\n"
               "cross join lateral (\n"
               "    select id, at, tenant_id, actor_kind, actor_id, actor_name, action,\n"
               "           resource_type, resource_id, changes\n"
               "    from events\n"
               "    where tenant_id = $%d::uuid and resource_type = stored.word\n"
               "    and resource_id = %s%s\n"
               "    order by id desc\n"
               "    limit $%d::int) e",
               word, from, it->tenant, resource_id, it->behind, it->limit);
    end_branch(it);
}

/* What a list shows of it, as the values that there are now. */
static void write_facts(struct timeline_sql *it, const struct resource *resource,
                        const struct field *by)
{
    const struct field **columns = shape_of(it->cx, resource)->all;
    const char *between = "";
    buf_puts(&it->sql, "jsonb_build_object(");
    for (int i = 0; columns[i]; i++) {
        const struct field *field = columns[i];
        bool shown = field_is_column(field) && (field->flags & LISTED) && !field->child &&
                     field->type != CUSTOM && field->type != FILE_FIELD && field != by &&
                     strcmp(field->name, resource_label(resource)) != 0 &&
                     field != &resource_common_fields[0];
        if (!shown)
            continue;
        buf_printf(&it->sql, "%s'%s', %s", between, field->name, field->name);
        between = ", ";
    }
    buf_puts(&it->sql, ")");
}

/* The rows of a resource that refer to the record, each with who made it. */
static void add_rows_of(struct timeline_sql *it, const struct resource *resource,
                        const struct field *by, const struct viewer *viewer)
{
    const char *word = event_word_of(resource);
    begin_branch(it);
    conditions_add(&it->where, "tenant_id = $%d::uuid", it->tenant);
    conditions_add(&it->where, "%s = $%d::uuid", by->name, it->id);
    conditions_add_resource(&it->where, resource, viewer);
    buf_printf(&it->sql,
               "select 'record', r.id, r.created_at, r.tenant_id,\n"
               "       coalesce(m.actor_kind, 'system'), m.actor_id, m.actor_name,\n"
               "       '%s.created', '%s', r.id::text as of_id, r.facts\n"
               "from (\n"
               "    select id, created_at, tenant_id, jsonb_build_object('now', ",
               word, word);
    write_facts(it, resource, by);
    buf_printf(&it->sql,
               " || jsonb_build_object('%s', %s)) as facts\n"
               "    from %s%s%s\n"
               "    order by id desc\n"
               "    limit $%d::int) r\n"
               "left join lateral (\n"
               "    select actor_kind, actor_id, actor_name\n"
               "    from events\n"
               "    where tenant_id = $%d::uuid\n"
               "    and resource_type = any (house.event_stored_words('{%s}'))\n"
               "    and resource_id = r.id::text\n"
               "    order by id\n"
               "    limit 1) m on true",
               resource_label(resource), resource_label(resource), resource->table,
               it->where.sql.data, it->behind, it->limit, it->tenant, word);
    end_branch(it);
}

static void add_files(struct timeline_sql *it)
{
    begin_branch(it);
    buf_printf(&it->sql,
               "select 'file', f.id, f.created_at, f.tenant_id,\n"
               "       case when f.created_by is null then 'system' else 'user' end,\n"
               "       f.created_by, (select u.name from users u\n"
               "                      where u.tenant_id = f.tenant_id and u.id = f.created_by),\n"
               "       'file.created', 'file', f.id::text as of_id,\n"
               "       jsonb_build_object('now', jsonb_build_object('name', f.name))\n"
               "from files f\n"
               "where f.tenant_id = $%d::uuid and f.resource = '%s' and f.record_id = $%d::uuid\n"
               "and f.field is null%s",
               it->tenant, it->resource->table, it->id, it->behind);
    end_branch(it);
}

static void add_comments(struct timeline_sql *it)
{
    begin_branch(it);
    buf_printf(&it->sql,
               "select 'comment', c.id, c.created_at, c.tenant_id,\n"
               "       case when c.created_by_id is null then 'system' else 'user' end,\n"
               "       c.created_by_id, (select u.name from users u\n"
               "                         where u.tenant_id = c.tenant_id\n"
               "                         and u.id = c.created_by_id),\n"
               "       'comment.created', 'comment', c.id::text as of_id,\n"
               "       jsonb_build_object('now', jsonb_build_object(\n"
               "           'text', c.text, 'edited', (c.edited_at is not null)::text))\n"
               "from comments c\n"
               "where c.tenant_id = $%d::uuid and c.resource = '%s' and c.record_id = $%d::uuid%s",
               it->tenant, it->resource->table, it->id, it->behind);
    end_branch(it);
}

/* Rows in an order are part of the record: their changes are its own. Of others each is one item.
 */
static void add_part(struct timeline_sql *it, const struct resource *part)
{
    const struct field *by = field_find(part->fields, part->parent_column);
    if (!shape_sees_rows(it->cx, part))
        return;
    if (!part_is_ordered(part)) {
        add_rows_of(it, part, by, &viewer_of_all);
        return;
    }
    const char *from = arena_printf(it->cx->arena,
                                    "\ncross join (\n"
                                    "    select id::text as id\n"
                                    "    from %s\n"
                                    "    where tenant_id = $%d::uuid and %s = $%d::uuid) part",
                                    part->table, it->tenant, by->name, it->id);
    add_events_of(it, event_word_of(part), from, "part.id");
}

static void add_referring(struct timeline_sql *it, const struct resource *other)
{
    const char *read = arena_printf(it->cx->arena, "%s:read", other->permission);
    if (!resource_may(it->cx, other, read))
        return;
    const struct viewer viewer = viewer_of(it->cx, other, "read");
    for (const struct field *by = other->fields; by->type != FIELD_END; by++)
        if (reference_target(by) == it->resource && field_is_column(by) &&
            !text_equal(by->name, other->owner) && shape_sees(it->cx, other, by))
            add_rows_of(it, other, by, &viewer);
}

static const struct statement *make_statement(struct timeline_sql *it)
{
    struct buf sql;
    add_events_of(it, event_word_of(it->resource), "", arena_printf(it->cx->arena, "$%d", it->id));
    for (size_t i = 0; i < model_count(); i++) {
        if (model_at(i)->parent == it->resource)
            add_part(it, model_at(i));
        else if (model_at(i)->in_timeline)
            add_referring(it, model_at(i));
    }
    if (it->resource->attachments)
        add_files(it);
    if (it->resource->comments)
        add_comments(it);
    buf_init(&sql, it->cx->arena);
    buf_printf(&sql,
               "select id, house.event_type(action, resource_type), at, tenant_id, actor_kind,\n"
               "       actor_id, actor_name, house.event_word(resource_type), resource_id,\n"
               "       null::text, %s, kind\n"
               "from (\n%s) events (" ITEM_COLUMNS ")\n"
               "order by id desc\nlimit $%d::int",
               shape_changes_sql(it->cx), it->sql.data, it->limit);
    return statement_made(it->cx->arena, sql.data, 0);
}

static const char *tenant_of(const struct cx *cx, const struct list_result *record)
{
    const char *own = record_value(record, "tenant_id");
    return own ? own : cx->db.tenant_id;
}

/* One more than is wanted, which tells whether there are more. */
static struct rows *run_statement(struct cx *cx, const struct resource *resource,
                                  const struct list_result *record, const char *after,
                                  int64_t limit)
{
    struct timeline_sql it = {.cx = cx, .resource = resource, .behind = ""};
    conditions_init(&it.where, cx->arena);
    buf_init(&it.sql, cx->arena);
    it.tenant = conditions_parameter(&it.where, tenant_of(cx, record));
    it.id = conditions_parameter(&it.where, record_value(record, "id"));
    it.limit =
        conditions_parameter(&it.where, arena_printf(cx->arena, "%lld", (long long)limit + 1));
    if (after)
        it.behind =
            arena_printf(cx->arena, "\nand id < $%d::uuid", conditions_parameter(&it.where, after));
    const struct statement *statement = make_statement(&it);
    return db_run(&cx->db, statement, it.where.parameters, it.where.count);
}

/* ---- reading ---- */

static const char cursor_sort[] = "timeline";

/* What the statement says of an item that is no event. */
static const char *item_says(struct cx *cx, const char *changes, const char *member)
{
    json_object *stored = json_tokener_parse(changes), *now = NULL, *name = NULL;
    json_object_object_get_ex(stored, "now", &now);
    json_object_object_get_ex(now, member, &name);
    const char *text = arena_text(cx->arena, name ? json_object_get_string(name) : "");
    json_object_put(stored);
    return text;
}

static void tell_file(struct cx *cx, const struct list_result *record,
                      const struct resource *resource, struct timeline_item *item,
                      const char *changes)
{
    const char *name = item_says(cx, changes, "name");
    item->told = (struct event_told){
        .text = item->event.actor_name
                    ? cx_printf(cx, "%s attached %s.", item->event.actor_name, name)
                    : cx_printf(cx, "%s was attached.", name),
        .path = resource->page ? arena_printf(cx->arena, "%s/%s/attachments/%s", resource->page,
                                              record_value(record, "id"), item->id)
                               : NULL};
}

static void tell_comment(struct cx *cx, struct timeline_item *item, const char *changes)
{
    const char *who = item->event.actor_name;
    item->told = (struct event_told){.text = who ? cx_printf(cx, "%s commented.", who)
                                                 : cx_text(cx, "Somebody commented.")};
    item->comment = item_says(cx, changes, "text");
    item->edited = *item_says(cx, changes, "edited") == 't';
}

static bool read_cursor(struct cx *cx, const char *after, const char **id)
{
    *id = NULL;
    return !after || (cursor_read(cx->arena, after, cursor_sort, id, 1) && *id && uuid_is(*id)) ||
           fail_parameter(cx, "after", "bad_cursor", "This cursor is not of this list.");
}

bool timeline_read(struct cx *cx, const struct resource *resource, const struct list_result *record,
                   const char *after, int64_t limit, struct timeline *out)
{
    const char *behind;
    if (!read_cursor(cx, after, &behind))
        return false;
    struct rows *rows = run_statement(cx, resource, record, behind, limit);
    if (!rows)
        return fail_db(cx);
    size_t found = rows_count(rows), count = found > (size_t)limit ? (size_t)limit : found;
    struct event *events = arena_alloc(cx->arena, sizeof *events * (count + 1));
    const char **changes = arena_alloc(cx->arena, sizeof *changes * (count + 1));
    for (size_t i = 0; i < count; i++) {
        events[i] = event_read(rows, i);
        changes[i] = rows_text(rows, i, COLUMN_CUT);
    }
    const struct event_told *told = event_tell(cx, events, changes, count);
    if (!told)
        return false;
    out->items = arena_alloc(cx->arena, sizeof *out->items * (count + 1));
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (struct timeline_item){.kind = rows_text(rows, i, COLUMN_KIND),
                                               .id = events[i].id,
                                               .at = events[i].at,
                                               .event = events[i],
                                               .told = told[i]};
        if (text_equal(out->items[i].kind, "file"))
            tell_file(cx, record, resource, &out->items[i], changes[i]);
        if (text_equal(out->items[i].kind, "comment"))
            tell_comment(cx, &out->items[i], changes[i]);
    }
    const char *last = found > count ? out->items[count - 1].id : NULL;
    out->next_cursor = last ? cursor_write(cx->arena, cursor_sort, &last, 1) : NULL;
    return true;
}
