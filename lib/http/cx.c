/* cx: failures, and the path's values. */
#include "http/cx.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/text.h"

const char *cx_path(const struct cx *cx, const char *name)
{
    int index = 0;
    size_t len = strlen(name);
    for (const char *at = strchr(cx->route->path, ':'); at; at = strchr(at + 1, ':'), index++)
        if (strncmp(at + 1, name, len) == 0 && (at[1 + len] == '/' || at[1 + len] == '\0'))
            return cx->path[index];
    assert(!"the route has no such parameter");
    return NULL;
}

bool fail(struct cx *cx, int status, const char *code, const char *format, ...)
{
    va_list args;
    if (cx->failure.status != 0)
        return false;
    cx->failure.status = status;
    cx->failure.code = code;
    va_start(args, format);
    cx->failure.message = cx_vprintf(cx, format, args);
    va_end(args);
    return false;
}

struct failure_detail *fail_add_detail(struct cx *cx, const char *field, const char *code,
                                       const char *message)
{
    struct failure_detail *detail = arena_alloc(cx->arena, sizeof *detail);
    *detail = (struct failure_detail){
        .in = "body",
        .field = arena_text(cx->arena, field),
        .code = code,
        .message = language_is_constant(message) ? cx_text(cx, message) : message};
    if (cx->failure.last)
        cx->failure.last->next = detail;
    else
        cx->failure.details = detail;
    cx->failure.last = detail;
    return detail;
}

bool fail_in_use(struct cx *cx, const char *resource, int64_t count, const char *path,
                 const char *message)
{
    struct failure_detail *detail = fail_add_detail(cx, "id", "in_use", message);
    detail->in = "path";
    detail->resource = resource;
    detail->path = path;
    detail->count = count;
    return fail(cx, 409, "in_use", "Something else still refers to this.");
}

bool fail_field(struct cx *cx, const char *field, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_add_detail(cx, field, code, cx_vprintf(cx, format, args));
    va_end(args);
    return fail(cx, 422, "validation_failed", "Some fields are not valid.");
}

/* Those that are the failure's own code too. */
static bool is_of_query(const char *code)
{
    return strcmp(code, "unknown_parameter") == 0 || strcmp(code, "repeated_parameter") == 0 ||
           strcmp(code, "bad_cursor") == 0;
}

bool fail_parameter(struct cx *cx, const char *name, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = cx_vprintf(cx, format, args);
    va_end(args);
    fail_add_detail(cx, name, code, message)->in = "query";
    const char *of_name = arena_printf(cx->arena, "%s: %s", name, message);
    return fail(cx, 400, is_of_query(code) ? code : "bad_parameter", "%s", of_name);
}

/* ---- failures of the database ---- */

/* "users_email_key" of the table users is about "email", in JSON's spelling. A
 * partition's own name for it has all columns: "users_tenant_id_email_key". */
static char *constraint_field(struct cx *cx, const char *suffix)
{
    static const char tenant[] = "tenant_id_";
    const char *at = cx->db.error.constraint, *table = cx->db.error.table;
    if (!at || !table || !text_starts(at, table) || at[strlen(table)] != '_' ||
        !text_ends(at, suffix))
        return NULL;
    size_t len = strlen(at) - strlen(suffix), from = strlen(table) + 1;
    if (text_starts(at + from, tenant))
        from += sizeof tenant - 1;
    return from < len ? text_camel(cx->arena, arena_copy(cx->arena, at + from, len - from)) : NULL;
}

static bool fail_unique(struct cx *cx)
{
    char *field = constraint_field(cx, "_key");
    if (!field)
        return fail(cx, 409, "conflict", "This exists already.");
    char *code = arena_printf(cx->arena, "%s_taken", text_snake(cx->arena, field));
    fail(cx, 409, code, "There is one with this %s already.", field);
    return fail_field(cx, field, code, "This is taken already.");
}

/* Whether what was removed or changed is referred to. The server names the
 * referring table and its constraint both ways; only its sentence differs, and
 * a deletion refers to nothing whatever the server's language. */
static bool is_referred_to(const struct cx *cx)
{
    const char *message = cx->db.error.message;
    return cx->request.method == HTTP_DELETE ||
           (message && text_starts(message, "update or delete on table"));
}

static bool fail_reference(struct cx *cx)
{
    char *field = is_referred_to(cx) ? NULL : constraint_field(cx, "_fkey");
    if (!field)
        return fail(cx, 409, "in_use", "Something else still refers to this.");
    return fail_field(cx, field, "unknown_reference", "There is no such thing.");
}

static bool fail_check(struct cx *cx)
{
    const struct db_error *error = &cx->db.error;
    char *field = constraint_field(cx, "_check");
    if (!field && error->column)
        field = text_camel(cx->arena, error->column);
    if (!field)
        return fail(cx, 422, "invalid_value", "A value is not acceptable.");
    return fail_field(cx, field, "invalid_value", "This value is not acceptable.");
}

/* Our SQL raises "409 last_owner: The last owner stays."; quotas have their numbers as detail. */
static bool fail_raised(struct cx *cx)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *text = cx->db.error.message ? cx->db.error.message : "";
    int64_t status;
    size_t digits = strcspn(text, " ");
    const char *code = text + digits + (text[digits] == ' ');
    size_t len = strspn(code, word);
    if (!text_to_int(arena_copy(cx->arena, text, digits), 400, 599, &status) || len == 0 ||
        strncmp(code + len, ": ", 2) != 0)
        return fail(cx, 500, "internal", "Something went wrong on our side.");
    const char *known = arena_copy(cx->arena, code, len), *message = cx_text(cx, code + len + 2);
    fail(cx, (int)status, known, "%s", message);
    if (cx->db.error.column)
        fail_add_detail(cx, cx->db.error.column, known, message);
    if (text_equal(known, "quota_exceeded"))
        cx->failure.quota = cx->db.error.detail;
    return false;
}

static bool fail_later(struct cx *cx, const char *code, const char *message)
{
    response_header_set(cx, "Retry-After", "2");
    return fail(cx, 503, code, "%s", message);
}

bool fail_busy(struct cx *cx)
{
    return fail_later(cx, "busy", "Too many changes at once; try again.");
}

bool fail_db(struct cx *cx)
{
    switch (cx->db.error.status) {
    case DB_UNAVAILABLE:
        return fail_later(cx, "database_unavailable", "The database is away; try again shortly.");
    case DB_SERIALIZATION:
        return fail_busy(cx);
    case DB_CANCELLED:
        return fail_later(cx, "deadline_exceeded", "This took too long and was stopped.");
    case DB_UNIQUE:
        return fail_unique(cx);
    case DB_FOREIGN:
        return fail_reference(cx);
    case DB_CHECK:
        return fail_check(cx);
    case DB_INVALID:
        return fail(cx, 422, "invalid_value", "A value is not acceptable.");
    case DB_DENIED:
        return fail(cx, 403, "forbidden", "This is not allowed here.");
    case DB_RAISED:
        return fail_raised(cx);
    default:
        return fail(cx, 500, "internal", "Something went wrong on our side.");
    }
}
