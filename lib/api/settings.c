#include "api/settings.h"

#include <stdlib.h>
#include <string.h>

#include "access/event.h"
#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "api/merge.h"
#include "base/log.h"
#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/tables.h"

STATEMENT(settings_put_sections,
          "update tenants\n"
          "set settings = settings || $1::jsonb\n"
          "where id = current_setting('app.tenant_id')::uuid\n"
          "returning settings",
          DB_WRITES);

/* ---- the one door: whatever is stored in tenants.settings comes through here ---- */

static bool section_check(struct cx *cx, const char *key, json_object *content, bool platform)
{
    char *name = arena_printf(cx->arena, "settings.%s", key);
    const struct table_section *rules = tables_section(key);
    if (!rules || (rules->platform && !platform))
        return fail_field(cx, name, "unknown_section", "There is no such section here.");
    if (!json_object_is_type(content, json_type_object))
        return fail_field(cx, name, "wrong_type", "A section is an object.");
    return input_read_json_at(cx, arena_printf(cx->arena, "%s.", name), rules->fields, content,
                              INPUT_REPLACE);
}

/* Sections of the platform's own are open to those who may change them, and there alone. */
static bool settings_check(struct cx *cx, json_object *sections)
{
    const struct tenant *platform = tenant_platform(cx);
    bool good = true;
    if (!platform)
        return fail_db(cx);
    bool own = strcmp(cx->db.tenant_id, platform->id) == 0 && may(cx, "platform.settings:update");
    json_object_object_foreach(sections, key, content)
    {
        good = section_check(cx, key, content, own) && good;
    }
    return good;
}

struct rows *settings_store(struct cx *cx, json_object *sections)
{
    if (!settings_check(cx, sections))
        return NULL;
    cx->db.action = "tenant.settings_updated";
    const char *text = json_object_to_json_string_ext(sections, JSON_C_TO_STRING_PLAIN);
    int scope = db_scope(&cx->db);
    struct rows *rows = db_begin(&cx->db) ? db_get(&cx->db, &settings_put_sections, text) : NULL;
    if (!rows && text_equal(cx->db.error.constraint, "tenants_settings_size"))
        fail(cx, 422, "settings_too_large", "All settings together may take 16 kB.");
    else if (!rows)
        fail_db(cx);
    else if (rows_count(rows) == 0)
        fail(cx, 404, "not_found", "There is no such tenant.");
    else
        tenant_changed(&cx->db, cx->db.tenant_id);
    if (cx->failure.status == 0 && session_void_ended(cx, &cx->db) &&
        (db_commit(&cx->db) || fail_db(cx)))
        return rows;
    db_rollback_to(&cx->db, scope);
    return NULL;
}

/* ---- reading ---- */

/* A section with the statement that shows its stored values as columns, so
 * that JSON and form come from the same rows as any resource's. */
struct section {
    const struct settings_section *table; /* own */
    struct settings_section own;
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

/* What was never set shows its declared initial value; so does what was stored by older rules and
 * is none of today's: an answer stays JSON whatever the table holds. */
static const char *settings_sound(struct cx *cx, const struct field *field, const char *text)
{
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    bool good = text != NULL;
    if (good && (field->type == ARRAY || field->type == OBJECT))
        good = *text == (field->type == ARRAY ? '[' : '{');
    else if (good && field->type != JSON)
        good = field_check_text(cx, field, text, &value, &code, &message);
    return good ? text : field->initial;
}

static void write_section(struct cx *cx, struct json *json, const struct list_result *values)
{
    json_open_object(json);
    for (int i = 0; values->fields && values->fields[i]; i++) {
        const struct field *field = values->fields[i];
        const char *text = settings_sound(cx, field, rows_text(values->rows, 0, i));
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
    write_section(cx, respond_begin(cx, 200), &values);
    return respond_end(cx);
}

static void settings_release_json(void *value)
{
    json_object_put(value);
}

static json_object *value_as_json(struct cx *cx, const struct field *field,
                                  const struct value *value)
{
    struct buf out;
    struct json json;
    struct json_problem problem;
    bool is_null;
    if (value->json)
        return json_object_get(value->json);
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    field_write_json(&json, field, value->text, strlen(value->text));
    return json_object_get(json_read(cx->arena, out.data, out.len, NULL, &is_null, &problem));
}

/* The input of a section, be it JSON or a form, as {"key": {…}}. */
static json_object *section_as_json(struct cx *cx, const struct settings_section *table)
{
    json_object *sections = json_object_new_object(), *content = json_object_new_object();
    arena_defer(cx->arena, settings_release_json, sections);
    json_object_object_add(sections, table->key, content);
    for (const struct field *field = table->fields; field->type != FIELD_END; field++) {
        const struct value *value = input_value(cx->input, field->name);
        if (value->presence == GIVEN)
            json_object_object_add(content, field_json_name(field),
                                   value_as_json(cx, field, value));
    }
    return sections;
}

static bool store_section(struct cx *cx, const struct settings_section *table)
{
    point_at_own(cx);
    return settings_store(cx, section_as_json(cx, table)) != NULL;
}

static bool settings_put(struct cx *cx)
{
    const struct section *section = cx->route->about;
    return store_section(cx, section->table) && settings_get(cx);
}

static bool read_own(struct cx *cx, struct list_result *out)
{
    return read_section(cx, cx->route->about, out);
}

static bool store_own(struct cx *cx)
{
    const struct section *section = cx->route->about;
    return store_section(cx, section->table);
}

static bool settings_patch(struct cx *cx)
{
    point_at_own(cx);
    return merge_part(cx, read_own, store_own) && settings_get(cx);
}

/* The sections that there are here, as a menu of the page. */
static void add_menu(struct cx *cx, json_object *data, bool platform, const char *pages)
{
    json_object *menu = page_list(data, "menu");
    for (const struct table_section *it = tables_sections(); it->key; it++) {
        if (it->platform != platform)
            continue;
        json_object *item = page_item(menu);
        page_set(item, "title", cx_text(cx, it->title));
        page_set(item, "path", arena_printf(cx->arena, "%s#%s", pages, it->key));
    }
}

static bool add_section(struct cx *cx, json_object *list, const struct section *section)
{
    struct list_result values = {.rows = NULL};
    if (!read_section(cx, section, &values))
        return false;
    json_object *item = page_item(list);
    page_set(item, "key", arena_text(cx->arena, section->table->key));
    page_set(item, "title", cx_text(cx, section->table->title));
    page_set(item, "about", cx_text(cx, section->table->about));
    page_set(item, "action", section->page);
    page_set(item, "version", record_etag(cx, &values));
    json_object_object_add(item, "fields",
                           page_form_fields(cx, section->table->fields, &values, false));
    page_set_bool(item, "read_only",
                  !may(cx, section->table->platform ? "platform.settings:update"
                                                    : "tenants.settings:update"));
    return true;
}

/* One alone, as when something in it is to be put right. */
static bool show_form(struct cx *cx, int status)
{
    const struct section *section = cx->route->about;
    json_object *data = page_object(cx);
    if (!add_section(cx, page_list(data, "sections"), section))
        return false;
    add_menu(cx, data, section->table->platform, section->pages);
    page_crumb(data, "Settings", section->pages);
    return page_render(cx, status, "layout/settings", section->table->title, data);
}

static bool settings_page(struct cx *cx)
{
    return show_form(cx, 200);
}

static bool settings_page_save(struct cx *cx)
{
    const struct section *section = cx->route->about;
    point_at_own(cx);
    if (cx->failure.status != 0 || !save_part(cx, read_own, store_own))
        return part_can_be_corrected(cx) && show_form(cx, cx->failure.status);
    page_notice(cx, "success", "Settings saved.");
    return page_go(cx, section->pages);
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
    section->own = *table;
    section->table = &section->own;
    section->read = (struct statement){.name = kept_path("settings_", table->key), .sql = sql.data};
    section->fields = keep(count + 1, sizeof *section->fields);
    for (size_t i = 0; i < count; i++)
        section->fields[i] = &table->fields[i];
    section->pages = table->platform ? "/platform/settings" : "/admin/settings";
    section->page =
        kept_path(table->platform ? "/platform/settings/" : "/admin/settings/", table->key);
    return section;
}

/* Of whatever area. */
static const struct section *section_of(const struct table_section *it)
{
    static struct registry made;
    struct section *section = registry_find(&made, it);
    if (section)
        return section;
    section = section_new(&(struct settings_section){.key = it->key,
                                                     .title = it->title,
                                                     .about = it->about,
                                                     .fields = it->fields,
                                                     .platform = it->platform});
    registry_add(&made, it, section);
    return section;
}

bool settings_show_all(struct cx *cx, bool platform)
{
    json_object *data = page_object(cx), *list = page_list(data, "sections");
    for (const struct table_section *it = tables_sections(); it->key; it++)
        if (it->platform == platform && !add_section(cx, list, section_of(it)))
            return false;
    add_menu(cx, data, platform, "");
    return page_render(cx, 200, "layout/settings", "Settings", data);
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

/* verb, "api" -> "getApiSettings", or "getPlatformDeletionSettings" of the platform's own. */
static const char *settings_operation(const char *verb, const char *noun)
{
    struct arena *arena = arena_new();
    char *name = kept_path(verb, text_pascal(arena, noun));
    arena_free(arena);
    return name;
}

static size_t add_api(struct route *routes, const struct section *section, const char *path,
                      const char *noun)
{
    const struct settings_section *table = section->table;
    routes[0] =
        (struct route)ROUTE(GET, path, access_of(table, false), settings_get, table->about,
                            .operation = settings_operation("get", noun), .answer_name = noun,
                            .answer_fields = table->fields, .about = section);
    routes[1] =
        (struct route)ROUTE(PUT, path, access_of(table, true), settings_put, table->about,
                            .operation = settings_operation("replace", noun), .answer_name = noun,
                            .body = table->fields, .body_limit = SETTINGS_BODY_MAX,
                            .answer_fields = table->fields, .about = section);
    routes[2] =
        (struct route)ROUTE(PATCH, path, access_of(table, true), settings_patch, table->about,
                            .operation = settings_operation("update", noun), .answer_name = noun,
                            .body = table->fields, .body_limit = SETTINGS_BODY_MAX,
                            .answer_fields = table->fields, .flags = ROUTE_MERGE, .about = section);
    return 3;
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
    struct route *routes = keep(9, sizeof *routes);
    const char *prefix = table->platform ? "platform " : "";
    const char *noun = kept_path(prefix, kept_path(table->key, " settings"));
    size_t count = add_api(
        routes, section,
        kept_path(table->platform ? "/api/platform/settings/" : "/api/settings/", table->key),
        noun);
    if (table->also) {
        struct route *also = routes + count;
        count += add_api(also, section, table->also, table->also_named);
        also[0].answer_name = also[1].answer_name = also[2].answer_name = noun;
        also[0].deprecated = also[1].deprecated = also[2].deprecated = table->also_deprecated;
    }
    add_pages(routes + count, section);
    return routes;
}

const char *settings_text(struct cx *cx, const struct tenant *tenant,
                          const struct settings_section *section, const char *name)
{
    const struct field *field = field_find(section->fields, name);
    return settings_sound(cx, field,
                          tenant_setting_of(cx, tenant, section->key, field_json_name(field)));
}

int64_t settings_int(struct cx *cx, const struct tenant *tenant,
                     const struct settings_section *section, const char *name)
{
    int64_t number = 0;
    const char *text = settings_text(cx, tenant, section, name);
    return text && text_to_int(text, INT64_MIN, INT64_MAX, &number) ? number : 0;
}
