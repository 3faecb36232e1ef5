/* openapi_schema: described fields as JSON Schema 2020-12. */
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"
#include "resource/field.h"

/* What each field type is in JSON. `length`: min and max count characters;
 * `sample` stands in an answer's example when the field has none. */
static const struct type_schema {
    const char *type, *json, *format, *pattern;
    bool length;
    const char *sample;
} type_schemas[] = {
    {"text", "string", NULL, NULL, true, "Text"},
    {"long", "string", NULL, NULL, true, "Some words."},
    {"email", "string", "email", NULL, false, "nora@example.com"},
    {"phone", "string", NULL, "^\\+?[0-9]+$", false, "+34600100200"},
    {"url", "string", "uri", NULL, false, "https://example.com/"},
    {"origin", "string", "uri", NULL, false, "https://app.example.com"},
    {"slug", "string", NULL, "^[a-z][a-z0-9-]*[a-z0-9]$", true, "northside"},
    {"color", "string", NULL, "^#[0-9a-fA-F]{6}$", false, "#206bc4"},
    {"secret", "string", "password", NULL, true, "eyJhbGciOiJIUzI1NiIs"},
    {"int", "integer", "int64", NULL, false, "1"},
    {"money", "integer", "int64", NULL, false, "250000"},
    {"basisPoints", "integer", "int32", NULL, false, "1900"},
    {"bool", "boolean", NULL, NULL, false, "true"},
    {"choice", "string", NULL, NULL, false, "new"},
    {"uuid", "string", "uuid", NULL, false, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f"},
    {"time", "string", "date-time", NULL, false, "2026-11-27T09:30:00Z"},
    {"date", "string", "date", NULL, false, "2026-11-27"},
    {"zone", "string", NULL, NULL, false, "Europe/Madrid"},
    {"locale", "string", NULL, NULL, false, "en"},
    {"currency", "string", NULL, "^[A-Z]{3}$", false, "EUR"},
    {"agent", "string", NULL, NULL, true, "curl/8.5.0"},
    {"sentence", "string", NULL, NULL, true, "The address is malformed."},
    {"json", NULL, NULL, NULL, false, "{}"},
    {"decimal", "number", NULL, NULL, false, "12.5"},
    {"object", "object", NULL, NULL, false, "{}"},
    {"custom", "object", NULL, NULL, false, "{}"},
    {"array", "array", NULL, NULL, false, "[]"},
    {"file", "string", "binary", NULL, false, "logo.png"},
};

static const struct type_schema *type_schema(const char *type)
{
    for (size_t i = 0; i < COUNT(type_schemas); i++)
        if (text_equal(type_schemas[i].type, type))
            return &type_schemas[i];
    return &type_schemas[0];
}

static void put_type(json_object *schema, const char *type, bool nullable)
{
    if (!nullable) {
        put_text(schema, "type", type);
        return;
    }
    json_object *types = put_array(schema, "type");
    push_text(types, type);
    push_text(types, "null");
}

static void put_bound(json_object *schema, json_object *field, const char *from, const char *to)
{
    if (member(field, from))
        put_int(schema, to, member_int(field, from));
}

/* Of a number that a tenant has bounded: a whole one, or a decimal. */
static void put_number(json_object *schema, json_object *field, const char *from, const char *to)
{
    const char *text = member_text(field, from);
    if (!text || text_equal(member_text(field, "type"), "date"))
        return;
    if (strchr(text, '.'))
        json_object_object_add(schema, to, json_object_new_double(strtod(text, NULL)));
    else
        put_int(schema, to, strtoll(text, NULL, 10));
}

static void put_bounds(json_object *schema, json_object *field, const struct type_schema *type)
{
    if (type->length) {
        put_bound(schema, field, "min", "minLength");
        put_bound(schema, field, "max", "maxLength");
    } else if (text_equal(type->json, "integer")) {
        put_bound(schema, field, "min", "minimum");
        put_bound(schema, field, "max", "maximum");
        /* A bound of 0 is left out of the description, as is "none": with a
         * positive maximum the minimum is 0 unless it says otherwise. */
        if (member(field, "max") && !member(field, "min"))
            put_int(schema, "minimum", 0);
        if (!member(field, "max"))
            put_int(schema, "maximum", WHOLE_MOST);
        if (!member(field, "max") && !member(field, "min"))
            put_int(schema, "minimum", -WHOLE_MOST);
    } else if (text_equal(type->json, "array")) {
        put_bound(schema, field, "min", "minItems");
        put_bound(schema, field, "max", "maxItems");
    }
}

static void put_choices(json_object *schema, json_object *choices, bool nullable)
{
    if (!choices)
        return;
    json_object *values = put_array(schema, "enum");
    for (size_t i = 0; i < json_object_array_length(choices); i++)
        json_object_array_add(values, json_object_get(json_object_array_get_idx(choices, i)));
    if (nullable)
        json_object_array_add(values, NULL);
}

/* Answers are open, so that members may come; bodies are closed. */
static bool is_body(enum schema_use use)
{
    return use == SCHEMA_CREATE || use == SCHEMA_REPLACE || use == SCHEMA_MERGE;
}

static const char *inner_name(struct openapi *api, const char *parent, json_object *field)
{
    const char *name = member_text(field, "name");
    return arena_printf(api->arena, "%s%c%s", parent, name[0] - 'a' + 'A', name + 1);
}

static json_object *array_items(struct openapi *api, const char *parent, json_object *field,
                                enum schema_use use)
{
    if (member(field, "child") && is_body(use)) /* each is given whole: its id may be left out */
        use = SCHEMA_CREATE;
    if (member(field, "fields"))
        return openapi_fields_schema(
            api, arena_printf(api->arena, "%sItem", inner_name(api, parent, field)),
            member(field, "fields"), use);
    json_object *items = json_object_new_object();
    const struct type_schema *type = type_schema(member_text(field, "item"));
    put_text(items, "type", type->json);
    put_text(items, "format", type->format);
    return items;
}

/* Objects without declared members are free. */
static json_object *free_object(bool nullable)
{
    json_object *schema = json_object_new_object();
    put_type(schema, "object", nullable);
    put_bool(schema, "additionalProperties", true);
    return schema;
}

/* What field.h says of an object of texts. */
static json_object *object_of_texts(enum schema_use use)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "object");
    put_int(schema, "maxProperties", TEXTS_MOST);
    json_object *value = put_object(schema, "additionalProperties");
    put_type(value, "string", use == SCHEMA_MERGE);
    put_int(value, "maxLength", TEXTS_LENGTH);
    return schema;
}

/* The one or null, as a reference has no place for it. */
static json_object *or_null(json_object *one)
{
    json_object *schema = json_object_new_object(), *any = put_array(schema, "anyOf");
    json_object *null = json_object_new_object();
    put_text(null, "type", "null");
    json_object_array_add(any, one);
    json_object_array_add(any, null);
    return schema;
}

static json_object *object_schema(struct openapi *api, const char *parent, json_object *field,
                                  enum schema_use use)
{
    bool nullable = member_true(field, "nullable");
    if (!member(field, "fields"))
        return free_object(nullable);
    if (text_equal(member_text(field, "type"), "custom") && use == SCHEMA_REPLACE)
        use = SCHEMA_MERGE; /* what is absent stays */
    json_object *ref =
        openapi_fields_schema(api, inner_name(api, parent, field), member(field, "fields"), use);
    return nullable ? or_null(ref) : ref;
}

/* What a value is, whatever it is called. */
static json_object *value_schema(struct openapi *api, const char *parent, json_object *field,
                                 enum schema_use use)
{
    const struct type_schema *type = type_schema(member_text(field, "type"));
    bool nullable = member_true(field, "nullable") && use != SCHEMA_QUERY;
    if (text_equal(type->json, "object"))
        return object_schema(api, parent, field, use);
    if (!type->json && member(field, "item"))
        return object_of_texts(use);
    json_object *schema = json_object_new_object();
    if (type->json)
        put_type(schema, type->json, nullable);
    if (text_equal(type->json, "array"))
        json_object_object_add(schema, "items", array_items(api, parent, field, use));
    put_text(schema, "format", type->format);
    if (is_body(use))
        put_text(schema, "pattern", type->pattern);
    put_bounds(schema, field, type);
    put_number(schema, field, "least", "minimum");
    put_number(schema, field, "most", "maximum");
    put_choices(schema, member(field, "choices"), nullable);
    return schema;
}

/* What a new record has where it is left out, if the tenant says. */
static const char *initial_sentence(struct openapi *api, json_object *field)
{
    const char *setting = member_text(field, "initialOf");
    if (text_equal(setting, "time_zone"))
        setting = "time zone";
    if (setting)
        return arena_printf(api->arena, " Left out when it is created, it is the tenant's %s.",
                            setting);
    return member(field, "initialSql") ? " Left out when it is created, it is the tenant's first."
                                       : "";
}

/* When it is there at all: resource/shown.h. */
static const char *condition_sentence(struct openapi *api, json_object *field)
{
    json_object *when = member(field, "shownWhen");
    if (!when)
        return "";
    const char *of = member_text(when, "of");
    return arena_printf(api->arena, " Only while %s%s%s is one of: %s%s.", of ? "the " : "",
                        of ? arena_printf(api->arena, "%s of ", of) : "", member_text(when, "name"),
                        member_text(when, "values"),
                        member_true(when, "required") ? "; required then" : "");
}

/* Who may see and write it, where not everybody may: resource/shape.h. */
static const char *permission_sentence(struct openapi *api, json_object *field)
{
    const char *seen = member_text(field, "seenWith"), *changed = member_text(field, "changedWith");
    if (seen && changed)
        return arena_printf(api->arena, " Absent without the permission %s; written with %s alone.",
                            seen, changed);
    if (seen)
        return arena_printf(api->arena,
                            " Absent without the permission %s, and not written without it.", seen);
    return changed ? arena_printf(api->arena, " Written with the permission %s alone.", changed)
                   : "";
}

static bool is_writable(json_object *field, enum schema_use use)
{
    return !member_true(field, "readOnly") &&
           (use == SCHEMA_CREATE || !member_true(field, "createOnly"));
}

json_object *openapi_field_schema(struct openapi *api, const char *parent, json_object *field,
                                  enum schema_use use)
{
    json_object *schema = value_schema(api, parent, field, use);
    const char *help = member_text(field, "help"), *label = member_text(field, "label");
    put_text(schema, "description",
             arena_printf(api->arena, "%s%s%s%s%s", help ? help : label, help ? "" : ".",
                          is_body(use) ? initial_sentence(api, field) : "",
                          condition_sentence(api, field), permission_sentence(api, field)));
    put_text(schema, "x-seen-with", member_text(field, "seenWith"));
    put_text(schema, "x-changed-with", member_text(field, "changedWith"));
    put_text(schema, "contentMediaType",
             member_true(field, "markdown") ? "text/markdown" : NULL); /* RFC 7763 */
    if (is_body(use) && !is_writable(field, use))
        put_bool(schema, "readOnly", true);
    return schema;
}

static bool is_secret(json_object *field)
{
    return member_true(field, "inputOnly") || text_equal(member_text(field, "type"), "secret");
}

/* What a GET answers may be sent back with a replacement: what is fixed is passed over. */
static bool stands(json_object *field, enum schema_use use)
{
    if (!is_body(use))
        return !is_secret(field) && !member_true(field, "columnOnly");
    return use != SCHEMA_MERGE || !member_true(field, "createOnly");
}

static bool is_required(json_object *field, enum schema_use use)
{
    if (use == SCHEMA_ANSWER)
        return !member_true(field, "listOmitted") && !member(field, "seenWith");
    if (use == SCHEMA_SPARSE)
        return text_equal(member_text(field, "name"), "id");
    if (use == SCHEMA_MERGE || !is_writable(field, use) ||
        text_equal(member_text(field, "type"), "custom"))
        return false;
    bool of_some = member(field, "seenWith") || member(field, "changedWith");
    return member_true(field, "required") ||
           (use == SCHEMA_REPLACE && !is_secret(field) && !of_some);
}

/* What `include` adds beside the id that refers to it. */
static void add_included(struct openapi *api, json_object *properties, json_object *field)
{
    const char *name = member_text(field, "includes");
    json_object *columns = member(field, "columns"); /* of the tenant's own fields */
    for (size_t i = 0; columns && i < json_object_array_length(columns); i++)
        add_included(api, properties, json_object_array_get_idx(columns, i));
    if (!name || member(properties, name))
        return;
    json_object *named = json_tokener_parse(
        "{\"type\":\"object\",\"required\":[\"id\",\"name\"],\"properties\":{"
        "\"id\":{\"type\":\"string\",\"format\":\"uuid\",\"description\":\"Its id.\"},"
        "\"name\":{\"type\":[\"string\",\"null\"],\"description\":\"What it is called; null of "
        "what "
        "the caller may not see.\"}}}");
    json_object_object_add(properties, name,
                           or_null(openapi_component(api, "schemas", "IncludedReference", named)));
}

static json_object *object_of_fields(struct openapi *api, const char *name, json_object *fields,
                                     enum schema_use use)
{
    json_object *schema = json_object_new_object(), *names = json_object_new_array();
    put_text(schema, "type", "object");
    json_object *properties = put_object(schema, "properties");
    size_t count = fields ? json_object_array_length(fields) : 0;
    for (size_t i = 0; i < count; i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        const char *member_name = member_text(field, "name");
        if (!stands(field, use))
            continue;
        json_object_object_add(properties, member_name,
                               openapi_field_schema(api, name, field, use));
        if (is_required(field, use))
            push_text(names, member_name);
    }
    for (size_t i = 0; i < count && !is_body(use); i++)
        add_included(api, properties, json_object_array_get_idx(fields, i));
    if (json_object_array_length(names) > 0)
        json_object_object_add(schema, "required", names);
    else
        json_object_put(names);
    if (is_body(use))
        put_bool(schema, "additionalProperties", false);
    return schema;
}

json_object *openapi_fields_schema(struct openapi *api, const char *name, json_object *fields,
                                   enum schema_use use)
{
    return openapi_component(api, "schemas", name, object_of_fields(api, name, fields, use));
}

static json_object *example_list(json_object *one)
{
    json_object *list = json_object_new_array();
    json_object_array_add(list, one);
    return list;
}

static json_object *example_value(json_object *field, enum schema_use use)
{
    const char *text = member_text(field, "example"), *type = member_text(field, "type");
    const struct type_schema *schema = type_schema(type);
    if (text_equal(type, "custom"))
        return json_object_new_object();
    if (text_equal(type, "object") && member(field, "fields"))
        return openapi_example(member(field, "fields"), use);
    if (text_equal(type, "array") && member(field, "fields") && use == SCHEMA_ANSWER)
        return example_list(openapi_example(member(field, "fields"), use));
    if (!text && member(field, "choices"))
        text = json_object_get_string(json_object_array_get_idx(member(field, "choices"), 0));
    if (!text && use == SCHEMA_REPLACE)
        text = member_text(field, "initial");
    bool filled =
        use == SCHEMA_ANSWER || (is_required(field, use) && !member_true(field, "nullable"));
    if (!text && filled)
        text = schema->sample;
    if (!text)
        return NULL;
    if (text_equal(schema->json, "integer"))
        return json_object_new_int64(strtoll(text, NULL, 10));
    if (text_equal(schema->json, "number"))
        return json_object_new_double(strtod(text, NULL));
    if (text_equal(schema->json, "boolean"))
        return json_object_new_boolean(text_equal(text, "true"));
    if (!schema->json || text_equal(schema->json, "array") || text_equal(schema->json, "object"))
        return json_tokener_parse(text);
    return json_object_new_string(text);
}

json_object *openapi_example(json_object *fields, enum schema_use use)
{
    json_object *example = json_object_new_object();
    size_t count = fields ? json_object_array_length(fields) : 0;
    for (size_t i = 0; i < count; i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        bool shown = stands(field, use) && (!is_body(use) || is_writable(field, use));
        json_object *value = shown ? example_value(field, use) : NULL;
        if (value || (shown && is_required(field, use)))
            json_object_object_add(example, member_text(field, "name"), value);
    }
    return example;
}
