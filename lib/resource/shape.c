#include "resource/shape.h"

#include <string.h>

#include "access/session.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/areas.h"
#include "resource/custom.h"
#include "resource/event_kind.h"
#include "resource/internal.h"
#include "resource/model.h"

/* ---- who may ---- */

/* Jobs work for nobody; a request without a session is of somebody unknown. */
static bool is_job(const struct cx *cx)
{
    return !cx->session && !cx->route;
}

/* Of as many records as they may do that with, if with any. */
static bool permission_reaches(const struct cx *cx, const struct resource *resource,
                               const char *permission, const char *action)
{
    const char *own = arena_printf(cx->arena, "%s:%s", resource->permission, action);
    enum sight sight = sight_of(cx, permission);
    return sight == SIGHT_ALL ||
           (resource->owner && sight != SIGHT_NONE && sight >= sight_of(cx, own));
}

bool shape_sees(const struct cx *cx, const struct resource *resource, const struct field *field)
{
    return !field->seen_with || is_job(cx) ||
           permission_reaches(cx, resource, field->seen_with, "read");
}

bool shape_writes(const struct cx *cx, const struct resource *resource, const struct field *field)
{
    const char *needs = field->changed_with ? field->changed_with : field->seen_with;
    return !needs || is_job(cx) ||
           (shape_sees(cx, resource, field) && permission_reaches(cx, resource, needs, "create") &&
            permission_reaches(cx, resource, needs, "update"));
}

bool shape_takes(const struct cx *cx, const struct field *field)
{
    bool limited = field->seen_with || field->changed_with;
    return !limited || !cx->route || !cx->route->about || shape_writes(cx, cx->route->about, field);
}

/* ---- what they see ---- */

unsigned shape_bit(const struct resource *resource, const struct field *field)
{
    unsigned bit = 1;
    if (!field->seen_with)
        return 0;
    for (const struct field *it = resource->fields; it != field && it->type != FIELD_END; it++)
        if (it->seen_with)
            bit <<= 1;
    return bit;
}

static struct shape *shape_of_caller(const struct cx *cx, const struct resource *resource)
{
    unsigned unseen = 0, bit = 1;
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (!it->seen_with)
            continue;
        if (!shape_sees(cx, resource, it))
            unseen |= bit;
        bit <<= 1;
    }
    return shape_without(resource, unseen);
}

const struct shape *shape_of(const struct cx *cx, const struct resource *resource)
{
    return shape_of_caller(cx, resource);
}

const struct field *shape_field(const struct shape *shape, const char *json_name)
{
    for (const struct field **it = shape->all; *it; it++)
        if (strcmp(field_json_name(*it), json_name) == 0)
            return *it;
    return NULL;
}

static bool fail_unseen(struct cx *cx, const struct field *field, const char *permission)
{
    const char *name = field_json_name(field);
    const char *message = cx_printf(cx, "%s needs the permission %s.", name, permission);
    fail(cx, 403, "permission_missing", "%s", message);
    fail_add_detail(cx, name, "permission_missing", message);
    return false;
}

const struct field *shape_find(struct cx *cx, const struct resource *resource,
                               const char *json_name)
{
    const struct field *found = shape_field(shape_of(cx, resource), json_name);
    const struct field *own = found ? NULL : field_find_json(resource->fields, json_name);
    if (own && own->seen_with && !shape_sees(cx, resource, own)) {
        fail_unseen(cx, own, own->seen_with);
        cx->failure.last->in = "query";
    }
    return found;
}

/* ---- reading one ---- */

static const char *make_sql(const struct cx *cx, struct arena *arena,
                            const struct resource *resource, const struct shape *shape,
                            enum sight sight, bool many)
{
    struct conditions where;
    struct buf sql;
    const struct viewer viewer = {.sight = sight};
    conditions_init(&where, arena);
    (many ? conditions_add_ids : conditions_add_id)(&where, NULL);
    conditions_add_resource(&where, resource, &viewer);
    buf_init(&sql, arena);
    buf_puts(&sql, "select ");
    columns_sql(cx, &sql, shape->all);
    buf_printf(&sql, "\nfrom %s%s", resource->table, where.sql.data);
    return sql.data;
}

/* What is computed for each caller anew is not kept. */
static bool is_kept(const struct shape *shape)
{
    for (const struct field **it = shape->all; *it; it++)
        if ((*it)->sql_for)
            return false;
    return true;
}

static const char *kept_sql(const struct cx *cx, const struct resource *resource, enum sight sight,
                            bool many)
{
    struct shape *shape = shape_of_caller(cx, resource);
    const char **kept = many ? &shape->many_sql[sight] : &shape->one_sql[sight];
    if (!*kept && !is_kept(shape))
        return make_sql(cx, cx->arena, resource, shape, sight, many);
    if (!*kept)
        *kept = make_sql(cx, engine_arena(), resource, shape, sight, many);
    return *kept;
}

const char *shape_one_sql(const struct cx *cx, const struct resource *resource, enum sight sight)
{
    return kept_sql(cx, resource, sight, false);
}

const char *shape_many_sql(const struct cx *cx, const struct resource *resource, enum sight sight)
{
    return kept_sql(cx, resource, sight, true);
}

/* ---- writing ---- */

static const char *writing_needs(const struct cx *cx, const struct resource *resource,
                                 const struct field *field)
{
    bool hidden = field->seen_with && !shape_sees(cx, resource, field);
    return hidden || !field->changed_with ? field->seen_with : field->changed_with;
}

static bool is_given_unasked(const struct cx *cx, const struct resource *resource,
                             const struct field *field, const struct value *value)
{
    bool limited = field->seen_with || field->changed_with;
    return limited && value->presence != ABSENT && !value->by_default &&
           !shape_writes(cx, resource, field);
}

bool shape_allows(struct cx *cx, const struct resource *resource, const struct input *input,
                  bool creating)
{
    bool good = true;
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (value->nested)
            good = shape_allows(cx, resource, value->nested, creating) && good;
        if (is_given_unasked(cx, resource, field, value) &&
            (creating || !shape_sees(cx, resource, field)))
            good = fail_unseen(cx, field, writing_needs(cx, resource, field));
    }
    return good;
}

void shape_add_conditions(struct conditions *where, const struct cx *cx,
                          const struct resource *resource, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (value->nested)
            shape_add_conditions(where, cx, resource, value->nested);
        if (is_given_unasked(cx, resource, field, value))
            conditions_add(where, "(%s) is not distinct from $%d", column_expression(field),
                           conditions_parameter(where, value->text));
    }
}

/* What PostgreSQL says and what an input says may be two writings of the same. */
static bool is_same(const struct field *field, const char *stored, const char *given)
{
    char time[32];
    if (!stored || !given)
        return stored == given;
    if (field->type == TIME)
        return clock_from_database(stored, time) && strcmp(time, given) == 0;
    return field->type == BOOL ? *stored == *given : strcmp(stored, given) == 0;
}

bool shape_allows_change(struct cx *cx, const struct resource *resource, const struct input *input,
                         const struct list_result *there)
{
    bool good = true;
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        struct list_result spread = *there;
        if (value->nested)
            good = custom_spread(cx, &spread) &&
                   shape_allows_change(cx, resource, value->nested, &spread) && good;
        if (is_given_unasked(cx, resource, field, value) &&
            !is_same(field, record_value(there, field->name), value->text))
            good = fail_unseen(cx, field, writing_needs(cx, resource, field));
    }
    return good;
}

/* ---- what is told of changes ---- */

bool shape_sees_rows(const struct cx *cx, const struct resource *resource)
{
    for (size_t i = 0; i < model_count(); i++)
        for (const struct field *it = model_at(i)->fields; it->type != FIELD_END; it++)
            if (it->child && text_equal(it->child->table, resource->table) &&
                !shape_sees(cx, model_at(i), it))
                return false;
    return true;
}

struct seen_permissions {
    const struct cx *cx;
    const struct resource *resource;
    struct buf names; /* for an array of PostgreSQL's */
};

static void add_seen(void *arg, const char *name, const char *title, const char *area)
{
    struct seen_permissions *seen = arg;
    (void)title;
    (void)area;
    if (custom_may_limit(seen->resource, name) &&
        permission_reaches(seen->cx, seen->resource, name, "read"))
        buf_printf(&seen->names, "%s%s", seen->names.len ? "," : "", name);
}

/* Of the tenant's own fields those that they see, and that were changed. */
static const char *custom_in_changes(const struct cx *cx, const struct resource *resource,
                                     const char *changes)
{
    struct seen_permissions seen = {.cx = cx, .resource = resource};
    buf_init(&seen.names, cx->arena);
    buf_puts(&seen.names, "");
    areas_permissions(add_seen, &seen);
    return arena_printf(
        cx->arena,
        "case when changes -> 'before' ? 'custom' or changes -> 'after' ? 'custom'\n"
        "     then house.event_custom(%s, array(select f.key from custom_fields f\n"
        "         where f.tenant_id = events.tenant_id and f.resource = '%s' and not f.archived\n"
        "         and (f.seen_with is null or f.seen_with = any ('{%s}')))) else %s end",
        changes, model_name(resource), seen.names.data, changes);
}

/* "when 'deal' then changes #- '{before,value}' …": of both sides of a change. */
static void hide_in_changes(const struct cx *cx, struct buf *sql, const struct resource *resource)
{
    const char *word = event_word_of(resource);
    struct buf hidden;
    buf_init(&hidden, cx->arena);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (shape_sees(cx, resource, it))
            continue;
        if (it->child) /* these rows have events of their own */
            buf_printf(sql, "\nwhen '%s' then null", event_word_of(it->child));
        buf_printf(&hidden, " #- '{before,%s}' #- '{after,%s}'", it->name, it->name);
    }
    if (hidden.len == 0 && !custom_field(resource))
        return;
    const char *changes = arena_printf(cx->arena, "changes%s", hidden.len ? hidden.data : "");
    buf_printf(sql, "\nwhen '%s' then %s", word,
               custom_field(resource) ? custom_in_changes(cx, resource, changes) : changes);
}

const char *shape_changes_sql(const struct cx *cx)
{
    struct buf sql;
    buf_init(&sql, cx->arena);
    for (size_t i = 0; i < model_count(); i++)
        hide_in_changes(cx, &sql, model_at(i));
    if (sql.len == 0)
        return "changes";
    return arena_printf(cx->arena, "case house.event_word(resource_type)%s\nelse changes end",
                        sql.data);
}
