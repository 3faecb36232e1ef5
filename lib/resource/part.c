#include "resource/part.h"

#include <string.h>

#include "access/session.h"
#include "http/cx.h"
#include "resource/internal.h"

bool part_find_parent(struct cx *cx, const struct resource *part, const char *action)
{
    struct list_result record;
    const struct resource *parent = part->parent;
    return record_get_with(cx, parent, cx_path(cx, "id"),
                           arena_printf(cx->arena, "%s:%s", parent->permission, action), &record);
}

void part_of(struct cx *cx, const struct resource *part, const char *parent_id,
             struct list_query *query)
{
    struct list_filter *filter = arena_alloc(cx->arena, sizeof *filter);
    *filter = (struct list_filter){.field = field_find(part->fields, part->parent_column),
                                   .operator= "=",
                                   .value = parent_id,
                                   .next = query->filters};
    query->filters = filter;
}

const char *part_maker(const struct cx *cx)
{
    bool at_home = cx->session && strcmp(cx->session->tenant_id, cx->db.tenant_id) == 0;
    return at_home ? cx->session->user_id : NULL;
}
