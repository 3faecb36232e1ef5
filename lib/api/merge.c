#include "api/merge.h"

#include "http/cx.h"
#include "resource/resource.h"

STATEMENT(merge_lock,
          "select id\n"
          "from tenants\n"
          "where id = current_setting('app.tenant_id')::uuid\n"
          "for no key update",
          DB_WRITES);

bool merge_part(struct cx *cx, bool (*read)(struct cx *cx, struct list_result *out),
                bool (*store)(struct cx *cx))
{
    struct list_result current;
    if (!db_begin(&cx->db) || !db_get0(&cx->db, &merge_lock))
        return fail_db(cx);
    if (!read(cx, &current))
        return false;
    input_complete(cx, &current);
    return store(cx) && (db_commit(&cx->db) || fail_db(cx));
}
