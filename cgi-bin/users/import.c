/* import: users from a CSV file. Each row stands for itself: what is refused is
 * reported with its line, the field and the reason, the others are made. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/password.h"
#include "access/permission.h"
#include "access/session.h"
#include "account/credential.h"
#include "base/text.h"
#include "http/cx.h"
#include "imports.h"
#include "page/page.h"
#include "resource/csv.h"

enum { ROWS_MAX = 10000, COLUMNS = 5, FILE_LIMIT = 5 << 20 };

static const struct field columns[] = {
    {"email", EMAIL, REQUIRED},
    {"name", TEXT, REQUIRED, 1, 200},
    {"phone", PHONE, NULLABLE},
    {"kind", CHOICE, 0, .initial = "staff",
     .choices = CHOICES("admin", "owner", "student", "parent", "staff", "customer")},
    {"password_hash", TEXT, 0, 1, 200},
    {.type = FIELD_END}};

static const struct field report_fields[] = {
    {"id", UUID},
    {"status", CHOICE, .choices = CHOICES("running", "done")},
    {"total", INT},
    {"handled", INT},
    {"created", INT},
    {"refused", ARRAY,
     .fields = FIELDS({"line", INT}, {"field", TEXT}, {"code", TEXT}, {"message", TEXT})},
    {.type = FIELD_END}};

static const char csv_broken[] = "From here on the file is not CSV.";

struct import {
    struct cx *cx;
    const char **head; /* the cells of the first line */
    size_t width, head_line;
    int place[COLUMNS]; /* of each column in the file; -1: it is not there */
    struct new_import file;
    struct json json; /* of file.rows */
    bool row_refused;
};

static bool refuse(struct import *import, size_t line, const char *field, const char *code,
                   const char *message)
{
    struct json *json = &import->json;
    json_open_object(json);
    json_pair_int(json, "line", (int64_t)line);
    json_pair(json, "field", field);
    json_pair(json, "code", code);
    json_pair(json, "message", message);
    json_close_object(json);
    import->row_refused = true;
    return false;
}

/* ---- the file ---- */

static bool read_upload(struct cx *cx, const char **data, size_t *len)
{
    const struct upload *upload = cx->request.uploads;
    if (!upload) {
        *data = cx->request.body;
        *len = cx->request.body_len;
        return *len > 0 || fail_field(cx, "file", "required", "Choose a CSV file.");
    }
    if (upload->data) {
        *data = upload->data;
        *len = upload->size;
        return true;
    }
    char *text = arena_alloc(cx->arena, upload->size + 1);
    int fd = open(upload->path, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && read(fd, text, upload->size) == (ssize_t)upload->size;
    if (fd >= 0)
        close(fd);
    *data = text;
    *len = upload->size;
    return whole || fail(cx, 500, "internal", "The file could not be read.");
}

/* As text, whatever spreadsheet it is from. */
static bool decode_file(struct cx *cx, const char **data, size_t *len)
{
    *data = csv_decode(cx->arena, cx->request.charset, *data, len);
    return *data ||
           fail_field(cx, "file", "csv_charset", "Send UTF-8, UTF-16 or Windows-1252, not \"%s\".",
                      cx->request.charset);
}

static const char *column_names(struct arena *arena)
{
    struct buf names;
    buf_init(&names, arena);
    for (int i = 0; i < COLUMNS; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", columns[i].name);
    return names.data;
}

/* Nothing of the file is passed over in silence: not a column either. Nameless ones are,
 * as long as nothing stands in them. */
static bool place_column(struct import *import, const char *name, size_t at)
{
    struct cx *cx = import->cx;
    int i = 0;
    name = text_trim(cx->arena, name);
    while (i < COLUMNS && strcasecmp(columns[i].name, name) != 0)
        i++;
    if (i == COLUMNS)
        return *name == '\0' ||
               fail_field(cx, "file", "csv_column_unknown",
                          "Line %zu, column %zu: there is no column \"%s\". There are %s.",
                          import->head_line, at + 1, name, column_names(cx->arena));
    if (import->place[i] >= 0)
        return fail_field(cx, "file", "csv_column_twice",
                          "Line %zu, column %zu: \"%s\" is the name of column %d too.",
                          import->head_line, at + 1, columns[i].name, import->place[i] + 1);
    import->place[i] = (int)at;
    return true;
}

static bool read_head(struct import *import, struct csv_reader *reader)
{
    const char **cells;
    struct cx *cx = import->cx;
    bool good = true;
    if (!csv_next(reader, cx->arena, &cells, &import->width))
        return reader->problem ? fail_field(cx, "file", reader->problem, "Line %zu: %s",
                                            reader->line, csv_broken)
                               : fail_field(cx, "file", "csv_empty", "The file has no rows.");
    import->head_line = reader->line;
    import->head = cells;
    for (int i = 0; i < COLUMNS; i++)
        import->place[i] = -1;
    for (size_t k = 0; k < import->width; k++)
        good = place_column(import, cells[k], k) && good;
    for (int i = 0; i < COLUMNS; i++)
        if (import->place[i] < 0 && (columns[i].flags & REQUIRED))
            good = fail_field(cx, "file", "csv_column_missing",
                              "The first line must name the column \"%s\".", columns[i].name);
    return good;
}

/* ---- rows ---- */

/* Often a separator within a text that was not put in quotes: "Doe, Jane". */
static bool check_width(struct import *import, size_t line, const char **cells, size_t count)
{
    struct arena *arena = import->cx->arena;
    for (size_t at = 0; at < count; at++) {
        bool named = at < import->width && *text_trim(arena, import->head[at]);
        if (!named && *text_trim(arena, cells[at]))
            return refuse(import, line, "file", "csv_cells_surplus",
                          cx_printf(import->cx,
                                    "Column %zu has no name in the first line, but this line "
                                    "has a cell there. Put texts with separators in quotes.",
                                    at + 1));
    }
    return true;
}

static bool check_row(struct import *import, size_t line, const char **cells, size_t count,
                      const char *values[static COLUMNS])
{
    bool good = check_width(import, line, cells, count);
    for (int i = 0; i < COLUMNS; i++) {
        struct value value = {.presence = ABSENT};
        const char *code, *message;
        int at = import->place[i];
        const char *cell =
            at >= 0 && (size_t)at < count ? text_trim(import->cx->arena, cells[at]) : "";
        values[i] = columns[i].initial;
        if (!*cell && (columns[i].flags & REQUIRED))
            good = refuse(import, line, columns[i].name, "required", "This is required.");
        else if (*cell && field_check_text(import->cx, &columns[i], cell, &value, &code, &message))
            values[i] = value.text;
        else if (*cell)
            good = refuse(import, line, columns[i].name, code, message);
    }
    return good;
}

/* From another system: operators alone may say what a password was. */
static bool may_take_hash(struct import *import, size_t line, const char *hash)
{
    const struct session *session = import->cx->session;
    if (!hash)
        return true;
    if (!session->is_operator ||
        !permissions_allow(&session->permissions, "users.users:import_hashes"))
        return refuse(import, line, "password_hash", "permission_missing",
                      "Only operators with the permission may import hashes of passwords.");
    if (!password_hash_is_known(hash))
        return refuse(import, line, "password_hash", "unknown_hash",
                      "Use a hash of bcrypt with a cost from 10 to 12, or of Argon2id.");
    return true;
}

static void take_row(struct import *import, size_t line, const char *const values[static COLUMNS])
{
    struct json *json = &import->json;
    json_open_object(json);
    json_pair_int(json, "line", (int64_t)line);
    for (int i = 0; i < COLUMNS; i++)
        json_pair(json, columns[i].name, values[i]);
    json_pair(json, "role_key", role_of_kind(values[3]));
    json_close_object(json);
}

static bool read_rows(struct import *import, struct csv_reader *reader)
{
    const char **cells, *values[COLUMNS];
    size_t count;
    while (csv_next(reader, import->cx->arena, &cells, &count)) {
        if (import->file.total >= ROWS_MAX)
            return fail_field(import->cx, "file", "too_many_rows",
                              "Import at most %d rows at once.", ROWS_MAX);
        import->row_refused = false;
        if (check_row(import, reader->line, cells, count, values) &&
            may_take_hash(import, reader->line, values[4]))
            take_row(import, reader->line, values);
        import->file.total++;
        import->file.refused += import->row_refused;
    }
    if (reader->problem) {
        refuse(import, reader->line, "file", reader->problem, csv_broken);
        import->file.total++;
        import->file.refused++;
    }
    return true;
}

static bool run(struct cx *cx, struct import_state *out)
{
    const char *data;
    size_t len;
    struct csv_reader reader;
    struct buf rows;
    struct import import = {.cx = cx, .file = {.tenant_id = cx->session->tenant_id}};
    const char *named = query_text(cx, "tenant_id");
    if (named && cx->session->is_operator)
        import.file.tenant_id = named;
    if (!credential_refuse_impersonator(cx) || !read_upload(cx, &data, &len) ||
        !decode_file(cx, &data, &len))
        return false;
    buf_init(&rows, cx->arena);
    json_start(&import.json, &rows);
    json_open_array(&import.json);
    csv_open(&reader, data, len);
    if (!read_head(&import, &reader) || !read_rows(&import, &reader))
        return false;
    json_close_array(&import.json);
    import.file.rows = rows.data;
    return user_import_begin(cx, &import.file, out);
}

/* ---- answers ---- */

static bool import_api(struct cx *cx)
{
    struct import_state state;
    if (!run(cx, &state))
        return false;
    response_header_set(cx, "Location",
                        arena_printf(cx->arena, "%s/%s", user_imports.api, state.id));
    struct json *json = respond_begin(cx, 202);
    json_open_object(json);
    json_pair(json, "id", state.id);
    json_pair(json, "status", state.done ? "done" : "running");
    json_pair_int(json, "total", state.total);
    json_pair_int(json, "handled", state.handled);
    json_pair_int(json, "created", state.created);
    json_key(json, "refused");
    json_open_array(json);
    for (size_t i = 0; i < rows_count(state.refused); i++) {
        json_open_object(json);
        json_pair_int(json, "line", rows_int(state.refused, i, 0));
        json_pair(json, "field", rows_text(state.refused, i, 1));
        json_pair(json, "code", rows_text(state.refused, i, 2));
        json_pair(json, "message", rows_text(state.refused, i, 3));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static bool show(struct cx *cx, int status)
{
    return page_render(cx, status, "users/import", "Import users", page_object(cx));
}

static bool import_page(struct cx *cx)
{
    return show(cx, 200);
}

static bool import_submit(struct cx *cx)
{
    struct import_state state;
    if (run(cx, &state))
        return page_go(cx, arena_printf(cx->arena, "%s/%s", user_imports.page, state.id));
    return cx->failure.status == 422 ? show(cx, 422) : false;
}

static bool export_api(struct cx *cx)
{
    return resource_export(cx);
}

const struct route user_import_routes[] = {
    ROUTE(POST, "/api/platform-users/bulk-import", MAY(EITHER, "users.users:import"), import_api,
          "Import users from CSV (email, name, phone, kind, and for operators password_hash); "
          "reports every refused row. Separators (comma, semicolon, tab) and encodings (UTF-8, "
          "UTF-16, Windows-1252) are told by themselves; a column that is not known or stands "
          "there twice is refused. A long file is worked on when the answer is there already: "
          "its import says how far.",
          .operation = "importUsers", .answer_name = "started user import", .status = 202,
          .flags = ROUTE_UPLOAD, .body_limit = FILE_LIMIT, .media = "text/csv",
          .sample = "email,name\r\nnora@example.com,Nora Blum\r\n", .answer_fields = report_fields,
          .query = FIELDS({"tenant_id", UUID, 0, .help = "For operators: into which tenant."})),
    ROUTE(POST, "/api/platform-users/bulk-export", MAY(EITHER, "users.users:export"), export_api,
          "Export what the filter shows as CSV.", .operation = "bulkExportUsers",
          .answer = ANSWER_FILE, .errors = "422 export_too_large, 429 too_many_exports",
          .deprecated = "2026-11-30", .flags = ROUTE_LIST_QUERY | ROUTE_NOT_REPEATED,
          .about = &platform_users),
    ROUTE(GET, "/admin/users/import", MAY(TENANT, "users.users:import"), import_page,
          "Import page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/users/import", MAY(TENANT, "users.users:import"), import_submit,
          "Import users by page.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_NOT_REPEATED, .body_limit = FILE_LIMIT,
          .query = FIELDS({"tenant_id", UUID, 0})),
    {.path = NULL},
};
