/* refer: what a cell refers to, by id, by name or, of people, by e-mail address. Each text is
 * looked for once in a step. What is not there is refused, left out or made, as was chosen. */
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/reference.h"

enum { REFER_MOST = 20 };

static const struct field *refer_column(const struct resource *target, const char *name)
{
    const struct field *field = field_find(target->fields, name);
    return field && !field->sql && (field->flags & SEARCHED) ? field : NULL;
}

/* Those that the words find and whose field is exactly that; field NULL: that are called so. */
static bool refer_look(struct cx *cx, const struct resource *target, const struct field *exact,
                       const char *words, struct list_result *out)
{
    const struct field *label = field_find(target->fields, resource_label(target));
    const struct field *columns[] = {resource_common_fields, exact ? exact : label, NULL};
    struct list_filter filter = {.field = exact, .operator= "=", .value = words};
    const struct field **chosen = arena_alloc(cx->arena, sizeof columns);
    memcpy(chosen, columns, sizeof columns);
    const struct list_query query = {.page = 1,
                                     .limit = REFER_MOST,
                                     .search = resource_is_searched(target) ? words : NULL,
                                     .columns = chosen,
                                     .filters = exact ? &filter : NULL,
                                     .sort = target->sort ? target->sort : "-createdAt"};
    return list_run(cx, target, &query, out);
}

/* Counts those that have the words; *id is the first. */
static size_t refer_count(const struct list_result *found, const char *words, const char **id)
{
    size_t count = 0;
    for (size_t i = 0; i < rows_count(found->rows); i++) {
        const char *text = rows_text(found->rows, i, 1);
        if (text && unicode_same_word(text, words) && count++ == 0)
            *id = rows_text(found->rows, i, 0);
    }
    return count;
}

/* false: the failure is set. */
static bool refer_find(struct cx *cx, const struct resource *target, const char *words,
                       const char **id, size_t *count)
{
    struct list_result found;
    const struct field *email = strchr(words, '@') ? refer_column(target, "email") : NULL;
    const struct field *label = refer_column(target, resource_label(target));
    if (email) {
        if (!refer_look(cx, target, email, text_lower(cx->arena, words), &found))
            return false;
        *count = refer_count(&found, words, id);
        if (*count > 0)
            return true;
    }
    if (label) {
        if (!refer_look(cx, target, label, words, &found))
            return false;
        *count = refer_count(&found, words, id);
        if (*count > 0)
            return true;
    }
    if (!refer_look(cx, target, NULL, words, &found))
        return false;
    *count = refer_count(&found, words, id);
    return true;
}

/* ---- what is not there ---- */

/* Whether its name is all that a new one needs. */
static bool refer_can_make(struct cx *cx, const struct resource *target)
{
    if (!(target->operations & OP_CREATE) || target->prepare || target->finish ||
        !resource_may(cx, target, arena_printf(cx->arena, "%s:create", target->permission)))
        return false;
    for (const struct field *it = target->fields; it->type != FIELD_END; it++)
        if ((it->flags & REQUIRED) && strcmp(it->name, resource_label(target)) != 0)
            return false;
    return true;
}

static const char *refer_make(struct cx *cx, const struct resource *target, const char *words)
{
    const struct field *label = field_find(target->fields, resource_label(target));
    struct input *input, *own = cx->input;
    struct list_result made;
    json_object *object = json_object_new_object();
    json_object_object_add(object, field_json_name(label), json_object_new_string(words));
    bool good = input_read_json(cx, target->fields, object, INPUT_CREATE, &input);
    cx->input = input;
    good = good && record_create(cx, target, input, &made);
    cx->input = own;
    json_object_put(object);
    return good ? rows_text(made.rows, 0, 0) : NULL;
}

static const char *refer_refuse(struct import_run *run, const char *name, const char *code,
                                const char *format, const char *what)
{
    fail_field(run->cx, name, code, "%s", cx_printf(run->cx, format, what));
    return NULL;
}

static const char *refer_unknown(struct import_run *run, const struct resource *target,
                                 const char *name, const char *text, bool *skip)
{
    struct cx *cx = run->cx;
    if (strcmp(run->plan->unknown, "skip") == 0) {
        *skip = true;
        return NULL;
    }
    if (strcmp(run->plan->unknown, "create") == 0 && refer_can_make(cx, target))
        return refer_make(cx, target, text);
    return refer_refuse(run, name, "unknown_reference", "There is no such %s.", target->one);
}

static const char *refer_by_name(struct import_run *run, const struct field *field,
                                 const char *name, const char *text, bool *skip)
{
    struct cx *cx = run->cx;
    const struct resource *target = reference_target(field);
    const char *id = NULL;
    size_t count = 0;
    if (!reference_may_read(cx, field))
        return refer_refuse(run, name, "permission_missing", "%s",
                            cx_text(cx, "This is not yours to see."));
    if (!refer_find(cx, target, text, &id, &count))
        return NULL;
    if (count > 1)
        return refer_refuse(run, name, "ambiguous_reference", "Several are called so: %s.", text);
    return count == 1 ? id : refer_unknown(run, target, name, text, skip);
}

const char *import_refer(struct import_run *run, const struct field *field, const char *name,
                         const char *text, bool *skip)
{
    struct arena *arena = run->cx->arena;
    if (uuid_is(text))
        return text;
    const char *asked = arena_printf(arena, "%s %s", field->refers, text);
    const struct import_found *known = import_known_find(&run->references, asked);
    if (known)
        return known->id;
    const char *id = refer_by_name(run, field, name, text, skip);
    if (id)
        import_known_add(arena, &run->references, asked, id);
    return id;
}
