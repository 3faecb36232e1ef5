#include "api/openapi.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

void openapi_complain(struct openapi *api, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "openapi: %s\n", arena_vprintf(api->arena, format, args));
    va_end(args);
    api->defects++;
}

json_object *openapi_component(struct openapi *api, const char *kind, const char *name,
                               json_object *content)
{
    json_object *all = member(api->components, kind);
    if (!all)
        all = put_object(api->components, kind);
    json_object *known = member(all, name);
    if (!known) {
        json_object_object_add(all, name, content);
        return schema_ref(kind, name);
    }
    if (!json_object_equal(known, content))
        openapi_complain(api, "two of the %s are called %s: give one of them another name", kind,
                         name);
    json_object_put(content);
    return schema_ref(kind, name);
}

/* Lists give every field of a record, besides its own, as the engine adds them. */
json_object *openapi_record_fields(json_object *resource)
{
    static const char *const common =
        "[{\"name\":\"id\",\"type\":\"uuid\",\"readOnly\":true,\"filtered\":true,\"sorted\":true,"
        "\"label\":\"Id\",\"help\":\"Stays the same for the life of the record.\"},"
        "{\"name\":\"createdAt\",\"type\":\"time\",\"readOnly\":true,\"filtered\":true,"
        "\"sorted\":true,\"label\":\"Created\",\"help\":\"When it was made.\"},"
        "{\"name\":\"updatedAt\",\"type\":\"time\",\"readOnly\":true,\"filtered\":true,"
        "\"sorted\":true,\"label\":\"Updated\",\"help\":\"When it was changed last.\"}]";
    json_object *all = json_tokener_parse(common), *own = member(resource, "fields");
    if (member_true(resource, "noCommonTimes"))
        json_object_array_del_idx(all, 1, 2);
    for (size_t i = 0; i < json_object_array_length(own); i++)
        json_object_array_add(all, json_object_get(json_object_array_get_idx(own, i)));
    return all;
}

const char *openapi_record_name(struct openapi *api, json_object *resource)
{
    const char *same = member_text(resource, "sameAs");
    return text_pascal(api->arena, same ? same : member_text(resource, "one"));
}

const char *openapi_operation_schema(struct openapi *api, json_object *route, const char *suffix)
{
    const char *name = member_text(route, "operation");
    return arena_printf(api->arena, "%c%s%s", toupper((unsigned char)name[0]), name + 1, suffix);
}

static json_object *find_resource(json_object *area, const char *one)
{
    json_object *resources = member(area, "resources");
    for (size_t i = 0; one && i < json_object_array_length(resources); i++) {
        json_object *resource = json_object_array_get_idx(resources, i);
        if (text_equal(member_text(resource, "one"), one))
            return resource;
    }
    return NULL;
}

/* "/api/x/:id" is "/api/x/{id}" in OpenAPI. */
static const char *template_path(struct arena *arena, const char *path)
{
    struct buf out;
    bool inside = false;
    buf_init(&out, arena);
    for (const char *c = path; *c; c++) {
        if (inside && *c == '/') {
            buf_putc(&out, '}');
            inside = false;
        }
        inside = inside || *c == ':';
        buf_putc(&out, *c == ':' ? '{' : *c);
    }
    if (inside)
        buf_putc(&out, '}');
    return out.data;
}

/* "getLeadsById" is a path, no name. */
static bool is_made_of_path(const char *name)
{
    for (const char *by = strstr(name, "By"); by; by = strstr(by + 1, "By"))
        if (isupper((unsigned char)by[2]))
            return true;
    return false;
}

static bool check_name(struct openapi *api, json_object *route)
{
    const char *name = member_text(route, "operation"), *path = member_text(route, "path");
    const char *title = arena_printf(api->arena, "%s %s", member_text(route, "method"), path);
    const char *other = name ? member_text(api->operations, name) : NULL;
    int before = api->defects;
    if (!name)
        openapi_complain(api, "%s has no .operation: name it as one would name a function", title);
    else if (is_made_of_path(name) || !islower((unsigned char)name[0]))
        openapi_complain(api, "%s: .operation %s is not as one would name a function", title, name);
    else if (other)
        openapi_complain(api, "%s and %s are both called %s", title, other, name);
    else
        put_text(api->operations, name, title);
    return api->defects == before;
}

static void add_route(struct openapi *api, json_object *area, json_object *route)
{
    const char *path = member_text(route, "path");
    if (!text_starts(path, "/api/") || route_answers(route, "page") || !check_name(api, route))
        return;
    json_object *paths = member(api->document, "paths");
    const char *key = template_path(api->arena, path);
    json_object *item = member(paths, key);
    if (!item)
        item = put_object(paths, key);
    json_object *resource = find_resource(area, member_text(route, "resource"));
    json_object_object_add(item, text_lower(api->arena, member_text(route, "method")),
                           openapi_operation(api, route, resource, member_text(area, "title")));
}

static bool has_operations(json_object *routes)
{
    for (size_t i = 0; i < json_object_array_length(routes); i++)
        if (member_text(json_object_array_get_idx(routes, i), "operation"))
            return true;
    return false;
}

static void add_area(struct openapi *api, json_object *area)
{
    json_object *routes = member(area, "routes");
    if (has_operations(routes)) {
        json_object *tag = json_object_new_object();
        put_text(tag, "name", member_text(area, "title"));
        put_text(tag, "description", member_text(area, "about"));
        if (!member(area, "about"))
            openapi_complain(api, "the area %s has no .about", member_text(area, "name"));
        json_object_array_add(member(api->document, "tags"), tag);
    }
    for (size_t i = 0; i < json_object_array_length(routes); i++)
        add_route(api, area, json_object_array_get_idx(routes, i));
}

static void add_head(json_object *document)
{
    put_text(document, "openapi", "3.1.0");
    json_object *info = put_object(document, "info");
    put_text(info, "title", "Tulou");
    put_text(info, "version", "1");
    put_text(info, "summary", "A multi-tenant business platform.");
    put_text(info, "description", openapi_conventions);
    put_json(info, "contact", "{\"name\":\"Whoever operates this platform\"}");
    put_json(document, "servers",
             "[{\"url\":\"/\",\"description\":\"This host\"},"
             "{\"url\":\"{scheme}://{tenant}.{domain}\",\"description\":\"The host of a tenant, by "
             "its slug and the platform's domain\",\"variables\":{"
             "\"scheme\":{\"default\":\"http\",\"enum\":[\"http\",\"https\"]},"
             "\"tenant\":{\"default\":\"northside\"},"
             "\"domain\":{\"default\":\"localhost:8080\"}}}]");
    put_json(document, "security", "[{\"bearer\":[]},{\"apiKey\":[]},{\"session\":[]}]");
    put_array(document, "tags");
    put_object(document, "paths");
}

static void add_security_schemes(json_object *components)
{
    put_json(
        components, "securitySchemes",
        "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
        "\"description\":\"The access token of a sign-in.\"},"
        "\"apiKey\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"tulou_…\","
        "\"description\":\"An API key, sent like a token; it opens what its permissions name.\"},"
        "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"tulou_session\","
        "\"description\":\"The cookie of the pages; what changes something needs X-CSRF-Token "
        "too.\"}}");
}

static void begin(struct openapi *api)
{
    *api = (struct openapi){.arena = arena_new(),
                            .document = json_object_new_object(),
                            .operations = json_object_new_object(),
                            .codes = json_object_new_object()};
    add_head(api->document);
    api->components = put_object(api->document, "components");
    add_security_schemes(api->components);
    openapi_add_header_components(api);
    openapi_add_failure_components(api);
}

static json_object *make_document(json_object *described, bool is_all)
{
    struct openapi api;
    begin(&api);
    json_object *areas = member(described, "areas"), *document = api.document;
    api.areas = areas;
    for (size_t i = 0; i < json_object_array_length(areas); i++)
        add_area(&api, json_object_array_get_idx(areas, i));
    if (is_all) {
        openapi_share(&api);
        openapi_add_events(&api);
    }
    openapi_add_codes(&api);
    json_object_put(api.operations);
    json_object_put(api.codes);
    arena_free(api.arena);
    if (api.defects) {
        json_object_put(document);
        return NULL;
    }
    return document;
}

json_object *openapi_document(json_object *described)
{
    return make_document(described, true);
}

json_object *openapi_part(json_object *described)
{
    return make_document(described, false);
}
