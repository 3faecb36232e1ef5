/* input_json: an object of JSON against fields, nested ones included. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"

static bool read_object(const struct place *place, const struct field *fields, json_object *object,
                        struct value *values);

static const char *wrong_type(const struct field *field)
{
    switch (field->type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return "This must be a whole number.";
    case DECIMAL:
        return "This must be a number.";
    case BOOL:
        return "This must be true or false.";
    case OBJECT:
        return "This must be an object.";
    case ARRAY:
        return "This must be a list.";
    default:
        return "This must be text.";
    }
}

static enum json_type json_type_of(enum field_type type)
{
    switch (type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return json_type_int;
    case DECIMAL:
        return json_type_double;
    case BOOL:
        return json_type_boolean;
    case OBJECT:
        return json_type_object;
    case ARRAY:
        return json_type_array;
    default:
        return json_type_string;
    }
}

/* What is nested is stored as JSON, so its normal form goes back into it. */
static bool is_text(const struct field *field)
{
    return json_type_of(field->type) == json_type_string && field->type != JSON;
}

static bool is_whole(const struct field *field)
{
    return json_type_of(field->type) == json_type_int;
}

/* The value as text, NULL when its type is another. 1.0 and 1e3 are whole numbers too. */
static const char *read_scalar(const struct place *place, const struct field *field,
                               json_object *json)
{
    int64_t number;
    struct arena *arena = place->cx->arena;
    if (field->type == DECIMAL)
        return json_object_is_type(json, json_type_int) ||
                       json_object_is_type(json, json_type_double)
                   ? json_object_get_string(json)
                   : NULL;
    if (is_whole(field))
        return json_whole_number(arena, json, &number)
                   ? arena_printf(arena, "%lld", (long long)number)
                   : NULL;
    return json_object_is_type(json, json_type_of(field->type)) ? json_object_get_string(json)
                                                                : NULL;
}

/* The normal form of what is stored as JSON; NULL: it is as it came. */
static json_object *normal_json(const struct field *field, const char *text)
{
    if (is_whole(field))
        return json_object_new_int64(strtoll(text, NULL, 10));
    return is_text(field) ? json_object_new_string(text) : NULL;
}

static bool read_item(const struct place *place, const struct field *field, json_object *array,
                      size_t at)
{
    json_object *item = json_object_array_get_idx(array, at);
    const struct field one = {.name = field->name,
                              .type = field->item,
                              .min = field->min ? 1 : 0,
                              .choices = field->choices};
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    const char *text = read_scalar(place, &one, item);
    if (!text)
        return input_complain(place, "", "wrong_type", wrong_type(&one));
    if (!field_check_text(place->cx, &one, text, &value, &code, &message))
        return input_complain(place, "", code, message);
    json_object *normal = normal_json(&one, value.text);
    if (normal)
        json_object_array_put_idx(array, at, normal);
    return true;
}

static bool read_array(const struct place *place, const struct field *field, const char *name,
                       json_object *array)
{
    size_t count = json_object_array_length(array);
    int64_t most = field->max ? field->max : 1000;
    bool good = true;
    if ((int64_t)count > most)
        return input_complain(place, name, "too_long",
                              cx_printf(place->cx, "At most %lld entries.", (long long)most));
    if ((int64_t)count < field->min)
        return input_complain(
            place, name, "too_short",
            cx_printf(place->cx, "At least %lld entries.", (long long)field->min));
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(array, i);
        struct place inner = *place;
        inner.prefix = arena_printf(place->cx->arena, "%s%s[%zu]", place->prefix, name, i);
        if (field->child) /* each row is given whole, in a patch of its record too */
            inner.mode = INPUT_CREATE;
        if (!field->fields) {
            good = read_item(&inner, field, array, i) && good;
            continue;
        }
        inner.prefix = arena_printf(place->cx->arena, "%s.", inner.prefix);
        struct value *values =
            arena_alloc(place->cx->arena, sizeof *values * (field_count(field->fields) + 1));
        if (json_object_is_type(item, json_type_object))
            good = read_object(&inner, field->fields, item, values) && good;
        else
            good = input_complain(place, name, "wrong_type", "Each entry must be an object.");
    }
    return good;
}

static bool read_nested(const struct place *place, const struct field *field, const char *name,
                        json_object *json)
{
    if (field->type == ARRAY)
        return read_array(place, field, name, json);
    if (field->type == JSON || !field->fields) {
        json_in_one_form(place->cx->arena, json);
        return true;
    }
    struct place inner = *place;
    inner.prefix = arena_printf(place->cx->arena, "%s%s.", place->prefix, name);
    struct value *values =
        arena_alloc(place->cx->arena, sizeof *values * (field_count(field->fields) + 1));
    return read_object(&inner, field->fields, json, values);
}

/* Of a patch, those that it does not take away. */
static int count_kept(json_object *json, enum input_mode mode)
{
    int count = 0;
    json_object_object_foreach(json, key, member)
    {
        (void)key;
        count += member || mode != INPUT_MERGE;
    }
    return count;
}

/* Of an object of texts (field.h); null takes a member away where objects are patched. */
static bool read_texts(const struct place *place, const char *name, json_object *json)
{
    static const struct field text = {"value", TEXT, 0, 0, TEXTS_LENGTH}, object = {.type = OBJECT};
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    bool good = true;
    if (!json_object_is_type(json, json_type_object))
        return input_complain(place, name, "wrong_type", wrong_type(&object));
    if (count_kept(json, place->mode) > TEXTS_MOST)
        return input_complain(
            place, name, "too_long",
            arena_printf(place->cx->arena, "At most %lld entries.", (long long)TEXTS_MOST));
    json_object_object_foreach(json, key, member)
    {
        const char *path = arena_printf(place->cx->arena, "%s.%s", name, key);
        bool is_text = json_object_is_type(member, json_type_string);
        if (!member && place->mode == INPUT_MERGE)
            continue;
        if (text_count(key) > TEXTS_KEY_LENGTH)
            good = input_complain(place, name, "too_long", "This is too large.");
        else if (!is_text)
            good = input_complain(place, path, "wrong_type", wrong_type(&text));
        else if (!field_check_text(place->cx, &text, json_object_get_string(member), &value, &code,
                                   &message))
            good = input_complain(place, path, code, message);
    }
    return good;
}

bool input_read_value(const struct place *place, const struct field *field, const char *name,
                      json_object *json, struct value *out)
{
    const char *code, *message;
    if (!json) {
        out->presence = IS_NULL;
        if (field->flags & NULLABLE)
            return true;
        return input_complain(place, name, "not_nullable", "This may not be null.");
    }
    out->presence = GIVEN;
    if (field->type == CUSTOM)
        return custom_read_json(place, field, json, out);
    if (field->type == JSON || field->type == OBJECT || field->type == ARRAY) {
        if (field->type != JSON && !json_object_is_type(json, json_type_of(field->type)))
            return input_complain(place, name, "wrong_type", wrong_type(field));
        bool good = read_nested(place, field, name, json);
        out->json = json;
        out->text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
        if (field->type == JSON && field->max && strlen(out->text) > (size_t)field->max)
            return input_complain(place, name, "too_long", "This is too large.");
        if (good && field->type == JSON && field->item == TEXT)
            return read_texts(place, name, json);
        return good;
    }
    const char *text = read_scalar(place, field, json);
    if (!text)
        return input_complain(place, name, "wrong_type", wrong_type(field));
    return field_check_text(place->cx, field, text, out, &code, &message) ||
           input_complain(place, name, code, message);
}

/* In a patch, null takes a member of an object away (RFC 7396 2). */
static bool is_taken_away(const struct place *place, const struct field *field, json_object *json)
{
    return !json && place->mode == INPUT_MERGE && *place->prefix && !(field->flags & REQUIRED);
}

static bool read_member(const struct place *place, const struct field *field, json_object *object,
                        const char *name, json_object *json, struct value *value)
{
    if (!input_read_value(place, field, name, json, value))
        return false;
    json_object *normal =
        *place->prefix && value->presence == GIVEN ? normal_json(field, value->text) : NULL;
    if (normal)
        json_object_object_add(object, name, normal);
    return true;
}

/* What a GET answered may be sent back as it is: what nobody writes is passed over, and in a
 * replacement what is fixed too. A patch that would change what is fixed is told so. */
static bool is_sent_back(const struct place *place, const struct field *field, const char *name)
{
    const struct route *route = place->cx->route;
    if (field)
        return (field->flags & READ_ONLY) ||
               ((field->flags & CREATE_ONLY) && place->mode == INPUT_REPLACE);
    return !*place->prefix && route &&
           (route->handle == resource_create || route->handle == resource_replace ||
            route->handle == resource_merge) &&
           field_find_json(resource_common_fields, name);
}

static bool read_object(const struct place *place, const struct field *fields, json_object *object,
                        struct value *values)
{
    bool good = true;
    json_object_object_foreach(object, name, json)
    {
        const struct field *field = field_find_json(fields, name);
        if (is_sent_back(place, field, name))
            continue;
        if (!field || input_is_fixed(field, place->mode))
            good = input_complain(place, name, "unknown_field",
                                  field ? "This cannot be set here." : "There is no such field.");
        else if (!is_taken_away(place, field, json))
            good = read_member(place, field, object, name, json, &values[field - fields]) && good;
    }
    return input_require(place, fields, values) && good;
}

bool input_read_json(struct cx *cx, const struct field *fields, json_object *object,
                     enum input_mode mode, struct input **out)
{
    struct place place = {cx, "", mode};
    *out = input_new(cx, fields);
    return read_object(&place, (*out)->fields, object, (*out)->values);
}

bool input_read_json_at(struct cx *cx, const char *prefix, const struct field *fields,
                        json_object *object, enum input_mode mode)
{
    struct place place = {cx, prefix, mode};
    return read_object(&place, fields, object, input_new(cx, fields)->values);
}
