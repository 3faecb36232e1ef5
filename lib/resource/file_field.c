#include "resource/file_field.h"

#include <string.h>

#include "base/registry.h"
#include "base/text.h"
#include "file/held.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/shape.h"

const struct field file_field_members[] = {
    {"id", UUID},
    {"name", TEXT, .example = "photo.png", .help = "As it was called when it was sent."},
    {"type", TEXT, .example = "image/png", .help = "By its content."},
    {"size", INT, .example = "20480", .help = "In bytes."},
    {"width", INT, NULLABLE, .example = "512", .help = "Of a picture, in pixels."},
    {"height", INT, NULLABLE, .example = "512", .help = "Of a picture, in pixels."},
    {"url", TEXT, .example = "/api/crm/contacts/0192f0c1-7c1e-7000-8000-000000000001/photo",
     .help = "Where its content is, on this host."},
    {.type = FIELD_END}};

/* ---- in answers ---- */

static char *make_select(const struct resource *resource, const struct field *field)
{
    const char *table = resource->table;
    return engine_text(
        "select json_build_object('id', f.id, 'name', f.name, 'type', f.type, 'size', f.bytes,\n"
        "    'width', f.width, 'height', f.height, 'url', '%s/' || %s.id || '/%s')\n"
        "from files f\n"
        "where f.tenant_id = %s.tenant_id and f.resource = '%s' and f.record_id = %s.id\n"
        "and f.field = '%s'",
        resource->api, table, field_json_name(field), table, table, table, field->name);
}

static struct registry *selects(void)
{
    static struct registry all;
    return &all;
}

void file_field_know(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->type == FILE_FIELD && !registry_find(selects(), it))
            registry_add(selects(), it, make_select(resource, it));
}

const char *file_field_select(const struct field *field)
{
    return registry_find(selects(), field);
}

bool file_field_is_written(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->type == FILE_FIELD && it->file)
            return true;
    return false;
}

/* ---- its own addresses ---- */

/* The field that the route's path ends with. */
static const struct field *field_here(const struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    return field_find_json(resource->fields, strrchr(cx->route->path, '/') + 1);
}

static struct held held_by(const struct cx *cx, const char *record_id, const struct field *field)
{
    const struct resource *resource = cx->route->about;
    return (struct held){resource->table, record_id, field->name};
}

static bool find_record(struct cx *cx, struct list_result *out)
{
    const struct resource *resource = cx->route->about;
    if (!record_get_with(cx, resource, cx_path(cx, "id"), cx->route->access.needs, out))
        return false;
    return shape_find(cx, resource, field_json_name(field_here(cx))) != NULL;
}

/* An operator's database has no tenant of its own. */
static void enter_tenant(struct cx *cx, const struct list_result *record)
{
    const char *tenant_id = record_value(record, "tenant_id");
    if (!cx->db.tenant_id[0] && tenant_id)
        memcpy(cx->db.tenant_id, tenant_id, UUID_SIZE);
}

static bool api_content(struct cx *cx)
{
    const struct held held = held_by(cx, cx_path(cx, "id"), field_here(cx));
    struct list_result record;
    struct file file = {.bytes = 0};
    if (!find_record(cx, &record))
        return false;
    enter_tenant(cx, &record);
    if (!held_find(cx, &held, &file))
        return false;
    if (file.bytes == 0)
        return fail(cx, 404, "not_found", "There is no file.");
    return file_answer(cx, &file, cx->db.tenant_id, true);
}

/* The record shows it, so it is another version with it. */
static bool touch(struct cx *cx, const struct resource *resource, const char *record_id)
{
    const char *parameters[] = {record_id};
    const char *sql =
        arena_printf(cx->arena, "update %s\nset id = id\nwhere id = $1::uuid", resource->table);
    return db_run(&cx->db, statement_made(cx->arena, sql, DB_WRITES), parameters, 1) || fail_db(cx);
}

static bool may_write(struct cx *cx)
{
    const struct field *field = field_here(cx);
    return shape_writes(cx, cx->route->about, field) ||
           fail(cx, 403, "permission_missing", "%s needs another permission to be changed.",
                field_json_name(field));
}

static bool answer_record(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_result record;
    return record_find(cx, resource, cx_path(cx, "id"), &viewer_of_all, &record) &&
           record_answer(cx, &record, 200);
}

static bool api_put(struct cx *cx)
{
    const struct field *field = field_here(cx);
    const char *id = cx_path(cx, "id");
    const struct held held = held_by(cx, id, field);
    struct list_result record;
    struct file file = {.store = NULL};
    if (!find_record(cx, &record) || !may_write(cx) || !held_take(cx, &held, field->file, &file))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return touch(cx, cx->route->about, id) && held_put(cx, &held, &file) &&
           (db_commit(&cx->db) || fail_db(cx)) && answer_record(cx);
}

static bool api_remove(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    const struct held held = held_by(cx, id, field_here(cx));
    struct list_result record;
    if (!find_record(cx, &record) || !may_write(cx))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return touch(cx, cx->route->about, id) && held_remove(cx, &held) &&
           (db_commit(&cx->db) || fail_db(cx)) && answer_record(cx);
}

/* Pages name what they show, so that another file has another address. */
static const struct field version[] = {
    {"v", TEXT, 0, 0, 64, .help = "Means nothing: another file has another address in pages."},
    {.type = FIELD_END}};

static size_t make_routes(const struct resource *resource, const struct field *field,
                          struct route *routes)
{
    const char *name = field_json_name(field), *noun = resource->one, *a = text_article(noun);
    const char *what = text_in_sentence(engine_arena(), field_label(field));
    const char *path = engine_text("%s/:id/%s", resource->api, name);
    const char *of = engine_text("%s%s", text_pascal(engine_arena(), noun),
                                 text_pascal(engine_arena(), field_label(field)));
    const struct access read = {ACCESS_PERMISSION, resource->scope,
                                engine_text("%s:read", resource->permission)};
    const struct access write = {ACCESS_PERMISSION, resource->scope,
                                 engine_text("%s:update", resource->permission)};
    const struct route made[] = {
        ROUTE(GET, path, read, api_content, engine_text("Get the %s of %s %s.", what, a, noun),
              .operation = engine_text("get%s", of), .answer = ANSWER_FILE, .media = "*/*",
              .query = version),
        ROUTE(POST, path, write, api_put,
              engine_text("Set the %s of %s %s, in place of the one that is there.", what, a, noun),
              .operation = engine_text("set%s", of), .sample = "photo.png",
              .flags = ROUTE_UPLOAD | ROUTE_CALLS_OUT | resource->write_flags,
              .body_limit = FILE_BODY_MAX,
              .errors = "403 quota_exceeded, 409 file_gone, "
                        "422 file.file_empty, 422 file.file_name, 422 file.file_type, "
                        "422 file.file_type_differs, 422 file.invalid_image, "
                        "422 file.image_too_large, 503 storage_unavailable"),
        ROUTE(DELETE, path, write, api_remove,
              engine_text("Remove the %s of %s %s.", what, a, noun),
              .operation = engine_text("remove%s", of), .flags = resource->write_flags),
    };
    size_t count = field->file ? COUNT(made) : 1;
    for (size_t i = 0; i < count; i++) {
        routes[i] = made[i];
        routes[i].about = resource;
        routes[i].deprecated = resource->deprecated;
        routes[i].flags |= sight_route_flags(resource);
    }
    return count;
}

size_t file_field_routes(const struct resource *resource, struct route *routes)
{
    size_t count = 0;
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->type == FILE_FIELD)
            count += make_routes(resource, it, routes + count);
    return count;
}

/* ---- in forms ---- */

static const struct upload *upload_named(const struct cx *cx, const char *name)
{
    for (const struct upload *it = cx->request.uploads; it; it = it->next)
        if (strcmp(it->name, name) == 0 && *it->file_name)
            return it;
    return NULL;
}

/* As if it were the request's only one; what is wrong with it is said at its field. */
static bool take_one(struct cx *cx, const struct held *held, const struct field *field,
                     const struct upload *upload, struct file *out)
{
    struct upload *all = cx->request.uploads, alone = *upload;
    alone.name = "file";
    alone.next = NULL;
    cx->request.uploads = &alone;
    bool taken =
        held->record_id ? held_take(cx, held, field->file, out) : file_take(cx, field->file, out);
    cx->request.uploads = all;
    for (struct failure_detail *it = cx->failure.details; !taken && it; it = it->next)
        if (text_equal(it->field, "file"))
            it->field = field_json_name(field);
    return taken;
}

bool file_form_take(struct cx *cx, const struct resource *resource, const char *record_id,
                    struct file_form *out)
{
    size_t count = 0;
    *out = (struct file_form){.fields = {NULL}};
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        const struct upload *upload =
            it->type == FILE_FIELD && it->file ? upload_named(cx, field_json_name(it)) : NULL;
        const struct held held = held_by(cx, record_id, it);
        if (!upload || count == FILE_FIELDS_MAX || !shape_writes(cx, resource, it))
            continue;
        if (!take_one(cx, &held, it, upload, &out->files[count]))
            return false;
        out->fields[count++] = it;
    }
    return true;
}

static bool is_ticked(const struct cx *cx, const struct field *field)
{
    const char *name = arena_printf(cx->arena, "_remove.%s", field_json_name(field));
    return text_equal(parameter_get(cx->request.form, name), "yes");
}

bool file_form_put(struct cx *cx, const struct resource *resource, const char *record_id,
                   const struct file_form *form)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        const struct held held = held_by(cx, record_id, it);
        if (it->type == FILE_FIELD && it->file && is_ticked(cx, it) &&
            shape_writes(cx, resource, it) && !held_remove(cx, &held))
            return false;
    }
    for (size_t i = 0; i < FILE_FIELDS_MAX && form->fields[i]; i++) {
        const struct held held = held_by(cx, record_id, form->fields[i]);
        if (!held_put(cx, &held, &form->files[i]))
            return false;
    }
    return true;
}
