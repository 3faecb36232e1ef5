/* form: on the pages of custom fields records are called as people call them, and chosen from. */
#include "base/text.h"
#include "fields.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/custom.h"
#include "resource/model.h"

bool field_allows_custom(const struct resource *resource)
{
    return custom_field(resource) != NULL;
}

/* What can be found by words and opened. */
bool field_may_refer_to(const struct resource *resource)
{
    return resource->api && resource->page && !resource->parent && !resource->no_tenant &&
           (resource->scope == SCOPE_TENANT || resource->scope == SCOPE_EITHER) &&
           (resource->operations & OP_GET) && (resource->operations & OP_LIST) &&
           resource_is_searched(resource);
}

static void add_option(json_object *options, const char *value, const char *title,
                       const char *chosen)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", text_equal(value, chosen ? chosen : ""));
}

static void offer(struct cx *cx, json_object *field, const char *none,
                  bool (*is_meant)(const struct resource *resource))
{
    const char *chosen = json_object_get_string(json_object_object_get(field, "value"));
    json_object *options = page_list(field, "options");
    page_set_bool(field, "is_input", false);
    page_set_bool(field, "is_choice", true);
    add_option(options, "", none, chosen);
    for (size_t i = 0; i < model_count(); i++)
        if (is_meant(model_at(i)))
            add_option(options, model_name(model_at(i)), cx_text(cx, model_at(i)->title), chosen);
}

/* ---- who may see and change it ---- */

struct permissions_offered {
    struct cx *cx;
    json_object *options;
    const char *chosen;
};

static void offer_permission(void *arg, const char *name, const char *title, const char *area)
{
    const struct permissions_offered *offered = arg;
    bool is_meant = false;
    (void)area;
    for (size_t i = 0; i < model_count() && !is_meant; i++)
        is_meant = field_allows_custom(model_at(i)) && custom_may_limit(model_at(i), name);
    if (is_meant)
        add_option(offered->options, name,
                   cx_printf(offered->cx, "Who may: %s", cx_text(offered->cx, title)),
                   offered->chosen);
}

static void offer_permissions(struct cx *cx, json_object *field)
{
    struct permissions_offered offered = {
        .cx = cx, .chosen = json_object_get_string(json_object_object_get(field, "value"))};
    offered.options = page_list(field, "options");
    page_set_bool(field, "is_input", false);
    page_set_bool(field, "is_choice", true);
    add_option(offered.options, "", cx_text(cx, "Everybody"), offered.chosen);
    areas_permissions(offer_permission, &offered);
}

bool field_form_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *fields = json_object_object_get(data, "fields");
    (void)record;
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i);
        const char *name = json_object_get_string(json_object_object_get(field, "name"));
        if (text_equal(name, "resource"))
            offer(cx, field, "Choose", field_allows_custom);
        else if (text_equal(name, "refersTo"))
            offer(cx, field, "–", field_may_refer_to);
        else if (text_equal(name, "seenWith") || text_equal(name, "changedWith"))
            offer_permissions(cx, field);
    }
    return true;
}

static void call_by_title(struct cx *cx, json_object *values)
{
    for (size_t i = 0; i < json_object_array_length(values); i++) {
        json_object *it = json_object_array_get_idx(values, i);
        const struct resource *resource =
            model_resource(json_object_get_string(json_object_object_get(it, "text")));
        if (resource)
            page_set(it, "text", cx_text(cx, resource->title));
    }
}

bool field_page_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *rows = record ? NULL : json_object_object_get(data, "rows");
    if (record)
        call_by_title(cx, json_object_object_get(data, "facts"));
    for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
        call_by_title(cx, json_object_object_get(json_object_array_get_idx(rows, i), "cells"));
    return true;
}
