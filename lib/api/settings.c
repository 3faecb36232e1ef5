#include "api/settings.h"

#include <stdlib.h>
#include <string.h>

#include "access/event.h"
#include "access/permission.h"
#include "access/tenant.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"

STATEMENT(settings_store,
          "update tenants\n"
          "set settings = jsonb_set(settings, array[$1], $2::jsonb)\n"
          "where id = current_setting('app.tenant_id')::uuid\n"
          "returning id",
          DB_WRITES);

/* A section with the statement that shows its stored values as columns, so
 * that JSON and form come from the same rows as any resource's. */
struct section {
    const struct settings_section *table;
    struct statement read;
    const struct field **fields;
    const char *page, *pages; /* its own, and that of all of them */
};

static void read_sql(struct buf *sql, const struct settings_section *table)
{
    buf_puts(sql, "select ");
    for (const struct field *field = table->fields; field->type != FIELD_END; field++) {
        bool nested = field->type == JSON || field->type == ARRAY || field->type == OBJECT;
        buf_printf(sql, "%ssettings->'%s'%s'%s' as %s", field == table->fields ? "" : ",\n       ",
                   table->key, nested ? "->" : "->>", field_json_name(field), field->name);
    }
    buf_puts(sql, "\nfrom tenants\nwhere id = current_setting('app.tenant_id')::uuid");
}

/* The platform's role sees all tenants: it is told whose settings these are. */
static void point_at_own(struct cx *cx)
{
    memcpy(cx->db.tenant_id, cx->tenant->id, UUID_SIZE);
}

static bool read_section(struct cx *cx, const struct section *section, struct list_result *out)
{
    point_at_own(cx);
    struct rows *rows = db_get0(&cx->db, &section->read);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "This tenant is gone.");
    *out = (struct list_result){.rows = rows, .fields = section->fields, .total = 1};
    return true;
}

/* What was never set shows its declared initial value. */
static void write_section(struct json *json, const struct list_result *values)
{
    json_open_object(json);
    for (int i = 0; values->fields && values->fields[i]; i++) {
        const struct field *field = values->fields[i];
        const char *text = rows_text(values->rows, 0, i);
        if (!text)
            text = field->initial;
        json_key(json, field_json_name(field));
        field_write_json(json, field, text, text ? strlen(text) : 0);
    }
    json_close_object(json);
}

static bool settings_get(struct cx *cx)
{
    struct list_result values = {.rows = NULL};
    if (!read_section(cx, cx->route->about, &values))
        return false;
    write_section(respond_begin(cx, 200), &values);
    return respond_end(cx);
}

static char *input_as_json(struct cx *cx, const struct settings_section *table)
{
    struct buf out;
    struct json json;
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    json_open_object(&json);
    for (const struct field *field = table->fields; field->type != FIELD_END; field++) {
        const struct value *value = input_value(cx->input, field->name);
        if (value->presence != GIVEN)
            continue;
        json_key(&json, field_json_name(field));
        const char *text = value->json ? json_object_to_json_string(value->json) : value->text;
        field_write_json(&json, field, text, strlen(text));
    }
    json_close_object(&json);
    return out.data;
}

static bool store_section(struct cx *cx, const struct settings_section *table)
{
    point_at_own(cx);
    cx->db.action = "settings.updated";
    struct rows *rows = db_get(&cx->db, &settings_store, table->key, input_as_json(cx, table));
    if (!rows)
        return fail_db(cx);
    tenant_changed(cx->tenant->id);
    return true;
}

static bool settings_put(struct cx *cx)
{
    const struct section *section = cx->route->about;
    return store_section(cx, section->table) && settings_get(cx);
}

static bool show_form(struct cx *cx, int status)
{
    const struct section *section = cx->route->about;
    struct list_result values = {.rows = NULL};
    if (!read_section(cx, section, &values))
        return false;
    json_object *data = page_object(cx);
    page_set(data, "about", section->table->about);
    page_set(data, "action", section->page);
    page_set(data, "back", section->pages);
    json_object_object_add(data, "fields",
                           page_form_fields(cx, section->table->fields, &values, false));
    page_set_bool(data, "read_only", !may(cx, "tenants.settings:update"));
    return page_render(cx, status, "layout/settings", section->table->title, data);
}

static bool settings_page(struct cx *cx)
{
    return show_form(cx, 200);
}

static bool settings_page_save(struct cx *cx)
{
    const struct section *section = cx->route->about;
    if (cx->failure.status == 422)
        return show_form(cx, 422);
    if (!store_section(cx, section->table))
        return false;
    page_notice(cx, "success", "Settings saved.");
    return page_go(cx, section->page);
}

static void *keep(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        log_out_of_memory();
    return memory;
}

static char *kept_path(const char *prefix, const char *key)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s", prefix, key);
    return path.data;
}

static struct section *section_new(const struct settings_section *table)
{
    struct section *section = keep(1, sizeof *section);
    size_t count = field_count(table->fields);
    struct buf sql = {0};
    read_sql(&sql, table);
    section->table = table;
    section->read = (struct statement){.name = kept_path("settings_", table->key), .sql = sql.data};
    section->fields = keep(count + 1, sizeof *section->fields);
    for (size_t i = 0; i < count; i++)
        section->fields[i] = &table->fields[i];
    section->pages = table->platform ? "/platform/settings" : "/admin/settings";
    section->page =
        kept_path(table->platform ? "/platform/settings/" : "/admin/settings/", table->key);
    return section;
}

/* What one needs to read or to change a section. */
static struct access access_of(const struct settings_section *table, bool to_change)
{
    if (table->platform)
        return to_change ? MAY(PLATFORM, "platform.settings:update")
                         : MAY(PLATFORM, "platform.settings:read");
    return to_change ? MAY(TENANT, "tenants.settings:update")
                     : MAY(TENANT, "tenants.settings:read");
}

static size_t add_api(struct route *routes, const struct section *section, const char *path)
{
    const struct settings_section *table = section->table;
    routes[0] = (struct route)ROUTE(GET, path, access_of(table, false), settings_get, table->about,
                                    .answer_fields = table->fields, .about = section);
    routes[1] = (struct route)ROUTE(PUT, path, access_of(table, true), settings_put, table->about,
                                    .body = table->fields, .answer_fields = table->fields,
                                    .about = section);
    return 2;
}

static size_t add_pages(struct route *routes, const struct section *section)
{
    const struct settings_section *table = section->table;
    routes[0] = (struct route)ROUTE(GET, section->page, access_of(table, false), settings_page,
                                    table->title, .answer = ANSWER_PAGE, .about = section);
    routes[1] = (struct route)ROUTE(POST, section->page, access_of(table, true), settings_page_save,
                                    table->title, .answer = ANSWER_PAGE,
                                    .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS, .body = table->fields,
                                    .about = section);
    return 2;
}

const struct route *settings_routes(const struct settings_section *table)
{
    const struct section *section = section_new(table);
    struct route *routes = keep(7, sizeof *routes);
    size_t count = add_api(
        routes, section,
        kept_path(table->platform ? "/api/platform/settings/" : "/api/settings/", table->key));
    if (table->also)
        count += add_api(routes + count, section, table->also);
    add_pages(routes + count, section);
    return routes;
}

const char *settings_text(struct cx *cx, const struct tenant *tenant,
                          const struct settings_section *section, const char *name)
{
    const struct field *field = field_find(section->fields, name);
    const char *text = tenant_setting_of(cx, tenant, section->key, field_json_name(field));
    return text ? text : field->initial;
}

int64_t settings_int(struct cx *cx, const struct tenant *tenant,
                     const struct settings_section *section, const char *name)
{
    int64_t number = 0;
    const char *text = settings_text(cx, tenant, section, name);
    return text && text_to_int(text, INT64_MIN, INT64_MAX, &number) ? number : 0;
}
