#include "api/openapi_tenant.h"

#include <string.h>

#include "api/describe.h"
#include "api/openapi.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"
#include "http/etag.h"
#include "resource/custom.h"
#include "resource/described.h"
#include "resource/model.h"

struct document {
    json_object *content;
    const char *text;
    size_t len;
};

/* As the build made it; read once for the life of the process. */
static const struct document *document_of_all(struct cx *cx)
{
    static struct document all;
    if (!all.content) {
        all.content = json_object_from_file(
            arena_printf(cx->arena, "%s/openapi.json", config_text(CONFIG_TULOU_SHARE)));
        all.text = json_object_to_json_string_length(
            all.content, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &all.len);
    }
    return all.content ? &all : NULL;
}

/* ---- the tenant's fields as areas describe theirs ---- */

static json_object *described(struct cx *cx, const struct field *fields)
{
    struct buf text;
    struct json json;
    buf_init(&text, cx->arena);
    json_start(&json, &text);
    describe_fields(&json, fields);
    return json_tokener_parse(text.data);
}

/* What include= adds stands beside the object, not in it. */
static json_object *described_inside(struct cx *cx, const struct field *fields)
{
    json_object *list = described(cx, fields);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        json_object_object_del(json_object_array_get_idx(list, i), "includes");
    return list;
}

static const struct field *money_members(struct cx *cx, const struct field *amount)
{
    struct field *fields = arena_alloc(cx->arena, 3 * sizeof *fields);
    fields[0] = (struct field){.name = "amount",
                               .type = MONEY,
                               .flags = MADE | REQUIRED,
                               .least = amount->least,
                               .most = amount->most,
                               .label = amount->label,
                               .help = "In the currency's smallest unit."};
    fields[1] = (struct field){
        .name = "currency", .type = CURRENCY, .flags = MADE | REQUIRED, .label = "Currency"};
    fields[2] = (struct field){.type = FIELD_END};
    return fields;
}

/* The members of the object: none of them need be there in an answer. */
static json_object *describe_members(struct cx *cx, const struct custom *custom)
{
    struct field *fields = arena_alloc(cx->arena, (custom->count + 1) * sizeof *fields);
    for (size_t i = 0; i < custom->count; i++) {
        const struct custom_definition *it = &custom->definitions[i];
        fields[i] = *it->field;
        fields[i].name = it->key;
        fields[i].flags |= LIST_OMITTED;
        if (it->initial)
            fields[i].flags &= ~(unsigned)REQUIRED;
        if (it->field->type == MONEY) {
            fields[i].type = OBJECT;
            fields[i].fields = money_members(cx, it->field);
        }
    }
    fields[custom->count] = (struct field){.type = FIELD_END};
    return described_inside(cx, fields);
}

static void widen_field(struct cx *cx, json_object *field)
{
    const struct resource *resource = model_resource(member_text(field, "custom"));
    if (!resource ||
        !resource_may(cx, resource, arena_printf(cx->arena, "%s:read", resource->permission)))
        return;
    const struct custom *custom = custom_of(cx, resource);
    if (!custom || custom->count == 0)
        return;
    json_object_object_add(field, "fields", describe_members(cx, custom));
    json_object_object_add(field, "columns", described(cx, custom->fields));
}

static void widen_fields(struct cx *cx, json_object *fields)
{
    for (size_t i = 0; fields && i < json_object_array_length(fields); i++)
        widen_field(cx, json_object_array_get_idx(fields, i));
}

/* Each area that has a resource with custom fields, with the tenant's. */
static json_object *areas_of_tenant(struct cx *cx)
{
    json_object *some = json_object_new_object(), *list = put_array(some, "areas");
    json_object *all = member(described_all(), "areas");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *area = NULL, *source = json_object_array_get_idx(all, i);
        bool has_custom = false;
        json_object *resources = member(source, "resources");
        for (size_t j = 0; resources && j < json_object_array_length(resources); j++) {
            json_object *fields = member(json_object_array_get_idx(resources, j), "fields");
            for (size_t k = 0; k < json_object_array_length(fields); k++)
                has_custom = has_custom ||
                             member_text(json_object_array_get_idx(fields, k), "custom") != NULL;
        }
        if (!has_custom || json_object_deep_copy(source, &area, NULL) != 0)
            continue;
        resources = member(area, "resources");
        for (size_t j = 0; j < json_object_array_length(resources); j++)
            widen_fields(cx, member(json_object_array_get_idx(resources, j), "fields"));
        json_object *routes = member(area, "routes");
        for (size_t j = 0; j < json_object_array_length(routes); j++)
            widen_fields(cx, member(json_object_array_get_idx(routes, j), "body"));
        json_object_array_add(list, area);
    }
    return some;
}

/* ---- theirs in the place of everybody's ---- */

/* A new object with the members of the first, but the second's where it has them. */
static json_object *overlaid(json_object *below, json_object *above)
{
    json_object *out = json_object_new_object();
    json_object_object_foreach(below, below_key, below_value)
    {
        json_object_object_add(out, below_key, json_object_get(below_value));
    }
    if (!above)
        return out;
    json_object_object_foreach(above, above_key, above_value)
    {
        json_object_object_add(out, above_key, json_object_get(above_value));
    }
    return out;
}

static json_object *document_of_tenant(json_object *all, json_object *theirs)
{
    json_object *document = overlaid(all, NULL), *components = member(all, "components");
    json_object *some = overlaid(components, NULL);
    json_object_object_add(document, "paths",
                           overlaid(member(all, "paths"), member(theirs, "paths")));
    json_object_object_add(
        some, "schemas",
        overlaid(member(components, "schemas"), member(member(theirs, "components"), "schemas")));
    /* Of all areas, not of these alone. */
    json_object_object_add(member(some, "schemas"), "ErrorCode",
                           json_object_get(member(member(components, "schemas"), "ErrorCode")));
    json_object_object_add(document, "components", some);
    return document;
}

static bool answer(struct cx *cx, const char *text, size_t len)
{
    const char *etag = arena_printf(cx->arena, "\"%s\"", etag_digits(cx->arena, text, len));
    response_header_set(cx, "ETag", etag);
    buf_clear(&cx->response.body);
    if (etag_listed(request_header(&cx->request, "If-None-Match"), etag)) {
        cx->response.status = 304;
        return true;
    }
    cx->response.status = 200;
    cx->response.type = "application/json";
    response_header_set(cx, "Cache-Control", "private, no-cache");
    buf_add(&cx->response.body, text, len);
    return true;
}

bool openapi_tenant(struct cx *cx)
{
    const struct document *all = document_of_all(cx);
    size_t len;
    if (!all)
        return fail(cx, 500, "internal", "The document is not there.");
    if (!cx->session || !cx->db.tenant_id[0])
        return answer(cx, all->text, all->len);
    json_object *areas = areas_of_tenant(cx);
    json_object *theirs = cx->failure.status ? NULL : openapi_part(areas);
    json_object_put(areas);
    if (!theirs)
        return cx->failure.status ? false
                                  : fail(cx, 500, "internal", "The document cannot be made.");
    json_object *document = document_of_tenant(all->content, theirs);
    const char *text = json_object_to_json_string_length(
        document, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    bool good = answer(cx, text, len);
    json_object_put(document);
    json_object_put(theirs);
    return good;
}
