#include "resource/moving.h"

#include <strings.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

const struct field moving_query[] = {
    {"move_to", UUID, 0,
     .help = "Another of them: what refers to this one refers to that one before it is deleted."},
    {.type = FIELD_END}};

const char *moving_target(const struct cx *cx, const struct resource *resource)
{
    const char *to = NULL;
    if (!resource->move || cx->route->about != resource)
        return NULL;
    if (cx->is_page)
        to = parameter_get(cx->request.form, "moveTo");
    else if (cx->route->query == moving_query)
        to = query_text(cx, "move_to");
    return to && *to ? to : NULL;
}

bool moving_away(struct cx *cx, const struct resource *resource, const char *id)
{
    const char *to = moving_target(cx, resource);
    const struct viewer viewer = viewer_of(cx, resource, "read");
    struct list_result found;
    if (!to)
        return true;
    if (!uuid_is(to) || strcasecmp(to, id) == 0)
        return fail_parameter(cx, "moveTo", "invalid", "Name another %s.", resource->one);
    if (!record_find(cx, resource, to, &viewer, &found))
        return false;
    return rows_count(found.rows) == 1
               ? resource->move(cx, id, to)
               : fail_parameter(cx, "moveTo", "invalid", "There is no such %s.", resource->one);
}
