/* role_sights: on the form of a role, with whose records it may do what its permissions say: a
 * choice for each resource whose records have owners. What was chosen is written into the list of
 * permissions; what was not touched stays as it is typed there. */
#include <string.h>

#include "access/permission.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/model.h"

static const char *sight_title(enum sight sight)
{
    return sight == SIGHT_ALL    ? "All"
           : sight == SIGHT_TEAM ? "Their own and their teams'"
           : sight == SIGHT_OWN  ? "Their own"
                                 : "None";
}

static bool sight_named(const char *word, enum sight *out)
{
    for (enum sight sight = SIGHT_NONE; word && sight <= SIGHT_ALL; sight++)
        if (text_equal(word, sight_word(sight))) {
            *out = sight;
            return true;
        }
    return false;
}

/* Resources that share a permission are one choice. */
static const struct resource *owned_at(size_t index)
{
    const struct resource *resource = model_at(index);
    if (!resource->owner)
        return NULL;
    for (size_t i = 0; i < index; i++)
        if (model_at(i)->owner && strcmp(model_at(i)->permission, resource->permission) == 0)
            return NULL;
    return resource;
}

static const char *typed(struct cx *cx, const char *name, const struct resource *resource)
{
    return parameter_get(cx->request.form,
                         arena_printf(cx->arena, "%s/%s", name, resource->permission));
}

/* ---- the form ---- */

static void add_sight(struct cx *cx, json_object *list, const struct resource *resource,
                      const struct permissions *grants)
{
    const char *read = arena_printf(cx->arena, "%s:read", resource->permission);
    enum sight was = permissions_sight(grants, read), mine = sight_of(cx, read), now = was;
    json_object *item = page_item(list), *options = page_list(item, "options");
    sight_named(typed(cx, "sight_was", resource), &was);
    sight_named(typed(cx, "sight", resource), &now);
    page_set(item, "title", cx_text(cx, resource->title));
    page_set(item, "permission", resource->permission);
    page_set(item, "id", arena_printf(cx->arena, "sight-%s", resource->table));
    page_set(item, "was", sight_word(was));
    for (enum sight sight = SIGHT_NONE; sight <= SIGHT_ALL; sight++) {
        if (sight > mine && sight != now)
            continue;
        json_object *option = page_item(options);
        page_set(option, "value", sight_word(sight));
        page_set(option, "title", sight_title(sight));
        page_set_bool(option, "selected", sight == now);
    }
}

bool role_sights_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    const struct permissions grants =
        permissions_read(cx->arena, record ? record_value(record, "permissions") : NULL);
    json_object *list = page_list(data, "sights");
    for (size_t i = 0; i < model_count(); i++)
        if (owned_at(i))
            add_sight(cx, list, owned_at(i), &grants);
    return true;
}

/* ---- what was chosen ---- */

static void release_list(void *list)
{
    json_object_put(list);
}

/* The grants that name the resource get the scope; where there is none, all its actions do. */
static json_object *with_sight(struct cx *cx, json_object *list, const struct resource *resource,
                               enum sight sight)
{
    const char *subject = arena_printf(cx->arena, "%s:", resource->permission);
    json_object *out = json_object_new_array();
    bool named = false;
    arena_defer(cx->arena, release_list, out);
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        const char *grant = json_object_get_string(json_object_array_get_idx(list, i));
        bool is_of = text_starts(grant, subject);
        if (is_of && sight == SIGHT_NONE)
            continue;
        if (is_of)
            grant = permission_with_sight(cx->arena, grant_permission(cx->arena, grant), sight);
        json_object_array_add(out, json_object_new_string(grant));
        named = named || is_of;
    }
    if (!named && sight != SIGHT_NONE)
        json_object_array_add(out, json_object_new_string(permission_with_sight(
                                       cx->arena, arena_printf(cx->arena, "%s*", subject), sight)));
    return out;
}

static bool take_sight(struct cx *cx, struct value *value, const struct resource *resource)
{
    enum sight was, now;
    if (!sight_named(typed(cx, "sight_was", resource), &was) ||
        !sight_named(typed(cx, "sight", resource), &now) || now == was)
        return true;
    value->json = with_sight(cx, value->presence == GIVEN ? value->json : NULL, resource, now);
    value->presence = GIVEN;
    value->text =
        arena_text(cx->arena, json_object_to_json_string_ext(value->json, JSON_C_TO_STRING_PLAIN));
    const struct permissions grants = permissions_read(cx->arena, value->text);
    const char *read = arena_printf(cx->arena, "%s:read", resource->permission);
    return permissions_sight(&grants, read) <= now ||
           fail_field(cx, "permissions", "wider_permission",
                      "Another permission in the list is of more %s than that: take it out first.",
                      cx_in_sentence(cx, resource->title));
}

bool role_sights_take(struct cx *cx, struct input *input)
{
    const struct field *field = field_find(input->fields, "permissions");
    bool good = true;
    for (size_t i = 0; cx->is_page && field && i < model_count(); i++)
        if (owned_at(i))
            good = take_sight(cx, &input->values[field - input->fields], owned_at(i)) && good;
    return good;
}
