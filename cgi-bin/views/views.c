/* views: what people keep of lists under a name: filters, order and columns. A view is its owner's
 * alone until they share it, which needs a permission; what it finds is cut by the sight of whoever
 * looks, since it holds nothing but the query of a list. */
#include "views.h"

#include <string.h>

#include "access/roles.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/list_address.h"
#include "resource/model.h"

enum { VIEWS_MOST = 50 }; /* of one person for one list */

STATEMENT(view_count_own,
          "select count(*), count(*) filter (where name = $3)\n"
          "from saved_views\n"
          "where tenant_id = $4::uuid and resource = $1 and owner_id = $2::uuid\n"
          "and id is distinct from $5::uuid",
          0);

STATEMENT(view_role_exists,
          "select exists (select from roles where tenant_id = $1::uuid and key = $2)", 0);

STATEMENT(view_roles_own,
          "select key, name\n"
          "from roles\n"
          "where tenant_id = $1::uuid\n"
          "order by rank desc, key\n"
          "limit 100",
          0);

STATEMENT(view_default_moves,
          "update saved_views\n"
          "set default_role = null\n"
          "where tenant_id = $1::uuid and resource = $2 and default_role = $3\n"
          "and id is distinct from $4::uuid",
          DB_WRITES);

/* ---- rules ---- */

const struct resource *view_list(const char *name)
{
    const struct resource *list = name ? model_resource(name) : NULL;
    return list && list->page && !list->personal && (list->operations & OP_LIST) ? list : NULL;
}

/* What the view will have: as given, else as it is. */
static const char *view_value(const struct input *input, const struct list_result *there,
                              const char *name)
{
    const struct value *value = input_value(input, name);
    if (value->presence == ABSENT)
        return there ? record_value(there, name) : NULL;
    return value->presence == GIVEN ? value->text : NULL;
}

static bool view_check_query(struct cx *cx, const struct resource *list, struct input *input)
{
    struct parameter *parameters;
    const struct value *query = input_value(input, "query");
    if (query->presence != GIVEN)
        return true;
    if (!list_address_read(cx, query->text, &parameters))
        return fail_field(cx, "query", "invalid", "This is no query of an address.");
    const char *problem = list_address_problem(cx, list, parameters);
    if (problem)
        return fail_field(cx, "query", "invalid_query", "%s", problem);
    input_set(input, "query", list_address_write(cx->arena, parameters));
    return cx->failure.status == 0;
}

static bool view_check_name(struct cx *cx, const char *list, const char *name, const char *id)
{
    struct rows *rows = db_get(&cx->db, &view_count_own, list, cx->session->user_id, name,
                               cx->session->tenant_id, id);
    if (!rows)
        return fail_db(cx);
    if (rows_int(rows, 0, 1) > 0)
        return fail(cx, 409, "name_taken", "You have a view of this name already.");
    return id || rows_int(rows, 0, 0) < VIEWS_MOST ||
           fail(cx, 409, "too_many_views", "There is room for %d views of one's own of a list.",
                VIEWS_MOST);
}

static bool view_role_is_there(struct cx *cx, const char *key)
{
    if (builtin_role_find(key))
        return true;
    struct rows *rows = db_get(&cx->db, &view_role_exists, cx->session->tenant_id, key);
    return rows ? rows_bool(rows, 0, 0) : fail_db(cx);
}

/* There is one default for a role: the newer takes the place of the one before. */
static bool view_take_default(struct cx *cx, struct input *input, const struct list_result *there,
                              const char *list, const char *id)
{
    const char *role = view_value(input, there, "default_role");
    const char *shared = view_value(input, there, "shared");
    if (!role)
        return true;
    if (!text_equal(shared, "true") && !text_equal(shared, "t"))
        return fail_field(cx, "defaultRole", "not_shared",
                          "Only a view that is shared is shown "
                          "first to others.");
    if (input_value(input, "default_role")->presence == ABSENT)
        return true;
    if (!view_role_is_there(cx, role))
        return cx->failure.status == 0 &&
               fail_field(cx, "defaultRole", "unknown_reference", "There is no such role.");
    return db_get(&cx->db, &view_default_moves, cx->session->tenant_id, list, role, id) ||
           fail_db(cx);
}

static bool view_prepare(struct cx *cx, enum operation operation, const char *id,
                         struct input *input)
{
    struct list_result there;
    bool is_new = operation == OP_CREATE;
    if (operation == OP_DELETE)
        return true;
    if (!is_new && !record_get(cx, &views, id, &there))
        return false;
    const char *name =
        is_new ? input_value(input, "resource")->text : record_value(&there, "resource");
    const struct resource *list = view_list(name);
    if (!list)
        return fail_field(cx, "resource", "unknown_list", "There is no such list.");
    bool named = input_value(input, "name")->presence == GIVEN;
    return view_check_query(cx, list, input) &&
           (!named ||
            view_check_name(cx, name, input_value(input, "name")->text, is_new ? NULL : id)) &&
           view_take_default(cx, input, is_new ? NULL : &there, name, is_new ? NULL : id);
}

/* ---- its form: words in place of names ---- */

static json_object *view_form_select(json_object *data, const char *name)
{
    json_object *fields = json_object_object_get(data, "fields");
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *it = json_object_array_get_idx(fields, i);
        if (!text_equal(page_text(it, "name"), name))
            continue;
        page_set_bool(it, "is_choice", true);
        page_set_bool(it, "is_input", false);
        page_list(it, "options");
        return it;
    }
    return NULL;
}

static void view_form_option(json_object *select, const char *value, const char *title)
{
    json_object *option = page_item(json_object_object_get(select, "options"));
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", text_equal(page_text(select, "value"), value));
}

static void view_form_lists(struct cx *cx, json_object *select)
{
    for (size_t i = 0; select && i < model_count(); i++) {
        const struct resource *it = view_list(model_name(model_at(i)));
        if (it && resource_may(cx, it, arena_printf(cx->arena, "%s:read", it->permission)))
            view_form_option(select, model_name(it), cx_text(cx, it->title));
    }
}

bool view_add_roles(struct cx *cx, json_object *select)
{
    struct rows *rows = db_get(&cx->db, &view_roles_own, cx->session->tenant_id);
    const struct tenant *tenant = cx->tenant;
    if (!rows)
        return fail_db(cx);
    view_form_option(select, "", cx_text(cx, "Nobody"));
    for (const struct builtin_role *it = builtin_roles; it->key; it++)
        if (tenant && builtin_role_in(it, tenant->kind))
            view_form_option(select, it->key, cx_text(cx, it->name));
    for (size_t i = 0; i < rows_count(rows); i++)
        view_form_option(select, rows_text(rows, i, 0), rows_text(rows, i, 1));
    return true;
}

static bool view_add_to_form(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *roles = view_form_select(data, "defaultRole");
    (void)record;
    view_form_lists(cx, view_form_select(data, "resource"));
    return !roles || view_add_roles(cx, roles);
}

/* On its page: the list as it says. */
static bool view_add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (record)
        page_action(data, "Open the list",
                    arena_printf(cx->arena, "%s/%s/open", views.page, record_value(record, "id")),
                    /* icon */ "external-link");
    return true;
}

const struct resource views = {
    .name = "views",
    .one = "view",
    .title = "Saved views",
    .about = "What you want to see of a list again: filters, order and columns under a name.",
    .personal = "owner_id",
    .shared = "shared",
    .shares_with = VIEW_SHARE,
    .table = "saved_views",
    .api = "/api/views",
    .page = "/views",
    .icon = "bookmark",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_MERGE | OP_DELETE,
    .sort = "name",
    .no_events = true,
    .errors = "409 name_taken, 409 too_many_views",
    .fields = FIELDS(
        {"name", TEXT, REQUIRED | SORTED | LISTED, 1, 80, .example = "Hot leads"},
        {"resource", TEXT, REQUIRED | CREATE_ONLY | FILTERED | LISTED, 3, 100, .label = "List",
         .help = "Area and name of what is listed.", .example = "crm.leads"},
        {"query", TEXT, HIDDEN, 0, 4000, .initial = "", .example = "status=new&sort=-createdAt",
         .help = "Filters, order and columns, as in the address of the list."},
        {"shared", BOOL, LISTED, .initial = "false", .changed_with = VIEW_SHARE,
         .help = "Others in the workspace have it too; what they see by it is what they may see."},
        {"default_role", TEXT, NULLABLE, 2, 49, .label = "Shown first to",
         .changed_with = VIEW_SHARE, .example = NULL,
         .help = "Who has this role sees the list so when they open it."},
        {"owner_id", UUID, READ_ONLY | NULLABLE, .label = "Owner", .refers = "users.platform-users",
         .on_delete = SET_NULL}),
    .prepare = view_prepare,
    .add_to_form = view_add_to_form,
    .add_to_page = view_add_to_page,
};

static const struct area area = {
    .name = "views",
    .title = "Saved views",
    .about = "Lists as people want to see them again.",
    .routes = view_pages,
    .resources = RESOURCES(&views),
    .permissions = PERMISSIONS({VIEW_SHARE, "Share views of lists, and say who sees which first"}),
    .grants = ROLE_GRANTS({"admin", "views.*"}),
};

AREA_MAIN(area)
