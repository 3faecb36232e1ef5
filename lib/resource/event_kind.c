#include "resource/event_kind.h"

#include <string.h>

#include "access/event_name.h"
#include "base/registry.h"
#include "base/text.h"
#include "resource/action.h"
#include "resource/internal.h"
#include "resource/model.h"
#include "resource/tables.h"

/* "API key" -> "api_key", "sign-in attempt" -> "sign_in_attempt" */
static char *event_word_make(const char *words)
{
    char *word = text_lower(engine_arena(), words);
    for (char *c = word; *c; c++)
        if (*c == ' ' || *c == '-')
            *c = '_';
    return word;
}

const char *event_word_of(const struct resource *resource)
{
    static struct registry made;
    char *word = registry_find(&made, resource);
    if (word)
        return word;
    const char *same = resource->same_as ? resource->same_as : resource->one;
    word = event_word_make(resource->event ? resource->event : same);
    registry_add(&made, resource, word);
    return word;
}

/* The first of its table that has the word from its own name. */
static bool is_called_so(const struct resource *resource, const char *word)
{
    size_t at = 0;
    for (; resource->one[at] && word[at]; at++)
        if (word[at] != '_' && (resource->one[at] | 0x20) != word[at])
            return false;
    return !resource->one[at] && !word[at] && strcmp(event_word_of(resource), word) == 0;
}

const struct resource *event_resource(const char *word)
{
    for (size_t i = 0; word && i < model_count(); i++)
        if (is_called_so(model_at(i), word))
            return model_at(i);
    return NULL;
}

/* Of what other areas described. */
static const struct resource *root_described(const struct resource *resource, const char **column)
{
    const char *word = event_word_of(resource);
    for (const struct table_child *it = tables_children(); it && it->word; it++)
        if (text_equal(it->word, word)) {
            *column = it->column;
            return model_resource(it->parent);
        }
    return NULL;
}

const struct resource *event_root(const struct resource *resource, const char **column)
{
    *column = resource->parent ? resource->parent_column : NULL;
    const struct resource *root =
        resource->parent ? resource->parent : root_described(resource, column);
    return root ? root : resource;
}

bool event_has_own_data(const char *type)
{
    for (const struct table_event *it = tables_events(); it && it->type; it++)
        if (text_equal(it->type, type))
            return it->has_data;
    return false;
}

/* ---- checking ---- */

static void check_declared(struct buf *report)
{
    for (const struct table_event *it = tables_events(); it && it->type; it++) {
        if (!event_type_is(it->type))
            buf_printf(report,
                       "The event %s is not named as in \"lead.created\": what one record is "
                       "called, and a verb in the past.\n",
                       it->type);
        for (const struct table_event *other = tables_events(); other != it; other++)
            if (text_equal(other->type, it->type))
                buf_printf(report, "Two areas declare the event %s.\n", it->type);
    }
}

static void check_word(const struct resource *resource, size_t before, struct buf *report)
{
    const char *word = event_word_of(resource);
    if (!event_type_is(engine_text("%s.created", word)))
        buf_printf(report, "%s: events cannot call a record \"%s\": set .event.\n",
                   model_name(resource), word);
    for (size_t i = 0; i < before; i++) {
        bool same = strcmp(event_word_of(model_at(i)), word) == 0;
        if (same != (strcmp(model_at(i)->table, resource->table) == 0))
            buf_printf(report,
                       same ? "%s: events call a record \"%s\", as those of %s, another table.\n"
                            : "%s: events call a record \"%s\", those of %s, the same table, "
                              "otherwise: set .event.\n",
                       model_name(resource), word, model_name(model_at(i)));
    }
}

static void check_actions(const struct resource *resource, struct buf *report)
{
    for (const struct action *const *it = resource->actions; it && *it; it++) {
        const char *verb = (*it)->event;
        if (verb && !event_type_is(engine_text("%s.%s", event_word_of(resource), verb)))
            buf_printf(report,
                       "%s: the event of its action %s is \"%s\"; say what was done, as in "
                       "\"suspended\".\n",
                       model_name(resource), (*it)->name, verb);
    }
}

void event_kinds_check(struct buf *report)
{
    check_declared(report);
    for (size_t i = 0; i < model_count(); i++) {
        check_word(model_at(i), i, report);
        check_actions(model_at(i), report);
    }
}
