#include "resource/transition.h"

#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

static bool leads_to(const struct transition *transition, const char *to)
{
    size_t len = strlen(to);
    const char *at = strstr(transition->to, to);
    for (; at; at = strstr(at + 1, to))
        if ((at == transition->to || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static const struct transition *transition_find(const struct field *field, const char *from,
                                                const char *to)
{
    for (const struct transition *it = field->transitions; it && it->to; it++)
        if (text_equal(it->from, from) && leads_to(it, to))
            return it;
    return NULL;
}

/* The row is one that the route's permission is of; the transition's must be of as many. */
static bool is_open_to(const struct cx *cx, const struct transition *transition)
{
    if (!transition->needs)
        return true;
    bool keeps = cx->route && (cx->route->flags & ROUTE_KEEPS_SIGHT);
    enum sight needed = keeps ? sight_of(cx, cx->route->access.needs) : SIGHT_ALL;
    return sight_of(cx, transition->needs) >= (needed == SIGHT_NONE ? SIGHT_ALL : needed);
}

bool transition_is_allowed(const struct cx *cx, const struct field *field, const char *from,
                           const char *to)
{
    if (!field->transitions || text_equal(from, to) || (!from && text_equal(field->initial, to)))
        return true;
    const struct transition *found = transition_find(field, from, to);
    return found && is_open_to(cx, found);
}

const char *transition_origins(struct cx *cx, const struct field *field, const char *to)
{
    struct buf list;
    buf_init(&list, cx->arena);
    buf_printf(&list, "{\"%s\"", to);
    for (const struct transition *it = field->transitions; it->to; it++)
        if (it->from && leads_to(it, to) && is_open_to(cx, it))
            buf_printf(&list, ",\"%s\"", it->from);
    buf_putc(&list, '}');
    return list.data;
}

/* As the choices stand, so that the answer is the same each time. */
static const char *allowed_words(struct cx *cx, const struct field *field, const char *from,
                                 const char *between)
{
    struct buf list;
    buf_init(&list, cx->arena);
    buf_puts(&list, "");
    for (const char *const *choice = field->choices; *choice; choice++)
        if (!text_equal(from, *choice) && transition_is_allowed(cx, field, from, *choice))
            buf_printf(&list, "%s%s", list.len ? between : "", *choice);
    return list.data;
}

bool transition_fail(struct cx *cx, const struct field *field, const char *from, const char *to)
{
    const struct transition *found = transition_find(field, from, to);
    if (found && !is_open_to(cx, found))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", found->needs);
    const char *words = allowed_words(cx, field, from, ", ");
    const char *name = field_json_name(field);
    if (from && *words)
        fail(cx, 409, "invalid_transition", "From %s, %s can become: %s.", from, name, words);
    else if (from)
        fail(cx, 409, "invalid_transition", "From %s, %s can become nothing else.", from, name);
    else
        fail(cx, 409, "invalid_transition", "At first %s can be: %s.", name, words);
    struct failure_detail *detail =
        fail_add_detail(cx, name, "invalid_transition", cx->failure.message);
    const char *quoted = allowed_words(cx, field, from, "\",\"");
    detail->allowed = *quoted ? arena_printf(cx->arena, "[\"%s\"]", quoted) : "[]";
    return false;
}

/* ---- what an input moves ---- */

static bool is_moved(const struct field *field, const struct value *value)
{
    return field->transitions && value->presence == GIVEN && field_is_column(field) &&
           !(field->flags & GUARDED);
}

bool transition_check_beginnings(struct cx *cx, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value) && !transition_is_allowed(cx, field, NULL, value->text))
            return transition_fail(cx, field, NULL, value->text);
    }
    return true;
}

/* The row's value must be one from which the new one may follow. */
void transition_add_origins(struct conditions *where, struct cx *cx, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (is_moved(field, value))
            conditions_add(where, "%s = any($%d)", field->name,
                           conditions_parameter(where, transition_origins(cx, field, value->text)));
    }
}

bool transition_check_moves(struct cx *cx, const struct input *input,
                            const struct list_result *there)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        const char *from = record_value(there, field->name);
        if (is_moved(field, value) && from && !transition_is_allowed(cx, field, from, value->text))
            return transition_fail(cx, field, from, value->text);
    }
    return true;
}
