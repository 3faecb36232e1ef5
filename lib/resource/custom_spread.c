/* custom_spread: the stored object of each record as a column for each of the tenant's fields. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

static bool is_hidden(const struct custom *custom, const char *key)
{
    for (const char *const *it = custom->hidden; *it; it++)
        if (strcmp(*it, key) == 0)
            return true;
    return false;
}

void custom_write_json(struct json *json, const struct custom *custom, const char *text, size_t len)
{
    if (!text || !custom) {
        json_put_raw(json, "{}", 2);
        return;
    }
    if (!custom->hidden[0]) {
        json_put_raw(json, text, len);
        return;
    }
    json_object *object = json_tokener_parse(text);
    json_open_object(json);
    json_object_object_foreach(object, key, value)
    {
        if (is_hidden(custom, key))
            continue;
        const char *inner = json_object_to_json_string_ext(
            value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        json_key(json, key);
        json_put_raw(json, inner, strlen(inner));
    }
    json_close_object(json);
    json_object_put(object);
}

static const char *text_of(struct arena *arena, json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value ? arena_text(arena, json_object_get_string(value)) : NULL;
}

const char *custom_reference(struct arena *arena, const char *stored, const struct field *field)
{
    json_object *object = stored ? json_tokener_parse(stored) : NULL;
    const char *id = object ? text_of(arena, object, field->name + strlen("custom.")) : NULL;
    json_object_put(object);
    return id;
}

static void spread_row(struct cx *cx, const struct custom *custom, const char *stored,
                       const char **texts)
{
    json_object *object = stored ? json_tokener_parse(stored) : NULL;
    for (size_t i = 0; object && i < custom->count; i++) {
        const struct custom_definition *it = &custom->definitions[i];
        size_t at = (size_t)(it->field - custom->fields);
        json_object *money = NULL;
        if (!custom_is_money(it)) {
            texts[at] = text_of(cx->arena, object, it->key);
        } else if (json_object_object_get_ex(object, it->key, &money)) {
            texts[at] = text_of(cx->arena, money, "amount");
            texts[at + 1] = text_of(cx->arena, money, "currency");
        }
    }
    json_object_put(object);
}

static const struct field **spread_fields(struct cx *cx, const struct list_result *result, int at,
                                          const struct custom *custom, size_t more)
{
    size_t count = 0;
    while (result->fields[count])
        count++;
    const struct field **fields = arena_alloc(cx->arena, sizeof *fields * (count + more + 1));
    memcpy(fields, result->fields, sizeof *fields * (size_t)at);
    for (size_t i = 0; i < more; i++)
        fields[(size_t)at + i] = &custom->fields[i];
    memcpy(fields + (size_t)at + more, result->fields + at + 1,
           sizeof *fields * (count - (size_t)at));
    return fields;
}

static int place_of(const struct list_result *result)
{
    for (int i = 0; result->fields[i]; i++)
        if (result->fields[i]->type == CUSTOM)
            return i;
    return -1;
}

bool custom_spread(struct cx *cx, struct list_result *result)
{
    int at = place_of(result);
    const struct custom *custom = result->custom;
    if (at < 0 || !custom)
        return true;
    size_t more = field_count(custom->fields), rows = rows_count(result->rows);
    const char **texts = arena_alloc(cx->arena, sizeof *texts * (more * rows + 1));
    struct list_result *before = arena_alloc(cx->arena, sizeof *before);
    for (size_t i = 0; i < rows; i++)
        spread_row(cx, custom, rows_text(result->rows, i, at), texts + i * more);
    *before = *result;
    result->unspread = before;
    result->fields = spread_fields(cx, before, at, custom, more);
    result->rows = rows_spread(cx->arena, before->rows, at, (int)more, texts);
    return true;
}
