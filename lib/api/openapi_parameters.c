/* openapi_parameters: what an operation takes in its address and its headers. */
#include <string.h>

#include "api/openapi.h"
#include "base/arena.h"
#include "base/text.h"

static json_object *new_parameter(const char *in, const char *name, const char *about,
                                  json_object *schema)
{
    json_object *parameter = json_object_new_object();
    put_text(parameter, "name", name);
    put_text(parameter, "in", in);
    put_text(parameter, "description", about);
    if (strcmp(in, "path") == 0)
        put_bool(parameter, "required", true);
    json_object_object_add(parameter, "schema", schema);
    return parameter;
}

static json_object *add_parameter(json_object *list, const char *in, const char *name,
                                  const char *about, json_object *schema)
{
    json_object *parameter = new_parameter(in, name, about, schema);
    json_object_array_add(list, parameter);
    return parameter;
}

/* One that many operations take: it stands under components. */
static void add_shared(struct openapi *api, json_object *list, const char *component,
                       json_object *parameter)
{
    json_object_array_add(list, openapi_component(api, "parameters", component, parameter));
}

static json_object *whole_schema(int64_t initial, int64_t most)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "integer");
    put_int(schema, "minimum", 1);
    put_int(schema, "maximum", most);
    put_int(schema, "default", initial);
    return schema;
}

static json_object *text_schema(int64_t least, int64_t most)
{
    json_object *schema = schema_text(NULL);
    put_int(schema, "minLength", least);
    put_int(schema, "maxLength", most);
    return schema;
}

static json_object *bool_schema(void)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "boolean");
    return schema;
}

/* Several values, separated by commas. */
static void add_several(json_object *list, const char *name, const char *about, json_object *items,
                        int64_t most)
{
    json_object *schema = json_object_new_object();
    put_text(schema, "type", "array");
    json_object_object_add(schema, "items", items);
    put_int(schema, "minItems", 1);
    put_int(schema, "maxItems", most);
    json_object *parameter = add_parameter(list, "query", name, about, schema);
    put_text(parameter, "style", "form");
    put_bool(parameter, "explode", false);
}

/* ---- the path ---- */

/* "domainId" is the id of a domain. */
static const char *describe_segment(struct arena *arena, const char *name, bool is_id)
{
    if (strcmp(name, "id") == 0)
        return "Its id.";
    const char *words = text_lower(arena, text_title(arena, text_snake(arena, name)));
    if (!is_id)
        return arena_printf(arena, "The name of the %s.", words);
    return arena_printf(arena, "The id of the %.*s.", (int)strlen(words) - 3, words);
}

static void add_path_parameters(struct openapi *api, json_object *list, const char *path)
{
    for (const char *at = strchr(path, ':'); at; at = strchr(at + 1, ':')) {
        const char *name = arena_copy(api->arena, at + 1, strcspn(at + 1, "/"));
        bool is_id = text_ends(name, "id") || text_ends(name, "Id");
        add_parameter(list, "path", name, describe_segment(api->arena, name, is_id),
                      is_id ? schema_text("uuid") : text_schema(1, 200));
    }
}

/* ---- lists ---- */

static bool is_ordered(const char *type)
{
    static const char *const ordered[] = {"int",  "money", "basisPoints", "time",
                                          "date", "text",  "decimal"};
    for (size_t i = 0; i < COUNT(ordered); i++)
        if (text_equal(type, ordered[i]))
            return true;
    return false;
}

static json_object *filter_schema(struct openapi *api, json_object *field)
{
    json_object *schema = openapi_field_schema(api, "", field, SCHEMA_QUERY);
    json_object_object_del(schema, "description");
    return schema;
}

static void add_ranges(struct openapi *api, json_object *list, json_object *field)
{
    static const struct {
        const char *operator, * about;
    } ranges[] = {{"gt", "greater than this"},
                  {"gte", "at least this"},
                  {"lt", "less than this"},
                  {"lte", "at most this"}};
    const char *label = member_text(field, "label"), *name = member_text(field, "name");
    for (size_t i = 0; is_ordered(member_text(field, "type")) && i < COUNT(ranges); i++)
        add_parameter(list, "query", arena_printf(api->arena, "%s[%s]", name, ranges[i].operator),
                      arena_printf(api->arena, "%s: %s.", label, ranges[i].about),
                      filter_schema(api, field));
}

static void add_filters(struct openapi *api, json_object *list, json_object *field)
{
    const char *label = member_text(field, "label"), *name = member_text(field, "name");
    struct arena *arena = api->arena;
    add_parameter(list, "query", name, arena_printf(arena, "%s: equal to this.", label),
                  filter_schema(api, field));
    add_parameter(list, "query", arena_printf(arena, "%s[ne]", name),
                  arena_printf(arena, "%s: other than this.", label), filter_schema(api, field));
    add_several(list, arena_printf(arena, "%s[in]", name),
                arena_printf(arena, "%s: one of these.", label), filter_schema(api, field), 100);
    if (member_true(field, "nullable"))
        add_parameter(list, "query", arena_printf(arena, "%s[null]", name),
                      arena_printf(arena, "%s: true without a value, false with one.", label),
                      bool_schema());
    if (member_text(field, "refers") && !member_true(field, "hidden"))
        add_parameter(list, "query", arena_printf(arena, "%s[q]", name),
                      arena_printf(arena, "%s: words that find what it refers to.", label),
                      text_schema(1, 200));
    add_ranges(api, list, field);
    if (text_equal(member_text(field, "type"), "time") ||
        text_equal(member_text(field, "type"), "date"))
        put_text(add_parameter(list, "query", arena_printf(arena, "%s[within]", name),
                               arena_printf(arena, "%s: in these days.", label),
                               text_schema(4, 20)),
                 "example", "last-7-days");
}

static json_object *enum_schema(void)
{
    json_object *schema = schema_text(NULL);
    put_array(schema, "enum");
    return schema;
}

static bool is_shown(json_object *field)
{
    return !member_true(field, "inputOnly") && !text_equal(member_text(field, "type"), "secret");
}

static void add_sort(struct openapi *api, json_object *list, json_object *fields)
{
    json_object *schema = enum_schema(), *values = member(schema, "enum");
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        if (!member_true(field, "sorted"))
            continue;
        push_text(values, member_text(field, "name"));
        push_text(values, arena_printf(api->arena, "-%s", member_text(field, "name")));
    }
    if (json_object_array_length(values) == 0)
        json_object_put(schema);
    else
        add_several(list, "sort", "Fields to sort by, in turn; with - in front from the greatest.",
                    schema, 3);
}

/* As members of JSON, or as columns of a file. */
static void add_fields(json_object *list, json_object *fields, bool file)
{
    json_object *schema = enum_schema();
    const char *other = file ? "memberOnly" : "columnOnly";
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        if (is_shown(field) && !member_true(field, other))
            push_text(member(schema, "enum"), member_text(field, "name"));
    }
    add_several(list, "fields", "Only these, and the id.", schema, 64);
}

/* What `include` may name; there is none where nothing is referred to. */
static void add_include(json_object *list, json_object *fields)
{
    json_object *schema = enum_schema(), *values = member(schema, "enum");
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        const char *name = member_text(json_object_array_get_idx(fields, i), "includes");
        if (name)
            push_text(values, name);
    }
    size_t count = json_object_array_length(values);
    if (count == 0)
        json_object_put(schema);
    else
        add_several(list, "include",
                    "References whose names are answered too, as {id, name} beside the id; the "
                    "name is null of what the caller may not see.",
                    schema, (int64_t)count);
}

/* With the tenant's own fields, where it is the tenant's document. */
static json_object *list_fields(json_object *resource)
{
    json_object *all = openapi_record_fields(resource);
    size_t count = json_object_array_length(all);
    for (size_t i = 0; i < count; i++) {
        json_object *own = member(json_object_array_get_idx(all, i), "columns");
        for (size_t j = 0; own && j < json_object_array_length(own); j++)
            json_object_array_add(all, json_object_get(json_object_array_get_idx(own, j)));
    }
    return all;
}

static void add_fields_of_one(json_object *list, json_object *resource)
{
    json_object *fields = list_fields(resource);
    add_fields(list, fields, false);
    add_include(list, fields);
    json_object_put(fields);
}

/* Adds the one of those that all lists share which has this name; false: there is none. */
static bool add_paging_named(struct openapi *api, json_object *list, const char *name)
{
    if (text_equal(name, "page"))
        add_shared(api, list, "Page",
                   new_parameter("query", "page", "Page, from 1.", whole_schema(1, 1000000)));
    else if (text_equal(name, "limit"))
        add_shared(api, list, "Limit",
                   new_parameter("query", "limit", "Rows of a page.", whole_schema(20, 100)));
    else if (text_equal(name, "after"))
        add_shared(api, list, "After",
                   new_parameter("query", "after",
                                 "The nextCursor of the answer before: the rows behind it, without "
                                 "counting.",
                                 text_schema(1, 2000)));
    else if (text_equal(name, "count"))
        add_shared(api, list, "Count",
                   new_parameter("query", "count", "false: without total.", bool_schema()));
    else
        return false;
    return true;
}

static void add_paging(struct openapi *api, json_object *list)
{
    static const char *const names[] = {"page", "limit", "after", "count"};
    for (size_t i = 0; i < COUNT(names); i++)
        add_paging_named(api, list, names[i]);
}

static json_object *filter_parameter(void)
{
    json_object *parameter = new_parameter("query", "filter",
                                           "Conditions in groups: and(status[in]:(new,lost),"
                                           "or(ownerId:me,createdAt[within]:last-7-days)).",
                                           text_schema(1, 4000));
    put_text(parameter, "example", "not(id:0192f0c1-7c1e-7000-8000-000000000011)");
    return parameter;
}

/* What every list of a resource takes; a file of it has no pages. */
static void add_list_parameters(struct openapi *api, json_object *list, json_object *resource,
                                bool pages)
{
    json_object *fields = list_fields(resource);
    bool searched = false;
    if (pages)
        add_paging(api, list);
    add_sort(api, list, fields);
    add_fields(list, fields, !pages);
    if (pages)
        add_include(list, fields);
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        searched = searched || member_true(field, "searched");
        if (member_true(field, "filtered"))
            add_filters(api, list, field);
    }
    add_shared(api, list, "Filter", filter_parameter());
    if (searched)
        add_shared(
            api, list, "Search",
            new_parameter(
                "query", "q",
                "Words to search for: those records are found that have each of them. A word of "
                "one or two letters must begin a word; a longer one may stand anywhere.",
                text_schema(0, 200)));
    json_object_put(fields);
}

/* ---- all the rest ---- */

static void add_query_parameters(struct openapi *api, json_object *list, json_object *route)
{
    json_object *query = member(route, "query");
    bool paged = route_is_paged(route, NULL);
    for (size_t i = 0; query && i < json_object_array_length(query); i++) {
        json_object *field = json_object_array_get_idx(query, i);
        if (paged && add_paging_named(api, list, member_text(field, "name")))
            continue;
        json_object *schema = openapi_field_schema(api, "", field, SCHEMA_QUERY);
        const char *about = member_text(schema, "description");
        json_object *parameter =
            add_parameter(list, "query", member_text(field, "name"), about, schema);
        json_object_object_del(schema, "description");
        if (member_true(field, "required"))
            put_bool(parameter, "required", true);
    }
}

static json_object *version_schema(void)
{
    json_object *schema = schema_text(NULL);
    push_text(put_array(schema, "enum"), "1");
    return schema;
}

static void add_header_parameters(struct openapi *api, json_object *list, json_object *route,
                                  json_object *resource)
{
    add_shared(api, list, "TulouVersion",
               new_parameter("header", "Tulou-Version", "The version of the API that one means: 1.",
                             version_schema()));
    if (route_takes_key(route))
        add_shared(api, list, "IdempotencyKey",
                   new_parameter("header", "Idempotency-Key",
                                 "The same key and body have one effect and one answer for 24 "
                                 "hours.",
                                 text_schema(1, 255)));
    if (route_takes_version(route, resource))
        add_shared(api, list, "IfMatch",
                   new_parameter("header", "If-Match",
                                 "The ETag that a GET of this address must still answer.",
                                 schema_text(NULL)));
    if (route_takes_version(route, resource))
        add_shared(api, list, "IfNoneMatch",
                   new_parameter("header", "If-None-Match",
                                 "*: only if there is nothing here; or ETags that it must no "
                                 "longer have.",
                                 schema_text(NULL)));
    else if (route_has_version(route, resource) && route_is(route, "GET"))
        add_shared(api, list, "IfNoneMatchToRead",
                   new_parameter("header", "If-None-Match",
                                 "The ETag that one has: 304 when it still is that.",
                                 schema_text(NULL)));
}

json_object *openapi_parameters(struct openapi *api, json_object *route, json_object *resource)
{
    json_object *list = json_object_new_array();
    add_path_parameters(api, list, member_text(route, "path"));
    if (resource &&
        (route_answers(route, "list") || (route_answers(route, "file") && !member(route, "media"))))
        add_list_parameters(api, list, resource, route_answers(route, "list"));
    if (route_chooses_fields(route, resource))
        add_fields_of_one(list, resource);
    else
        add_query_parameters(api, list, route);
    add_header_parameters(api, list, route, resource);
    return list;
}
