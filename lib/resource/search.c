/* search: the words that a list is searched for.
 *
 * Behind a policy PostgreSQL uses no index for LIKE, so each table has functions that run as the
 * owner and name the tenant themselves: house.search_leads(query, owners, …) gives ids (see
 * migrations/…core_search_words.sql). The list's own conditions bind what they find; `owners` is
 * the viewer's sight, so that what one may not see takes no place among the newest that are found.
 * Where nothing but its words narrows a search, the function counts alone, and gives no more ids
 * than the page shows. */
#include <string.h>

#include "base/unicode.h"
#include "http/cx.h"
#include "resource/internal.h"

static bool search_is_asked(const struct list_query *query)
{
    return query->search && *query->search;
}

bool search_is_alone(const struct resource *resource, const struct list_query *query,
                     const struct viewer *viewer)
{
    bool sees_all = !resource->owner || viewer->sight == SIGHT_ALL;
    return search_is_asked(query) && !query->filters && !resource->where && !resource->no_tenant &&
           (sees_all || (viewer->user_id && strcmp(resource->owner, "owner_id") == 0));
}

/* The function of the table with its arguments, of which `rest` are the last. */
static const char *search_call(struct conditions *where, const struct cx *cx,
                               const struct resource *resource, const char *query,
                               const struct viewer *viewer, const char *rest)
{
    int words = conditions_parameter(where, unicode_nfc(where->arena, query));
    const char *owners = conditions_owners(where, resource, viewer);
    return arena_printf(where->arena, "house.search_%s%s($%d, %s%s)",
                        cx->db.role == DB_PLATFORM ? "every_" : "", resource->table, words, owners,
                        rest);
}

const char *search_ids(struct conditions *where, const struct cx *cx,
                       const struct resource *resource, const char *query,
                       const struct viewer *viewer, const char *rest)
{
    if (!resource->no_tenant)
        return arena_printf(where->arena, "select %s",
                            search_call(where, cx, resource, query, viewer, rest));
    return arena_printf(
        where->arena, "select id from %s where search_text like all (house.search_patterns($%d))",
        resource->table, conditions_parameter(where, unicode_nfc(where->arena, query)));
}

/* The arguments for the first rows in the order of a list; "": it must be given all. Texts are
 * ordered by the rules of language, which the function does not know. */
static const char *search_first(struct conditions *where, const struct list_query *query,
                                const struct order *order)
{
    const struct field *field = order ? order->keys[0].field : NULL;
    int64_t most = query->page * query->limit;
    if (!field || query->after || order->count > 2 || field->sql || most > COUNT_MOST ||
        ((field->flags & NULLABLE) && order->keys[0].descending) || /* it puts those first */
        (field->type != TIME && field->type != DATE && field->type != INT && field->type != MONEY))
        return "";
    return arena_printf(
        where->arena, ", '%s', %s, $%d", field->name, order->keys[0].descending ? "true" : "false",
        conditions_parameter(where, arena_printf(where->arena, "%lld", (long long)most)));
}

void search_add(struct conditions *where, const struct cx *cx, const struct resource *resource,
                const struct list_query *query, const struct viewer *viewer,
                const struct order *order)
{
    if (!search_is_asked(query))
        return;
    const char *first = search_first(where, query, order);
    const char *ids = search_ids(where, cx, resource, query->search, viewer, first);
    if (cx->db.role == DB_PLATFORM)
        conditions_add(where, "id in (%s)", ids);
    else /* no join: a plan made while the table was small would loop in it; ids have an index */
        conditions_add(where, "id = any (array(%s))", ids);
}

void search_add_count(struct batch *batch, const struct cx *cx, const struct resource *resource,
                      const struct list_query *query, const struct viewer *viewer)
{
    struct conditions where;
    conditions_init(&where, cx->arena);
    const char *call = search_call(&where, cx, resource, query->search, viewer, ", null");
    const char *sql = arena_printf(cx->arena, "select count(*)\nfrom %s found", call);
    batch_add(batch, statement_made(cx->arena, sql, 0), where.parameters, where.count);
}
