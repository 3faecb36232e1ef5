/* role_form: the form of a role: permissions by ticks with their names, grouped by what they are
 * of, begun with those of another role; and the page of all roles, with those that are built in. */
#include <string.h>

#include "access/grant.h"
#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/permission_words.h"

/* The name of its cells in the form. */
static const char cells[] = "may";

STATEMENT(role_form_own,
          "select key, name, permissions\n"
          "from roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and key not like 'own\\_%'\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

STATEMENT(role_form_holders,
          "select role_key, count(*)\n"
          "from user_roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid\n"
          "group by role_key\n"
          "limit 200",
          0);

struct role_groups {
    struct cx *cx;
    json_object *groups, *rows;
    const char *subject;
    const struct permissions *had, *shown;
};

static json_object *rows_of(struct role_groups *all, const char *subject)
{
    if (!text_equal(subject, all->subject)) {
        json_object *group = page_item(all->groups);
        page_set(group, "subject", subject);
        all->rows = page_list(group, "rows");
        all->subject = subject;
    }
    return all->rows;
}

/* What one neither has nor finds in the role is no concern here. */
static void add_row(void *arg, const char *name, const char *title, const char *area)
{
    struct role_groups *all = arg;
    (void)area;
    if (!areas_may(all->cx, name) && permissions_sight(all->had, name) == SIGHT_NONE)
        return;
    const struct permission_words words = permission_words(all->cx, name, title);
    json_object *row = page_item(rows_of(all, words.subject));
    page_set(row, "permission", name);
    page_set(row, "action", words.action);
    page_set(row, "may", arena_printf(all->cx->arena, "%s, %s", words.subject, words.action));
    permission_cell_add(all->cx, row, cells, name, all->had, all->shown);
}

/* ---- roles to begin with ---- */

static void add_begin(struct cx *cx, json_object *list, const char *key, const char *name)
{
    json_object *item = page_item(list);
    page_set(item, "title", name);
    page_set(item, "path", arena_printf(cx->arena, "%s/new?from=%s", roles.page, key));
    page_set_bool(item, "chosen", text_equal(parameter_get(cx->request.query, "from"), key));
}

/* Of the role that the address names, what one may give. */
static bool add_beginnings(struct cx *cx, json_object *data, struct permissions *shown)
{
    json_object *list = page_list(data, "beginnings");
    page_set_bool(data, "may_begin", true);
    const char *from = parameter_get(cx->request.query, "from");
    struct rows *rows = db_get0(&cx->db, &role_form_own);
    if (!rows)
        return fail_db(cx);
    for (const struct builtin_role *it = builtin_roles; it->key; it++) {
        if (!builtin_role_in(it, cx->tenant->kind))
            continue;
        add_begin(cx, list, it->key, it->name);
        if (text_equal(it->key, from))
            *shown = builtin_role_grants(cx->arena, it);
    }
    for (size_t i = 0; i < rows_count(rows); i++) {
        add_begin(cx, list, rows_text(rows, i, 0), rows_text(rows, i, 1));
        if (text_equal(rows_text(rows, i, 0), from))
            *shown = permissions_read(cx->arena, rows_text(rows, i, 2));
    }
    return true;
}

/* Ticks stand in the place of the list, and the key is made of the name. */
static void leave_out(json_object *fields, const char *name)
{
    for (size_t i = json_object_array_length(fields); i > 0; i--)
        if (text_equal(page_text(json_object_array_get_idx(fields, i - 1), "name"), name))
            json_object_array_del_idx(fields, i - 1, 1);
}

static const char *permissions_error(const struct cx *cx)
{
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        if (text_starts(it->field, "permissions"))
            return it->message;
    return NULL;
}

bool role_form_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    const struct permissions had =
        permissions_read(cx->arena, record ? record_value(record, "permissions") : NULL);
    struct permissions shown = had;
    json_object *fields = json_object_object_get(data, "fields");
    if (!record && !add_beginnings(cx, data, &shown))
        return false;
    struct role_groups all = {
        .cx = cx, .groups = page_list(data, "groups"), .had = &had, .shown = &shown};
    areas_permissions(add_row, &all);
    permission_rows_order(all.groups, "rows");
    leave_out(fields, "permissions");
    leave_out(fields, "key");
    page_set(data, "permissions_error", permissions_error(cx));
    return true;
}

static void release_list(void *list)
{
    json_object_put(list);
}

void role_form_take(struct cx *cx, const char *stored, struct input *input)
{
    if (!cx->is_page || !permission_cells_sent(cx))
        return;
    const struct permissions had = permissions_read(cx->arena, stored);
    const char *list = permission_cells_take(cx, cells, &had);
    struct value *value = &input->values[field_find(input->fields, "permissions") - input->fields];
    if (!list)
        list = stored ? stored : "[]"; /* its wildcards stay as well */
    *value = (struct value){.presence = GIVEN, .text = list, .json = json_tokener_parse(list)};
    arena_defer(cx->arena, release_list, value->json);
}

/* ---- the key, made of the name ---- */

STATEMENT(role_form_taken,
          "select exists (select from roles\n"
          "               where tenant_id = current_setting('app.tenant_id')::uuid and key = $1)",
          0);

static const char *key_of_name(struct cx *cx, const char *name)
{
    char key[41];
    size_t len = 0;
    for (const char *c = text_lower(cx->arena, name); *c && len < sizeof key - 1; c++) {
        bool letter = *c >= 'a' && *c <= 'z', digit = *c >= '0' && *c <= '9';
        if (letter || (digit && len > 0))
            key[len++] = *c;
        else if (len > 0 && key[len - 1] != '_')
            key[len++] = '_';
    }
    while (len > 0 && key[len - 1] == '_')
        len--;
    key[len] = '\0';
    return len < 2 || text_starts(key, "own_") ? arena_printf(cx->arena, "role_%s", key)
                                               : arena_text(cx->arena, key);
}

const char *role_key_make(struct cx *cx, const char *name)
{
    const char *plain = key_of_name(cx, name), *key = plain;
    for (int number = 2; number < 100; number++) {
        struct rows *rows = db_get(&cx->db, &role_form_taken, key);
        if (!rows) {
            fail_db(cx);
            return NULL;
        }
        if (!rows_bool(rows, 0, 0) && !builtin_role_find(key))
            return key;
        key = arena_printf(cx->arena, "%s_%d", plain, number);
    }
    fail(cx, 409, "key_taken", "There are too many roles of this name.");
    return NULL;
}

/* ---- the page of all roles ---- */

static int64_t holders_of(const struct rows *holders, const char *key)
{
    for (size_t i = 0; i < rows_count(holders); i++)
        if (text_equal(rows_text(holders, i, 0), key))
            return rows_int(holders, i, 1);
    return 0;
}

bool roles_add_builtin(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *list = page_list(data, "builtin"), *empty = NULL;
    struct rows *holders = record ? NULL : db_get0(&cx->db, &role_form_holders);
    bool makes = may(cx, "access.roles:create");
    if (record)
        return true;
    if (!holders)
        return fail_db(cx);
    if (json_object_object_get_ex(data, "empty", &empty))
        page_set(empty, "title", "No roles of your own yet");
    for (const struct builtin_role *it = builtin_roles; it->key; it++) {
        if (!builtin_role_in(it, cx->tenant->kind))
            continue;
        int64_t count = holders_of(holders, it->key);
        json_object *item = page_item(list);
        page_set(item, "title", it->name);
        page_set(item, "about", it->about);
        page_set(item, "holders",
                 count == 1 ? cx_text(cx, "1 person")
                            : cx_printf(cx, "%lld people", (long long)count));
        page_set(item, "copy",
                 makes ? arena_printf(cx->arena, "%s/new?from=%s", roles.page, it->key) : NULL);
    }
    return true;
}
