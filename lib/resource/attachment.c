#include "resource/attachment.h"

#include <string.h>

#include "access/session.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

#define ATTACHMENT_COLUMNS                                                                         \
    "f.id, f.name, f.type, f.bytes, f.sha256, f.width, f.height, f.store, f.created_at,\n"         \
    "       f.created_by, u.name\n"                                                                \
    "from files f\n"                                                                               \
    "left join users u on u.tenant_id = f.tenant_id and u.id = f.created_by\n"                     \
    "where f.tenant_id = $1::uuid and f.resource = $2 and f.record_id = $3::uuid\n"                \
    "and f.field is null\n"
enum {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_TYPE,
    COLUMN_BYTES,
    COLUMN_SHA256,
    COLUMN_WIDTH,
    COLUMN_HEIGHT,
    COLUMN_STORE,
    COLUMN_CREATED_AT,
    COLUMN_CREATED_BY,
    COLUMN_CREATED_BY_NAME
};

STATEMENT(attachments_of, "select " ATTACHMENT_COLUMNS "order by f.id\nlimit 100", 0);
STATEMENT(attachment_find, "select " ATTACHMENT_COLUMNS "and f.id = $4::uuid", 0);
STATEMENT(attachment_count,
          "select count(*)\n"
          "from files\n"
          "where tenant_id = $1::uuid and resource = $2 and record_id = $3::uuid\n"
          "and field is null",
          0);
STATEMENT(attachment_remove,
          "delete from files\n"
          "where tenant_id = $1::uuid and resource = $2 and record_id = $3::uuid\n"
          "and field is null and id = $4::uuid\n"
          "returning id",
          DB_WRITES);

/* ---- reading ---- */

static void read_row(const struct rows *rows, size_t row, struct attachment *out)
{
    *out = (struct attachment){.file = {.name = rows_text(rows, row, COLUMN_NAME),
                                        .type = rows_text(rows, row, COLUMN_TYPE),
                                        .bytes = rows_int(rows, row, COLUMN_BYTES),
                                        .width = (int)rows_int(rows, row, COLUMN_WIDTH),
                                        .height = (int)rows_int(rows, row, COLUMN_HEIGHT),
                                        .store = rows_text(rows, row, COLUMN_STORE)},
                               .created_at = rows_text(rows, row, COLUMN_CREATED_AT),
                               .created_by = rows_text(rows, row, COLUMN_CREATED_BY),
                               .created_by_name = rows_text(rows, row, COLUMN_CREATED_BY_NAME)};
    memcpy(out->file.id, rows_text(rows, row, COLUMN_ID), UUID_SIZE);
    memcpy(out->file.sha256, rows_text(rows, row, COLUMN_SHA256), sizeof out->file.sha256);
}

bool attachment_list(struct cx *cx, const struct resource *resource, const char *record_id,
                     struct attachment **all, size_t *count)
{
    struct rows *rows =
        db_get(&cx->db, &attachments_of, cx->db.tenant_id, resource->table, record_id);
    if (!rows)
        return fail_db(cx);
    *count = rows_count(rows);
    *all = arena_alloc(cx->arena, (*count + 1) * sizeof **all);
    for (size_t i = 0; i < *count; i++)
        read_row(rows, i, &(*all)[i]);
    return true;
}

static bool no_such_file(struct cx *cx)
{
    return fail(cx, 404, "not_found", "There is no such attachment.");
}

bool attachment_get(struct cx *cx, const struct resource *resource, const char *record_id,
                    const char *id, struct attachment *out)
{
    if (!uuid_is(id))
        return no_such_file(cx);
    struct rows *rows =
        db_get(&cx->db, &attachment_find, cx->db.tenant_id, resource->table, record_id, id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return no_such_file(cx);
    read_row(rows, 0, out);
    return true;
}

/* ---- writing ---- */

static bool has_room(struct cx *cx, const struct resource *resource, const char *record_id)
{
    struct rows *rows =
        db_get(&cx->db, &attachment_count, cx->db.tenant_id, resource->table, record_id);
    if (!rows)
        return fail_db(cx);
    return rows_int(rows, 0, 0) < ATTACHMENTS_MAX ||
           fail(cx, 409, "too_many_attachments", "A %s has %d attachments at most.", resource->one,
                ATTACHMENTS_MAX);
}

/* NULL: an operator, who is no user of this tenant. */
static const char *maker_of(const struct cx *cx)
{
    bool own = cx->session && strcmp(cx->session->tenant_id, cx->db.tenant_id) == 0;
    return own ? cx->session->user_id : NULL;
}

static const char *number(struct cx *cx, int64_t value)
{
    return arena_printf(cx->arena, "%lld", (long long)value);
}

/* NULL: it is no picture. */
static const char *pixels(struct cx *cx, int value)
{
    return value ? number(cx, value) : NULL;
}

/* The record is held, so that it does not go meanwhile without its new file. */
static struct rows *insert_file(struct cx *cx, const struct resource *resource,
                                const char *record_id, const struct file *file)
{
    struct conditions where;
    struct buf sql;
    const struct viewer viewer = viewer_of(cx, resource, "update");
    const char *const values[] = {file->id,
                                  file->name,
                                  resource->table,
                                  file->type,
                                  number(cx, file->bytes),
                                  file->sha256,
                                  pixels(cx, file->width),
                                  pixels(cx, file->height),
                                  file->store,
                                  maker_of(cx)};
    static const char *const types[] = {"uuid", "text", "text", "text", "bigint",
                                        "text", "int",  "int",  "text", "uuid"};
    conditions_init(&where, cx->arena);
    conditions_add_id(&where, record_id);
    conditions_add_resource(&where, resource, &viewer);
    buf_init(&sql, cx->arena);
    buf_printf(&sql,
               "with record as (\nselect tenant_id, id\nfrom %s%s\nfor key share)\n"
               "insert into files (tenant_id, record_id, id, name, resource, type, bytes,\n"
               "                   sha256, width, height, store, created_by)\n"
               "select r.tenant_id, r.id",
               resource->table, where.sql.data);
    for (size_t i = 0; i < COUNT(values); i++)
        buf_printf(&sql, ", $%d::%s", conditions_parameter(&where, values[i]), types[i]);
    buf_puts(&sql, "\nfrom record r\nreturning id");
    return db_run(&cx->db, statement_made(cx->arena, sql.data, DB_WRITES), where.parameters,
                  where.count);
}

bool attachment_add(struct cx *cx, const struct resource *resource, const char *record_id,
                    struct attachment *out)
{
    static const struct file_rules rules = {.pictures = false};
    struct file file = {.store = NULL};
    if (!has_room(cx, resource, record_id) || !file_take(cx, &rules, &file))
        return false;
    struct rows *rows = insert_file(cx, resource, record_id, &file);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such %s.", resource->one);
    return attachment_get(cx, resource, record_id, file.id, out);
}

bool attachment_delete(struct cx *cx, const struct resource *resource, const char *record_id,
                       const char *id)
{
    if (!uuid_is(id))
        return no_such_file(cx);
    struct rows *rows =
        db_get(&cx->db, &attachment_remove, cx->db.tenant_id, resource->table, record_id, id);
    if (!rows)
        return fail_db(cx);
    return rows_count(rows) == 1 || no_such_file(cx);
}

bool attachment_answer(struct cx *cx, const struct attachment *attachment)
{
    return file_answer(cx, &attachment->file, cx->db.tenant_id, false);
}

/* ---- the API ---- */

static const struct field maker_fields[] = {{"id", UUID}, {"name", TEXT}, {.type = FIELD_END}};
static const struct field attachment_fields[] = {
    {"id", UUID},
    {"name", TEXT, .help = "As the file was called.", .example = "Offer.pdf"},
    {"type", TEXT, .help = "By its content: a media type.", .example = "application/pdf"},
    {"bytes", INT, .example = "48213"},
    {"sha256", TEXT, .help = "Of the content, in hex."},
    {"width", INT, NULLABLE, .help = "Of an image, in pixels."},
    {"height", INT, NULLABLE, .help = "Of an image, in pixels."},
    {"created_at", TIME},
    {"created_by", OBJECT, NULLABLE, .fields = maker_fields,
     .help = "Who added it; null when that user is no longer there."},
    {.type = FIELD_END}};

static void pair_size(struct json *json, const char *key, int size)
{
    if (size)
        json_pair_int(json, key, size);
    else
        json_pair(json, key, NULL);
}

static void write_json(struct json *json, const struct attachment *it)
{
    char time[32];
    json_open_object(json);
    json_pair(json, "id", it->file.id);
    json_pair(json, "name", it->file.name);
    json_pair(json, "type", it->file.type);
    json_pair_int(json, "bytes", it->file.bytes);
    json_pair(json, "sha256", it->file.sha256);
    pair_size(json, "width", it->file.width);
    pair_size(json, "height", it->file.height);
    json_pair(json, "createdAt", clock_from_database(it->created_at, time) ? time : it->created_at);
    json_key(json, "createdBy");
    if (it->created_by) {
        json_open_object(json);
        json_pair(json, "id", it->created_by);
        json_pair(json, "name", it->created_by_name);
        json_close_object(json);
    } else {
        json_put_null(json);
    }
    json_close_object(json);
}

/* What the routes are about: not the resource itself, whose records they do not answer. */
struct attached {
    const struct resource *resource;
};

static const struct resource *resource_here(const struct cx *cx)
{
    return ((const struct attached *)cx->route->about)->resource;
}

/* The record of the address, which must be one that the caller sees. */
static bool find_record(struct cx *cx)
{
    struct list_result record;
    return record_get_with(cx, resource_here(cx), cx_path(cx, "id"), cx->route->access.needs,
                           &record);
}

static bool api_list(struct cx *cx)
{
    struct attachment *all = NULL;
    size_t count = 0;
    if (!find_record(cx) ||
        !attachment_list(cx, resource_here(cx), cx_path(cx, "id"), &all, &count))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        write_json(json, &all[i]);
    json_close_array(json);
    return respond_end(cx);
}

static bool answer_one(struct cx *cx, const struct attachment *attachment, int status)
{
    write_json(respond_begin(cx, status), attachment);
    return respond_end(cx);
}

static bool api_add(struct cx *cx)
{
    const struct resource *resource = resource_here(cx);
    struct attachment attachment = {.created_at = NULL};
    const char *id = cx_path(cx, "id");
    if (!find_record(cx) || !attachment_add(cx, resource, id, &attachment))
        return false;
    response_header_set(
        cx, "Location",
        arena_printf(cx->arena, "%s/%s/attachments/%s", resource->api, id, attachment.file.id));
    return answer_one(cx, &attachment, 201);
}

static bool find_attachment(struct cx *cx, struct attachment *out)
{
    return find_record(cx) &&
           attachment_get(cx, resource_here(cx), cx_path(cx, "id"), cx_path(cx, "file"), out);
}

static bool api_get(struct cx *cx)
{
    struct attachment attachment = {.created_at = NULL};
    return find_attachment(cx, &attachment) && answer_one(cx, &attachment, 200);
}

static bool api_content(struct cx *cx)
{
    struct attachment attachment = {.created_at = NULL};
    return find_attachment(cx, &attachment) && attachment_answer(cx, &attachment);
}

static bool api_delete(struct cx *cx)
{
    return find_record(cx) &&
           attachment_delete(cx, resource_here(cx), cx_path(cx, "id"), cx_path(cx, "file")) &&
           respond_nothing(cx);
}

size_t attachment_routes(const struct resource *resource, struct route *routes)
{
    const char *all = engine_text("%s/:id/attachments", resource->api);
    const char *one = engine_text("%s/:file", all), *noun = resource->one;
    const char *kind = engine_text("%s attachment", noun), *a = text_article(noun);
    const char *name = text_pascal(engine_arena(), kind);
    const struct access read = {ACCESS_PERMISSION, resource->scope,
                                engine_text("%s:read", resource->permission)};
    const struct access write = {ACCESS_PERMISSION, resource->scope,
                                 engine_text("%s:update", resource->permission)};
    const struct route made[ATTACHMENT_ROUTES] = {
        ROUTE(GET, all, read, api_list, engine_text("List the attachments of %s %s.", a, noun),
              .operation = engine_text("list%ss", name), .answer = ANSWER_LIST,
              .answer_fields = attachment_fields, .answer_name = kind),
        ROUTE(POST, all, write, api_add,
              engine_text("Attach a file to %s %s: 25 MiB at most, of a common kind.", a, noun),
              .operation = engine_text("add%s", name), .answer_fields = attachment_fields,
              .answer_name = kind, .status = 201, .sample = "offer.pdf",
              .flags = ROUTE_UPLOAD | ROUTE_CALLS_OUT | resource->write_flags,
              .body_limit = FILE_BODY_MAX,
              .errors = "403 quota_exceeded, 409 too_many_attachments, 409 file_gone, "
                        "422 file.file_empty, 422 file.file_name, 422 file.file_type, "
                        "422 file.file_type_differs, 422 file.invalid_image, "
                        "422 file.image_too_large, 503 storage_unavailable"),
        ROUTE(GET, one, read, api_get, engine_text("Get an attachment of %s %s.", a, noun),
              .operation = engine_text("get%s", name), .answer_fields = attachment_fields,
              .answer_name = kind),
        ROUTE(GET, engine_text("%s/content", one), read, api_content,
              engine_text("Download an attachment of %s %s.", a, noun),
              .operation = engine_text("download%s", name), .answer = ANSWER_FILE, .media = "*/*"),
        ROUTE(DELETE, one, write, api_delete,
              engine_text("Delete an attachment of %s %s.", a, noun),
              .operation = engine_text("delete%s", name), .answer = ANSWER_NOTHING,
              .flags = resource->write_flags),
    };
    struct attached *attached = arena_alloc(engine_arena(), sizeof *attached);
    attached->resource = resource;
    for (size_t i = 0; i < ATTACHMENT_ROUTES; i++) {
        routes[i] = made[i];
        routes[i].about = attached;
        routes[i].flags |= sight_route_flags(resource);
    }
    return ATTACHMENT_ROUTES;
}
