/* role_ticks: on the form of a user the roles are ticks of their names, those of the tenant's own
 * with the built-in ones, in place of a list of keys. */
#include <string.h>

#include "access/roles.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "users.h"

STATEMENT(role_ticks_own,
          "select key, name\n"
          "from roles\n"
          "where tenant_id = $1::uuid\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

struct role_ticks {
    struct cx *cx;
    json_object *options;
    const char *stored; /* one key on each line */
};

/* Those sent, else those stored. */
static bool role_is_ticked(const struct role_ticks *ticks, const char *key)
{
    size_t len = strlen(key);
    for (const struct parameter *it = ticks->cx->request.form; it; it = it->next)
        if (strcmp(it->name, "roles") == 0 && strcmp(it->value, key) == 0)
            return true;
    for (const char *line = ticks->stored; line && *line; line += strcspn(line, "\n")) {
        line += *line == '\n';
        if (strcspn(line, "\n") == len && strncmp(line, key, len) == 0)
            return true;
    }
    return false;
}

static void add_tick(const struct role_ticks *ticks, const char *key, const char *name)
{
    json_object *option = page_item(ticks->options);
    page_set(option, "value", key);
    page_set(option, "title", name);
    page_set_bool(option, "selected", role_is_ticked(ticks, key));
}

static json_object *field_of(json_object *fields, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *it = json_object_array_get_idx(fields, i), *own = NULL;
        json_object_object_get_ex(it, "name", &own);
        if (text_equal(json_object_get_string(own), name))
            return it;
    }
    return NULL;
}

/* An operator's form may be of any tenant: which roles that made itself is not known before it is
 * chosen, so those of every kind of tenant are offered. */
bool role_ticks_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *field = field_of(json_object_object_get(data, "fields"), "roles");
    const char *of = record ? record_value(record, "tenant_id") : NULL;
    const char *tenant_id = of ? of : cx->session->tenant_id;
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    struct rows *rows;
    if (!field)
        return true;
    if (!tenant || !(rows = db_get(&cx->db, &role_ticks_own, tenant_id)))
        return fail_db(cx);
    bool any = cx->session->is_operator && !record;
    struct role_ticks ticks = {cx, page_list(field, "options"),
                               json_object_get_string(json_object_object_get(field, "value"))};
    for (const struct builtin_role *it = builtin_roles; it->key; it++)
        if (any || builtin_role_in(it, tenant->kind))
            add_tick(&ticks, it->key, it->name);
    for (size_t i = 0; i < rows_count(rows); i++)
        add_tick(&ticks, rows_text(rows, i, 0), rows_text(rows, i, 1));
    page_set_bool(field, "is_plain", false);
    page_set_bool(field, "is_group", true);
    page_set(field, "help", "Nothing ticked: the usual one of the person's kind.");
    return true;
}
