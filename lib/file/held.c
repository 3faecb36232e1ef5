#include "file/held.h"

#include <string.h>

#include "access/session.h"
#include "http/cx.h"

STATEMENT(held_select,
          "select id, name, type, bytes, sha256, width, height, store\n"
          "from files\n"
          "where tenant_id = $1::uuid and resource = $2 and record_id = $3::uuid and field = $4",
          0);
STATEMENT(held_delete,
          "delete from files\n"
          "where tenant_id = $1::uuid and resource = $2 and record_id = $3::uuid and field = $4",
          DB_WRITES);
STATEMENT(held_insert,
          "insert into files (tenant_id, resource, record_id, field, id, name, type, bytes,\n"
          "                   sha256, width, height, store, created_by)\n"
          "values ($1::uuid, $2, $3::uuid, $4, $5::uuid, $6, $7, $8::bigint, $9, $10::int,\n"
          "        $11::int, $12, $13::uuid)",
          DB_WRITES);

bool held_find(struct cx *cx, const struct held *held, struct file *out)
{
    struct rows *rows =
        db_get(&cx->db, &held_select, cx->db.tenant_id, held->table, held->record_id, held->field);
    *out = (struct file){.bytes = 0};
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return true;
    *out = (struct file){.name = rows_text(rows, 0, 1),
                         .type = rows_text(rows, 0, 2),
                         .bytes = rows_int(rows, 0, 3),
                         .width = (int)rows_int(rows, 0, 5),
                         .height = (int)rows_int(rows, 0, 6),
                         .store = rows_text(rows, 0, 7)};
    memcpy(out->id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(out->sha256, rows_text(rows, 0, 4), sizeof out->sha256);
    return true;
}

bool held_take(struct cx *cx, const struct held *held, const struct file_rules *rules,
               struct file *out)
{
    struct file_rules own = *rules;
    struct file before = {.bytes = 0};
    if (!held_find(cx, held, &before))
        return false;
    own.replaces = before.bytes;
    return file_take(cx, &own, out);
}

static const char *number(struct cx *cx, int64_t value)
{
    return value ? arena_printf(cx->arena, "%lld", (long long)value) : NULL;
}

bool held_put(struct cx *cx, const struct held *held, const struct file *file)
{
    bool own = cx->session && strcmp(cx->session->tenant_id, cx->db.tenant_id) == 0;
    return held_remove(cx, held) &&
           (db_get(&cx->db, &held_insert, cx->db.tenant_id, held->table, held->record_id,
                   held->field, file->id, file->name, file->type, number(cx, file->bytes),
                   file->sha256, number(cx, file->width), number(cx, file->height), file->store,
                   own ? cx->session->user_id : NULL) ||
            fail_db(cx));
}

bool held_remove(struct cx *cx, const struct held *held)
{
    return db_get(&cx->db, &held_delete, cx->db.tenant_id, held->table, held->record_id,
                  held->field) ||
           fail_db(cx);
}
