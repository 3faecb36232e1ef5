/* custom_input: the values of a tenant's fields that a body or a form brought, and the patch of
 * the stored object that they become. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

/* One reading of the object: the values stand in the order of the tenant's fields. */
struct reading {
    struct place place; /* inside the object */
    const struct custom *custom;
    struct input *values;
};

static struct value *value_of(const struct reading *reading, const struct field *field)
{
    return &reading->values->values[field - reading->custom->fields];
}

static bool reading_begin(const struct place *place, const struct field *field,
                          struct reading *reading)
{
    *reading = (struct reading){.place = *place, .custom = custom_of_field(place->cx, field)};
    reading->place.prefix = arena_printf(place->cx->arena, "%scustom.", place->prefix);
    if (!reading->custom)
        return false;
    reading->values = input_new(place->cx, reading->custom->fields);
    return true;
}

/* ---- from JSON ---- */

/* {"amount": 12500, "currency": "EUR"}: both or neither. */
static bool read_money(const struct reading *reading, const struct custom_definition *definition,
                       json_object *object)
{
    static const char *const names[] = {"amount", "currency"};
    struct place place = reading->place;
    const struct field *amount = definition->field;
    bool good = true;
    place.prefix = arena_printf(place.cx->arena, "%s%s.", place.prefix, definition->key);
    if (!json_object_is_type(object, json_type_object))
        return input_complain(&reading->place, definition->key, "wrong_type",
                              "This must be an object with amount and currency.");
    json_object_object_foreach(object, name, any)
    {
        (void)any;
        if (strcmp(name, names[0]) != 0 && strcmp(name, names[1]) != 0)
            good = input_complain(&place, name, "unknown_field", "There is no such field.");
    }
    for (int i = 0; i < 2; i++) {
        json_object *json = NULL;
        if (!json_object_object_get_ex(object, names[i], &json) || !json)
            good = input_complain(&place, names[i], "required", "This is required.");
        else
            good = input_read_value(&place, amount + i, names[i], json,
                                    value_of(reading, amount + i)) &&
                   good;
    }
    return good;
}

static bool read_member(const struct reading *reading, const char *name, json_object *json)
{
    const struct custom_definition *definition = custom_find(reading->custom, name);
    if (!definition)
        return input_complain(&reading->place, name, "unknown_field", "There is no such field.");
    if (json && custom_is_money(definition))
        return read_money(reading, definition, json);
    return input_read_value(&reading->place, definition->field, name, json,
                            value_of(reading, definition->field));
}

/* ---- what a new record has without being given it ---- */

static bool complete(const struct reading *reading)
{
    bool good = true;
    for (size_t i = 0; i < reading->custom->count; i++) {
        const struct custom_definition *it = &reading->custom->definitions[i];
        struct value *value = value_of(reading, it->field);
        if (value->presence == ABSENT && it->initial)
            *value = (struct value){.presence = GIVEN, .text = it->initial, .by_default = true};
        else if (value->presence == ABSENT && (it->field->flags & REQUIRED))
            good = input_complain(&reading->place, it->key, "required", "This is required.");
    }
    return good;
}

/* ---- the patch ---- */

static void write_money(struct json *json, const struct reading *reading,
                        const struct field *amount)
{
    const struct value *number = value_of(reading, amount);
    json_open_object(json);
    json_key(json, "amount");
    json_put_raw(json, number->text, strlen(number->text));
    json_pair(json, "currency", value_of(reading, amount + 1)->text);
    json_close_object(json);
}

/* Of a new record what is null is left out. */
static const char *write_patch(const struct reading *reading)
{
    struct buf text;
    struct json json;
    buf_init(&text, reading->place.cx->arena);
    json_start(&json, &text);
    json_open_object(&json);
    for (size_t i = 0; i < reading->custom->count; i++) {
        const struct custom_definition *it = &reading->custom->definitions[i];
        const struct value *value = value_of(reading, it->field);
        if (value->presence == ABSENT ||
            (value->presence == IS_NULL && reading->place.mode == INPUT_CREATE))
            continue;
        json_key(&json, it->key);
        if (value->presence == GIVEN && custom_is_money(it))
            write_money(&json, reading, it->field);
        else
            field_write_json(&json, it->field, value->text, value->text ? strlen(value->text) : 0);
    }
    json_close_object(&json);
    return text.data;
}

static bool reading_end(const struct reading *reading, bool good, struct value *out)
{
    if (reading->place.mode == INPUT_CREATE)
        good = complete(reading) && good;
    out->presence = GIVEN;
    out->nested = reading->values;
    if (good)
        out->text = write_patch(reading);
    return good;
}

bool custom_read_json(const struct place *place, const struct field *field, json_object *object,
                      struct value *out)
{
    struct reading reading;
    bool good = true;
    if (!json_object_is_type(object, json_type_object))
        return input_complain(place, "custom", "wrong_type", "This must be an object.");
    if (!reading_begin(place, field, &reading))
        return false;
    json_object_object_foreach(object, name, json)
    {
        good = read_member(&reading, name, json) && good;
    }
    return reading_end(&reading, good, out);
}

/* ---- from a form ---- */

/* Without an amount there is none, whatever the currency beside it. */
static bool settle_money(const struct reading *reading, const struct field *amount)
{
    struct value *number = value_of(reading, amount), *currency = value_of(reading, amount + 1);
    if (number->presence != GIVEN || currency->presence == GIVEN)
        return true;
    return input_complain(&reading->place, amount[1].name + strlen("custom."), "required",
                          "Say in which currency.");
}

bool custom_read_form(const struct place *place, const struct field *field, struct value *out)
{
    struct reading reading;
    bool good = true;
    if (!reading_begin(place, field, &reading))
        return false;
    const struct field *fields = reading.custom->fields;
    for (size_t i = 0; fields[i].type != FIELD_END; i++)
        good = input_read_form_field(place, &fields[i], &reading.values->values[i]) && good;
    for (size_t i = 0; i < reading.custom->count; i++)
        if (custom_is_money(&reading.custom->definitions[i]))
            good = settle_money(&reading, reading.custom->definitions[i].field) && good;
    return reading_end(&reading, good, out);
}
