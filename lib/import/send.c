/* send: imports by API, and the routes of a resource's imports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/session.h"
#include "account/credential.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"
#include "import/internal.h"
#include "resource/csv.h"
#include "resource/model.h"
#include "resource/paged.h"
#include "resource/rows_json.h"

enum { FILE_LIMIT = 50 << 20, REFUSED_SHOWN = 10000, REFUSED_PAGE = 1000, ROUTES = 12 };

const struct field import_query[] = {
    {"tenant_id", UUID, 0, .help = "For operators: into which tenant."},
    {"mapping", TEXT, 0, 2, 20000,
     .help = "An object of JSON: of a column's title the field, or null where it is not taken. "
             "What is not said is guessed by the titles."},
    {"mode", CHOICE, 0, .choices = CHOICES("insert", "update", "upsert"),
     .help = "Make records, change those that the key finds, or both. insert is usual; with a "
             "key, what is there already is passed over."},
    {"key", TEXT, 0, 1, 100, .help = "The field by which records are found: id, or as email."},
    {"unknown", CHOICE, 0, .choices = CHOICES("refuse", "skip", "create"),
     .help = "What becomes of a row that refers to something that is not there: it is refused "
             "(usual), taken without it, or that is made."},
    {"dates", CHOICE, 0, .choices = CHOICES("dmy", "mdy"),
     .help = "How dates such as 02/03/2026 are read; else the file's other dates tell."},
    {"amounts", CHOICE, 0, .choices = CHOICES("major", "minor"),
     .help = "Whether 12 is twelve of the currency (usual) or of its smallest unit, as in this "
             "API and its exports."},
    {"dry_run", BOOL, 0, .help = "Say what would become of each row, and write nothing."},
    {.type = FIELD_END}};

#define IMPORT_COUNTS                                                                              \
    {"total", INT, .help = "Rows of the file."}, {"handled", INT}, {"created", INT},               \
        {"updated", INT}, {"skipped", INT, .help = "Rows whose record was there already."},        \
    {                                                                                              \
        "refused_count", INT                                                                       \
    }
#define IMPORT_STATE                                                                               \
    {"id", UUID},                                                                                  \
        {"status", CHOICE,                                                                         \
         .choices = CHOICES("ready", "running", "done", "reverting", "reverted"),                  \
         .help = "ready: it is not begun, or was tried with dryRun."},                             \
        {"file_name", TEXT, NULLABLE}, {"dry_run", BOOL}, IMPORT_COUNTS,                           \
    {                                                                                              \
        "created_at", TIME                                                                         \
    }

static const struct field list_query[] = {PAGED_QUERY, {.type = FIELD_END}};

static const struct field list_fields[] = {IMPORT_STATE, {.type = FIELD_END}};

static const struct field refused_fields[] = {{"line", INT},
                                              {"field", TEXT, NULLABLE},
                                              {"code", TEXT},
                                              {"message", TEXT},
                                              {.type = FIELD_END}};
static const struct field kept_fields[] = {
    {"line", INT}, {"record_id", UUID}, {"code", TEXT}, {"message", TEXT}, {.type = FIELD_END}};

const struct field import_answer[] = {
    IMPORT_STATE,
    {"mapping", JSON, .help = "Of each column of the file the field, or null."},
    {"refused", ARRAY, .fields = refused_fields,
     .help = "Each refused value, 10,000 at most; the file of refused rows has all."},
    {"reverted", INT, .help = "Rows that were taken back."},
    {"kept", ARRAY, .fields = kept_fields,
     .help = "What was not taken back, 10,000 at most, and why."},
    {.type = FIELD_END}};

/* ---- what was chosen ---- */

static const char *choice_of(struct cx *cx, const char *name, const char *otherwise)
{
    const char *chosen = query_text(cx, name);
    return chosen ? chosen : otherwise;
}

static void read_choices(struct cx *cx, struct import_plan *plan)
{
    const char *amounts = query_text(cx, "amounts");
    plan->key = query_text(cx, "key");
    plan->mode = choice_of(cx, "mode", "insert");
    plan->unknown = choice_of(cx, "unknown", "refuse");
    plan->dates = query_text(cx, "dates");
    plan->dry = text_equal(query_text(cx, "dry_run"), "true");
    if (amounts)
        plan->minor = strcmp(amounts, "minor") == 0;
}

/* ---- receiving ---- */

static bool read_head(struct cx *cx, struct import_source *source, const char ***head,
                      size_t *width)
{
    if (source->next(source, cx->arena, head, width))
        return true;
    return source->problem ? fail_field(cx, "file", source->problem, "Line %zu: %s", source->line,
                                        cx_text(cx, source->breaks))
                           : fail_field(cx, "file", "csv_empty", "The file has no rows.");
}

static bool store(struct cx *cx, struct db *db, struct import_source *source,
                  struct import_plan *plan, struct import_state *state)
{
    if (!db_begin(db) || !import_insert(db, state, plan, session_actor_name(cx, cx->session)))
        return false;
    if (!import_source_store(cx, db, source, plan, state))
        return false;
    bool there;
    bool waits = strcmp(state->status, "ready") == 0;
    if (!import_lock(db, state->id, state, &there))
        return false;
    return (waits || import_start(cx, db, state)) && db_commit(db);
}

/* Into which tenant, and what is of it alone. */
static struct db tenant_handle(struct cx *cx)
{
    struct db db = cx->db; /* an operator's sees all tenants; this one is of the file's */
    const char *named = query_text(cx, "tenant_id");
    const char *tenant_id = named && cx->session->is_operator ? named
                            : cx->db.tenant_id[0]             ? cx->db.tenant_id
                                                              : cx->session->tenant_id;
    char id[UUID_SIZE];
    snprintf(id, sizeof id, "%s", tenant_id);
    memcpy(db.tenant_id, id, UUID_SIZE);
    return db;
}

bool import_receive(struct cx *cx, const struct resource *resource, bool ready,
                    struct import_state *out)
{
    struct import_source source;
    struct import_plan plan;
    const char **head;
    size_t width;
    *out = (struct import_state){.resource = resource, .status = ready ? "ready" : "running"};
    if (!credential_refuse_impersonator(cx) || !import_source_open(cx, &source) ||
        !read_head(cx, &source, &head, &width) ||
        !import_plan_make(cx, resource, head, width, source.line, ready, &plan))
        return false;
    read_choices(cx, &plan);
    if (!ready && !import_plan_check(cx, &plan, source.line))
        return false;
    struct db db = tenant_handle(cx);
    int scope = db_scope(&db);
    if (ready && !import_recall(cx, &db, &plan)) {
        cx->db.error = db.error;
        return fail_db(cx);
    }
    out->file_name = source.file_name;
    memcpy(out->tenant_id, db.tenant_id, UUID_SIZE);
    uuid_new(out->id);
    if (store(cx, &db, &source, &plan, out))
        return true;
    db_rollback_to(&db, scope);
    if (cx->failure.status == 0)
        cx->db.error = db.error;
    return cx->failure.status != 0 ? false : fail_db(cx);
}

/* ---- answers ---- */

static void write_state(struct json *json, const struct import_state *it)
{
    char time[32];
    json_pair(json, "id", it->id);
    json_pair(json, "status", it->status);
    json_pair(json, "fileName", it->file_name);
    json_pair_bool(json, "dryRun", it->dry);
    json_pair_int(json, "total", it->total);
    json_pair_int(json, "handled", it->handled);
    json_pair_int(json, "created", it->created);
    json_pair_int(json, "updated", it->updated);
    json_pair_int(json, "skipped", it->skipped);
    json_pair_int(json, "refusedCount", it->refused);
    json_pair(json, "createdAt", clock_from_database(it->created_at, time) ? time : NULL);
    const char *mapping = json_object_to_json_string_ext(it->mapping, JSON_C_TO_STRING_PLAIN);
    json_key(json, "mapping");
    json_put_raw(json, mapping, strlen(mapping));
}

static void write_rows(struct json *json, const char *name, const struct field *fields,
                       const struct rows *rows)
{
    json_key(json, name);
    json_open_array(json);
    for (size_t i = 0; i < rows_count(rows); i++)
        row_write_json(json, fields, rows, i);
    json_close_array(json);
}

bool import_answer_state(struct cx *cx, const struct import_state *state, int status)
{
    struct db db = cx->db;
    memcpy(db.tenant_id, state->tenant_id, UUID_SIZE);
    const struct rows *refused = import_refusals(&db, state, -1, REFUSED_SHOWN);
    const struct rows *kept = refused ? import_kept(&db, state, REFUSED_SHOWN) : NULL;
    if (!kept) {
        cx->db.error = db.error;
        return fail_db(cx);
    }
    struct json *json = respond_begin(cx, status);
    json_open_object(json);
    write_state(json, state);
    write_rows(json, "refused", refused_fields, refused);
    json_pair_int(json, "reverted", state->reverted);
    write_rows(json, "kept", kept_fields, kept);
    json_close_object(json);
    return respond_end(cx);
}

static void say_where(struct cx *cx, const struct import_state *state)
{
    response_header_set(cx, "Location",
                        arena_printf(cx->arena, "%s/imports/%s", import_about(cx)->api, state->id));
}

static bool revert_api(struct cx *cx)
{
    struct import_state state;
    if (!credential_refuse_impersonator(cx) || !import_find(cx, &state) ||
        !import_revert(cx, &state))
        return false;
    say_where(cx, &state);
    return import_answer_state(cx, &state, 202);
}

bool import_send(struct cx *cx)
{
    struct import_state state;
    const struct resource *resource = import_about(cx);
    if (!import_receive(cx, resource, false, &state))
        return false;
    say_where(cx, &state);
    return import_answer_state(cx, &state, 202);
}

static bool get_one(struct cx *cx)
{
    struct import_state state;
    return import_find(cx, &state) && import_answer_state(cx, &state, 200);
}

#define LIST_FROM                                                                                  \
    "from imports\n"                                                                               \
    "    where resource = $1 and ($2::uuid is null or tenant_id = $2::uuid)"

STATEMENT(import_list_rows,
          "select id, status, file_name, dry_run, total, handled, created, updated, skipped,\n"
          "       refused, created_at\n"
          "    " LIST_FROM "\n"
          "    and ($3::uuid is null or id < $3::uuid)\n"
          "order by id desc\n"
          "limit $4::int offset $5::int",
          0);
STATEMENT(import_list_count, PAGED_COUNT(LIST_FROM), 0);

static const struct paged import_list = {&import_list_rows, &import_list_count, list_fields};

static bool get_list(struct cx *cx)
{
    const char *const parameters[] = {model_name(import_about(cx)),
                                      cx->db.tenant_id[0] ? cx->db.tenant_id : NULL};
    return respond_paged(cx, &import_list, parameters, 2);
}

/* ---- the refused rows, as a file ---- */

static void write_refused(struct buf *out, const struct rows *rows, size_t i, size_t width)
{
    json_object *cells = json_tokener_parse(rows_text(rows, i, 4) ? rows_text(rows, i, 4) : "[]");
    for (size_t at = 0; at < width; at++)
        csv_cell(out, json_object_get_string(json_object_array_get_idx(cells, at)));
    csv_cell(out, rows_text(rows, i, 0));
    csv_cell(out, rows_text(rows, i, 1));
    csv_cell(out, rows_text(rows, i, 3));
    csv_line_end(out);
    json_object_put(cells);
}

bool import_refused_file(struct cx *cx)
{
    struct import_state state;
    if (!import_find(cx, &state))
        return false;
    struct db db = cx->db;
    memcpy(db.tenant_id, state.tenant_id, UUID_SIZE);
    struct buf *out = &cx->response.body;
    size_t width = json_object_array_length(state.head);
    buf_clear(out);
    for (size_t at = 0; at < width; at++)
        csv_cell(out, json_object_get_string(json_object_array_get_idx(state.head, at)));
    csv_cell(out, cx_text(cx, "Line"));
    csv_cell(out, cx_text(cx, "Column"));
    csv_cell(out, cx_text(cx, "Reason"));
    csv_line_end(out);
    int64_t behind = -1;
    for (size_t count = REFUSED_PAGE; count >= REFUSED_PAGE;) {
        const struct rows *rows = import_refusals(&db, &state, behind, REFUSED_PAGE);
        if (!rows) {
            cx->db.error = db.error;
            return fail_db(cx);
        }
        count = rows_count(rows);
        for (size_t i = 0; i < count; i++) {
            bool first = rows_int(rows, i, 0) != behind;
            behind = rows_int(rows, i, 0);
            if (first)
                write_refused(out, rows, i, width);
        }
    }
    return respond_file(cx, "text/csv; charset=utf-8", "refused.csv");
}

/* ---- routes ---- */

/* "email,name" and what the examples say, so that the document shows a file. */
static const char *sample_of(const struct resource *resource)
{
    struct buf names = {0}, values = {0};
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (!(it->flags & REQUIRED) || (it->flags & READ_ONLY) || !it->example)
            continue;
        csv_cell(&names, field_json_name(it));
        csv_cell(&values, it->example);
    }
    csv_line_end(&names);
    csv_line_end(&values);
    buf_puts(&names, values.data);
    buf_free(&values);
    return names.data;
}

static const char *kept(const char *first, const char *between, const char *last)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s%s", first, between, last);
    return text.data;
}

static size_t make_api(const struct resource *resource, struct route *routes)
{
    struct arena *arena = arena_new(); /* of the process */
    const char *api = resource->api, *one = text_pascal(arena, resource->one);
    const char *many = text_pascal(arena, text_plural(arena, resource->one));
    const struct access access =
        resource_access(resource, kept(resource->permission, ":", "import"));
    const char *noun = arena_printf(arena, "%s import", resource->one);
    const char *title = text_plural(arena, resource->one);
    const struct route all[] = {
        ROUTE(POST, kept(api, "/import", ""), access, import_send,
              kept("Import ", title,
                   " from CSV or XLSX: separators, encodings and columns are found out, each row "
                   "goes the way of a POST, and a long file is worked on after the answer. A "
                   "workbook comes as the file of a form; its first sheet is read."),
              .operation = kept("import", many, ""), .answer_name = noun, .status = 202,
              .flags = ROUTE_UPLOAD, .body_limit = FILE_LIMIT, .media = "text/csv",
              .sample = sample_of(resource), .answer_fields = import_answer, .query = import_query,
              .errors = "409 field_gone"),
        ROUTE(GET, kept(api, "/imports", ""), access, get_list,
              kept("List the imports of ", title, " of the last thirty days."),
              .operation = kept("list", one, "Imports"), .answer = ANSWER_LIST,
              .answer_name = kept(noun, " listed", ""), .answer_fields = list_fields,
              .query = list_query),
        ROUTE(GET, kept(api, "/imports/:importId", ""), access, get_one,
              kept("Get an import of ", title, ": how far it is, and what was refused."),
              .operation = kept("get", one, "Import"), .answer_name = noun,
              .answer_fields = import_answer),
        ROUTE(GET, kept(api, "/imports/:importId/refused", ""), access, import_refused_file,
              kept("The refused rows of an import of ", title,
                   " as CSV, with their lines and reasons."),
              .operation = kept("get", one, "ImportRefusals"), .answer = ANSWER_FILE),
        ROUTE(POST, kept(api, "/imports/:importId/revert", ""), access, revert_api,
              kept("Take an import of ", title,
                   " back: what it added is deleted, what it changed gets its values again; what "
                   "was changed since stays and is listed."),
              .operation = kept("revert", one, "Import"), .answer_name = noun, .status = 202,
              .answer_fields = import_answer, .errors = "409 not_revertible"),
    };
    memcpy(routes, all, sizeof all);
    return COUNT(all);
}

static size_t make_pages(const struct resource *resource, struct route *routes)
{
    const char *page = resource->page, *title = resource->title;
    struct access access = resource_access(resource, kept(resource->permission, ":", "import"));
    if (access.scope == SCOPE_EITHER)
        access.scope = SCOPE_TENANT;
    const struct route all[] = {
        ROUTE(GET, kept(page, "/import", ""), access, import_page_new,
              kept(title, ": ", "Form to import a file"), .answer = ANSWER_PAGE),
        ROUTE(POST, kept(page, "/import", ""), access, import_page_send,
              kept(title, ": ", "Takes a file to import"), .answer = ANSWER_PAGE,
              .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_NOT_REPEATED, .body_limit = FILE_LIMIT,
              .query = import_query),
        ROUTE(GET, kept(page, "/imports", ""), access, import_page_list,
              kept(title, ": ", "Earlier imports"), .answer = ANSWER_PAGE,
              .flags = ROUTE_LIST_QUERY),
        ROUTE(GET, kept(page, "/imports/:importId", ""), access, import_page_show,
              kept(title, ": ", "An import"), .answer = ANSWER_PAGE),
        ROUTE(POST, kept(page, "/imports/:importId", ""), access, import_page_start,
              kept(title, ": ", "Begins or tries an import"), .answer = ANSWER_PAGE,
              .flags = ROUTE_FORM | ROUTE_LOOSE_BODY | ROUTE_NOT_REPEATED),
        ROUTE(GET, kept(page, "/imports/:importId/refused.csv", ""), access, import_refused_file,
              kept(title, ": ", "Refused rows of an import"), .answer = ANSWER_DOWNLOAD),
    };
    memcpy(routes, all, sizeof all);
    return COUNT(all);
}

size_t import_routes(const struct resource *resource, const struct route **routes)
{
    if (!resource->imports)
        return 0;
    struct route *made = calloc(ROUTES, sizeof *made);
    if (!made)
        log_out_of_memory();
    *routes = made;
    size_t count = make_api(resource, made);
    if (resource->page)
        count += make_pages(resource, made + count);
    for (size_t i = 0; i < count; i++)
        made[i].about = resource->imports;
    return count;
}
