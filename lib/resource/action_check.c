/* action_check: what an action must have to be offered, told to whoever builds. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "resource/action.h"
#include "resource/internal.h"

static const char *takes_bulk_member(const struct action *action)
{
    for (const struct field *it = action->takes; it && it->type != FIELD_END; it++)
        if (action_is_bulk_member(it->name))
            return it->name;
    return NULL;
}

static const char *fault_of(const struct action *action)
{
    bool on_list = action->flags & ACTION_ON_LIST, many = action->flags & ACTION_MANY;
    if (!action->run)
        return "has no run()";
    if (!action->title || !action->summary)
        return "has no title or no summary";
    if (action->name[strspn(action->name, "abcdefghijklmnopqrstuvwxyz-")])
        return "has a name with others than small letters and hyphens";
    if (on_list && (many || action->when || action->becomes))
        return "is of no record: ACTION_MANY, .when and .becomes say nothing there";
    if (many && action->gives)
        return "gives something, which bulk has no place for";
    if ((action->flags & ACTION_SENDS) && (action->flags & ACTION_OUTSIDE))
        return "calls others: it cannot be taken back, as ACTION_SENDS says";
    if ((action->flags & ACTION_NO_API) && (many || (action->flags & ACTION_NO_PAGE)))
        return "is not there by API: then by page, and with one at a time";
    if (takes_bulk_member(action))
        return "takes a field whose name bulk or dryRun has";
    return NULL;
}

static bool is_twice(const struct resource *resource, const struct action *const *at)
{
    for (const struct action *const *it = resource->actions; it != at; it++)
        if (strcmp((*it)->name, (*at)->name) == 0)
            return true;
    return false;
}

void action_check_declared(const struct resource *resource, struct buf *report)
{
    size_t count = 0;
    for (const struct action *const *it = resource->actions; it && *it; it++, count++) {
        const char *fault = is_twice(resource, it) ? "stands there twice" : fault_of(*it);
        if (fault)
            buf_printf(report, "%s: the action %s %s.\n", resource->name, (*it)->name, fault);
    }
    if (count > ACTIONS_MAX)
        buf_printf(report, "%s: more than %d actions.\n", resource->name, ACTIONS_MAX);
}
