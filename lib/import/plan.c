/* plan: which column of a file is which field. A title is a field's when it is one of its names:
 * that of the API, of the column, of what it refers to, or its label in any of our languages. */
#include <ctype.h>
#include <string.h>

#include "base/language.h"
#include "base/registry.h"
#include "base/text.h"
#include "base/unicode.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/custom.h"
#include "resource/reference.h"
#include "resource/shape.h"

/* ---- the fields ---- */

static bool import_takes(const struct resource *resource, const struct field *field)
{
    const struct field *also = resource->imports->also;
    if (also && field_find(also, field->name))
        return true;
    if ((field->flags & (READ_ONLY | INPUT_ONLY)) || strcmp(field->name, "tenant_id") == 0)
        return false;
    switch (field->type) {
    case SECRET:
    case FILE_FIELD:
    case JSON:
    case OBJECT:
    case CUSTOM:
        return false;
    case ARRAY:
        return !field->fields;
    default:
        return true;
    }
}

const struct field **import_fields(struct cx *cx, const struct resource *resource)
{
    const struct custom *custom = custom_of(cx, resource);
    const struct field *also = resource->imports->also;
    size_t count = 0;
    if (!custom)
        return NULL;
    size_t most = field_count(resource->fields) + field_count(custom->fields) +
                  (also ? field_count(also) : 0) + 1;
    const struct field **all = arena_alloc(cx->arena, sizeof *all * most);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (import_takes(resource, it) && shape_writes(cx, resource, it))
            all[count++] = it;
    for (const struct field *it = custom->fields; it->type != FIELD_END; it++)
        all[count++] = it;
    for (const struct field *it = also; it && it->type != FIELD_END; it++)
        all[count++] = it;
    all[count] = NULL;
    return all;
}

/* The resource's fields with those that its rules add, as one table, kept for the process: what a
 * field is called is known by its address. */
static const struct field *import_table(const struct resource *resource)
{
    static struct registry known;
    static struct arena *arena;
    const struct field *also = resource->imports->also;
    struct field *all = also ? registry_find(&known, resource) : NULL;
    if (!also || all)
        return all ? all : resource->fields;
    if (!arena)
        arena = arena_new();
    size_t own = field_count(resource->fields), more = field_count(also);
    all = arena_alloc(arena, sizeof *all * (own + more + 1));
    memcpy(all, resource->fields, sizeof *all * own);
    memcpy(all + own, also, sizeof *all * more);
    memset(&all[own + more], 0, sizeof *all);
    registry_add(&known, resource, all);
    return all;
}

/* ---- titles ---- */

/* "E-Mail:", "e_mail" and "email" are one. */
static char *import_fold(struct arena *arena, const char *title)
{
    char *folded = arena_text(arena, text_trim(arena, title)), *to = folded;
    for (const char *c = folded; *c; c++)
        if (!strchr(" _-./:*", *c))
            *to++ = (char)tolower((unsigned char)*c);
    *to = '\0';
    return folded;
}

bool import_same_title(struct arena *arena, const char *a, const char *b)
{
    const char *first = import_fold(arena, a), *second = import_fold(arena, b);
    return *first && unicode_same_word(first, second);
}

static bool import_is_titled(struct cx *cx, const struct field *field, const char *title)
{
    struct arena *arena = cx->arena;
    const char *name = field_json_name(field), *label = field_label(field);
    bool made = (field->flags & MADE) != 0;
    if (import_same_title(arena, title, name) || import_same_title(arena, title, label))
        return true;
    if (made) {
        const char *key = name + strlen("custom."), *end = strchr(key, '.');
        bool whole = !end || strcmp(end, ".amount") == 0;
        return import_same_title(arena, title, key) ||
               (whole && end &&
                import_same_title(arena, title, arena_copy(arena, key, (size_t)(end - key))));
    }
    if (import_same_title(arena, title, field->name) ||
        (field->refers && import_same_title(arena, title, reference_name(field))))
        return true;
    for (size_t i = 1; i < languages_count; i++)
        if (import_same_title(arena, title, language_text(&languages[i], label)))
            return true;
    return false;
}

/* What our own files have and nobody writes. */
static bool import_is_passed_over(struct cx *cx, const struct resource *resource, const char *title)
{
    for (const struct field *it = resource_common_fields; it->type != FIELD_END; it++)
        if (import_is_titled(cx, it, title))
            return true;
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (!import_takes(resource, it) && it->type != CUSTOM && import_is_titled(cx, it, title))
            return true;
    return false;
}

static const char *import_names(struct cx *cx, const struct field *const *fields)
{
    struct buf names;
    buf_init(&names, cx->arena);
    for (size_t i = 0; fields[i]; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", field_json_name(fields[i]));
    return names.data;
}

static const struct field *import_guess(struct cx *cx, const struct field *const *fields,
                                        const char *title)
{
    for (size_t i = 0; fields[i]; i++)
        if (strcmp(field_json_name(fields[i]), title) == 0)
            return fields[i];
    for (size_t i = 0; fields[i]; i++)
        if (import_is_titled(cx, fields[i], title))
            return fields[i];
    return NULL;
}

/* ---- the plan ---- */

bool import_column_is(const struct import_column *column, const char *name)
{
    return column->name && strcmp(column->name, name) == 0;
}

static void import_take(struct import_column *column, const struct field *field)
{
    column->field = field;
    column->name = field_json_name(field);
}

bool import_plan_name(struct cx *cx, struct import_plan *plan, size_t column, const char *name)
{
    struct import_column *it = &plan->columns[column];
    const struct field **fields = import_fields(cx, plan->resource);
    it->name = NULL;
    it->field = NULL;
    it->is_id = false;
    if (!name || !*name)
        return true;
    if (strcmp(name, "id") == 0) {
        it->is_id = true;
        it->name = "id";
        return true;
    }
    for (size_t i = 0; fields && fields[i]; i++)
        if (strcmp(field_json_name(fields[i]), name) == 0)
            import_take(it, fields[i]);
    return it->field != NULL;
}

/* Of "mapping": {"Mail": "email", "Note": null}. */
static bool import_read_mapping(struct cx *cx, struct import_plan *plan, json_object *chosen,
                                bool *named)
{
    json_object_object_foreach(chosen, title, value)
    {
        size_t at = 0;
        while (at < plan->width && strcmp(plan->columns[at].title, title) != 0)
            at++;
        const char *name = json_object_get_string(value);
        if (at == plan->width)
            return fail_parameter(cx, "mapping", "invalid", "The file has no column \"%s\".",
                                  title);
        if (!import_plan_name(cx, plan, at, name))
            return fail_parameter(cx, "mapping", "invalid", "There is no field \"%s\".", name);
        named[at] = true;
    }
    return true;
}

static bool import_guess_column(struct cx *cx, struct import_plan *plan,
                                const struct field *const *fields, size_t at, size_t line,
                                bool loose)
{
    struct import_column *column = &plan->columns[at];
    const char *title = column->title;
    const struct field *field = *title ? import_guess(cx, fields, title) : NULL;
    if (field)
        import_take(column, field);
    else if (strcasecmp(title, "id") == 0)
        return import_plan_name(cx, plan, at, "id");
    else if (*title && !loose && !import_is_passed_over(cx, plan->resource, title))
        return fail_field(cx, "file", "csv_column_unknown",
                          "Line %zu, column %zu: there is no column \"%s\". There are %s.", line,
                          at + 1, title, import_names(cx, fields));
    return true;
}

/* Files of ours have the id and both times, and amounts as the API counts them. */
static bool import_is_ours(const struct import_plan *plan)
{
    static const char *const marks[] = {"id", "createdAt", "updatedAt"};
    size_t found = 0;
    for (size_t i = 0; i < COUNT(marks); i++)
        for (size_t at = 0; at < plan->width; at++)
            found += strcmp(plan->columns[at].title, marks[i]) == 0;
    return found == COUNT(marks);
}

static void import_begin_plan(struct cx *cx, const struct resource *resource,
                              const char *const *head, size_t width, struct import_plan *out)
{
    *out =
        (struct import_plan){.resource = resource,
                             .fields = import_table(resource),
                             .columns = arena_alloc(cx->arena, sizeof *out->columns * (width + 1)),
                             .width = width,
                             .mode = "insert",
                             .unknown = "refuse",
                             .dates = NULL};
    for (size_t at = 0; at < width; at++)
        out->columns[at] = (struct import_column){.title = text_trim(cx->arena, head[at])};
}

bool import_plan_make(struct cx *cx, const struct resource *resource, const char *const *head,
                      size_t width, size_t line, bool loose, struct import_plan *out)
{
    const struct value *chosen =
        &cx->input->query_values[field_find(cx->input->query_fields, "mapping") -
                                 cx->input->query_fields];
    const struct field **fields = import_fields(cx, resource);
    bool *named = arena_alloc(cx->arena, width + 1), good = true;
    if (!fields)
        return false;
    import_begin_plan(cx, resource, head, width, out);
    if (chosen->presence == GIVEN) {
        json_object *mapping = json_tokener_parse(chosen->text);
        good = json_object_is_type(mapping, json_type_object)
                   ? import_read_mapping(cx, out, mapping, named)
                   : fail_parameter(cx, "mapping", "wrong_type", "This must be an object.");
        json_object_put(mapping);
    }
    for (size_t at = 0; good && at < width; at++)
        good = named[at] || import_guess_column(cx, out, fields, at, line, loose);
    out->minor = import_is_ours(out);
    return good;
}

/* ---- checks ---- */

static bool import_check_twice(struct cx *cx, const struct import_plan *plan, size_t line)
{
    for (size_t at = 0; at < plan->width; at++)
        for (size_t before = 0; before < at; before++)
            if (plan->columns[at].name &&
                import_column_is(&plan->columns[before], plan->columns[at].name))
                return fail_field(cx, "file", "csv_column_twice",
                                  "Line %zu, column %zu: \"%s\" is the name of column %zu too.",
                                  line, at + 1, plan->columns[at].name, before + 1);
    return true;
}

static bool import_has(const struct import_plan *plan, const char *name)
{
    for (size_t at = 0; at < plan->width; at++)
        if (import_column_is(&plan->columns[at], name))
            return true;
    return false;
}

static bool import_check_required(struct cx *cx, const struct import_plan *plan)
{
    bool good = true;
    for (const struct field *it = plan->fields; it->type != FIELD_END; it++)
        if ((it->flags & REQUIRED) && !(it->flags & READ_ONLY) &&
            strcmp(plan->mode, "update") != 0 && !import_has(plan, field_json_name(it)))
            good = fail_field(cx, "file", "csv_column_missing",
                              "The first line must name the column \"%s\".", field_json_name(it));
    return good;
}

static bool import_check_key(struct cx *cx, const struct import_plan *plan)
{
    const char *const *keys = plan->resource->imports->keys;
    if (!plan->key)
        return strcmp(plan->mode, "insert") == 0 ||
               fail_field(cx, "key", "required", "Say by which column records are found.");
    bool known = strcmp(plan->key, "id") == 0;
    for (size_t i = 0; keys[i]; i++)
        known = known || strcmp(keys[i], plan->key) == 0;
    if (!known)
        return fail_field(cx, "key", "not_a_choice", "Records are not found by this.");
    return import_has(plan, plan->key) ||
           fail_field(cx, "key", "csv_column_missing",
                      "The first line must name the column \"%s\".", plan->key);
}

bool import_plan_check(struct cx *cx, const struct import_plan *plan, size_t line)
{
    bool good = import_check_twice(cx, plan, line);
    good = import_check_required(cx, plan) && good;
    return import_check_key(cx, plan) && good;
}

bool import_plan_of(struct cx *cx, const struct import_state *state, struct import_plan *out)
{
    size_t width = json_object_array_length(state->head);
    const char **head = arena_alloc(cx->arena, sizeof *head * (width + 1));
    for (size_t at = 0; at < width; at++)
        head[at] = json_object_get_string(json_object_array_get_idx(state->head, at));
    import_begin_plan(cx, state->resource, head, width, out);
    out->mode = state->mode;
    out->unknown = state->unknown;
    out->dates = state->dates;
    out->key = state->key;
    out->minor = state->minor;
    out->dry = state->dry;
    for (size_t at = 0; at < width; at++) {
        const char *name = json_object_get_string(json_object_array_get_idx(state->mapping, at));
        if (!import_plan_name(cx, out, at, name))
            return cx->failure.status
                       ? false
                       : fail(cx, 409, "field_gone", "There is no field \"%s\" any more.", name);
    }
    return true;
}

const char *import_plan_mapping(struct arena *arena, const struct import_plan *plan)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_array(&json);
    for (size_t at = 0; at < plan->width; at++)
        json_put_text(&json, plan->columns[at].name);
    json_close_array(&json);
    return out.data;
}
