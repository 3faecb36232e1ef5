#include "resource/areas.h"

#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/roles.h"
#include "base/log.h"
#include "base/text.h"
#include "resource/described.h"

struct permission {
    const char *name, *title, *area;
};

static struct {
    json_object *all;
    struct permission *permissions;
    size_t count;
} known;

const char *described_text(json_object *object, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : NULL;
}

bool described_flag(json_object *object, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(object, key, &value) && json_object_get_boolean(value);
}

int64_t described_number(json_object *object, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_int64(value) : 0;
}

static json_object *list(json_object *object, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static size_t length(json_object *array)
{
    return array ? json_object_array_length(array) : 0;
}

json_object *described_next(const char *key, struct described_place *place)
{
    json_object *areas = list(known.all, "areas");
    for (; place->area < length(areas); place->area++, place->item = 0) {
        json_object *items = list(json_object_array_get_idx(areas, place->area), key);
        if (place->item < length(items))
            return json_object_array_get_idx(items, place->item++);
    }
    return NULL;
}

const char *described_area(const struct described_place *place)
{
    json_object *areas = list(known.all, "areas");
    return place->area < length(areas)
               ? described_text(json_object_array_get_idx(areas, place->area), "name")
               : NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct permission *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static bool add(const char *name, const char *title, const char *area)
{
    if (!name)
        return false;
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.permissions[i].name, name) == 0)
            return true;
    struct permission *grown =
        realloc(known.permissions, (known.count + 1) * sizeof *known.permissions);
    if (!grown)
        return false;
    known.permissions = grown;
    known.permissions[known.count++] = (struct permission){name, title, area};
    return true;
}

/* An area gives rights in itself alone. */
static bool add_grants(json_object *area)
{
    const char *name = described_text(area, "name");
    json_object *grants = list(area, "grants");
    for (size_t i = 0; i < length(grants); i++) {
        json_object *it = json_object_array_get_idx(grants, i);
        const char *grant = described_text(it, "grant");
        bool own = text_starts(grant, name) && grant[strlen(name)] == '.';
        if (!own || !permission_is_grant(grant) ||
            !builtin_role_add_grant(described_text(it, "role"), grant)) {
            log_error("an area gives a built-in role what it cannot", "area", name, "grant", grant);
            return false;
        }
    }
    return true;
}

/* Declared ones first, since they have titles of their own; then whatever a
 * route asks for. */
static bool add_area(json_object *area)
{
    json_object *declared = list(area, "permissions"), *routes = list(area, "routes");
    for (size_t i = 0; i < length(declared); i++) {
        json_object *it = json_object_array_get_idx(declared, i);
        if (!add(described_text(it, "name"), described_text(it, "title"),
                 described_text(area, "name")))
            return false;
    }
    for (size_t i = 0; i < length(routes); i++) {
        json_object *it = json_object_array_get_idx(routes, i);
        const char *level = described_text(it, "level");
        if (level && strcmp(level, "permission") == 0 &&
            !add(described_text(it, "needs"), described_text(it, "summary"),
                 described_text(area, "name")))
            return false;
    }
    return add_grants(area);
}

bool areas_load(const char *path)
{
    known.all = json_object_from_file(path);
    json_object *areas = known.all ? list(known.all, "areas") : NULL;
    if (!areas || !json_object_is_type(areas, json_type_array)) {
        log_error("the areas' tables cannot be read: build again", "path", path);
        return false;
    }
    if (length(areas) > AREAS_MAX) {
        log_error("there are more areas than there is room for: raise AREAS_MAX", "path", path);
        return false;
    }
    for (size_t i = 0; i < length(areas); i++)
        if (!add_area(json_object_array_get_idx(areas, i)))
            return false;
    if (known.count > 1)
        qsort(known.permissions, known.count, sizeof *known.permissions, by_name);
    return true;
}

json_object *described_all(void)
{
    return known.all;
}

void areas_permissions(void (*each)(void *arg, const char *name, const char *title,
                                    const char *area),
                       void *arg)
{
    for (size_t i = 0; i < known.count; i++)
        each(arg, known.permissions[i].name, known.permissions[i].title, known.permissions[i].area);
}

bool areas_permission_exists(const char *name)
{
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.permissions[i].name, name) == 0)
            return true;
    return false;
}

bool areas_permission_has_owners(const char *name)
{
    struct described_place place = {0};
    size_t len = strcspn(name, ":");
    for (json_object *it; (it = described_next("resources", &place)) != NULL;) {
        const char *subject = described_text(it, "permission");
        if (described_text(it, "owner") && strlen(subject) == len &&
            strncmp(subject, name, len) == 0)
            return true;
    }
    return false;
}

bool areas_may(const struct cx *cx, const char *permission)
{
    enum sight sight = sight_of(cx, permission);
    return sight == SIGHT_ALL || (sight != SIGHT_NONE && areas_permission_has_owners(permission));
}
