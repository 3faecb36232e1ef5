/* permission_cells: a permission of a role on a page: a tick, or where records have owners a choice
 * of whose; and what was sent of them all. Nobody gives what they lack: that is shown without a box
 * and stays as it was. */
#include <string.h>

#include "access/session.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"

/* What the grants give of a permission; where records have no owner, all or nothing. */
static enum sight sight_in(const struct permissions *grants, const char *name, bool has_owners)
{
    enum sight sight = permissions_sight(grants, name);
    return has_owners || sight == SIGHT_ALL ? sight : SIGHT_NONE;
}

static bool is_editable(const struct cx *cx, enum sight had, const char *name, bool has_owners)
{
    enum sight mine = sight_in(&cx->session->permissions, name, has_owners);
    return mine != SIGHT_NONE && mine >= had;
}

static const char *sight_title(enum sight sight)
{
    return sight == SIGHT_ALL    ? "All"
           : sight == SIGHT_TEAM ? "Their teams'"
           : sight == SIGHT_OWN  ? "Their own"
                                 : "None";
}

static void add_options(const struct cx *cx, json_object *cell, const char *name, enum sight shown)
{
    json_object *options = page_list(cell, "options");
    enum sight mine = sight_of(cx, name);
    for (enum sight sight = SIGHT_NONE; sight <= mine; sight++) {
        json_object *option = page_item(options);
        page_set(option, "value", sight_word(sight));
        page_set(option, "title", sight_title(sight));
        page_set_bool(option, "selected", sight == shown);
    }
}

static const char *cell_sent(struct cx *cx, const char *key, const char *permission)
{
    return parameter_get(cx->request.form, arena_printf(cx->arena, "%s/%s", key, permission));
}

/* Never more than the one signed in has; a choice that was not sent is none. */
static enum sight cell_chosen(struct cx *cx, const char *key, const char *permission,
                              bool has_owners, enum sight had)
{
    const char *value = cell_sent(cx, key, permission);
    enum sight mine = sight_in(&cx->session->permissions, permission, has_owners);
    for (enum sight sight = SIGHT_NONE; value && sight <= mine; sight++)
        if (text_equal(value, sight_word(sight)))
            return sight;
    if (!value && has_owners)
        return had;
    return value ? mine : SIGHT_NONE; /* a tick */
}

void permission_cell_add(struct cx *cx, json_object *cell, const char *key, const char *permission,
                         const struct permissions *had, const struct permissions *shown)
{
    bool has_owners = areas_permission_has_owners(permission);
    enum sight now = sight_in(shown, permission, has_owners);
    bool editable =
        had && is_editable(cx, sight_in(had, permission, has_owners), permission, has_owners);
    if (editable && permission_cells_sent(cx))
        now = cell_chosen(cx, key, permission, has_owners, now);
    page_set(cell, "field", arena_printf(cx->arena, "%s/%s", key, permission));
    page_set_bool(cell, "on", now != SIGHT_NONE);
    page_set_bool(cell, "ticks", editable && !has_owners);
    page_set_bool(cell, "chooses", editable && has_owners);
    page_set_bool(cell, "fixed", !editable);
    page_set_bool(cell, "reads", text_ends(permission, ":read"));
    page_set(cell, "of", now == SIGHT_OWN || now == SIGHT_TEAM ? sight_title(now) : NULL);
    page_list(cell, "options");
    if (editable && has_owners)
        add_options(cx, cell, permission, now);
}

bool permission_cells_sent(const struct cx *cx)
{
    return parameter_get(cx->request.form, "_cells") != NULL;
}

struct taken {
    struct cx *cx;
    const char *key;
    const struct permissions *had;
    json_object *kept;
    bool changed;
};

static void take_cell(void *arg, const char *name, const char *title, const char *area)
{
    struct taken *taken = arg;
    struct cx *cx = taken->cx;
    bool has_owners = areas_permission_has_owners(name);
    enum sight had = sight_in(taken->had, name, has_owners);
    enum sight keeps = is_editable(cx, had, name, has_owners)
                           ? cell_chosen(cx, taken->key, name, has_owners, had)
                           : had;
    (void)title;
    (void)area;
    if (keeps != SIGHT_NONE)
        json_object_array_add(
            taken->kept, json_object_new_string(permission_with_sight(cx->arena, name, keeps)));
    taken->changed = taken->changed || keeps != had;
}

const char *permission_cells_take(struct cx *cx, const char *key, const struct permissions *had)
{
    struct taken taken = {cx, key, had, json_object_new_array(), false};
    areas_permissions(take_cell, &taken);
    const char *list =
        arena_text(cx->arena, json_object_to_json_string_ext(taken.kept, JSON_C_TO_STRING_PLAIN));
    json_object_put(taken.kept);
    return taken.changed ? list : NULL;
}

/* ---- order ---- */

static int permission_place(const char *permission)
{
    static const char *const verbs[] = {":read", ":create", ":update", ":delete"};
    for (int i = 0; i < (int)COUNT(verbs); i++)
        if (text_ends(permission, verbs[i]))
            return i;
    return (int)COUNT(verbs);
}

static int by_place(const void *a, const void *b)
{
    json_object *left = *(json_object *const *)a, *right = *(json_object *const *)b;
    json_object *places[2] = {json_object_object_get(left, "place"),
                              json_object_object_get(right, "place")};
    return json_object_get_int(places[0]) - json_object_get_int(places[1]);
}

void permission_rows_order(json_object *groups, const char *rows)
{
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        json_object *list = json_object_object_get(json_object_array_get_idx(groups, i), rows);
        for (size_t row = 0; row < json_object_array_length(list); row++) {
            json_object *it = json_object_array_get_idx(list, row);
            page_set_int(it, "place",
                         permission_place(page_text(it, "permission")) * 100 + (int64_t)row);
        }
        json_object_array_sort(list, by_place);
    }
}
