#include "resource/event_changes.h"

#include <json-c/json.h>
#include <string.h>

#include "access/event.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/event_kind.h"
#include "resource/event_told.h"
#include "resource/internal.h"
#include "resource/reference.h"
#include "resource/value_text.h"

enum { CHANGES_MOST = 60 /* of one event */, TEXT_MOST = 300 /* bytes of one value */ };

/* What an event stores of its record. "now" is of no event: what a record says that stands in the
 * timeline of another one (resource/timeline.h). */
struct sides {
    json_object *before, *after;
    bool both;
};

struct telling {
    struct cx *cx;
    const struct resource *resource;
    const char *currency;
    struct event_change *changes;
    size_t count;
};

static struct sides sides_of(json_object *stored)
{
    struct sides sides = {NULL, NULL, false};
    json_object_object_get_ex(stored, "before", &sides.before);
    if (!json_object_object_get_ex(stored, "after", &sides.after))
        json_object_object_get_ex(stored, "now", &sides.after);
    sides.both = json_object_is_type(sides.before, json_type_object) &&
                 json_object_is_type(sides.after, json_type_object);
    return sides;
}

static bool field_is_told(const struct field *field)
{
    return !(field->flags & (HIDDEN | INPUT_ONLY)) && field->type != SECRET &&
           field->type != FILE_FIELD && field->type != CUSTOM && !field->sql && !field->child;
}

/* Not in the middle of a character. */
static const char *text_shortened(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    if (len <= TEXT_MOST)
        return text;
    for (len = TEXT_MOST; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return arena_printf(arena, "%.*s…", (int)len, text);
}

/* Of a reference its id, for now. */
static const char *told_value(const struct telling *it, const struct field *field,
                              json_object *value)
{
    if (!value ||
        (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0))
        return NULL;
    const char *text = arena_text(it->cx->arena, json_object_get_string(value));
    if (reference_target(field))
        return text;
    return text_shortened(it->cx->arena, value_text(it->cx, field, text, it->currency));
}

static void add_change(struct telling *it, const struct field *field, const char *label,
                       json_object *before, json_object *after)
{
    const char *from = told_value(it, field, before), *to = told_value(it, field, after);
    if ((from || to) && !text_equal(from, to) && it->count < CHANGES_MOST)
        it->changes[it->count++] = (struct event_change){field, label, from, to};
}

static json_object *member(json_object *side, const char *name)
{
    json_object *value = NULL;
    if (json_object_is_type(side, json_type_object))
        json_object_object_get_ex(side, name, &value);
    return value;
}

/* Those of the tenant's own. */
static bool add_custom(struct telling *it, const struct sides *sides)
{
    json_object *before = member(sides->before, "custom"), *after = member(sides->after, "custom");
    if (!custom_field(it->resource) || (!before && !after))
        return true;
    const struct custom *custom = custom_of(it->cx, it->resource);
    for (size_t i = 0; custom && i < custom->count; i++) {
        const struct custom_definition *own = &custom->definitions[i];
        json_object *from = member(before, own->key), *to = member(after, own->key);
        if (!json_object_is_type(from, json_type_object) &&
            !json_object_is_type(to, json_type_object)) /* amounts have two members */
            add_change(it, own->field, field_title(it->cx, own->field), from, to);
    }
    return custom != NULL;
}

/* The change itself says it where it is one of it. */
static const char *currency_in(struct cx *cx, const struct resource *resource,
                               const struct sides *sides, const char *known)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        json_object *value = it->type == CURRENCY ? member(sides->after, it->name) : NULL;
        if (value)
            return arena_text(cx->arena, json_object_get_string(value));
    }
    return known ? known : cx->tenant ? cx->tenant->currency : "EUR";
}

static bool tell_one(struct cx *cx, const struct event *event, const char *stored,
                     const char *currency, struct event_told *told)
{
    const struct resource *resource = event_resource(event->word);
    if (!resource)
        return true;
    json_object *all = stored ? json_tokener_parse(stored) : NULL;
    if (!json_object_is_type(all, json_type_object) || event_has_own_data(event->type)) {
        json_object_put(all);
        return true;
    }
    const struct sides sides = sides_of(all);
    struct telling it = {cx, resource, currency_in(cx, resource, &sides, currency), NULL, 0};
    it.changes = arena_alloc(cx->arena, sizeof *it.changes * CHANGES_MOST);
    for (const struct field *field = resource->fields; field->type != FIELD_END; field++)
        if (field_is_told(field))
            add_change(&it, field, field_title(cx, field), member(sides.before, field->name),
                       member(sides.after, field->name));
    bool good = add_custom(&it, &sides);
    told->changes = it.changes;
    told->change_count = it.count;
    told->changed = sides.both || member(all, "now");
    json_object_put(all);
    return good;
}

/* ---- names in the place of ids ---- */

struct naming {
    struct event_told *told;
    size_t count;
    const struct field *field;
};

static void for_each_id(const struct naming *it, void (*do_it)(const char **id, void *arg),
                        void *arg)
{
    for (size_t i = 0; i < it->count; i++)
        for (size_t j = 0; j < it->told[i].change_count; j++) {
            struct event_change *change = &it->told[i].changes[j];
            if (change->field != it->field)
                continue;
            if (change->from)
                do_it(&change->from, arg);
            if (change->to)
                do_it(&change->to, arg);
        }
}

static void add_id(const char **id, void *arg)
{
    struct buf *ids = arg;
    if (uuid_is(*id))
        buf_printf(ids, "%c%s", ids->len ? ',' : '{', *id);
}

struct names_found {
    struct cx *cx;
    const struct rows *rows; /* id and name; NULL: none may be seen */
};

static void put_name(const char **id, void *arg)
{
    const struct names_found *found = arg;
    for (size_t i = 0; found->rows && i < rows_count(found->rows); i++)
        if (text_equal(rows_text(found->rows, i, 0), *id)) {
            *id = rows_text(found->rows, i, 1);
            return;
        }
    *id = cx_text(found->cx, "(not visible)");
}

static bool name_one(struct cx *cx, const struct naming *it)
{
    struct buf ids;
    struct names_found found = {cx, NULL};
    buf_init(&ids, cx->arena);
    for_each_id(it, add_id, &ids);
    if (ids.len > 0) {
        buf_putc(&ids, '}');
        if (!reference_names(cx, it->field, ids.data, &found.rows))
            return false;
    }
    for_each_id(it, put_name, &found);
    return true;
}

/* Each field once, at its first change. */
static bool name_all(struct cx *cx, struct event_told *told, size_t count)
{
    const struct field *named[CHANGES_MOST];
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < told[i].change_count; j++) {
            const struct naming it = {told, count, told[i].changes[j].field};
            bool is_new = reference_target(it.field) && known < COUNT(named);
            for (size_t k = 0; k < known && is_new; k++)
                is_new = named[k] != it.field;
            if (!is_new)
                continue;
            named[known++] = it.field;
            if (!name_one(cx, &it))
                return false;
        }
    return true;
}

bool event_changes_tell(struct cx *cx, const struct event *events, const char *const *changes,
                        const char *const *currencies, size_t count, struct event_told *told)
{
    for (size_t i = 0; i < count; i++)
        if (!tell_one(cx, &events[i], changes[i], currencies[i], &told[i]))
            return false;
    return name_all(cx, told, count);
}

const char *event_changes_line(struct cx *cx, const struct event_told *told)
{
    struct buf line;
    buf_init(&line, cx->arena);
    for (size_t i = 0; told->changed && i < told->change_count; i++) {
        const struct event_change *it = &told->changes[i];
        buf_printf(&line, "%s%s: %s → %s", line.len ? "; " : "", it->label,
                   it->from ? it->from : "–", it->to ? it->to : "–");
    }
    return line.len ? line.data : NULL;
}
