/* form_roles: where a field holds keys of roles, people choose among names: the built-in ones and
 * those that the tenant made. */
#include <string.h>

#include "access/roles.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/resource.h"

STATEMENT(form_roles_own,
          "select key, name\n"
          "from roles\n"
          "where tenant_id = $1::uuid and key not like 'own\\_%'\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

struct role_options {
    struct cx *cx;
    json_object *list;
    const struct field *field;
    const char *value; /* a key, or one on each line */
    bool known;        /* what is stored is among them */
};

static bool role_is_sent(const struct role_options *options, const char *key)
{
    const char *name = field_json_name(options->field);
    for (const struct parameter *it = options->cx->request.form; it; it = it->next)
        if (strcmp(it->name, name) == 0 && strcmp(it->value, key) == 0)
            return true;
    return false;
}

static bool role_is_stored(const struct role_options *options, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = options->value; line && *line; line += strcspn(line, "\n")) {
        line += *line == '\n';
        if (strcspn(line, "\n") == len && strncmp(line, key, len) == 0)
            return true;
    }
    return false;
}

static void add_role(struct role_options *options, const char *key, const char *name)
{
    json_object *option = page_item(options->list);
    bool chosen = role_is_sent(options, key) || role_is_stored(options, key);
    page_set(option, "value", key);
    page_set(option, "title", name);
    page_set_bool(option, "selected", chosen);
    options->known = options->known || chosen;
}

/* An operator's form may be of any tenant: which roles that made itself is not known before it is
 * chosen, so those of every kind of tenant are offered. */
static void add_roles_of(struct role_options *options, const struct tenant *tenant, bool any)
{
    struct rows *rows = db_get(&options->cx->db, &form_roles_own, tenant->id);
    for (const struct builtin_role *it = builtin_roles; it->key; it++)
        if (any || builtin_role_in(it, tenant->kind))
            add_role(options, it->key, it->name);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        add_role(options, rows_text(rows, i, 0), rows_text(rows, i, 1));
}

void form_add_roles(struct cx *cx, json_object *out, const struct field *field,
                    const struct list_result *row, const char *value)
{
    struct role_options options = {cx, page_list(out, "options"), field, value, false};
    int column = row ? show_column(row, "tenant_id") : -1;
    const char *of = column >= 0 ? rows_text(row->rows, 0, column) : NULL;
    const struct tenant *tenant = of ? tenant_by_id(cx, of) : cx->tenant;
    bool any_tenant = cx->session && cx->session->is_operator && !row;
    if (field->type != ARRAY)
        add_role(&options, "", "\xe2\x80\x93");
    if (tenant)
        add_roles_of(&options, tenant, any_tenant);
    if (field->type != ARRAY && value && *value && !options.known) /* it stays until another is
                                                                      chosen */
        add_role(&options, value, value);
}
