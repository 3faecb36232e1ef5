/* openapi_parameters: what an operation takes in its address and its headers. */
#include <string.h>

#include "api/openapi.h"
#include "base/buf.h"
#include "base/text.h"

static json_object *add_parameter(json_object *list, const char *in, const char *name,
                                  const char *about, json_object *schema)
{
    json_object *parameter = json_object_new_object();
    put_text(parameter, "name", name);
    put_text(parameter, "in", in);
    put_text(parameter, "description", about);
    if (strcmp(in, "path") == 0)
        json_object_object_add(parameter, "required", json_object_new_boolean(1));
    json_object_object_add(parameter, "schema", schema);
    json_object_array_add(list, parameter);
    return parameter;
}

static json_object *whole_schema(int64_t initial, int64_t most)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "integer");
    json_object_object_add(schema, "minimum", json_object_new_int64(1));
    json_object_object_add(schema, "maximum", json_object_new_int64(most));
    json_object_object_add(schema, "default", json_object_new_int64(initial));
    return schema;
}

static void add_path_parameters(json_object *list, const char *path)
{
    for (const char *at = strchr(path, ':'); at; at = strchr(at + 1, ':')) {
        struct buf name = {0};
        for (const char *c = at + 1; *c && *c != '/'; c++)
            buf_putc(&name, *c);
        bool is_id = text_ends(name.data, "id") || text_ends(name.data, "Id");
        add_parameter(list, "path", name.data, NULL, schema_text(is_id ? "uuid" : NULL));
        buf_free(&name);
    }
}

static void add_filter(json_object *list, const char *name, const char *operator,
                       const char * about, json_object *schema)
{
    struct buf full = {0};
    buf_printf(&full, operator? "%s[%s]" : "%s", name, operator);
    add_parameter(list, "query", full.data, about, schema);
    buf_free(&full);
}

static bool is_ordered(const char *type)
{
    static const char *const ordered[] = {"int", "money", "basisPoints", "time", "date"};
    for (size_t i = 0; i < COUNT(ordered); i++)
        if (text_equal(type, ordered[i]))
            return true;
    return false;
}

static void add_filters(json_object *list, json_object *field)
{
    static const struct {
        const char *operator, * about;
    } ranges[] = {
        {"gt", "greater than"}, {"gte", "at least"}, {"lt", "less than"}, {"lte", "at most"}};
    const char *name = member_text(field, "name");
    add_filter(list, name, NULL, "Equal to this.", schema_text(NULL));
    add_filter(list, name, "ne", "Other than this.", schema_text(NULL));
    add_filter(
        list, name, "in",
        "One of these, separated by commas. A value with a comma stands in double quotes, and "
        "a quote in it is doubled: \"Blum, Optics\",Apple. Or give the parameter once for "
        "each value, which is then taken as it is.",
        schema_text(NULL));
    if (member_true(field, "nullable"))
        add_filter(list, name, "null", "true: without a value; false: with one.",
                   schema_text(NULL));
    for (size_t i = 0; is_ordered(member_text(field, "type")) && i < COUNT(ranges); i++)
        add_filter(list, name, ranges[i].operator, ranges[i].about, schema_text(NULL));
}

/* The parameters that every list of a resource takes. */
static void add_list_parameters(json_object *list, json_object *resource)
{
    json_object *fields = member(resource, "fields");
    bool searched = false;
    add_parameter(list, "query", "page", "Page, from 1.", whole_schema(1, 1000000));
    add_parameter(list, "query", "limit", "Rows of a page.", whole_schema(20, 100));
    add_parameter(list, "query", "after",
                  "Cursor of the last answer (nextCursor): the rows behind it, without counting.",
                  schema_text(NULL));
    add_parameter(list, "query", "sort",
                  "Field to sort by, with - in front for descending; several by commas.",
                  schema_text(NULL));
    add_parameter(list, "query", "fields", "Fields to answer, separated by commas.",
                  schema_text(NULL));
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        searched = searched || member_true(field, "searched");
        if (member_true(field, "filtered"))
            add_filters(list, field);
    }
    if (searched)
        add_parameter(list, "query", "q", "Text to search for.", schema_text(NULL));
}

static void add_query_parameters(json_object *list, json_object *query)
{
    for (size_t i = 0; query && i < json_object_array_length(query); i++) {
        json_object *field = json_object_array_get_idx(query, i);
        json_object *parameter =
            add_parameter(list, "query", member_text(field, "name"), member_text(field, "help"),
                          openapi_field_schema(field, SCHEMA_MERGE));
        if (member_true(field, "required"))
            json_object_object_add(parameter, "required", json_object_new_boolean(1));
    }
}

static void add_header_parameters(json_object *list, json_object *route, json_object *resource)
{
    if (route_takes_key(route))
        add_parameter(list, "header", "Idempotency-Key",
                      "The same key and body have one effect and one answer for 24 hours.",
                      schema_text(NULL));
    if (!route_takes_version(route, resource))
        return;
    add_parameter(list, "header", "If-Match", "ETag that a GET of this address must still answer.",
                  schema_text(NULL));
    add_parameter(list, "header", "If-None-Match",
                  "*: only if there is nothing here; or ETags that it must no longer have.",
                  schema_text(NULL));
}

json_object *openapi_parameters(json_object *route, json_object *resource)
{
    json_object *list = json_object_new_array();
    add_path_parameters(list, member_text(route, "path"));
    if (resource && text_equal(member_text(route, "answer"), "list"))
        add_list_parameters(list, resource);
    add_query_parameters(list, member(route, "query"));
    add_header_parameters(list, route, resource);
    return list;
}
