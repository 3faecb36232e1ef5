/* openapi_json: small helpers over json-c, of which the document is made. */
#include "api/openapi.h"
#include "base/buf.h"

json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

const char *member_text(json_object *object, const char *key)
{
    json_object *value = member(object, key);
    return value ? json_object_get_string(value) : NULL;
}

int64_t member_int(json_object *object, const char *key)
{
    return json_object_get_int64(member(object, key));
}

int member_true(json_object *object, const char *key)
{
    return json_object_get_boolean(member(object, key));
}

void put_text(json_object *object, const char *key, const char *text)
{
    if (text)
        json_object_object_add(object, key, json_object_new_string(text));
}

json_object *put_object(json_object *object, const char *key)
{
    json_object *made = json_object_new_object();
    json_object_object_add(object, key, made);
    return made;
}

void put_int(json_object *object, const char *key, int64_t number)
{
    json_object_object_add(object, key, json_object_new_int64(number));
}

void put_bool(json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

void put_json(json_object *object, const char *key, const char *json)
{
    json_object_object_add(object, key, json_tokener_parse(json));
}

json_object *put_array(json_object *object, const char *key)
{
    json_object *made = json_object_new_array();
    json_object_object_add(object, key, made);
    return made;
}

void push_text(json_object *array, const char *text)
{
    json_object_array_add(array, json_object_new_string(text));
}

json_object *schema_ref(const char *kind, const char *name)
{
    struct buf path = {0};
    json_object *ref = json_object_new_object();
    buf_printf(&path, "#/components/%s/%s", kind, name);
    put_text(ref, "$ref", path.data);
    buf_free(&path);
    return ref;
}
