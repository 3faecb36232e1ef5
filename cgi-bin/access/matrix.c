/* matrix: the page of roles by permissions, with ticks; where records have owners, with whose
 * records a permission is of. */
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/permission_words.h"

STATEMENT(matrix_roles,
          "select key, name, permissions, rank, inherits\n"
          "from roles\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

STATEMENT(matrix_store,
          "update roles\n"
          "set permissions = $2::jsonb\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and key = $1",
          DB_WRITES);

struct column {
    const char *key, *name, *inherits;
    struct permissions grants;
    int rank;
    bool custom, editable;
};

struct table {
    struct cx *cx;
    struct column *columns;
    size_t count;
    json_object *groups, *rows;
    const char *subject;
};

static const struct column *column_find(const struct table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (text_equal(table->columns[i].key, key))
            return &table->columns[i];
    return NULL;
}

/* Whether the one signed in covers the role with what it inherits; what stands in no
 * column is not known. */
static bool column_is_covered(const struct table *table, const struct column *column)
{
    const struct session *me = table->cx->session;
    for (int depth = 0; column && depth <= 5; depth++) {
        if (column->rank > me->rank || permissions_lacking(&me->permissions, &column->grants))
            return false;
        if (!column->inherits)
            return true;
        column = column_find(table, column->inherits);
    }
    return column != NULL;
}

static bool load_columns(struct table *table)
{
    struct cx *cx = table->cx;
    struct rows *rows = db_get0(&cx->db, &matrix_roles);
    if (!rows)
        return fail_db(cx);
    size_t most = rows_count(rows);
    for (const struct builtin_role *role = builtin_roles; role->key; role++)
        most++;
    table->columns = arena_alloc(cx->arena, sizeof *table->columns * most);
    for (const struct builtin_role *role = builtin_roles; role->key; role++)
        if (builtin_role_in(role, cx->tenant->kind))
            table->columns[table->count++] =
                (struct column){.key = role->key,
                                .name = role->name,
                                .grants = builtin_role_grants(cx->arena, role),
                                .rank = role->rank};
    for (size_t i = 0; i < rows_count(rows); i++)
        table->columns[table->count++] =
            (struct column){.key = rows_text(rows, i, 0),
                            .name = rows_text(rows, i, 1),
                            .inherits = rows_text(rows, i, 4),
                            .grants = permissions_read(cx->arena, rows_text(rows, i, 2)),
                            .rank = (int)rows_int(rows, i, 3),
                            .custom = true};
    for (size_t i = 0; i < table->count; i++)
        table->columns[i].editable = table->columns[i].custom && may(cx, "access.roles:update") &&
                                     column_is_covered(table, &table->columns[i]);
    return true;
}

/* What nobody here has nor could give, like the platform's own, is no concern of theirs. */
static bool is_of_concern(const struct table *table, const char *name)
{
    bool concerns = areas_may(table->cx, name);
    for (size_t i = 0; i < table->count; i++)
        concerns = concerns || permissions_sight(&table->columns[i].grants, name) != SIGHT_NONE;
    return concerns;
}

static json_object *rows_of(struct table *table, const char *subject)
{
    if (!text_equal(subject, table->subject)) {
        json_object *group = page_item(table->groups);
        page_set(group, "subject", subject);
        page_set_int(group, "number", (int64_t)json_object_array_length(table->groups));
        page_set_int(group, "wide", (int64_t)table->count + 1);
        table->rows = page_list(group, "rows");
        table->subject = subject;
    }
    return table->rows;
}

static void add_row(void *arg, const char *name, const char *title, const char *area)
{
    struct table *table = arg;
    (void)area;
    if (!is_of_concern(table, name))
        return;
    const struct permission_words words = permission_words(table->cx, name, title);
    json_object *row = page_item(rows_of(table, words.subject));
    json_object *cells = page_list(row, "cells");
    page_set(row, "permission", name);
    page_set(row, "action", words.action);
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        json_object *cell = page_item(cells);
        permission_cell_add(table->cx, cell, column->key, name,
                            column->editable ? &column->grants : NULL, &column->grants);
        page_set(cell, "may",
                 arena_printf(table->cx->arena, "%s: %s, %s", column->name, words.subject,
                              words.action));
    }
}

static bool show(struct cx *cx)
{
    struct table table = {.cx = cx};
    json_object *data = page_object(cx);
    if (!load_columns(&table))
        return false;
    json_object *heads = page_list(data, "columns");
    bool editable = false;
    for (size_t i = 0; i < table.count; i++) {
        json_object *head = page_item(heads);
        page_set(head, "name", table.columns[i].name);
        page_set_bool(head, "custom", table.columns[i].custom);
        editable = editable || table.columns[i].editable;
    }
    table.groups = page_list(data, "groups");
    areas_permissions(add_row, &table);
    permission_rows_order(table.groups, "rows");
    page_set_bool(data, "editable", editable);
    page_crumb(data, roles.title, roles.page);
    return page_render(cx, 200, "access/matrix", "Permissions", data);
}

/* ---- saving: the ticks of a role are its permissions ---- */

static bool save_column(struct cx *cx, const struct column *column)
{
    const char *list = permission_cells_take(cx, column->key, &column->grants);
    if (!list)
        return true;
    return role_change_begin(cx, &cx->db, cx->session->tenant_id, column->key) &&
           (db_get(&cx->db, &matrix_store, column->key, list) || fail_db(cx)) &&
           role_change_end(cx, &cx->db);
}

static bool submit(struct cx *cx)
{
    struct table table = {.cx = cx};
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!load_columns(&table))
        return false;
    for (size_t i = 0; i < table.count; i++)
        if (table.columns[i].editable && !save_column(cx, &table.columns[i]))
            return false;
    if (!db_commit(&cx->db))
        return fail_db(cx);
    session_rights_changed(&cx->db, cx->session->tenant_id);
    page_notice(cx, "success", "Permissions saved.");
    return page_go(cx, "/admin/permissions");
}

const struct route matrix_pages[] = {
    ROUTE(GET, "/admin/permissions", MAY(TENANT, "access.roles:read"), show,
          "Roles by permissions, with ticks.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/permissions", MAY(TENANT, "access.roles:update"), submit, "Save the ticks.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM | ROUTE_LOOSE_BODY),
    {.path = NULL},
};
