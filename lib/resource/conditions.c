#include "resource/conditions.h"

#include <stdarg.h>
#include <string.h>

#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/reference.h"

void conditions_init(struct conditions *conditions, struct arena *arena)
{
    *conditions = (struct conditions){.arena = arena};
    buf_init(&conditions->sql, arena);
}

int conditions_parameter(struct conditions *conditions, const char *value)
{
    if (conditions->count == conditions->room) {
        int room = conditions->room * 2 + 16;
        const char **more = arena_alloc(conditions->arena, sizeof *more * (size_t)room);
        if (conditions->count > 0)
            memcpy(more, conditions->parameters, sizeof *more * (size_t)conditions->count);
        conditions->parameters = more;
        conditions->room = room;
    }
    conditions->parameters[conditions->count++] = value;
    return conditions->count;
}

void conditions_add(struct conditions *conditions, const char *format, ...)
{
    va_list args;
    buf_puts(&conditions->sql, conditions->sql.len ? "\nand " : "\nwhere ");
    va_start(args, format);
    buf_vprintf(&conditions->sql, format, args);
    va_end(args);
}

/* ---- whose records ---- */

const struct viewer viewer_of_all = {.sight = SIGHT_ALL};

static struct viewer viewer_at(const struct cx *cx, enum sight sight)
{
    bool named = sight == SIGHT_OWN || sight == SIGHT_TEAM;
    if (named && cx->db.role == DB_PLATFORM) /* an operator owns nothing in the tenants */
        return (struct viewer){.sight = SIGHT_NONE};
    return (struct viewer){.sight = sight, .user_id = named ? cx->session->user_id : NULL};
}

/* Each one's own alone, whatever their permissions and wherever they work; and what others share
 * (SIGHT_TEAM), to read it, or with all rights for who may share. */
static struct viewer viewer_self(const struct cx *cx, const struct resource *resource, bool reads)
{
    bool shared = resource->shared && (reads || may(cx, resource->shares_with));
    return (struct viewer){.sight = shared ? SIGHT_TEAM : SIGHT_OWN,
                           .user_id = cx->session->user_id,
                           .cx = resource->narrow ? cx : NULL};
}

static const char *owner_column(const struct resource *resource)
{
    return resource->personal ? resource->personal : resource->owner;
}

static const char *permission_for(const struct cx *cx, const struct resource *resource,
                                  const char *action)
{
    return arena_printf(cx->arena, "%s:%s", resource->permission, action);
}

struct viewer viewer_with(const struct cx *cx, const struct resource *resource,
                          const char *permission)
{
    if (resource->personal)
        return viewer_self(cx, resource, permission && text_ends(permission, ":read"));
    if (!resource->owner)
        return (struct viewer){.sight = SIGHT_ALL, .cx = resource->narrow ? cx : NULL};
    enum sight readable = sight_of(cx, permission_for(cx, resource, "read"));
    enum sight sight = sight_of(cx, permission);
    return viewer_at(cx, readable != SIGHT_NONE && readable < sight ? readable : sight);
}

struct viewer viewer_of(const struct cx *cx, const struct resource *resource, const char *action)
{
    return viewer_with(cx, resource, permission_for(cx, resource, action));
}

struct viewer viewer_of_maker(const struct cx *cx, const struct resource *resource)
{
    return resource->owner ? viewer_at(cx, sight_of(cx, permission_for(cx, resource, "create")))
                           : viewer_of_all;
}

/* Everybody in a team of the user's, and the user: read once for each statement. */
#define TEAM_MATES                                                                                 \
    "select other.user_id\n"                                                                       \
    "    from team_members mine\n"                                                                 \
    "    join team_members other on other.tenant_id = mine.tenant_id\n"                            \
    "                            and other.team_id = mine.team_id\n"                               \
    "    where mine.user_id = $%d\n"                                                               \
    "    union all\n"                                                                              \
    "    select $%d::uuid"

/* What the viewer's sight asks of the owner's column; NULL: nothing. */
static const char *sight_sql(struct conditions *conditions, const char *of,
                             const struct resource *resource, const struct viewer *viewer)
{
    if (!owner_column(resource) || viewer->sight == SIGHT_ALL)
        return NULL;
    if (viewer->sight == SIGHT_NONE)
        return "false";
    int me = conditions_parameter(conditions, viewer->user_id);
    if (viewer->sight == SIGHT_OWN)
        return arena_printf(conditions->arena, "%s%s = $%d", of, owner_column(resource), me);
    if (resource->personal)
        return arena_printf(conditions->arena, "(%s%s = $%d or %s%s)", of, resource->personal, me,
                            of, resource->shared);
    return arena_printf(conditions->arena, "%s%s = any (array(" TEAM_MATES "))", of,
                        resource->owner, me, me);
}

const char *conditions_owners(struct conditions *conditions, const struct resource *resource,
                              const struct viewer *viewer)
{
    if (!resource->owner || !viewer->user_id)
        return "null";
    int me = conditions_parameter(conditions, viewer->user_id);
    if (viewer->sight == SIGHT_OWN)
        return arena_printf(conditions->arena, "array[$%d::uuid]", me);
    return arena_printf(conditions->arena, "array(" TEAM_MATES ")", me, me);
}

void conditions_write_referred(struct conditions *conditions, struct buf *sql,
                               const struct resource *resource, const struct field *field,
                               const struct resource *target, const struct viewer *viewer)
{
    const char *of = strcmp(target->table, resource->table) == 0 ? "referred" : target->table;
    buf_printf(sql, " where %s.id = ", of);
    if (field->flags & MADE)
        buf_puts(sql, field->sql);
    else
        buf_printf(sql, "%s.%s", resource->table, field->name);
    if (!target->no_tenant && !resource->no_tenant)
        buf_printf(sql, " and %s.tenant_id = %s.tenant_id", of, resource->table);
    if (target->where)
        buf_printf(sql, " and (%s)", target->where);
    const char *sight =
        sight_sql(conditions, arena_printf(conditions->arena, "%s.", of), target, viewer);
    if (sight)
        buf_printf(sql, "\nand %s", sight);
}

void conditions_add_resource(struct conditions *conditions, const struct resource *resource,
                             const struct viewer *viewer)
{
    if (resource->where)
        conditions_add(conditions, "(%s)", resource->where);
    const char *sight = sight_sql(conditions, "", resource, viewer);
    if (sight)
        conditions_add(conditions, "%s", sight);
    const char *narrow = viewer->cx ? resource->narrow(viewer->cx, conditions) : NULL;
    if (narrow)
        conditions_add(conditions, "%s", narrow);
}

/* ---- which of them ---- */

void conditions_add_id(struct conditions *conditions, const char *id)
{
    conditions_add(conditions, "id = $%d", conditions_parameter(conditions, id));
}

void conditions_add_ids(struct conditions *conditions, const char *ids)
{
    conditions_add(conditions, "id = any($%d::uuid[])", conditions_parameter(conditions, ids));
}

/* Ids that were made at the time of a field (sorted_by) say roughly the same, and have the
 * index; a minute is allowed for clocks that are set while a row is written. */
static void add_bound_of_ids(struct conditions *where, const struct list_filter *filter, int at)
{
    const char *operator= filter->operator, * id = filter->field->sorted_by;
    bool from = *operator== '>' || * operator== '=', to = *operator== '<' || * operator== '=';
    if (from)
        conditions_add(where, "%s >= house.uuid7_at($%d - interval '1 minute')", id, at);
    if (to)
        conditions_add(where, "%s < house.uuid7_at($%d + interval '1 minute')", id, at);
}

/* What refers to a record that the words find, and that may be seen. */
static void add_referred(struct conditions *where, const struct cx *cx,
                         const struct list_filter *filter)
{
    const struct resource *target = reference_target(filter->field);
    const struct viewer viewer = viewer_of(cx, target, "read");
    const char *found = search_ids(where, cx, target, filter->value, &viewer, "");
    const char *sight = sight_sql(where, "", target, &viewer);
    if (sight)
        found = arena_printf(where->arena, "select id from %s where id = any (array(%s)) and %s",
                             target->table, found, sight);
    conditions_add(where, "(%s) = any (array(%s))", column_expression(filter->field), found);
}

/* Parameter `at` is one value, or with "in" an array of them. */
static void add_matched(struct conditions *where, const struct list_filter *filter, int at)
{
    bool some = *filter->operator== 'i';
    struct buf sql;
    buf_init(&sql, where->arena);
    for (const char *c = filter->field->matched; *c; c++) {
        if (*c == '$')
            buf_printf(&sql, some ? "$%d::text[]" : "array[$%d::text]", at);
        else
            buf_putc(&sql, *c);
    }
    conditions_add(where, *filter->operator== '!' ? "not coalesce(%s, false)" : "(%s)", sql.data);
}

/* Of the tenant's own fields those that are filters have their values in a table with an index
 * (migrations/…core_custom_index.sql), which has the first 200 letters of a text. false: the
 * value itself is to be compared, too or alone. */
static bool add_bound_of_values(struct conditions *where, const struct resource *resource,
                                const struct list_filter *filter)
{
    const struct field *field = filter->field;
    const char *operator= filter->operator;
    bool is_number = field->type == DECIMAL || field->type == MONEY, is_in = operator[0] == 'i';
    bool is_by_language = field->type == TEXT && strchr("<>", *operator);
    if (!(field->flags & MADE) || !field->custom || operator[0] == '!' || is_by_language)
        return false;
    const char *parameter = is_number && is_in ? "any ($%d::float8[])"
                            : is_number        ? "$%d::float8"
                            : is_in
                                ? "any (array(select left(one, 200) from unnest($%d::text[]) one))"
                                : "left($%d::text, 200)";
    int at = conditions_parameter(where, filter->value);
    const char *value = arena_printf(where->arena, parameter, at);
    conditions_add(where,
                   "exists (select from custom_values v where v.tenant_id = %s.tenant_id\n"
                   "    and v.record_id = %s.id and v.field_id = '%s' and v.%s %s %s)",
                   resource->table, resource->table, field->custom,
                   is_number ? "number_value" : "text_value", is_in ? "=" : operator, value);
    return strlen(filter->value) < 200;
}

static void add_condition(struct conditions *where, const struct cx *cx,
                          const struct resource *resource, const struct list_filter *filter)
{
    const char *column = column_expression(filter->field), *operator= filter->operator;
    if (strcmp(operator, "null") == 0) {
        conditions_add(where, "(%s) is %snull", column, filter->value[0] == 't' ? "" : "not ");
        return;
    }
    if (strcmp(operator, "q") == 0) {
        add_referred(where, cx, filter);
        return;
    }
    if (add_bound_of_values(where, resource, filter))
        return;
    int at = conditions_parameter(where, filter->value);
    if (filter->field->matched && strchr("=!i", *operator))
        add_matched(where, filter, at);
    else if (strcmp(operator, "in") == 0)
        conditions_add(where, "(%s) = any($%d)", column, at);
    else if (strcmp(operator, "!=") == 0)
        conditions_add(where, "(%s) is distinct from $%d", column, at);
    else
        conditions_add(where, "(%s) %s $%d", column, operator, at);
    if (filter->field->sorted_by)
        add_bound_of_ids(where, filter, at);
}

/* Each of a group's conditions is written as if it were alone, and then joined. What has no value
 * makes a condition unknown; its negation holds, as people mean it. */
static void add_filter(struct conditions *where, const struct cx *cx,
                       const struct resource *resource, const struct list_filter *filter)
{
    static const char alone[] = "\nwhere ";
    struct buf around = where->sql, group;
    if (!filter->inside) {
        add_condition(where, cx, resource, filter);
        return;
    }
    buf_init(&group, where->arena);
    for (const struct list_filter *it = filter->inside; it; it = it->next) {
        const char *joined = filter->group == FILTER_OR ? "\n    or " : "\n    and ";
        buf_init(&where->sql, where->arena);
        add_filter(where, cx, resource, it);
        buf_printf(&group, "%s(%s)", group.len ? joined : "", where->sql.data + strlen(alone));
    }
    where->sql = around;
    conditions_add(where, filter->group == FILTER_NOT ? "not coalesce(%s, false)" : "(%s)",
                   group.data);
}

void conditions_add_filters(struct conditions *conditions, const struct cx *cx,
                            const struct resource *resource, const struct list_query *query)
{
    for (const struct list_filter *filter = query->filters; filter; filter = filter->next)
        add_filter(conditions, cx, resource, filter);
}

const char *list_limit(struct conditions *conditions, int64_t most)
{
    struct arena *arena = conditions->arena;
    const char *number = arena_printf(arena, "%lld", (long long)most);
    if (most == LIMIT_USUAL || most == LIMIT_EXPORT)
        return number;
    return arena_printf(arena, "$%d", conditions_parameter(conditions, number));
}

void conditions_page_of_team(struct conditions *conditions, const struct resource *resource,
                             const struct viewer *viewer, const char *order, int64_t most)
{
    struct arena *arena = conditions->arena;
    int me = conditions_parameter(conditions, viewer->user_id);
    conditions_add(conditions, "%s = mates.mate_id", resource->owner);
    const char *inner = conditions->sql.data, *limit = list_limit(conditions, most);
    buf_init(&conditions->sql, arena);
    conditions_add(conditions,
                   "id = any (array(\n"
                   "    select page.id\n"
                   "    from unnest(array(" TEAM_MATES ")) mates (mate_id)\n"
                   "    cross join lateral (select id\nfrom %s%s%s\nlimit %s) page))",
                   me, me, resource->table, inner, order, limit);
}
