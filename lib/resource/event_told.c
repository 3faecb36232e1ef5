#include "resource/event_told.h"

#include <string.h>

#include "access/permission.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/event_changes.h"
#include "resource/event_kind.h"
#include "resource/internal.h"
#include "resource/tables.h"

/* Of each verb, of what has no name and of what has one. */
static const char *const added[] = {"{actor} added the {one}.", "{actor} added the {one} {name}."};
static const char *const changed[] = {"{actor} changed the {one}.",
                                      "{actor} changed the {one} {name}."};
static const char *const deleted[] = {"{actor} deleted the {one}.",
                                      "{actor} deleted the {one} {name}."};
static const char *const done[] = {"The {one} was {verb} by {actor}.",
                                   "The {one} {name} was {verb} by {actor}."};

enum { NAME_MOST = 240 /* bytes */ };

static const char nobody[] = "The system", nameless[] = "(not there any more)";

/* ---- the sentence of a type ---- */

static const char *told_of(const struct table_event *events, const char *type)
{
    for (; events && events->type; events++)
        if (text_equal(events->type, type))
            return events->told;
    return NULL;
}

static const char *told_template(const struct event *event, const char *verb, bool named)
{
    const char *told = told_of(tables_events(), event->type);
    if (!told)
        told = told_of(tables_action_events(), event->type);
    if (told)
        return told;
    return text_equal(verb, "created")   ? added[named]
           : text_equal(verb, "updated") ? changed[named]
           : text_equal(verb, "deleted") ? deleted[named]
                                         : done[named];
}

/* ---- filling it in ---- */

static const char *told_spaced(struct arena *arena, const char *word)
{
    char *text = arena_text(arena, word);
    for (char *c = text; *c; c++)
        if (*c == '_')
            *c = ' ';
    return text;
}

struct told_parts {
    const char *actor, *one, *name, *verb;
};

static const char *told_part(const struct told_parts *parts, const char *name, size_t len)
{
    const struct {
        const char *name, *text;
    } all[] = {
        {"actor", parts->actor}, {"one", parts->one}, {"name", parts->name}, {"verb", parts->verb}};
    for (size_t i = 0; i < COUNT(all); i++)
        if (strlen(all[i].name) == len && memcmp(all[i].name, name, len) == 0)
            return all[i].text;
    return "";
}

static const char *told_fill(struct arena *arena, const char *sentence,
                             const struct told_parts *parts)
{
    struct buf text;
    buf_init(&text, arena);
    for (const char *c = sentence; *c; c++) {
        size_t len = *c == '{' ? strcspn(c + 1, "}") : 0;
        if (len == 0) {
            buf_putc(&text, *c);
            continue;
        }
        buf_puts(&text, told_part(parts, c + 1, len));
        c += len + 1;
        if (c[1] == '.' && text.len > 0 && strchr(".!?", text.data[text.len - 1]))
            c++; /* what is named is a sentence itself */
    }
    return text.data;
}

/* The column that says what a record is called; NULL: it has no name but a reference. */
static const char *told_label(const struct resource *resource)
{
    const struct field *label = field_find(resource->fields, resource_label(resource));
    return label && label->type != UUID ? label->name : NULL;
}

/* What the change itself says that the record is called. */
static const char *told_name_in(struct arena *arena, const struct resource *resource,
                                const char *changes)
{
    static const char *const sides[] = {"after", "before", "now"};
    const char *label = resource ? told_label(resource) : NULL, *name = NULL;
    json_object *stored = label && changes ? json_tokener_parse(changes) : NULL, *side, *value;
    for (size_t i = 0; i < COUNT(sides) && !name; i++)
        if (json_object_object_get_ex(stored, sides[i], &side) &&
            json_object_object_get_ex(side, label, &value) &&
            json_object_is_type(value, json_type_string))
            name = arena_text(arena, json_object_get_string(value));
    json_object_put(stored);
    return name;
}

/* A name as it stands in a sentence: a note is called by its text. */
static const char *told_short(struct arena *arena, const char *name)
{
    size_t len = strcspn(name, "\r\n");
    bool whole = !name[len] && len <= NAME_MOST;
    if (len > NAME_MOST)
        for (len = NAME_MOST; len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80;)
            len--;
    return whole ? name : arena_printf(arena, "%.*s…", (int)len, name);
}

static void told_write(struct cx *cx, const struct event *event, const char *changes,
                       const char *name, struct event_told *out)
{
    const struct resource *resource = event_resource(event->word);
    const char *dot = strchr(event->type, '.'), *verb = dot ? dot + 1 : event->type;
    if (!name)
        name = told_name_in(cx->arena, resource, changes);
    if (name)
        name = told_short(cx->arena, name);
    const struct told_parts parts = {
        .actor = event->actor_name ? event->actor_name : cx_text(cx, nobody),
        .one = resource ? cx_text(cx, resource->one)
                        : told_spaced(cx->arena, event->word ? event->word : ""),
        .name = name       ? name
                : resource ? cx_text(cx, nameless)
                           : "",
        .verb = cx_text(cx, told_spaced(cx->arena, verb))};
    out->text = told_fill(cx->arena, cx_text(cx, told_template(event, verb, name != NULL)), &parts);
}

/* ---- what the records are called ---- */

static bool told_is_looked_up(const struct cx *cx, const struct resource *resource)
{
    bool here = resource && (resource->scope == SCOPE_TENANT || resource->scope == SCOPE_EITHER);
    return here && (resource->operations & OP_GET) && shape_sees_rows(cx, resource) &&
           resource_may(cx, resource, arena_printf(cx->arena, "%s:read", resource->permission));
}

static bool told_has_page(const struct cx *cx, const struct resource *resource)
{
    bool operators = resource->page && text_starts(resource->page, "/platform");
    return resource->page && operators == (cx->db.role == DB_PLATFORM);
}

static const char *told_currency(const struct list_result *found, size_t row)
{
    for (int i = 0; found->fields[i]; i++)
        if (found->fields[i]->type == CURRENCY)
            return rows_text(found->rows, row, i);
    return NULL;
}

/* Of all events about that kind of record, as far as the one who asks sees them. */
static bool told_look_up(struct cx *cx, const struct resource *resource, const struct event *events,
                         size_t count, const char **names, const char **currencies,
                         struct event_told *out)
{
    const char **ids = arena_alloc(cx->arena, sizeof *ids * count);
    struct list_result found;
    size_t some = 0;
    for (size_t i = 0; i < count; i++)
        if (event_resource(events[i].word) == resource && events[i].resource_id)
            ids[some++] = events[i].resource_id;
    if (!record_get_all(cx, resource, ids, some, &found))
        return false;
    for (size_t row = 0; row < rows_count(found.rows); row++) {
        int label = 0;
        while (found.fields[label] && !text_equal(found.fields[label]->name, told_label(resource)))
            label++;
        const char *id = rows_text(found.rows, row, 0);
        for (size_t i = 0; i < count; i++) {
            if (event_resource(events[i].word) != resource ||
                !text_equal(events[i].resource_id, id))
                continue;
            names[i] = found.fields[label] ? rows_text(found.rows, row, label) : NULL;
            currencies[i] = told_currency(&found, row);
            out[i].path = told_has_page(cx, resource)
                              ? arena_printf(cx->arena, "%s/%s", resource->page, id)
                              : NULL;
        }
    }
    return true;
}

const struct event_told *event_tell(struct cx *cx, const struct event *events,
                                    const char *const *changes, size_t count)
{
    struct event_told *out = arena_alloc(cx->arena, sizeof *out * (count + 1));
    const char **names = arena_alloc(cx->arena, sizeof *names * (count + 1));
    memset(out, 0, sizeof *out * (count + 1));
    const char **currencies = arena_alloc(cx->arena, sizeof *currencies * (count + 1));
    memset(names, 0, sizeof *names * (count + 1));
    memset(currencies, 0, sizeof *currencies * (count + 1));
    for (size_t i = 0; i < count; i++) {
        const struct resource *resource = event_resource(events[i].word);
        bool first = resource != NULL;
        for (size_t before = 0; before < i && first; before++)
            first = event_resource(events[before].word) != resource;
        if (first && told_is_looked_up(cx, resource) &&
            !told_look_up(cx, resource, events, count, names, currencies, out))
            return NULL;
    }
    for (size_t i = 0; i < count; i++)
        told_write(cx, &events[i], changes[i], names[i], &out[i]);
    return event_changes_tell(cx, events, changes, currencies, count, out) ? out : NULL;
}
