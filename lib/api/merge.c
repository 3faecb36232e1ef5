#include "api/merge.h"

#include <string.h>

#include "http/cx.h"
#include "resource/resource.h"

STATEMENT(merge_lock,
          "select id\n"
          "from tenants\n"
          "where id = current_setting('app.tenant_id')::uuid\n"
          "for no key update",
          DB_WRITES);

static bool read_locked(struct cx *cx, part_reader *read, struct list_result *out)
{
    if (!db_begin(&cx->db) || !db_get0(&cx->db, &merge_lock))
        return fail_db(cx);
    return read(cx, out);
}

bool merge_part(struct cx *cx, part_reader *read, bool (*store)(struct cx *cx))
{
    struct list_result current;
    if (!read_locked(cx, read, &current))
        return false;
    input_complete(cx, &current);
    return store(cx) && (db_commit(&cx->db) || fail_db(cx));
}

/* A form without a version is one that was shown before there were any. */
static bool is_of_form(struct cx *cx, const struct list_result *current)
{
    const char *version = parameter_get(cx->request.form, "_version");
    return !version || !*version || strcmp(version, record_etag(cx, current)) == 0 ||
           fail(cx, 412, "version_mismatch",
                "Somebody else changed this while you were at it. Your entries are kept below: "
                "saving again replaces the other change.");
}

bool save_part(struct cx *cx, part_reader *read, bool (*store)(struct cx *cx))
{
    struct list_result current;
    int scope = db_scope(&cx->db);
    if (read_locked(cx, read, &current) && is_of_form(cx, &current) && store(cx) &&
        (db_commit(&cx->db) || fail_db(cx)))
        return true;
    db_rollback_to(&cx->db, scope);
    return false;
}

bool part_can_be_corrected(const struct cx *cx)
{
    int status = cx->failure.status;
    return status == 409 || status == 412 || status == 422;
}
