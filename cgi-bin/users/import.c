/* import: users from a CSV file. Each row stands for itself: what is refused is
 * reported with its line, the field and the reason, the others are made. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/password.h"
#include "access/permission.h"
#include "access/roles.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/csv.h"
#include "users.h"

enum { ROWS_MAX = 10000, COLUMNS = 5, FILE_LIMIT = 5 << 20 };

STATEMENT(import_user,
          "insert into users (tenant_id, email, name, phone, kind, password_hash)\n"
          "values ($1::uuid, $2, $3, $4, $5, $6)\n"
          "returning id",
          DB_WRITES);

STATEMENT(import_role,
          "insert into user_roles (tenant_id, user_id, role_key)\n"
          "values ($1::uuid, $2::uuid, $3)",
          DB_WRITES);

static const struct field columns[] = {
    {"email", EMAIL, REQUIRED},
    {"name", TEXT, REQUIRED, 1, 200},
    {"phone", PHONE, NULLABLE},
    {"kind", CHOICE, 0, .initial = "staff",
     .choices = CHOICES("admin", "owner", "student", "parent", "staff", "customer")},
    {"password_hash", TEXT, 0, 1, 200},
    {.type = FIELD_END}};

static const struct field report_fields[] = {
    {"created", INT},
    {"refused", ARRAY,
     .fields = FIELDS({"line", INT}, {"field", TEXT}, {"code", TEXT}, {"message", TEXT})},
    {.type = FIELD_END}};

struct refusal {
    size_t line;
    const char *field, *code, *message;
    struct refusal *next;
};

struct import {
    struct cx *cx;
    const char *tenant_id;
    int place[COLUMNS]; /* of each column in the file; -1: it is not there */
    int64_t created, refused_count;
    struct refusal *refused, **tail;
};

static bool refuse(struct import *import, size_t line, const char *field, const char *code,
                   const char *message)
{
    struct refusal *refusal = arena_alloc(import->cx->arena, sizeof *refusal);
    *refusal = (struct refusal){line, field, code, message, NULL};
    *import->tail = refusal;
    import->tail = &refusal->next;
    import->refused_count++;
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

static bool read_head(struct import *import, struct csv_reader *reader)
{
    const char **cells;
    size_t count;
    struct cx *cx = import->cx;
    if (!csv_next(reader, cx->arena, &cells, &count))
        return fail_field(cx, "file", "csv_empty", "The file has no rows.");
    for (int i = 0; i < COLUMNS; i++) {
        import->place[i] = -1;
        for (size_t k = 0; k < count; k++)
            if (strcmp(text_lower(cx->arena, text_trim(cx->arena, cells[k])), columns[i].name) == 0)
                import->place[i] = (int)k;
        if (import->place[i] < 0 && (columns[i].flags & REQUIRED))
            return fail_field(cx, "file", "csv_column_missing",
                              "The first line must name the column \"%s\".", columns[i].name);
    }
    return true;
}

/* ---- rows ---- */

static bool check_row(struct import *import, size_t line, const char **cells, size_t count,
                      const char *values[static COLUMNS])
{
    bool good = true;
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

/* The database's refusal in the words of a report. */
static bool refuse_by_database(struct import *import, size_t line)
{
    const struct db_error *error = &import->cx->db.error;
    if (error->status == DB_UNIQUE)
        return refuse(import, line, "email", "email_taken",
                      "There is a user with this address already.");
    if (error->status == DB_RAISED && error->message && strstr(error->message, "quota_users"))
        return refuse(import, line, "email", "quota_users",
                      "The number of users that this tenant may have is reached.");
    return refuse(import, line, "email", "invalid_value", "The row is not acceptable.");
}

static bool store_row(struct import *import, const char *const values[static COLUMNS])
{
    struct db *db = &import->cx->db;
    if (!db_begin(db))
        return false;
    struct rows *user = db_get(db, &import_user, import->tenant_id, values[0], values[1], values[2],
                               values[3], values[4]);
    const char *role = role_of_kind(values[3]);
    bool stored =
        user &&
        (!role || db_get(db, &import_role, import->tenant_id, rows_text(user, 0, 0), role)) &&
        db_commit(db);
    db_rollback(db);
    return stored;
}

/* Nobody imports people who may do more than they may. */
static bool may_import(struct import *import, size_t line, const char *kind)
{
    struct cx *cx = import->cx;
    const struct builtin_role *role = builtin_role_find(role_of_kind(kind));
    if (!role || role->rank <= cx->session->rank)
        return true;
    return refuse(import, line, "kind", "rank_too_high", "This kind is ranked above you.");
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
                      "Use a hash of bcrypt with a cost of at most 12, or of Argon2id.");
    return true;
}

static bool import_rows(struct import *import, struct csv_reader *reader)
{
    const char **cells, *values[COLUMNS];
    size_t count;
    while (csv_next(reader, import->cx->arena, &cells, &count)) {
        if (reader->line > ROWS_MAX)
            return fail_field(import->cx, "file", "too_many_rows",
                              "Import at most %d rows at once.", ROWS_MAX);
        if (!check_row(import, reader->line, cells, count, values) ||
            !may_import(import, reader->line, values[3]) ||
            !may_take_hash(import, reader->line, values[4]))
            continue;
        if (store_row(import, values))
            import->created++;
        else if (import->cx->db.error.status == DB_UNAVAILABLE ||
                 import->cx->db.error.status == DB_CANCELLED)
            return fail_db(import->cx);
        else
            refuse_by_database(import, reader->line);
    }
    if (reader->problem)
        refuse(import, reader->line + 1, "file", reader->problem,
               "From here on the file is not CSV.");
    return true;
}

static bool run(struct cx *cx, struct import *import)
{
    const char *data;
    size_t len;
    struct csv_reader reader;
    *import = (struct import){.cx = cx, .tenant_id = cx->session->tenant_id};
    import->tail = &import->refused;
    const char *named = query_text(cx, "tenant_id");
    if (named && cx->session->is_operator)
        import->tenant_id = named;
    if (!read_upload(cx, &data, &len))
        return false;
    csv_open(&reader, data, len);
    return read_head(import, &reader) && import_rows(import, &reader);
}

/* ---- answers ---- */

static bool import_api(struct cx *cx)
{
    struct import import;
    if (!run(cx, &import))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_int(json, "created", import.created);
    json_key(json, "refused");
    json_open_array(json);
    for (const struct refusal *it = import.refused; it; it = it->next) {
        json_open_object(json);
        json_pair_int(json, "line", (int64_t)it->line);
        json_pair(json, "field", it->field);
        json_pair(json, "code", it->code);
        json_pair(json, "message", it->message);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static bool show(struct cx *cx, const struct import *import, int status)
{
    json_object *data = page_object(cx);
    page_set_bool(data, "done", import != NULL);
    if (import) {
        json_object *list = page_list(data, "refused");
        page_set_int(data, "created", import->created);
        page_set_int(data, "refusedCount", import->refused_count);
        page_set_bool(data, "hasRefused", import->refused_count > 0);
        for (const struct refusal *it = import->refused; it; it = it->next) {
            json_object *item = page_item(list);
            page_set_int(item, "line", (int64_t)it->line);
            page_set(item, "field", it->field);
            page_set(item, "message", it->message);
        }
    }
    return page_render(cx, status, "users/import", "Import users", data);
}

static bool import_page(struct cx *cx)
{
    return show(cx, NULL, 200);
}

static bool import_submit(struct cx *cx)
{
    struct import import;
    if (run(cx, &import))
        return show(cx, &import, 200);
    return cx->failure.status == 422 ? show(cx, NULL, 422) : false;
}

static bool export_api(struct cx *cx)
{
    return resource_export(cx);
}

const struct route import_routes[] = {
    ROUTE(POST, "/api/platform-users/bulk-import", MAY(EITHER, "users.users:import"), import_api,
          "Import users from CSV (email, name, phone, kind, and for operators password_hash); "
          "reports every refused row.",
          .flags = ROUTE_UPLOAD | ROUTE_NOT_REPEATED, .body_limit = FILE_LIMIT, .media = "text/csv",
          .sample = "email,name\r\nnora@example.com,Nora Blum\r\n", .answer_fields = report_fields,
          .query = FIELDS({"tenant_id", UUID, 0, .help = "For operators: into which tenant."})),
    ROUTE(POST, "/api/platform-users/bulk-export", MAY(EITHER, "users.users:export"), export_api,
          "Export what the filter shows as CSV.", .answer = ANSWER_FILE,
          .flags = ROUTE_LIST_QUERY | ROUTE_NOT_REPEATED, .about = &platform_users),
    ROUTE(GET, "/admin/users/import", MAY(TENANT, "users.users:import"), import_page,
          "Import page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/admin/users/import", MAY(TENANT, "users.users:import"), import_submit,
          "Import users by page.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_NOT_REPEATED, .body_limit = FILE_LIMIT,
          .query = FIELDS({"tenant_id", UUID, 0})),
    {.path = NULL},
};
